package model

import "strings"

// NodeID is the dense index of a node in its Network, in order of declaration.
type NodeID int32

// LinkID is the dense index of a link in its Network, in order of declaration.
type LinkID int32

// PortNo is a port's number at its node. Switch ports count from 1, as OpenFlow has
// it; host ports from 0, as Mininet's "h1-eth0". The same in every world.
type PortNo uint32

// NoNode and NoLink stand for "none".
const (
	NoNode NodeID = -1
	NoLink LinkID = -1
)

// NodeKind is what a node is.
type NodeKind uint8

// The kinds of nodes.
const (
	Switch   NodeKind = iota + 1 // forwards by OpenFlow tables
	Host                         // sends and receives; never forwards
	External                     // stands for something outside the model
)

var nodeKinds = [...]string{"", "switch", "host", "external"}

func (k NodeKind) String() string { return choiceName(nodeKinds[:], int(k)) }

// ParseNodeKind reads a kind's name.
func ParseNodeKind(s string) (NodeKind, bool) {
	i := choice(nodeKinds[:], s)
	return NodeKind(i), i > 0
}

// NodeKindNames lists the kinds for error texts.
func NodeKindNames() []string { return nodeKinds[1:] }

// Granularity is how finely the simulator follows a flow; other worlds ignore it.
type Granularity uint8

// The granularities.
const (
	GranularityAuto Granularity = iota // packet
	GranularityPacket
	GranularityChunk
	GranularityFlow
)

var granularities = [...]string{"", "packet", "chunk", "flow"}

func (g Granularity) String() string { return choiceName(granularities[:], int(g)) }

// ParseGranularity reads a granularity's name.
func ParseGranularity(s string) (Granularity, bool) {
	i := choice(granularities[:], s)
	return Granularity(i), i > 0
}

// GranularityNames lists the granularities for error texts.
func GranularityNames() []string { return granularities[1:] }

// Transport is the protocol of a flow.
type Transport uint8

// The transports.
const (
	TransportAuto Transport = iota // TCP with a size, UDP with a rate
	UDP
	TCP
	ICMP
)

var transports = [...]string{"", "udp", "tcp", "icmp"}

func (t Transport) String() string { return choiceName(transports[:], int(t)) }

// ParseTransport reads a transport's name.
func ParseTransport(s string) (Transport, bool) {
	i := choice(transports[:], s)
	return Transport(i), i > 0
}

// TransportNames lists the transports for error texts.
func TransportNames() []string { return transports[1:] }

func choice(names []string, s string) int {
	if s == "" {
		return -1
	}
	for i, n := range names {
		if strings.EqualFold(n, s) {
			return i
		}
	}
	return -1
}

func choiceName(names []string, i int) string {
	if i >= 0 && i < len(names) {
		return names[i]
	}
	return "?"
}

// Property is one name=value pair of a node or a link, kept in order.
type Property struct {
	Name  string
	Value string
}

// NodeSpec is what a node has or needs; equal specs are stored once.
type NodeSpec struct {
	CPU    int64 // thousandths of a core; 0 unknown
	Memory Size
	Disk   Size
}

// Identity is what the descriptor fixed about a node's addresses; zero fields are
// worked out by core/naming.
type Identity struct {
	DPID   uint64 // switches
	HasMAC bool
	MAC    uint64 // low 48 bits
	IP     uint32 // IPv4, host order; 0 unset
	Prefix uint8  // length of the network prefix
}

// LinkSpec is one direction of a link; equal specs are stored once. It is comparable.
type LinkSpec struct {
	Rate   Rate // 0 unlimited
	Delay  Time // one way
	Jitter Time
	Loss   float64 // share of frames lost, 0..1
	Queue  QueueLimit
	MTU    int32  // 0: 1500
	Class  string // id of a Class, or ""
	Weight int64  // routing weight; 0: 1
	Spare  bool   // redundant="true": stands by, carries no traffic until an app uses it

	Discipline string // id of a Discipline, or ""
}
