package random

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// webSearch is the flow sizes, in bytes, of "Data Center TCP (DCTCP)" (Alizadeh et
// al., SIGCOMM 2010), as traffic generators read them.
func webSearch() []Point {
	return []Point{{0, 0}, {10000, 0.15}, {20000, 0.2}, {30000, 0.3}, {50000, 0.4}, {80000, 0.53}, {200000, 0.6},
		{1e6, 0.7}, {2e6, 0.8}, {5e6, 0.9}, {10e6, 0.97}, {30e6, 1}}
}

func percent(points []Point) []Point {
	for i := range points {
		points[i].Cumulative *= 100
	}
	points[len(points)-1].Cumulative = 100
	return points
}

func TestMeanOfWebSearchIsTheSameFromFractionsAndPercent(t *testing.T) {
	for name, points := range map[string][]Point{"fractions": webSearch(), "percent": percent(webSearch())} {
		c, err := NewCDF(points)
		if err != nil {
			t.Fatal(err)
		}
		if mean := c.Mean(); math.Abs(mean-1.711e6) > 500 {
			t.Errorf("mean from %s is %v, want 1.711 MB", name, mean)
		}
	}
}

func TestQuantilesAreLinearBetweenThePoints(t *testing.T) {
	for _, c := range []struct {
		name    string
		points  []Point
		u, want float64
	}{
		{"the start", []Point{{10, 0}, {20, 1}}, 0, 10},
		{"the end", []Point{{10, 0}, {20, 1}}, 1, 20},
		{"half way", []Point{{10, 0}, {20, 1}}, 0.5, 15},
		{"a share below the first point", []Point{{10, 0.5}, {20, 1}}, 0.25, 10},
		{"beyond that share", []Point{{10, 0.5}, {20, 1}}, 0.75, 15},
		{"a lump", []Point{{0, 0}, {10, 0.2}, {10, 0.8}, {20, 1}}, 0.5, 10},
		{"the share at which a gap begins", []Point{{0, 0}, {10, 0.5}, {20, 0.5}, {30, 1}}, 0.5, 20},
		{"a single value", []Point{{7, 1}}, 0.3, 7},
		{"of several points of share 0 the last", []Point{{2000, 0}, {0, 0}, {10, 100}}, 0.5, 5},
	} {
		d, err := NewCDF(c.points)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := d.Quantile(c.u); got != c.want {
			t.Errorf("%s is %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSamplesHaveTheMeanOfTheDistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		points := make([]Point, n)
		value, share := 0.0, 0.0
		for i := range points {
			value += rapid.Float64Range(0, 10).Draw(t, "step")
			share += rapid.Float64Range(0, 1).Draw(t, "weight")
			points[i] = Point{value, share}
		}
		if share == 0 {
			return
		}
		for i := range points {
			points[i].Cumulative /= share
		}
		c, err := NewCDF(points)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		const steps = 20_000 // of all shares instead of random ones
		for i := range steps {
			sum += c.Quantile((float64(i) + 0.5) / steps)
		}
		if got, want := sum/steps, c.Mean(); math.Abs(got-want) > 0.01*value+1e-9 {
			t.Fatalf("samples have mean %v, want %v", got, want)
		}
	})
}

func TestImpossibleDistributionsAreNamed(t *testing.T) {
	for _, c := range []struct {
		points []Point
		want   string
	}{
		{nil, "point 1 of the distribution: is missing; one is needed at least"},
		{[]Point{{1, 0}, {2, 0}}, "point 2 of the distribution: the last cumulative share is 0, want 1 or 100 (percent)"},
		{[]Point{{1, 0}, {2, 0.9}}, "point 2 of the distribution: the last cumulative share is 0.9, want 1 or 100 (percent)"},
		{[]Point{{1, 0.5}, {2, 0.4}}, "point 2 of the distribution: cumulative share 0.4 is less than the 0.5 before it"},
		{[]Point{{2, 0}, {1, 1}}, "point 2 of the distribution: value 1 is less than the 2 before it"},
		{[]Point{{math.NaN(), 1}}, "point 1 of the distribution: value NaN is not a finite number"},
		{[]Point{{1, -1}}, "point 1 of the distribution: cumulative share -1 is not a number from 0 on"},
		{[]Point{{1, math.NaN()}}, "point 1 of the distribution: cumulative share NaN is not a number from 0 on"},
	} {
		if _, err := NewCDF(c.points); err == nil || err.Error() != c.want {
			t.Errorf("error for %v is %q, want %q", c.points, err, c.want)
		}
	}
}
