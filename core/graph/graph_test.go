package graph

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// network is a random multigraph, written down so plainly that the obvious
// algorithms below can be seen to be right.
type network struct {
	n       int
	a, b    []int32
	weights []int64
	down    Set
	g       *Graph
	w       Weights
}

func networks() *rapid.Generator[network] {
	return rapid.Custom(func(t *rapid.T) network {
		var x network
		x.n = rapid.IntRange(1, 40).Draw(t, "nodes")
		links := rapid.IntRange(0, 3*x.n).Draw(t, "links")
		node := rapid.Int32Range(0, int32(x.n-1))
		heaviest := rapid.SampledFrom([]int64{1, 3, 1000}).Draw(t, "heaviest")
		x.a, x.b = []int32{}, []int32{}
		for range links {
			x.a = append(x.a, node.Draw(t, "a"))
			x.b = append(x.b, node.Draw(t, "b"))
			x.weights = append(x.weights, rapid.Int64Range(1, heaviest).Draw(t, "weight"),
				rapid.Int64Range(1, heaviest).Draw(t, "weight back"))
		}
		if rapid.Bool().Draw(t, "failures") {
			x.down = NewSet(2 * links)
			for range links / 4 {
				if l := rapid.IntRange(0, links-1).Draw(t, "down"); rapid.Bool().Draw(t, "both ways") {
					x.down.AddLink(l)
				} else {
					x.down.Add(int32(2*l + 1))
				}
			}
		}
		var err error
		if x.g, err = New(x.n, x.a, x.b); err != nil {
			t.Fatal(err)
		}
		if x.w, err = x.g.NewWeights(x.weights); err != nil {
			t.Fatal(err)
		}
		return x
	})
}

// arcs calls f for every arc that is up and no loop, in ascending order.
func (x *network) arcs(f func(arc, from, to int32)) {
	for l := range x.a {
		for arc := int32(2 * l); arc < int32(2*l+2); arc++ {
			from, to := x.a[l], x.b[l]
			if arc&1 == 1 {
				from, to = to, from
			}
			if from != to && !x.down.Has(arc) {
				f(arc, from, to)
			}
		}
	}
}

// distances relaxes all arcs until nothing changes (Bellman and Ford).
func (x *network) distances(dst int32, weight func(arc int32) int64) []int64 {
	dist := make([]int64, x.n)
	for u := range dist {
		dist[u] = Unreachable
	}
	dist[dst] = 0
	for changed := true; changed; {
		changed = false
		x.arcs(func(arc, from, to int32) {
			if d := dist[to] + weight(arc); dist[to] != Unreachable && (dist[from] == Unreachable || d < dist[from]) {
				dist[from], changed = d, true
			}
		})
	}
	return dist
}

func (x *network) next(u int32, dist []int64, weight func(int32) int64) (next []int32) {
	x.arcs(func(arc, from, to int32) {
		if from == u && dist[to] != Unreachable && dist[u] == dist[to]+weight(arc) {
			next = append(next, arc)
		}
	})
	return next
}

// path follows the lowest arc of next.
func (x *network) path(src, dst int32, dist []int64, weight func(int32) int64) (path []int32, ok bool) {
	if dist[src] == Unreachable {
		return nil, false
	}
	for u := src; u != dst; {
		arc := x.next(u, dist, weight)[0]
		path = append(path, arc)
		u = x.g.Head(arc)
	}
	return path, true
}

func hop(int32) int64 { return 1 }

func TestArcsAreInOrderAndLoopsAreLeftOut(t *testing.T) {
	g, err := New(3, []int32{0, 1, 1, 2}, []int32{1, 0, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		node    int32
		arc, to []int32
	}{
		{0, []int32{0, 3, 7}, []int32{1, 1, 2}},
		{1, []int32{1, 2}, []int32{0, 0}},
		{2, []int32{6}, []int32{0}},
	} {
		from, end := g.Off[c.node], g.Off[c.node+1]
		if !slices.Equal(g.Arc[from:end], c.arc) || !slices.Equal(g.To[from:end], c.to) {
			t.Errorf("node %d has arcs %v to %v, want %v to %v", c.node, g.Arc[from:end], g.To[from:end], c.arc, c.to)
		}
	}
	if g.Nodes() != 3 || g.Links() != 4 || g.Degree(0) != 3 {
		t.Errorf("%d nodes, %d links, degree %d", g.Nodes(), g.Links(), g.Degree(0))
	}
}

func TestRowsHoldEveryArcOnceInAscendingOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := networks().Draw(t, "network")
		var want [][2]int32
		down := x.down
		x.down = nil
		x.arcs(func(arc, from, to int32) { want = append(want, [2]int32{arc, from}) })
		x.down = down
		var got [][2]int32
		for u := range int32(x.n) {
			row := x.g.Arc[x.g.Off[u]:x.g.Off[u+1]]
			if !slices.IsSorted(row) {
				t.Fatalf("arcs of node %d are not in order: %v", u, row)
			}
			for i, arc := range row {
				got = append(got, [2]int32{arc, u})
				if x.g.Tail(arc) != u || x.g.Head(arc) != x.g.To[int(x.g.Off[u])+i] {
					t.Fatalf("arc %d leads from %d to %d", arc, x.g.Tail(arc), x.g.Head(arc))
				}
			}
		}
		slices.SortFunc(got, func(a, b [2]int32) int { return int(a[0] - b[0]) })
		if !slices.Equal(got, want) {
			t.Fatalf("arcs %v, want %v", got, want)
		}
	})
}

func TestRoutesAgreeWithTheObviousAlgorithm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := networks().Draw(t, "network")
		w := NewWorkspace(x.g)
		var hops []int32
		var dist []int64
		var byHops, byWeight Routes
		for dst := range int32(x.n) { // one workspace for all, as in use
			hops = w.Hops(dst, x.down, hops)
			dist = w.Distances(dst, x.w, x.down, dist)
			Fill(&byHops, x.g, hops, Weights{}, x.down)
			Fill(&byWeight, x.g, dist, x.w, x.down)
			wantHops, want := x.distances(dst, hop), x.distances(dst, x.w.Of)
			for u := range int32(x.n) {
				if int64(hops[u]) != wantHops[u] {
					t.Fatalf("%d hops from %d to %d, want %d", hops[u], u, dst, wantHops[u])
				}
				if dist[u] != want[u] {
					t.Fatalf("distance %d from %d to %d, want %d", dist[u], u, dst, want[u])
				}
				if got, want := byHops.Of(u), x.next(u, wantHops, hop); !slices.Equal(got, want) {
					t.Fatalf("arcs by hops from %d to %d: %v, want %v", u, dst, got, want)
				}
				if got, want := byWeight.Of(u), x.next(u, want, x.w.Of); !slices.Equal(got, want) {
					t.Fatalf("arcs by weight from %d to %d: %v, want %v", u, dst, got, want)
				}
				wantPath, reachable := x.path(u, dst, wantHops, hop)
				got, ok := Path(x.g, u, hops, Weights{}, x.down, nil)
				if ok != reachable || !slices.Equal(got, wantPath) {
					t.Fatalf("Path by hops from %d to %d: %v, want %v", u, dst, got, wantPath)
				}
				got, ok = w.HopPath(u, dst, x.down, nil)
				if ok != reachable || !slices.Equal(got, wantPath) {
					t.Fatalf("HopPath from %d to %d: %v, want %v", u, dst, got, wantPath)
				}
				wantPath, _ = x.path(u, dst, want, x.w.Of)
				got, ok = Path(x.g, u, dist, x.w, x.down, nil)
				if ok != reachable || !slices.Equal(got, wantPath) {
					t.Fatalf("Path by weight from %d to %d: %v, want %v", u, dst, got, wantPath)
				}
				got, ok = w.WeightedPath(u, dst, x.w, x.down, nil)
				if ok != reachable || !slices.Equal(got, wantPath) {
					t.Fatalf("WeightedPath from %d to %d: %v, want %v", u, dst, got, wantPath)
				}
			}
		}
	})
}

func TestChosenPathsMeetAllThatNextGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := networks().Draw(t, "network")
		w := NewWorkspace(x.g)
		salt := rapid.Int32Range(0, 100).Draw(t, "salt")
		for dst := range int32(x.n) {
			hops, dist := w.Hops(dst, x.down, nil), w.Distances(dst, x.w, x.down, nil)
			pick := func(want func(u int32) []int32) Choice {
				return func(u int32, arcs []int32) int32 {
					if want := want(u); !slices.Equal(arcs, want) {
						t.Fatalf("at %d on the way to %d the choice is among %v, want %v", u, dst, arcs, want)
					}
					return arcs[(u+salt)%int32(len(arcs))]
				}
			}
			byHops := pick(func(u int32) []int32 { return Next(x.g, u, hops, Weights{}, x.down, nil) })
			byWeight := pick(func(u int32) []int32 { return Next(x.g, u, dist, x.w, x.down, nil) })
			for u := range int32(x.n) {
				path, ok := w.HopPathBy(byHops, u, dst, x.down, nil)
				if ok != (hops[u] != Unreachable) || ok && len(path) != int(hops[u]) {
					t.Fatalf("path by hops from %d to %d: %v, %v", u, dst, path, ok)
				}
				path, ok = w.WeightedPathBy(byWeight, u, dst, x.w, x.down, nil)
				length := int64(0)
				for _, arc := range path {
					length += x.w.Of(arc)
				}
				if ok != (dist[u] != Unreachable) || ok && length != dist[u] {
					t.Fatalf("path by weight from %d to %d: %v, %v", u, dst, path, ok)
				}
			}
		}
	})
}

func TestForestSpansEveryComponentWithLeastDepth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := networks().Draw(t, "network")
		w := NewWorkspace(x.g)
		var f Forest
		w.Forest(nil, &f) // leave something behind in its memory
		w.Forest(x.down, &f)

		// Only links that are up both ways count.
		both := NewSet(2 * len(x.a))
		for l := range x.a {
			if x.down.Has(int32(2*l)) || x.down.Has(int32(2*l+1)) {
				both.AddLink(l)
			}
		}
		x.down = both
		component, count := w.Components(x.down, nil)
		if f.Trees != count {
			t.Fatalf("%d trees for %d components", f.Trees, count)
		}
		lowest := make([]int32, count)
		for u := x.n - 1; u >= 0; u-- {
			lowest[component[u]] = int32(u)
		}
		if !slices.IsSorted(lowest) {
			t.Fatalf("components are not numbered by their lowest nodes: %v", lowest)
		}
		position := make([]int, x.n)
		for i, u := range f.Order {
			position[u] = i
		}
		if len(f.Order) != x.n {
			t.Fatalf("order %v has not every node", f.Order)
		}
		links := 0
		for l := range x.a {
			if f.Has(x.g, int32(2*l)) != f.Has(x.g, int32(2*l+1)) {
				t.Fatalf("the arcs of link %d differ", l)
			}
			if f.Has(x.g, int32(2*l)) {
				links++
			}
		}
		if links != x.n-count {
			t.Fatalf("%d links in %d trees over %d nodes", links, count, x.n)
		}
		for u := range int32(x.n) {
			root := f.Root[u]
			if root != lowest[component[u]] {
				t.Fatalf("root of %d is %d, want %d", u, root, lowest[component[u]])
			}
			dist := x.distances(root, hop)
			for v := range int32(x.n) {
				if (dist[v] != Unreachable) != (component[u] == component[v]) {
					t.Fatalf("nodes %d and %d: components %d and %d", u, v, component[u], component[v])
				}
			}
			arc := f.Parent[u]
			if (arc == None) != (u == root) {
				t.Fatalf("parent of %d is arc %d, its root %d", u, arc, root)
			}
			if arc == None {
				continue
			}
			p := x.g.Head(arc)
			if x.g.Tail(arc) != u || x.down.Has(arc) || dist[u] != dist[p]+1 || position[p] > position[u] {
				t.Fatalf("parent of %d is %d by arc %d", u, p, arc)
			}
			// No neighbour as near to the root is met earlier, and no lower arc
			// leads from the parent.
			x.arcs(func(other, from, to int32) {
				if to == u && dist[from] == dist[p] &&
					(position[from] < position[p] || from == p && other < arc^1) {
					t.Fatalf("node %d hangs on %d by %d instead of on %d by %d", u, p, arc^1, from, other)
				}
			})
		}
	})
}

func TestDiameterIsTheGreatestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := networks().Draw(t, "network")
		want, connected := int64(0), true
		for dst := range int32(x.n) {
			for _, d := range x.distances(dst, hop) {
				want = max(want, d)
				connected = connected && d >= 0
			}
		}
		if hops, ok := NewWorkspace(x.g).Diameter(x.down); int64(hops) != want || ok != connected {
			t.Fatalf("diameter %d, connected %v, want %d, %v", hops, ok, want, connected)
		}
	})
}

func TestFaultyGraphsAreNamed(t *testing.T) {
	g, err := New(3, []int32{0, 1}, []int32{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	graph := func(n int, a, b []int32) error { _, err := New(n, a, b); return err }
	weights := func(w ...int64) error { _, err := g.NewWeights(w); return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{graph(-1, nil, nil), "graph of -1 nodes: at most 2147483646 are possible"},
		{graph(2, []int32{0}, nil), "graph of links with 1 first and 0 second ends: the numbers must agree and be at most 1073741823"},
		{graph(2, []int32{0, 1}, []int32{1, 2}), "link 1 joins nodes 1 and 2 of a graph of 2 nodes"},
		{graph(2, []int32{-1}, []int32{1}), "link 0 joins nodes -1 and 1 of a graph of 2 nodes"},
		{weights(1, 1), "weights of 2 arcs for a graph that has 4"},
		{weights(1, 1, 0, 1), "weight of arc 2 is 0, want 1 to 1317624576693539401"},
		{weights(1, 1, 1, math.MaxInt64), "weight of arc 3 is 9223372036854775807, want 1 to 1317624576693539401"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("error is %q, want %q", c.err, c.want)
		}
	}
}

func TestEmptyGraphHasNothing(t *testing.T) {
	g, err := New(0, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorkspace(g)
	var f Forest
	w.Forest(nil, &f)
	_, count := w.Components(nil, nil)
	hops, connected := w.Diameter(nil)
	if f.Trees != 0 || count != 0 || hops != 0 || !connected {
		t.Errorf("%d trees, %d components, diameter %d, connected %v", f.Trees, count, hops, connected)
	}
}

func TestSetHoldsWhatWasPutIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const links = 100
		s, want := NewSet(2*links), map[int32]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"arc": func(t *rapid.T) {
				i := rapid.Int32Range(0, 2*links-1).Draw(t, "arc")
				if want[i] = !want[i]; want[i] {
					s.Add(i)
				} else {
					s.Remove(i)
				}
			},
			"link": func(t *rapid.T) {
				l := rapid.IntRange(0, links-1).Draw(t, "link")
				up := want[int32(2*l)]
				want[int32(2*l)], want[int32(2*l+1)] = !up, !up
				if up {
					s.RemoveLink(l)
				} else {
					s.AddLink(l)
				}
			},
			"": func(t *rapid.T) {
				for i := range int32(2*links + 200) {
					if s.Has(i) != want[i] {
						t.Fatalf("Has(%d) = %v", i, s.Has(i))
					}
				}
			},
		})
		if Set(nil).Has(3) {
			t.Fatal("the nil set has 3")
		}
	})
}

func TestOldLabelsDoNotLeakIntoLaterPaths(t *testing.T) {
	g, err := New(4, []int32{0, 1, 2}, []int32{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorkspace(g)
	w.HopPath(0, 3, nil, nil)
	w.between.base = math.MaxInt32 - 5 // as after very many questions
	for i := range w.between.at {
		w.between.at[i] = reach{math.MaxInt32 - 7, math.MaxInt32 - 7}
	}
	for range 3 {
		if path, ok := w.HopPath(0, 3, nil, nil); !ok || !slices.Equal(path, []int32{0, 2, 4}) {
			t.Fatalf("path %v, %v", path, ok)
		}
	}
}

func TestRepeatedQuestionsDoNotAllocate(t *testing.T) {
	g, err := New(half(2000, 5000))
	if err != nil {
		t.Fatal(err)
	}
	of := make([]int64, 2*g.Links())
	for i := range of {
		of[i] = int64(i%7 + 1)
	}
	weights, err := g.NewWeights(of)
	if err != nil {
		t.Fatal(err)
	}
	down := NewSet(2 * g.Links())
	down.AddLink(4321)
	w := NewWorkspace(g)
	var (
		hops []int32
		dist []int64
		path []int32
		part []int32
		r    Routes
		f    Forest
	)
	ask := func() {
		hops = w.Hops(77, down, hops)
		Fill(&r, g, hops, Weights{}, down)
		path, _ = Path(g, 1999, hops, Weights{}, down, path[:0])
		path, _ = w.HopPath(1999, 77, down, path[:0])
		dist = w.Distances(77, weights, down, dist)
		path, _ = w.WeightedPath(1999, 77, weights, down, path[:0])
		part, _ = w.Components(down, part)
		w.Forest(down, &f)
	}
	ask()
	if n := testing.AllocsPerRun(5, ask); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
