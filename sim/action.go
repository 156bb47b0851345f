package sim

import (
	"context"
	"errors"
	"fmt"

	"sendim/core/backend"
	"sendim/core/fault"
)

// handle follows one action. A nil handle follows nothing.
type handle struct {
	done    bool
	outcome backend.Outcome
	stop    func()
}

func (h *handle) Done() bool { return h.done }

func (h *handle) Outcome() backend.Outcome { return h.outcome }

// Stop ends an action early; its outcome is what has happened so far.
func (h *handle) Stop() error {
	if !h.done && h.stop != nil {
		h.stop()
	}
	return nil
}

func (h *handle) finish(o backend.Outcome) {
	if h != nil && !h.done {
		h.done, h.outcome = true, o
	}
}

// ErrNoNode says that a node does not exist.
type ErrNoNode struct{ Node any }

func (e *ErrNoNode) Error() string { return fmt.Sprintf("there is no node %v", e.Node) }

// errClosed and errEmpty are what methods give before Apply and after Close.
var (
	errClosed = errors.New("the session is closed")
	errEmpty  = errors.New("nothing has been applied to the session yet")
)

// Do starts an action at the session's present time. A flow whose start has passed starts
// now.
func (s *Session) Do(ctx context.Context, a backend.Action) (backend.Handle, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.counted = nil
	now := w.queue.Now()
	h := &handle{}
	switch {
	case a.Ping != nil:
		p, err := w.startPing(*a.Ping, now)
		if err != nil {
			return nil, fmt.Errorf("ping: %w", err)
		}
		p.handle = h
		h.stop = func() { w.endPing(p, w.queue.Now()) }
		w.wake(now)
	case a.Flow != nil:
		spec := normal(*a.Flow)
		if err := w.admit(&spec); err != nil {
			return nil, err
		}
		if w.outside(now) >= spec.Start {
			spec.Start = w.outside(now)
		}
		s.later(spec, h, now)
		w.wake(now)
	case a.Change != nil:
		err := w.change(a.Change, now)
		h.finish(backend.Outcome{Err: err})
		if err != nil {
			return nil, err
		}
	case a.Capture != nil:
		if err := w.startCapture(*a.Capture, h); err != nil {
			return nil, fmt.Errorf("capture: %w", err)
		}
	case a.Exec != nil:
		return nil, fault.New(fault.MissingCapability, fault.Place{}, "the simulation has no programs on its hosts (%s); use an emulated network", backend.Processes)
	default:
		return nil, errors.New("an action without a part")
	}
	return h, nil
}

// finishUnfinished is how an action that has not ended when the session does is told.
func (w *world) finishUnfinished(now int64) {
	w.unfinished(now)
	for _, p := range w.pings {
		w.endPing(p, now)
	}
	for len(w.captures) > 0 {
		w.endCapture(w.captures[0], nil)
	}
}
