package generate

import "sendim/core/model"

func leafSpine() Kind {
	return Kind{
		Name: "leaf-spine", Short: "Leaves and spines: a folded Clos network of two stages",
		Doc: "Switches spine1..spineS and leaf1..leafL, every leaf linked to every spine (a folded Clos network of two stages); hosts h1.. at the leaves: " +
			"host J of leaf I is h((I-1)*H + J). Ports: leaf 1..H to its hosts, then H+I to spine I; port I of a spine to leaf I.",
		Source: `Alizadeh, Edsall, "On the data path performance of leaf-spine datacenter fabrics", IEEE Hot Interconnects 2013`,
		Options: []OptionDoc{
			{Name: "spines", Initial: "2", Doc: "number of spines", min: 1},
			{Name: "leaves", Initial: "4", Doc: "number of leaves", min: 1},
			{Name: "hosts", Alias: "n", Initial: "2", Doc: "hosts per leaf"}},
		Args: []string{"spines", "leaves", "hosts"},
		size: func(v *values) (switches, hosts, links int64) {
			s, l := v.int("spines"), v.int("leaves")
			return add(s, l), mul(l, v.int("hosts")), mul(s, l)
		},
		build: func(v *values, g *net) {
			spines := make([]model.NodeID, v.int("spines"))
			for i := range spines {
				spines[i] = g.sw("spine", int64(i)+1)
			}
			h := int64(0)
			for i := range v.int("leaves") {
				leaf := g.sw("leaf", i+1)
				for range v.int("hosts") {
					h++
					g.link(g.host("h", h), leaf)
				}
				for _, s := range spines {
					g.link(leaf, s)
				}
			}
		},
	}
}
