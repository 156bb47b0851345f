package cost

import (
	"math"
	"time"
)

// Fit finds the figures that explain samples best: least squares, none below zero. A
// number of a sample that is below zero is unknown and left out. Of seconds the relative error
// counts: what the smallest network takes is all that is known of a start by itself, and the
// largest would else be all that matters.
func Fit(samples []Sample, measured time.Time) *Figures {
	f := &Figures{Measured: measured, Samples: samples}
	for c := range (&Usage{}).columns() {
		rows, y := equations(samples, c, 0)
		x, _ := leastSquares(rows, y)
		f.take(c, x)
	}
	const seconds = 0
	least := math.Inf(1)
	for _, by := range growths(samples) {
		rows, y := equations(samples, seconds, by)
		if x, rest := leastSquares(rows, y); rest < least-1e-9*least || math.IsInf(least, 1) {
			least = rest
			f.Growth = by
			f.take(seconds, x)
		}
	}
	return f
}

// take sets one column of the figures.
func (f *Figures) take(column int, x [unknowns]float64) {
	for k, p := range f.parts() {
		*p.columns()[column] = x[k]
	}
}

// growths are those that are tried: none but the usual, which is 0, where no sample is heavy.
func growths(samples []Sample) []float64 {
	for i := range samples {
		if samples[i].weight() < heavy || samples[i].Seconds < 0 {
			continue
		}
		var out []float64
		for by := float64(leastGrowth); by <= mostGrowth; by *= 1.02 {
			out = append(out, math.Round(by))
		}
		return out
	}
	return []float64{0}
}

// quick is what a start takes at least, in seconds, of which an error is a part.
const quick = 0.05

// equations are what samples say of a column: rows of how many there are of each, and what
// they took. by is the growth of seconds.
func equations(samples []Sample, column int, by float64) (rows [][unknowns]float64, y []float64) {
	for i := range samples {
		s := &samples[i]
		v := *s.columns()[column]
		if v < 0 {
			continue
		}
		row := s.counts()
		if column == 0 {
			slow, share := s.slowness(by), 1/max(v, quick)
			for k := range row {
				if k > 0 {
					row[k] *= slow
				}
				row[k] *= share
			}
			v *= share
		}
		rows, y = append(rows, row), append(y, v)
	}
	return rows, y
}

// leastSquares solves rows·x = y for x >= 0. Of all sets of coefficients that may
// be above zero the best is taken whose solution has none below: with so few
// unknowns trying all is the simple way, and it is exact.
func leastSquares(rows [][unknowns]float64, y []float64) (best [unknowns]float64, least float64) {
	least = math.Inf(1)
	for set := range 1 << unknowns {
		x, ok := solve(rows, y, set)
		if !ok {
			continue
		}
		sum := 0.0
		for i, r := range rows {
			d := y[i]
			for k := range x {
				d -= float64(r[k] * x[k])
			}
			sum += float64(d * d)
		}
		if sum < least-1e-9*math.Abs(least) || math.IsInf(least, 1) {
			least, best = sum, x
		}
	}
	return best, least
}

// solve solves the normal equations of the columns in set by elimination. ok is false
// when they do not determine a solution, or one has a coefficient below zero.
func solve(rows [][unknowns]float64, y []float64, set int) (x [unknowns]float64, ok bool) {
	var m [unknowns][unknowns + 1]float64
	for k := range unknowns {
		if set&(1<<k) == 0 {
			m[k][k] = 1 // x[k] = 0
			continue
		}
		for i, r := range rows {
			for l := range unknowns {
				if set&(1<<l) != 0 {
					m[k][l] += float64(r[k] * r[l])
				}
			}
			m[k][unknowns] += float64(r[k] * y[i])
		}
	}
	for k := range unknowns {
		pivot := k
		for i := k + 1; i < unknowns; i++ {
			if math.Abs(m[i][k]) > math.Abs(m[pivot][k]) {
				pivot = i
			}
		}
		m[k], m[pivot] = m[pivot], m[k]
		if math.Abs(m[k][k]) < 1e-9 {
			return x, false
		}
		for i := range unknowns {
			if i == k {
				continue
			}
			share := m[i][k] / m[k][k]
			for l := k; l <= unknowns; l++ {
				m[i][l] -= float64(share * m[k][l])
			}
		}
	}
	for k := range x {
		if x[k] = m[k][unknowns] / m[k][k]; x[k] < 0 {
			return x, false
		}
	}
	return x, true
}
