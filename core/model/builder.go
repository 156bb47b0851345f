package model

import (
	"slices"

	"sendim/core/fault"
)

// AutoPort asks the Builder for the next free port.
const AutoPort PortNo = ^PortNo(0)

// SpecID is an interned LinkSpec of one Builder.
type SpecID uint32

// LinkDraft is a link on its way into a Network. Ends are ids that Ref or Declare gave.
type LinkDraft struct {
	Name         string // the user's id, or ""
	A, B         NodeID
	APort, BPort PortNo // AutoPort unless the user fixed them
	Spec, Back   SpecID // of a->b and b->a
	Properties   []Property
}

// Locator tells where in the user's files an object was declared. Faults are rare, so
// it may take its time. A nil Locator knows no places.
type Locator interface {
	NodePlace(NodeID) fault.Place
	LinkPlace(LinkID) fault.Place
	// ObjectPlace locates the i-th flow, class, ... by the name of its element.
	ObjectPlace(element string, i int) fault.Place
}

// Builder gathers nodes and links in columns and makes a Network of them. Names may be
// referred to before they are declared. It is not safe for concurrent use and must not
// be used after Build.
type Builder struct {
	n         *Network
	rank      []int32 // provisional id -> order of declaration, -1 undeclared
	declared  int32
	inOrder   bool
	nodeSpecs map[NodeSpec]uint32
	linkSpecs map[LinkSpec]SpecID
	fixed     map[Endpoint]struct{} // ports fixed by the user
	clashes   []clash
	faults    fault.List
}

// clash is a fault of a link that Build reports, when places are known.
type clash struct {
	link LinkID
	node NodeID
	port PortNo // AutoPort: the link's name is used twice
}

// NewBuilder starts an empty network.
func NewBuilder(name string) *Builder {
	b := &Builder{n: &Network{Name: name}, inOrder: true,
		nodeSpecs: map[NodeSpec]uint32{}, linkSpecs: map[LinkSpec]SpecID{}, fixed: map[Endpoint]struct{}{}}
	b.NodeSpecID(NodeSpec{})
	b.SpecID(LinkSpec{})
	return b
}

// NetworkName is the network's name so far.
func (b *Builder) NetworkName() string { return b.n.Name }

// SetNetworkName names the network.
func (b *Builder) SetNetworkName(name string) { b.n.Name = name }

// SetStaticARP lets hosts know each other's Ethernet addresses.
func (b *Builder) SetStaticARP() { b.n.StaticARP = true }

// Grow makes room for a known number of nodes and links.
func (b *Builder) Grow(nodes, links int) {
	n := b.n
	n.kind, n.nodeSpec, b.rank = slices.Grow(n.kind, nodes), slices.Grow(n.nodeSpec, nodes), slices.Grow(b.rank, nodes)
	n.names.off = slices.Grow(n.names.off, nodes+1)
	n.a, n.b = slices.Grow(n.a, links), slices.Grow(n.b, links)
	n.aPort, n.bPort = slices.Grow(n.aPort, links), slices.Grow(n.bPort, links)
	n.spec, n.back = slices.Grow(n.spec, links), slices.Grow(n.back, links)
}

// Ref gives the provisional id of a name, declared or not yet.
func (b *Builder) Ref(name []byte) NodeID {
	i, added := b.n.names.intern(name)
	if added {
		b.rank = append(b.rank, -1)
		b.n.kind = append(b.n.kind, 0)
		b.n.nodeSpec = append(b.n.nodeSpec, 0)
	}
	return NodeID(i)
}

// Lookup finds the provisional id of a declared node.
func (b *Builder) Lookup(name string) (NodeID, bool) {
	i := b.n.names.lookup(name)
	return NodeID(i), i >= 0 && b.rank[i] >= 0
}

// Declare makes a node. fresh is false, and nothing changes, when it exists already.
func (b *Builder) Declare(name []byte, kind NodeKind) (id NodeID, fresh bool) {
	id = b.Ref(name)
	if b.rank[id] >= 0 {
		return id, false
	}
	b.inOrder = b.inOrder && int32(id) == b.declared
	b.rank[id], b.n.kind[id] = b.declared, kind
	b.declared++
	return id, true
}

// Declared says whether a provisional id has been declared.
func (b *Builder) Declared(id NodeID) bool { return b.rank[id] >= 0 }

// NodeCount is the number of declared nodes so far; LinkCount that of links.
func (b *Builder) NodeCount() int { return int(b.declared) }

// LinkCount is the number of links so far.
func (b *Builder) LinkCount() int { return len(b.n.a) }

// Name gives the name of a provisional id, Kind its kind.
func (b *Builder) Name(id NodeID) string { return b.n.names.name(int(id)) }

// Kind is the kind of a declared node, 0 before its declaration.
func (b *Builder) Kind(id NodeID) NodeKind { return b.n.kind[id] }

// DeclaredNodes lists provisional ids in order of declaration: what a selector in the
// middle of a descriptor sees.
func (b *Builder) DeclaredNodes() []NodeID {
	out := make([]NodeID, b.declared)
	for id, r := range b.rank {
		if r >= 0 {
			out[r] = NodeID(id)
		}
	}
	return out
}

// NodeSpecID interns a node spec.
func (b *Builder) NodeSpecID(s NodeSpec) uint32 {
	id, ok := b.nodeSpecs[s]
	if !ok {
		id = uint32(len(b.n.nodeSpecs))
		b.n.nodeSpecs = append(b.n.nodeSpecs, s)
		b.nodeSpecs[s] = id
	}
	return id
}

// SetNodeSpec gives a node its spec.
func (b *Builder) SetNodeSpec(id NodeID, spec uint32) { b.n.nodeSpec[id] = spec }

// SetNodeExtra gives a node what few nodes have.
func (b *Builder) SetNodeExtra(id NodeID, identity Identity, labels []string, properties []Property) {
	n := b.n
	for len(n.extra) < len(n.kind) {
		n.extra = append(n.extra, -1)
	}
	n.extra[id] = int32(len(n.extras))
	n.extras = append(n.extras, nodeExtra{identity, labels, properties})
}

// NodeExtra gives back what SetNodeExtra set.
func (b *Builder) NodeExtra(id NodeID) (Identity, []string, []Property) {
	if int(id) < len(b.n.extra) && b.n.extra[id] >= 0 {
		e := &b.n.extras[b.n.extra[id]]
		return e.identity, e.labels, e.properties
	}
	return Identity{}, nil, nil
}

// SpecID interns a link spec.
func (b *Builder) SpecID(s LinkSpec) SpecID {
	id, ok := b.linkSpecs[s]
	if !ok {
		id = SpecID(len(b.n.linkSpecs))
		b.n.linkSpecs = append(b.n.linkSpecs, s)
		b.linkSpecs[s] = id
	}
	return id
}

// Spec gives back an interned link spec.
func (b *Builder) Spec(id SpecID) LinkSpec { return b.n.linkSpecs[id] }

// Link adds a link and gives its id.
func (b *Builder) Link(d LinkDraft) LinkID {
	n := b.n
	id := LinkID(len(n.a))
	n.a, n.b = append(n.a, d.A), append(n.b, d.B)
	n.aPort, n.bPort = append(n.aPort, d.APort), append(n.bPort, d.BPort)
	n.spec, n.back = append(n.spec, uint32(d.Spec)), append(n.back, uint32(d.Back))
	if d.Name != "" {
		if n.linkName == nil {
			n.linkName, n.linkByName = map[LinkID]string{}, map[string]LinkID{}
		}
		n.linkName[id] = d.Name
		if _, taken := n.linkByName[d.Name]; taken {
			b.clashes = append(b.clashes, clash{id, NoNode, AutoPort})
		} else {
			n.linkByName[d.Name] = id
		}
	}
	if len(d.Properties) > 0 {
		if n.linkProps == nil {
			n.linkProps = map[LinkID][]Property{}
		}
		n.linkProps[id] = d.Properties
	}
	b.fix(id, d.A, d.APort)
	b.fix(id, d.B, d.BPort)
	return id
}

// LinkMany adds links from one node to many, without names, fixed ports or properties.
func (b *Builder) LinkMany(from NodeID, to []NodeID, spec, back SpecID) {
	n := b.n
	at := len(n.a)
	k := len(to)
	n.a, n.b = slices.Grow(n.a, k)[:at+k], append(n.b, to...)
	n.aPort, n.bPort = slices.Grow(n.aPort, k)[:at+k], slices.Grow(n.bPort, k)[:at+k]
	n.spec, n.back = slices.Grow(n.spec, k)[:at+k], slices.Grow(n.back, k)[:at+k]
	for i := at; i < at+k; i++ {
		n.a[i] = from
	}
	for i := at; i < at+k; i++ {
		n.aPort[i], n.bPort[i] = AutoPort, AutoPort
	}
	for i := at; i < at+k; i++ {
		n.spec[i], n.back[i] = uint32(spec), uint32(back)
	}
}

func (b *Builder) fix(link LinkID, node NodeID, port PortNo) {
	if port == AutoPort {
		return
	}
	e := Endpoint{node, port}
	if _, taken := b.fixed[e]; taken {
		b.clashes = append(b.clashes, clash{link, node, port})
	}
	b.fixed[e] = struct{}{}
}

// Build numbers nodes in order of declaration, gives every link end its port and makes
// the network. Undeclared names, clashing ports and self links are faults; the network
// is nil then.
func (b *Builder) Build(where Locator) (*Network, *fault.List) {
	n := b.n
	faults := &b.faults
	var names []string
	for _, c := range b.clashes {
		place := linkPlace(where, c.link)
		if c.port == AutoPort {
			place.Attribute = "id"
			faults.Addf(fault.DuplicateID, place, "link id %q is used twice", n.linkName[c.link])
		} else {
			faults.Addf(fault.PortTaken, place, "port %d of %q is used by two links", c.port, b.Name(c.node))
		}
	}
	for id := range n.a {
		a, z := n.a[id], n.b[id]
		if b.rank[a] >= 0 && b.rank[z] >= 0 && a != z {
			continue
		}
		for _, end := range [2]NodeID{a, z} {
			if b.rank[end] >= 0 {
				continue
			}
			if faults.Full() {
				faults.Total++
				continue
			}
			if names == nil {
				names = b.SomeNames()
			}
			faults.Add(fault.New(fault.UnknownNode, linkPlace(where, LinkID(id)), "link to %q, which is not declared", b.Name(end)).Suggest(b.Name(end), names))
		}
		if a == z {
			if faults.Full() {
				faults.Total++
				continue
			}
			faults.Addf(fault.SelfLink, linkPlace(where, LinkID(id)), "%q is linked to itself", b.Name(a))
		}
	}
	if faults.Total > 0 {
		return nil, faults
	}
	b.renumber()
	b.ports()
	return n, faults
}

// Final gives, after Build, the id in the Network of a provisional id; false for names
// that were never declared.
func (b *Builder) Final(id NodeID) (NodeID, bool) {
	r := b.rank[id]
	return NodeID(r), r >= 0
}

// RefCount is the number of names, declared or not; provisional ids are below it.
func (b *Builder) RefCount() int { return len(b.rank) }

// Rank is a name's place in the order of declaration, -1 if it is not declared.
func (b *Builder) Rank(id NodeID) int32 { return b.rank[id] }

// LinkEnds gives the provisional ends of a link that was added.
func (b *Builder) LinkEnds(id LinkID) (a, z NodeID) { return b.n.a[id], b.n.b[id] }

// LinkSpecs gives the specs of a link that was added, SetLinkSpecs replaces them.
func (b *Builder) LinkSpecs(id LinkID) (spec, back SpecID) {
	return SpecID(b.n.spec[id]), SpecID(b.n.back[id])
}

// SetLinkSpecs replaces the specs of a link that was added.
func (b *Builder) SetLinkSpecs(id LinkID, spec, back SpecID) {
	b.n.spec[id], b.n.back[id] = uint32(spec), uint32(back)
}

// NodeSpecOf gives back the spec of a node.
func (b *Builder) NodeSpecOf(id NodeID) NodeSpec { return b.n.nodeSpecs[b.n.nodeSpec[id]] }

// NameBytes counts the bytes of all names so far: a network holds at most 4 GiB of them.
func (b *Builder) NameBytes() int64 { return int64(len(b.n.names.blob)) }

// OrderLinks renumbers the links: order lists the old ids in their new order. Whoever
// gathers links out of the order of a file uses it once, before Build.
func (b *Builder) OrderLinks(order []LinkID) {
	n := b.n
	n.a, n.b = permuted(n.a, order), permuted(n.b, order)
	n.aPort, n.bPort = permuted(n.aPort, order), permuted(n.bPort, order)
	n.spec, n.back = permuted(n.spec, order), permuted(n.back, order)
	if len(n.linkName) == 0 && len(n.linkProps) == 0 && len(b.clashes) == 0 {
		return
	}
	to := make([]LinkID, len(order))
	for i, old := range order {
		to[old] = LinkID(i)
	}
	names, props := make(map[LinkID]string, len(n.linkName)), make(map[LinkID][]Property, len(n.linkProps))
	for id, name := range n.linkName {
		names[to[id]] = name
	}
	for id, p := range n.linkProps {
		props[to[id]] = p
	}
	for name, id := range n.linkByName {
		n.linkByName[name] = to[id]
	}
	for i := range b.clashes {
		b.clashes[i].link = to[b.clashes[i].link]
	}
	n.linkName, n.linkProps = names, props
}

func permuted[T any](column []T, order []LinkID) []T {
	out := make([]T, len(order))
	for i, old := range order {
		out[i] = column[old]
	}
	return out
}

// Patched makes a network after Build has refused to, in which every name that is not
// declared is an external node. It serves only to look for further faults in the rest
// of a description; ids are those that Build would have given.
func (b *Builder) Patched() *Network {
	for id, r := range b.rank {
		if r < 0 {
			b.Declare(b.n.names.bytes(id), External)
		}
	}
	b.renumber()
	b.ports()
	return b.n
}

func (b *Builder) renumber() {
	n := b.n
	if b.inOrder && int(b.declared) == len(b.rank) {
		return
	}
	kind, spec := make([]NodeKind, b.declared), make([]uint32, b.declared)
	var extra []int32
	if n.extra != nil {
		extra = make([]int32, b.declared)
	}
	for id, r := range b.rank {
		if r < 0 {
			continue
		}
		kind[r], spec[r] = n.kind[id], n.nodeSpec[id]
		if extra != nil {
			extra[r] = -1
			if id < len(n.extra) {
				extra[r] = n.extra[id]
			}
		}
	}
	for i := range n.a {
		n.a[i], n.b[i] = NodeID(b.rank[n.a[i]]), NodeID(b.rank[n.b[i]])
	}
	if len(b.fixed) > 0 {
		fixed := make(map[Endpoint]struct{}, len(b.fixed))
		for e := range b.fixed {
			fixed[Endpoint{NodeID(b.rank[e.Node]), e.Port}] = struct{}{}
		}
		b.fixed = fixed
	}
	n.kind, n.nodeSpec, n.extra = kind, spec, extra
	n.names = n.names.permuted(b.rank, int(b.declared))
}

// SomeNames lists declared names for suggestions; a bounded number.
func (b *Builder) SomeNames() []string {
	var out []string
	for id, r := range b.rank {
		if r >= 0 && len(out) < 10_000 {
			out = append(out, b.Name(NodeID(id)))
		}
	}
	return out
}

func linkPlace(where Locator, id LinkID) fault.Place {
	if where == nil {
		return fault.Place{Element: "link"}
	}
	return where.LinkPlace(id)
}
