package generate

import (
	"strconv"

	"sendim/core/fault"
	"sendim/core/model"
)

// net is a builder as the kinds see it.
type net struct {
	saidLong         func(string) bool
	b                *model.Builder
	v                *values
	r                *Request
	access, trunk    model.SpecID // of hosts' links and of links between switches
	spare            model.SpecID // of those that stand by
	parallel, spares int64
	name             []byte
	faults           fault.List
}

func newNet(b *model.Builder, v *values, r *Request) *net {
	n := &net{b: b, v: v, r: r, parallel: max(v.int("parallel"), 1), spares: v.int("spare")}
	n.saidLong = func(option string) bool { return option == "delay" || v.said(option) }
	if !r.PerLink {
		n.access = b.SpecID(n.spec(model.NoNode, model.NoNode, v.hostSpec(), v.saidOfHosts))
		trunk := n.spec(model.NoNode, model.NoNode, v.spec, v.said)
		n.trunk = b.SpecID(trunk)
		trunk.Spare = true
		n.spare = b.SpecID(trunk)
	}
	return n
}

// spec completes a link's properties.
func (n *net) spec(a, z model.NodeID, s model.LinkSpec, said func(string) bool) model.LinkSpec {
	if n.r.LinkSpec == nil {
		return s
	}
	return n.r.LinkSpec(a, z, s, said)
}

func (n *net) declare(kind model.NodeKind, name []byte) model.NodeID {
	id, fresh := n.b.Declare(name, kind)
	if !fresh {
		if n.faults.Full() {
			n.faults.Total++
		} else {
			n.faults.Addf(fault.DuplicateID, n.r.Place, "node %q exists already; a prefix keeps names apart", name)
		}
	}
	return id
}

// node declares prefix + letter + number + more, where more alternates text and numbers.
func (n *net) node(kind model.NodeKind, parts ...any) model.NodeID {
	n.name = append(n.name[:0], n.v.prefix...)
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			n.name = append(n.name, p...)
		case int64:
			n.name = strconv.AppendInt(n.name, p, 10)
		}
	}
	return n.declare(kind, n.name)
}

func (n *net) host(parts ...any) model.NodeID { return n.node(model.Host, parts...) }
func (n *net) sw(parts ...any) model.NodeID   { return n.node(model.Switch, parts...) }

// numbered declares switches s1..sN, each followed by its hosts, as Mininet's linear
// calls them: h1..hN, or h1s1, h2s1, ... when there are several per switch. Hosts are
// linked at once, so they have the first ports.
func (n *net) numbered(switches, hosts int64) []model.NodeID {
	ids := make([]model.NodeID, switches)
	for i := range ids {
		ids[i] = n.numberedSwitch(int64(i)+1, hosts)
	}
	return ids
}

func (n *net) numberedSwitch(i, hosts int64) model.NodeID {
	s := n.short("s", i, model.Switch)
	n.hostsOf(s, i, hosts)
	return s
}

func (n *net) hostsOf(s model.NodeID, i, hosts int64) {
	if hosts == 1 {
		n.link(n.short("h", i, model.Host), s)
		return
	}
	for j := int64(1); j <= hosts; j++ {
		n.link(n.host("h", j, "s", i), s)
	}
}

// short is node for one letter and one number, which is most of them.
func (n *net) short(letter string, i int64, kind model.NodeKind) model.NodeID {
	n.name = append(append(n.name[:0], n.v.prefix...), letter...)
	n.name = strconv.AppendInt(n.name, i, 10)
	return n.declare(kind, n.name)
}

// link joins two nodes: once if either is a host, as often as asked for otherwise.
func (n *net) link(a, z model.NodeID) { n.linkAt(a, z, model.AutoPort, model.AutoPort) }

// linkAt is link with fixed ports, of which parallel links can have none.
func (n *net) linkAt(a, z model.NodeID, p, q model.PortNo) {
	if n.b.Kind(a) != model.Switch || n.b.Kind(z) != model.Switch {
		id := n.access
		if n.r.PerLink {
			id = n.b.SpecID(n.spec(a, z, n.v.hostSpec(), n.v.saidOfHosts))
		}
		n.b.Link(model.LinkDraft{A: a, B: z, APort: p, BPort: q, Spec: id, Back: id})
		return
	}
	trunk, spare := n.trunk, n.spare
	if n.r.PerLink {
		trunk, spare = n.specs(a, z, n.v.spec, n.v.said)
	}
	n.trunks(a, z, trunk, spare)
}

// longLink is link with a delay of its own.
func (n *net) longLink(a, z model.NodeID, delay model.Time) {
	s := n.v.spec
	s.Delay = delay
	trunk, spare := n.specs(a, z, s, n.saidLong)
	n.trunks(a, z, trunk, spare)
}

// specs interns what one link between switches is like, and what its spare is like.
func (n *net) specs(a, z model.NodeID, s model.LinkSpec, said func(string) bool) (trunk, spare model.SpecID) {
	if !n.r.PerLink {
		a, z = model.NoNode, model.NoNode
	}
	s = n.spec(a, z, s, said)
	trunk = n.b.SpecID(s)
	if n.spares > 0 {
		s.Spare = true
		spare = n.b.SpecID(s)
	}
	return trunk, spare
}

func (n *net) trunks(a, z model.NodeID, trunk, spare model.SpecID) {
	for range n.parallel {
		n.b.Link(model.LinkDraft{A: a, B: z, APort: model.AutoPort, BPort: model.AutoPort, Spec: trunk, Back: trunk})
	}
	for range n.spares {
		n.b.Link(model.LinkDraft{A: a, B: z, APort: model.AutoPort, BPort: model.AutoPort, Spec: spare, Back: spare})
	}
}

// links joins switches as a graph says.
func (n *net) links(ids []model.NodeID, edges []edge) {
	for _, e := range edges {
		n.link(ids[e.a], ids[e.b])
	}
}
