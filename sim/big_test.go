package sim

import (
	"context"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/trace"
)

// quiet is an app that wants nothing.
type quiet struct{}

func (quiet) Manifest() app.Manifest          { return app.Manifest{Name: "quiet", Tables: 1} }
func (quiet) React(*app.Event, *app.Commands) {}

// BenchmarkApply brings a large network up with an app that does nothing: switches
// introduce themselves, and the app is told the topology.
func BenchmarkApply(b *testing.B) {
	n := meshOf(b, 100_000)
	deploy := &deployment.Deployment{Applications: []deployment.Application{{Name: "quiet"}}}
	spec := backend.Spec{Model: n, Launch: func(context.Context, deployment.Application) (app.Instance, error) { return app.Local(quiet{}), nil }}
	b.ReportAllocs()
	for b.Loop() {
		s, err := Backend{}.Open(b.Context(), spec, trace.Discard{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Apply(b.Context(), change.FromNothing(change.State{Model: n, Deployment: deploy}), nil); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
