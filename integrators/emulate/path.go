package emulate

import (
	"context"
	"time"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// settling is how long after a flow's start its path is looked at: by then an app that
// waits for first packets has answered them.
const settling = 200 * time.Millisecond

// header is what a flow's first packet has.
func (w *world) header(f *model.Flow) packet.Header {
	a := control.Named{Names: w.names()}
	h := packet.Header{EthSrc: a.HostMAC(f.From), EthType: packet.EthTypeIPv4, IPSrc: a.HostIP(f.From), TTL: packet.DefaultTTL, L4Src: f.SrcPort, L4Dst: f.DstPort}
	switch f.Transport {
	case model.TCP:
		h.Proto = packet.ProtoTCP
	case model.ICMP:
		h.Proto, h.ICMPType, h.L4Src, h.L4Dst = packet.ProtoICMP, packet.ICMPEchoRequest, 0, 0
	default:
		h.Proto = packet.ProtoUDP
	}
	if f.Service == "" {
		h.EthDst, h.IPDst = a.HostMAC(f.To), a.HostIP(f.To)
		return h
	}
	for _, s := range w.net().Services {
		if s.ID == f.Service {
			h.IPDst = packet.IPv4(s.IP)
			h.EthDst = control.VirtualMAC(h.IPDst)
		}
	}
	return h
}

// followed gives a flow's result its path: as the apps' rules have it soon after its
// start, or at its end if that comes first. Real switches do not tell.
func (w *world) followed(ctx context.Context, f *model.Flow, result <-chan trace.FlowResult) trace.FlowResult {
	path := func() (names []string) {
		for _, n := range w.ctl.Path(ctx, f.From, w.header(f)) {
			names = append(names, w.net().NodeName(n))
		}
		return names
	}
	var early []string
	soon := time.NewTimer(settling)
	defer soon.Stop()
	for {
		select {
		case <-soon.C:
			early = path()
		case r := <-result:
			if r.Path = early; early == nil && r.Received > 0 {
				r.Path = path()
			}
			return r
		}
	}
}
