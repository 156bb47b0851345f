package emulate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/integrators/traffic"
)

// standstill is when the network stands still, and stood.
//
// What is stopped are all processes of the run's place (netns.Sandbox.Freeze), its clock, by
// which everything in the run is timed, and the apps' hearing. The kernel cannot be stopped:
// what it had in hand it finishes, and its timers go on.
type standstill struct {
	page *traffic.Standstill // what agents know of it
	path string

	mu    sync.Mutex
	going chan struct{} // closed while the network goes
	last  spell
	all   []spell // that are over
}

// spell is a time in which the network stood still, by the wall clock and by the one that
// only goes forward.
type spell struct{ from, to time.Time }

// make readies it for a network that goes.
func (p *standstill) make(dir string) (err error) {
	p.going = make(chan struct{})
	close(p.going)
	p.path = filepath.Join(dir, "standstill")
	p.page, err = traffic.NewStandstill(p.path)
	return err
}

// forget gives back what make took.
func (p *standstill) forget() error {
	if p.page == nil {
		return nil
	}
	page := p.page
	p.page = nil
	return errors.Join(page.Close(), os.Remove(p.path))
}

// goes is closed while the network does not stand still.
func (p *standstill) goes() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.going
}

// on says whether the network stands still.
func (p *standstill) on() bool {
	select {
	case <-p.goes():
		return false
	default:
		return true
	}
}

// wait returns when the network goes; false when ctx ended first.
func (p *standstill) wait(ctx context.Context) bool {
	for p.on() {
		select {
		case <-p.goes():
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// length is for how long the network has stood still by now since it went last.
func (p *standstill) length() model.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.going:
		return 0
	default:
		return model.Time(time.Since(p.last.from)) * model.Nanosecond
	}
}

// after is the end of the spell that a moment lies in, or the moment.
func (p *standstill) after(t time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.all {
		if t.After(s.from) && t.Before(s.to) {
			return s.to
		}
	}
	return t
}

// until is for how long the network has stood still before a moment by the wall clock, in
// nanoseconds since 1970; one in which it did counts as the beginning of that.
func (p *standstill) until(wall int64) (stood int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	spells := p.all
	select {
	case <-p.going:
	default:
		spells = append(spells[:len(spells):len(spells)], p.last)
	}
	for _, s := range spells {
		if from := s.from.UnixNano(); wall > from {
			to := wall
			if !s.to.IsZero() {
				to = min(wall, from+int64(s.to.Sub(s.from)))
			}
			stood += to - from
		}
	}
	return stood
}

// goes is an error while it does not: what is said of everything that needs a network that goes.
func (w *world) goes() error {
	if !w.still.on() {
		return nil
	}
	return fault.New(fault.NotYet, fault.Place{}, "the network stands still; resume lets it go on")
}

// standing is how long the network has to come to a standstill, and to go on.
const standing = 30 * time.Second

// Pause has the network stand still: every process of the run, its clock, and with it
// flows, scenario and apps. Pausing what stands still does nothing. An error leaves it going.
func (s *Session) Pause(ctx context.Context) error {
	s.working.Lock()
	defer s.working.Unlock()
	w, err := s.there()
	if err != nil || w.still.on() {
		return err
	}
	ctx, stop := s.living(ctx)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, standing, fmt.Errorf("the network does not come to a standstill within %v", standing))
	defer cancel()
	if err = w.revival.wait(ctx); err == nil {
		err = w.halt(ctx)
	}
	if err != nil {
		return fmt.Errorf("pausing the network: %w", err)
	}
	return nil
}

// Ended is closed when the session has ended, by itself or closed.
func (s *Session) Ended() <-chan struct{} { return s.life.Done() }

func (w *world) halt(ctx context.Context) error {
	if !w.ctl.Visit(ctx, func() { w.gate.shut = true }) {
		return context.Cause(ctx)
	}
	err := w.timers.hold(ctx, w)
	if err == nil {
		w.place.vswitch.Still(true)
		w.meter.rest()
		w.links.mu.Lock() // nobody is asking for counters
		if err = w.place.sandbox.Freeze(ctx); err == nil {
			w.stopClock()
			w.patience.lend(w)
		}
		w.links.mu.Unlock()
	}
	if err != nil {
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), standing)
		defer cancel()
		return errors.Join(err, w.proceed(again))
	}
	return nil
}

// stopClock has the time of the run stand still, which is from now on.
func (w *world) stopClock() {
	p := &w.still
	w.clock.Stop()
	p.mu.Lock()
	p.going, p.last = make(chan struct{}), spell{from: time.Now()}
	p.mu.Unlock()
}

// Resume lets the network go on from where it stands still; one that goes it leaves alone.
func (s *Session) Resume(ctx context.Context) error {
	s.working.Lock()
	defer s.working.Unlock()
	w, err := s.there()
	if err != nil || !w.still.on() {
		return err
	}
	ctx, stop := s.living(ctx)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, standing, fmt.Errorf("the network does not go on within %v", standing))
	defer cancel()
	if err := w.proceed(ctx); err != nil {
		return fmt.Errorf("having the network go on: %w", err)
	}
	return nil
}

// proceed lets everything go on that was stopped, the apps last. Once begun, it is not left
// halfway.
func (w *world) proceed(ctx context.Context) error {
	w.patience.tell(w)
	err := w.thaw(context.WithoutCancel(ctx))
	if err == nil {
		err = w.timers.release(ctx, w)
	}
	w.ctl.Visit(context.WithoutCancel(ctx), func() { w.gate.shut, w.gate.gone = false, nil })
	w.going()
	w.work.Go(func() { w.patience.giveBack(w.session.life, w) })
	return err
}

// thaw lets the processes go on, by a clock that has stood still.
func (w *world) thaw(ctx context.Context) error {
	w.clock.Continue(func(stood time.Duration) { w.still.page.Set(int64(stood)) })
	err := w.place.sandbox.Thaw(ctx)
	w.place.vswitch.Still(false)
	w.links.unsure()
	w.meter.again()
	return err
}

// going tells everybody who waits for it.
func (w *world) going() {
	p := &w.still
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.going:
	default:
		p.last.to = time.Now()
		p.all = append(p.all, p.last)
		close(p.going)
	}
}

// leave lets a network that ends go on for its end: who is stopped can say no farewell.
func (w *world) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = w.thaw(ctx) // what cannot go on is killed
	w.going()
}

// unsure says that what links carry in the interval under way says little of their rates:
// the kernel sends what it has though the network stands still.
func (l *links) unsure() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.arcs {
		l.arcs[i].changed = true
	}
}
