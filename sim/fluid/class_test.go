package fluid_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/sim/fluid"
)

// shareByClass is the definition in the package comment carried out from nothing: round
// after round by the slow, obvious way. divided[r] is whether the classes hold at r.
func shareByClass(capacity []float64, divided []bool, classes []fluid.Class, flows []fluid.FlowSpec) []float64 {
	inf := math.Inf(1)
	rate, earlier := make([]float64, len(flows)), make([]float64, len(flows)) // of earlier priorities and rounds
	used := func(r int, of func(int) bool) (sum float64) {
		for i, f := range flows {
			for _, x := range f.Route {
				if int(x) == r && of(i) {
					sum += rate[i]
				}
			}
		}
		return sum
	}
	all := func(int) bool { return true }
	// spare cuts off what is only rounding.
	spare := func(whole, used float64) float64 {
		if math.IsInf(whole, 1) {
			return whole
		}
		if whole-used <= 1e-12*whole {
			return 0
		}
		return whole - used
	}
	somewhereDivided := func(f fluid.FlowSpec) bool {
		return slices.ContainsFunc(f.Route, func(r fluid.Resource) bool { return divided[r] })
	}
	deal := func(takes func(int) bool, kind string) {
		copy(earlier, rate)
		var caps []float64
		var now []int
		for i, f := range flows {
			if takes(i) && (kind == "rest" || somewhereDivided(f)) {
				limit := inf
				if f.Cap > 0 {
					limit = spare(f.Cap, rate[i])
				}
				now, caps = append(now, i), append(caps, limit)
			}
		}
		// Resources of the round: all, and one for every resource and class.
		width := 1 + len(classes)
		capacities := make([]float64, len(capacity)*width)
		for r := range capacity {
			over := spare(capacity[r], used(r, all))
			capacities[r*width] = over
			wanted := make([]float64, len(classes))
			for c, class := range classes {
				room := inf
				if class.Max > 0 {
					room = spare(class.Max, used(r, func(i int) bool { return int(flows[i].Class) == c }))
				}
				if kind == "reserved" {
					room = class.Min
				}
				capacities[r*width+1+c] = room
				sum := 0.0
				for k, i := range now {
					for _, x := range flows[i].Route {
						if int(x) == r && int(flows[i].Class) == c {
							sum += caps[k]
						}
					}
				}
				wanted[c] = min(room, sum)
			}
			if !divided[r] || kind == "rest" {
				continue
			}
			capacities[r*width] = inf
			total := 0.0
			var wants []fluid.FlowSpec
			for c, x := range wanted {
				total += x
				weight := 1.0
				if kind == "reserved" {
					weight = max(classes[c].Min, 1e-300)
				}
				wants = append(wants, fluid.FlowSpec{Route: []fluid.Resource{0}, Weight: weight, Cap: max(x, 1e-300)})
			}
			if total > over {
				for c, x := range share([]float64{over}, wants) {
					capacities[r*width+1+c] = x
				}
			} else if kind == "equal" {
				for c := range wanted {
					capacities[r*width+1+c] = min(capacities[r*width+1+c], over)
				}
			}
		}
		var specs []fluid.FlowSpec
		var who []int
		for k, i := range now {
			if caps[k] == 0 {
				continue
			}
			spec := fluid.FlowSpec{Weight: flows[i].Weight}
			if !math.IsInf(caps[k], 1) {
				spec.Cap = caps[k]
			}
			for _, r := range flows[i].Route {
				if !divided[r] || kind == "rest" {
					spec.Route = append(spec.Route, r*fluid.Resource(width))
				}
				if divided[r] && (kind != "rest" || classes[flows[i].Class].Max > 0) {
					spec.Route = append(spec.Route, r*fluid.Resource(width)+1+fluid.Resource(flows[i].Class))
				}
			}
			specs, who = append(specs, spec), append(who, i)
		}
		for k, x := range share(capacities, specs) {
			rate[who[k]] = earlier[who[k]] + x
		}
	}
	deal(func(i int) bool { return classes[flows[i].Class].Min > 0 }, "reserved")
	var priorities []int
	for _, c := range classes {
		priorities = append(priorities, int(c.Priority))
	}
	slices.Sort(priorities)
	slices.Reverse(priorities)
	for i, p := range priorities {
		if i > 0 && priorities[i-1] == p {
			continue
		}
		of := func(i int) bool { return int(classes[flows[i].Class].Priority) == p }
		if i+1 < len(priorities) && priorities[i+1] == p {
			deal(of, "equal")
		}
		deal(of, "rest")
	}
	return rate
}

func ofClass(c int32, cap float64, route ...fluid.Resource) fluid.FlowSpec {
	return fluid.FlowSpec{Route: route, Class: c, Cap: cap}
}

func TestRatesOfClassesInTextbookCases(t *testing.T) {
	best := fluid.Class{}
	for _, c := range []struct {
		name     string
		capacity []float64
		classes  []fluid.Class
		flows    []fluid.FlowSpec
		want     []float64
	}{
		{"a reserved rate holds against many flows, and the rest is shared by class", []float64{100},
			[]fluid.Class{best, {Min: 40}},
			[]fluid.FlowSpec{ofClass(1, 0, 0), ofClass(0, 0, 0), ofClass(0, 0, 0), ofClass(0, 0, 0)}, []float64{70, 10, 10, 10}},
		{"what is reserved and not asked for is lent", []float64{100},
			[]fluid.Class{best, {Min: 40}}, []fluid.FlowSpec{ofClass(1, 5, 0), ofClass(0, 0, 0)}, []float64{5, 95}},
		{"a class alone may borrow everything", []float64{100},
			[]fluid.Class{best, {Min: 40}}, []fluid.FlowSpec{ofClass(1, 0, 0)}, []float64{100}},
		{"a class's highest rate holds for all its flows together", []float64{100},
			[]fluid.Class{best, {Max: 30}}, []fluid.FlowSpec{ofClass(1, 0, 0), ofClass(1, 0, 0), ofClass(0, 0, 0)}, []float64{15, 15, 70}},
		{"a class at its highest rate leaves the link unused", []float64{100},
			[]fluid.Class{best, {Max: 30}}, []fluid.FlowSpec{ofClass(1, 0, 0)}, []float64{30}},
		{"the higher priority takes all that is not reserved", []float64{100},
			[]fluid.Class{best, {Min: 20}, {Priority: 7}}, []fluid.FlowSpec{ofClass(0, 0, 0), ofClass(1, 0, 0), ofClass(2, 0, 0)}, []float64{0, 20, 80}},
		{"up to its highest rate", []float64{100},
			[]fluid.Class{best, {Priority: 7, Max: 60}}, []fluid.FlowSpec{ofClass(0, 0, 0), ofClass(1, 0, 0)}, []float64{40, 60}},
		{"reserved rates that do not fit are scaled down alike", []float64{60},
			[]fluid.Class{best, {Min: 30}, {Min: 90}}, []fluid.FlowSpec{ofClass(0, 0, 0), ofClass(1, 0, 0), ofClass(2, 0, 0)}, []float64{0, 15, 45}},
		{"what a class leaves of its scaled part goes to the others", []float64{60},
			[]fluid.Class{best, {Min: 30}, {Min: 90}}, []fluid.FlowSpec{ofClass(0, 0, 0), ofClass(1, 0, 0), ofClass(2, 33, 0)}, []float64{0, 27, 33}},
		{"reserved rates are added to equal parts of the rest", []float64{100},
			[]fluid.Class{best, {Min: 10}, {Min: 30}}, []fluid.FlowSpec{ofClass(0, 0, 0), ofClass(1, 0, 0), ofClass(2, 0, 0)}, []float64{20, 30, 50}},
		{"weights count within a class", []float64{100},
			[]fluid.Class{best, {Min: 40}},
			[]fluid.FlowSpec{{Route: []fluid.Resource{0}, Class: 1, Weight: 3}, ofClass(1, 0, 0), ofClass(0, 0, 0)}, []float64{52.5, 17.5, 30}},
		{"a class held down elsewhere lends its part", []float64{100, 10},
			[]fluid.Class{best, {Priority: 0, Min: 20}}, []fluid.FlowSpec{ofClass(1, 0, 0, 1), ofClass(0, 0, 0)}, []float64{10, 90}},
		{"in a parking lot a reserved rate holds at every link", []float64{10, 10, 10},
			[]fluid.Class{best, {Min: 6}},
			[]fluid.FlowSpec{ofClass(1, 0, 0, 1, 2), ofClass(0, 0, 0), ofClass(0, 0, 1), ofClass(0, 0, 2)}, []float64{8, 2, 2, 2}},
		{"a class that is alone in its priority shares flow by flow", []float64{90},
			[]fluid.Class{best}, []fluid.FlowSpec{ofClass(0, 0, 0), ofClass(0, 10, 0), ofClass(0, 0, 0)}, []float64{40, 10, 40}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := fluid.NewClassed(c.capacity, c.classes)
			divided := make([]bool, len(c.capacity))
			for r := range c.capacity {
				n.Divide(fluid.Resource(r))
				divided[r] = true
			}
			for _, f := range c.flows {
				n.Add(f)
			}
			n.Solve()
			ref := shareByClass(c.capacity, divided, c.classes, c.flows)
			for i, want := range c.want {
				if got := n.Rate(fluid.Flow(i)); math.Abs(got-want) > 1e-9*max(want, 1) {
					t.Errorf("flow %d: rate %v, want %v", i, got, want)
				}
				if math.Abs(ref[i]-want) > 1e-9*max(want, 1) {
					t.Errorf("flow %d: the reference gives %v, want %v", i, ref[i], want)
				}
			}
		})
	}
}

func drawClasses(t *rapid.T) []fluid.Class {
	out := []fluid.Class{{}}
	for range rapid.IntRange(0, 3).Draw(t, "classes") {
		var c fluid.Class
		if rapid.Bool().Draw(t, "reserves") {
			c.Min = amount(1, 2, 5).Draw(t, "min")
		}
		if rapid.Bool().Draw(t, "limited") {
			c.Max = max(c.Min, amount(1, 5, 10).Draw(t, "max"))
		}
		c.Priority = int32(rapid.IntRange(-1, 2).Draw(t, "priority"))
		out = append(out, c)
	}
	return out
}

// classScript is a script with classes.
type classScript struct {
	*script
	classes []fluid.Class
	divided []bool
}

// check compares with the reference, with what was reported, and with the laws that hold
// for every sharing.
func (s *classScript) check(t rapid.TB) (told int) {
	changed := map[fluid.Flow]bool{}
	for _, f := range s.net.Solve() {
		if changed[f] {
			t.Fatalf("flow %d reported twice", f)
		}
		changed[f] = true
	}
	specs := make([]fluid.FlowSpec, len(s.live))
	for i, f := range s.live {
		specs[i] = s.spec[f]
	}
	want := shareByClass(s.capacity, s.divided, s.classes, specs)
	scale := 1e-300 // the largest number at work: a small rest of it is not exact by itself
	for _, c := range s.capacity {
		if !math.IsInf(c, 1) {
			scale = max(scale, c)
		}
	}
	load, byClass := make([]float64, len(s.capacity)), map[string]float64{}
	key := func(r fluid.Resource, c int32) string { return fmt.Sprint(r, " ", c) }
	for i, f := range s.live {
		got := s.net.Rate(f)
		if got != want[i] && !(math.Abs(got-want[i]) <= 1e-9*max(want[i], scale)) {
			t.Fatalf("flow %d %+v: rate %v, reference %v", f, specs[i], got, want[i])
		}
		before, known := s.rate[f]
		if (!known || before != got) != changed[f] {
			t.Fatalf("flow %d: rate %v, before %v (known %v), reported %v", f, got, before, known, changed[f])
		}
		s.rate[f] = got
		for _, r := range specs[i].Route {
			load[r] += got
			byClass[key(r, specs[i].Class)] += got
		}
	}
	for r, c := range s.capacity {
		if got := s.net.Load(fluid.Resource(r)); got != load[r] && !(math.Abs(got-load[r]) <= 1e-9*max(scale, load[r])) {
			t.Fatalf("resource %d: load %v, the sum is %v", r, got, load[r])
		}
		if load[r] > c*(1+1e-9) {
			t.Fatalf("resource %d carries %v of %v", r, load[r], c)
		}
	}
	full := func(r fluid.Resource, c int32) bool {
		class := s.classes[c]
		return load[r] >= s.capacity[r]*(1-1e-9) || s.divided[r] && class.Max > 0 && byClass[key(r, c)] >= class.Max*(1-1e-9)
	}
	for i := range specs {
		f := &specs[i]
		for _, r := range f.Route {
			if c := s.classes[f.Class]; s.divided[r] && c.Max > 0 && byClass[key(r, f.Class)] > c.Max*(1+1e-9) {
				t.Fatalf("class %d carries %v over resource %d, more than %v", f.Class, byClass[key(r, f.Class)], r, c.Max)
			}
		}
		// Nobody could have more without taking from another.
		stopped := f.Cap > 0 && want[i] >= f.Cap*(1-1e-9) || math.IsInf(want[i], 1)
		for _, r := range f.Route {
			stopped = stopped || full(r, f.Class)
		}
		if !stopped {
			t.Fatalf("flow %d %+v could have more than %v", i, f, want[i])
		}
	}
	return len(changed)
}

func TestEveryScriptOfChangesGivesTheRatesOfTheDefinitionByClass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacities := amount(0, 1, 2, 10, 100, math.Inf(1))
		capacity := rapid.SliceOfN(capacities, 1, 8).Draw(t, "capacity")
		s := &classScript{script: newScript(capacity), classes: drawClasses(t)}
		s.net = fluid.NewClassed(capacity, s.classes)
		for r := range capacity {
			s.divided = append(s.divided, rapid.IntRange(0, 3).Draw(t, "divided") > 0)
			if s.divided[r] {
				s.net.Divide(fluid.Resource(r))
			}
		}
		pick := func() int { return rapid.IntRange(0, len(s.live)-1).Draw(t, "flow") }
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			what := rapid.IntRange(0, 9).Draw(t, "what")
			if len(s.live) == 0 {
				what = 0
			}
			switch what {
			case 0, 1, 2, 3:
				spec := drawFlow(t, len(capacity))
				spec.Class = int32(rapid.IntRange(0, len(s.classes)-1).Draw(t, "class"))
				s.add(spec)
			case 4, 5:
				s.remove(pick())
			case 6:
				f := s.live[pick()]
				spec := s.spec[f]
				spec.Route = drawRoute(t, len(capacity))
				s.spec[f] = spec
				s.net.Reroute(f, spec.Route)
			case 7:
				f := s.live[pick()]
				spec := s.spec[f]
				spec.Cap = amount(0, 1, 2, 5).Draw(t, "cap")
				s.spec[f] = spec
				s.net.SetCap(f, spec.Cap)
			case 8:
				r := rapid.IntRange(0, len(capacity)-1).Draw(t, "resource")
				capacity[r] = capacities.Draw(t, "capacity")
				s.net.SetCapacity(fluid.Resource(r), capacity[r])
			}
			if rapid.IntRange(0, 2).Draw(t, "settle") > 0 {
				s.check(t)
			}
		}
		s.check(t)
		if again := s.check(t); again != 0 {
			t.Fatalf("%d flows changed when nothing happened", again)
		}
	})
}

func TestOneClassForAllIsNoClass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.SliceOfN(amount(1, 2, 10, 100), 1, 8).Draw(t, "capacity")
		plain, classed := fluid.New(capacity), fluid.NewClassed(capacity, []fluid.Class{{}})
		for r := range capacity {
			classed.Divide(fluid.Resource(r))
		}
		var flows []fluid.Flow
		for range rapid.IntRange(1, 20).Draw(t, "flows") {
			spec := drawFlow(t, len(capacity))
			classed.Add(spec)
			flows = append(flows, plain.Add(spec))
		}
		plain.Solve()
		classed.Solve()
		for _, f := range flows {
			if a, b := plain.Rate(f), classed.Rate(f); a != b {
				t.Fatalf("flow %d: %v, with a class %v", f, a, b)
			}
		}
	})
}

func TestOnlyWhatAChangeReachesIsReportedWithClasses(t *testing.T) {
	n := fluid.NewClassed([]float64{100, 100}, []fluid.Class{{}, {Min: 40}, {Priority: 1, Max: 20}})
	n.Divide(0)
	n.Divide(1)
	far := n.Add(ofClass(0, 0, 1))
	a, b := n.Add(ofClass(0, 0, 0)), n.Add(ofClass(1, 0, 0))
	n.Solve()
	c := n.Add(ofClass(2, 0, 0))
	got := slices.Clone(n.Solve())
	slices.Sort(got)
	if !slices.Equal(got, []fluid.Flow{a, b, c}) {
		t.Errorf("changed %v, want %v (not %d)", got, []fluid.Flow{a, b, c}, far)
	}
	if r, ok := n.Bottleneck(a); !ok || r != 0 || n.Rate(a) != 20 || n.Rate(b) != 60 || n.Rate(c) != 20 || n.Load(0) != 100 {
		t.Errorf("bottleneck %v %v, rates %v %v %v", r, ok, n.Rate(a), n.Rate(b), n.Rate(c))
	}
}

func TestTransfersOfAClassEndWhenItsRateSays(t *testing.T) {
	n := fluid.NewClassed([]float64{100}, []fluid.Class{{}, {Min: 60}})
	n.Divide(0)
	x := fluid.NewTransfers(n)
	x.Start(0, ofClass(1, 0, 0), 800) // at 80 until it ends
	x.Start(0, ofClass(0, 0, 0), 800) // at 20 until then, at 100 thereafter
	x.Settle(0)
	var ends []fluid.Time
	for x.Len() > 0 {
		_, at, _ := x.Finish()
		ends = append(ends, at)
		x.Settle(at)
	}
	if !slices.Equal(ends, []fluid.Time{10e12, 16e12}) {
		t.Errorf("ends %v", ends)
	}
}

func TestAtOneResourceReservedRatesHoldWhereTheyFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := drawClasses(t)
		capacity := 0.0
		for _, c := range classes {
			capacity += c.Min
		}
		capacity += rapid.SampledFrom([]float64{0, 1, 10}).Draw(t, "more")
		n := fluid.NewClassed([]float64{capacity}, classes)
		n.Divide(0)
		wanted, got := make([]float64, len(classes)), make([]float64, len(classes))
		var flows []fluid.Flow
		var of []int32
		for range rapid.IntRange(1, 12).Draw(t, "flows") {
			c := int32(rapid.IntRange(0, len(classes)-1).Draw(t, "class"))
			f := ofClass(c, amount(0, 1, 2, 5).Draw(t, "cap"), 0)
			if f.Cap == 0 {
				wanted[c] = math.Inf(1)
			}
			wanted[c] += f.Cap
			flows, of = append(flows, n.Add(f)), append(of, c)
		}
		n.Solve()
		all, most := 0.0, 0.0
		for i, f := range flows {
			got[of[i]] += n.Rate(f)
			all += n.Rate(f)
		}
		for c, class := range classes {
			if got[c] < min(class.Min, wanted[c])*(1-1e-9) {
				t.Fatalf("class %d %+v has %v", c, class, got[c])
			}
			if class.Max > 0 {
				wanted[c] = min(wanted[c], class.Max)
			}
			most += wanted[c]
		}
		if all < min(capacity, most)*(1-1e-9) {
			t.Fatalf("%v of %v is used, %v wanted", all, capacity, most)
		}
	})
}

// BenchmarkPacedFlowsOfClasses is BenchmarkPacedFlows with classes, and with a flow that takes
// what is left, so that every change reaches it through all rounds.
func BenchmarkPacedFlowsOfClasses(b *testing.B) {
	const flows = 100
	n := fluid.NewClassed([]float64{1e9, 1e9, 1e9}, []fluid.Class{{}, {Min: 1e8}, {Priority: 1, Max: 5e8}})
	route := []fluid.Resource{0, 1, 2}
	for _, r := range route {
		n.Divide(r)
	}
	n.Add(ofClass(0, 0, route...))
	live := make([]fluid.Flow, flows)
	for i := range live {
		live[i] = n.Add(ofClass(int32(i%3), 1e3, route...))
	}
	n.Solve()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		n.Remove(live[i%flows])
		live[i%flows] = n.Add(ofClass(int32(i%3), 1e3, route...))
		n.Solve()
	}
}
