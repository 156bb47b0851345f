package apprpc

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	pb "sendim/plugins/apprpc/proto"
)

// packetParts is what an encoded packet-in consists of, allocated in one piece: it is
// by far the most frequent event.
type packetParts struct {
	part   pb.Event_PacketIn
	packet pb.PacketIn
	header pb.Header
}

type decodedPacket struct{ packet app.PacketIn }

// event encodes one event; an event without the part that its kind names is an error.
func (e *encoder) event(v *app.Event) (*pb.Event, error) {
	p := e.events.get()
	p.At = int64(v.At)
	missing := false
	switch v.Kind {
	case app.KindStart:
		if missing = v.Start == nil; !missing {
			p.Part = &pb.Event_Start{Start: encodeStart(v.Start)}
		}
	case app.KindTopology:
		if missing = v.Topology == nil; !missing {
			p.Part = &pb.Event_Topology{Topology: encodeTopology(v.Topology)}
		}
	case app.KindSwitch:
		if missing = v.Switch == nil; !missing {
			p.Part = &pb.Event_Switch{Switch: &pb.SwitchChange{Switch: encodeSwitch(&v.Switch.Switch), Up: v.Switch.Up, Gone: v.Switch.Gone}}
		}
	case app.KindPort:
		if missing = v.Port == nil; !missing {
			p.Part = &pb.Event_Port{Port: &pb.PortChange{Port: encodePort(v.Port.Port), Up: v.Port.Up, Rate: int64(v.Port.Rate)}}
		}
	case app.KindLink:
		if missing = v.Link == nil; !missing {
			p.Part = &pb.Event_Link{Link: &pb.LinkChange{Link: encodeLink(&v.Link.Link), Gone: v.Link.Gone}}
		}
	case app.KindHost:
		if missing = v.Host == nil; !missing {
			p.Part = &pb.Event_Host{Host: &pb.HostChange{Host: encodeHost(&v.Host.Host), Gone: v.Host.Gone}}
		}
	case app.KindPacketIn:
		if missing = v.PacketIn == nil; !missing {
			p.Part = e.packetIn(v.PacketIn)
		}
	case app.KindFlowRemoved:
		if f := v.FlowRemoved; f == nil {
			missing = true
		} else {
			p.Part = &pb.Event_FlowRemoved{FlowRemoved: &pb.FlowRemoved{Switch: int32(f.Switch), Rule: e.rule(&f.Rule),
				Reason: pb.RemovedReason(f.Reason), Counters: encodeCounters(&f.Counters), Age: int64(f.Age)}}
		}
	case app.KindStats:
		if missing = v.Stats == nil; !missing {
			p.Part = &pb.Event_Stats{Stats: e.stats(v.Stats)}
		}
	case app.KindTimer:
		if missing = v.Timer == nil; !missing {
			p.Part = &pb.Event_Timer{Timer: &pb.Timer{Name: text(v.Timer.Name)}}
		}
	case app.KindApplied:
		if missing = v.Applied == nil; !missing {
			p.Part = &pb.Event_Applied{Applied: &pb.Applied{Command: v.Applied.Command}}
		}
	case app.KindFailed:
		if missing = v.Failed == nil; !missing {
			p.Part = &pb.Event_Failed{Failed: &pb.Failed{Command: v.Failed.Command, Reason: text(v.Failed.Reason)}}
		}
	case app.KindSettings:
		if missing = v.Settings == nil; !missing {
			p.Part = &pb.Event_Settings{Settings: encodeSettings(v.Settings)}
		}
	default:
		return nil, fmt.Errorf("an event has the unknown kind %d", v.Kind)
	}
	if missing {
		return nil, fmt.Errorf("an event is of the kind %s but has no such part", v.Kind)
	}
	return p, nil
}

// event decodes one event into v. It is false for a kind that this version does not
// know: a newer host's, which an app ignores.
func (d *decoder) event(p *pb.Event, v *app.Event) bool {
	*v = app.Event{At: model.Time(p.GetAt())}
	switch x := p.GetPart().(type) {
	case *pb.Event_Start:
		v.Kind, v.Start = app.KindStart, d.start(x.Start)
	case *pb.Event_Topology:
		v.Kind, v.Topology = app.KindTopology, d.topology(x.Topology)
	case *pb.Event_Switch:
		v.Kind, v.Switch = app.KindSwitch, &app.SwitchChange{Switch: decodeSwitch(x.Switch.GetSwitch()), Up: x.Switch.GetUp(), Gone: x.Switch.GetGone()}
	case *pb.Event_Port:
		v.Kind, v.Port = app.KindPort, &app.PortChange{Port: decodePort(x.Port.GetPort()), Up: x.Port.GetUp(), Rate: model.Rate(x.Port.GetRate())}
	case *pb.Event_Link:
		v.Kind, v.Link = app.KindLink, &app.LinkChange{Link: decodeLink(x.Link.GetLink()), Gone: x.Link.GetGone()}
	case *pb.Event_Host:
		v.Kind, v.Host = app.KindHost, &app.HostChange{Host: decodeHost(x.Host.GetHost()), Gone: x.Host.GetGone()}
	case *pb.Event_PacketIn:
		v.Kind, v.PacketIn = app.KindPacketIn, d.packetIn(x.PacketIn)
	case *pb.Event_FlowRemoved:
		f := x.FlowRemoved
		v.Kind, v.FlowRemoved = app.KindFlowRemoved, &app.FlowRemoved{Switch: model.NodeID(f.GetSwitch()), Rule: d.rule(f.GetRule()),
			Reason:   choice[flow.RemovedReason](d, f.GetReason(), pb.RemovedReason_REMOVED_REASON_IDLE, pb.RemovedReason_REMOVED_REASON_METER, "reason of removal"),
			Counters: decodeCounters(f.GetCounters()), Age: model.Time(f.GetAge())}
	case *pb.Event_Stats:
		v.Kind, v.Stats = app.KindStats, d.stats(x.Stats)
	case *pb.Event_Timer:
		v.Kind, v.Timer = app.KindTimer, &app.Timer{Name: x.Timer.GetName()}
	case *pb.Event_Applied:
		v.Kind, v.Applied = app.KindApplied, &app.Applied{Command: x.Applied.GetCommand()}
	case *pb.Event_Failed:
		v.Kind, v.Failed = app.KindFailed, &app.Failed{Command: x.Failed.GetCommand(), Reason: x.Failed.GetReason()}
	case *pb.Event_Settings:
		s := d.settings(x.Settings)
		v.Kind, v.Settings = app.KindSettings, &s
	default:
		return false
	}
	return true
}

// eventSize is how many bytes an encoded event takes, exactly or a little more.
func eventSize(p *pb.Event) int {
	if x, ok := p.Part.(*pb.Event_PacketIn); ok {
		return 256 + len(x.PacketIn.Frame)
	}
	return proto.Size(p)
}

func (e *encoder) packetIn(v *app.PacketIn) *pb.Event_PacketIn {
	parts := e.packets.get()
	p, h, from := &parts.packet, &parts.header, &v.Header
	parts.part.PacketIn, p.Header = p, h
	p.Switch, p.Port, p.Table = int32(v.Port.Switch), uint32(v.Port.Port), uint32(v.Table)
	p.Reason, p.Cookie, p.Frame, p.Length = pb.PacketInReason(v.Reason), v.Cookie, v.Frame, int64(v.Length)
	h.EthDst, h.EthSrc = uint64(from.EthDst), uint64(from.EthSrc)
	h.ArpSha, h.ArpTha = uint64(from.ARPSHA), uint64(from.ARPTHA)
	h.ArpSpa, h.ArpTpa = uint32(from.ARPSPA), uint32(from.ARPTPA)
	h.Ipv4Src, h.Ipv4Dst = uint32(from.IPSrc), uint32(from.IPDst)
	h.Ipv6SrcHi, h.Ipv6SrcLo = from.IP6Src.Hi, from.IP6Src.Lo
	h.Ipv6DstHi, h.Ipv6DstLo = from.IP6Dst.Hi, from.IP6Dst.Lo
	h.EthType, h.VlanVid, h.ArpOp = uint32(from.EthType), uint32(from.VLAN), uint32(from.ARPOp)
	h.L4Src, h.L4Dst = uint32(from.L4Src), uint32(from.L4Dst)
	h.VlanPcp, h.IpDscp, h.IpEcn = uint32(from.PCP), uint32(from.DSCP), uint32(from.ECN)
	h.IpProto, h.IpTtl, h.TcpFlags = uint32(from.Proto), uint32(from.TTL), uint32(from.TCPFlags)
	h.IcmpType, h.IcmpCode = uint32(from.ICMPType), uint32(from.ICMPCode)
	return &parts.part
}

func (d *decoder) packetIn(p *pb.PacketIn) *app.PacketIn {
	h := p.GetHeader()
	v := &d.packets.get().packet
	*v = app.PacketIn{
		Port:   port(p.GetSwitch(), p.GetPort()),
		Table:  d.u8(p.GetTable(), "table"),
		Reason: choice[flow.PacketInReason](d, p.GetReason(), pb.PacketInReason_PACKET_IN_REASON_NO_MATCH, pb.PacketInReason_PACKET_IN_REASON_INVALID_TTL, "reason of a packet-in"),
		Cookie: p.GetCookie(), Frame: p.GetFrame(), Length: int(p.GetLength()),
		Header: packet.Header{
			EthDst: packet.MAC(h.GetEthDst()), EthSrc: packet.MAC(h.GetEthSrc()),
			ARPSHA: packet.MAC(h.GetArpSha()), ARPTHA: packet.MAC(h.GetArpTha()),
			ARPSPA: packet.IPv4(h.GetArpSpa()), ARPTPA: packet.IPv4(h.GetArpTpa()),
			IPSrc: packet.IPv4(h.GetIpv4Src()), IPDst: packet.IPv4(h.GetIpv4Dst()),
			IP6Src:  packet.IPv6{Hi: h.GetIpv6SrcHi(), Lo: h.GetIpv6SrcLo()},
			IP6Dst:  packet.IPv6{Hi: h.GetIpv6DstHi(), Lo: h.GetIpv6DstLo()},
			EthType: d.u16(h.GetEthType(), "eth_type"), VLAN: d.u16(h.GetVlanVid(), "vlan_vid"), ARPOp: d.u16(h.GetArpOp(), "arp_op"),
			L4Src: d.u16(h.GetL4Src(), "l4_src"), L4Dst: d.u16(h.GetL4Dst(), "l4_dst"),
			PCP: d.u8(h.GetVlanPcp(), "vlan_pcp"), DSCP: d.u8(h.GetIpDscp(), "ip_dscp"), ECN: d.u8(h.GetIpEcn(), "ip_ecn"),
			Proto: d.u8(h.GetIpProto(), "ip_proto"), TTL: d.u8(h.GetIpTtl(), "ip_ttl"), TCPFlags: d.u8(h.GetTcpFlags(), "tcp_flags"),
			ICMPType: d.u8(h.GetIcmpType(), "icmp_type"), ICMPCode: d.u8(h.GetIcmpCode(), "icmp_code"),
		},
	}
	return v
}

func (e *encoder) stats(s *app.Stats) *pb.Stats {
	return &pb.Stats{
		Request: s.Request, Switch: int32(s.Switch),
		Rules: each(s.Rules, func(r *flow.RuleStat) *pb.RuleStat {
			return &pb.RuleStat{Rule: e.rule(&r.Rule), Counters: encodeCounters(&r.Counters), Age: r.Age}
		}),
		Groups: each(s.Groups, func(g *flow.GroupStat) *pb.GroupStat {
			return &pb.GroupStat{Group: e.group(&g.Group), Counters: encodeCounters(&g.Counters), Buckets: each(g.Buckets, encodeCounters)}
		}),
		Meters: each(s.Meters, func(m *flow.MeterStat) *pb.MeterStat {
			return &pb.MeterStat{Meter: e.meter(&m.Meter), In: encodeCounters(&m.In), Dropped: encodeCounters(&m.Dropped)}
		}),
		Ports: each(s.Ports, func(p *flow.PortStat) *pb.PortStat {
			return &pb.PortStat{Port: p.Port, RxPackets: p.RxPackets, TxPackets: p.TxPackets, RxBytes: p.RxBytes, TxBytes: p.TxBytes,
				RxDropped: p.RxDropped, TxDropped: p.TxDropped}
		}),
	}
}

func (d *decoder) stats(s *pb.Stats) *app.Stats {
	return &app.Stats{
		Request: s.GetRequest(), Switch: model.NodeID(s.GetSwitch()),
		Rules: eachOf(s.GetRules(), func(r *pb.RuleStat) flow.RuleStat {
			return flow.RuleStat{Rule: d.rule(r.GetRule()), Counters: decodeCounters(r.GetCounters()), Age: r.GetAge()}
		}),
		Groups: eachOf(s.GetGroups(), func(g *pb.GroupStat) flow.GroupStat {
			return flow.GroupStat{Group: d.group(g.GetGroup()), Counters: decodeCounters(g.GetCounters()), Buckets: eachOf(g.GetBuckets(), decodeCounters)}
		}),
		Meters: eachOf(s.GetMeters(), func(m *pb.MeterStat) flow.MeterStat {
			return flow.MeterStat{Meter: d.meter(m.GetMeter()), In: decodeCounters(m.GetIn()), Dropped: decodeCounters(m.GetDropped())}
		}),
		Ports: eachOf(s.GetPorts(), func(p *pb.PortStat) flow.PortStat {
			return flow.PortStat{Port: p.GetPort(), RxPackets: p.GetRxPackets(), TxPackets: p.GetTxPackets(), RxBytes: p.GetRxBytes(), TxBytes: p.GetTxBytes(),
				RxDropped: p.GetRxDropped(), TxDropped: p.GetTxDropped()}
		}),
	}
}
