package shortestpath

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// packet installs the path of a packet's pair and sends the packet on along it.
func (a *router) packet(p *app.PacketIn, out *app.Commands) {
	if p.Header.EthType != packet.EthTypeIPv4 {
		return
	}
	k := pair{p.Header.IPSrc, p.Header.IPDst}
	dst, ok := a.view.HostByIP(k.Dst)
	if !ok {
		return
	}
	from := p.Port.Switch // the path of a source of no host, such as a service's address, begins here
	if src, known := a.view.HostByIP(k.Src); known {
		from = src.At.Switch
	}
	a.route(k, from, p.Port.Switch, out)
	port := portAt(a.pairs[k], p.Port.Switch)
	if port == 0 {
		// The packet is off its pair's path: it goes on from where it is.
		hops := a.path(k, p.Port.Switch, dst)
		if port = portAt(hops, p.Port.Switch); port == 0 {
			return
		}
	}
	if port == p.Port.Port {
		port = model.PortNo(flow.PortInPort)
	}
	out.Send(p.Port.Switch, flow.PacketOut{InPort: uint32(p.Port.Port), Actions: []flow.Action{flow.Out(uint32(port))}, Frame: p.Frame})
}

func portAt(hops []hop, sw model.NodeID) model.PortNo {
	for _, h := range hops {
		if h.Switch == sw {
			return h.Port
		}
	}
	return 0
}

// route brings a pair's rules up to date. At the switch that asks the rule is sent even if
// it should be there: it may have just run out.
func (a *router) route(k pair, from, asking model.NodeID, out *app.Commands) {
	dst, ok := a.view.HostByIP(k.Dst)
	if !ok {
		a.unroute(k, out)
		return
	}
	old, now := a.pairs[k], a.path(k, from, dst)
	if now == nil {
		a.unroute(k, out)
		return
	}
	kept := make([]hop, 0, len(old))
	for _, h := range old {
		if h.Switch != asking {
			kept = append(kept, h)
		}
	}
	for _, r := range a.changePair(k, kept, now, a.opt.idle, out) {
		out.Remove(r.sw, r.rule)
	}
	if asking != model.NoNode && portAt(old, asking) != 0 && portAt(now, asking) == 0 {
		out.Remove(asking, flow.Rule{Priority: a.opt.priority + 1, Match: between(k)})
	}
	a.pairs[k] = now
}

// unroute takes a pair's rules back.
func (a *router) unroute(k pair, out *app.Commands) {
	for _, r := range a.changePair(k, a.pairs[k], nil, 0, out) {
		out.Remove(r.sw, r.rule)
	}
	delete(a.pairs, k)
}

// path is a pair's path from a switch to a host; nil if there is none.
func (a *router) path(k pair, from model.NodeID, dst *app.HostInfo) (hops []hop) {
	at, okA := a.view.SwitchNumber(from)
	to, okB := a.view.SwitchNumber(dst.At.Switch)
	if !okA || !okB {
		return nil
	}
	arcs, ok := a.arcs(k, at, to)
	if !ok {
		return nil
	}
	for _, arc := range arcs {
		p := a.view.PortOf(arc)
		hops = append(hops, hop{Switch: p.Switch, Port: p.Port})
	}
	return append(hops, hop{Switch: dst.At.Switch, Port: dst.At.Port})
}

func (a *router) arcs(k pair, at, to int32) (path []int32, ok bool) {
	if a.opt.ecmp == "none" {
		return a.routes.path(at, to, nil)
	}
	return a.routes.path(at, to, func(u int32, arcs []int32) int32 { return choose(arcs, k, a.view.Switches()[u].ID) })
}

// repair leads pairs around a link that went down; when links come up, every pair takes
// its shortest path again.
func (a *router) repair(l app.LinkInfo, all bool, out *app.Commands) {
	for _, k := range a.sortedPairs() {
		hops := a.pairs[k]
		through := all
		for _, h := range hops {
			at := app.Port{Switch: h.Switch, Port: h.Port}
			through = through || at == l.A || at == l.B
		}
		src, ok := a.view.HostByIP(k.Src)
		switch {
		case !through:
		case !ok:
			a.unroute(k, out)
		default:
			a.route(k, src.At.Switch, model.NoNode, out)
		}
	}
}

// ended forgets a rule of a pair that has run out.
func (a *router) ended(f *app.FlowRemoved) {
	if f.Reason != flow.RemovedIdle && f.Reason != flow.RemovedHard {
		return
	}
	src, _ := f.Rule.Match.Field(flow.IPv4Src)
	dst, _ := f.Rule.Match.Field(flow.IPv4Dst)
	k := pair{packet.IPv4(src.Value.Lo), packet.IPv4(dst.Value.Lo)}
	var left []hop
	for _, h := range a.pairs[k] {
		if h.Switch != f.Switch {
			left = append(left, h)
		}
	}
	if left == nil {
		delete(a.pairs, k)
		return
	}
	a.pairs[k] = left
}

func (a *router) sortedPairs() []pair { return sortedKeys(a.pairs) }
