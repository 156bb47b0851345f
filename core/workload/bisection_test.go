package workload

import (
	"math"
	"testing"

	"sendim/core/fault"
	"sendim/core/model"
)

// dumbbell has hosts at two switches; what links them has a rate of its own.
func dumbbell(t *testing.T, each int, access, middle model.Rate) *model.Network {
	t.Helper()
	b := model.NewBuilder("dumbbell")
	l, _ := b.Declare([]byte("left"), model.Switch)
	r, _ := b.Declare([]byte("right"), model.Switch)
	spec, mid := b.SpecID(model.LinkSpec{Rate: access}), b.SpecID(model.LinkSpec{Rate: middle})
	for i := range 2 * each {
		h, _ := b.Declare([]byte("h"+string(rune('a'+i))), model.Host)
		at := l
		if i >= each {
			at = r
		}
		b.Link(model.LinkDraft{A: h, B: at, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	b.Link(model.LinkDraft{A: l, B: r, APort: model.AutoPort, BPort: model.AutoPort, Spec: mid, Back: mid})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestALoadOfTheBisectionCrossesIt(t *testing.T) {
	for _, c := range []struct {
		middle model.Rate
		want   float64 // of the bisection, bit/s
	}{{1e9, 1e9}, {3e9, 3e9}, {100e9, 4e9}} {
		n := dumbbell(t, 4, 1e9, c.middle)
		n.Traffic = []model.Traffic{{ID: "t", Kind: "poisson", Sizes: "10KB", Load: 0.5, Of: "bisection", From: "*", To: "*", Until: model.Second / 2}}
		flows, err := Concrete(n, 1)
		if err != nil {
			t.Fatal(err)
		}
		crossed := 0.0
		for _, f := range flows {
			if f.From < 6 && f.To >= 6 { // from the left half to the right
				crossed += float64(f.Size) * 8 * 2
			}
		}
		if math.Abs(crossed/c.want-0.5) > 0.03 {
			t.Errorf("%s: %.3g bit/s cross, half of %.3g was asked for", c.middle, crossed, c.want)
		}
	}
}

func TestLoadsOfABisectionThatMeanNothingAreRefused(t *testing.T) {
	n := dumbbell(t, 2, 1e9, 0)
	loads := model.Traffic{ID: "t", Kind: "poisson", Sizes: "10KB", Load: 0.5, Of: "bisection", From: "*", To: "*", Until: model.Second}
	n.Traffic = []model.Traffic{loads}
	if flows, err := Concrete(n, 1); err != nil || len(flows) == 0 { // access links bound it
		t.Errorf("%d flows, %v", len(flows), err)
	}
	n = dumbbell(t, 2, 0, 0)
	n.Traffic = []model.Traffic{loads}
	if _, err := Concrete(n, 1); !fault.Is(err, fault.FlowConflict) {
		t.Error(err)
	}
	n.Traffic[0].To = "ha"
	if _, err := Concrete(n, 1); !fault.Is(err, fault.FlowConflict) {
		t.Error(err)
	}
	n.Traffic = []model.Traffic{{ID: "t", Kind: "pairs", Sizes: "10KB", Load: 0.5, Of: "bisection", Until: model.Second, Pairs: []model.Pair{{From: 2, To: 3, Weight: 1}}}}
	if _, err := Concrete(n, 1); !fault.Is(err, fault.FlowConflict) {
		t.Error(err)
	}
}
