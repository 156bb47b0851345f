package generate

import "sendim/core/model"

func single() Kind {
	return Kind{
		Name: "single", Short: "A switch with hosts",
		Doc:     "One switch s1 with hosts h1..hK (Mininet's single).",
		Options: []OptionDoc{{Name: "k", Alias: "hosts", Initial: "2", Doc: "number of hosts", min: 1}},
		Args:    []string{"k"},
		flat:    true,
		size:    func(v *values) (switches, hosts, links int64) { return 1, v.int("k"), 0 },
		build: func(v *values, n *net) {
			s := n.sw("s", int64(1))
			for h := int64(1); h <= v.int("k"); h++ {
				n.link(n.host("h", h), s)
			}
		},
	}
}

func minimal() Kind {
	return Kind{
		Name: "minimal", Short: "A switch with two hosts",
		Doc:  "One switch s1 with hosts h1 and h2 (Mininet's minimal).",
		flat: true,
		size: func(*values) (switches, hosts, links int64) { return 1, 2, 0 },
		build: func(_ *values, n *net) {
			s := n.sw("s", int64(1))
			n.link(n.host("h", int64(1)), s)
			n.link(n.host("h", int64(2)), s)
		},
	}
}

func reversed() Kind {
	k := single()
	k.Name, k.Short, k.Doc = "reversed", "As single, with the ports the other way round", "As single, but the first host is at the highest port (Mininet's reversed)."
	k.build = func(v *values, n *net) {
		s := n.sw("s", int64(1))
		k := v.int("k")
		for h := int64(1); h <= k; h++ {
			n.linkAt(n.host("h", h), s, 0, model.PortNo(k-h+1))
		}
	}
	return k
}
