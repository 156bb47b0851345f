package core

import (
	"context"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
)

// appGrace is how long an app may go on answering after its run was interrupted.
const appGrace = 3 * time.Second

// steady shields an app from the cuts between two stretches of time: an app that is cut
// off in the middle of an answer would lose events, and the run would not be the same
// with and without somebody looking at it.
type steady struct {
	app.Instance
	ctx context.Context // of the run
}

// Handle answers events to their end, whatever the stretch of time they came in.
func (s steady) Handle(_ context.Context, events []app.Event, emit func(int, []app.Command)) error {
	return s.Instance.Handle(s.ctx, events, emit)
}

// steadyLauncher launches apps that live as long as the run, and a grace longer when it is interrupted.
func steadyLauncher(ctx context.Context, launch backend.Launcher) (backend.Launcher, context.CancelFunc) {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		t := time.AfterFunc(appGrace, cancel)
		context.AfterFunc(life, func() { t.Stop() })
	})
	return func(ctx context.Context, a deployment.Application) (app.Instance, error) {
		i, err := launch(ctx, a)
		if err != nil {
			return nil, err
		}
		return steady{i, life}, nil
	}, cancel
}
