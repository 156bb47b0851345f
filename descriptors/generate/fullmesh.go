package generate

func fullMesh() Kind {
	return Kind{
		Name: "full-mesh", Short: "Every switch linked to every other",
		Doc:    "Switches s1..sN, each linked to every other, each with hosts: h1..hN, or h1s1, h2s1, ... when there are several. It has loops.",
		Source: "networkx.complete_graph",
		Options: []OptionDoc{
			{Name: "n", Alias: "k", Initial: "4", Doc: "number of switches", min: 1},
			hostsOption("switch")},
		Args: []string{"n", "hosts"},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			return n, mul(n, v.int("hosts")), pairs(n)
		},
		build: func(v *values, g *net) {
			ids := g.numbered(v.int("n"), v.int("hosts"))
			for i, a := range ids {
				for _, z := range ids[i+1:] {
					g.link(a, z)
				}
			}
		},
	}
}
