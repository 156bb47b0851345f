package generate

import "sendim/core/model"

func tree() Kind {
	return Kind{
		Name: "tree", Short: "A tree of switches with hosts as leaves",
		Doc: "A tree of switches with hosts as leaves, numbered depth first: s1..sM, h1..hN (Mininet's tree).",
		Options: []OptionDoc{
			{Name: "depth", Initial: "1", Doc: "levels of switches", min: 1, max: 40},
			{Name: "fanout", Initial: "2", Doc: "children per switch", min: 1}},
		Args: []string{"depth", "fanout"},
		size: func(v *values) (switches, hosts, links int64) {
			hosts = 1
			for range v.int("depth") {
				switches = add(switches, hosts)
				hosts = mul(hosts, v.int("fanout"))
			}
			return switches, hosts, switches - 1
		},
		build: func(v *values, g *net) {
			var switches, hosts int64
			var grow func(depth int64) model.NodeID
			grow = func(depth int64) model.NodeID {
				if depth == 0 {
					hosts++
					return g.host("h", hosts)
				}
				switches++
				s := g.sw("s", switches)
				for range v.int("fanout") {
					g.link(s, grow(depth-1))
				}
				return s
			}
			grow(v.int("depth"))
		},
	}
}
