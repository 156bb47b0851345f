package backendtest

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// Destination ports, UDP but for portSelect, by which the exam's flows are told apart.
const (
	portPlain    = 7000 // nothing special
	portMetered  = 7001 // held to meterRate by the gate
	portSelect   = 7100 // TCP: the block of 16 with it goes through a select group
	portMirrored = 7003 // copied to h4 by an all group
	portIdle     = 7004 // its rule idles out
	portMarked   = 7005 // DSCP is set at s1 and matched at s2
	portBlocked  = 7006 // dropped by the gate
	portService  = 7007 // of the service
	selectPorts  = 16
)

// meterRate is what the gate lets a metered flow through with, in kbit/s.
const meterRate = 4000

// topology is what both apps learn from their first events.
type topology struct {
	hosts map[string]app.HostInfo
	nodes map[string]model.NodeID
	names map[model.NodeID]string
	ports map[[2]string]uint32 // switch, neighbour -> port
}

func (t *topology) learn(e *app.Topology) {
	if t.hosts == nil {
		*t = topology{map[string]app.HostInfo{}, map[string]model.NodeID{}, map[model.NodeID]string{}, map[[2]string]uint32{}}
	}
	for _, s := range e.Switches {
		t.nodes[s.Name], t.names[s.ID] = s.ID, s.Name
	}
	for _, l := range e.Links {
		a, b := t.names[l.A.Switch], t.names[l.B.Switch]
		t.ports[[2]string{a, b}], t.ports[[2]string{b, a}] = uint32(l.A.Port), uint32(l.B.Port)
	}
	for _, h := range e.Hosts {
		t.hosts[h.Name] = h
		t.ports[[2]string{t.names[h.At.Switch], h.Name}] = uint32(h.At.Port)
	}
}

func (t *topology) port(from, to string) uint32 { return t.ports[[2]string{from, to}] }

func udpTo(port uint64) flow.Match {
	return flow.Match{}.With(flow.EthType, uint64(packet.EthTypeIPv4)).With(flow.IPProto, uint64(packet.ProtoUDP)).With(flow.UDPDst, port)
}

// gate is the first app of the chain: it classifies in table 0, meters, drops, and
// hands everything else on from its table 1.
type gate struct{ topology }

func (g *gate) Manifest() app.Manifest {
	return app.Manifest{Name: "gate", Version: "1", Tables: 2, Chains: true, Needs: []app.Need{app.NeedMeters}}
}

func (g *gate) React(e *app.Event, out *app.Commands) {
	if e.Kind != app.KindTopology {
		return
	}
	g.learn(e.Topology)
	if !e.Topology.Last {
		return
	}
	for _, name := range []string{"s1", "s2", "s3"} {
		sw := g.nodes[name]
		if name == "s1" {
			out.SetMeter(sw, flow.Meter{Name: "slow", Rate: meterRate, Burst: meterRate / 10})
			out.Install(sw, flow.Rule{Table: 0, Priority: 20, Match: udpTo(portMetered), MeterName: "slow", HasGoto: true, Goto: 1})
			out.Install(sw, flow.Rule{Table: 0, Priority: 30, Match: udpTo(portBlocked)})
		}
		out.OnMiss(sw, 0, app.MissNext)
		out.OnMiss(sw, 1, app.MissNext)
	}
}

// forward is the last app: it delivers by destination, through every kind of group.
type forward struct{ topology }

func (f *forward) Manifest() app.Manifest {
	return app.Manifest{Name: "forward", Version: "1", Tables: 2, Needs: []app.Need{app.NeedGroups, app.NeedSelect, app.NeedFastFailover},
		Services: []app.Service{app.ServiceARP}}
}

func (f *forward) React(e *app.Event, out *app.Commands) {
	switch e.Kind {
	case app.KindTopology:
		f.learn(e.Topology)
		if e.Topology.Last {
			f.install(out)
		}
	case app.KindSettings:
		f.serve(&e.Settings.Services[0], out)
	case app.KindLink:
		state := "down"
		if e.Link.Link.Up {
			state = "up"
		}
		out.Report("link-"+state, float64(e.Link.Link.ID))
	case app.KindFlowRemoved:
		out.Report("removed", float64(e.FlowRemoved.Counters.Packets))
	case app.KindPacketIn:
		out.Report("packet-in", float64(e.PacketIn.Header.L4Dst))
	case app.KindFailed:
		out.Log("error", e.Failed.Reason)
	case app.KindApplied:
		out.Report("applied", float64(e.Applied.Command))
	case app.KindTimer:
		out.AskStats(f.nodes["s1"], app.StatsRequest{Rules: true})
	case app.KindStats:
		out.Report("stats", float64(len(e.Stats.Rules)))
	}
}

// serve sends what is for a service to the last of its members.
func (f *forward) serve(s *app.VirtualService, out *app.Commands) {
	m := s.Members[len(s.Members)-1]
	for name, h := range f.hosts {
		if h.ID == m.Node {
			via := f.port("s1", map[string]string{"h2": "s2", "h3": "s3"}[name])
			out.Install(f.nodes["s1"], flow.Rule{Priority: 40, Match: flow.Match{}.IPv4To(s.IP, 32),
				Apply: []flow.Action{flow.Set(flow.EthDst, uint64(m.MAC)), flow.Set(flow.IPv4Dst, uint64(m.IP)), flow.Out(via)}})
		}
	}
}

const any32 = flow.PortAny

func (f *forward) install(out *app.Commands) {
	s1, s2, s3 := f.nodes["s1"], f.nodes["s2"], f.nodes["s3"]
	ip := func(h string) packet.IPv4 { return f.hosts[h].IP }
	to := func(h string) flow.Match { return flow.Match{}.IPv4To(ip(h), 32) }
	udp := func(h string, port uint64) flow.Match {
		return to(h).With(flow.IPProto, uint64(packet.ProtoUDP)).With(flow.UDPDst, port)
	}
	bucket := func(watch uint32, weight uint16, actions ...flow.Action) flow.Bucket {
		return flow.Bucket{Weight: weight, WatchPort: watch, WatchGroup: flow.GroupAny, Actions: actions}
	}
	direct, around := f.port("s1", "s2"), f.port("s1", "s3")

	// s1: what goes to h2 fails over in the data plane, by a group that watches another one.
	out.SetGroup(s1, flow.Group{Name: "straight", Type: flow.FastFailover, Buckets: []flow.Bucket{bucket(direct, 0, flow.Out(direct))}})
	out.SetGroup(s1, flow.Group{Name: "failover", Type: flow.FastFailover, Buckets: []flow.Bucket{
		{WatchName: "straight", Actions: []flow.Action{flow.InGroup("straight")}}, bucket(around, 0, flow.Out(around))}})
	out.Install(s1, flow.Rule{Priority: 10, Match: to("h2"), Apply: []flow.Action{flow.InGroup("failover")}})
	// A block of ports is spread over both ways.
	out.SetGroup(s1, flow.Group{Name: "spread", Type: flow.Select, Buckets: []flow.Bucket{
		bucket(any32, 1, flow.Out(direct)), bucket(any32, 1, flow.Out(around))}})
	mask := uint64(0xffff &^ (selectPorts - 1))
	out.Install(s1, flow.Rule{Priority: 20, Match: to("h2").With(flow.IPProto, uint64(packet.ProtoTCP)).WithMask(flow.TCPDst, flow.V(portSelect&mask), flow.V(mask)),
		Apply: []flow.Action{flow.InGroup("spread")}})
	// One port is copied to h4 as well.
	out.SetGroup(s1, flow.Group{Name: "mirror", Type: flow.All, Buckets: []flow.Bucket{
		bucket(any32, 0, flow.Out(direct)), bucket(any32, 0, flow.Out(f.port("s1", "h4")))}})
	out.Install(s1, flow.Rule{Priority: 20, Match: udp("h2", portMirrored), Apply: []flow.Action{flow.InGroup("mirror")}})
	// What goes to h3 is tagged behind an indirect group and untagged at s3.
	out.SetGroup(s1, flow.Group{Name: "tagged", Type: flow.Indirect, Buckets: []flow.Bucket{
		bucket(any32, 0, flow.Action{Type: flow.PushVLAN}, flow.Set(flow.VLANVID, uint64(packet.VLANPresent|10)), flow.Out(around))}})
	out.Install(s1, flow.Rule{Priority: 10, Match: to("h3"), Write: []flow.Action{flow.InGroup("tagged")}})
	out.Install(s3, flow.Rule{Priority: 15, Match: to("h3").With(flow.VLANVID, uint64(packet.VLANPresent|10)),
		Apply: []flow.Action{{Type: flow.PopVLAN}, flow.Out(f.port("s3", "h3"))}})
	// A rule that ends when nobody uses it, and a mark that s2 can see.
	out.Install(s1, flow.Rule{Priority: 30, Match: udp("h2", portIdle), Apply: []flow.Action{flow.Out(direct)}, Idle: 1, SendRemoved: true, Cookie: 77})
	out.Install(s1, flow.Rule{Priority: 30, Match: udp("h2", portMarked), Metadata: 5, MetadataMask: 0xff, HasGoto: true, Goto: 1})
	out.Install(s1, flow.Rule{Table: 1, Priority: 1, Match: flow.Match{}.WithMask(flow.Metadata, flow.V(5), flow.V(0xff)).With(flow.EthType, uint64(packet.EthTypeIPv4)),
		Apply: []flow.Action{flow.Set(flow.IPDSCP, 46), flow.Out(direct)}})
	out.Install(s2, flow.Rule{Priority: 30, Match: udp("h2", portMarked).With(flow.IPDSCP, 46), Apply: []flow.Action{flow.Out(f.port("s2", "h2"))}, Cookie: 46})

	// Plain delivery.
	for _, r := range []struct {
		at   model.NodeID
		host string
		port uint32
	}{
		{s1, "h1", f.port("s1", "h1")}, {s1, "h4", f.port("s1", "h4")},
		{s2, "h2", f.port("s2", "h2")}, {s2, "h1", f.port("s2", "s1")}, {s2, "h4", f.port("s2", "s1")}, {s2, "h3", f.port("s2", "s3")},
		{s3, "h1", f.port("s3", "s1")}, {s3, "h4", f.port("s3", "s1")}, {s3, "h2", f.port("s3", "s2")}, {s3, "h3", f.port("s3", "h3")},
	} {
		out.Install(r.at, flow.Rule{Priority: 5, Match: to(r.host), Apply: []flow.Action{flow.Out(r.port)}})
	}
	for _, sw := range []model.NodeID{s1, s2, s3} {
		out.OnMiss(sw, 0, app.MissController)
	}
	out.Acknowledge()
	out.After("ask", 100*model.Millisecond)
	// A rule that no switch can have: the app must hear that it failed.
	out.Install(s1, flow.Rule{Priority: 1, Match: to("h1"), Apply: []flow.Action{flow.InGroup("no such group")}})
}
