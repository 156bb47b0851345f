package core

import (
	"context"
	"errors"
	"time"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/report"
)

// ErrOver says that a run has ended before a request was carried out.
var ErrOver = errors.New("the run is over")

// Live is a run while it lives. Its methods may be called from any goroutine.
type Live struct {
	Manifest report.Manifest // as it was at t=0
	Dir      string          // of the run; "" when nothing is recorded
	requests chan request
	over     chan struct{}
	world    *World
	began    time.Time
	until    model.Time
}

type request struct {
	do   func(*World) error
	done chan error
}

// Do carries out a function on the conductor's goroutine, between two stretches of
// time, and gives its error. Requests are carried out one at a time: what takes long is
// only begun in one (Access).
func (l *Live) Do(ctx context.Context, f func(*World) error) error {
	r := request{f, make(chan error, 1)}
	select {
	case l.requests <- r:
	case <-l.over:
		return ErrOver
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-l.over:
		select {
		case err := <-r.done:
			return err
		default:
			return ErrOver
		}
	}
}

// Counts says, at any time, how many flows have started and ended.
func (l *Live) Counts() (started, ended int) { return l.world.Results.Counts() }

// Progress is how far a run is.
type Progress struct {
	Virtual        bool          // time is the world's own, and Events are known
	Now            model.Time    // of the network
	Until          model.Time    // when the run ends at the latest; 0: when its work is done
	Events         uint64        // that the world has handled
	Real           time.Duration // since t=0
	Started, Ended int           // flows
	Planned        int           // flows of the model in all; 0: not known
}

// Progress says, at any time, how far the run is.
func (l *Live) Progress() Progress {
	p := Progress{Until: l.until, Real: time.Since(l.began)}
	p.Started, p.Ended = l.Counts()
	if s, ok := l.world.session().(interface {
		Pulse() (model.Time, uint64, int)
	}); ok {
		p.Virtual = true
		p.Now, p.Events, p.Planned = s.Pulse()
	} else if p.Now = model.Time(p.Real.Nanoseconds()) * model.Nanosecond; l.world.Capabilities.Has(backend.Pause) {
		p.Now = l.world.session().Now() // which may have stood still
	}
	return p
}

func (l *Live) serve(r request) {
	hear := l.world.hear
	l.world.hear = nil // whoever is served is not interrupted
	defer func() { l.world.hear = hear }()
	l.world.follow()
	r.done <- r.do(l.world)
}

// hear carries out a request that waits, if one does, and all that come while time is to
// stand still.
func (l *Live) hear(ctx context.Context) error {
	for {
		if l.world.held {
			if err := l.stand(ctx); err != nil {
				return err
			}
			continue
		}
		select {
		case r := <-l.requests:
			l.serve(r)
		default:
			return nil
		}
	}
}

// stand carries out one request while time stands still. A world that ends meanwhile stands
// no longer: whoever lets time pass hears why.
func (l *Live) stand(ctx context.Context) error {
	select {
	case r := <-l.requests:
		l.serve(r)
	case <-l.world.gone():
		l.world.held = false
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// pass lets time pass until the given time, by World.Advance or World.let, and carries out
// requests meanwhile: each one ends the stretch of time under way, which goes on after.
func (l *Live) pass(ctx context.Context, until model.Time, by func(context.Context, model.Time) error) error {
	for {
		for l.world.held {
			if err := l.stand(ctx); err != nil {
				return err
			}
		}
		if over, err := l.pace(ctx, until, by); over || err != nil {
			return err
		}
	}
}

// pace lets time pass up to a time, or until a request comes, which it carries out. It says
// whether nothing is left of that time.
func (l *Live) pace(ctx context.Context, until model.Time, by func(context.Context, model.Time) error) (over bool, err error) {
	stretch, cut := context.WithCancel(ctx)
	var asked *request
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case r := <-l.requests:
			asked = &r
			cut()
		case <-stretch.Done():
		}
	}()
	err = by(stretch, until)
	cut()
	<-watched
	if asked == nil {
		return true, err
	}
	if ctx.Err() != nil {
		asked.done <- ctx.Err()
		return true, ctx.Err()
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		asked.done <- err
		return true, err
	}
	l.serve(*asked)
	return err == nil && !l.world.held, nil // the time was reached as the request came
}

// attend carries out requests until interact returns. In a world of virtual time
// nothing else moves; in others time goes on, unless it is to stand still.
func (l *Live) attend(ctx context.Context, interact func(context.Context, *Live) error) error {
	left := make(chan error, 1)
	go func() { left <- interact(ctx, l) }()
	for {
		if !l.world.Virtual() && !l.world.held {
			select {
			case err := <-left:
				return err
			default:
			}
			if _, err := l.pace(ctx, l.world.Session.Now()+100*model.Millisecond, l.world.Advance); err != nil {
				return err
			}
			continue
		}
		select {
		case r := <-l.requests:
			l.serve(r)
		case err := <-left:
			return err
		case <-l.world.gone():
			l.world.held = false
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
