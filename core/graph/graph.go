package graph

import (
	"fmt"
	"math"
)

// Graph is a multigraph in compressed sparse row form. Its fields are for reading.
type Graph struct {
	Off []uint32 // the arcs of node u are at Off[u] to Off[u+1]-1 below
	To  []int32  // where an arc leads
	Arc []int32  // its number; ascending within a node

	a, b []int32
}

// MaxLinks is the greatest number of links of a graph: arcs are int32.
const MaxLinks = math.MaxInt32 / 2

// New returns the graph of nodes 0 to n-1 in which link l joins a[l] and b[l]. It
// keeps both columns, which must not change any more. Time and memory are
// O(nodes + links).
func New(n int, a, b []int32) (*Graph, error) {
	if n < 0 || n > math.MaxInt32-1 {
		return nil, fmt.Errorf("graph of %d nodes: at most %d are possible", n, math.MaxInt32-1)
	}
	if len(a) != len(b) || len(a) > MaxLinks {
		return nil, fmt.Errorf("graph of links with %d first and %d second ends: the numbers must agree and be at most %d",
			len(a), len(b), MaxLinks)
	}
	g := &Graph{Off: make([]uint32, n+1), a: a, b: b}
	ends := 0
	for l := range a {
		u, v := a[l], b[l]
		if uint(u) >= uint(n) || uint(v) >= uint(n) {
			return nil, fmt.Errorf("link %d joins nodes %d and %d of a graph of %d nodes", l, u, v, n)
		}
		if u != v {
			g.Off[u]++
			g.Off[v]++
			ends += 2
		}
	}
	g.To = make([]int32, ends)
	g.Arc = make([]int32, ends)
	// Turn counts into ends, then fill from the last link to the first; what was
	// an end becomes a beginning.
	var sum uint32
	for u := range n {
		sum += g.Off[u]
		g.Off[u] = sum
	}
	g.Off[n] = sum
	for l := len(a) - 1; l >= 0; l-- {
		u, v := a[l], b[l]
		if u == v {
			continue
		}
		g.Off[v]--
		g.To[g.Off[v]], g.Arc[g.Off[v]] = u, int32(2*l+1)
		g.Off[u]--
		g.To[g.Off[u]], g.Arc[g.Off[u]] = v, int32(2*l)
	}
	return g, nil
}

// Nodes returns the number of nodes.
func (g *Graph) Nodes() int { return len(g.Off) - 1 }

// Links returns the number of links, those from a node to itself included.
func (g *Graph) Links() int { return len(g.a) }

// Degree returns the number of arcs that leave u.
func (g *Graph) Degree(u int32) int { return int(g.Off[u+1] - g.Off[u]) }

// Tail returns the node that an arc leaves.
func (g *Graph) Tail(arc int32) int32 {
	if arc&1 == 0 {
		return g.a[arc>>1]
	}
	return g.b[arc>>1]
}

// Head returns the node that an arc leads to.
func (g *Graph) Head(arc int32) int32 { return g.Tail(arc ^ 1) }

// Set is a set of small numbers, such as the arcs that are down, one bit each.
// The nil Set is empty. Numbers beyond its length are not in it.
type Set []uint64

// NewSet returns an empty set for the numbers 0 to n-1.
func NewSet(n int) Set { return make(Set, (n+63)/64) }

// Has says whether i is in the set.
func (s Set) Has(i int32) bool {
	w := int(uint32(i) / 64)
	return w < len(s) && s[w]>>(uint32(i)%64)&1 != 0
}

// Add puts i in.
func (s Set) Add(i int32) { s[uint32(i)/64] |= 1 << (uint32(i) % 64) }

// Remove takes i out.
func (s Set) Remove(i int32) { s[uint32(i)/64] &^= 1 << (uint32(i) % 64) }

// AddLink puts both arcs of link l in.
func (s Set) AddLink(l int) { s[l/32] |= 3 << (l % 32 * 2) }

// RemoveLink takes both arcs of link l out.
func (s Set) RemoveLink(l int) { s[l/32] &^= 3 << (l % 32 * 2) }

// Weights are lengths of arcs. The zero value gives every arc the length 1.
type Weights struct {
	of []int64
}

// NewWeights returns the weights in which arc a has length ofArc[a], and keeps the
// slice, which must not change any more. Lengths must be positive, as otherwise a
// shortest path need not end, and so small that no path can overflow an int64.
func (g *Graph) NewWeights(ofArc []int64) (Weights, error) {
	if len(ofArc) != 2*g.Links() {
		return Weights{}, fmt.Errorf("weights of %d arcs for a graph that has %d", len(ofArc), 2*g.Links())
	}
	// Two paths may be added, and an arc between them.
	most := math.MaxInt64 / int64(2*g.Nodes()+1)
	for a, w := range ofArc {
		if w < 1 || w > most {
			return Weights{}, fmt.Errorf("weight of arc %d is %d, want 1 to %d", a, w, most)
		}
	}
	return Weights{ofArc}, nil
}

// Of returns the length of an arc.
func (w Weights) Of(arc int32) int64 {
	if w.of == nil {
		return 1
	}
	return w.of[arc]
}
