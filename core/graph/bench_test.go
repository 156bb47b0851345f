package graph

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// half is a network half of whose nodes are hosts with one link each; the switches
// form a random graph with the rest of the links.
func half(nodes, links int) (n int, a, b []int32) {
	r := rand.New(rand.NewPCG(1, 2))
	switches := nodes / 2
	for h := switches; h < nodes; h++ {
		a, b = append(a, int32(h)), append(b, int32(r.IntN(switches)))
	}
	for s := 1; s < switches && len(a) < links; s++ {
		a, b = append(a, int32(s)), append(b, int32(r.IntN(s)))
	}
	for len(a) < links {
		a, b = append(a, int32(r.IntN(switches))), append(b, int32(r.IntN(switches)))
	}
	return nodes, a, b
}

var sizes = []struct{ nodes, links int }{{100_000, 150_000}, {100_000, 750_000}}

func each(b *testing.B, f func(b *testing.B, g *Graph)) {
	for _, s := range sizes {
		g, err := New(half(s.nodes, s.links))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("nodes=%d/arcs=%d", s.nodes, len(g.To)), func(b *testing.B) {
			b.ReportAllocs()
			f(b, g)
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for _, s := range append(sizes, struct{ nodes, links int }{1_000_000, 1_500_000}) {
		n, from, to := half(s.nodes, s.links)
		b.Run(fmt.Sprintf("nodes=%d/links=%d", s.nodes, s.links), func(b *testing.B) {
			for b.Loop() {
				if _, err := New(n, from, to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHops(b *testing.B) {
	for name, failed := range map[string]bool{"all-up": false, "one-down": true} {
		b.Run(name, func(b *testing.B) {
			each(b, func(b *testing.B, g *Graph) {
				w, dist, dst := NewWorkspace(g), []int32(nil), int32(0)
				var down Set
				if failed {
					down = NewSet(2 * g.Links())
					down.AddLink(g.Links() - 1)
				}
				for b.Loop() {
					dist = w.Hops(dst, down, dist)
					dst = (dst + 7919) % int32(g.Nodes())
				}
			})
		})
	}
}

func BenchmarkFill(b *testing.B) {
	each(b, func(b *testing.B, g *Graph) {
		dist := NewWorkspace(g).Hops(1, nil, nil)
		var r Routes
		for b.Loop() {
			Fill(&r, g, dist, Weights{}, nil)
		}
	})
}

func BenchmarkHopPath(b *testing.B) {
	each(b, func(b *testing.B, g *Graph) {
		w, path, r := NewWorkspace(g), []int32(nil), rand.New(rand.NewPCG(3, 4))
		for b.Loop() {
			path, _ = w.HopPath(r.Int32N(int32(g.Nodes())), r.Int32N(int32(g.Nodes())), nil, path[:0])
		}
	})
}

func BenchmarkDistances(b *testing.B) {
	each(b, func(b *testing.B, g *Graph) {
		w, dist, dst := NewWorkspace(g), []int64(nil), int32(0)
		weights := randomWeights(b, g)
		for b.Loop() {
			dist = w.Distances(dst, weights, nil, dist)
			dst = (dst + 7919) % int32(g.Nodes())
		}
	})
}

func BenchmarkWeightedPath(b *testing.B) {
	each(b, func(b *testing.B, g *Graph) {
		w, path, r := NewWorkspace(g), []int32(nil), rand.New(rand.NewPCG(3, 4))
		weights := randomWeights(b, g)
		for b.Loop() {
			path, _ = w.WeightedPath(r.Int32N(int32(g.Nodes())), r.Int32N(int32(g.Nodes())), weights, nil, path[:0])
		}
	})
}

func BenchmarkForest(b *testing.B) {
	each(b, func(b *testing.B, g *Graph) {
		w, f := NewWorkspace(g), Forest{}
		for b.Loop() {
			w.Forest(nil, &f)
		}
	})
}

func randomWeights(b *testing.B, g *Graph) Weights {
	r := rand.New(rand.NewPCG(5, 6))
	of := make([]int64, 2*g.Links())
	for i := range of {
		of[i] = 1 + r.Int64N(1000)
	}
	w, err := g.NewWeights(of)
	if err != nil {
		b.Fatal(err)
	}
	return w
}
