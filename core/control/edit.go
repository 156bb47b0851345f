package control

import (
	"fmt"
	"reflect"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// Editable is a Driver whose network can gain and lose nodes and links while it lives;
// Runtime is one.
type Editable interface {
	Driver
	// Edit takes a network that descends from the one before (model.Network.Edit), and its
	// addresses, which reaches the runtime at a time. The world calls it when its data plane
	// is as the new network has it, before it hands over any message of a new switch, and
	// when it has called React for all that arrived before. Config.Delays must know the new
	// switches by then. An error leaves everything as it was.
	//
	// At that time the apps hear of what is gone: ports and links, then hosts, then switches,
	// with Gone. Whatever was wanted of a switch that is gone is forgotten, and commands for it
	// fail, but for those that an app gives while it hears all this: they go nowhere. Apps hear of what is new when the switches tell of it: a switch when it connects,
	// a link when both its ports are up, a host when its switch's port is. So a new port is
	// told by a PortStatus of its switch, which may also have come before, and a new switch by
	// SwitchConnected; a port that another link had until now is what it was last told to be.
	// Messages of a switch that is gone are not listened to; none need be
	// sent. Lookahead may fall by it and never rises.
	Edit(at model.Time, n *model.Network, a Addressing) error
}

var _ Editable = (*Runtime)(nil)

// edited is what an edit has changed, until the runtime hears of it.
type edited struct {
	switches []model.NodeID // gone
	gone     []model.LinkID
	added    []model.LinkID
	hosts    []departure
}

// departure is a host that is gone or was attached elsewhere: to the switch that an arc
// leaves.
type departure struct {
	host model.NodeID
	at   model.Arc
}

// Edit implements Editable. Ids keep their meaning, so that the new network takes the
// place of the old one at once; what the runtime knows of it, and tells, changes when the
// note arrives.
func (r *Runtime) Edit(at model.Time, n *model.Network, a Addressing) error {
	if n != r.net && !n.DescendsFrom(r.net) {
		return fmt.Errorf("control: the edited network does not descend from the one that runs")
	}
	least, err := leastDelays(n, r.delays)
	if err != nil {
		return err
	}
	e := r.view.difference(n)
	r.net, r.address, r.diary.net = n, a, n
	r.lookahead = min(r.lookahead, least)
	r.plants = append(r.plants, make([]*plant, n.NodeCount()-len(r.plants))...)
	r.live = r.live.grown(n)
	r.removed = r.removed.grown(n)
	r.view.grow(n, a)
	if r.tree != nil {
		r.tree.net = n
	}
	r.queueNote(at, noteEdit, &note{edit: e})
	return nil
}

// difference is what a network that descends from the view's has gained and lost.
func (v *view) difference(n *model.Network) *edited {
	e := &edited{}
	host := func(id model.NodeID) {
		if at, ok := v.attachment(id); ok && v.net.NodeKindOf(id) == model.Host {
			if !slices.ContainsFunc(e.hosts, func(d departure) bool { return d.host == id }) {
				e.hosts = append(e.hosts, departure{id, at})
			}
		}
	}
	for id := range model.NodeID(v.net.NodeCount()) {
		if !n.Gone(id) || v.net.Gone(id) {
			continue
		}
		if n.NodeKindOf(id) == model.Switch {
			e.switches = append(e.switches, id)
		} else {
			host(id)
		}
	}
	for id := range model.LinkID(n.LinkCount()) {
		switch {
		case int(id) >= v.net.LinkCount():
			if !n.LinkGone(id) {
				e.added = append(e.added, id)
			}
		case n.LinkGone(id) && !v.net.LinkGone(id):
			e.gone = append(e.gone, id)
			for _, arc := range [2]model.Arc{model.Arc(2 * id), model.Arc(2*id + 1)} {
				through := v.net.NodeKindOf(v.net.ArcTo(arc).Node) == model.External
				if at, ok := v.attachment(v.net.ArcFrom(arc).Node); ok && (through || at == arc.Reverse()) {
					host(v.net.ArcFrom(arc).Node)
				}
			}
		}
	}
	slices.SortFunc(e.hosts, func(a, b departure) int { return int(a.host) - int(b.host) })
	return e
}

// grow makes room for what is new. It is down until it says otherwise.
func (v *view) grow(n *model.Network, a Addressing) {
	from := len(v.ends)
	v.net, v.address, v.up = n, a, v.up.grown(n)
	v.ends = append(v.ends, make([]uint8, n.LinkCount()-from)...)
	for l := from; l < len(v.ends); l++ {
		v.unreported(model.LinkID(l))
	}
}

// grown is a set with room for all nodes of a network.
func (s nodes) grown(n *model.Network) nodes { return append(s, newNodes(n)[len(s):]...) }

// readEdit tells the apps what is gone, and brings everything that follows from the
// topology up to date.
func (r *Runtime) readEdit(s *step, e *edited) {
	s.edit = e
	tell := func(ev app.Event) {
		if ev.At = s.at; r.begun {
			r.tell(ev)
		}
	}
	for _, sw := range e.switches {
		r.view.up.set(sw, false)
		if p := r.plants[sw]; p != nil {
			s.late = append(s.late, r.abandon(p)...)
		}
		s.stats = append(s.stats, r.unanswered(sw)...)
	}
	last := map[app.Port]bool{} // what switches have said of ports whose link is gone
	for _, id := range e.gone {
		a, b := r.net.Ends(id)
		var ends [2]bool // that are switches that stay
		for i, end := range [2]model.Endpoint{a, b} {
			ends[i] = r.net.NodeKindOf(end.Node) == model.Switch
			arc := model.Arc(2*int(id) + i)
			up := r.view.portUp(arc)
			last[app.Port{Switch: end.Node, Port: end.Port}] = up
			if up && ends[i] && !r.net.Gone(end.Node) {
				tell(app.Event{Kind: app.KindPort, Port: &app.PortChange{Port: app.Port{Switch: end.Node, Port: end.Port}, Rate: r.net.ArcSpec(arc).Rate}})
			}
		}
		r.view.ends[id] = 0
		if ends[0] && ends[1] {
			tell(app.Event{Kind: app.KindLink, Link: &app.LinkChange{Link: r.view.linkInfo(id), Gone: true}})
		}
	}
	for _, d := range e.hosts {
		at, moved := r.view.attachment(d.host)
		if !moved || r.net.Gone(d.host) {
			at, moved = d.at, false
		}
		tell(app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: r.view.hostInfo(d.host, at), Gone: !moved}})
	}
	r.readMembers(tell)
	for _, sw := range e.switches {
		tell(app.Event{Kind: app.KindSwitch, Switch: &app.SwitchChange{Switch: r.view.switchInfo(sw), Gone: true}})
	}
	if r.tree != nil {
		s.flood = r.tree.replant(&r.view, e)
	}
	if r.arp != nil {
		before := r.arp.switches
		r.arp = newResolver(&r.view, r.settings.Services)
		has := func(list []model.NodeID, id model.NodeID) bool { _, ok := slices.BinarySearch(list, id); return ok }
		for _, sw := range before {
			if !has(r.arp.switches, sw) && !r.net.Gone(sw) {
				s.mute = append(s.mute, sw)
			}
		}
		for _, sw := range r.arp.switches {
			if !has(before, sw) {
				s.speak = append(s.speak, sw)
			}
		}
	}
	for _, id := range e.added { // behind a port that is up already
		for _, arc := range [2]model.Arc{model.Arc(2 * id), model.Arc(2*id + 1)} {
			host := r.net.ArcFrom(arc).Node
			if r.net.NodeKindOf(host) != model.Host || r.net.NodeKindOf(r.net.ArcTo(arc).Node) != model.External {
				continue
			}
			if at, ok := r.view.attachment(host); ok && r.view.linkUp(at.Link()) && r.begun {
				r.tellHost(s.at, host, at)
			}
		}
	}
	for _, id := range e.added { // their switches may have told of the ports already
		for _, arc := range [2]model.Arc{model.Arc(2 * id), model.Arc(2*id + 1)} {
			from := r.net.ArcFrom(arc)
			if r.net.NodeKindOf(from.Node) != model.Switch {
				continue
			}
			at := app.Port{Switch: from.Node, Port: from.Port}
			up, told := r.view.strays[at]
			if told {
				delete(r.view.strays, at)
			} else {
				up = last[at] // another link's until now: it is up, or its switch is about to say so
			}
			if up {
				r.noteArc(s.at, from.Node, arc, true)
			}
		}
	}
	if len(r.changed) > 0 {
		before := s.flood
		s.flood = nil
		r.readTree(s)
		s.flood = append(before, s.flood...)
	}
}

// readMembers tells of members that are gone.
func (r *Runtime) readMembers(tell func(app.Event)) {
	now := Settings(r.net, r.address)
	now.Services = slices.Clone(r.settings.Services) // members have left and joined meanwhile
	for i := range now.Services {
		now.Services[i].Members = slices.DeleteFunc(slices.Clone(now.Services[i].Members), func(m app.ServiceMember) bool { return r.net.Gone(m.Node) })
	}
	if !sameMembers(&now, &r.settings) {
		r.settings = now
		tell(app.Event{Kind: app.KindSettings, Settings: &now})
	}
}

func sameMembers(a, b *app.Settings) bool {
	same := func(x, y app.VirtualService) bool { return slices.Equal(x.Members, y.Members) }
	return slices.EqualFunc(a.Services, b.Services, same) &&
		slices.EqualFunc(a.Profiles, b.Profiles, func(x, y app.Profile) bool { return slices.Equal(x.Members, y.Members) }) &&
		slices.EqualFunc(a.Tenants, b.Tenants, func(x, y app.Tenant) bool { return reflect.DeepEqual(x, y) })
}

// effectOfEdit forgets what was wanted of what is gone.
func (r *Runtime) effectOfEdit(s *step) {
	for _, sw := range s.edit.switches {
		if p := r.plants[sw]; p != nil {
			s.late = append(append(s.late, r.abandon(p)...), p.late...)
			*p = plant{groups: numbers{first: floodGroup + 1}, meters: numbers{first: 1}, touched: p.touched, acking: p.acking}
		}
		s.stats = append(s.stats, r.unanswered(sw)...)
		r.live.set(sw, false)
		r.removed.set(sw, true)
	}
	for _, q := range s.stats {
		r.fail(q.app, q.command, s.at, r.net.NodeName(q.sw)+" was removed before it answered")
	}
	for _, k := range s.late {
		if k.ack {
			r.fail(k.app, k.command, s.at, "the switch was removed before it acknowledged")
		}
	}
	for _, id := range s.edit.gone {
		a, b := r.net.Ends(id)
		for _, end := range [2]model.Endpoint{a, b} {
			if p := r.plants[end.Node]; p != nil {
				delete(p.rates, end.Port)
			}
		}
	}
	if r.arp == nil {
		return
	}
	for _, sw := range s.mute {
		r.setRule(sw, s.at, &flow.RuleMod{Command: flow.DeleteStrict, Rule: r.arpRule(), CookieMask: ^uint64(0)})
	}
	for _, sw := range s.speak {
		r.setRule(sw, s.at, &flow.RuleMod{Command: flow.Add, Rule: r.arpRule()})
	}
}

// vain says that a command is for a switch whose end the app is being told of: it could
// not know. Nobody waits for it.
func (r *Runtime) vain(c *app.Command) bool {
	return !c.Ack && c.Kind != app.KindSetTimer && c.Kind != app.KindMetric && c.Kind != app.KindLog && c.Kind != app.KindStatsRequest &&
		c.Switch >= 0 && int(c.Switch) < r.net.NodeCount() && r.removed.has(c.Switch)
}
