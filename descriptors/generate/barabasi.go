package generate

import "sendim/core/random"

func barabasiAlbert() Kind {
	return Kind{
		Name: "barabasi-albert", Short: "A random network with hubs, which has grown (preferential attachment)",
		Doc: "Switches s1..sN that came one after the other, each linking itself to M different earlier ones with probabilities proportional to their degrees; the first M+1 are a star around s1. " +
			"Each has hosts: h1..hN, or h1s1, h2s1, ... when there are several. It has M*(N-M) links, is connected, and has loops when M > 1.",
		Source: `Barabási, Albert, "Emergence of scaling in random networks", Science 286, 1999; the start as in networkx.barabasi_albert_graph`,
		Options: []OptionDoc{
			{Name: "n", Initial: "20", Doc: "number of switches", min: 2, max: 1 << 30},
			{Name: "m", Initial: "2", Doc: "links that a new switch brings; less than n", min: 1, max: 1 << 30},
			hostsOption("switch"), seedOption()},
		Args: []string{"n", "m"},
		check: func(v *values, fail func(string, string, ...any)) {
			if v.int("m") >= v.int("n") {
				fail("m", "%d is not less than n, which is %d", v.int("m"), v.int("n"))
			}
		},
		size: func(v *values) (switches, hosts, links int64) {
			n, m := v.int("n"), v.int("m")
			return n, mul(n, v.int("hosts")), mul(m, n-m)
		},
		build: func(v *values, g *net) {
			r := random.New(uint64(v.int("seed"))).Stream("generate/barabasi-albert")
			g.links(g.numbered(v.int("n"), v.int("hosts")), preferential(int(v.int("n")), int(v.int("m")), &r))
		},
	}
}

// preferential draws from a list in which every switch stands as often as it has links
// (Batagelj and Brandes, "Efficient generation of large random networks", Physical
// Review E 71, 2005, algorithm 5); one that was drawn already for the same newcomer is
// drawn again.
func preferential(n, m int, r *random.Stream) []edge {
	edges := make([]edge, 0, m*(n-m))
	for i := 1; i <= m; i++ {
		edges = append(edges, edge{0, int32(i)})
	}
	newest := make([]int32, n) // the newcomer that a switch was last drawn for
	for i := m + 1; i < n; i++ {
		known := len(edges)
		for len(edges) < known+m {
			end := r.IntN(2 * known)
			to := edges[end/2].a
			if end%2 == 1 {
				to = edges[end/2].b
			}
			if newest[to] != int32(i) {
				newest[to] = int32(i)
				edges = append(edges, edge{to, int32(i)})
			}
		}
	}
	return edges
}
