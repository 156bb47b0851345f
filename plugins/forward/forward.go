package forward

import (
	"cmp"
	"slices"

	"sendim/core/app"
	"sendim/core/graph"
	"sendim/core/model"
	"sendim/core/packet"
)

// Ports gives the rules that carry IPv4 packets to every host: by which port a switch
// sends what is for an address. Of equal paths the one by the link with the lowest id is
// taken; spare links carry only where without them something is cut off. The rules for
// one host follow each other, those nearest to it first: installed in this order they
// lead nobody in a circle. Time is O(hosts * (switches + links)).
func Ports(v *app.View, yield func(sw model.NodeID, dst packet.IPv4, port model.PortNo)) {
	a, b := v.Columns()
	g, err := graph.New(len(v.Switches()), a, b)
	if err != nil { // columns of a view fit together
		panic(err)
	}
	work := graph.NewWorkspace(g)
	closed := closed(v, work)
	fields := map[int32]*field{}
	for _, h := range v.Hosts() {
		if first, ok := v.HostByIP(h.IP); !ok || first.ID != h.ID {
			continue
		}
		home, known := v.SwitchNumber(h.At.Switch)
		if !known {
			continue
		}
		f := fields[home]
		if f == nil {
			f = newField(g, work, closed, home)
			fields[home] = f
		}
		for i, n := range f.order {
			port := h.At.Port
			if i > 0 {
				port = v.PortOf(f.arc[i]).Port
			}
			yield(v.Switches()[n].ID, h.IP, port)
		}
	}
}

// field is how the switches reach one of them: by rising distance, each with the arc that
// it takes.
type field struct {
	order []int32
	arc   []int32
}

func newField(g *graph.Graph, work *graph.Workspace, closed graph.Set, home int32) *field {
	f := &field{}
	dist := work.Hops(home, closed, nil)
	for n, d := range dist {
		if d != graph.Unreachable {
			f.order = append(f.order, int32(n))
		}
	}
	slices.SortStableFunc(f.order, func(x, y int32) int { return cmp.Compare(dist[x], dist[y]) })
	var next []int32
	for i, n := range f.order {
		arc := int32(graph.None)
		if i > 0 {
			next = graph.Next(g, n, dist, graph.Weights{}, closed, next[:0])
			arc = next[0]
		}
		f.arc = append(f.arc, arc)
	}
	return f
}

// closed gives the arcs that paths do not take.
func closed(v *app.View, work *graph.Workspace) graph.Set {
	links := v.Links()
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
		return down
	}
	return off
}

// Parts numbers the parts into which links that are down divide the network, and gives
// each switch's, by its number in the view: packets pass between switches of one part.
func Parts(v *app.View) []int32 {
	a, b := v.Columns()
	g, err := graph.New(len(v.Switches()), a, b)
	if err != nil { // columns of a view fit together
		panic(err)
	}
	links := v.Links()
	down := graph.NewSet(2 * len(links))
	for i := range links {
		if !links[i].Up {
			down.AddLink(i)
		}
	}
	of, _ := graph.NewWorkspace(g).Components(down, nil)
	return of
}
