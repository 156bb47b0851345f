package generate

import "sendim/core/model"

func single() Kind {
	return Kind{
		Name: "single", Doc: "One switch s1 with hosts h1..hK (Mininet's single).",
		Options: []OptionDoc{{Name: "k", Alias: "hosts", Initial: "2", Doc: "number of hosts", min: 1}},
		Args:    []string{"k"},
		size:    func(v *values) (nodes, links int64) { return add(v.int("k"), 1), v.int("k") },
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
		Name: "minimal", Doc: "One switch s1 with hosts h1 and h2 (Mininet's minimal).",
		size: func(*values) (nodes, links int64) { return 3, 2 },
		build: func(_ *values, n *net) {
			s := n.sw("s", int64(1))
			n.link(n.host("h", int64(1)), s)
			n.link(n.host("h", int64(2)), s)
		},
	}
}

func reversed() Kind {
	k := single()
	k.Name, k.Doc = "reversed", "As single, but the first host is at the highest port (Mininet's reversed)."
	k.build = func(v *values, n *net) {
		s := n.sw("s", int64(1))
		k := v.int("k")
		for h := int64(1); h <= k; h++ {
			n.linkAt(n.host("h", h), s, 0, model.PortNo(k-h+1))
		}
	}
	return k
}
