package shortestpath

import (
	"cmp"
	"slices"
	"strconv"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// groups are the groups in use: one for each list of ports of a switch, shared by the
// destinations and pairs that leave by them.
type groups struct {
	used map[groupKey]int // destinations and pairs
	idle []groupKey       // to be taken back unless used again
}

type groupKey struct {
	sw   model.NodeID
	name string
}

// use gives the name of the group over some ports: a select group spreads flows over them,
// a fast-failover group takes the first that is up.
func (g *groups) use(sw model.NodeID, kind flow.GroupType, ports []model.PortNo, out *app.Commands) string {
	name := groupName(kind, ports...)
	if g.used == nil {
		g.used = map[groupKey]int{}
	}
	k := groupKey{sw, name}
	if _, known := g.used[k]; !known {
		buckets := make([]flow.Bucket, len(ports))
		for i, port := range ports {
			buckets[i] = flow.Bucket{WatchPort: uint32(port), WatchGroup: flow.GroupAny, Actions: []flow.Action{flow.Out(uint32(port))}}
			if kind == flow.Select {
				buckets[i].Weight = 1
			}
		}
		out.SetGroup(sw, flow.Group{Name: name, Type: kind, Buckets: buckets})
	}
	g.used[k]++
	return name
}

func groupName(kind flow.GroupType, ports ...model.PortNo) string {
	name := "ecmp"
	if kind == flow.FastFailover {
		name = "protect"
	}
	for _, port := range ports {
		name += "-" + strconv.FormatUint(uint64(port), 10)
	}
	return name
}

// release says that a destination or a pair does not use a group any more.
func (g *groups) release(sw model.NodeID, name string) {
	k := groupKey{sw, name}
	if g.used[k]--; g.used[k] == 0 {
		g.idle = append(g.idle, k)
	}
}

// sweep takes back the groups that nothing uses.
func (g *groups) sweep(out *app.Commands) {
	slices.SortFunc(g.idle, func(a, b groupKey) int { return cmp.Or(cmp.Compare(a.sw, b.sw), cmp.Compare(a.name, b.name)) })
	for _, k := range g.idle {
		if n, known := g.used[k]; known && n == 0 {
			out.RemoveGroup(k.sw, k.name)
			delete(g.used, k)
		}
	}
	g.idle = g.idle[:0]
}
