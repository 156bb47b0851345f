package fluid_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"sendim/sim/fluid"
)

func flowOver(route ...fluid.Resource) fluid.FlowSpec { return fluid.FlowSpec{Route: route} }

func TestRatesOfTextbookCases(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name     string
		capacity []float64
		flows    []fluid.FlowSpec
		want     []float64
	}{
		{"one flow takes the narrowest of its links", []float64{10, 4, 7},
			[]fluid.FlowSpec{flowOver(0, 1, 2)}, []float64{4}},
		{"a bottleneck is shared equally", []float64{12},
			[]fluid.FlowSpec{flowOver(0), flowOver(0), flowOver(0)}, []float64{4, 4, 4}},
		{"what a flow cannot use goes to the others", []float64{12, 2},
			[]fluid.FlowSpec{flowOver(0, 1), flowOver(0), flowOver(0)}, []float64{2, 5, 5}},
		{"in a parking lot every flow gets half", []float64{8, 8, 8},
			[]fluid.FlowSpec{flowOver(0, 1, 2), flowOver(0), flowOver(1), flowOver(2)}, []float64{4, 4, 4, 4}},
		{"weights divide a bottleneck in proportion", []float64{12},
			[]fluid.FlowSpec{{Route: []fluid.Resource{0}, Weight: 2}, flowOver(0), {Route: []fluid.Resource{0}, Weight: 3}},
			[]float64{4, 2, 6}},
		{"a cap holds a flow down and frees the rest", []float64{12},
			[]fluid.FlowSpec{{Route: []fluid.Resource{0}, Cap: 1}, flowOver(0)}, []float64{1, 11}},
		{"a weight does not lift a cap", []float64{12},
			[]fluid.FlowSpec{{Route: []fluid.Resource{0}, Weight: 5, Cap: 3}, flowOver(0)}, []float64{3, 9}},
		{"a flow without resources runs at its cap", nil,
			[]fluid.FlowSpec{{Cap: 7}}, []float64{7}},
		{"a flow that nothing limits is infinitely fast", []float64{inf},
			[]fluid.FlowSpec{flowOver(), flowOver(0)}, []float64{inf, inf}},
		{"a failed link stops its flows and only those", []float64{0, 5},
			[]fluid.FlowSpec{flowOver(0, 1), flowOver(1)}, []float64{0, 5}},
		{"a link passed twice carries the flow twice", []float64{12},
			[]fluid.FlowSpec{flowOver(0, 0), flowOver(0)}, []float64{4, 4}},
		{"three levels settle from the lowest up", []float64{2, 6, 20},
			[]fluid.FlowSpec{flowOver(0), flowOver(0, 1), flowOver(1, 2), flowOver(2)}, []float64{1, 1, 5, 15}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := fluid.New(c.capacity)
			for _, f := range c.flows {
				n.Add(f)
			}
			n.Solve()
			for i, want := range c.want {
				if got := n.Rate(fluid.Flow(i)); differ(got, want) > 1e-15 {
					t.Errorf("flow %d: rate %v, want %v", i, got, want)
				}
			}
			if ref := share(c.capacity, c.flows); !slices.Equal(ref, c.want) {
				t.Errorf("the reference gives %v, want %v", ref, c.want)
			}
		})
	}
}

func TestChangesAreReportedWhereTheyReachAndNowhereElse(t *testing.T) {
	// Two islands: flows 0 and 1 on resource 0, flows 2 and 3 on resource 1.
	n := fluid.New([]float64{10, 20})
	a, b := n.Add(flowOver(0)), n.Add(flowOver(0))
	c, d := n.Add(flowOver(1)), n.Add(fluid.FlowSpec{Route: []fluid.Resource{1}, Cap: 4})
	expect := func(what string, want ...fluid.Flow) {
		t.Helper()
		got := slices.Clone(n.Solve())
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: changed %v, want %v", what, got, want)
		}
	}
	expect("new flows", a, b, c, d)
	expect("nothing")
	n.SetCapacity(1, 22)
	expect("the capped flow keeps its rate", c)
	n.SetCapacity(1, 22)
	expect("the same capacity again")
	n.SetCap(a, 6)
	expect("a cap above the rate")
	n.SetCap(a, 1)
	expect("a cap below it", a, b)
	n.Reroute(b, []fluid.Resource{1})
	expect("a flow moves in with another, to the same rate", c)
	if r, ok := n.Bottleneck(b); !ok || r != 1 {
		t.Errorf("bottleneck of the moved flow: %v %v", r, ok)
	}
	if _, ok := n.Bottleneck(a); ok {
		t.Error("a flow at its cap has a bottleneck")
	}
	n.Remove(c)
	e := n.Add(flowOver(1))
	if e != c {
		t.Errorf("number %d, want the one just given back, %d", e, c)
	}
	expect("one replaced by its like", e)
	n.Remove(n.Add(flowOver(1)))
	expect("come and gone at one instant")
	r := n.AddResource(3)
	n.Reroute(e, []fluid.Resource{r, 1})
	expect("a new resource", b, e)
	if n.Rate(e) != 3 || n.Rate(b) != 15 || n.Load(1) != 22 || n.Flows() != 4 || n.Resources() != 3 || n.Capacity(r) != 3 {
		t.Errorf("rates %v %v, load %v, %d flows", n.Rate(e), n.Rate(b), n.Load(1), n.Flows())
	}
}

func TestFlowsStandStillOverAFailedLinkAndResume(t *testing.T) {
	n := fluid.New([]float64{6, 4})
	long, short := n.Add(flowOver(0, 1)), n.Add(flowOver(0))
	for _, c := range []struct{ capacity, long, short float64 }{{4, 3, 3}, {0, 0, 6}, {0, 0, 6}, {1, 1, 5}, {math.Inf(1), 3, 3}} {
		n.SetCapacity(1, c.capacity)
		n.Solve()
		if n.Rate(long) != c.long || n.Rate(short) != c.short {
			t.Errorf("capacity %v: rates %v and %v, want %v and %v", c.capacity, n.Rate(long), n.Rate(short), c.long, c.short)
		}
	}
}

func TestMisuseIsRefusedByName(t *testing.T) {
	n := fluid.New([]float64{1})
	gone := n.Add(flowOver(0))
	n.Remove(gone)
	for name, misuse := range map[string]func(){
		"negative capacity":      func() { n.SetCapacity(0, -1) },
		"capacity not a number":  func() { fluid.New([]float64{math.NaN()}) },
		"negative weight":        func() { n.Add(fluid.FlowSpec{Weight: -1}) },
		"infinite weight":        func() { n.Add(fluid.FlowSpec{Weight: math.Inf(1)}) },
		"negative cap":           func() { n.Add(fluid.FlowSpec{Cap: -1}) },
		"unknown resource":       func() { n.Add(flowOver(0, 1)) },
		"rate of a removed flow": func() { n.Rate(gone) },
		"removed twice":          func() { n.Remove(gone) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			misuse()
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	tree := newFatTree(4)
	n := fluid.New(tree.capacities(125e6))
	random := splitMix(1)
	var live []fluid.Flow
	var route [6]fluid.Resource
	step := func() {
		if len(live) > 60 {
			i := random.below(uint64(len(live)))
			n.Remove(live[i])
			live[i] = live[len(live)-1]
			live = live[:len(live)-1]
		} else {
			id := random.below(1 << 20)
			from := random.below(16)
			to := (from + 1 + random.below(15)) % 16
			live = append(live, n.Add(fluid.FlowSpec{Route: tree.route(id, from, to, route[:0])}))
		}
		n.Solve()
	}
	for range 20_000 {
		step()
	}
	if got := testing.AllocsPerRun(5000, step); got != 0 {
		t.Errorf("%v allocations per event", got)
	}
}

func ExampleNetwork() {
	n := fluid.New([]float64{100, 30}) // two links
	a := n.Add(fluid.FlowSpec{Route: []fluid.Resource{0, 1}})
	b := n.Add(fluid.FlowSpec{Route: []fluid.Resource{0}})
	n.Solve()
	fmt.Println(n.Rate(a), n.Rate(b))
	n.SetCapacity(1, 0) // the second link fails
	n.Solve()
	fmt.Println(n.Rate(a), n.Rate(b))
	// Output:
	// 30 70
	// 0 100
}
