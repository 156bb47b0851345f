package generate

func star() Kind {
	return Kind{
		Name: "star", Short: "Switches around a hub",
		Doc: "A switch called hub and N switches s1..sN around it, each linked to it alone, each with hosts: h1..hN, or h1s1, h2s1, ... when there are several. " +
			"(Mininet's star of hosts around one switch is single.) Port I of the hub leads to sI.",
		Source: "networkx.star_graph; ns-3's PointToPointStarHelper",
		Options: []OptionDoc{
			{Name: "n", Alias: "k", Initial: "4", Doc: "number of switches around the hub", min: 1},
			hostsOption("switch around the hub")},
		Args: []string{"n", "hosts"},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			return add(n, 1), mul(n, v.int("hosts")), n
		},
		build: func(v *values, g *net) {
			hub := g.sw("hub")
			for i := range v.int("n") {
				g.link(hub, g.numberedSwitch(i+1, v.int("hosts")))
			}
		},
	}
}
