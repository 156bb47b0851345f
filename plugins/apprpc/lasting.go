package apprpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sendim/core/app"
	"sendim/core/model"
)

// An app that is lost more often than so many times within so long, or so many times in a
// row without an answer, is not started again.
const (
	mostLosses   = 3
	lossesWithin = 30 * time.Second
)

// What a lasting app's memory holds at most: events, the parts of a network of which an app
// is told counting as one each, and each largeFrame bytes of a packet. Of an app that can save
// its state it is then asked for.
const (
	mostRemembered = 1 << 16
	largeFrame     = 512
)

// LaunchLasting is Launch for an app that is started again when it is lost. Apps are pure
// reactions: one that is told the same once more is where the other was. So the new one gets
// the state that the old one saved last, if it can, and the events since; what it answers to
// those is known already. Events that wait are answered by the new one, none is lost and
// none is answered twice, and with the commands it gives nobody can tell the difference but
// by a line that it puts into the diary.
//
// An app that is lost again and again, or that was told too much to be told again and cannot
// save its state, is lost for good.
func LaunchLasting(ctx context.Context, o Options) (app.Instance, error) {
	l := &lasting{launch: func(ctx context.Context) (app.Instance, error) { return Launch(ctx, o) }, most: mostRemembered}
	var err error
	if l.now, err = l.launch(ctx); err != nil {
		return nil, err
	}
	l.life, l.end = context.WithCancel(context.Background())
	l.manifest = l.now.Manifest()
	return l, nil
}

// lasting is an app and what it takes to start it again.
type lasting struct {
	launch   func(context.Context) (app.Instance, error)
	manifest app.Manifest
	most     int

	mu   sync.Mutex // of now
	now  app.Instance
	life context.Context
	end  context.CancelFunc

	state  []byte // that it saved, or was given
	told   []app.Event
	weight int
	forgot bool
	aside  []app.Command // lines for the diary that go before its next answer

	losses []time.Time
	idle   int // losses since it answered last
}

// Manifest is what the app said at its start.
func (l *lasting) Manifest() app.Manifest { return l.manifest }

// Handle has all events answered, by as many lives of the app as it takes.
func (l *lasting) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	done := 0
	for {
		answered := -1
		err := l.living().Handle(ctx, events[done:], func(event int, commands []app.Command) {
			if answered = event; len(l.aside) > 0 {
				commands = append(l.aside, commands...)
				l.aside = nil
			}
			l.idle = 0
			emit(done+event, commands)
		})
		if err == nil {
			if len(l.aside) > 0 && len(events) > 0 {
				emit(len(events)-1, l.aside)
				l.aside = nil
			}
			l.idle = 0
			l.remember(events[done:])
			return l.save(ctx)
		}
		// All events up to one that was answered have been worked in, whether or not there
		// was anything to answer to them.
		l.remember(events[done : done+answered+1])
		done += answered + 1
		notice, err := l.again(ctx, err)
		if err != nil {
			return err
		}
		l.note(app.LevelRestarted, notice)
	}
}

// note has a line put into the diary.
func (l *lasting) note(level, text string) {
	l.aside = append(l.aside, app.Command{Kind: app.KindLog, Switch: model.NoNode, Log: &app.Log{Level: level, Text: text}})
}

// remember keeps what the app has been told.
func (l *lasting) remember(events []app.Event) {
	if l.forgot {
		return
	}
	for i := range events {
		l.weight++
		if p := events[i].PacketIn; p != nil {
			l.weight += len(p.Frame) / largeFrame
		}
		if t := events[i].Topology; t != nil {
			l.weight += len(t.Switches) + len(t.Links) + len(t.Hosts)
		}
	}
	if !l.manifest.Stateful && l.weight > 4*l.most {
		l.told, l.forgot = nil, true
		l.note(app.LevelWarned, fmt.Sprintf("can from now on not be started again, should it be lost: it has been told more than %d events and saves no state (one that implements Save and Restore can always be)", 4*l.most))
		return
	}
	l.told = append(l.told, events...)
}

// save has an app with a state save it when there is much to remember.
func (l *lasting) save(ctx context.Context) error {
	if !l.manifest.Stateful || l.weight <= l.most {
		return nil
	}
	state, err := l.living().Save(ctx)
	if err != nil {
		var lost *Lost
		if !errors.As(err, &lost) {
			l.weight = 0 // it goes on without, and is asked again when there is as much once more
			return nil
		}
		if _, err = l.again(ctx, err); err == nil {
			l.weight = 0
		}
		return err
	}
	l.state, l.told, l.weight = state, nil, 0
	return nil
}

// again starts the app once more, or says why not.
func (l *lasting) again(ctx context.Context, loss error) (notice string, err error) {
	var lost *Lost
	for {
		if !errors.As(loss, &lost) || ctx.Err() != nil || l.life.Err() != nil {
			return "", loss
		}
		began := time.Now()
		recent := l.losses[:0]
		for _, at := range l.losses {
			if began.Sub(at) <= lossesWithin {
				recent = append(recent, at)
			}
		}
		l.losses = append(recent, began)
		l.idle++
		final := func(why string) error {
			copied := *lost
			copied.Reason += "; " + why
			return &copied
		}
		switch {
		case l.forgot:
			return "", final("it cannot be started again: it was told too much to be told once more, and saves no state")
		case len(l.losses) > mostLosses:
			return "", final(fmt.Sprintf("it was lost %d times within %v, and is not started again", len(l.losses), lossesWithin))
		case l.idle > mostLosses:
			return "", final(fmt.Sprintf("it was lost %d times in a row, and is not started again", l.idle))
		}
		_ = l.living().Close()
		err := l.revive(ctx)
		if err == nil {
			return fmt.Sprintf("%s; after %v it is started again and knows what it knew (%s)", lost.Loss(), time.Since(began).Round(time.Millisecond), l.known()), nil
		}
		var next *Lost
		if !errors.As(err, &next) {
			return "", final("it could not be started again: " + err.Error())
		}
		loss = err
	}
}

func (l *lasting) known() string {
	text := fmt.Sprintf("%d events were told again", len(l.told))
	if l.state != nil {
		text = fmt.Sprintf("%d bytes of state, %s", len(l.state), text)
	}
	return text
}

// revive starts the app and tells it what it knew.
func (l *lasting) revive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.life, cancel)()
	i, err := l.launch(ctx)
	if err != nil {
		return err
	}
	if l.state != nil {
		err = i.Restore(ctx, l.state)
	}
	if err == nil {
		err = i.Handle(ctx, l.told, func(int, []app.Command) {})
	}
	if err != nil {
		_ = i.Close()
		return err
	}
	return l.live(i)
}

// live puts a new life in the old one's place, unless the app was closed meanwhile.
func (l *lasting) live(i app.Instance) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.life.Err() != nil {
		_ = i.Close()
		return fmt.Errorf("it was closed")
	}
	l.now = i
	return nil
}

func (l *lasting) living() app.Instance {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// Save asks for the app's state.
func (l *lasting) Save(ctx context.Context) ([]byte, error) {
	for {
		state, err := l.living().Save(ctx)
		if err == nil {
			return state, nil
		}
		var lost *Lost
		if !errors.As(err, &lost) {
			return nil, err
		}
		if _, err := l.again(ctx, err); err != nil {
			return nil, err
		}
	}
}

// Restore gives the app a state that Save returned.
func (l *lasting) Restore(ctx context.Context, state []byte) error {
	for {
		err := l.living().Restore(ctx, state)
		if err == nil {
			l.state, l.told, l.weight, l.forgot = state, nil, 0, false
			return nil
		}
		var lost *Lost
		if !errors.As(err, &lost) {
			return err
		}
		if _, err := l.again(ctx, err); err != nil {
			return err
		}
	}
}

// Close ends the app, and an attempt to start it again.
func (l *lasting) Close() error {
	l.end()
	return l.living().Close()
}
