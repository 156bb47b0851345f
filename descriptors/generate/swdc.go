package generate

import "sendim/core/random"

// lattice is what a small-world data centre starts from. A switch has the number
// (layer*rows + row)*columns + column.
type lattice struct {
	columns, rows, layers int64
	dimension             int
	honeycomb             bool
}

func latticeOf(v *values) lattice {
	switch v.word("lattice") {
	case "torus":
		return lattice{v.int("x"), v.int("y"), 1, 2, false}
	case "hex-torus":
		return lattice{v.int("x"), v.int("y"), v.int("z"), 3, true}
	}
	return lattice{v.int("n"), 1, 1, 1, false}
}

func (l lattice) size() int64 { return mul(l.columns, l.rows, l.layers) }

func checkLattice(v *values, fail func(string, string, ...any)) {
	l := latticeOf(v)
	for _, o := range []struct {
		option   string
		low, top int // dimensions of lattices that have it
	}{{"n", 1, 1}, {"x", 2, 3}, {"y", 2, 3}, {"z", 3, 3}} {
		if v.said(o.option) && (l.dimension < o.low || l.dimension > o.top) {
			fail(o.option, "the lattice %s has none", v.word("lattice"))
		}
	}
	if l.honeycomb {
		for _, option := range []string{"x", "y"} {
			if v.int(option)%2 != 0 {
				fail(option, "%d is odd; around a hex-torus it must be even", v.int(option))
			}
		}
	}
	if l.size() < 8 {
		fail("lattice", "six links per switch need 8 switches at least")
	}
	if l.size() > 1<<30 {
		fail("lattice", "%d switches are more than %d", l.size(), 1<<30)
	}
}

func exponent(v *values, l lattice) float64 {
	if v.said("exponent") {
		return v.real("exponent")
	}
	return float64(l.dimension)
}

// neighbours appends those of a switch. The honeycomb is a wall of bricks: rows are joined
// upwards at even columns of even rows and odd columns of odd ones.
func (l lattice) neighbours(i int32, out []int32) []int32 {
	c, r, z := l.place(i)
	out = append(out, l.number(c+1, r, z), l.number(c-1, r, z))
	switch {
	case l.honeycomb && (c+r)%2 == 0:
		out = append(out, l.number(c, r+1, z))
	case l.honeycomb:
		out = append(out, l.number(c, r-1, z))
	case l.dimension > 1:
		out = append(out, l.number(c, r+1, z), l.number(c, r-1, z))
	}
	if l.layers > 1 {
		out = append(out, l.number(c, r, z+1), l.number(c, r, z-1))
	}
	return out
}

func (l lattice) place(i int32) (column, row, layer int64) {
	n := int64(i)
	return n % l.columns, n / l.columns % l.rows, n / l.columns / l.rows
}

// number wraps around.
func (l lattice) number(column, row, layer int64) int32 {
	column, row, layer = (column+l.columns)%l.columns, (row+l.rows)%l.rows, (layer+l.layers)%l.layers
	return int32((layer*l.rows+row)*l.columns + column)
}

// far draws switches by their distance on the lattice. The lattice looks the same from
// every switch of a class: there is one, or two in a honeycomb.
type far struct {
	l      lattice
	nearby []view
}

// view is the lattice as one switch sees it.
type view struct {
	from  int32
	order []int32   // all switches by distance
	ends  []int     // of the switches at distance 0, 1, 2, ... in order
	upTo  []float64 // probability of distances 2 to i+2
	guide []int32   // where to look in upTo for i/len(guide) and more (Chen and Asau, 1974)
}

func newFar(l lattice, exponent float64) *far {
	f := &far{l: l, nearby: []view{l.view(0, exponent)}}
	if l.honeycomb {
		f.nearby = append(f.nearby, l.view(1, exponent))
	}
	return f
}

// view searches breadth first.
func (l lattice) view(from int32, exponent float64) view {
	v := view{from: from, order: make([]int32, 1, l.size())}
	v.order[0] = from
	seen := make([]bool, l.size())
	seen[from] = true
	var around []int32
	for done := 0; done < len(v.order); {
		end := len(v.order)
		v.ends = append(v.ends, end)
		for ; done < end; done++ {
			around = l.neighbours(v.order[done], around[:0])
			for _, j := range around {
				if !seen[j] {
					seen[j] = true
					v.order = append(v.order, j)
				}
			}
		}
	}
	sum := 0.0
	for d := 2; d < len(v.ends); d++ {
		sum += float64(float64(v.ends[d]-v.ends[d-1]) * random.Pow(float64(d), -exponent))
		v.upTo = append(v.upTo, sum)
	}
	v.guide = make([]int32, min(len(v.upTo), 1<<16))
	at := 0
	for i := range v.upTo {
		v.upTo[i] /= sum
	}
	for i := range v.guide {
		for v.upTo[at] <= float64(i)/float64(len(v.guide)) {
			at++
		}
		v.guide[i] = int32(at)
	}
	return v
}

// draw gives a switch at distance 2 or more.
func (f *far) draw(from int32, r *random.Stream) int32 {
	c, row, z := f.l.place(from)
	v := &f.nearby[0]
	if f.l.honeycomb && (c+row)%2 == 1 {
		v = &f.nearby[1]
	}
	u := r.Float64() // the last of upTo is 1
	i := v.guide[int(u*float64(len(v.guide)))]
	for v.upTo[i] <= u {
		i++
	}
	d := int(i) + 2
	to := v.order[v.ends[d-1]+r.IntN(v.ends[d]-v.ends[d-1])]
	// Move what the view shows to where from is.
	c0, row0, z0 := f.l.place(v.from)
	c1, row1, z1 := f.l.place(to)
	return f.l.number(c1+c-c0+f.l.columns, row1+row-row0, z1+z-z0)
}

// smallWorldDatacenter gives every switch six links. Its neighbours on the lattice come
// first; then switches in random order, again and again, draw an end for a free port. When
// a few draws have found no free port, any switch with one will do, and the last
// ones are made fit by opening a random link, as in jellyfish.
func smallWorldDatacenter(l lattice, exponent float64, r *random.Stream) []edge {
	const degree, draws = 6, 24
	n := int(l.size())
	around := l.neighbours(0, nil)
	w := newWiring(n, degree-len(around), n*degree/2, r)
	for i := range int32(n) {
		around = l.neighbours(i, around[:0])
		for _, j := range around {
			w.fix(i, j)
		}
	}
	f := newFar(l, exponent)
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	r.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	for range degree {
		for _, a := range order {
			for try := 0; try < draws && w.free[a] > 0; try++ {
				if b := f.draw(a, r); w.free[b] > 0 && !w.linked.has(a, b) {
					w.link(a, b)
					break
				}
			}
		}
	}
	w.match(degree)
	return w.edges
}
