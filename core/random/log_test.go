package random

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// bigExp returns e^x to some 190 bits by the series, after halving x often.
func bigExp(x *big.Float) *big.Float {
	const precision, halvings = 256, 20
	r := new(big.Float).SetPrec(precision).SetMantExp(x, -halvings)
	r.SetPrec(precision)
	sum := big.NewFloat(1).SetPrec(precision)
	term := big.NewFloat(1).SetPrec(precision)
	for i := 1; i < 30; i++ {
		term.Mul(term, r)
		term.Quo(term, new(big.Float).SetPrec(precision).SetInt64(int64(i)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog returns log x to some 140 bits: one step of Halley from Log, which moves
// far from a wrong start. (math.Log is no start on every machine: on amd64 it is
// wrong for subnormal numbers.)
func bigLog(x *big.Float) *big.Float {
	const precision = 256
	f, _ := x.Float64()
	y := new(big.Float).SetPrec(precision).SetFloat64(Log(f))
	e := bigExp(y)
	up := new(big.Float).SetPrec(precision).Sub(x, e)
	down := new(big.Float).SetPrec(precision).Add(x, e)
	up.Quo(up, down)
	return y.Add(y, up.Mul(up, big.NewFloat(2)))
}

// ulps returns how far got is from want, in units of got's last place.
func ulps(got float64, want *big.Float) float64 {
	unit := math.Abs(math.Nextafter(got, math.Inf(1)) - got)
	d := new(big.Float).SetPrec(256).Sub(want, new(big.Float).SetPrec(256).SetFloat64(got))
	d.Quo(d, new(big.Float).SetFloat64(unit))
	f, _ := d.Float64()
	return math.Abs(f)
}

func exact(x float64) *big.Float { return new(big.Float).SetPrec(256).SetFloat64(x) }

func TestLogIsWithinOneUnitOfTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(0x1p-53, 1), rapid.Float64Range(0.9, 1.1),
			rapid.Float64Range(5e-324, math.MaxFloat64)).Draw(t, "x")
		if x == 1 {
			return
		}
		if off := ulps(Log(x), bigLog(exact(x))); off > 1 {
			t.Fatalf("Log(%v) = %v, %.2f units off", x, Log(x), off)
		}
	})
}

func TestExpIsWithinOneUnitOfTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(-40, 0), rapid.Float64Range(-1, 1), rapid.Float64Range(-708, 709)).Draw(t, "x")
		if off := ulps(Exp(x), bigExp(exact(x))); off > 1 {
			t.Fatalf("Exp(%v) = %v, %.2f units off", x, Exp(x), off)
		}
	})
}

func TestLog1pIsWithinThreeUnitsOfTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(-0.999, 1), rapid.Float64Range(-1e-9, 1e-9), rapid.Float64Range(1, 1e20)).Draw(t, "x")
		if math.Abs(x) < 0x1p-60 {
			return
		}
		off := ulps(Log1p(x), bigLog1p(x))
		if off > 3 {
			t.Fatalf("Log1p(%v) = %v, %.2f units off", x, Log1p(x), off)
		}
	})
}

// bigLog1p starts the step from math.Log1p, since 1+x may have no float64.
func bigLog1p(x float64) *big.Float {
	y := exact(math.Log1p(x))
	e := bigExp(y)
	one := new(big.Float).SetPrec(256).Add(big.NewFloat(1), exact(x))
	up := new(big.Float).SetPrec(256).Sub(one, e)
	up.Quo(up, e.Add(e, one))
	return y.Add(y, up.Mul(up, big.NewFloat(2)))
}

func TestPowIsAsGoodAsItsComment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1e-9, 1e9).Draw(t, "x")
		y := rapid.Float64Range(-5, 5).Draw(t, "y")
		got, want := Pow(x, y), math.Pow(x, y)
		allowed := (2 + math.Abs(y*math.Log(x))) * 0x1p-52
		if math.Abs(got-want) > allowed*want {
			t.Fatalf("Pow(%v, %v) = %v, want %v", x, y, got, want)
		}
	})
}

func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"log of 1", Log(1), 0},
		{"log of 0", Log(0), -inf},
		{"log of a negative number", Log(-1), nan},
		{"log of infinity", Log(inf), inf},
		{"log of NaN", Log(nan), nan},
		{"exp of 0", Exp(0), 1},
		{"exp of infinity", Exp(inf), inf},
		{"exp of minus infinity", Exp(-inf), 0},
		{"exp above the range", Exp(710), inf},
		{"exp below the range", Exp(-746), 0},
		{"exp of NaN", Exp(nan), nan},
		{"log1p of 0", Log1p(0), 0},
		{"log1p of -1", Log1p(-1), -inf},
		{"log1p below -1", Log1p(-2), nan},
		{"log1p of infinity", Log1p(inf), inf},
		{"log1p of NaN", Log1p(nan), nan},
		{"a power of 0", Pow(0, 2), 0},
		{"a negative power of 0", Pow(0, -2), inf},
		{"the power 0", Pow(nan, 0), 1},
		{"a power of a negative number", Pow(-1, 2), nan},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
}

// The bits below are what a run's digest rests on: no change may alter them.
func TestLogAndExpGiveTheseBitsOnEveryMachine(t *testing.T) {
	for _, c := range goldenBits {
		if got := math.Float64bits(Log(c.x)); got != c.log {
			t.Errorf("Log(%v) has bits %#x, want %#x", c.x, got, c.log)
		}
		if got := math.Float64bits(Exp(c.x)); got != c.exp {
			t.Errorf("Exp(%v) has bits %#x, want %#x", c.x, got, c.exp)
		}
		if got := math.Float64bits(Pow(c.x, -1/1.2)); got != c.pow {
			t.Errorf("Pow(%v, -1/1.2) has bits %#x, want %#x", c.x, got, c.pow)
		}
	}
	// Far more values than one wants to read, as one sum.
	r := New(1).Stream("golden")
	var sum uint64
	for range 100_000 {
		x := r.Float64()
		sum = sum*31 + math.Float64bits(Log(x))
		sum = sum*31 + math.Float64bits(Exp(float64(100*x)-50))
	}
	if sum != goldenSum {
		t.Errorf("sum over 100,000 values is %#x, want %#x", sum, uint64(goldenSum))
	}
}

func BenchmarkLog(b *testing.B) {
	x := 0.3
	for b.Loop() {
		x = max(-Log(x), 0.1)
	}
}

func BenchmarkExp(b *testing.B) {
	x := 0.3
	for b.Loop() {
		x = Exp(-x)
	}
}
