package packet_test

import (
	"pgregory.net/rapid"

	"sendim/core/packet"
)

const macs = uint64(packet.Broadcast)

// drawHeader makes headers whose fields belong together, so that a frame can
// carry all of them.
func drawHeader(t *rapid.T) packet.Header {
	u8 := func(name string, low, high uint8) uint8 { return rapid.Uint8Range(low, high).Draw(t, name) }
	u16 := func(name string) uint16 { return rapid.Uint16().Draw(t, name) }
	mac := func(name string) packet.MAC { return packet.MAC(rapid.Uint64Range(0, macs).Draw(t, name)) }
	ip := func(name string) packet.IPv4 { return packet.IPv4(rapid.Uint32().Draw(t, name)) }
	ip6 := func(name string) packet.IPv6 {
		return packet.IPv6{Hi: rapid.Uint64().Draw(t, name+" hi"), Lo: rapid.Uint64().Draw(t, name+" lo")}
	}
	h := packet.Header{EthDst: mac("eth dst"), EthSrc: mac("eth src")}
	if rapid.Bool().Draw(t, "tagged") {
		h.VLAN = packet.VLANPresent | u16("vid")&0xfff
		h.PCP = u8("pcp", 0, 7)
	}
	h.EthType = rapid.SampledFrom([]uint16{
		packet.EthTypeIPv4, packet.EthTypeIPv4, packet.EthTypeIPv6, packet.EthTypeARP,
		packet.EthTypeLLDP, packet.EthTypeLLC, packet.EthTypeMPLS, 0xffff, 0x0600,
	}).Draw(t, "type")
	icmp := packet.ProtoICMP
	switch h.EthType {
	case packet.EthTypeARP:
		h.ARPOp, h.ARPSHA, h.ARPTHA = u16("op"), mac("sha"), mac("tha")
		h.ARPSPA, h.ARPTPA = ip("spa"), ip("tpa")
		return h
	case packet.EthTypeIPv4:
		h.IPSrc, h.IPDst = ip("src"), ip("dst")
	case packet.EthTypeIPv6:
		h.IP6Src, h.IP6Dst = ip6("src"), ip6("dst")
		icmp = packet.ProtoICMPv6
	default:
		return h
	}
	h.DSCP, h.ECN, h.TTL = u8("dscp", 0, 63), u8("ecn", 0, 3), u8("ttl", 1, 255)
	h.Proto = rapid.SampledFrom([]uint8{
		packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, icmp, packet.ProtoGRE, 255,
	}).Draw(t, "proto")
	switch h.Proto {
	case packet.ProtoTCP:
		h.TCPFlags = u8("flags", 0, 255)
		fallthrough
	case packet.ProtoUDP, packet.ProtoSCTP:
		h.L4Src, h.L4Dst = u16("l4 src"), u16("l4 dst")
	case icmp:
		h.ICMPType, h.ICMPCode = u8("icmp type", 0, 255), u8("icmp code", 0, 255)
	}
	return h
}

func drawPayload(t *rapid.T) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")
}
