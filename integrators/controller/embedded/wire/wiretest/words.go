// Package wiretest has examples of rules, groups and meters that together use every
// word there is, for tests of the bytes and for tests with real switches. All of them
// can stand on one Open vSwitch: meters first, then groups, then rules.
package wiretest

import "sendim/core/flow"

// Rules match and do everything there is a word for, with what each field requires.
func Rules() []flow.Rule {
	tcp := flow.Match{}.With(flow.EthType, 0x0800).With(flow.IPProto, 6)
	udp := flow.Match{}.With(flow.EthType, 0x0800).With(flow.IPProto, 17)
	arp := flow.Match{}.With(flow.EthType, 0x0806)
	v6 := flow.Match{}.With(flow.EthType, 0x86dd)
	tagged := flow.Match{}.With(flow.VLANVID, 0x1005)
	out := []flow.Action{flow.Out(2)}
	return []flow.Rule{
		{Table: 0, Priority: 7, Match: flow.Match{}.With(flow.InPort, 1), Apply: out, Cookie: 0xabcdef0123456789},
		{Table: 0, Priority: 0, Apply: []flow.Action{flow.ToController()}},
		{Table: 0, Priority: 1, Match: flow.Match{}.With(flow.EthDst, 0x020000000001), Apply: []flow.Action{{Type: flow.Output, Arg: flow.PortController, MaxLen: 128}}},
		{Table: 0, Priority: 2, Match: flow.Match{}.WithMask(flow.EthDst, flow.V(0x010000000000), flow.V(0x010000000000)), Apply: []flow.Action{flow.Out(flow.PortInPort)}},
		{Table: 0, Priority: 3, Match: flow.Match{}.WithMask(flow.EthSrc, flow.V(0x020000000000), flow.V(0xffffff000000)), Apply: []flow.Action{flow.Out(flow.PortAll)}},
		{Table: 0, Priority: 4, Match: flow.Match{}.WithMask(flow.Metadata, flow.V(0x10), flow.V(0xf0)), Apply: out},
		{Table: 0, Priority: 5, Match: flow.Match{}.WithMask(flow.TunnelID, flow.V(0x77), flow.V(0xff)), Apply: out},
		{Table: 0, Priority: 6, Match: tagged.With(flow.VLANPCP, 3), Apply: []flow.Action{{Type: flow.PopVLAN}, flow.Out(2)}},
		{Table: 0, Priority: 8, Match: flow.Match{}.With(flow.VLANVID, 0), Apply: []flow.Action{{Type: flow.PushVLAN}, flow.Set(flow.VLANVID, 0x1009), flow.Set(flow.VLANPCP, 5), flow.Out(2)}},
		{Table: 0, Priority: 9, Match: flow.Match{}.WithMask(flow.VLANVID, flow.V(0x1000), flow.V(0x1000)), Apply: out},
		{Table: 0, Priority: 10, Match: flow.Match{}.With(flow.EthType, 0x0800).With(flow.IPDSCP, 46).With(flow.IPECN, 1), Apply: []flow.Action{flow.Set(flow.IPDSCP, 10), flow.Set(flow.IPECN, 2), {Type: flow.DecTTL}, flow.Out(2)}},
		{Table: 0, Priority: 11, Match: flow.Match{}.IPv4To(0x0a010000, 16).IPv4From(0xc0a80101, 32), Apply: []flow.Action{flow.Set(flow.IPv4Src, 0x01020304), flow.Set(flow.IPv4Dst, 0x05060708), flow.Out(2)}},
		{Table: 0, Priority: 12, Match: v6.WithMask(flow.IPv6Src, flow.Value{Hi: 0x20010db800000000}, flow.Value{Hi: 0xffffffff00000000}).WithMask(flow.IPv6Dst, flow.Value{Hi: 0xfe80 << 48, Lo: 1}, flow.IPv6Dst.AllOnes()),
			Apply: []flow.Action{{Type: flow.SetField, Field: flow.IPv6Dst, Value: flow.Value{Hi: 0xfe80 << 48, Lo: 9}}, flow.Out(2)}},
		{Table: 0, Priority: 13, Match: tcp.With(flow.TCPDst, 80).WithMask(flow.TCPSrc, flow.V(0x10), flow.V(0xfff0)), Apply: []flow.Action{flow.Set(flow.TCPDst, 8080), flow.Out(2)}},
		{Table: 0, Priority: 14, Match: udp.With(flow.UDPSrc, 53).WithMask(flow.UDPDst, flow.V(3), flow.V(7)), Apply: []flow.Action{flow.Set(flow.UDPSrc, 54), flow.Out(2)}},
		{Table: 0, Priority: 15, Match: flow.Match{}.With(flow.EthType, 0x0800).With(flow.IPProto, 132).With(flow.SCTPSrc, 9).With(flow.SCTPDst, 10), Apply: out},
		{Table: 0, Priority: 16, Match: flow.Match{}.With(flow.EthType, 0x0800).With(flow.IPProto, 1).With(flow.ICMPv4Type, 8).With(flow.ICMPv4Code, 0), Apply: out},
		{Table: 0, Priority: 17, Match: v6.With(flow.IPProto, 58).With(flow.ICMPv6Type, 135).With(flow.ICMPv6Code, 0), Apply: out},
		{Table: 0, Priority: 18, Match: arp.With(flow.ARPOp, 1).WithMask(flow.ARPSPA, flow.V(0x0a000000), flow.V(0xff000000)).With(flow.ARPTPA, 0x0a000002), Apply: out},
		{Table: 0, Priority: 19, Match: arp.With(flow.ARPSHA, 0x020000000001).With(flow.ARPTHA, 0x020000000002),
			Apply: []flow.Action{flow.Set(flow.ARPOp, 2), flow.Set(flow.ARPSPA, 1), flow.Set(flow.ARPTPA, 2), flow.Set(flow.ARPSHA, 3), flow.Set(flow.ARPTHA, 4), flow.Set(flow.EthSrc, 5), flow.Set(flow.EthDst, 6), flow.Out(flow.PortInPort)}},
		{Table: 0, Priority: 20, Match: flow.Match{}.With(flow.InPort, 3)}, // drops
		{Table: 0, Priority: 21, Match: flow.Match{}.With(flow.InPort, 4), Metadata: 0x5, MetadataMask: 0xf, Meter: 1, HasGoto: true, Goto: 4},
		{Table: 1, Priority: 22, Match: flow.Match{}.With(flow.InPort, 5), Clear: true, Write: []flow.Action{{Type: flow.SetQueue, Arg: 1}, flow.Out(2)}, Idle: 30, Hard: 60, SendRemoved: true},
		{Table: 2, Priority: 65535, Match: flow.Match{}.With(flow.InPort, 6), Apply: []flow.Action{{Type: flow.SetQueue, Arg: 2}, {Type: flow.ToGroup, Arg: 1}}},
		{Table: 3, Priority: 23, Match: flow.Match{}.With(flow.InPort, 7), Write: []flow.Action{{Type: flow.ToGroup, Arg: 2}}},
	}
}

// Groups are of every type.
func Groups() []flow.Group {
	return []flow.Group{
		{Number: 1, Type: flow.All, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}, {Actions: []flow.Action{{Type: flow.PushVLAN}, flow.Set(flow.VLANVID, 0x1002), flow.Out(2)}}}},
		{Number: 2, Type: flow.Select, Buckets: []flow.Bucket{{Weight: 3, Actions: []flow.Action{flow.Out(1)}}, {Weight: 1, Actions: []flow.Action{flow.Out(2)}}}},
		{Number: 3, Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{{Type: flow.DecTTL}, flow.Out(3)}}}},
		{Number: 4, Type: flow.FastFailover, Buckets: []flow.Bucket{{WatchPort: 1, Actions: []flow.Action{flow.Out(1)}}, {WatchGroup: 3, Actions: []flow.Action{{Type: flow.ToGroup, Arg: 3}}}}},
	}
}

// Meters count kilobits, with and without a burst, and packets.
func Meters() []flow.Meter {
	return []flow.Meter{{Number: 1, Rate: 10000, Burst: 1000}, {Number: 2, Rate: 500, PerPacket: true}, {Number: 3, Rate: 20000}}
}
