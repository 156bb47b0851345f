package control

import (
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// view is the network as the runtime knows it: what the model describes, and what the
// switches have said of it. Only the first pass of a React changes it.
type view struct {
	net     *model.Network
	address Addressing
	up      nodes   // switches that are connected
	ends    []uint8 // by link: endA, endB when the switch at that end says the port is up

	// strays is what switches have said of ports that the network does not have, or does not
	// have yet.
	strays map[app.Port]bool
}

// mostStrays bounds what is kept of ports that may never be of the network.
const mostStrays = 1 << 12

const (
	endA uint8 = 1 << iota
	endB
)

func newView(net *model.Network, address Addressing) view {
	v := view{net: net, address: address, up: newNodes(net), ends: make([]uint8, net.LinkCount())}
	for l := range v.ends {
		v.unreported(model.LinkID(l))
	}
	return v
}

// unreported counts the ends of a link as up that are at no switch: those report nothing.
func (v *view) unreported(l model.LinkID) {
	a, b := v.net.EndColumns()
	if v.net.LinkGone(l) {
		return
	}
	if v.net.NodeKindOf(a[l]) != model.Switch {
		v.ends[l] |= endA
	}
	if v.net.NodeKindOf(b[l]) != model.Switch {
		v.ends[l] |= endB
	}
}

// nodes is a set of nodes, one bit each.
type nodes []uint64

func newNodes(net *model.Network) nodes { return make(nodes, (net.NodeCount()+63)/64) }

func (n nodes) has(id model.NodeID) bool { return n[id/64]>>(id%64)&1 != 0 }

func (n nodes) set(id model.NodeID, in bool) {
	if in {
		n[id/64] |= 1 << (id % 64)
	} else {
		n[id/64] &^= 1 << (id % 64)
	}
}

func (v *view) linkUp(l model.LinkID) bool { return v.ends[l] == endA|endB }

func end(a model.Arc) uint8 {
	if a&1 == 0 {
		return endA
	}
	return endB
}

func (v *view) portUp(a model.Arc) bool { return v.ends[a.Link()]&end(a) != 0 }

// setPort notes the state of the port that an arc leaves and says whether it is news.
func (v *view) setPort(a model.Arc, up bool) bool {
	if v.portUp(a) == up {
		return false
	}
	v.ends[a.Link()] ^= end(a)
	return true
}

// attachment is the arc from a host's switch to the host: of several links the one at
// the host's lowest port. What is external stands between where several hosts are at one
// port: then it is the arc to that. It is false for a host without a switch.
func (v *view) attachment(host model.NodeID) (model.Arc, bool) {
	for _, a := range v.net.Arcs(host) {
		switch peer := v.net.ArcTo(a).Node; v.net.NodeKindOf(peer) {
		case model.Switch:
			return a.Reverse(), true
		case model.External:
			for _, b := range v.net.Arcs(peer) {
				if v.net.NodeKindOf(v.net.ArcTo(b).Node) == model.Switch {
					return b.Reverse(), true
				}
			}
		}
	}
	return 0, false
}

func (v *view) switchInfo(sw model.NodeID) app.SwitchInfo {
	n := v.net.Node(sw)
	return app.SwitchInfo{ID: sw, Name: n.Name, Up: v.up.has(sw), Properties: n.Properties}
}

func (v *view) linkInfo(id model.LinkID) app.LinkInfo {
	l := v.net.Link(id)
	return app.LinkInfo{ID: id, A: app.Port{Switch: l.A.Node, Port: l.A.Port}, B: app.Port{Switch: l.B.Node, Port: l.B.Port},
		Rate: l.Spec.Rate, Delay: l.Spec.Delay, Weight: max(1, l.Spec.Weight), Spare: l.Spec.Spare, Up: v.linkUp(id)}
}

func (v *view) hostInfo(host model.NodeID, at model.Arc) app.HostInfo {
	e := v.net.ArcFrom(at)
	return app.HostInfo{ID: host, Name: v.net.NodeName(host), MAC: v.address.HostMAC(host), IP: v.address.HostIP(host),
		At: app.Port{Switch: e.Node, Port: e.Port}, Rate: v.net.ArcSpec(at).Rate, Up: v.linkUp(at.Link())}
}

// chunk is how many switches, links and hosts one Topology event has at most.
const chunk = 4096

// topology yields the network as it stands, in chunks: switches, then links, then hosts,
// each by rising id.
func (v *view) topology(yield func(*app.Topology)) {
	t, count := &app.Topology{}, 0
	full := func() {
		if count++; count == chunk {
			yield(t)
			t, count = &app.Topology{}, 0
		}
	}
	// Most chunks are full, and of one sort.
	room := func(left int) int { return min(chunk-count, left) }
	n, links, nodes := len(v.net.NodesOfKind(model.Switch)), v.net.LinkCount(), v.net.NodeCount()
	for id := range v.net.NodeCount() {
		if v.net.NodeKindOf(model.NodeID(id)) == model.Switch && !v.net.Gone(model.NodeID(id)) {
			if t.Switches == nil {
				t.Switches = make([]app.SwitchInfo, 0, room(n))
			}
			n--
			t.Switches = append(t.Switches, v.switchInfo(model.NodeID(id)))
			full()
		}
	}
	a, b := v.net.EndColumns()
	for id := range a {
		if v.net.NodeKindOf(a[id]) == model.Switch && v.net.NodeKindOf(b[id]) == model.Switch && a[id] != b[id] && !v.net.LinkGone(model.LinkID(id)) {
			if t.Links == nil {
				t.Links = make([]app.LinkInfo, 0, room(links-id))
			}
			t.Links = append(t.Links, v.linkInfo(model.LinkID(id)))
			full()
		}
	}
	for id := range v.net.NodeCount() {
		if v.net.NodeKindOf(model.NodeID(id)) != model.Host {
			continue
		}
		if at, ok := v.attachment(model.NodeID(id)); ok {
			if t.Hosts == nil {
				t.Hosts = make([]app.HostInfo, 0, room(nodes-id))
			}
			t.Hosts = append(t.Hosts, v.hostInfo(model.NodeID(id), at))
			full()
		}
	}
	t.Last = true
	yield(t)
}

// notePort takes a port's state as its switch reports it and tells the apps what follows:
// the port, then the link between switches or the host behind it.
func (r *Runtime) notePort(at model.Time, sw model.NodeID, s flow.PortState) {
	if arc, ok := r.net.ArcAtPort(sw, model.PortNo(s.Port)); ok {
		r.noteArc(at, sw, arc, s.Up)
	} else {
		r.view.stray(sw, s)
	}
}

// stray remembers the state of a port that the network does not have.
func (v *view) stray(sw model.NodeID, s flow.PortState) {
	at := app.Port{Switch: sw, Port: model.PortNo(s.Port)}
	if _, known := v.strays[at]; known || len(v.strays) < mostStrays {
		if v.strays == nil {
			v.strays = map[app.Port]bool{}
		}
		v.strays[at] = s.Up
	}
}

// noteArc is notePort for the port that an arc leaves.
func (r *Runtime) noteArc(at model.Time, sw model.NodeID, arc model.Arc, up bool) {
	link := arc.Link()
	was := r.view.linkUp(link)
	if !r.view.setPort(arc, up) {
		return
	}
	is := r.view.linkUp(link)
	if is != was {
		r.changed = append(r.changed, link)
	}
	if !r.begun {
		return
	}
	r.tell(app.Event{Kind: app.KindPort, At: at, Port: &app.PortChange{
		Port: app.Port{Switch: sw, Port: r.net.ArcFrom(arc).Port}, Up: up, Rate: r.net.ArcSpec(arc).Rate}})
	if is == was {
		return
	}
	switch peer := r.net.ArcTo(arc).Node; r.net.NodeKindOf(peer) {
	case model.Switch:
		r.tell(app.Event{Kind: app.KindLink, At: at, Link: &app.LinkChange{Link: r.view.linkInfo(link)}})
	case model.Host:
		r.tellHost(at, peer, arc)
	case model.External:
		for _, a := range r.net.Arcs(peer) {
			if behind := r.net.ArcTo(a).Node; r.net.NodeKindOf(behind) == model.Host {
				r.tellHost(at, behind, arc)
			}
		}
	}
}

// tellHost tells of a host if it is attached by an arc.
func (r *Runtime) tellHost(at model.Time, host model.NodeID, arc model.Arc) {
	if access, ok := r.view.attachment(host); ok && access == arc {
		r.tell(app.Event{Kind: app.KindHost, At: at, Host: &app.HostChange{Host: r.view.hostInfo(host, arc)}})
	}
}

// noteSwitch takes all ports of a switch that has just connected.
func (r *Runtime) noteSwitch(at model.Time, u *Upcall) {
	r.view.up.set(u.Switch, true)
	if r.begun {
		r.tell(app.Event{Kind: app.KindSwitch, At: at, Switch: &app.SwitchChange{Switch: r.view.switchInfo(u.Switch), Up: true}})
	}
	for _, s := range u.Ports {
		if _, ok := r.net.ArcAtPort(u.Switch, model.PortNo(s.Port)); !ok {
			r.view.stray(u.Switch, s)
		}
	}
	next := 0
	for _, arc := range r.net.Arcs(u.Switch) {
		if u.AllUp {
			r.noteArc(at, u.Switch, arc, true)
			continue
		}
		s := flow.PortState{Port: uint32(r.net.ArcFrom(arc).Port)} // a port that the switch does not have is down
		if next == len(u.Ports) || u.Ports[next].Port != s.Port {  // they come in order, as a rule
			next = slices.IndexFunc(u.Ports, func(x flow.PortState) bool { return x.Port == s.Port })
		}
		if next >= 0 {
			s = u.Ports[next]
		}
		next++
		r.noteArc(at, u.Switch, arc, s.Up)
	}
}
