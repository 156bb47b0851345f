package generate

func ring() Kind {
	return Kind{
		Name: "ring", Short: "Switches in a circle",
		Doc:    "Switches s1..sN in a circle, each with hosts: h1..hN, or h1s1, h2s1, ... when there are several. It has a loop.",
		Source: "networkx.cycle_graph",
		Options: []OptionDoc{
			{Name: "n", Alias: "k", Initial: "4", Doc: "number of switches", min: 3},
			hostsOption("switch")},
		Args: []string{"n", "hosts"},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			return n, mul(n, v.int("hosts")), n
		},
		build: func(v *values, g *net) {
			ids := g.numbered(v.int("n"), v.int("hosts"))
			for i, s := range ids {
				g.link(s, ids[(i+1)%len(ids)])
			}
		},
	}
}
