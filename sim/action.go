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
	stop    stopper // nil: nothing is left to
}

// stopper ends an action early. It is a value, so that it can be kept in a checkpoint.
type stopper interface{ stop(h *handle) }

// What there is to end: a series of echoes, a flow, one that has not started, a capture.
type (
	stopPing struct {
		w *world
		p *ping
	}
	stopFlow struct {
		w *world
		f *run
	}
	stopEarly   struct{}
	stopCapture struct {
		w *world
		c *capture
	}
)

func (s stopPing) stop(*handle)    { s.w.endPing(s.p, s.w.queue.Now()) }
func (s stopFlow) stop(*handle)    { s.w.abort(s.f, s.w.queue.Now()) }
func (s stopCapture) stop(*handle) { s.w.endCapture(s.c, nil) }
func (stopEarly) stop(h *handle) {
	h.finish(backend.Outcome{Err: errors.New("the flow was stopped before it started")})
}

func (h *handle) Done() bool { return h.done }

func (h *handle) Outcome() backend.Outcome { return h.outcome }

// Stop ends an action early; its outcome is what has happened so far.
func (h *handle) Stop() error {
	if !h.done && h.stop != nil {
		h.stop.stop(h)
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
		h.stop = stopPing{w, p}
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
