package fluid_test

import (
	"fmt"
	"testing"

	"sendim/sim/fluid"
)

// BenchmarkFatTree plays whole flow lists; one operation is one list.
func BenchmarkFatTree(b *testing.B) {
	for _, c := range []struct{ k, flows int }{{8, 10_000}, {8, 100_000}, {16, 10_000}, {16, 100_000}} {
		b.Run(fmt.Sprintf("k=%d/flows=%d", c.k, c.flows), func(b *testing.B) {
			tree := newFatTree(c.k)
			jobs := poissonJobs(tree, c.flows, 20261121)
			capacity := tree.capacities(125e6)
			b.ReportAllocs()
			b.ResetTimer()
			var o outcome
			for range b.N {
				o = play(capacity, jobs)
			}
			b.ReportMetric(float64(c.flows)*float64(b.N)/b.Elapsed().Seconds(), "flows/s")
			b.ReportMetric(float64(o.changes)/float64(o.events), "changes/event")
			b.ReportMetric(float64(o.active)/float64(o.events), "active")
		})
	}
}

// BenchmarkPacedFlows replaces one of many flows of constant rate on links that they do not
// fill; one operation is one departure and one arrival.
func BenchmarkPacedFlows(b *testing.B) {
	for _, flows := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			n := fluid.New([]float64{1e9, 1e9, 1e9})
			spec := fluid.FlowSpec{Route: []fluid.Resource{0, 1, 2}, Cap: 1e3}
			live := make([]fluid.Flow, flows)
			for i := range live {
				live[i] = n.Add(spec)
			}
			n.Solve()
			b.ResetTimer()
			for i := range b.N {
				n.Remove(live[i%flows])
				live[i%flows] = n.Add(spec)
				n.Solve()
			}
		})
	}
}
