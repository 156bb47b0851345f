package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/control"
	"sendim/core/fault"
	"sendim/core/freeze"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
	"sendim/sim/des"
	"sendim/sim/tcp"
)

// frozen is a session as a checkpoint has it.
type frozen struct {
	World *world
	Told  []memory // by app
	Beats uint64   // events so far
}

// calendar is what a checkpoint has of an event list.
type calendar struct {
	Now    int64
	Events []des.Event
}

// freezing says how a session is written. What is skipped is nothing that happens depends
// on, or is given back by thaw.
func freezing() *freeze.Plan {
	p := freeze.NewPlan()
	freeze.Outside[model.Network](p, "model")
	freeze.Outside[naming.Names](p, "names")
	freeze.Hold[*naming.Names](p)
	control.Freezing(p)
	tcp.Freezing(p)
	freeze.Hold[*ascent](p)
	freeze.Hold[stopPing](p)
	freeze.Hold[stopFlow](p)
	freeze.Hold[stopEarly](p)
	freeze.Skip[common](p, "sink", "the reader of the diary is another one")
	freeze.Skip[common](p, "pulse", "told to other goroutines; what it counts is in frozen")
	freeze.Skip[common](p, "captures", "there are none: Checkpoint refuses them")
	freeze.Skip[common](p, "counted", "made anew by whoever looks at ports")
	freeze.Skip[world](p, "result", "scratch of one frame at one switch")
	freeze.Skip[world](p, "at", "the switch at work: none is")
	freeze.Skip[world](p, "output", "scratch of one TCP endpoint's answer")
	freeze.Skip[lanes](p, "team", "threads")
	freeze.Skip[lanes](p, "work", "a function of the lanes themselves")
	freeze.Skip[lanes](p, "books", "scratch of the end of a window")
	freeze.Instead(p,
		func(q *des.Queue) *calendar { return &calendar{q.Now(), q.AppendPending(nil)} },
		func(c *calendar, q *des.Queue) {
			q.Reset(c.Now)
			for i := range c.Events {
				q.Push(c.Events[i])
			}
		})
	return p
}

// Checkpoint writes the whole state of the session. It is refused while frames are
// captured, because files are no part of it, and where an app can no longer be brought to
// where it is (see memory).
func (s *Session) Checkpoint(out io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return err
	}
	if len(w.captures) > 0 {
		return fault.New(fault.NotYet, fault.Place{}, "a checkpoint cannot hold captures, and %d ports are captured; stop them first", len(w.captures))
	}
	f := &frozen{World: w, Beats: s.pulse.events.Load()}
	for i, a := range s.apps {
		m := a.(*minded)
		if m.forgot {
			return fault.New(fault.OutOfRange, fault.Place{}, "app %s has been told more than the %d events that are remembered for checkpoints; begin the run with --checkpoints",
				s.spec.Deployment.Applications[i].Name, mostRemembered)
		}
		f.Told = append(f.Told, m.memory)
	}
	return freeze.Write(out, freezing(), f, map[string]any{"model": w.net, "names": w.names})
}

// Restore opens a session as Checkpoint has left it. The apps are told once more all that
// they have been told, and what they answer is not listened to.
func (b Backend) Restore(ctx context.Context, spec backend.Spec, sink trace.Sink, r io.Reader) (backend.Session, error) {
	if spec.Model == nil || spec.Deployment == nil {
		return nil, errors.New("restoring a simulation needs its model and deployment")
	}
	opened, err := b.Open(ctx, spec, sink)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read a simulation: %w", err)
	}
	names, err := naming.New(spec.Model)
	if err != nil {
		return nil, err
	}
	f, err := freeze.Read[frozen](data, freezing(), map[string]any{"model": spec.Model, "names": names})
	if err != nil {
		return nil, err
	}
	s := opened.(*Session)
	if f.World == nil || f.World.common == nil || f.World.queue == nil {
		return nil, &freeze.DamageError{What: "there is no world in it"}
	}
	if err := s.thaw(ctx, f); err != nil {
		s.kill()
		return nil, errors.Join(err, s.closeApps())
	}
	return s, nil
}

// thaw gives a world that was read what it lacks.
func (s *Session) thaw(ctx context.Context, f *frozen) error {
	w := f.World
	w.sink, w.pulse = s.sink, &s.pulse
	w.result.PortUp = w.portUp
	if x := w.lanes; x != nil {
		x.work = x.within
		for _, l := range x.list {
			l.result.PortUp = l.portUp
		}
	}
	s.pulse.events.Store(f.Beats)
	s.pulse.flows.Store(int64(len(w.list)))
	s.pulse.at.Store(int64(w.outside(w.queue.Now())))
	if r, ok := w.control.driver.(*control.Runtime); ok {
		if err := s.relaunch(ctx, r, f.Told); err != nil {
			return err
		}
		err := r.Thawed(s.instances(r), w.controlDelays, &shifted{sink: s.sink, origin: model.Time(w.origin), open: true})
		if err != nil {
			return err
		}
	}
	w.regroup(s.spec.Deployment.Simulation.Workers)
	s.world = w
	return nil
}

// controlDelays is what the runtime wants to know of the channels to the controller.
func (w *world) controlDelays(sw model.NodeID) (up, down model.Time) {
	d := model.Time(w.delayOf(sw))
	return d, d
}

// RunTo is Run, but lets time stand still at a moment between two events, with nothing of
// what would have been asked later asked sooner.
func (s *Session) RunTo(ctx context.Context, stop, until model.Time) (model.Time, bool, error) {
	if stop >= until {
		at, err := s.Run(ctx, until)
		return at, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return 0, false, err
	}
	ctx, cancel := s.living(ctx)
	defer cancel()
	limit := int64(math.MaxInt64)
	if until < model.Forever-model.Time(w.origin) {
		limit = w.origin + int64(until)
	}
	w.counted = nil
	w.halt = halt{at: w.origin + int64(stop), asked: true}
	err = w.advance(ctx, s.life, limit)
	stopped := w.halt.done
	w.halt = halt{}
	return s.Now(), stopped && err == nil, err
}

// halt is a moment at which time is to stand still.
type halt struct {
	at          int64
	asked, done bool
}

// upTo is how far the network may go on before anything else is looked at.
func (w *world) upTo(until, horizon int64) int64 {
	limit := min(until, horizon)
	if w.halt.asked {
		limit = min(limit, w.halt.at)
	}
	return limit
}

// halts says that it has gone on for long enough, though it might have until limit.
func (w *world) halts(limit int64) bool {
	w.halt.done = w.halt.asked && w.halt.at < limit
	return w.halt.done
}

var (
	_ backend.Checkpointer = (*Session)(nil)
	_ backend.Restorer     = Backend{}
	_ app.Instance         = (*minded)(nil)
)

// Next is the next moment at which something may happen, false if nothing is left to.
func (s *Session) Next() (model.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return 0, false
	}
	at := w.soonestOf()
	if horizon := w.horizon(); horizon < at {
		at = horizon + 1 // by then the apps have been asked
	}
	if at == math.MaxInt64 {
		return 0, false
	}
	return w.outside(at), true
}

// soonestOf is the time of the earliest event, math.MaxInt64 if there is none.
func (w *world) soonestOf() int64 {
	if w.part != nil {
		return w.lanes.earliest()
	}
	at, ok := w.queue.PeekTime()
	if !ok {
		return math.MaxInt64
	}
	return at
}
