package control

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// resolver answers ARP requests from the topology.
type resolver struct {
	hosts    map[packet.IPv4]packet.MAC
	switches []model.NodeID // those with hosts, by rising id
}

// VirtualMAC is the address at which the ARP service answers for a service's virtual IP:
// 0a:5e, which is locally administered, and the four bytes of the IP. It belongs to no
// interface; an app rewrites it on the way to a member.
func VirtualMAC(ip packet.IPv4) packet.MAC { return 0x0a5e<<32 | packet.MAC(ip) }

func newResolver(v *view, services []app.VirtualService) *resolver {
	s := &resolver{hosts: map[packet.IPv4]packet.MAC{}}
	seen := make([]bool, v.net.NodeCount())
	for id := range v.net.NodeCount() {
		host := model.NodeID(id)
		if v.net.NodeKindOf(host) != model.Host || v.net.Gone(host) {
			continue
		}
		if ip := v.address.HostIP(host); ip != 0 {
			s.hosts[ip] = v.address.HostMAC(host)
		}
		for _, a := range v.net.Arcs(host) {
			seen[v.net.ArcTo(a).Node] = true
		}
		if at, ok := v.attachment(host); ok { // behind what is external
			seen[v.net.ArcFrom(at).Node] = true
		}
	}
	for _, service := range services {
		s.hosts[service.IP] = VirtualMAC(service.IP)
	}
	for id, has := range seen {
		if has && v.net.NodeKindOf(model.NodeID(id)) == model.Switch {
			s.switches = append(s.switches, model.NodeID(id))
		}
	}
	return s
}

// arpPriority is above what any app can want for ARP requests.
const arpPriority = 0xffff

// arpRule brings ARP requests to the runtime. It stands in the first app's first table.
func (r *Runtime) arpRule() flow.Rule {
	return flow.Rule{Table: r.apps[0].base, Priority: arpPriority, Match: arpRequests(), Apply: []flow.Action{flow.ToController()}, Cookie: runtimeCookie}
}

func arpRequests() flow.Match {
	return flow.Match{}.With(flow.EthType, uint64(packet.EthTypeARP)).With(flow.ARPOp, uint64(packet.ARPOpRequest))
}

// strange says that a packet is an ARP request for an address of no host and no service.
func (s *resolver) strange(p *Packet) bool {
	h := &p.Header
	_, known := s.hosts[h.ARPTPA]
	return h.EthType == packet.EthTypeARP && h.ARPOp == packet.ARPOpRequest && !known && h.ARPSPA != h.ARPTPA
}

// answer is the packet that answers a request, nil for a request that is none of a known
// host's business: an unknown address, or a station that asks for or announces its own.
func (s *resolver) answer(p *Packet) *flow.PacketOut {
	h := &p.Header
	if h.EthType != packet.EthTypeARP || h.ARPOp != packet.ARPOpRequest {
		return nil
	}
	mac, ok := s.hosts[h.ARPTPA]
	if !ok || h.ARPSPA == h.ARPTPA || mac == h.ARPSHA {
		return nil
	}
	reply := packet.ARPReply(mac, h.ARPTPA, h.ARPSHA, h.ARPSPA)
	reply.VLAN, reply.PCP = h.VLAN, h.PCP
	return &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(p.InPort)}, Frame: packet.Append(nil, reply, nil)}
}
