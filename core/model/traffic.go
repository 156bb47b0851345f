package model

// Class is a QoS class of flows and links.
type Class struct {
	ID       string
	Min, Max Rate // 0: no reservation, no limit
	Priority int32
}

// Profile is a kind of user, to whom a class, a rate and a server pool are given.
type Profile struct {
	ID      string
	Class   string // id of a Class, or ""
	Rate    Rate   // 0: unlimited
	Pool    string // id of a Service, or ""
	Members []NodeID
}

// Service is a virtual address spread over weighted members.
type Service struct {
	ID      string
	IP      uint32 // IPv4, host order
	Proto   Transport
	Port    uint16
	Members []Member
}

// Member is one server of a service.
type Member struct {
	Node   NodeID
	Weight int32 // at least 1
}

// Tenant shares the network with others.
type Tenant struct {
	ID      string
	VLAN    uint16
	Members []NodeID
	Quota   Rate // 0: none
}

// Policy is what the network should strive for, for one profile.
type Policy struct {
	Profile  string
	Maximize bool
	Property string // delay, cost, energy, ...
	Priority int32
}

// Flow is one transfer from a host to a host or to a service. What is zero is left to
// the rules in core/workload.
type Flow struct {
	ID          string
	From        NodeID
	To          NodeID // NoNode when Service is set
	Service     string
	Start       Time
	Duration    Time // 0: until Size is sent
	Size        Size
	Rate        Rate // UDP: sending rate; TCP: application limit
	Granularity Granularity
	Transport   Transport
	Packet      Size   // bytes on the wire of a full packet; 0: 1500 + Ethernet
	Chunk       Size   // chunk granularity
	Chunks      string // xSDN's chunk language, or ""
	Pattern     string // of UDP's packets, as ParsePattern reads it; "": equal packets at equal gaps
	Class       string
	TCP         string // id of TCPOptions, an algorithm, or ""
	Profile     string
	Tenant      string
	SrcPort     uint16 // 0: chosen by core/workload
	DstPort     uint16
	Count       int32 // icmp: echoes to send
}

// DemandMatrix asks for constant rates between pairs over an interval.
type DemandMatrix struct {
	Start, Until Time
	Granularity  Granularity
	Transport    Transport
	Pattern      string // of the packets of each
	Demands      []Demand
}

// Demand is one entry of a matrix.
type Demand struct {
	From, To NodeID
	Rate     Rate
}

// Traffic is a description from which core/workload draws flows.
type Traffic struct {
	ID           string
	Kind         string // poisson, permutation, random, stride, all-to-all, incast, hotspot, pairs
	Sizes        string // id of a Distribution, name of a known one, or a size
	Load         float64
	Of           string // access, bisection
	From, To     Selector
	Start, Until Time
	Rate         Rate
	Granularity  Granularity
	Transport    Transport
	Chunk        Size
	Packet       Size
	Pattern      string // of the packets of each flow
	Class        string
	TCP          string // as of a Flow
	Stride       int    // of kind stride: how many hosts further the receiver is
	Pairs        []Pair // of kind pairs: who talks to whom, instead of From and To
}

// Pair is a pair of hosts that is drawn in proportion to its weight.
type Pair struct {
	From, To NodeID
	Weight   float64 // above 0; weights need not sum to 1
}

// Distribution is a named distribution of flow sizes.
type Distribution struct {
	ID     string
	Points []SizePoint // ascending in both columns; linear in between
}

// SizePoint says that the given share of all flows is of the given size or smaller.
type SizePoint struct {
	Size  Size
	Share float64 // 0..1, that of the last point 1
}

// MeanSize is the mean of a distribution in bytes.
func MeanSize(points []SizePoint) float64 {
	mean := 0.0
	for i, p := range points {
		before := SizePoint{Size: p.Size} // what lies below the first share has the first size
		if i > 0 {
			before = points[i-1]
		}
		mean += float64((p.Share-before.Share)*float64(p.Size+before.Size)) / 2
	}
	return mean
}

// Process is a program started on an emulated or physical host.
type Process struct {
	Node    NodeID
	At      Time
	Command string
	As      string // flow that stands for it in the simulator, or ""
}

// Watch selects what is recorded beyond the usual: packets in the trace, series over
// time, captures of ports.
type Watch struct {
	Nodes   Selector
	Links   Selector
	Flows   string // id or glob
	Packets bool
	Sample  Time // interval of time series; 0: default

	Series    Series
	Capture   bool      // of Ports, all ports that Nodes have, and the first end of Links, as pcap
	Ports     Selector  // as SelectPorts reads it
	Direction Direction // of a capture
	Snap      Size      // bytes of each frame that a capture keeps; 0: all
}

// Series is what a Watch follows over time. What its selectors do not restrict is
// followed everywhere.
type Series uint8

// The series. Links are followed without being asked for, all of them unless a Watch names some.
const (
	SeriesNone Series = iota
	SeriesFlows
	SeriesLinks
	SeriesQueues
	SeriesSwitches
	SeriesAll
)

// SeriesNames are the words for the series from SeriesFlows on.
func SeriesNames() []string { return []string{"flows", "links", "queues", "switches", "all"} }

func (s Series) String() string {
	if s == SeriesNone || int(s) > len(SeriesNames()) {
		return ""
	}
	return SeriesNames()[s-1]
}

// Has says whether a series is s or part of it.
func (s Series) Has(one Series) bool { return s == one || s == SeriesAll }

// Direction is which frames at a port are meant.
type Direction uint8

// The directions, seen from the node whose port it is.
const (
	BothWays Direction = iota
	Inward
	Outward
)

// DirectionNames are the words for the directions.
func DirectionNames() []string { return []string{"both", "in", "out"} }

func (d Direction) String() string {
	if int(d) < len(DirectionNames()) {
		return DirectionNames()[d]
	}
	return "both"
}
