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
	Class       string
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
	Kind         string // poisson, permutation, all-to-all, incast, hotspot, pairs
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
	Class        string
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

// Watch selects what the trace records packet by packet.
type Watch struct {
	Nodes   Selector
	Links   Selector
	Flows   string
	Packets bool
	Sample  Time // interval of time series; 0: default
}
