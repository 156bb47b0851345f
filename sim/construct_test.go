package sim

import (
	"fmt"
	"runtime"
	"testing"

	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/random"
)

// meshOf is a network of n nodes, half of them hosts, and 1.5 n links.
func meshOf(t testing.TB, n int) *model.Network {
	b := model.NewBuilder("mesh")
	b.Grow(n, n+n/2)
	spec := b.SpecID(model.LinkSpec{Rate: 1e9, Delay: 10 * model.Microsecond})
	ids := make([]model.NodeID, n)
	for i := range ids {
		kind := model.Switch
		if i >= n/2 {
			kind = model.Host
		}
		ids[i], _ = b.Declare(fmt.Appendf(nil, "n%d", i), kind)
	}
	link := func(x, y int) {
		b.Link(model.LinkDraft{A: ids[x], B: ids[y], APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	for i := range n / 2 {
		link(i, n/2+i)
		link(i, (i+1)%(n/2))
		link(i, (i*7+3)%(n/2)^1)
	}
	network, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return network
}

func BenchmarkConstruct(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			network := meshOf(b, n)
			var before, after runtime.MemStats
			var w *world
			for range b.N {
				w = nil
				runtime.GC()
				runtime.ReadMemStats(&before)
				b.StartTimer()
				names, err := naming.New(network)
				if err != nil {
					b.Fatal(err)
				}
				w = compile(network, names, random.New(1))
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/node")
			runtime.KeepAlive(w)
		})
	}
}
