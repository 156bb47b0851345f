package sim_test

import (
	"fmt"
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

// BenchmarkEdit adds a host with its link to a network of so many switches in a row, each
// with a host, and takes it away again; nobody is told.
func BenchmarkEdit(b *testing.B) {
	for _, c := range []struct{ switches, workers int }{{100, 1}, {10_000, 1}, {10_000, 2}, {500_000, 1}} {
		n := c.switches
		b.Run(fmt.Sprintf("nodes=%d,workers=%d", 2*n, c.workers), func(b *testing.B) {
			x := model.NewBuilder("row")
			spec := x.SpecID(wire)
			for i := 1; i <= n; i++ {
				s, _ := x.Declare(fmt.Appendf(nil, "s%d", i), model.Switch)
				h, _ := x.Declare(fmt.Appendf(nil, "h%d", i), model.Host)
				x.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
				if i > 1 {
					x.Link(model.LinkDraft{A: s - 2, B: s, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
				}
			}
			net, _ := x.Build(nil)
			bed := start(b, net, nil, trace.Discard{}, workers(c.workers))
			defer bed.close()
			b.ResetTimer()
			for range b.N {
				bed.edit(plus("h0"), tie("h0", "s1", wire))
				bed.edit(minus("h0"))
			}
		})
	}
}
