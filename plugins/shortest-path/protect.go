package shortestpath

import (
	"fmt"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/graph"
	"sendim/core/model"
)

// A loop-free alternate (RFC 5286) of a switch S for a destination D is a neighbour N that
// S may hand packets to when the link to its next hop has failed, because none of N's
// shortest paths to D leads through S, and so none over the failed link:
//
//	d(N,D) < d(N,S) + d(S,D)    (inequality 1)
//
// Until the app hears of the failure N and those behind it go on as before, and the packet
// arrives. What is protected is one link. With two failures at once a packet may come back
// to S; a downstream neighbour is nearer to D than S itself,
//
//	d(N,D) < d(S,D)             (inequality 3)
//
// so that packets come nearer with every alternate that they meet, and never go around.

// cover is what finding alternates needs to know of the network.
type cover struct {
	back []int64 // by arc from S to N: d(N,S)
	// Of the next hops of switches to destinations as they are, how many have an alternate,
	// and what was said about it last.
	said string
}

func (a *router) protects() bool { return a.opt.protect == "link" || a.opt.protect == "downstream" }

// measure works out how far it is from every neighbour back.
func (c *cover) measure(r *routes) {
	c.back = make([]int64, 2*r.g.Links())
	var dist []int64
	for s := range int32(r.g.Nodes()) {
		dist = r.distances(s, dist)
		for i := r.g.Off[s]; i < r.g.Off[s+1]; i++ {
			arc := r.g.Arc[i]
			c.back[arc] = dist[r.g.Head(arc)]
		}
	}
}

// alternate is the port by which a switch goes on when the link of an arc, by which it goes
// to the destination of a distance field, is down: the one of all loop-free alternates that
// makes the path shortest, of several as good the one of the lowest number; 0 if there is
// none.
func (a *router) alternate(at, primary int32, dist []int64) model.PortNo {
	if !a.protects() {
		return 0
	}
	r := &a.routes
	best, length := int32(-1), int64(0)
	for i := r.g.Off[at]; i < r.g.Off[at+1]; i++ {
		arc := r.g.Arc[i]
		if arc == primary || r.closed().Has(arc) {
			continue
		}
		n := r.g.Head(arc)
		switch {
		case dist[n] == graph.Unreachable || a.cover.back[arc] == graph.Unreachable:
			continue
		case a.opt.protect == "downstream" && dist[n] >= dist[at]:
			continue
		case dist[n] >= a.cover.back[arc]+dist[at]:
			continue
		}
		if l := r.weights.Of(arc) + dist[n]; best < 0 || l < length {
			best, length = arc, l
		}
	}
	if best < 0 {
		return 0
	}
	return a.view.PortOf(best).Port
}

// choice is how the switch of a hop sends.
func (h hop) choice() choice {
	c := choice{port: h.Port}
	if h.Over != 0 {
		c.group = protectName(h.Port, h.Over)
	}
	return c
}

func protectName(port, over model.PortNo) string { return groupName(flow.FastFailover, port, over) }

// usePairs makes the groups of pairs that leave the common way.
func (a *router) usePairs(pairs map[pair][]hop, out *app.Commands) {
	if !a.protects() {
		return
	}
	for _, k := range sortedKeys(pairs) {
		for _, h := range pairs[k] {
			if h.Over != 0 {
				a.groups.use(h.Switch, flow.FastFailover, []model.PortNo{h.Port, h.Over}, out)
			}
		}
	}
}

// reportCover says how many next hops are protected, when that has changed. The link of a
// host is none: a host that is attached once is lost with it.
func (a *router) reportCover(out *app.Commands) {
	total, without := 0, 0
	for _, d := range a.dests {
		for _, c := range d.choice {
			if c != (choice{}) {
				total++
			}
			if c.port != 0 && c.group == "" {
				without++
			}
		}
		for _, hops := range d.pairs {
			for _, h := range hops {
				total++
				if h.Over == 0 {
					without++
				}
			}
		}
	}
	text := fmt.Sprintf("protect=%s: %d of %d next hops have an alternate, %d are unprotected", a.opt.protect, total-without, total, without)
	if text != a.cover.said {
		a.cover.said = text
		out.Log("info", text)
		out.Report("unprotected", float64(without))
	}
}
