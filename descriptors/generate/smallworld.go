package generate

import "sendim/core/random"

func smallWorld() Kind {
	ws, swdc := []string{"watts-strogatz"}, []string{"swdc"}
	return Kind{
		Name: "small-world", Short: "A regular network that a few random links make small (Watts-Strogatz, small-world data centres)",
		Doc: "Model watts-strogatz: switches s1..sN on a ring, each linked to its K nearest; then each link is moved with probability P: its second end to a random switch, never the first one nor one it is linked to. " +
			"Model swdc: a lattice of switches s1.. (row by row, layer by layer) in which each has random links as well, six links in all: ring (2 of the lattice, 4 random), torus of X*Y (4 and 2) " +
			"or hex-torus, Z layers of X*Y honeycomb (5 and 1); the other end at distance d on the lattice is drawn with a probability proportional to d^-E among those with a free port. " +
			"Each switch has hosts: h1..hN, or h1s1, h2s1, ... when there are several.",
		Source: `Watts, Strogatz, "Collective dynamics of 'small-world' networks", Nature 393, 1998; Shin, Wong, Sirer, "Small-world datacenters", SOCC 2011; Kleinberg, "Navigation in a small world", Nature 406, 2000`,
		Bound:  "with model swdc on lattices of a few switches, where the last ports may find no other end",
		Options: []OptionDoc{
			{Name: "model", Initial: "watts-strogatz, or swdc where lattice is given", Doc: "which of the two", Values: []string{"watts-strogatz", "swdc"}, form: choice},
			{Name: "n", Initial: "20", Doc: "number of switches; with other lattices than ring x, y and z say it", min: 3, max: 1 << 30},
			{Name: "k", Initial: "4", Doc: "nearest switches that each is linked to, even, less than n", min: 2, max: 1 << 16, even: true, Models: ws},
			{Name: "p", Initial: "0.1", Doc: "probability that a link is moved", form: real, high: 1, Models: ws},
			{Name: "lattice", Initial: "ring", Doc: "what it starts from", Values: []string{"ring", "torus", "hex-torus"}, form: choice, Models: swdc},
			{Name: "x", Initial: "6", Doc: "switches in a row; even in a hex-torus", min: 3, max: 1 << 20, Models: swdc},
			{Name: "y", Initial: "6", Doc: "rows; even in a hex-torus", min: 3, max: 1 << 20, Models: swdc},
			{Name: "z", Initial: "4", Doc: "layers of a hex-torus", min: 3, max: 1 << 20, Models: swdc},
			{Name: "exponent", Initial: "1, 2 or 3: the lattice's dimension", Doc: "E; 0 draws evenly", form: real, high: 16, Models: swdc},
			connectedOption("parts are linked at random switches, by links that closed loops elsewhere (swdc always is connected)"),
			hostsOption("switch"), seedOption()},
		Args: []string{"n", "k", "p"},
		check: func(v *values, fail func(string, string, ...any)) {
			if v.word("model") == "swdc" {
				checkLattice(v, fail)
			} else if v.int("k") >= v.int("n") {
				fail("k", "%d is not less than n, which is %d", v.int("k"), v.int("n"))
			}
		},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			if v.word("model") == "swdc" {
				n = latticeOf(v).size()
				return n, mul(n, v.int("hosts")), mul(n, 3)
			}
			return n, mul(n, v.int("hosts")), mul(n, v.int("k")/2)
		},
		build: func(v *values, g *net) {
			source := random.New(uint64(v.int("seed")))
			if v.word("model") == "swdc" {
				r := source.Stream("generate/swdc")
				l := latticeOf(v)
				g.links(g.numbered(l.size(), v.int("hosts")), smallWorldDatacenter(l, exponent(v, l), &r))
				return
			}
			r := source.Stream("generate/watts-strogatz")
			edges := wattsStrogatz(int(v.int("n")), int(v.int("k")), v.real("p"), &r)
			if v.word("connected") == "true" {
				edges = join(int(v.int("n")), edges, &r, anyOf(&r))
			}
			g.links(g.numbered(v.int("n"), v.int("hosts")), edges)
		},
	}
}

// wattsStrogatz goes round the ring as the paper does: first all links to the next
// switch, then those to the one after it, and so on. Which links are moved is drawn as
// the gaps between them. A switch that is linked to all others keeps its links.
func wattsStrogatz(n, k int, p float64, r *random.Stream) []edge {
	half := k / 2
	edges := make([]edge, 0, n*half)
	degree := make([]int32, n)
	for lap := 1; lap <= half; lap++ {
		for i := range n {
			edges = append(edges, edge{int32(i), int32((i + lap) % n)})
		}
	}
	for i := range degree {
		degree[i] = int32(k)
	}
	// A pair is linked if it is on the lattice and was not moved, or was moved to.
	left := make([]bool, n*half)
	moved := newPairSet(int(float64(n*half) * p))
	linked := func(a, b int32) bool {
		d := int(b-a+int32(n)) % n
		switch {
		case d <= half && !left[(d-1)*n+int(a)]:
			return true
		case n-d <= half && !left[(n-d-1)*n+int(b)]:
			return true
		}
		return moved.has(a, b)
	}
	s := newSkipper(p)
	total := int64(len(edges))
	for i := s.gap(r, total); i < total; i += 1 + s.gap(r, total) {
		e := &edges[i]
		if int(degree[e.a]) == n-1 {
			continue
		}
		to := int32(r.IntN(n))
		for to == e.a || linked(e.a, to) {
			to = int32(r.IntN(n))
		}
		left[i] = true
		moved.add(e.a, to)
		degree[e.b]--
		degree[to]++
		e.b = to
	}
	return edges
}
