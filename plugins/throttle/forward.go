package throttle

import (
	"slices"

	"sendim/core/graph"
	"sendim/core/model"
)

// forward adds the rules that carry packets along paths of fewest links, for an app that
// nobody follows: on every switch one for every host that it can reach. Spare links carry
// only where without them something is cut off; of equal paths the one by the link that
// the descriptor names first is taken.
func (a *throttle) forward(rules map[ruleKey]treatment) {
	from, to := a.view.Columns()
	g, err := graph.New(len(a.view.Switches()), from, to)
	if err != nil { // columns of a view fit together
		panic(err)
	}
	closed, work := a.closed(g)
	fields := map[model.NodeID][]int32{}
	for _, h := range a.view.Hosts() {
		if first, ok := a.view.HostByIP(h.IP); !ok || first.ID != h.ID {
			continue
		}
		home, known := a.view.SwitchNumber(h.At.Switch)
		if !known {
			continue
		}
		dist := fields[h.At.Switch]
		if dist == nil {
			dist = slices.Clone(work.Hops(home, closed, nil))
			fields[h.At.Switch] = dist
		}
		var arcs []int32
		for n, s := range a.view.Switches() {
			if int32(n) == home {
				rules[ruleKey{sw: s.ID, to: h.IP}] = treatment{port: h.At.Port}
			} else if arcs = graph.Next(g, int32(n), dist, graph.Weights{}, closed, arcs[:0]); len(arcs) > 0 {
				rules[ruleKey{sw: s.ID, to: h.IP}] = treatment{port: a.view.PortOf(arcs[0]).Port}
			}
		}
	}
}

// closed gives the arcs that paths do not take.
func (a *throttle) closed(g *graph.Graph) (graph.Set, *graph.Workspace) {
	links, work := a.view.Links(), graph.NewWorkspace(g)
	down, off := graph.NewSet(2*len(links)), graph.NewSet(2*len(links))
	for i := range links {
		if !links[i].Up {
			down.AddLink(i)
		}
		if !links[i].Up || links[i].Spare {
			off.AddLink(i)
		}
	}
	_, with := work.Components(down, nil)
	if _, without := work.Components(off, nil); with != without {
		return down, work
	}
	return off, work
}
