package model

import (
	"fmt"
	"iter"
	"sort"
	"strconv"
	"strings"
)

// Network is a whole model. Nodes and links are reached by id or by name; everything
// else is a slice in the order of the descriptor.
type Network struct {
	Name string

	// StaticARP says that hosts know each other's Ethernet addresses from the start and ask
	// for those of others only (Mininet's --arp).
	StaticARP bool

	Classes       []Class
	Disciplines   []Discipline
	TCPs          []TCPOptions
	Profiles      []Profile
	Services      []Service
	Tenants       []Tenant
	Policies      []Policy
	Flows         []Flow
	Demands       []DemandMatrix
	Traffic       []Traffic
	Distributions []Distribution
	Processes     []Process
	Scenario      []ScenarioStep
	Failures      []Failures
	Tests         []Test
	Watches       []Watch

	names    symbols
	kind     []NodeKind
	nodeSpec []uint32 // into nodeSpecs
	extra    []int32  // into extras, -1 none; nil when no node has any
	extras   []nodeExtra

	a, b         []NodeID
	aPort, bPort []PortNo
	spec, back   []uint32 // into linkSpecs, for a->b and b->a
	linkName     map[LinkID]string
	linkByName   map[string]LinkID
	linkProps    map[LinkID][]Property

	nodeSpecs []NodeSpec
	linkSpecs []LinkSpec

	arcOff []uint32 // per node, into arcs
	arcs   []Arc    // leaving each node, by rising port number

	// of a network that was edited
	edited               bool
	founders             int
	goneNodes, goneLinks graves
	linkRank             map[LinkID]int32  // among parallel links, where it is no longer counted
	before               map[NodeID]NodeID // who had a node's name before it
}

type nodeExtra struct {
	identity   Identity
	labels     []string
	properties []Property
}

// Arc is one direction of a link: 2*link when it leaves the link's A end, 2*link+1
// when it leaves B.
type Arc uint32

// Link is the link an arc belongs to.
func (a Arc) Link() LinkID { return LinkID(a >> 1) }

// Reverse is the other direction of the same link.
func (a Arc) Reverse() Arc { return a ^ 1 }

// Node is a view of one node.
type Node struct {
	ID         NodeID
	Name       string
	Kind       NodeKind
	Spec       NodeSpec
	Identity   Identity
	Labels     []string
	Properties []Property
}

// Property gives the value of a named property.
func (n Node) Property(name string) (string, bool) { return property(n.Properties, name) }

func property(ps []Property, name string) (string, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// Endpoint is a port of a node.
type Endpoint struct {
	Node NodeID
	Port PortNo
}

// Link is a view of one link.
type Link struct {
	ID         LinkID
	A, B       Endpoint
	Spec       LinkSpec // from A to B
	Back       LinkSpec // from B to A
	Properties []Property
}

// Property gives the value of a named property.
func (l Link) Property(name string) (string, bool) { return property(l.Properties, name) }

// NodeCount is the number of nodes, those that are gone included: ids are below it.
func (n *Network) NodeCount() int { return len(n.kind) }

// LinkCount is the number of links, those that are gone included: ids are below it.
func (n *Network) LinkCount() int { return len(n.a) }

// NodeName is the id that the user gave the node.
func (n *Network) NodeName(id NodeID) string { return n.names.name(int(id)) }

// NodeKindOf is the kind of a node.
func (n *Network) NodeKindOf(id NodeID) NodeKind { return n.kind[id] }

// Node makes the view of a node.
func (n *Network) Node(id NodeID) Node {
	v := Node{ID: id, Name: n.NodeName(id), Kind: n.kind[id], Spec: n.nodeSpecs[n.nodeSpec[id]]}
	if n.extra != nil && n.extra[id] >= 0 {
		e := &n.extras[n.extra[id]]
		v.Identity, v.Labels, v.Properties = e.identity, e.labels, e.properties
	}
	return v
}

// Identity is what the descriptor fixed about a node's addresses.
func (n *Network) Identity(id NodeID) Identity {
	if n.extra == nil || n.extra[id] < 0 {
		return Identity{}
	}
	return n.extras[n.extra[id]].identity
}

// NodeNameBytes is NodeName without an allocation; callers must not write to it.
func (n *Network) NodeNameBytes(id NodeID) []byte { return n.names.bytes(int(id)) }

// Nodes yields every node that is not gone in order of id.
func (n *Network) Nodes() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for id := range n.kind {
			if !n.Gone(NodeID(id)) && !yield(n.Node(NodeID(id))) {
				return
			}
		}
	}
}

// NodeByName finds a node.
func (n *Network) NodeByName(name string) (NodeID, bool) {
	i := n.names.lookup(name)
	if i < 0 || n.Gone(NodeID(i)) {
		return NoNode, false
	}
	return NodeID(i), true
}

// NodesOfKind lists the nodes of one kind in order of id.
func (n *Network) NodesOfKind(k NodeKind) []NodeID {
	var out []NodeID
	for id, kind := range n.kind {
		if kind == k && !n.Gone(NodeID(id)) {
			out = append(out, NodeID(id))
		}
	}
	return out
}

// Ends gives both ends of a link.
func (n *Network) Ends(id LinkID) (a, b Endpoint) {
	return Endpoint{n.a[id], n.aPort[id]}, Endpoint{n.b[id], n.bPort[id]}
}

// EndColumns gives the nodes at both ends of all links, those that are gone included;
// callers must not write to them.
func (n *Network) EndColumns() (a, b []NodeID) { return n.a, n.b }

// Link makes the view of a link.
func (n *Network) Link(id LinkID) Link {
	return Link{ID: id, A: Endpoint{n.a[id], n.aPort[id]}, B: Endpoint{n.b[id], n.bPort[id]},
		Spec: n.linkSpecs[n.spec[id]], Back: n.linkSpecs[n.back[id]], Properties: n.linkProps[id]}
}

// Links yields every link that is not gone in order of id.
func (n *Network) Links() iter.Seq[Link] {
	return func(yield func(Link) bool) {
		for id := range n.a {
			if !n.LinkGone(LinkID(id)) && !yield(n.Link(LinkID(id))) {
				return
			}
		}
	}
}

// ArcSpec is the spec of one direction of a link.
func (n *Network) ArcSpec(a Arc) *LinkSpec {
	if a&1 == 0 {
		return &n.linkSpecs[n.spec[a>>1]]
	}
	return &n.linkSpecs[n.back[a>>1]]
}

// ArcFrom is the end an arc leaves, ArcTo the end it reaches.
func (n *Network) ArcFrom(a Arc) Endpoint {
	if a&1 == 0 {
		return Endpoint{n.a[a>>1], n.aPort[a>>1]}
	}
	return Endpoint{n.b[a>>1], n.bPort[a>>1]}
}

// ArcTo is the end an arc reaches.
func (n *Network) ArcTo(a Arc) Endpoint { return n.ArcFrom(a ^ 1) }

// Arcs lists the arcs leaving a node by rising port number; callers must not write to it.
func (n *Network) Arcs(id NodeID) []Arc { return n.arcs[n.arcOff[id]:n.arcOff[id+1]] }

// ArcAtPort finds the arc that leaves a node by a port.
func (n *Network) ArcAtPort(id NodeID, p PortNo) (Arc, bool) {
	arcs := n.Arcs(id)
	// Ports are dense unless the user numbered them: try the direct place first.
	if i := int(p) - int(n.firstPort(id)); i >= 0 && i < len(arcs) && n.ArcFrom(arcs[i]).Port == p {
		return arcs[i], true
	}
	i := sort.Search(len(arcs), func(i int) bool { return n.ArcFrom(arcs[i]).Port >= p })
	if i < len(arcs) && n.ArcFrom(arcs[i]).Port == p {
		return arcs[i], true
	}
	return 0, false
}

func (n *Network) firstPort(id NodeID) PortNo { return firstPortOf(n.kind[id]) }

func firstPortOf(k NodeKind) PortNo {
	if k == Switch {
		return 1
	}
	return 0
}

// LinkName is the id that the user gave the link, or "a--b", or "a--b#2" for the
// second of parallel links (counted among those without a name of their own).
func (n *Network) LinkName(id LinkID) string {
	if name, ok := n.linkName[id]; ok {
		return name
	}
	name := n.NodeName(n.a[id]) + "--" + n.NodeName(n.b[id])
	if k := n.parallelRank(id); k > 1 {
		name += "#" + strconv.Itoa(k)
	}
	return name
}

// parallelRank counts, from 1, which of the unnamed links between the same two nodes
// this one is, in order of id.
func (n *Network) parallelRank(id LinkID) int {
	if rank, ok := n.linkRank[id]; ok {
		return int(rank)
	}
	rank := 1
	for other := range n.between(n.a[id], n.b[id]) {
		if _, named := n.linkName[other]; !named && other < id {
			rank++
		}
	}
	return rank
}

// between yields the links that join two nodes, in no promised order.
func (n *Network) between(a, b NodeID) iter.Seq[LinkID] {
	return func(yield func(LinkID) bool) {
		if len(n.Arcs(b)) < len(n.Arcs(a)) {
			a, b = b, a
		}
		for _, arc := range n.Arcs(a) {
			if n.ArcTo(arc).Node == b && !yield(arc.Link()) {
				return
			}
		}
	}
}

// LinksBetween lists the links that join two nodes in order of id.
func (n *Network) LinksBetween(a, b NodeID) []LinkID {
	var out []LinkID
	for id := range n.between(a, b) {
		out = append(out, id)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// LinkByName finds a link by its id or its derived name, ends in either order.
func (n *Network) LinkByName(name string) (LinkID, bool) {
	if id, ok := n.linkByName[name]; ok {
		return id, true
	}
	aName, bName, rank, ok := derivedName(name)
	if !ok {
		return NoLink, false
	}
	a, okA := n.NodeByName(aName)
	b, okB := n.NodeByName(bName)
	if !okA || !okB {
		return NoLink, false
	}
	counted := 0
	for _, id := range n.LinksBetween(a, b) {
		if _, named := n.linkName[id]; named {
			continue
		}
		counted++
		if fixed, ok := n.linkRank[id]; ok && int(fixed) == rank || !ok && counted == rank {
			return id, true
		}
	}
	return NoLink, false
}

// derivedName takes "a--b" or "a--b#2" apart.
func derivedName(name string) (a, b string, rank int, ok bool) {
	ends, rankText, ranked := strings.Cut(name, "#")
	rank = 1
	if ranked {
		r, err := strconv.Atoi(rankText)
		if err != nil || r < 1 {
			return "", "", 0, false
		}
		rank = r
	}
	a, b, ok = strings.Cut(ends, "--")
	return a, b, rank, ok
}

// HasLinkName says whether the user gave the link an id of its own.
func (n *Network) HasLinkName(id LinkID) bool { _, ok := n.linkName[id]; return ok }

// PortName writes "node:port".
func (n *Network) PortName(e Endpoint) string {
	return fmt.Sprintf("%s:%d", n.NodeName(e.Node), e.Port)
}
