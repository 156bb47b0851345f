package generate

import "sendim/core/model"

// fatTree follows Al-Fares, Loukissas, Vahdat, "A scalable, commodity data center
// network architecture" (SIGCOMM 2008), section 3.
func fatTree() Kind {
	return Kind{
		Name: "fat-tree", Short: "A folded Clos network of three stages, of switches with K ports",
		Source: `Al-Fares, Loukissas, Vahdat, "A scalable, commodity data center network architecture", SIGCOMM 2008, section 3`, Doc: "A k-ary fat-tree, m = k/2: cores c0..c(m*m-1); per pod P aggregations pPa0.. and edges pPe0..; " +
			"hosts h0.. with h = (P*m + e)*H + j. Aggregation a is linked to cores a*m .. a*m+m-1. " +
			"Ports: edge 1..H to its hosts, then H+1+a to aggregation a; aggregation 1+e to edge e, then m+1+c to core a*m+c; core 1+P to pod P.",
		Options: []OptionDoc{
			{Name: "k", Initial: "4", Doc: "ports per switch, even", min: 2, max: 1 << 12, even: true},
			{Name: "hosts", Alias: "n", Initial: "k/2", Doc: "hosts per edge switch", min: 0}},
		Args: []string{"k", "hosts"},
		size: func(v *values) (switches, hosts, links int64) {
			k := v.int("k")
			m := k / 2
			return add(mul(m, m), mul(k, k)), mul(k, m, edgeHosts(v)), mul(2, k, m, m)
		},
		build: func(v *values, g *net) {
			k := v.int("k")
			m, hosts := k/2, edgeHosts(v)
			cores, aggs := make([]model.NodeID, m*m), make([]model.NodeID, m)
			for c := range cores {
				cores[c] = g.sw("c", int64(c))
			}
			h := int64(0)
			edges := make([]model.NodeID, m)
			for pod := range k {
				for a := range m {
					aggs[a] = g.sw("p", pod, "a", a)
				}
				for e := range m {
					edges[e] = g.sw("p", pod, "e", e)
				}
				for e := range m {
					for range hosts {
						g.link(edges[e], g.host("h", h))
						h++
					}
					for a := range m {
						g.link(edges[e], aggs[a])
					}
				}
				for a := range m {
					for c := range m {
						g.link(aggs[a], cores[a*m+c])
					}
				}
			}
		},
	}
}

func edgeHosts(v *values) int64 {
	if v.said("hosts") {
		return v.int("hosts")
	}
	return v.int("k") / 2
}
