package model

import (
	"slices"

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
