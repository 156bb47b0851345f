package generate

import "sendim/core/model"

func torus() Kind {
	return Kind{
		Name: "torus", Short: "A grid that is closed around its edges",
		Doc: "Switches s1x1..sXxY joined right and down, around the edges; each with N hosts: h1x1, or h1x1x1, ... when N > 1 (Mininet's torus, with its DPIDs). It has loops.",
		Options: []OptionDoc{
			{Name: "x", Doc: "rows", min: 3, max: 1 << 20},
			{Name: "y", Doc: "columns", min: 3, max: 1 << 20},
			{Name: "n", Alias: "hosts", Initial: "1", Doc: "hosts per switch", min: 1}},
		Args: []string{"x", "y", "n"},
		size: func(v *values) (switches, hosts, links int64) {
			switches = mul(v.int("x"), v.int("y"))
			return switches, mul(switches, v.int("n")), mul(2, switches)
		},
		build: func(v *values, g *net) {
			x, y, n := v.int("x"), v.int("y"), v.int("n")
			switches := make([]model.NodeID, 0, x*y)
			for i := range x {
				for j := range y {
					s := g.sw("s", i+1, "x", j+1)
					if y < 256 { // beyond, Mininet's formula would repeat itself
						g.b.SetNodeExtra(s, model.Identity{DPID: uint64((i+1)*256 + j + 1)}, nil, nil)
					}
					switches = append(switches, s)
					for k := int64(1); k <= n; k++ {
						if n == 1 {
							g.link(g.host("h", i+1, "x", j+1), s)
						} else {
							g.link(g.host("h", i+1, "x", j+1, "x", k), s)
						}
					}
				}
			}
			for i := range x {
				for j := range y {
					g.link(switches[i*y+j], switches[i*y+(j+1)%y])
					g.link(switches[i*y+j], switches[(i+1)%x*y+j])
				}
			}
		},
	}
}
