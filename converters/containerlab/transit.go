package containerlab

import "sendim/core/model"

// transit makes switches of hosts that join parts of the lab which are separate without
// them: containers forward unless they are told not to, and hosts of a model never do. A
// dummy is no part, as it leads nowhere.
func (r *reader) transit() {
	if r.ours {
		return
	}
	nodes := r.n.Nodes
	parent := make([]int32, len(nodes))
	for i := range parent {
		parent[i] = int32(i)
	}
	root := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	forwards := func(i int32) bool { return nodes[i].Kind == model.Switch }
	ends := make([][]int32, len(nodes)) // of each host: the other ends of its links
	for _, l := range r.n.Links {
		for _, e := range [2][2]int32{{l.A, l.B}, {l.B, l.A}} {
			if nodes[e[0]].Kind == model.Host && !nodes[e[0]].Outside && e[0] != e[1] && !dummy(nodes[e[1]].Properties) {
				ends[e[0]] = append(ends[e[0]], e[1])
			}
		}
		if forwards(l.A) && forwards(l.B) {
			parent[root(l.A)] = root(l.B)
		}
	}
	for i := range r.keys {
		joins := false
		for _, to := range ends[i] {
			joins = joins || root(to) != root(ends[i][0])
		}
		if !joins {
			continue
		}
		nodes[i].Kind = model.Switch
		r.joining++
		for _, to := range ends[i] {
			if forwards(to) {
				parent[root(to)] = root(int32(i))
			}
		}
	}
}

func dummy(list []model.Property) bool {
	return len(list) > 0 && list[0] == model.Property{Name: "clab.special", Value: "dummy"}
}
