package sim

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"sync"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
)

// Session is one simulated world. Besides backend.Session's methods it has Digest.
type Session struct {
	backend Backend
	spec    backend.Spec
	sink    trace.Sink
	origin  model.Time

	mu     sync.Mutex // held by whatever works; Close cancels life to get it
	life   context.Context
	kill   context.CancelFunc
	world  *world
	pulse  pulse
	apps   []app.Instance
	closed bool
}

// longest is how much virtual time apps may take for their first answers.
const longest = model.Hour

// Apply brings the network up from nothing and starts the apps. Later changesets add and
// remove nodes and links; others are refused as fault.NotYet.
func (s *Session) Apply(ctx context.Context, c *change.Changeset, progress func(step, done int)) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, stop := s.living(ctx)
	defer stop()
	switch {
	case s.closed:
		return errClosed
	case s.world != nil && c.Living && c.Old.Model != c.New.Model: // also one that leaves tombstones only
		return s.edit(ctx, c, progress)
	case c.Empty() && s.world != nil:
		return nil
	case s.world != nil || !c.FromNothing():
		return fault.New(fault.NotYet, fault.Place{}, "the simulation cannot be changed by this changeset (%s): it does not come of edits of the network that lives; start a new run", backend.LiveChange)
	case c.New.Model == nil:
		return errors.New("the changeset has no model")
	}
	w, err := s.build(c.New.Model)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.closeApps()
		}
	}()
	if progress == nil {
		progress = func(int, int) {}
	}
	for i, step := range c.Steps {
		if step.Kind == change.Nodes || step.Kind == change.Links {
			progress(i, step.Count)
		}
	}
	if err := s.startApps(ctx, w, c.New.Deployment); err != nil {
		return err
	}
	for i, step := range c.Steps {
		if step.Kind == change.Apps || step.Kind == change.Flows {
			progress(i, step.Count)
		}
	}
	s.begin(w, c.New.Deployment)
	s.world = w
	return nil
}

// living ties a context to the session's life.
func (s *Session) living(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// pass lets the network alone go on until a time, or until a message was sent to the
// controller that arrives earlier.
func (w *world) pass(ctx context.Context, until int64) error {
	c := &w.control
	for n := 1; ; n++ {
		e, ok := w.queue.PopNext(until)
		if !ok {
			break
		}
		w.handle(&e)
		if c.fresh {
			c.fresh = false
			until = min(until, w.arrivalOr(until))
		}
		if n&4095 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if until < math.MaxInt64 {
		w.queue.AdvanceTo(until)
	}
	return ctx.Err()
}

func (w *world) arrivalOr(until int64) int64 {
	return min(until, int64(w.control.driver.Due()))
}

// ready gives the world, if there is one.
func (s *Session) ready() (*world, error) {
	switch {
	case s.closed:
		return nil, errClosed
	case s.world == nil:
		return nil, errEmpty
	}
	return s.world, nil
}

// Run lets virtual time pass. With model.Forever it returns when flows and actions have
// ended, or when nothing can happen any more.
func (s *Session) Run(ctx context.Context, until model.Time) (model.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return 0, err
	}
	ctx, stop := s.living(ctx)
	defer stop()
	limit := int64(math.MaxInt64)
	if until < model.Forever-model.Time(w.origin) {
		limit = w.origin + int64(until)
	}
	w.counted = nil
	err = w.advance(ctx, s.life, limit)
	return s.Now(), err
}

// advance lets the network and the apps go on until a time; math.MaxInt64 is until all
// flows and actions have ended. The end of ctx lets time stand still between two events;
// what an app has been asked it answers first, for it cannot be asked again. Only the end
// of life, the session's, cuts it short.
func (w *world) advance(ctx, life context.Context, until int64) error {
	c, forever := &w.control, until == math.MaxInt64
	defer w.rest()
	for {
		c.fresh = false
		horizon := w.horizon()
		limit := w.upTo(until, horizon)
		n := 1
		for ; w.part == nil; n++ {
			if forever && w.idle() {
				return ctx.Err()
			}
			e := w.queue.Next(limit)
			if e == nil {
				break
			}
			at := e.At
			if e.Kind == onFrame {
				w.arrive(e.A, int32(e.B), at)
			} else {
				w.handle(e)
			}
			if c.fresh {
				c.fresh = false
				horizon = w.horizon()
				limit = w.upTo(until, horizon)
			}
			if n%beats == 0 {
				w.pulse.beat(w.outside(at), beats)
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
		}
		for w.part != nil {
			if forever && w.idle() {
				w.lanes.stand()
				return ctx.Err()
			}
			if !w.lanes.goOn(limit, forever) {
				break
			}
			if c.fresh {
				c.fresh = false
				horizon = w.horizon()
				limit = w.upTo(until, horizon)
			}
			if w.lanes.events >= beats {
				w.pulse.beat(w.outside(w.queue.Now()), w.lanes.events)
				w.lanes.events = 0
				if ctx.Err() != nil {
					w.lanes.stand()
					return ctx.Err()
				}
			}
		}
		w.pulse.beat(w.outside(w.queue.Now()), (n-1)%beats)
		if err := ctx.Err(); err != nil {
			return err
		}
		if limit < math.MaxInt64 {
			w.setClock(limit)
		}
		if w.halts(min(until, horizon)) {
			return nil
		}
		if c.driver == nil || int64(c.driver.Due()) > until || horizon == math.MaxInt64 {
			return nil
		}
		before := int64(c.driver.Due()) + 1
		if !c.eager {
			before = max(before, horizon+1+c.up)
			if !forever {
				before = min(before, until+1)
			}
		}
		if err := w.react(life, before); err != nil {
			return err
		}
	}
}

// Workers is how many threads work on the world; the answer does not depend on it.
func (s *Session) Workers() int {
	if s.world == nil {
		return 0
	}
	return len(s.world.everyone())
}

// Now is the session's clock.
func (s *Session) Now() model.Time {
	if s.world == nil {
		return 0
	}
	return s.world.outside(s.world.queue.Now())
}

// Pause and Resume have nothing to do: time passes only within Run.
func (s *Session) Pause(context.Context) error { return nil }

// Resume is the counterpart of Pause.
func (s *Session) Resume(context.Context) error { return nil }

// Close tells of what has not ended and of the links, and closes the apps. It may be
// called while another method works, which then returns early.
func (s *Session) Close() error {
	s.kill()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if w := s.world; w != nil {
		now := w.queue.Now()
		w.finishUnfinished(now)
		w.totals(now)
		w.emit(&trace.Entry{At: w.outside(now), Kind: trace.RunEnd, Text: "digest " + s.Digest()})
	}
	return s.closeApps()
}

func (s *Session) closeApps() error {
	var errs []error
	for _, a := range s.apps {
		errs = append(errs, a.Close())
	}
	s.apps = nil
	return errors.Join(errs...)
}

// Digest is a hash over the chains of all nodes, in which everything that has happened to
// them stands: equal digests mean equal runs.
func (s *Session) Digest() string {
	if s.world == nil {
		return ""
	}
	w := s.world
	h := sha256.New()
	var b [8]byte
	for _, slot := range w.slot {
		d := uint64(0)
		if slot >= 0 {
			d = w.switches[slot].digest
		} else {
			d = w.hosts[^slot].digest
		}
		binary.LittleEndian.PutUint64(b[:], d)
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// later starts a flow of an action, now or at its time.
func (s *Session) later(spec model.Flow, h *handle, now int64) {
	w := s.world
	if at := w.origin + int64(spec.Start); at > now {
		w.deferred = append(w.deferred, deferred{spec, h})
		w.waiters++
		w.together(at)
		w.schedule(at, spec.From, onLaunch, uint32(len(w.deferred)-1), 0)
		h.stop = stopEarly{}
		return
	}
	f := w.launch(spec, h, now)
	h.stop = stopFlow{w, f}
}
