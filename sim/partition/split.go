package partition

import (
	"cmp"
	"math"
	"slices"

	graphs "sendim/core/graph"
)

// Edge is a link between two vertices, which takes a time to cross. Cost is positive and
// says how much is expected to pass.
type Edge struct {
	A, B int32
	Span int64
	Cost int64
}

// Split gives every vertex a part from 0 to parts-1, by the vertices' weights, which are
// positive. A part may stay empty where there are too few vertices. Parts are at most 255.
func Split(weights []int64, edges []Edge, parts int) []uint8 {
	group, groups := join(weights, edges, parts)
	g := contract(weights, edges, group, groups)
	all := make([]int32, groups)
	for i := range all {
		all[i] = int32(i)
	}
	of := make([]uint8, groups)
	g.divide(all, 0, parts, of)
	out := make([]uint8, len(weights))
	for v := range out {
		out[v] = of[group[v]]
	}
	return out
}

// join numbers groups of vertices that stay together: those between which the links that
// are crossed soonest lie, as many of them as leave the groups small enough to be balanced.
func join(weights []int64, edges []Edge, parts int) (group []int32, groups int) {
	total := int64(0)
	for _, w := range weights {
		total += w
	}
	most := total / int64(2*parts)
	spans := make([]int64, 0, len(edges))
	for _, e := range edges {
		spans = append(spans, e.Span)
	}
	slices.Sort(spans)
	spans = slices.Compact(spans)
	// Below spans[i] everything may be joined; i=0 joins nothing. What is joined grows with i.
	i, _ := slices.BinarySearchFunc(spans, 0, func(span int64, _ int) int {
		if _, _, heaviest := joined(weights, edges, span); heaviest <= most {
			return -1
		}
		return 1
	})
	least := int64(math.MinInt64)
	if i > 0 {
		least = spans[i-1]
	}
	group, groups, _ = joined(weights, edges, least)
	return group, groups
}

// joined joins all links that are crossed sooner than span.
func joined(weights []int64, edges []Edge, span int64) (group []int32, groups int, heaviest int64) {
	sets := graphs.NewSets(len(weights))
	for _, e := range edges {
		if e.Span < span {
			sets.Join(e.A, e.B)
		}
	}
	group, groups = sets.Numbered()
	sum := make([]int64, groups)
	for v, g := range group {
		sum[g] += weights[v]
		heaviest = max(heaviest, sum[g])
	}
	return group, groups, heaviest
}

// graph has its edges by vertex, each twice.
type graph struct {
	weight []int64
	start  []int32
	to     []int32
	cost   []int64
	side   []int8 // of those that are being divided: 0 or 1; -1: not concerned
	gain   []int64
	turn   []uint32 // counts changes of gain
	fixed  []bool
}

func contract(weights []int64, edges []Edge, group []int32, groups int) *graph {
	g := &graph{weight: make([]int64, groups), start: make([]int32, groups+1), side: make([]int8, groups), gain: make([]int64, groups),
		turn: make([]uint32, groups), fixed: make([]bool, groups)}
	for v, w := range weights {
		g.weight[group[v]] += w
	}
	for i := range g.side {
		g.side[i] = -1
	}
	type pair struct {
		a, b int32
		cost int64
	}
	var list []pair
	for _, e := range edges {
		if a, b := group[e.A], group[e.B]; a != b {
			list = append(list, pair{a, b, e.Cost}, pair{b, a, e.Cost})
		}
	}
	slices.SortFunc(list, func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for i, p := range list {
		if i > 0 && list[i-1].a == p.a && list[i-1].b == p.b {
			g.cost[len(g.cost)-1] += p.cost
			continue
		}
		g.to, g.cost = append(g.to, p.b), append(g.cost, p.cost)
		g.start[p.a+1] = int32(len(g.to))
	}
	for v := range groups {
		g.start[v+1] = max(g.start[v+1], g.start[v])
	}
	return g
}

// divide gives some vertices the parts from first on.
func (g *graph) divide(some []int32, first, parts int, of []uint8) {
	if parts == 1 {
		for _, v := range some {
			of[v] = uint8(first)
		}
		return
	}
	left := parts / 2
	total := int64(0)
	for _, v := range some {
		total += g.weight[v]
	}
	goal := total * int64(left) / int64(parts)
	var best []int8
	least, nearest := int64(math.MaxInt64), int64(0)
	for _, seed := range g.seeds(some) {
		g.grow(some, seed, goal)
		for range passes {
			if !g.exchange(some, goal, total) {
				break
			}
		}
		cut, have := g.cut(some), g.have(some)
		if off := max(have-goal, goal-have); best == nil || cut < least || cut == least && off < nearest {
			least, nearest, best = cut, off, best[:0]
			for _, v := range some {
				best = append(best, g.side[v])
			}
		}
	}
	var halves [2][]int32
	for i, v := range some {
		halves[best[i]] = append(halves[best[i]], v)
		g.side[v] = -1
	}
	g.divide(halves[0], first, left, of)
	g.divide(halves[1], first+left, parts-left, of)
}

// passes is how often vertices are exchanged at most.
const passes = 8

// seeds lists vertices from which a part may be grown: the first, one far from it, and one
// far from that.
func (g *graph) seeds(some []int32) []int32 {
	if len(some) == 0 {
		return []int32{-1}
	}
	for _, v := range some {
		g.side[v] = 1
	}
	out := []int32{some[0]}
	for range 2 {
		if far := g.farthest(out[len(out)-1], len(some)); !slices.Contains(out, far) {
			out = append(out, far)
		}
	}
	return out
}

// farthest is the vertex that is reached last from one.
func (g *graph) farthest(from int32, room int) int32 {
	todo := append(make([]int32, 0, room), from)
	g.fixed[from] = true
	for i := 0; i < len(todo); i++ {
		v := todo[i]
		for _, u := range g.to[g.start[v]:g.start[v+1]] {
			if g.side[u] >= 0 && !g.fixed[u] {
				g.fixed[u] = true
				todo = append(todo, u)
			}
		}
	}
	for _, v := range todo {
		g.fixed[v] = false
	}
	return todo[len(todo)-1]
}

// candidate is a vertex that may change sides; those that are out of date are passed over.
type candidate struct {
	gain int64
	v    int32
	turn uint32
}

// candidates is a heap, the greatest gain first, then the lowest number.
type candidates []candidate

func (h candidates) before(i, j int) bool {
	return h[i].gain > h[j].gain || h[i].gain == h[j].gain && h[i].v < h[j].v
}

func (h *candidates) push(c candidate) {
	*h = append(*h, c)
	for i := len(*h) - 1; i > 0 && h.before(i, (i-1)/2); i = (i - 1) / 2 {
		(*h)[i], (*h)[(i-1)/2] = (*h)[(i-1)/2], (*h)[i]
	}
}

func (h *candidates) pop() candidate {
	x := *h
	top, n := x[0], len(x)-1
	x[0], x = x[n], x[:n]
	for i := 0; ; {
		first := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if x.before(c, first) {
				first = c
			}
		}
		if first == i {
			break
		}
		x[i], x[first] = x[first], x[i]
		i = first
	}
	*h = x
	return top
}

// weigh works out what the cut loses if a vertex changes sides.
func (g *graph) weigh(v int32) {
	g.gain[v] = 0
	for i := g.start[v]; i < g.start[v+1]; i++ {
		switch g.side[g.to[i]] {
		case -1:
		case g.side[v]:
			g.gain[v] -= g.cost[i]
		default:
			g.gain[v] += g.cost[i]
		}
	}
	g.turn[v]++
}

// move has a vertex change sides and offers its neighbours anew.
func (g *graph) move(v int32, offer func(int32)) {
	g.side[v] = 1 - g.side[v]
	g.weigh(v)
	for _, u := range g.to[g.start[v]:g.start[v+1]] {
		if g.side[u] >= 0 {
			g.weigh(u)
			offer(u)
		}
	}
}

// grow makes side 0 from a seed, always by the vertex that adds least to the cut.
func (g *graph) grow(some []int32, seed int32, goal int64) {
	for _, v := range some {
		g.side[v] = 1
	}
	for _, v := range some {
		g.weigh(v)
	}
	var heap candidates
	offer := func(u int32) {
		if g.side[u] == 1 {
			heap.push(candidate{g.gain[u], u, g.turn[u]})
		}
	}
	have, next := int64(0), 0
	for have < goal {
		v := seed
		for len(heap) > 0 && v < 0 {
			if c := heap.pop(); g.side[c.v] == 1 && g.turn[c.v] == c.turn {
				v = c.v
			}
		}
		for ; v < 0 && next < len(some); next++ { // another component
			if g.side[some[next]] == 1 {
				v = some[next]
			}
		}
		if v < 0 {
			return
		}
		seed = -1
		if more := g.weight[v]; have+more-goal > goal-have && have > 0 {
			return
		}
		have += g.weight[v]
		g.move(v, offer)
	}
}

// exchange moves vertices one by one, the best first, and goes back to the best that was
// seen. It says whether that is better than what was there.
func (g *graph) exchange(some []int32, goal, total int64) bool {
	var heaps [2]candidates
	heaviest := int64(0)
	offer := func(v int32) {
		if !g.fixed[v] {
			heaps[g.side[v]].push(candidate{g.gain[v], v, g.turn[v]})
		}
	}
	for _, v := range some {
		g.weigh(v)
		offer(v)
		heaviest = max(heaviest, g.weight[v])
	}
	slack := max(total/50, min(heaviest, goal/5)) // no part may be given up for a smaller cut
	off := func(have int64) int64 { return max(0, max(have-goal, goal-have)-slack) }
	have, cut := g.have(some), int64(0)
	bestOff, bestCut, bestHave, keep := off(have), int64(0), have, 0
	from := func(have int64) int64 { return max(have-goal, goal-have) }
	var moved []int32
	for len(moved) < keep+len(some)/4+64 {
		v, gain, after := int32(-1), int64(0), int64(0)
		for side := range heaps {
			h := &heaps[side]
			for len(*h) > 0 && (g.fixed[(*h)[0].v] || g.turn[(*h)[0].v] != (*h)[0].turn) {
				h.pop()
			}
			if len(*h) == 0 {
				continue
			}
			c := (*h)[0]
			then := have + g.weight[c.v]*int64(2*side-1)
			if o := off(then); (o == 0 || o < off(have)) && (v < 0 || c.gain > gain) {
				v, gain, after = c.v, c.gain, then
			}
		}
		if v < 0 {
			break
		}
		have, cut = after, cut-gain
		g.fixed[v] = true
		moved = append(moved, v)
		g.move(v, offer)
		if o := off(have); o < bestOff || o == bestOff && (cut < bestCut || cut == bestCut && from(have) < from(bestHave)) {
			bestOff, bestCut, bestHave, keep = o, cut, have, len(moved)
		}
	}
	for _, v := range moved {
		g.fixed[v] = false
	}
	for _, v := range moved[keep:] {
		g.side[v] = 1 - g.side[v]
	}
	return keep > 0
}

// have is the weight of side 0.
func (g *graph) have(some []int32) (sum int64) {
	for _, v := range some {
		if g.side[v] == 0 {
			sum += g.weight[v]
		}
	}
	return sum
}

func (g *graph) cut(some []int32) (sum int64) {
	for _, v := range some {
		for i := g.start[v]; i < g.start[v+1]; i++ {
			if u := g.to[i]; g.side[v] == 0 && g.side[u] == 1 {
				sum += g.cost[i]
			}
		}
	}
	return sum
}
