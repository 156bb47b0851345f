package workload

import (
	"cmp"
	"fmt"
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

// Frame overheads in bytes, without preamble and frame check sequence, as tc counts.
const (
	ethernet   model.Size = 14
	ipv4       model.Size = 20
	udpHeader  model.Size = 8
	tcpHeader  model.Size = 20 + 12 // with the timestamps option
	icmpHeader model.Size = 8
	fullFrame  model.Size = 1500 + ethernet
)

// Overhead is how many bytes of a frame are not the application's.
func Overhead(t model.Transport) model.Size {
	switch t {
	case model.TCP:
		return ethernet + ipv4 + tcpHeader
	case model.ICMP:
		return ethernet + ipv4 + icmpHeader
	}
	return ethernet + ipv4 + udpHeader
}

// Port numbers of flows that do not choose their own: the number of the flow in the
// list, modulo a multiple of 1,024, so that "flow number mod m" stays a masked match on
// the port for every power of two m up to 1,024.
const (
	firstPort = 1024
	portCount = 63 * 1024
)

// Limit bounds the number of concrete flows of one run.
const Limit = 20_000_000

// Concrete lists the flows of a run by start time; equal starts stay in the order of
// the descriptor: <flow>s, then <demands>, then <traffic>. Every field that a world
// needs is set: transport, granularity, packet size, ports, and Size, Chunks or Duration.
func Concrete(n *model.Network, seed uint64) ([]model.Flow, error) {
	flows := slices.Clone(n.Flows)
	for i, m := range n.Demands {
		flows = append(flows, demands(n, i, m)...)
		if len(flows) > Limit {
			return nil, fmt.Errorf("demands: more than %d flows in one run", Limit)
		}
	}
	for i := range n.Traffic {
		drawn, err := draw(n, &n.Traffic[i], random.New(seed))
		if err != nil {
			return nil, err
		}
		if len(flows)+len(drawn) > Limit {
			return nil, fmt.Errorf("traffic %q: more than %d flows in one run", n.Traffic[i].ID, Limit)
		}
		flows = append(flows, drawn...)
	}
	if err := distinct(n, flows); err != nil {
		return nil, err
	}
	for i := range flows {
		complete(&flows[i], i)
	}
	slices.SortStableFunc(flows, func(a, b model.Flow) int { return cmp.Compare(a.Start, b.Start) })
	return flows, nil
}

// distinct says whether a flow that was drawn has the id of one that is declared: a
// list that was replayed beside the traffic it came from, most likely.
func distinct(n *model.Network, flows []model.Flow) error {
	if len(n.Flows) == 0 || len(flows) == len(n.Flows) {
		return nil
	}
	declared := make(map[string]struct{}, len(n.Flows))
	for i := range n.Flows {
		declared[n.Flows[i].ID] = struct{}{}
	}
	for i := len(n.Flows); i < len(flows); i++ {
		if _, twice := declared[flows[i].ID]; twice {
			return fault.New(fault.DuplicateID, fault.Place{Element: "flow", Attribute: "id"},
				"flow %q is declared, and drawn from <traffic> or <demands> as well; give the list a prefix, or leave one of them out", flows[i].ID)
		}
	}
	return nil
}

// complete fills in what the descriptor left open.
func complete(f *model.Flow, number int) {
	f.Transport = f.Kind()
	if f.Granularity == model.GranularityAuto {
		f.Granularity = model.GranularityPacket
		if f.Chunks != "" {
			f.Granularity = model.GranularityChunk
		}
	}
	if f.Granularity == model.GranularityChunk && f.Chunk == 0 && f.Chunks == "" {
		f.Chunk = DefaultChunk
	}
	if f.Packet == 0 {
		f.Packet = fullFrame
	}
	if f.Transport == model.ICMP {
		if f.Count == 0 { // one echo a second
			f.Count = int32(max(1, min(f.Duration/model.Second, 1<<30)))
		}
		return
	}
	port := uint16(firstPort + number%portCount)
	if f.SrcPort == 0 {
		f.SrcPort = port
	}
	if f.DstPort == 0 && f.Service == "" { // a service has a port of its own
		f.DstPort = port
	}
}

func demands(n *model.Network, index int, m model.DemandMatrix) []model.Flow {
	out := make([]model.Flow, 0, len(m.Demands))
	seen := map[[2]model.NodeID]int{}
	for j, d := range m.Demands {
		if d.Rate == 0 || d.From == d.To {
			continue
		}
		id := fmt.Sprintf("d%d-%s-%s", index+1, n.NodeName(d.From), n.NodeName(d.To))
		pair := [2]model.NodeID{d.From, d.To}
		if seen[pair]++; seen[pair] > 1 {
			id = fmt.Sprintf("%s-%d", id, seen[pair])
		}
		if model.CheckID(id) != nil { // names that end in a hyphen, or long ones
			id = fmt.Sprintf("d%d-%d", index+1, j+1)
		}
		transport := m.Transport
		if transport == model.TransportAuto {
			transport = model.UDP
		}
		out = append(out, model.Flow{ID: id, From: d.From, To: d.To, Start: m.Start, Duration: m.Until - m.Start,
			Rate: d.Rate, Transport: transport, Granularity: m.Granularity, Pattern: m.Pattern})
	}
	return out
}
