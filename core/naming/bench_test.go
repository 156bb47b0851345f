package naming

import (
	"fmt"
	"testing"

	"sendim/core/model"
)

func BenchmarkAMillionNodes(b *testing.B) {
	build := model.NewBuilder("")
	for i := range 500_000 {
		s, _ := build.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
		h, _ := build.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		build.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort})
	}
	net, faults := build.Build(nil)
	if err := faults.Err(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n, err := New(net)
		if err != nil {
			b.Fatal(err)
		}
		if n.DPID(0) != 1 {
			b.Fatal("s1 is not 1")
		}
	}
}
