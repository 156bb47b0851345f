package hops_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
	"sendim/sim/hops"
)

// received is how many packets the ports of all nodes have received.
func received(b *testing.B, s backend.Session) (n uint64) {
	for item, err := range s.Snapshot(context.Background(), backend.Selector{Node: model.NoNode, Ports: true}) {
		if err != nil {
			b.Fatal(err)
		}
		n += item.Port.RxPackets
	}
	return n
}

func BenchmarkPacketHops(b *testing.B) {
	for _, k := range []int{4, 8, 16} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			ctx, done, spent := context.Background(), uint64(0), time.Duration(0)
			for range b.N {
				runtime.GC() // the peak of memory is that of one run
				n := hops.Permutation(k, 250e6, 100*model.Millisecond)
				deploy := &deployment.Deployment{Name: "hops", Applications: []deployment.Application{{Name: "app", Plugin: "app"}}}
				deploy.Simulation.Workers = 1
				spec := backend.Spec{Run: "hops", Deployment: deploy, Model: n, Seed: 1,
					Launch: func(context.Context, deployment.Application) (app.Instance, error) {
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
		})
	}
}
