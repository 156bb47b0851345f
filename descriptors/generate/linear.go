package generate

import "sendim/core/model"

func linear() Kind {
	return Kind{
		Name: "linear", Short: "Switches in a row",
		Doc: "Switches s1..sK in a row, each with N hosts: h1..hK, or h1s1, h2s1, ... when N > 1 (Mininet's linear).",
		Options: []OptionDoc{
			{Name: "k", Initial: "2", Doc: "number of switches", min: 1},
			{Name: "n", Alias: "hosts", Initial: "1", Doc: "hosts per switch", min: 1}},
		Args: []string{"k", "n"},
		size: func(v *values) (switches, hosts, links int64) {
			k, n := v.int("k"), v.int("n")
			return k, mul(k, n), k - 1
		},
		build: func(v *values, g *net) {
			last := model.NoNode
			for i := int64(1); i <= v.int("k"); i++ {
				s := g.sw("s", i)
				if v.int("n") == 1 {
					g.link(g.host("h", i), s)
				} else {
					for j := int64(1); j <= v.int("n"); j++ {
						g.link(g.host("h", j, "s", i), s)
					}
				}
				if last != model.NoNode {
					g.link(s, last)
				}
				last = s
			}
		},
	}
}
