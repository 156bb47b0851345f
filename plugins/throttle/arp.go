package throttle

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/packet"
)

// arpPriority is above that of the other rules.
const arpPriority = 0xfffe

// requests brings ARP requests to an app that nobody follows. In a chain they go on: it is
// for those who route to answer, and those who learn want to hear hosts speak.
func (a *throttle) requests() flow.Rule {
	return flow.Rule{Table: tableUp, Priority: arpPriority, Apply: []flow.Action{flow.ToController()},
		Match: flow.Match{}.With(flow.EthType, uint64(packet.EthTypeARP)).With(flow.ARPOp, uint64(packet.ARPOpRequest))}
}

// answer answers an ARP request for a host of the network; who asks for or announces its
// own address is not answered.
func (a *throttle) answer(p *app.PacketIn, out *app.Commands) {
	h := &p.Header
	asked, known := a.view.HostByIP(h.ARPTPA)
	if h.EthType != packet.EthTypeARP || h.ARPOp != packet.ARPOpRequest || !known || h.ARPSPA == h.ARPTPA || h.ARPSHA == asked.MAC {
		return
	}
	reply := packet.ARPReply(asked.MAC, asked.IP, h.ARPSHA, h.ARPSPA)
	reply.VLAN, reply.PCP = h.VLAN, h.PCP
	out.Send(p.Port.Switch, flow.PacketOut{InPort: flow.PortController,
		Actions: []flow.Action{flow.Out(uint32(p.Port.Port))}, Frame: packet.Append(nil, reply, nil)})
}
