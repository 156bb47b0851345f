package core

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/trace"
	learningswitch "sendim/plugins/learning-switch"
	"sendim/sim"
)

// wall is a world whose time is that of the clock on the wall. Its actions end when they
// are told to, its changes are counted.
type wall struct{}

func (wall) Name() string { return "simulation" } // the default

func (wall) Capabilities(context.Context, backend.Spec) (backend.Capabilities, error) {
	return backend.Capabilities{Can: []backend.Capability{backend.LinkRate}}, nil
}

func (wall) Open(_ context.Context, _ backend.Spec, sink trace.Sink) (backend.Session, error) {
	return &walled{began: time.Now(), sink: sink, changed: make(chan model.ChangeKind, 100), begun: make(chan *told, 1000), over: make(chan struct{})}, nil
}

type walled struct {
	began   time.Time
	sink    trace.Sink
	changed chan model.ChangeKind
	begun   chan *told
	over    chan struct{}
	once    sync.Once
}

// told is an action that ends when its channel is closed.
type told struct {
	what    backend.Action
	done    chan struct{}
	once    sync.Once
	stopped bool
}

func (e *told) Done() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

func (e *told) Outcome() backend.Outcome {
	return backend.Outcome{Ping: &trace.PingResult{Sent: 1, Received: 1}}
}

func (e *told) Stop() error {
	e.once.Do(func() { e.stopped = true; close(e.done) })
	return nil
}

func (e *told) end() { e.once.Do(func() { close(e.done) }) }

func (s *walled) Apply(context.Context, *change.Changeset, func(int, int)) error { return nil }

func (s *walled) Run(ctx context.Context, until model.Time) (model.Time, error) {
	left := time.Hour
	if until < model.Forever {
		left = time.Duration((until - s.Now()) / model.Nanosecond)
	}
	select {
	case <-time.After(left):
		return s.Now(), nil
	case <-s.over:
		return s.Now(), nil
	case <-ctx.Done():
		return s.Now(), context.Cause(ctx)
	}
}

func (s *walled) Now() model.Time {
	return model.Time(time.Since(s.began).Nanoseconds()) * model.Nanosecond
}

func (s *walled) Do(ctx context.Context, a backend.Action) (backend.Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := &told{what: a, done: make(chan struct{})}
	if a.Change != nil {
		s.changed <- a.Change.Kind
		e.end()
	} else {
		s.begun <- e
	}
	return e, nil
}

func (s *walled) Snapshot(context.Context, backend.Selector) iter.Seq2[backend.Item, error] {
	return func(func(backend.Item, error) bool) {}
}

func (s *walled) Pause(context.Context) error  { return nil }
func (s *walled) Resume(context.Context) error { return nil }

func (s *walled) Close() error { s.once.Do(func() { close(s.over) }); return nil }

// lives carries a network out in a world until the test is over.
func lives(t *testing.T, b backend.Backend, system string, interact bool) *Live {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "system.xml", system)
	j, err := job.Load(job.Input{Systems: []string{filepath.Join(dir, "system.xml")}, Default: deployment.Application{Name: "learning-switch", Plugin: "builtin:learning-switch"}})
	if err != nil {
		t.Fatal(err)
	}
	begun, over := make(chan *Live, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	hooks := Hooks{Live: func(l *Live) { begun <- l }}
	if interact {
		hooks.Interact = func(ctx context.Context, _ *Live) error { <-ctx.Done(); return nil }
	}
	go func() {
		_, err := Run(ctx, RunSpec{Job: j, Backends: []backend.Backend{b}, Launch: func(context.Context, deployment.Application) (app.Instance, error) {
			return app.Local(learningswitch.New()), nil
		}}, hooks)
		over <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	select {
	case l := <-begun:
		return l
	case err := <-over:
		over <- err
		t.Fatal(err)
	}
	return nil
}

const twoSteps = `<system name="x"><node id="s1" type="switch"/>
  <node id="h1" type="host"><link to="s1" rate="10Mbps"/></node><node id="h2" type="host"><link to="s1" rate="10Mbps"/></node>
  <scenario><at time="100ms"><down link="h1--s1"/></at><at time="150ms"><up link="h1--s1"/><rate link="h1--s1" value="5Mbps"/></at></scenario></system>`

func TestTheScenariosStepsComeAndOthersAreServedWhileSomebodyWaits(t *testing.T) {
	l := lives(t, wall{}, twoSteps, true)
	s := l.world.session().(*walled)
	waited := make(chan error, 1)
	go func() {
		var h backend.Handle
		err := l.Do(t.Context(), func(w *World) (err error) {
			h, err = w.Session.Do(t.Context(), backend.Action{Ping: &backend.Ping{}})
			return err
		})
		if err == nil {
			err = l.Await(t.Context(), h)
		}
		waited <- err
	}()
	long := <-s.begun
	for _, want := range []model.ChangeKind{model.LinkDown, model.LinkUp, model.LinkRate} {
		if got := <-s.changed; got != want {
			t.Errorf("a step is %v, not %v", got, want)
		}
		if err := l.Do(t.Context(), func(*World) error { return nil }); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	}
	select {
	case err := <-waited:
		t.Errorf("it has ended by itself: %v", err)
	default:
	}
	long.end()
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestNoStepIsLostHoweverOftenTimeIsInterrupted(t *testing.T) {
	for name, b := range map[string]backend.Backend{"in real time": wall{}, "in virtual time": sim.Backend{}} {
		t.Run(name, func(t *testing.T) {
			l := lives(t, b, twoSteps, false)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for l.Do(ctx, func(*World) error { return nil }) == nil {
					}
				})
			}
			if s, ok := l.world.session().(*walled); ok {
				for _, want := range []model.ChangeKind{model.LinkDown, model.LinkUp, model.LinkRate} {
					if got := <-s.changed; got != want {
						t.Errorf("a step is %v, not %v", got, want)
					}
				}
				cancel()
			}
			all.Wait() // a simulation ends by itself
			if err := l.Do(t.Context(), func(w *World) error {
				if len(w.scenario) > 0 {
					t.Errorf("%d steps were not carried out", len(w.scenario))
				}
				return nil
			}); err != nil && !errors.Is(err, ErrOver) {
				t.Error(err)
			}
		})
	}
}

func TestWhoeverIsInterruptedStopsWhatItWaitsForAndNothingElse(t *testing.T) {
	l := lives(t, wall{}, twoSteps, true)
	s := l.world.session().(*walled)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	pairs := []Pair{{From: 1, To: 2}, {From: 2, To: 1}, {From: 1, To: 2}}
	go func() { over <- PingWithin(ctx, l, pairs, model.Second) }()
	var begun []*told
	for range pairs {
		begun = append(begun, <-s.begun)
	}
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	for i, e := range begun {
		if !e.Done() || !e.stopped {
			t.Errorf("echo %d goes on", i)
		}
	}
	go func() { over <- PingWithin(t.Context(), l, pairs[:1], model.Second) }()
	(<-s.begun).end()
	if err := <-over; err != nil || pairs[0].Result.Received != 1 {
		t.Errorf("the next one: %v, %+v", err, pairs[0])
	}
}

func TestInVirtualTimeOthersAreHeardWhileSomebodyWaits(t *testing.T) {
	l := lives(t, sim.Backend{}, twoSteps, true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var h backend.Handle
	err := l.Do(ctx, func(w *World) (err error) {
		h, err = w.Session.Do(ctx, backend.Action{Ping: &backend.Ping{From: 1, To: 2, Count: 1_000_000, Interval: model.Second}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- l.Await(ctx, h) }()
	for now, before := model.Time(0), model.Time(-1); now < 200*model.Millisecond || before == now; {
		if err := l.Do(t.Context(), func(w *World) error { before, now = now, w.Session.Now(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	// Somebody has time stand still, and the one who waits does not move it.
	var held model.Time
	hold := func(still bool) {
		if err := l.Do(t.Context(), func(w *World) error { held = w.Session.Now(); return w.Hold(t.Context(), still) }); err != nil {
			t.Fatal(err)
		}
	}
	hold(true)
	for range 50 {
		if err := l.Do(t.Context(), func(w *World) error {
			if now := w.Session.Now(); now != held || len(w.scenario) > 0 {
				t.Errorf("it is %v, and stood still at %v; %d steps are left", now, held, len(w.scenario))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	hold(false)
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	if err := l.Do(t.Context(), func(*World) error {
		if o := h.Outcome(); !h.Done() || o.Ping == nil || o.Ping.Sent < 1 {
			t.Errorf("its outcome is %+v", o)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAnActionOfAnotherTimeHasNoOutcome(t *testing.T) {
	l := lives(t, sim.Backend{}, twoSteps, true)
	var h backend.Handle
	err := l.Do(t.Context(), func(w *World) (err error) {
		if err = w.Mark(); err == nil {
			h, err = w.Session.Do(t.Context(), backend.Action{Ping: &backend.Ping{From: 1, To: 2, Count: 1_000_000, Interval: model.Second}})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- l.Await(t.Context(), h) }()
	for now := model.Time(0); now < model.Second; {
		if err := l.Do(t.Context(), func(w *World) error { now = w.Session.Now(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Do(t.Context(), func(w *World) error { _, err := w.Seek(t.Context(), 0); return err }); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; !errors.Is(err, errElsewhere) {
		t.Errorf("it ends with %v", err)
	}
}

// The tests of reachability are the conductor's own work, and others are served meanwhile.
func TestOthersAreServedWhileTestsAreMade(t *testing.T) {
	l := lives(t, wall{}, strings.Replace(twoSteps, "</system>", `<test><reachable from="*" to="*"/></test></system>`, 1), false)
	s := l.world.session().(*walled)
	for range 3 {
		<-s.changed
	}
	_ = s.Close() // all has been done
	first := <-s.begun
	for range 10 {
		if err := l.Do(t.Context(), func(w *World) error {
			if !w.testing {
				t.Error("no tests are under way")
			}
			return w.Hold(t.Context(), false)
		}); err != nil && !strings.Contains(err.Error(), "stand still") {
			t.Fatal(err)
		}
	}
	first.end()
	(<-s.begun).end()
}
