package random

import (
	"math"
	"slices"
	"testing"
)

func TestGeneratorGivesTheReferenceSequence(t *testing.T) {
	// xoshiro256plusplus.c (prng.di.unimi.it) started from the state 1, 2, 3, 4
	r := Stream{s: [4]uint64{1, 2, 3, 4}}
	for i, want := range []uint64{41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205,
		9973669472204895162, 14011001112246962877, 12406186145184390807, 15849039046786891736, 10450023813501588000} {
		if got := r.Uint64(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
}

func TestStreamsGiveTheseNumbersOnEveryMachine(t *testing.T) {
	r := New(7).Stream("loss", 3, 4)
	for i, want := range []uint64{0x7534ecc2e3f3c682, 0x5f9a0121ae55d582, 0x9049a842c33aa107, 0xcc3a7e9c715a5935} {
		if got := r.Uint64(); got != want {
			t.Errorf("number %d is %#x, want %#x", i, got, want)
		}
	}
	r = New(7).Stream("x")
	for _, c := range []struct {
		name string
		got  float64
		want uint64
	}{
		{"Exponential", r.Exponential(1), 0x3ff53cd31836f3a0},
		{"Normal", r.Normal(0, 1), 0x3f8773433cf16221},
		{"Pareto", r.Pareto(1.2, 1e4, 1e8), 0x40f152a761d97073},
	} {
		if got := math.Float64bits(c.got); got != c.want {
			t.Errorf("%s has bits %#x, want %#x", c.name, got, c.want)
		}
	}
	if got := r.IntN(1000); got != 451 {
		t.Errorf("IntN(1000) = %d, want 451", got)
	}
	if got, want := r.Perm(6), []int{3, 0, 5, 2, 1, 4}; !slices.Equal(got, want) {
		t.Errorf("Perm(6) = %v, want %v", got, want)
	}
}

func TestStreamsOfDifferentNamesDiffer(t *testing.T) {
	first := map[uint64]string{}
	for name, r := range map[string]Stream{
		"seed 1, a":       New(1).Stream("a"),
		"seed 2, a":       New(2).Stream("a"),
		"seed 1, b":       New(1).Stream("b"),
		"seed 1, a, 0":    New(1).Stream("a", 0),
		"seed 1, a, 0, 0": New(1).Stream("a", 0, 0),
		"seed 1, a, 1, 0": New(1).Stream("a", 1, 0),
		"seed 1, a, 0, 1": New(1).Stream("a", 0, 1),
		// an index that looks like the end of a name
		"seed 1, a and seven zeros": New(1).Stream("a\x00\x00\x00\x00\x00\x00\x00\x00"),
		"seed 1, no name":           New(1).Stream(""),
	} {
		v := r.Uint64()
		if other, ok := first[v]; ok {
			t.Errorf("%s and %s start alike", name, other)
		}
		first[v] = name
	}
}

func TestACopyOfAStreamRepeatsIt(t *testing.T) {
	a := New(3).Stream("copy")
	a.Uint64()
	b := a
	for range 10 {
		if x, y := a.Uint64(), b.Uint64(); x != y {
			t.Fatalf("%d and %d", x, y)
		}
	}
}

func TestIntNIsUniform(t *testing.T) {
	const n, draws = 7, 70_000
	r := New(1).Stream("uniform")
	var count [n]int
	for range draws {
		count[r.IntN(n)]++
	}
	chi2 := 0.0
	for _, c := range count {
		d := float64(c) - draws/n
		chi2 += d * d / (draws / n)
	}
	if chi2 > 22.5 { // 6 degrees of freedom, p = 0.001
		t.Errorf("chi squared is %.1f: %v", chi2, count)
	}
}

func TestBoundJustAboveHalfTheRangeRejectsRatherThanBends(t *testing.T) {
	// With this bound a multiplication without rejection would draw every third
	// number twice as often.
	const n = 3 << 62
	r := New(1).Stream("large bound")
	low := 0
	for range 30_000 {
		if v := r.Uint64N(n); v >= n {
			t.Fatalf("%d is not below the bound", v)
		} else if v%3 == 0 {
			low++
		}
	}
	if math.Abs(float64(low)-10_000) > 4*math.Sqrt(30_000*2/9.) {
		t.Errorf("%d of 30,000 are multiples of three", low)
	}
}

func TestMomentsAreThoseOfTheDistribution(t *testing.T) {
	const draws = 200_000
	r := New(5).Stream("moments")
	alpha, low, high := 1.2, 1e4, 1e8
	ratio := math.Pow(low/high, alpha)
	paretoMean := math.Pow(low, alpha) / (1 - ratio) * alpha / (alpha - 1) *
		(math.Pow(low, 1-alpha) - math.Pow(high, 1-alpha))
	for _, c := range []struct {
		name            string
		draw            func() float64
		mean, tolerance float64
	}{
		{"Float64", r.Float64, 0.5, 0.003},
		{"Exponential", func() float64 { return r.Exponential(4) }, 4, 0.05},
		{"Normal", func() float64 { return r.Normal(10, 3) }, 10, 0.04},
		{"Normal, squared", func() float64 { x := r.Normal(0, 3); return x * x }, 9, 0.15},
		{"Pareto", func() float64 { return r.Pareto(alpha, low, high) }, paretoMean, paretoMean * 0.1},
	} {
		sum := 0.0
		for range draws {
			sum += c.draw()
		}
		if mean := sum / draws; math.Abs(mean-c.mean) > c.tolerance {
			t.Errorf("mean of %s is %v, want %v", c.name, mean, c.mean)
		}
	}
}

func TestParetoStaysWithinItsBounds(t *testing.T) {
	r := New(1).Stream("bounds")
	for range 10_000 {
		if x := r.Pareto(0.5, 2, 3); x < 2 || x > 3 {
			t.Fatalf("%v is outside [2, 3]", x)
		}
		if x := r.Pareto(1.2, 5, 5); x != 5 {
			t.Fatalf("%v is outside [5, 5]", x)
		}
	}
}

func TestDrawingDoesNotAllocate(t *testing.T) {
	source := New(9)
	sum := 0.0
	n := testing.AllocsPerRun(100, func() {
		r := source.Stream("flow", 1, 2)
		sum += r.Exponential(1) + r.Normal(0, 1) + r.Pareto(1.2, 1, 9)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestImpossibleRequestsPanic(t *testing.T) {
	r := New(1).Stream("panic")
	for name, f := range map[string]func(){
		"IntN(0)":                       func() { r.IntN(0) },
		"Uint64N(0)":                    func() { r.Uint64N(0) },
		"Pareto with low above high":    func() { r.Pareto(1, 2, 1) },
		"Pareto without a lower bound":  func() { r.Pareto(1, 0, 1) },
		"Pareto without an upper bound": func() { r.Pareto(1, 1, math.Inf(1)) },
		"Pareto with NaN for the shape": func() { r.Pareto(math.NaN(), 1, 2) },
		"Pareto with a negative shape":  func() { r.Pareto(-1, 1, 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkStream(b *testing.B) {
	s := New(1)
	var i, sum uint64
	for b.Loop() {
		i++
		r := s.Stream("flow", i)
		sum += r.Uint64()
	}
}

func BenchmarkUint64(b *testing.B) {
	r := New(1).Stream("bench")
	for b.Loop() {
		r.Uint64()
	}
}

func BenchmarkExponential(b *testing.B) {
	r := New(1).Stream("bench")
	for b.Loop() {
		r.Exponential(1)
	}
}
