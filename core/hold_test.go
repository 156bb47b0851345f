package core

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"sync/atomic"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/trace"
	learningswitch "sendim/plugins/learning-switch"
)

// pausable is a wall whose clock on the wall can be stopped.
type pausable struct{ wall }

func (pausable) Capabilities(context.Context, backend.Spec) (backend.Capabilities, error) {
	return backend.Capabilities{Can: []backend.Capability{backend.LinkRate, backend.Pause}}, nil
}

func (p pausable) Open(ctx context.Context, spec backend.Spec, sink trace.Sink) (backend.Session, error) {
	s, err := p.wall.Open(ctx, spec, sink)
	if err != nil {
		return nil, err
	}
	return &stoppable{walled: s.(*walled)}, nil
}

type stoppable struct {
	*walled
	still atomic.Bool
}

func (s *stoppable) Pause(context.Context) error  { s.still.Store(true); return nil }
func (s *stoppable) Resume(context.Context) error { s.still.Store(false); return nil }

var errStill = errors.New("it stands still")

func (s *stoppable) Snapshot(context.Context, backend.Selector) iter.Seq2[backend.Item, error] {
	return func(yield func(backend.Item, error) bool) {
		if s.still.Load() {
			yield(backend.Item{}, errStill)
		}
	}
}

func TestARunThatStandsStillEndsWhenItIsLeftOrInterrupted(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		dir := t.TempDir()
		write(t, dir, "system.xml", twoSteps)
		j, err := job.Load(job.Input{Systems: []string{filepath.Join(dir, "system.xml")}, Default: deployment.Application{Name: "learning-switch", Plugin: "builtin:learning-switch"}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		_, err = Run(ctx, RunSpec{Job: j, Backends: []backend.Backend{pausable{}}, Launch: func(context.Context, deployment.Application) (app.Instance, error) {
			return app.Local(learningswitch.New()), nil
		}}, Hooks{Interact: func(ctx context.Context, l *Live) error {
			if err := l.Do(ctx, func(w *World) error { return w.Hold(ctx, true) }); err != nil {
				return err
			}
			if interrupted {
				interrupt()
				<-ctx.Done()
			}
			return nil
		}})
		interrupt()
		if err != nil {
			t.Errorf("interrupted %t: %v", interrupted, err)
		}
	}
}
