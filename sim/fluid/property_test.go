package fluid_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"sendim/sim/fluid"
)

// script is a network beside the plain facts about it.
type script struct {
	net      *fluid.Network
	capacity []float64
	live     []fluid.Flow // in order of creation
	spec     map[fluid.Flow]fluid.FlowSpec
	rate     map[fluid.Flow]float64
}

func newScript(capacity []float64) *script {
	return &script{
		net: fluid.New(capacity), capacity: capacity,
		spec: map[fluid.Flow]fluid.FlowSpec{}, rate: map[fluid.Flow]float64{},
	}
}

func (s *script) add(spec fluid.FlowSpec) fluid.Flow {
	f := s.net.Add(spec)
	s.live = append(s.live, f)
	s.spec[f] = spec
	delete(s.rate, f)
	return f
}

func (s *script) remove(i int) {
	f := s.live[i]
	s.net.Remove(f)
	delete(s.spec, f)
	s.live = append(s.live[:i], s.live[i+1:]...)
}

// settle solves and compares with the reference; told is how many flows were reported.
func (s *script) settle(t rapid.TB) (told int) {
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
	want := share(s.capacity, specs)
	for i, f := range s.live {
		got := s.net.Rate(f)
		if differ(got, want[i]) > 1e-9 {
			t.Fatalf("flow %d %+v: rate %v, reference %v", f, specs[i], got, want[i])
		}
		before, known := s.rate[f]
		if (!known || before != got) != changed[f] {
			t.Fatalf("flow %d: rate %v, before %v (known %v), reported %v", f, got, before, known, changed[f])
		}
		s.rate[f] = got
	}
	if len(changed) > len(s.live) {
		t.Fatalf("%d flows reported, %d live", len(changed), len(s.live))
	}
	for r, c := range s.capacity {
		if load := s.net.Load(fluid.Resource(r)); load > c*(1+1e-9) {
			t.Fatalf("resource %d carries %v of %v", r, load, c)
		}
	}
	return len(changed)
}

// amount draws from few round numbers, so that ties are frequent, or anything.
func amount(round ...float64) *rapid.Generator[float64] {
	return rapid.OneOf(rapid.SampledFrom(round), rapid.Float64Range(0.001, 1000))
}

func drawRoute(t *rapid.T, resources int) []fluid.Resource {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, resources-1),
		func(i int) fluid.Resource { return fluid.Resource(i) }), 0, 6).Draw(t, "route")
}

func drawFlow(t *rapid.T, resources int) fluid.FlowSpec {
	spec := fluid.FlowSpec{Route: drawRoute(t, resources)}
	if rapid.IntRange(0, 3).Draw(t, "weighted") == 0 {
		spec.Weight = amount(1, 2, 3, 0.5).Draw(t, "weight")
	}
	if rapid.IntRange(0, 3).Draw(t, "capped") == 0 {
		spec.Cap = amount(1, 2, 5, 10).Draw(t, "cap")
	}
	return spec
}

func TestEveryScriptOfChangesGivesTheRatesOfProgressiveFilling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacities := amount(0, 1, 2, 10, 100, math.Inf(1))
		s := newScript(rapid.SliceOfN(capacities, 1, 20).Draw(t, "capacity"))
		pick := func() int { return rapid.IntRange(0, len(s.live)-1).Draw(t, "flow") }
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for range steps {
			what := rapid.IntRange(0, 9).Draw(t, "what")
			if len(s.live) == 0 {
				what = 0
			}
			switch what {
			case 0, 1, 2, 3:
				s.add(drawFlow(t, len(s.capacity)))
			case 4, 5:
				s.remove(pick())
			case 6:
				f := s.live[pick()]
				spec := s.spec[f]
				spec.Route = drawRoute(t, len(s.capacity))
				s.spec[f] = spec
				s.net.Reroute(f, spec.Route)
			case 7:
				f := s.live[pick()]
				spec := s.spec[f]
				spec.Cap = amount(0, 1, 2, 5).Draw(t, "cap")
				s.spec[f] = spec
				s.net.SetCap(f, spec.Cap)
			case 8:
				r := rapid.IntRange(0, len(s.capacity)-1).Draw(t, "resource")
				s.capacity[r] = capacities.Draw(t, "capacity")
				s.net.SetCapacity(fluid.Resource(r), s.capacity[r])
			}
			if rapid.IntRange(0, 2).Draw(t, "settle") > 0 {
				s.settle(t)
			}
		}
		s.settle(t)
		if again := s.settle(t); again != 0 {
			t.Fatalf("%d flows changed when nothing happened", again)
		}
	})
}

// Small networks try every case; here chains of dependence are long and lists are full.
func TestAFatTreeUnderLoadStaysAtTheRatesOfProgressiveFilling(t *testing.T) {
	tree := newFatTree(8)
	s := newScript(tree.capacities(125e6))
	random := splitMix(11)
	hosts := uint64(tree.hosts)
	for event := range 3000 {
		switch roll := random.below(100); {
		case roll < 2:
			r := random.below(uint64(len(s.capacity)))
			s.capacity[r] = []float64{0, 12.5e6, 125e6, 1.25e9}[random.below(4)]
			s.net.SetCapacity(fluid.Resource(r), s.capacity[r])
		case roll < 50 && len(s.live) > 300:
			s.remove(random.below(uint64(len(s.live))))
		default:
			from := random.below(hosts)
			to := (from + 1 + random.below(hosts-1)) % tree.hosts
			spec := fluid.FlowSpec{Route: tree.route(random.below(1<<20), from, to, nil)}
			switch random.below(4) {
			case 0:
				spec.Weight = 0.1 + 10*random.unit()
			case 1:
				spec.Cap = 60e6 * random.unit()
			}
			s.add(spec)
		}
		if event%50 == 49 {
			s.settle(t)
			continue
		}
		s.net.Solve()
		for _, f := range s.live {
			s.rate[f] = s.net.Rate(f)
		}
	}
}
