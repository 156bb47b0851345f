package hops_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
	"sendim/sim/hops"
)

// steward is an app in the loop: every millisecond it asks the next sixteen switches what
// their meters have counted, and sets the meters of those that answer.
type steward struct {
	hops.ByPort
	switches []model.NodeID
	next     int
}

func (p *steward) React(e *app.Event, out *app.Commands) {
	p.ByPort.React(e, out)
	switch e.Kind {
	case app.KindTopology:
		for _, s := range e.Topology.Switches {
			p.switches = append(p.switches, s.ID)
		}
		if e.Topology.Last {
			out.After("look", 950*model.Millisecond)
		}
	case app.KindTimer:
		for range 16 {
			out.AskStats(p.switches[p.next%len(p.switches)], app.StatsRequest{Meters: true})
			p.next++
		}
		out.After("look", model.Millisecond)
	case app.KindStats:
		out.SetMeter(e.Stats.Switch, flow.Meter{Name: "all", Rate: 1 << 20})
	}
}

// BenchmarkWorkers divides the fat trees of BenchmarkPacketHops among workers, also with an
// app that asks and commands all the time.
func BenchmarkWorkers(b *testing.B) {
	for _, k := range []int{8, 16} {
		for _, looping := range []bool{false, true} {
			for _, workers := range []int{1, 2} {
				name := fmt.Sprintf("k=%d/workers=%d", k, workers)
				if looping {
					name = fmt.Sprintf("k=%d/app/workers=%d", k, workers)
				}
				b.Run(name, func(b *testing.B) { divided(b, k, workers, looping) })
			}
		}
	}
}

func divided(b *testing.B, k, workers int, looping bool) {
	span := 100 * model.Millisecond
	if k > 8 {
		span = 20 * model.Millisecond
	}
	ctx, done, spent := context.Background(), uint64(0), time.Duration(0)
	for range b.N {
		n := hops.Permutation(k, 250e6, span)
		deploy := &deployment.Deployment{Name: "workers", Realization: deployment.Simulation, Applications: []deployment.Application{{Name: "app", Plugin: "app"}}}
		deploy.Simulation.Workers = workers
		spec := backend.Spec{Run: "workers", Deployment: deploy, Model: n, Seed: 1,
			Launch: func(context.Context, deployment.Application) (app.Instance, error) {
				if looping {
					return app.Local(&steward{ByPort: hops.ByPort{K: k}}), nil
				}
				return app.Local(&hops.ByPort{K: k}), nil
			}}
		s, err := sim.Backend{}.Open(ctx, spec, trace.Discard{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Apply(ctx, change.FromNothing(change.State{Model: n, Deployment: deploy}), nil); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Run(ctx, 900*model.Millisecond); err != nil {
			b.Fatal(err)
		}
		if got := s.(*sim.Session).Workers(); got != workers {
			b.Fatalf("%d workers, want %d", got, workers)
		}
		before, at := received(b, s), time.Now()
		if _, err := s.Run(ctx, model.Forever); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(at)
		done += received(b, s) - before
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(done)/spent.Seconds(), "hops/s")
	b.ReportMetric(0, "ns/op")
}
