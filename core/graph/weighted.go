package graph

import "math"

// dijkstra is one search by weight (Dijkstra, "A note on two problems in connexion
// with graphs", Numerische Mathematik 1, 1959) with a 4-ary heap in which entries
// that have been overtaken stay until they come up.
type dijkstra struct {
	dist    []int64 // infinite if not reached
	heap    []entry
	touched []int32 // the nodes reached, so that they can be forgotten
	settled []int32 // in order of distance; kept by the search ahead only
}

type entry struct {
	dist int64
	node int32
}

const infinite = math.MaxInt64

func (d *dijkstra) start(n int, at int32) {
	if len(d.dist) != n {
		d.dist = make([]int64, n)
		for i := range d.dist {
			d.dist[i] = infinite
		}
	}
	for _, u := range d.touched {
		d.dist[u] = infinite
	}
	d.heap, d.touched, d.settled = d.heap[:0], d.touched[:0], d.settled[:0]
	d.reach(at, 0)
}

// note keeps a distance that is shorter than the one known.
func (d *dijkstra) note(u int32, dist int64) {
	if d.dist[u] == infinite {
		d.touched = append(d.touched, u)
	}
	d.dist[u] = dist
}

// reach notes a distance and lets the search go on from there.
func (d *dijkstra) reach(u int32, dist int64) {
	d.note(u, dist)
	d.heap = append(d.heap, entry{})
	h, i := d.heap, len(d.heap)-1
	for i > 0 && dist < h[(i-1)/4].dist {
		h[i] = h[(i-1)/4]
		i = (i - 1) / 4
	}
	h[i] = entry{dist, u}
}

// top returns the least distance not settled, or infinite.
func (d *dijkstra) top() int64 {
	for len(d.heap) > 0 {
		if e := d.heap[0]; e.dist == d.dist[e.node] {
			return e.dist
		}
		d.pop()
	}
	return infinite
}

func (d *dijkstra) pop() entry {
	h := d.heap
	least, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	d.heap = h
	if len(h) == 0 {
		return least
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		for c := child + 1; c < min(4*i+5, len(h)); c++ {
			if h[c].dist < h[child].dist {
				child = c
			}
		}
		if last.dist <= h[child].dist {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = last
	return least
}

// Distances returns the length of the shortest path from every node to dst over
// arcs that are not down, or Unreachable. It puts them into dist if that is large
// enough.
func (w *Workspace) Distances(dst int32, weights Weights, down Set, dist []int64) []int64 {
	g, d := w.g, &w.short
	d.start(g.Nodes(), dst)
	for len(d.heap) > 0 {
		e := d.pop()
		if e.dist != d.dist[e.node] {
			continue
		}
		for i := g.Off[e.node]; i < g.Off[e.node+1]; i++ {
			u, arc := g.To[i], g.Arc[i]^1
			through := e.dist + weights.Of(arc)
			if through >= d.dist[u] || down.Has(arc) {
				continue
			}
			if g.Degree(u) == 1 { // a host, as a rule: nothing lies behind it
				d.note(u, through)
			} else {
				d.reach(u, through)
			}
		}
	}
	dist = resized(dist, g.Nodes())
	for u, x := range d.dist {
		if x == infinite {
			x = Unreachable
		}
		dist[u] = x
	}
	return dist
}

// WeightedPath appends to buf the arcs of the path that Path gives for src by the
// distances of Distances(dst, weights, down), and returns it. It searches from both
// ends and so looks at a part of a large graph only. It says false if there
// is no path.
func (w *Workspace) WeightedPath(src, dst int32, weights Weights, down Set, buf []int32) (path []int32, ok bool) {
	return w.WeightedPathBy(nil, src, dst, weights, down, buf)
}

// WeightedPathBy is WeightedPath with another choice at each node: among all arcs that
// Next gives there by the distances of Distances(dst, weights, down).
func (w *Workspace) WeightedPathBy(choose Choice, src, dst int32, weights Weights, down Set, buf []int32) (path []int32, ok bool) {
	if src == dst {
		return buf, true
	}
	g, ahead, back := w.g, &w.short, &w.back
	ahead.start(g.Nodes(), src)
	back.start(g.Nodes(), dst)
	length := int64(infinite)
	// When the unsettled of both sides are together further than the best path, every
	// node of every shortest path has been settled by one side at least: going on
	// while they are equal is what makes all of them known and not only one.
	for {
		a, b := ahead.top(), back.top()
		if a == infinite || b == infinite || a+b > length {
			break
		}
		if len(ahead.heap) <= len(back.heap) {
			u := ahead.pop().node
			ahead.settled = append(ahead.settled, u)
			for i := g.Off[u]; i < g.Off[u+1]; i++ {
				v, arc := g.To[i], g.Arc[i]
				if through := a + weights.Of(arc); through < ahead.dist[v] && !down.Has(arc) {
					ahead.reach(v, through)
					if back.dist[v] != infinite {
						length = min(length, through+back.dist[v])
					}
				}
			}
		} else {
			v := back.pop().node
			for i := g.Off[v]; i < g.Off[v+1]; i++ {
				u, arc := g.To[i], g.Arc[i]^1
				if through := b + weights.Of(arc); through < back.dist[u] && !down.Has(arc) {
					back.reach(u, through)
					if ahead.dist[u] != infinite {
						length = min(length, through+ahead.dist[u])
					}
				}
			}
		}
	}
	if length == infinite {
		return buf, false
	}
	// Give the nodes that lie on some shortest path and were settled from the source
	// their distance to the destination, the furthest first.
	for k := len(ahead.settled) - 1; k >= 0; k-- {
		u := ahead.settled[k]
		rest := length - ahead.dist[u]
		for i := g.Off[u]; i < g.Off[u+1] && back.dist[u] != rest; i++ {
			arc := g.Arc[i]
			if d := back.dist[g.To[i]]; d < infinite && d+weights.Of(arc) == rest && !down.Has(arc) {
				if back.dist[u] == infinite {
					back.touched = append(back.touched, u)
				}
				back.dist[u] = rest
			}
		}
	}
	for u, rest := src, length; u != dst; {
		w.next = w.next[:0]
		for i := g.Off[u]; i < g.Off[u+1] && (choose != nil || len(w.next) == 0); i++ {
			arc := g.Arc[i]
			if d := back.dist[g.To[i]]; d < infinite && d+weights.Of(arc) == rest && !down.Has(arc) {
				w.next = append(w.next, arc)
			}
		}
		arc := w.next[0]
		if choose != nil {
			arc = choose(u, w.next)
		}
		buf = append(buf, arc)
		rest -= weights.Of(arc)
		u = g.Head(arc)
	}
	return buf, true
}
