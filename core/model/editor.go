package model

import (
	"maps"
	"slices"

	"sendim/core/fault"
)

// editor is a network while it is edited: a copy whose columns are its own.
type editor struct {
	n      *Network
	arcs   map[NodeID][]Arc // of nodes whose arcs differ from the columns
	checks validator
	fixed  map[claimed]NodeID // what nodes have fixed; nil: nobody has asked
}

// claimed is an address that a node may have fixed: 'i' of IPv4, 'm' of Ethernet, 'd' of datapaths.
type claimed struct {
	kind byte
	of   uint64
}

// claims lists what a node has fixed.
func (i Identity) claims() (out []claimed) {
	if i.IP != 0 {
		out = append(out, claimed{'i', uint64(i.IP)})
	}
	if i.HasMAC {
		out = append(out, claimed{'m', i.MAC})
	}
	if i.DPID != 0 {
		out = append(out, claimed{'d', i.DPID})
	}
	return out
}

func newEditor(old *Network) *editor {
	n := *old
	n.founders, n.edited = old.Founders(), true
	n.names = old.names.clone()
	n.kind, n.nodeSpec = slices.Clone(n.kind), slices.Clone(n.nodeSpec)
	n.extra, n.extras = slices.Clone(n.extra), slices.Clip(n.extras)
	n.nodeSpecs, n.linkSpecs = slices.Clip(n.nodeSpecs), slices.Clip(n.linkSpecs)
	n.a, n.b, n.aPort, n.bPort = slices.Clip(n.a), slices.Clip(n.b), slices.Clip(n.aPort), slices.Clip(n.bPort)
	n.spec, n.back = slices.Clip(n.spec), slices.Clip(n.back)
	n.linkName, n.linkByName, n.linkProps = maps.Clone(n.linkName), maps.Clone(n.linkByName), maps.Clone(n.linkProps)
	n.linkRank, n.before = maps.Clone(n.linkRank), maps.Clone(n.before)
	n.goneNodes, n.goneLinks = slices.Clone(n.goneNodes), slices.Clone(n.goneLinks)
	e := &editor{n: &n, arcs: map[NodeID][]Arc{}}
	e.checks = validator{n: e.n, classes: idSet(n.Classes, classID), disciplines: idSet(n.Disciplines, disciplineID)}
	return e
}

func wrong(code fault.Code, element, attribute, format string, args ...any) *fault.Fault {
	f := fault.New(code, fault.Place{Element: element, Attribute: attribute}, format, args...)
	return &f
}

func (e *editor) carry(x *Edit) *fault.Fault {
	switch x.Kind {
	case AddNode:
		return e.addNode(x)
	case DelNode:
		return e.delNode(x)
	case AddLink:
		return e.addLink(x)
	case DelLink:
		return e.delLink(x)
	}
	return wrong(fault.BadChoice, "", "", "an edit of kind %d; there are node add, node del, link add and link del", x.Kind)
}

// find gives a node that lives.
func (e *editor) find(name string) (NodeID, *fault.Fault) {
	if id, ok := e.n.NodeByName(name); ok {
		return id, nil
	}
	f := fault.New(fault.UnknownNode, fault.Place{Element: "node"}, "there is no node %q", name).Suggest(name, e.n.someNames())
	return NoNode, &f
}

func (e *editor) addNode(x *Edit) *fault.Fault {
	n := e.n
	if err := CheckID(x.Node); err != nil {
		return wrong(fault.BadName, "node", "id", "%v", err)
	}
	if id, ok := n.NodeByName(x.Node); ok {
		return wrong(fault.DuplicateID, "node", "id", "there is a %s %q already", n.kind[id], x.Node)
	}
	if slices.ContainsFunc(n.Services, func(s Service) bool { return s.ID == x.Node }) {
		return wrong(fault.DuplicateID, "node", "id", "there is a service %q already", x.Node)
	}
	if f := e.identityWrong(x); f != nil {
		return f
	}
	was := n.names.lookup(x.Node)
	id := NodeID(n.names.renew([]byte(x.Node)))
	if was >= 0 {
		if n.before == nil {
			n.before = map[NodeID]NodeID{}
		}
		n.before[id] = NodeID(was)
	}
	spec := slices.Index(n.nodeSpecs, x.NodeSpec)
	if spec < 0 {
		spec = len(n.nodeSpecs)
		n.nodeSpecs = append(n.nodeSpecs, x.NodeSpec)
	}
	n.kind, n.nodeSpec = append(n.kind, x.NodeKind), append(n.nodeSpec, uint32(spec))
	if x.Identity != (Identity{}) || len(x.Labels)+len(x.Properties) > 0 || n.extra != nil {
		for len(n.extra) < len(n.kind) {
			n.extra = append(n.extra, -1)
		}
		n.extra[id] = int32(len(n.extras))
		n.extras = append(n.extras, nodeExtra{x.Identity, slices.Clone(x.Labels), slices.Clone(x.Properties)})
	}
	e.arcs[id] = nil
	if e.fixed != nil {
		for _, c := range x.Identity.claims() {
			e.fixed[c] = id
		}
	}
	return nil
}

// identityWrong says what is wrong with the kind or the addresses of a new node. What only
// core/naming knows, an address that was worked out, it looks at itself.
func (e *editor) identityWrong(x *Edit) *fault.Fault {
	n, is := e.n, x.Identity
	switch {
	case x.NodeKind != Switch && x.NodeKind != Host && x.NodeKind != External:
		return wrong(fault.BadChoice, "node", "type", "%q is of no kind that there is: switch, host, external", x.Node)
	case is.DPID != 0 && x.NodeKind != Switch:
		return wrong(fault.BadChoice, "node", "dpid", "%q is a %s; only switches have a datapath id", x.Node, x.NodeKind)
	case (is.IP != 0 || is.HasMAC) && x.NodeKind == Switch:
		return wrong(fault.BadChoice, "node", "ip", "%q is a switch; only hosts have addresses", x.Node)
	case is.Prefix > 32:
		return wrong(fault.BadAddress, "node", "ip", "a prefix of %d bits; an IPv4 address has 32", is.Prefix)
	case is.HasMAC && (is.MAC>>48 != 0 || is.MAC == 0 || is.MAC>>40&1 != 0):
		return wrong(fault.BadAddress, "node", "mac", "%012x is not an Ethernet address of a single station", is.MAC)
	}
	claims := is.claims()
	if len(claims) > 0 && e.fixed == nil {
		e.fixed = map[claimed]NodeID{}
		for id, at := range n.extra {
			if at >= 0 && !n.Gone(NodeID(id)) {
				for _, c := range n.extras[at].identity.claims() {
					e.fixed[c] = NodeID(id)
				}
			}
		}
	}
	for _, c := range claims {
		other, ok := e.fixed[c]
		if !ok || n.Gone(other) {
			continue
		}
		nouns := map[byte][2]string{'i': {"ip", "address"}, 'm': {"mac", "Ethernet address"}, 'd': {"dpid", "datapath id"}}[c.kind]
		return wrong(fault.AddressTaken, "node", nouns[0], "the %s of %q is that of %q", nouns[1], x.Node, n.NodeName(other))
	}
	for i := range n.Services {
		if is.IP != 0 && n.Services[i].IP == is.IP {
			return wrong(fault.AddressTaken, "node", "ip", "the address of %q is that of service %q", x.Node, n.Services[i].ID)
		}
	}
	return nil
}

func (e *editor) delNode(x *Edit) *fault.Fault {
	id, f := e.find(x.Node)
	if f != nil {
		return f
	}
	n := e.n
	arcs := slices.Clone(e.arcsOf(id))
	if n.kind[id] == Switch {
		for _, a := range arcs { // all of them, or none
			if host := n.ArcTo(a).Node; n.kind[host] != Switch && e.carriesAddress(a.Reverse(), id) {
				return e.addressed(host, a.Link())
			}
		}
	}
	for _, a := range arcs {
		e.cut(a.Link())
	}
	n.goneNodes.put(int(id))
	e.resign(id)
	return nil
}

// carriesAddress says that an arc leaves a host at its first port, while it has others to
// some node but the one that goes.
func (e *editor) carriesAddress(a Arc, going NodeID) bool {
	arcs := e.arcsOf(e.n.ArcFrom(a).Node)
	return len(arcs) > 0 && arcs[0] == a &&
		slices.ContainsFunc(arcs[1:], func(other Arc) bool { return e.n.ArcTo(other).Node != going })
}

func (e *editor) addressed(host NodeID, link LinkID) *fault.Fault {
	return wrong(fault.PortTaken, "link", "", "%s has its addresses at its first port, that of %s; remove its other links first", e.n.NodeName(host), e.n.LinkName(link))
}

// resign takes a node from all lists of members.
func (e *editor) resign(id NodeID) {
	n := e.n
	out := func(m NodeID) bool { return m == id }
	for i := range n.Profiles {
		if slices.Contains(n.Profiles[i].Members, id) {
			n.Profiles = slices.Clone(n.Profiles)
			n.Profiles[i].Members = slices.DeleteFunc(slices.Clone(n.Profiles[i].Members), out)
		}
	}
	for i := range n.Tenants {
		if slices.Contains(n.Tenants[i].Members, id) {
			n.Tenants = slices.Clone(n.Tenants)
			n.Tenants[i].Members = slices.DeleteFunc(slices.Clone(n.Tenants[i].Members), out)
		}
	}
	member := func(m Member) bool { return m.Node == id }
	for i := range n.Services {
		if slices.ContainsFunc(n.Services[i].Members, member) {
			n.Services = slices.Clone(n.Services)
			n.Services[i].Members = slices.DeleteFunc(slices.Clone(n.Services[i].Members), member)
		}
	}
}

// cut takes a link out.
func (e *editor) cut(id LinkID) {
	n := e.n
	if name, named := n.linkName[id]; named {
		delete(n.linkByName, name)
	} else {
		e.pin(n.a[id], n.b[id])
	}
	n.goneLinks.put(int(id))
	e.detach(n.a[id], Arc(2*id))
	e.detach(n.b[id], Arc(2*id+1))
}

func (e *editor) arcsOf(id NodeID) []Arc {
	if arcs, ok := e.arcs[id]; ok {
		return arcs
	}
	return e.n.Arcs(id)
}

func (e *editor) attach(id NodeID, a Arc) {
	arcs := e.arcsOf(id)
	at, port := 0, e.n.ArcFrom(a).Port
	for at < len(arcs) && e.n.ArcFrom(arcs[at]).Port < port {
		at++
	}
	e.arcs[id] = slices.Insert(slices.Clone(arcs), at, a)
}

func (e *editor) detach(id NodeID, a Arc) {
	e.arcs[id] = slices.DeleteFunc(slices.Clone(e.arcsOf(id)), func(x Arc) bool { return x == a })
}

// flush brings the columns of arcs up to date.
func (e *editor) flush() {
	n := e.n
	if len(e.arcs) == 0 {
		return
	}
	off, arcs := make([]uint32, len(n.kind)+1), make([]Arc, 0, len(n.arcs)+4*len(e.arcs))
	for id := range n.kind {
		if own, ok := e.arcs[NodeID(id)]; ok {
			arcs = append(arcs, own...)
		} else {
			arcs = append(arcs, n.Arcs(NodeID(id))...)
		}
		off[id+1] = uint32(len(arcs))
	}
	n.arcOff, n.arcs = off, arcs
	e.arcs = map[NodeID][]Arc{}
}

func (e *editor) close() { e.flush() }
