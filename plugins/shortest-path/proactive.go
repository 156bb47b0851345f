package shortestpath

import (
	"cmp"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/graph"
	"sendim/core/model"
	"sendim/core/packet"
)

// destination is a switch with hosts and what has been installed for them.
type destination struct {
	hosts  []attached
	dist   []int64
	choice []choice       // by number of switch
	pairs  map[pair][]hop // where a pair leaves the common way
}

// attached is a host at its switch.
type attached struct {
	ip   packet.IPv4
	port model.PortNo
}

// choice is how a switch sends to a destination: by a port, or by a group over several, of
// which the port, if there is one, is the first.
// The zero choice is: not at all.
type choice struct {
	port  model.PortNo
	group string
}

// action is what a rule does to follow a choice; equal ones are one slice.
func (a *router) action(c choice) []flow.Action {
	list := a.actions[c]
	if list == nil {
		if list = []flow.Action{flow.Out(uint32(c.port))}; c.group != "" {
			list[0] = flow.InGroup(c.group)
		}
		a.actions[c] = list
	}
	return list
}

// attachedHosts gathers the hosts with an address by their switches.
func (a *router) attachedHosts() map[model.NodeID][]attached {
	out := map[model.NodeID][]attached{}
	for _, h := range a.view.Hosts() {
		if first, ok := a.view.HostByIP(h.IP); ok && first.ID == h.ID {
			out[h.At.Switch] = append(out[h.At.Switch], attached{h.IP, h.At.Port})
		}
	}
	for _, list := range out { // each is sorted by itself: the order of the map does not matter
		slices.SortFunc(list, func(x, y attached) int { return cmp.Compare(x.ip, y.ip) })
	}
	return out
}

// refreshAll works out every destination anew and sends what differs.
func (a *router) refreshAll(out *app.Commands) {
	hosts := a.attachedHosts()
	var all []model.NodeID
	for sw := range hosts {
		all = append(all, sw)
	}
	for sw := range a.dests {
		if hosts[sw] == nil {
			all = append(all, sw)
		}
	}
	slices.Sort(all)
	a.refresh(all, hosts, out)
}

// reshape follows switches and links that appeared or vanished: numbers of switches move.
func (a *router) reshape() {
	before := a.routes.order
	a.routes.reset(&a.view, a.opt.weight)
	for _, d := range a.dests { // each is changed by itself
		if d.choice == nil {
			continue
		}
		moved := make([]choice, len(a.view.Switches()))
		for n, c := range d.choice {
			if to, ok := a.view.SwitchNumber(before[n]); ok {
				moved[to] = c
			}
		}
		d.choice = moved
	}
}

// refreshThrough works out anew the destinations that a link concerns: for one that went
// down, those to which a shortest path led through it; for one that came up, those to which
// one does now.
func (a *router) refreshThrough(link int32, up bool, out *app.Commands) {
	u, v := a.routes.g.Tail(2*link), a.routes.g.Head(2*link)
	length := a.routes.weights.Of(2 * link)
	var concerned []model.NodeID
	for sw, d := range a.dests {
		x, y := d.dist[u], d.dist[v]
		if x > y {
			x, y = y, x
		}
		through := x != graph.Unreachable && (y-x == length || up && y-x > length)
		if x == graph.Unreachable && y != graph.Unreachable {
			through = up
		}
		if through {
			concerned = append(concerned, sw)
		}
	}
	slices.Sort(concerned)
	a.refresh(concerned, a.attachedHosts(), out)
}

// refresh brings destinations up to date: groups first, then new and changed rules, the
// nearest to the destination first, then what is no longer wanted.
func (a *router) refresh(switches []model.NodeID, hosts map[model.NodeID][]attached, out *app.Commands) {
	if a.protects() {
		a.cover.measure(&a.routes)
	}
	var gone []removal
	for _, sw := range switches {
		gone = append(gone, a.refreshOne(sw, hosts, out)...)
	}
	homes := map[packet.IPv4]model.NodeID{}
	if len(gone) > 0 {
		for sw, list := range hosts {
			for _, h := range list {
				homes[h.ip] = sw
			}
		}
	}
	for _, r := range gone {
		if !a.wanted(&r, homes) {
			out.Remove(r.sw, r.rule)
		}
	}
	a.groups.sweep(out)
	if a.protects() {
		a.reportCover(out)
	}
}

// removal is a rule that is no longer wanted: the one for a destination, or for a pair.
type removal struct {
	sw   model.NodeID
	rule flow.Rule
	ip   packet.IPv4
	pair pair
}

// wanted says that a rule has another's place: its host has moved, and where it is now the
// same rule, with another action, has been installed already.
func (a *router) wanted(r *removal, homes map[packet.IPv4]model.NodeID) bool {
	ip := r.ip
	if ip == 0 {
		ip = r.pair.Dst
	}
	home, ok := homes[ip]
	d := a.dests[home]
	if !ok || d == nil {
		return false
	}
	if r.ip == 0 {
		return portAt(d.pairs[r.pair], r.sw) != 0
	}
	n, ok := a.view.SwitchNumber(r.sw)
	return ok && d.to(ip, n, home, a) != (choice{})
}

func (a *router) refreshOne(sw model.NodeID, hosts map[model.NodeID][]attached, out *app.Commands) (gone []removal) {
	at, known := a.view.SwitchNumber(sw)
	old, now := a.dests[sw], &destination{}
	if old == nil {
		old = &destination{}
	}
	if known && len(hosts[sw]) > 0 {
		now.hosts = hosts[sw]
		now.dist = a.routes.distances(at, nil)
		now.choice = a.choices(now.dist, out)
		if a.opt.ecmp == "pair" {
			now.pairs = a.spread(sw, now, hosts)
			a.usePairs(now.pairs, out)
		}
		a.dests[sw] = now
	} else {
		delete(a.dests, sw)
	}
	numbers := byDistance(now.dist, len(a.view.Switches()))
	for _, h := range union(old.hosts, now.hosts) {
		match := toHost(h.ip) // one for all switches: rules are many
		for _, n := range numbers {
			was, is := old.to(h.ip, n, sw, a), now.to(h.ip, n, sw, a)
			if was == is {
				continue
			}
			id := a.view.Switches()[n].ID
			if is == (choice{}) {
				gone = append(gone, removal{sw: id, rule: flow.Rule{Priority: a.opt.priority, Match: match}, ip: h.ip})
				continue
			}
			out.Install(id, flow.Rule{Priority: a.opt.priority, Match: match, Apply: a.action(is)})
		}
	}
	for n, c := range old.choice {
		if c.group != "" {
			a.groups.release(a.view.Switches()[n].ID, c.group)
		}
	}
	for _, hops := range old.pairs { // in which order does not matter: it is sorted before it is sent
		for _, h := range hops {
			if h.Over != 0 {
				a.groups.release(h.Switch, protectName(h.Port, h.Over))
			}
		}
	}
	return append(gone, a.changePairs(old.pairs, now.pairs, out)...)
}

// to is how a switch sends to one host of the destination.
func (d *destination) to(ip packet.IPv4, number int32, home model.NodeID, a *router) choice {
	i, ok := slices.BinarySearchFunc(d.hosts, ip, func(h attached, ip packet.IPv4) int { return cmp.Compare(h.ip, ip) })
	switch {
	case !ok || int(number) >= len(d.choice):
		return choice{}
	case a.view.Switches()[number].ID == home:
		return choice{port: d.hosts[i].port}
	}
	return d.choice[number]
}

func union(a, b []attached) []attached {
	out := append(slices.Clone(a), b...)
	slices.SortStableFunc(out, func(x, y attached) int { return cmp.Compare(x.ip, y.ip) })
	return slices.CompactFunc(out, func(x, y attached) bool { return x.ip == y.ip })
}

// byDistance orders the numbers of switches: the nearest first, then by number; what
// cannot reach the destination last.
func byDistance(dist []int64, count int) []int32 {
	out := make([]int32, count)
	for i := range out {
		out[i] = int32(i)
	}
	slices.SortStableFunc(out, func(x, y int32) int {
		var dx, dy int64
		if int(x) < len(dist) {
			dx = dist[x]
		}
		if int(y) < len(dist) {
			dy = dist[y]
		}
		return cmp.Compare(uint64(dx), uint64(dy)) // Unreachable is the greatest
	})
	return out
}

// choices gives every switch its way to the destination of a distance field, and makes
// the groups that are new.
func (a *router) choices(dist []int64, out *app.Commands) []choice {
	of := make([]choice, len(dist))
	var arcs []int32
	for n := range of {
		arcs = a.routes.next(int32(n), dist, arcs[:0])
		switch {
		case len(arcs) == 0:
		case len(arcs) == 1 || a.opt.ecmp != "group":
			of[n].port = a.view.PortOf(arcs[0]).Port
			if over := a.alternate(int32(n), arcs[0], dist); over != 0 {
				of[n].group = a.groups.use(a.view.Switches()[n].ID, flow.FastFailover, []model.PortNo{of[n].port, over}, out)
			}
		default:
			ports := make([]model.PortNo, len(arcs))
			for i, arc := range arcs {
				ports[i] = a.view.PortOf(arc).Port
			}
			of[n].group = a.groups.use(a.view.Switches()[n].ID, flow.Select, ports, out)
		}
	}
	return of
}

// spread finds, for every pair to a destination's hosts, the rules by which its path
// leaves the common way, where there are several next hops.
func (a *router) spread(home model.NodeID, d *destination, hosts map[model.NodeID][]attached) map[pair][]hop {
	var r graph.Routes
	graph.Fill(&r, a.routes.g, d.dist, a.routes.weights, a.routes.closed())
	several := false
	for n := range d.dist {
		several = several || len(r.Of(int32(n))) > 1
	}
	if !several {
		return nil
	}
	out := map[pair][]hop{}
	for sw, sources := range hosts { // every pair is worked out by itself
		from, ok := a.view.SwitchNumber(sw)
		if !ok || sw == home || d.dist[from] == graph.Unreachable {
			continue
		}
		for _, src := range sources {
			for _, dst := range d.hosts {
				k := pair{src.ip, dst.ip}
				var hops []hop
				for at := from; d.dist[at] > 0; {
					arcs, id := r.Of(at), a.view.Switches()[at].ID
					arc := choose(arcs, k, id)
					if port := a.view.PortOf(arc).Port; port != d.choice[at].port {
						hops = append(hops, hop{id, port, a.alternate(at, arc, d.dist)})
					}
					at = a.routes.g.Head(arc)
				}
				if hops != nil {
					out[k] = hops
				}
			}
		}
	}
	return out
}

// changePairs sends what differs between the rules of pairs.
func (a *router) changePairs(old, now map[pair][]hop, out *app.Commands) (gone []removal) {
	for _, k := range sortedKeys(now) {
		gone = append(gone, a.changePair(k, old[k], now[k], 0, out)...)
	}
	for _, k := range sortedKeys(old) {
		if now[k] == nil {
			gone = append(gone, a.changePair(k, old[k], nil, 0, out)...)
		}
	}
	return gone
}

// changePair installs a pair's rules from the destination backwards and gives those that
// are no longer wanted.
func (a *router) changePair(k pair, old, now []hop, idle uint16, out *app.Commands) (gone []removal) {
	match := between(k)
	for _, h := range slices.Backward(now) {
		if !slices.Contains(old, h) {
			out.Install(h.Switch, flow.Rule{Priority: a.opt.priority + 1, Match: match, Idle: idle, SendRemoved: idle != 0,
				Apply: a.action(h.choice())})
		}
	}
	for _, h := range old {
		if !slices.ContainsFunc(now, func(x hop) bool { return x.Switch == h.Switch }) {
			gone = append(gone, removal{sw: h.Switch, rule: flow.Rule{Priority: a.opt.priority + 1, Match: match}, pair: k})
		}
	}
	return gone
}

func sortedKeys(m map[pair][]hop) []pair {
	out := make([]pair, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b pair) int { return cmp.Or(cmp.Compare(a.Dst, b.Dst), cmp.Compare(a.Src, b.Src)) })
	return out
}
