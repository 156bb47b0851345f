package generate

import "sendim/core/random"

func jellyfish() Kind {
	return Kind{
		Name: "jellyfish", Short: "A data centre as a random regular graph",
		Doc: "Switches s1..sN of K ports, R of which lead to other switches, as a random regular graph; hosts at the rest: h1..hN, or h1s1, h2s1, ... when there are several per switch. " +
			"Built as the paper does: switches with free ports, not yet neighbours, are linked at random while there are any; then a random link is opened for two ports that stay free. " +
			"It has N*R/2 links; if N*R is odd, one port stays free.",
		Source: `Singla, Hong, Popa, Godfrey, "Jellyfish: networking data centers randomly", NSDI 2012, section 3`,
		Options: []OptionDoc{
			{Name: "n", Alias: "switches", Initial: "20", Doc: "number of switches", min: 2, max: 1 << 30},
			{Name: "k", Alias: "ports", Initial: "4", Doc: "ports per switch", min: 1, max: 1 << 16},
			{Name: "r", Alias: "degree", Initial: "3", Doc: "ports that lead to other switches; at most k, less than n", min: 1, max: 1 << 16},
			{Name: "hosts", Initial: "k-r", Doc: "hosts per switch; at most k-r", max: 1 << 16},
			connectedOption("parts, which are unlikely when r is 3 or more, are joined by exchanging the ends of two links, so that all degrees stay"),
			seedOption()},
		Args: []string{"n", "k", "r"},
		check: func(v *values, fail func(string, string, ...any)) {
			n, k, r := v.int("n"), v.int("k"), v.int("r")
			switch {
			case r > k:
				fail("r", "%d is more than the %d ports of a switch", r, k)
			case r >= n:
				fail("r", "%d is not less than n, which is %d", r, n)
			case jellyfishHosts(v) > k-r:
				fail("hosts", "%d are more than the %d ports that are left of %d", jellyfishHosts(v), k-r, k)
			case v.word("connected") == "true" && r == 1 && n > 2:
				fail("connected", "with r=1 only two switches can be")
			}
		},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			return n, mul(n, jellyfishHosts(v)), mul(n, v.int("r")) / 2
		},
		build: func(v *values, g *net) {
			n, r := int(v.int("n")), int(v.int("r"))
			stream := random.New(uint64(v.int("seed"))).Stream("generate/jellyfish")
			edges := regular(n, r, &stream)
			if v.word("connected") == "true" {
				exchange(n, edges, &stream)
			}
			g.links(g.numbered(int64(n), jellyfishHosts(v)), edges)
		},
	}
}

func jellyfishHosts(v *values) int64 {
	if v.said("hosts") {
		return v.int("hosts")
	}
	return v.int("k") - v.int("r")
}

// regular is Jellyfish's random regular graph.
func regular(n, r int, stream *random.Stream) []edge {
	w := newWiring(n, r, n*r/2, stream)
	w.match(r)
	return w.edges
}

// exchange makes one part of a graph and keeps all degrees: for each part a link that
// closes a loop in it and a random link of the parts before it become two links
// between them. Every part must have a loop.
func exchange(n int, edges []edge, r *random.Stream) {
	p := takeApart(n, edges)
	if p.count() < 2 {
		return
	}
	byPart, loops := make([][]int32, p.count()), make([][]int32, p.count())
	for i, e := range edges {
		byPart[p.part[e.a]] = append(byPart[p.part[e.a]], int32(i))
	}
	for _, i := range p.loops {
		c := p.part[edges[i].a]
		loops[c] = append(loops[c], i)
	}
	before := byPart[0]
	for c := 1; c < p.count(); c++ {
		i, j := loops[c][r.IntN(len(loops[c]))], before[r.IntN(len(before))]
		e, f := edges[i], edges[j]
		if r.Uint64()&1 == 1 {
			f.a, f.b = f.b, f.a
		}
		edges[i], edges[j] = edge{f.a, e.a}, edge{f.b, e.b}
		before = append(before, byPart[c]...)
	}
}
