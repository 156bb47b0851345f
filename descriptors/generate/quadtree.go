package generate

import (
	"math"
	"slices"

	"sendim/core/random"
)

// drawPairs links each pair of switches with probability alpha * exp(-d/reach), without
// looking at all pairs. Pairs of cells of a quadtree are split until the probability hardly
// varies within them, or few links are to be expected of them. There the gaps between
// links are drawn as for G(n,p), with the probability at the least distance of the two
// cells, and each link is kept in the proportion of its own probability to that. Every pair
// of switches belongs to one such pair of cells: the distribution is exactly that of trying
// all of them, in time O(n log n + links) or so.
func (p *plane) drawPairs(alpha float64, expected int64, r *random.Stream) []edge {
	q := &quadtree{plane: p, alpha: alpha, r: r, edges: make([]edge, 0, expected)}
	q.keys = make([]uint64, len(p.x))
	for i := range q.keys {
		const cells = 1 << deepest
		q.keys[i] = interleave(uint64(p.x[i]*cells))<<(64-2*deepest) | interleave(uint64(p.y[i]*cells))<<(64-2*deepest+1) | uint64(i)
	}
	slices.Sort(q.keys)
	q.within(cell{end: len(q.keys)})
	return q.edges
}

// deepest is the level of the smallest cells: 2^18 in a row; the rest of a key is the switch.
const deepest = 18

// interleave puts a zero bit above each of the lower 18 bits.
func interleave(x uint64) uint64 {
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

type quadtree struct {
	*plane
	alpha float64
	keys  []uint64 // place in Z-order (Morton), then number
	r     *random.Stream
	edges []edge
}

// cell is a square of the tree, its place in units of its side, and its switches' range
// of keys.
type cell struct {
	level      int
	column     int
	row        int
	start, end int
}

func (c cell) count() int { return c.end - c.start }

// children gives those with switches.
func (q *quadtree) children(c cell) (out [4]cell, n int) {
	shift := 64 - 2*(c.level+1)
	start := c.start
	for i := range 4 {
		end := c.end
		if i < 3 {
			end = start
			for low, high := start, c.end; low < high; {
				mid := (low + high) / 2
				if int(q.keys[mid]>>shift&3) <= i {
					low = mid + 1
				} else {
					high = mid
				}
				end = low
			}
		}
		if end > start {
			out[n] = cell{c.level + 1, 2*c.column + i&1, 2*c.row + i>>1, start, end}
			n++
		}
		start = end
	}
	return out, n
}

const few = 4 // links that a pair of cells may give before it is worth a split

// within draws the links inside a cell.
func (q *quadtree) within(c cell) {
	side := math.Ldexp(1, -c.level)
	k := int64(c.count())
	if c.level == deepest || side*math.Sqrt2 <= q.reach || float64(pairs(k))*q.alpha <= few {
		s := newSkipper(q.alpha)
		row, column := int64(1), int64(-1)
		for {
			column += 1 + s.gap(q.r, pairs(k))
			for row < k && column >= row {
				column -= row
				row++
			}
			if row >= k {
				return
			}
			q.try(c.start+int(row), c.start+int(column), 0)
		}
	}
	parts, n := q.children(c)
	for i := range n {
		q.within(parts[i])
		for j := range i {
			q.between(parts[i], parts[j])
		}
	}
}

// between draws the links between two cells of one level.
func (q *quadtree) between(a, b cell) {
	side := math.Ldexp(1, -a.level)
	gap := func(i, j int) float64 { return float64(max(i-j-1, j-i-1, 0)) * side }
	dx, dy := gap(a.column, b.column), gap(a.row, b.row)
	least := math.Sqrt(float64(dx*dx) + float64(dy*dy))
	p := float64(q.alpha * random.Exp(-least/q.reach))
	all := int64(a.count()) * int64(b.count())
	if a.level == deepest || side*2*math.Sqrt2 <= q.reach || float64(float64(all)*p) <= few {
		s := newSkipper(p)
		for i := s.gap(q.r, all); i < all; i += 1 + s.gap(q.r, all) {
			q.try(a.start+int(i/int64(b.count())), b.start+int(i%int64(b.count())), least)
		}
		return
	}
	as, n := q.children(a)
	bs, m := q.children(b)
	for i := range n {
		for j := range m {
			q.between(as[i], bs[j])
		}
	}
}

// try links two switches that were drawn as if they were at the least distance.
func (q *quadtree) try(i, j int, least float64) {
	const number = 1<<(64-2*deepest) - 1
	a, b := int32(q.keys[i]&number), int32(q.keys[j]&number)
	if float64(q.r.Float64()) < random.Exp((least-q.distance(a, b))/q.reach) {
		q.edges = append(q.edges, edge{min(a, b), max(a, b)})
	}
}

// meanDecay is the mean of exp(-d/(beta*sqrt 2)) over the distance d of two random
// places of the unit square, whose density is
//
//	2d (pi - 4d + d^2)                                               for d <= 1
//	2d (4 sqrt(d^2-1) - d^2 - 2 + pi - 4 arctan(sqrt(d^2-1)))        for d > 1
//
// (Ghosh, "Random distances within a rectangle and between two rectangles", Bulletin of
// the Calcutta Mathematical Society 43, 1951; MathWorld, "Square Line Picking"), by
// Simpson's rule; arctan by the same rule on the way, as the library's may differ in the
// last bit from machine to machine.
func meanDecay(beta float64) float64 {
	const steps = 1000
	reach := float64(beta * math.Sqrt2)
	decay := func(d float64) float64 { return random.Exp(-d / reach) }
	top := min(1, 40*reach) // beyond, the decay is below 10^-17
	near := simpson(top, steps, func(d float64) float64 {
		return float64(float64(2*d*decay(d)) * (math.Pi - float64(4*d) + float64(d*d)))
	})
	if top < 1 {
		return near
	}
	// t = sqrt(d^2-1) in [0,1], and d dd = t dt
	arctan, last := 0.0, 0.0
	return near + simpson(1, steps, func(t float64) float64 {
		arctan += simpson(t-last, 2, func(u float64) float64 { u += last; return 1 / (1 + float64(u*u)) })
		last = t
		dd := 1 + float64(t*t)
		return float64(float64(2*t*decay(math.Sqrt(dd))) * (float64(4*t) - dd - 2 + math.Pi - float64(4*arctan)))
	})
}

// simpson integrates f from 0 to top in an even number of steps; f is called with rising values.
func simpson(top float64, steps int, f func(float64) float64) float64 {
	h := top / float64(steps)
	sum := f(0)
	for i := 1; i < steps; i++ {
		sum += float64(float64(2+2*(i&1)) * f(float64(h*float64(i))))
	}
	return float64((sum + f(top)) * h / 3)
}
