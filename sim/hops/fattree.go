package hops

import (
	"fmt"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// splitMix is the splitmix64 generator (Steele, Lea, Flood 2014).
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Peers pairs every host with another one.
func Peers(n int) []int {
	p, r := make([]int, n), splitMix(7)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := int(r.next() % uint64(i+1))
		p[i], p[j] = p[j], p[i]
	}
	for i := range p {
		if p[i] == i {
			p[i], p[(i+1)%n] = p[(i+1)%n], p[i]
		}
	}
	return p
}

// FatTree is a k-ary fat tree of 1 Gbit/s links with 10 us delay. Ports: edge 1..m to its
// hosts, then to the aggregations; aggregation 1..m to edges, then to cores; core 1+pod.
func FatTree(k int, flows func(h int) []model.Flow) *model.Network {
	m := k / 2
	b := model.NewBuilder("fat-tree")
	spec := b.SpecID(model.LinkSpec{Rate: 1e9, Delay: 10 * model.Microsecond})
	link := func(x, y model.NodeID) {
		b.Link(model.LinkDraft{A: x, B: y, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	hosts, edges, aggs, cores := make([]model.NodeID, k*m*m), make([]model.NodeID, k*m), make([]model.NodeID, k*m), make([]model.NodeID, m*m)
	declare := func(list []model.NodeID, prefix string, kind model.NodeKind) {
		for i := range list {
			list[i], _ = b.Declare(fmt.Appendf(nil, "%s%d", prefix, i), kind)
		}
	}
	declare(hosts, "h", model.Host)
	declare(edges, "e", model.Switch)
	declare(aggs, "a", model.Switch)
	declare(cores, "c", model.Switch)
	for h := range hosts {
		link(hosts[h], edges[h/m])
	}
	for e := range edges {
		for a := range m {
			link(edges[e], aggs[e/m*m+a])
		}
	}
	for a := range aggs {
		for c := range m {
			link(aggs[a], cores[a%m*m+c])
		}
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		panic(err) // the names and ports above are all different
	}
	for h := range hosts {
		n.Flows = append(n.Flows, flows(h)...)
	}
	return n
}

// ByPort routes a fat tree upwards by the digits of the UDP source port: flow id mod m
// picks the aggregation, id div m mod m the core. Hosts are 10.0.0.1 and so on.
type ByPort struct {
	K     int
	nodes map[string]model.NodeID
	ips   map[string]packet.IPv4
}

func (p *ByPort) Manifest() app.Manifest {
	return app.Manifest{Name: "by-port", Version: "1", Tables: 1, Services: []app.Service{app.ServiceARP}}
}

func (p *ByPort) React(e *app.Event, out *app.Commands) {
	if e.Kind != app.KindTopology {
		return
	}
	if p.nodes == nil {
		p.nodes, p.ips = map[string]model.NodeID{}, map[string]packet.IPv4{}
	}
	for _, s := range e.Topology.Switches {
		p.nodes[s.Name] = s.ID
	}
	for _, h := range e.Topology.Hosts {
		p.ips[h.Name] = h.IP
	}
	if !e.Topology.Last {
		return
	}
	k, m := p.K, p.K/2
	shift := uint64(0)
	for 1<<shift < m {
		shift++
	}
	down := func(sw string, h, port int) {
		out.Install(p.nodes[sw], flow.Rule{Priority: 20, Match: flow.Match{}.IPv4To(p.ips[fmt.Sprint("h", h)], 32), Apply: []flow.Action{flow.Out(uint32(port))}, Idle: 30})
	}
	up := func(sw string, digit, value, port int) {
		mask := uint64(m-1) << (shift * uint64(digit))
		match := flow.Match{}.With(flow.EthType, uint64(packet.EthTypeIPv4)).With(flow.IPProto, uint64(packet.ProtoUDP)).
			WithMask(flow.UDPSrc, flow.V(uint64(value)<<(shift*uint64(digit))), flow.V(mask))
		out.Install(p.nodes[sw], flow.Rule{Priority: 10, Match: match, Apply: []flow.Action{flow.Out(uint32(port))}, Idle: 30})
	}
	for i := range k * m {
		e, a, pod := fmt.Sprint("e", i), fmt.Sprint("a", i), i/m
		for j := range m {
			down(e, i*m+j, 1+j)
			up(e, 0, j, m+1+j)
			up(a, 1, j, m+1+j)
		}
		for h := range m * m {
			down(a, pod*m*m+h, 1+h/m)
		}
	}
	for c := range m * m {
		for h := range k * m * m {
			down(fmt.Sprint("c", c), h, 1+h/(m*m))
		}
	}
}

// Permutation is constant-rate traffic of 1000-byte frames: host h starts at 97 h ns after
// the first second, in which one frame a host resolves the addresses.
func Permutation(k int, wire model.Rate, span model.Time) *model.Network {
	peers := Peers(k * k * k / 4)
	return FatTree(k, func(h int) []model.Flow {
		f := model.Flow{ID: fmt.Sprint("f", h), From: model.NodeID(h), To: model.NodeID(peers[h]), Start: model.Second + model.Time(97*h)*model.Nanosecond,
			Rate: (wire*958 + 500) / 1000, Transport: model.UDP, Granularity: model.GranularityPacket, Packet: 1000, SrcPort: uint16(1024 + h), DstPort: 2000}
		warm := f
		warm.ID, warm.Start, warm.Size = fmt.Sprint("w", h), 0, 958
		// Sources stop at one moment, whenever they started.
		f.Duration = span - model.Time(97*h)*model.Nanosecond
		return []model.Flow{warm, f}
	})
}
