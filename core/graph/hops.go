package graph

import (
	"math"
	"math/bits"
)

// Workspace answers questions about one graph. It is not safe for concurrent use,
// and a slice that it was not given but returns is valid until the next question.
type Workspace struct {
	g       *Graph
	seen    Set
	failed  Set // nodes with an arc that is down
	queue   []int32
	other   []int32
	next    []int32
	between between
	short   dijkstra
	back    dijkstra
}

// NewWorkspace returns a workspace for questions about g. Its memory grows with
// the questions asked, to about 50 bytes per node.
func NewWorkspace(g *Graph) *Workspace { return &Workspace{g: g} }

// resized returns s with length n, its contents undefined.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Hops returns the number of arcs on the shortest path from every node to dst over
// arcs that are not down, or Unreachable. It puts them into dist if that is large
// enough.
//
// The search changes direction when that is cheaper (Beamer, Asanović, Patterson,
// "Direction-optimizing breadth-first search", SC 2012): from the nodes just
// reached to all their neighbours, or from every node not yet reached to the first
// neighbour that has just been.
func (w *Workspace) Hops(dst int32, down Set, dist []int32) []int32 {
	g := w.g
	n := g.Nodes()
	dist = resized(dist, n)
	for i := range dist {
		dist[i] = Unreachable
	}
	w.seen = resized(w.seen, (n+63)/64)
	clear(w.seen)
	w.seen.Add(dst)
	w.markFailed(down)
	queue := resized(w.queue, n+1) // outward writes one place further than it counts
	queue[0] = dst
	from, end := 0, 1
	degree := len(g.To)/n + 1
	for level := int32(0); from < end; level++ {
		for _, v := range queue[from:end] {
			dist[v] = level
		}
		frontier, left := end-from, n-end
		// A node not reached looks at its arcs until it meets the frontier: about
		// n/frontier of them if that were spread evenly, but never more than it has.
		if left*min(degree, n/frontier+1) < frontier*degree {
			from, end = end, w.inward(level, down, dist, queue, end)
		} else {
			from, end = end, w.outward(queue, from, end, down)
		}
	}
	w.queue = queue
	return dist
}

// markFailed notes the nodes at the ends of arcs that are down. They are few, and the
// others need not ask arc by arc.
func (w *Workspace) markFailed(down Set) {
	g := w.g
	w.failed = resized(w.failed, len(w.seen))
	clear(w.failed)
	for word, arcs := range down[:min(len(down), (2*g.Links()+63)/64)] {
		for ; arcs != 0; arcs &= arcs - 1 {
			arc := int32(word*64 + bits.TrailingZeros64(arcs))
			if int(arc) >= 2*g.Links() {
				break
			}
			w.failed.Add(g.Tail(arc))
			w.failed.Add(g.Head(arc))
		}
	}
}

// outward puts the neighbours of queue[from:end] that have not been seen behind
// them, and returns the new end. Whether a neighbour has been seen is as good as
// random, so it is counted rather than branched upon.
func (w *Workspace) outward(queue []int32, from, end int, down Set) int {
	g, seen := w.g, w.seen
	tail := end
	for _, v := range queue[from:end] {
		row, arcs := g.To[g.Off[v]:g.Off[v+1]], g.Arc[g.Off[v]:g.Off[v+1]]
		if w.failed.Has(v) {
			for k, u := range row {
				if !seen.Has(u) && !down.Has(arcs[k]^1) {
					seen.Add(u)
					queue[tail] = u
					tail++
				}
			}
			continue
		}
		for _, u := range row {
			word, shift := uint32(u)/64, uint32(u)%64
			before := seen[word]
			seen[word] = before | 1<<shift
			queue[tail] = u
			tail += int(^before >> shift & 1)
		}
	}
	return tail
}

// inward lets every node not yet seen look for a neighbour at distance level and
// puts those that have one at the end of the queue. It returns the new end.
func (w *Workspace) inward(level int32, down Set, dist, queue []int32, end int) int {
	g := w.g
	n := g.Nodes()
	for word, seen := range w.seen {
		for left := ^seen; left != 0; left &= left - 1 {
			u := word*64 + bits.TrailingZeros64(left)
			if u >= n {
				break
			}
			row, arcs := g.To[g.Off[u]:g.Off[u+1]], g.Arc[g.Off[u]:g.Off[u+1]]
			failed := w.failed.Has(int32(u))
			for k, v := range row {
				if dist[v] == level && !(failed && down.Has(arcs[k])) {
					w.seen[word] |= left & -left
					queue[end] = int32(u)
					end++
					break
				}
			}
		}
	}
	return end
}

// between is the scratch memory of HopPath: distances from the source and to the
// destination, as base + distance. What is below base is from an earlier
// question, so that nothing need be cleared.
type between struct {
	base int32
	// Of both distances of a node one is hardly asked for without the other, and on a large
	// graph each that lies alone is waited for.
	at []reach
}

type reach struct{ ahead, back int32 }

// HopPath appends to buf the arcs of the path that Path gives for src by the
// distances of Hops(dst, down), and returns it. It searches from both ends and so
// looks at a small part of a large graph only. It says false if there is no path.
func (w *Workspace) HopPath(src, dst int32, down Set, buf []int32) (path []int32, ok bool) {
	return w.HopPathBy(nil, src, dst, down, buf)
}

// HopPathBy is HopPath with another choice at each node: among all arcs that Next gives
// there by the distances of Hops(dst, down).
func (w *Workspace) HopPathBy(choose Choice, src, dst int32, down Set, buf []int32) (path []int32, ok bool) {
	if src == dst {
		return buf, true
	}
	g, s := w.g, &w.between
	n := g.Nodes()
	if len(s.at) != n || s.base > math.MaxInt32-2*int32(min(n, math.MaxInt32/4))-4 {
		s.at, s.base = make([]reach, n), 1
	}
	base, at := s.base, s.at
	from, to := append(w.queue[:0], src), append(w.other[:0], dst)
	at[src].ahead, at[dst].back = base, base
	var fromDone, toDone int                         // what lies before has been searched
	var fromDepth, toDepth int32                     // distance of what lies behind
	costFrom, costTo := g.Degree(src), g.Degree(dst) // arcs to look at for one step
	met := false
	for !met && fromDone < len(from) && toDone < len(to) {
		if costFrom <= costTo {
			end := len(from)
			costFrom = 0
			fromDepth++
			for _, u := range from[fromDone:end] {
				for i := g.Off[u]; i < g.Off[u+1]; i++ {
					v := g.To[i]
					x := &at[v]
					if x.ahead >= base || down.Has(g.Arc[i]) {
						continue
					}
					x.ahead = base + fromDepth
					from = append(from, v)
					costFrom += g.Degree(v)
					met = met || x.back >= base
				}
			}
			fromDone = end
		} else {
			end := len(to)
			costTo = 0
			toDepth++
			for _, v := range to[toDone:end] {
				for i := g.Off[v]; i < g.Off[v+1]; i++ {
					u := g.To[i]
					x := &at[u]
					if x.back >= base || down.Has(g.Arc[i]^1) {
						continue
					}
					x.back = base + toDepth
					to = append(to, u)
					costTo += g.Degree(u)
					met = met || x.ahead >= base
				}
			}
			toDone = end
		}
	}
	w.queue, w.other = from, to
	length := fromDepth + toDepth
	s.base += length + 2
	if !met {
		return buf, false
	}
	// Give the nodes that lie on some shortest path and were reached from the source
	// only their distance to the destination, beginning where the searches met.
	good := to[:0]
	for _, v := range from[fromDone:] {
		if at[v].back >= base {
			good = append(good, v)
		}
	}
	for k := 0; k < len(good); k++ {
		v := good[k]
		for i := g.Off[v]; i < g.Off[v+1]; i++ {
			u := g.To[i]
			if x := &at[u]; x.ahead == at[v].ahead-1 && x.back < base && !down.Has(g.Arc[i]^1) {
				x.back = at[v].back + 1
				good = append(good, u)
			}
		}
	}
	w.other = good
	u := src
	for u != dst {
		i := g.Off[u]
		for at[g.To[i]].back != at[u].back-1 || down.Has(g.Arc[i]) {
			i++
		}
		arc := g.Arc[i]
		if choose != nil {
			w.next = append(w.next[:0], arc)
			for i++; i < g.Off[u+1]; i++ {
				if at[g.To[i]].back == at[u].back-1 && !down.Has(g.Arc[i]) {
					w.next = append(w.next, g.Arc[i])
				}
			}
			arc = choose(u, w.next)
		}
		buf = append(buf, arc)
		u = g.Head(arc)
	}
	return buf, true
}
