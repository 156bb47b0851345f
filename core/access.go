package core

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"sendim/core/backend"
	"sendim/core/model"
)

// Access is a way to a living run for whoever works on it in several steps: a Live, from
// any goroutine, or World.Own for the conductor itself. What takes long is only begun
// inside Do and waited for outside it, so that the scenario's steps come at their time and
// others are served meanwhile.
type Access interface {
	// Do carries out a function on the conductor's goroutine, where nothing else happens
	// until it returns, and gives its error.
	Do(ctx context.Context, f func(*World) error) error
	// Await returns when all actions have their outcomes. In a world of virtual time it
	// lets time pass for them, in others time does so by itself. When ctx ends first the
	// actions are stopped, and its error is given.
	Await(ctx context.Context, handles ...backend.Handle) error
	// Moment lets a Tick of time pass.
	Moment(ctx context.Context) error
	// Stretches has time pass by a function, which is carried out as in Do until it says
	// that it is done. Its context ends now and then, for others to be heard; what it gives
	// is then no error, and it goes on.
	Stretches(ctx context.Context, f func(context.Context, *World) (done bool, err error)) error
}

// Own is the conductor's own way to the world.
func (w *World) Own() Access { return own{w} }

type own struct{ w *World }

func (o own) Do(_ context.Context, f func(*World) error) error { return f(o.w) }

func (o own) Await(ctx context.Context, handles ...backend.Handle) error {
	return o.w.Wait(ctx, handles...)
}

func (o own) Moment(ctx context.Context) error {
	if err := o.w.heed(ctx); err != nil {
		return err
	}
	return o.w.Advance(ctx, o.w.Session.Now()+Tick)
}

func (o own) Stretches(ctx context.Context, f func(context.Context, *World) (bool, error)) error {
	for {
		if done, err := f(ctx, o.w); done || err != nil {
			return err
		}
	}
}

// stretch is how long, of the machine's time, somebody who lets time pass keeps others
// waiting who ask something.
const stretch = 200 * time.Millisecond

// Stretches is for any goroutine. When somebody has time stand still meanwhile, the
// function is not called until it goes on.
func (l *Live) Stretches(ctx context.Context, f func(context.Context, *World) (bool, error)) error {
	held, most := false, stretch
	if !l.world.Virtual() { // others move on by the clock on the wall
		most = mostPatience
	}
	for begun := false; ; begun = true {
		done, rest := false, time.Millisecond // in which whoever asks something is heard
		err := l.Do(ctx, func(w *World) (err error) {
			if !begun || !w.held {
				held = w.held
			} else if !held {
				rest = mostPatience
				return nil
			}
			some, cut := context.WithTimeout(ctx, most)
			defer cut()
			if done, err = f(some, w); err != nil && ctx.Err() == nil && some.Err() != nil && errors.Is(err, some.Err()) {
				err = nil
			}
			return err
		})
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rest):
		}
	}
}

// Moment is for any goroutine.
func (l *Live) Moment(ctx context.Context) error {
	if !l.world.Virtual() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(Tick / model.Nanosecond)):
			return nil
		}
	}
	end := model.Time(-1)
	return l.Stretches(ctx, func(ctx context.Context, w *World) (bool, error) {
		if end < 0 {
			end = w.Session.Now() + Tick
		}
		err := w.Advance(ctx, end)
		return err == nil, err
	})
}

// errElsewhere says that there is no outcome, since its time has not been.
var errElsewhere = errors.New("the run was taken to another moment meanwhile")

// mostPatience bounds how long after an outcome somebody hears of it.
const mostPatience = 20 * time.Millisecond

// Await is for any goroutine.
func (l *Live) Await(ctx context.Context, handles ...backend.Handle) error {
	left := slices.Clone(handles)
	ended := func() bool {
		left = slices.DeleteFunc(left, backend.Handle.Done)
		return len(left) == 0
	}
	if l.world.Virtual() {
		var err error
		if err = l.letPass(ctx, ended); err != nil && ctx.Err() != nil { // only the conductor may touch a world of models
			_ = l.Do(context.WithoutCancel(ctx), func(*World) error {
				for _, h := range left {
					_ = h.Stop()
				}
				return nil
			})
		}
		return err
	}
	for patience := time.Millisecond; !ended(); patience = min(patience*3/2, mostPatience) {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), stop(left))
		case <-time.After(patience):
		}
	}
	return nil
}

// letPass lets virtual time pass until all has ended.
func (l *Live) letPass(ctx context.Context, ended func() bool) error {
	var began backend.Session
	end := model.Time(-1)
	return l.Stretches(ctx, func(ctx context.Context, w *World) (bool, error) {
		if began == nil {
			began = w.Session
		}
		for {
			switch {
			case w.Session != began:
				return true, errElsewhere
			case ended():
				return true, nil
			}
			if now := w.Session.Now(); end <= now { // else a Tick was cut short
				end = now + Tick
			}
			if err := w.Advance(ctx, end); err != nil {
				return false, err
			}
		}
	})
}

// stop ends actions of real time before theirs, all at once: each takes a while to tell how
// far it came.
func stop(handles []backend.Handle) error {
	errs := make([]error, len(handles))
	var all sync.WaitGroup
	for i, h := range handles {
		all.Go(func() { errs[i] = h.Stop() })
	}
	all.Wait()
	return errors.Join(errs...)
}

var (
	_ Access = (*Live)(nil)
	_ Access = own{}
)
