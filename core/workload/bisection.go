package workload

import (
	"math"
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
)

// mostCutLinks bounds the network whose bisection is worked out.
const mostCutLinks = 200_000

// perSource gives the rate at which each source is to send, in bit/s. Of access links it
// is a share of its own link's rate. Of the bisection it is the same for all: what crosses
// from the first half of the hosts, in order of declaration, to the second is the load
// times what the network can carry from the one to the other at most (the maximum flow; links that
// stand by are left out).
func (g *generator) perSource() (func(host model.NodeID) (float64, error), error) {
	if g.t.Of != "bisection" {
		return func(host model.NodeID) (float64, error) {
			rate, err := g.access(host)
			return g.t.Load * float64(rate), err
		}, nil
	}
	place := fault.Place{Element: "traffic", Attribute: "of"}
	hosts := len(g.from)
	switch {
	case !slices.Equal(g.from, g.to) || hosts < 2:
		return nil, fault.New(fault.FlowConflict, place, "traffic %q: a load of the bisection is that of hosts among each other; from and to are to be the same", g.t.ID)
	case g.n.LinkCount() > mostCutLinks:
		return nil, fault.New(fault.Limit, place, "traffic %q: the bisection of %d links is not worked out; of %d at most it is. Use of=\"access\"", g.t.ID, g.n.LinkCount(), mostCutLinks)
	}
	half := hosts / 2
	capacity := newCut(g.n).between(g.from[:half], g.from[half:])
	if capacity <= 0 || capacity == unlimited {
		return nil, fault.New(fault.FlowConflict, place, "traffic %q: between the two halves of its hosts there is no link, or one without a rate, so a load of it means nothing", g.t.ID)
	}
	rate := float64(g.t.Load*float64(capacity)*float64(hosts-1)) / (float64(half) * float64(hosts-half))
	return func(model.NodeID) (float64, error) { return rate, nil }, nil
}

const unlimited = int64(math.MaxInt64 / 4)

// cut works out maximum flows: Dinic's algorithm (Soviet Mathematics Doklady 11, 1970).
type cut struct {
	first       []int32 // edge of each node, -1: none
	next, to    []int32
	room        []int64 // what an edge can still carry; edge e^1 is its way back
	level, iter []int32
}

func newCut(n *model.Network) *cut {
	c := &cut{first: make([]int32, n.NodeCount()+2)}
	for i := range c.first {
		c.first[i] = -1
	}
	rate := func(s *model.LinkSpec) int64 {
		if s.Rate == 0 {
			return unlimited
		}
		return int64(s.Rate)
	}
	for l := range n.LinkCount() {
		there, back := model.Arc(2*l), model.Arc(2*l+1)
		if n.ArcSpec(there).Spare {
			continue
		}
		c.edge(int32(n.ArcFrom(there).Node), int32(n.ArcTo(there).Node), rate(n.ArcSpec(there)), rate(n.ArcSpec(back)))
	}
	return c
}

func (c *cut) edge(a, b int32, there, back int64) {
	for _, e := range [2]struct {
		from, to int32
		room     int64
	}{{a, b, there}, {b, a, back}} {
		c.next = append(c.next, c.first[e.from])
		c.first[e.from] = int32(len(c.to))
		c.to, c.room = append(c.to, e.to), append(c.room, e.room)
	}
}

// between is what can flow from some nodes to others; it uses the cut up.
func (c *cut) between(from, to []model.NodeID) int64 {
	source, sink := int32(len(c.first)-2), int32(len(c.first)-1)
	for _, a := range from {
		c.edge(source, int32(a), unlimited, 0)
	}
	for _, b := range to {
		c.edge(int32(b), sink, unlimited, 0)
	}
	total := int64(0)
	for c.levels(source, sink) {
		c.iter = append(c.iter[:0], c.first...)
		for {
			sent := c.push(source, sink)
			if sent == 0 {
				break
			}
			if total += sent; total >= unlimited {
				return unlimited
			}
		}
	}
	return total
}

// levels numbers nodes by their distance from the source; false when the sink is not reached.
func (c *cut) levels(source, sink int32) bool {
	c.level = slices.Grow(c.level[:0], len(c.first))[:len(c.first)]
	for i := range c.level {
		c.level[i] = -1
	}
	c.level[source] = 0
	for queue := []int32{source}; len(queue) > 0; queue = queue[1:] {
		for e := c.first[queue[0]]; e >= 0; e = c.next[e] {
			if c.room[e] > 0 && c.level[c.to[e]] < 0 {
				c.level[c.to[e]] = c.level[queue[0]] + 1
				queue = append(queue, c.to[e])
			}
		}
	}
	return c.level[sink] >= 0
}

// push sends what fits along one shortest path. It keeps the path in a list of its own, as
// paths may be as long as the network is large.
func (c *cut) push(source, sink int32) int64 {
	var path []int32
	for at := source; ; {
		if at == sink {
			least := unlimited
			for _, e := range path {
				least = min(least, c.room[e])
			}
			for _, e := range path {
				c.room[e] -= least
				c.room[e^1] += least
			}
			return least
		}
		e := c.iter[at]
		for e >= 0 && (c.room[e] <= 0 || c.level[c.to[e]] != c.level[at]+1) {
			e = c.next[e]
		}
		if c.iter[at] = e; e >= 0 {
			path = append(path, e)
			at = c.to[e]
			continue
		}
		if len(path) == 0 {
			return 0
		}
		last := path[len(path)-1] // a dead end: back, and never here again
		path = path[:len(path)-1]
		at = c.to[last^1]
		c.iter[at] = c.next[last]
	}
}
