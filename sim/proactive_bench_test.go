package sim

import (
	"context"
	"runtime"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/trace"
	shortestpath "sendim/plugins/shortest-path"
)

// BenchmarkProactive starts shortest-path with a rule for every switch and destination: a
// million of them with 1000 switches. bytes/rule is what stays for each, at the switches,
// in the control runtime and in the app, when all are in force.
func BenchmarkProactive(b *testing.B) {
	n := meshOf(b, 2000)
	deploy := &deployment.Deployment{Applications: []deployment.Application{{Name: "router",
		Params: []deployment.Param{{Name: "mode", Value: "proactive"}, {Name: "ecmp", Value: "none"}}}}}
	spec := backend.Spec{Model: n, Launch: func(context.Context, deployment.Application) (app.Instance, error) {
		return app.Local(shortestpath.New()), nil
	}}
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	for b.Loop() {
		s, err := Backend{}.Open(b.Context(), spec, trace.Discard{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Apply(b.Context(), change.FromNothing(change.State{Model: n, Deployment: deploy}), nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		rules := 0
		for i := range s.(*Session).world.switches {
			rules += s.(*Session).world.switches[i].Len()
		}
		b.ReportMetric(float64(rules), "rules")
		b.ReportMetric(float64(live()-before)/float64(rules), "bytes/rule")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
