package backend

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"sendim/core/app"
	"sendim/core/deployment"
)

// Started is an application of a deployment that runs.
type Started struct {
	Application deployment.Application
	Instance    app.Instance
	Params      map[string]string
}

// StartApps starts the applications of a deployment, in order. What has been started is
// given with an error, too: the caller closes it.
func (s Spec) StartApps(ctx context.Context, d *deployment.Deployment) (started []Started, err error) {
	if d == nil {
		return nil, nil
	}
	for _, a := range d.Applications {
		instance, err := s.StartApp(ctx, a)
		if err != nil {
			return started, err
		}
		params := make(map[string]string, len(a.Params))
		for _, p := range a.Params {
			params[p.Name] = p.Value
		}
		started = append(started, Started{a, instance, params})
	}
	return started, nil
}

// StartApp starts one application.
func (s Spec) StartApp(ctx context.Context, a deployment.Application) (app.Instance, error) {
	if s.Launch == nil {
		return nil, errors.New("there are apps to start, but nobody who could start them")
	}
	instance, err := s.Launch(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("starting app %s: %w", a.Name, err)
	}
	return instance, nil
}

// Items makes a Snapshot of items that are asked for at once.
func Items(ask func() ([]Item, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		items, err := ask()
		if err != nil {
			yield(Item{}, err)
			return
		}
		for _, i := range items {
			if !yield(i, nil) {
				return
			}
		}
	}
}
