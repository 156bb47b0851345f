package model

import (
	"maps"
	"slices"
	"strconv"

	"sendim/core/fault"
)

// EditKind is what an Edit does.
type EditKind uint8

// The kinds of edits.
const (
	AddNode EditKind = iota + 1 // Node, NodeKind, Identity, NodeSpec, Labels, Properties
	DelNode                     // Node; its links go with it
	AddLink                     // Link, A, B, Spec, Back, Properties
	DelLink                     // Link, or A and B where a single link joins them
)

var editKinds = [...]string{"", "node add", "node del", "link add", "link del"}

func (k EditKind) String() string { return choiceName(editKinds[:], int(k)) }

// Edit adds a node or a link to a network, or removes one. Everything goes by name, so
// that the edits of a list can be about what earlier ones of it have added.
type Edit struct {
	Kind EditKind

	Node       string // its id
	NodeKind   NodeKind
	Identity   Identity // what the user fixed; core/naming works out the rest
	NodeSpec   NodeSpec
	Labels     []string
	Properties []Property // of the node or link

	Link       string   // its id, or "": the name is derived from its ends
	A, B       LinkEnd  // of AddLink; of DelLink without a name
	Spec, Back LinkSpec // from A to B and from B to A
}

// LinkEnd is one end of a link in an Edit.
type LinkEnd struct {
	Node string
	Port PortNo // AutoPort: the lowest that is free; for DelLink: whichever it is
}

// Edit gives the network as a list of edits leaves it, carried out in order. The network
// itself does not change, and whoever reads it may go on. Its error is a *fault.List, and
// the first edit that cannot be carried out is the last that is looked at.
//
// Ids keep their meaning for the whole life of a run: what is added has ids above all
// others, and what is removed stays as a tombstone, of which Gone and LinkGone are true.
// A tombstone still has a name, a kind and ends, for whoever tells of the past; no list,
// no arc and no search by name shows it. Its name and its ports are free again. Names of
// links do not change when one of several parallel links goes.
//
// Nothing that the descriptor says of a removed node keeps it from going: it leaves the
// profiles, services and tenants that it is a member of, and flows, scenario and tests keep
// their reference to the tombstone, for their world to say what became of it.
//
// A host has its addresses on its first port. A link there does not go before the host's
// other links, and none is added before it.
func (n *Network) Edit(edits []Edit) (*Network, error) {
	if len(edits) == 0 {
		return n, nil
	}
	e := newEditor(n)
	for i := range edits {
		if f := e.carry(&edits[i]); f != nil {
			list := &fault.List{}
			list.Add(*f)
			return nil, list.Err()
		}
	}
	e.close()
	return e.n, nil
}

// Gone says that a node has been removed by an Edit.
func (n *Network) Gone(id NodeID) bool { return n.goneNodes.has(int(id)) }

// LinkGone says that a link has been removed by an Edit.
func (n *Network) LinkGone(id LinkID) bool { return n.goneLinks.has(int(id)) }

// Founders is the number of nodes that the network had before its first Edit: those above
// were added to it one by one, in the order of their ids.
func (n *Network) Founders() int {
	if !n.edited {
		return len(n.kind)
	}
	return n.founders
}

// Edited says that the network came of an Edit.
func (n *Network) Edited() bool { return n.edited }

// Named says whether a node has, or had before it was removed, a name. Predecessor gives
// the last one that had the name of a node before it, and is gone; NoNode if there is none.
func (n *Network) Named(name string) bool { return n.names.lookup(name) >= 0 }

// Predecessor is the node that had the same name before this one, NoNode if none had.
func (n *Network) Predecessor(id NodeID) NodeID {
	if p, ok := n.before[id]; ok {
		return p
	}
	return NoNode
}

// LiveNodes is the number of nodes that are not gone.
func (n *Network) LiveNodes() int { return len(n.kind) - n.goneNodes.count() }

// LiveLinks is the number of links that are not gone.
func (n *Network) LiveLinks() int { return len(n.a) - n.goneLinks.count() }

// DescendsFrom says whether the network is one or more edits away from an older one: ids
// of the older one mean the same in it.
func (n *Network) DescendsFrom(old *Network) bool {
	k, l := len(old.kind), len(old.a)
	return n.edited && n.founders == old.Founders() && len(n.kind) >= k && len(n.a) >= l &&
		slices.Equal(n.kind[:k], old.kind) && slices.Equal(n.a[:l], old.a) && slices.Equal(n.b[:l], old.b) &&
		slices.Equal(n.aPort[:l], old.aPort) && slices.Equal(n.bPort[:l], old.bPort) &&
		n.names.begins(&old.names) && n.goneNodes.covers(old.goneNodes) && n.goneLinks.covers(old.goneLinks)
}

// SameNode says that a node is as it was in an older network that this one descends from,
// and SameLink the same of a link.
func (n *Network) SameNode(old *Network, id NodeID) bool {
	return n.nodeSpec[id] == old.nodeSpec[id] && n.extraOf(id) == old.extraOf(id)
}

// SameLink says that a link is as it was.
func (n *Network) SameLink(old *Network, id LinkID) bool {
	return n.spec[id] == old.spec[id] && n.back[id] == old.back[id] && slices.Equal(n.linkProps[id], old.linkProps[id])
}

func (n *Network) extraOf(id NodeID) int32 {
	if n.extra == nil {
		return -1
	}
	return n.extra[id]
}

// graves is a set of ids, one bit each; nil is empty.
type graves []uint64

func (g graves) has(i int) bool { return i>>6 < len(g) && i >= 0 && g[i>>6]>>(i&63)&1 != 0 }

func (g *graves) put(i int) {
	for len(*g) <= i>>6 {
		*g = append(*g, 0)
	}
	(*g)[i>>6] |= 1 << (i & 63)
}

func (g graves) count() (out int) {
	for i := range g {
		for x := g[i]; x != 0; x &= x - 1 {
			out++
		}
	}
	return out
}

func (g graves) covers(other graves) bool {
	for i, x := range other {
		if i >= len(g) && x != 0 || i < len(g) && x&^g[i] != 0 {
			return false
		}
	}
	return true
}

// editor is a network while it is edited: a copy whose columns are its own.
type editor struct {
	n      *Network
	arcs   map[NodeID][]Arc // of nodes whose arcs differ from the columns
	checks validator
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
	for id := range n.kind {
		other := n.Identity(NodeID(id))
		if n.Gone(NodeID(id)) || other == (Identity{}) {
			continue
		}
		switch {
		case is.IP != 0 && other.IP == is.IP:
			return wrong(fault.AddressTaken, "node", "ip", "the address of %q is that of %q", x.Node, n.NodeName(NodeID(id)))
		case is.HasMAC && other.HasMAC && other.MAC == is.MAC:
			return wrong(fault.AddressTaken, "node", "mac", "the Ethernet address of %q is that of %q", x.Node, n.NodeName(NodeID(id)))
		case is.DPID != 0 && other.DPID == is.DPID:
			return wrong(fault.AddressTaken, "node", "dpid", "the datapath id of %q is that of %q", x.Node, n.NodeName(NodeID(id)))
		}
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

func (e *editor) addLink(x *Edit) *fault.Fault {
	n := e.n
	a, f := e.find(x.A.Node)
	if f != nil {
		return f
	}
	b, f := e.find(x.B.Node)
	if f != nil {
		return f
	}
	if a == b {
		return wrong(fault.SelfLink, "link", "", "%q is linked to itself", x.A.Node)
	}
	for _, spec := range [2]*LinkSpec{&x.Spec, &x.Back} {
		if f := e.checks.specWrong(spec); f != nil {
			f.Place.Element = "link"
			return f
		}
	}
	if x.Link != "" {
		if err := CheckID(x.Link); err != nil {
			return wrong(fault.BadName, "link", "id", "%v", err)
		}
		if _, ok := n.linkByName[x.Link]; ok {
			return wrong(fault.DuplicateID, "link", "id", "there is a link %q already", x.Link)
		}
	}
	aPort, f := e.port(a, x.A.Port)
	if f != nil {
		return f
	}
	bPort, f := e.port(b, x.B.Port)
	if f != nil {
		return f
	}
	id := LinkID(len(n.a))
	n.a, n.b = append(n.a, a), append(n.b, b)
	n.aPort, n.bPort = append(n.aPort, aPort), append(n.bPort, bPort)
	n.spec, n.back = append(n.spec, e.spec(x.Spec)), append(n.back, e.spec(x.Back))
	if len(x.Properties) > 0 {
		if n.linkProps == nil {
			n.linkProps = map[LinkID][]Property{}
		}
		n.linkProps[id] = slices.Clone(x.Properties)
	}
	if x.Link != "" {
		if n.linkName == nil {
			n.linkName, n.linkByName = map[LinkID]string{}, map[string]LinkID{}
		}
		n.linkName[id], n.linkByName[x.Link] = x.Link, id
	} else {
		e.rank(a, b, id)
	}
	e.attach(a, Arc(2*id))
	e.attach(b, Arc(2*id+1))
	return nil
}

func (e *editor) spec(s LinkSpec) uint32 {
	i := slices.Index(e.n.linkSpecs, s)
	if i < 0 {
		i = len(e.n.linkSpecs)
		e.n.linkSpecs = append(e.n.linkSpecs, s)
	}
	return uint32(i)
}

// port gives a node's end of a new link its number.
func (e *editor) port(id NodeID, want PortNo) (PortNo, *fault.Fault) {
	n, arcs := e.n, e.arcsOf(id)
	host := n.kind[id] != Switch
	free := firstPortOf(n.kind[id])
	if host && len(arcs) > 0 {
		free = n.ArcFrom(arcs[0]).Port
	}
	for _, a := range arcs { // they come by rising port
		switch p := n.ArcFrom(a).Port; {
		case p == want:
			return 0, wrong(fault.PortTaken, "link", "", "port %d of %q is used by %s", want, n.NodeName(id), n.LinkName(a.Link()))
		case p == free:
			free++
		}
	}
	switch {
	case want == AutoPort:
		return free, nil
	case want > maxPort || want == 0 && !host:
		return 0, wrong(fault.OutOfRange, "link", "", "port %d of %q: ports of a switch are 1 to %d", want, n.NodeName(id), maxPort)
	case host && len(arcs) > 0 && want < n.ArcFrom(arcs[0]).Port:
		return 0, wrong(fault.PortTaken, "link", "", "port %d of %q would be its first, and it has its addresses at port %d", want, n.NodeName(id), n.ArcFrom(arcs[0]).Port)
	}
	return want, nil
}

// rank fixes the names of all links without one of their own between two nodes, and gives
// a new one the lowest rank that none of them has.
func (e *editor) rank(a, b NodeID, id LinkID) {
	used := e.pin(a, b)
	slices.Sort(used)
	rank := int32(1)
	for _, r := range used {
		if r == rank {
			rank++
		}
	}
	e.n.linkRank[id] = rank
}

// pin fixes the ranks of the parallel links between two nodes, which else are counted.
func (e *editor) pin(a, b NodeID) (used []int32) {
	n := e.n
	var ids []LinkID
	for _, arc := range e.arcsOf(a) {
		if _, named := n.linkName[arc.Link()]; n.ArcTo(arc).Node == b && !named {
			ids = append(ids, arc.Link())
		}
	}
	slices.Sort(ids)
	if n.linkRank == nil {
		n.linkRank = map[LinkID]int32{}
	}
	for i, id := range ids {
		if _, ok := n.linkRank[id]; !ok { // none is: all are, or none
			n.linkRank[id] = int32(i + 1)
		}
		used = append(used, n.linkRank[id])
	}
	return used
}

func (e *editor) delLink(x *Edit) *fault.Fault {
	id, f := e.findLink(x)
	if f != nil {
		return f
	}
	for _, a := range [2]Arc{Arc(2 * id), Arc(2*id + 1)} {
		if host := e.n.ArcFrom(a).Node; e.n.kind[host] != Switch && e.carriesAddress(a, NoNode) {
			return e.addressed(host, id)
		}
	}
	e.cut(id)
	return nil
}

// findLink finds the link that is meant by name, or by its ends.
func (e *editor) findLink(x *Edit) (LinkID, *fault.Fault) {
	n := e.n
	if x.Link != "" {
		e.flush()
		if id, ok := n.LinkByName(x.Link); ok {
			return id, nil
		}
		var names []string
		for l := range n.Links() {
			if len(names) == 10_000 {
				break
			}
			names = append(names, n.LinkName(l.ID))
		}
		f := fault.New(fault.UnknownLink, fault.Place{Element: "link"}, "there is no link %q", x.Link).Suggest(x.Link, names)
		return NoLink, &f
	}
	a, f := e.find(x.A.Node)
	if f != nil {
		return NoLink, f
	}
	b, f := e.find(x.B.Node)
	if f != nil {
		return NoLink, f
	}
	var found []string
	id := NoLink
	for _, arc := range e.arcsOf(a) {
		from, to := n.ArcFrom(arc), n.ArcTo(arc)
		if to.Node == b && (x.A.Port == AutoPort || x.A.Port == from.Port) && (x.B.Port == AutoPort || x.B.Port == to.Port) {
			id = arc.Link()
			found = append(found, n.PortName(from)+" "+n.PortName(to))
		}
	}
	switch len(found) {
	case 0:
		return NoLink, wrong(fault.UnknownLink, "link", "", "there is no link between %s and %s", x.A, x.B)
	case 1:
		return id, nil
	}
	return NoLink, wrong(fault.UnknownLink, "link", "", "%d links join %s and %s; say which, by their ports: %s", len(found), x.A, x.B, listed(found))
}

func (l LinkEnd) String() string {
	if l.Port == AutoPort {
		return l.Node
	}
	return l.Node + ":" + strconv.FormatUint(uint64(l.Port), 10)
}

func listed(all []string) string {
	out := ""
	for i, s := range all {
		switch {
		case i == 10:
			return out + ", ..."
		case i > 0:
			out += ", "
		}
		out += s
	}
	return out
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
