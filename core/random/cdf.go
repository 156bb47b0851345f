package random

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Point says that the given share of all values is at or below Value.
type Point struct {
	Value      float64
	Cumulative float64 // a fraction, or percent: see NewCDF
}

// CDF is an empirical distribution, linear between its points. It is immutable
// and safe for concurrent use.
type CDF struct {
	points []Point // cumulative shares as fractions, the last one 1
}

// PointError says what is wrong with the points of a distribution.
type PointError struct {
	Point   int // the index, from 0; len(points) if something is missing after the last
	Problem string
}

// Error counts the points from 1, as people do.
func (e *PointError) Error() string {
	return fmt.Sprintf("point %d of the distribution: %s", e.Point+1, e.Problem)
}

// NewCDF returns the distribution through the given points, in ascending order.
// Cumulative shares are fractions if the last one is 1 and percent if it is 100.
// The first share need not be 0: what lies below it has the first value. Values and
// shares may repeat: two points of one value are a lump, two of one share
// a gap. Of several points with share 0 at the front only the last has a meaning.
// The error is a *PointError; the points are copied.
func NewCDF(points []Point) (*CDF, error) {
	for i, p := range points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			return nil, &PointError{i, fmt.Sprintf("value %v is not a finite number", p.Value)}
		}
		if math.IsNaN(p.Cumulative) || p.Cumulative < 0 {
			return nil, &PointError{i, fmt.Sprintf("cumulative share %v is not a number from 0 on", p.Cumulative)}
		}
	}
	for i := 1; i < len(points); i++ {
		before, p := points[i-1], points[i]
		if p.Cumulative < before.Cumulative {
			return nil, &PointError{i, fmt.Sprintf("cumulative share %v is less than the %v before it", p.Cumulative, before.Cumulative)}
		}
		if p.Value < before.Value && p.Cumulative > 0 {
			return nil, &PointError{i, fmt.Sprintf("value %v is less than the %v before it", p.Value, before.Value)}
		}
	}
	if len(points) == 0 {
		return nil, &PointError{0, "is missing; one is needed at least"}
	}
	total := points[len(points)-1].Cumulative
	if total != 1 && total != 100 {
		return nil, &PointError{len(points) - 1, fmt.Sprintf("the last cumulative share is %v, want 1 or 100 (percent)", total)}
	}
	for len(points) > 1 && points[1].Cumulative == 0 {
		points = points[1:]
	}
	c := &CDF{points: slices.Clone(points)}
	for i := range c.points {
		c.points[i].Cumulative /= total
	}
	return c, nil
}

// Quantile returns the value at or below which the share u of all values lies,
// for u in [0, 1].
func (c *CDF) Quantile(u float64) float64 {
	p := c.points
	i := sort.Search(len(p), func(i int) bool { return p[i].Cumulative > u })
	switch i {
	case 0:
		return p[0].Value
	case len(p):
		return p[len(p)-1].Value
	}
	a, b := p[i-1], p[i]
	along := (u - a.Cumulative) / (b.Cumulative - a.Cumulative)
	return min(a.Value+float64(along*(b.Value-a.Value)), b.Value)
}

// Sample draws a value.
func (c *CDF) Sample(r *Stream) float64 { return c.Quantile(r.Float64()) }

// Mean returns the mean of what Sample draws.
func (c *CDF) Mean() float64 {
	mean := float64(c.points[0].Value * c.points[0].Cumulative)
	for i := 1; i < len(c.points); i++ {
		a, b := c.points[i-1], c.points[i]
		mean += float64((b.Cumulative-a.Cumulative)*(b.Value+a.Value)) / 2
	}
	return mean
}
