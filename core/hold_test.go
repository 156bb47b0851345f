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
	"sendim/core/model"
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
	return &stoppable{walled: s.(*walled), dead: make(chan struct{})}, nil
}

type stoppable struct {
	*walled
	still atomic.Bool
	dead  chan struct{}
}

func (s *stoppable) Ended() <-chan struct{} { return s.dead }

func (s *stoppable) Run(ctx context.Context, until model.Time) (model.Time, error) {
	select {
	case <-s.dead:
		return s.Now(), errDead
	default:
		return s.walled.Run(ctx, until)
	}
}

func (s *stoppable) Pause(context.Context) error  { s.still.Store(true); return nil }
func (s *stoppable) Resume(context.Context) error { s.still.Store(false); return nil }

var (
	errStill = errors.New("it stands still")
	errDead  = errors.New("it is dead")
)

func (s *stoppable) Snapshot(context.Context, backend.Selector) iter.Seq2[backend.Item, error] {
	return func(yield func(backend.Item, error) bool) {
		if s.still.Load() {
			yield(backend.Item{}, errStill)
		}
	}
}

func TestARunThatStandsStillEndsWhenItIsLeftInterruptedOrDead(t *testing.T) {
	for _, how := range []string{"left", "interrupted", "dead"} {
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
			switch how {
			case "interrupted":
				interrupt()
				<-ctx.Done()
			case "dead":
				close(l.world.session().(*stoppable).dead)
				<-ctx.Done()
			}
			return nil
		}})
		interrupt()
		if (how == "dead") != errors.Is(err, errDead) || how != "dead" && err != nil {
			t.Errorf("%s: %v", how, err)
		}
	}
}
