package loadbalancer

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/packet"
)

// arpRequest is a place's protocol where it is ARP requests that a rule matches: a number
// that IP reserves.
const arpRequest uint8 = 255

// requests brings ARP requests for a service to the app; those for anybody when nobody
// else is there to answer them. In a chain the others go on: it is for those who route to
// answer, and those who learn want to hear hosts speak.
func (a *balancer) requests(service packet.IPv4) flow.Rule {
	m := flow.Match{}.With(flow.EthType, uint64(packet.EthTypeARP)).With(flow.ARPOp, uint64(packet.ARPOpRequest))
	if service != 0 {
		m = m.With(flow.ARPTPA, uint64(service))
	}
	return flow.Rule{Table: rewriting, Priority: a.opt.priority, Match: m, Apply: []flow.Action{flow.ToController()}}
}

// answer answers a request for a service or, alone, for a host; who asks for or announces
// its own address is not answered.
func (a *balancer) answer(p *app.PacketIn, out *app.Commands) {
	h := &p.Header
	mac, known := a.stationOf(h.ARPTPA)
	if h.ARPOp != packet.ARPOpRequest || !known || h.ARPSPA == h.ARPTPA || h.ARPSHA == mac {
		return
	}
	reply := packet.ARPReply(mac, h.ARPTPA, h.ARPSHA, h.ARPSPA)
	reply.VLAN, reply.PCP = h.VLAN, h.PCP
	out.Send(p.Port.Switch, flow.PacketOut{InPort: flow.PortController,
		Actions: []flow.Action{flow.Out(uint32(p.Port.Port))}, Frame: packet.Append(nil, reply, nil)})
}

func (a *balancer) stationOf(ip packet.IPv4) (packet.MAC, bool) {
	for i := range a.settings.Services {
		if s := &a.settings.Services[i]; s.IP == ip && a.spread(s) {
			return s.MAC, true
		}
	}
	if h, ok := a.view.HostByIP(ip); ok && a.alone {
		return h.MAC, true
	}
	return 0, false
}
