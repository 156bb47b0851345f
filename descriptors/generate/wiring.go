package generate

import (
	"slices"

	"sendim/core/random"
)

// wiring is a network whose switches have a number of ports each, while it is wired.
type wiring struct {
	stream *random.Stream
	free   []int32 // free ports of each switch
	open   []int32 // switches with free ports, in any order
	at     []int32 // where a switch stands in open
	linked *pairSet
	edges  []edge
	fixed  int // the first edges, which stay
}

func newWiring(n, ports, links int, stream *random.Stream) *wiring {
	w := &wiring{stream: stream, free: make([]int32, n), open: make([]int32, n), at: make([]int32, n),
		linked: newPairSet(links), edges: make([]edge, 0, links)}
	for i := range n {
		w.free[i], w.open[i], w.at[i] = int32(ports), int32(i), int32(i)
	}
	return w
}

// fix adds a link that takes no free port.
func (w *wiring) fix(a, b int32) {
	if w.linked.add(a, b) {
		w.edges = append(w.edges, edge{a, b})
		w.fixed = len(w.edges)
	}
}

func (w *wiring) link(a, b int32) {
	w.linked.add(a, b)
	w.edges = append(w.edges, edge{a, b})
	w.use(a)
	w.use(b)
}

// use takes a free port of a switch.
func (w *wiring) use(a int32) {
	w.free[a]--
	if w.free[a] > 0 {
		return
	}
	last := w.open[len(w.open)-1]
	w.open[w.at[a]], w.at[last] = last, w.at[a]
	w.open = w.open[:len(w.open)-1]
}

// match links switches with free ports at random, of which none has more links than degree.
func (w *wiring) match(degree int) {
	// While many have free ports, at most half of them are neighbours of one.
	for len(w.open) > 2*degree+2 {
		a, b := w.open[w.stream.IntN(len(w.open))], w.open[w.stream.IntN(len(w.open))]
		if a != b && !w.linked.has(a, b) {
			w.link(a, b)
		}
	}
	w.matchRest()
	w.mendRest()
}

// matchRest links switches with free ports that are no neighbours, at random, until
// there are none. To go through all such pairs in random order is the same as to draw
// one of those that are left again and again.
func (w *wiring) matchRest() {
	var able []edge
	slices.Sort(w.open)
	for i, a := range w.open {
		w.at[a] = int32(i)
		for _, b := range w.open[i+1:] {
			if !w.linked.has(a, b) {
				able = append(able, edge{a, b})
			}
		}
	}
	w.stream.Shuffle(len(able), func(i, j int) { able[i], able[j] = able[j], able[i] })
	for _, e := range able {
		if w.free[e.a] > 0 && w.free[e.b] > 0 {
			w.link(e.a, e.b)
		}
	}
}

// mendRest opens a random link (x,y) for two free ports, of a and b or both of a: it
// becomes (a,x) and (b,y). What is open are neighbours of each other. In a graph in which
// no link is fixed and all but the open ones have the same degree r < n, there is always such
// a link: x is any switch that is no neighbour of a; of its r neighbours at most r-1 are
// b or neighbours of b.
func (w *wiring) mendRest() {
	for len(w.open) > 0 {
		a := w.open[w.stream.IntN(len(w.open))]
		b := a
		if w.free[a] < 2 {
			if len(w.open) < 2 {
				return
			}
			for b == a {
				b = w.open[w.stream.IntN(len(w.open))]
			}
		}
		if !w.mend(a, b) {
			return
		}
	}
}

func (w *wiring) mend(a, b int32) bool {
	n := len(w.edges) - w.fixed
	if n == 0 {
		return false
	}
	// A few draws, and then all in turn.
	for try := range 64 + n {
		i := w.fixed + try - 64
		if try < 64 {
			i = w.fixed + w.stream.IntN(n)
		}
		e := w.edges[i]
		if w.stream.Uint64()&1 == 1 {
			e.a, e.b = e.b, e.a
		}
		if !w.fits(a, b, e.a, e.b) {
			e.a, e.b = e.b, e.a
		}
		if w.fits(a, b, e.a, e.b) {
			w.linked.remove(e.a, e.b)
			w.linked.add(a, e.a)
			w.linked.add(b, e.b)
			w.edges[i] = edge{a, e.a}
			w.edges = append(w.edges, edge{b, e.b})
			w.use(a)
			w.use(b)
			return true
		}
	}
	return false
}

func (w *wiring) fits(a, b, x, y int32) bool {
	return x != a && y != b && x != b && y != a && !w.linked.has(a, x) && !w.linked.has(b, y)
}
