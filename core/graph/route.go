package graph

// Unreachable stands for the distance from a node from which there is no path.
const Unreachable = -1

// Distance is the type of distances: int32 in hops, int64 by weight.
type Distance interface{ int32 | int64 }

// Next appends to buf the arcs by which shortest paths leave u, in ascending
// order, and returns it. The distances to the destination come from
// Workspace.Hops, with the zero Weights, or from Workspace.Distances with the same
// weights, and the same arcs down.
func Next[D Distance](g *Graph, u int32, dist []D, weights Weights, down Set, buf []int32) []int32 {
	if dist[u] <= 0 {
		return buf
	}
	for i := g.Off[u]; i < g.Off[u+1]; i++ {
		d, arc := dist[g.To[i]], g.Arc[i]
		if d != Unreachable && int64(d)+weights.Of(arc) == int64(dist[u]) && !down.Has(arc) {
			buf = append(buf, arc)
		}
	}
	return buf
}

// Choice picks one of the arcs, in ascending order and at least one, by which shortest
// paths leave node u. It must not keep the slice.
type Choice func(u int32, arcs []int32) int32

// Path appends to buf the arcs of the shortest path from src, of which each is the
// lowest that Next gives, and returns it. It says false if there is no
// path. The arguments are those of Next.
func Path[D Distance](g *Graph, src int32, dist []D, weights Weights, down Set, buf []int32) (path []int32, ok bool) {
	if dist[src] == Unreachable {
		return buf, false
	}
	u := src
	for dist[u] > 0 {
		i := g.Off[u]
		for ; ; i++ { // there is one, or dist is not of this graph
			d, arc := dist[g.To[i]], g.Arc[i]
			if d != Unreachable && int64(d)+weights.Of(arc) == int64(dist[u]) && !down.Has(arc) {
				break
			}
		}
		buf = append(buf, g.Arc[i])
		u = g.To[i]
	}
	return buf, true
}

// Routes holds, for one destination, what Next gives for every node. The zero
// value is ready for Fill.
type Routes struct {
	off []uint32
	arc []int32
}

// Of returns the arcs by which shortest paths leave u, in ascending order. The
// slice must not be changed.
func (r *Routes) Of(u int32) []int32 { return r.arc[r.off[u]:r.off[u+1]] }

// Fill makes r the routes by the given distances, reusing its memory. The arguments
// are those of Next.
func Fill[D Distance](r *Routes, g *Graph, dist []D, weights Weights, down Set) {
	r.off, r.arc = append(r.off[:0], 0), r.arc[:0]
	for u := range int32(g.Nodes()) {
		r.arc = Next(g, u, dist, weights, down, r.arc)
		r.off = append(r.off, uint32(len(r.arc)))
	}
}
