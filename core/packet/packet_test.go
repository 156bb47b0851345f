package packet_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"sendim/core/packet"
)

func TestDecodeReadsBackWhatAppendWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, payload := drawHeader(t), drawPayload(t)
		prefix := []byte("before")
		out := packet.AppendPadded(bytes.Clone(prefix), h, payload)
		if !bytes.HasPrefix(out, prefix) {
			t.Fatal("what was in dst is gone")
		}
		frame := out[len(prefix):]
		if len(frame) < packet.MinFrame {
			t.Fatalf("%d bytes after padding", len(frame))
		}
		got, l, err := packet.Decode(frame)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Fatal(diff)
		}
		// Only a layer that knows its length can tell padding from payload.
		want := payload
		switch icmp := got.Proto == packet.ProtoICMP || got.Proto == packet.ProtoICMPv6; {
		case icmp && len(want) < 4:
			want = append(bytes.Clone(want), make([]byte, 4-len(want))...)
		case h.EthType != packet.EthTypeIPv4 && h.EthType != packet.EthTypeIPv6 && h.EthType != packet.EthTypeLLC:
			l.End = l.Payload + len(payload)
		}
		if got := frame[l.Payload:l.End]; !bytes.Equal(got, want) {
			t.Fatalf("payload %x, want %x", got, want)
		}
	})
}

// headers returns the layers up to the innermost that a Header describes; what
// gopacket finds in the payload is of no interest.
func headers(p gopacket.Packet) []gopacket.Layer {
	all := p.Layers()
	for i, layer := range all {
		switch layer.LayerType() {
		case layers.LayerTypeTCP, layers.LayerTypeUDP, layers.LayerTypeSCTP, layers.LayerTypeICMPv4, layers.LayerTypeICMPv6:
			return all[:i+1]
		case layers.LayerTypeEthernet, layers.LayerTypeDot1Q, layers.LayerTypeARP, layers.LayerTypeIPv4, layers.LayerTypeIPv6:
		default:
			return all[:i]
		}
	}
	return all
}

// oracle reads a frame with gopacket and returns its header in our terms.
func oracle(t interface{ Fatalf(string, ...any) }, frame []byte) packet.Header {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	var h packet.Header
	mac := func(b []byte) packet.MAC {
		var m packet.MAC
		for _, v := range b {
			m = m<<8 | packet.MAC(v)
		}
		return m
	}
	ip := func(b []byte) packet.IPv4 { return packet.IPv4(mac(b)) }
	ip6 := func(b []byte) packet.IPv6 { return packet.IPv6{Hi: uint64(mac(b[:8])), Lo: uint64(mac(b[8:]))} }
	for _, layer := range headers(p) {
		switch v := layer.(type) {
		case *layers.Ethernet:
			h.EthDst, h.EthSrc, h.EthType = mac(v.DstMAC), mac(v.SrcMAC), uint16(v.EthernetType)
			if v.EthernetType == layers.EthernetTypeLLC {
				h.EthType = packet.EthTypeLLC
			}
		case *layers.Dot1Q:
			if h.VLAN == 0 {
				h.VLAN, h.PCP = packet.VLANPresent|v.VLANIdentifier, v.Priority
			}
			if h.EthType = uint16(v.Type); h.EthType < 0x600 {
				h.EthType = packet.EthTypeLLC
			}
		case *layers.ARP:
			h.ARPOp, h.ARPSHA, h.ARPTHA = v.Operation, mac(v.SourceHwAddress), mac(v.DstHwAddress)
			h.ARPSPA, h.ARPTPA = ip(v.SourceProtAddress), ip(v.DstProtAddress)
		case *layers.IPv4:
			h.IPSrc, h.IPDst = ip(v.SrcIP), ip(v.DstIP)
			h.DSCP, h.ECN, h.TTL, h.Proto = v.TOS>>2, v.TOS&3, v.TTL, uint8(v.Protocol)
		case *layers.IPv6:
			h.IP6Src, h.IP6Dst = ip6(v.SrcIP), ip6(v.DstIP)
			h.DSCP, h.ECN, h.TTL, h.Proto = v.TrafficClass>>2, v.TrafficClass&3, v.HopLimit, uint8(v.NextHeader)
		case *layers.TCP:
			h.L4Src, h.L4Dst, h.TCPFlags = uint16(v.SrcPort), uint16(v.DstPort), v.Contents[13]
		case *layers.UDP:
			h.L4Src, h.L4Dst = uint16(v.SrcPort), uint16(v.DstPort)
		case *layers.SCTP:
			h.L4Src, h.L4Dst = uint16(v.SrcPort), uint16(v.DstPort)
		case *layers.ICMPv4:
			h.ICMPType, h.ICMPCode = v.TypeCode.Type(), v.TypeCode.Code()
		case *layers.ICMPv6:
			h.ICMPType, h.ICMPCode = v.TypeCode.Type(), v.TypeCode.Code()
		}
	}
	return h
}

// badChecksums asks gopacket, which knows the checksums of IPv4, ICMP, TCP and UDP.
func badChecksums(t interface{ Fatalf(string, ...any) }, frame []byte) (bad []string) {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	known := headers(p)
	for _, layer := range known {
		if l4, ok := layer.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := l4.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
	for _, layer := range known {
		if c, ok := layer.(gopacket.LayerWithChecksum); ok {
			err, result := c.VerifyChecksum()
			if err != nil {
				t.Fatalf("gopacket cannot verify %x: %v", frame, err)
			}
			if !result.Valid {
				bad = append(bad, layer.LayerType().String())
			}
		}
	}
	return bad
}

func TestGopacketReadsTheSameHeaderAndFindsTheChecksumsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		frame := packet.Append(nil, h, append(drawPayload(t), make([]byte, 8)...))
		want := oracle(t, frame)
		if diff := cmp.Diff(want, h); diff != "" {
			t.Fatalf("gopacket (-) and Append (+) disagree on %x\n%s", frame, diff)
		}
		if h.EthType == packet.EthTypeIPv4 || h.EthType == packet.EthTypeIPv6 {
			if bad := badChecksums(t, frame); bad != nil {
				t.Fatalf("wrong checksum in %v of %x", bad, frame)
			}
		}
	})
}

func TestRewriteEqualsAFrameBuiltAfresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, payload := drawHeader(t), drawPayload(t)
		to := drawHeader(t)
		if to.EthType != from.EthType || to.Proto != from.Proto {
			dst, src, vlan, pcp := to.EthDst, to.EthSrc, to.VLAN, to.PCP
			to = from
			to.EthDst, to.EthSrc, to.VLAN, to.PCP = dst, src, vlan, pcp
		}
		to.TCPFlags = from.TCPFlags
		frame := packet.AppendPadded(nil, from, payload)
		before := bytes.Clone(frame)
		got, err := packet.Rewrite(frame, from, to)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(frame, before) {
			t.Fatal("the frame given was changed")
		}
		want := packet.Append(nil, to, payload)
		if padding := got[min(len(want), len(got)):]; len(bytes.Trim(padding, "\x00")) > 0 {
			t.Fatalf("padding %x", padding)
		}
		if got := got[:len(want)]; !bytes.Equal(got, want) {
			t.Fatalf("from %v\nto   %v\n got %x\nwant %x", from, to, got, want)
		}
	})
}

func TestRewriteKeepsADamagedFrameDamaged(t *testing.T) {
	from := udp4()
	frame := packet.Append(nil, from, []byte("payload"))
	frame[len(frame)-1] ^= 0x40
	to := from
	to.IPDst, to.L4Dst, to.TTL = 0x0a0000fe, 99, 3
	got, err := packet.Rewrite(frame, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"UDP"}, badChecksums(t, got)); diff != "" {
		t.Fatal(diff)
	}
}

func TestRewriteKeepsADamagedSCTPPacketDamaged(t *testing.T) {
	from := udp4()
	from.Proto = packet.ProtoSCTP
	to := from
	to.L4Src, to.L4Dst = 4, 5
	frame := packet.Append(nil, from, []byte("chunk"))
	frame[42] ^= 0x40 // the checksum itself
	got, err := packet.Rewrite(frame, from, to)
	want := packet.Append(nil, to, []byte("chunk"))
	want[42] ^= 0x40
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%v\n got %x\nwant %x", err, got, want)
	}
	cut, err := packet.Rewrite(frame[:len(frame)-1], from, to)
	if cut != nil || err == nil || !strings.Contains(err.Error(), "sctp") {
		t.Fatalf("%x, %v", cut, err)
	}
}

func TestRewriteUnderARoutingHeaderLeavesTheFinalDestinationsChecksum(t *testing.T) {
	h := packet.Header{EthType: packet.EthTypeIPv6, Proto: 200, TTL: 1, IP6Dst: packet.IPv6{Lo: 1}}
	frame := packet.Append(nil, h, []byte{17, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0xab, 0xcd})
	frame[20] = packet.ProtoRouting
	from, _, err := packet.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	to := from
	to.IP6Dst.Lo = 2
	got, err := packet.Rewrite(frame, from, to)
	if err != nil || got[53] != 2 || !bytes.Equal(got[54:], frame[54:]) {
		t.Fatalf("%x, %v", got, err)
	}
}

func TestRewriteLeavesAnAbsentUDPChecksumAbsent(t *testing.T) {
	from := udp4()
	frame := packet.Append(nil, from, []byte("payload"))
	frame[40], frame[41] = 0, 0
	to := from
	to.IPSrc, to.L4Src = 0x0a0000fe, 99
	got, err := packet.Rewrite(frame, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if got[40] != 0 || got[41] != 0 {
		t.Fatalf("checksum %x", got[40:42])
	}
}

func TestRewriteTreatsFragmentsAndCutFramesRight(t *testing.T) {
	from := udp4()
	whole := packet.Append(nil, from, bytes.Repeat([]byte("payload!"), 20))
	to := from
	to.IPSrc, to.IPDst, to.L4Dst = 1, 2, 3
	want := packet.Append(nil, to, bytes.Repeat([]byte("payload!"), 20))

	cut, err := packet.Rewrite(whole[:64], from, to)
	if err != nil || !bytes.Equal(cut, want[:64]) {
		t.Errorf("cut frame: %v\n got %x\nwant %x", err, cut, want[:64])
	}

	later := bytes.Clone(whole)
	later[21] = 8 // fragment offset 64
	h, l, err := packet.Decode(later)
	if err != nil || l.FragmentOffset != 64 || l.L4 != 0 || h.L4Dst != 0 || h.Proto != packet.ProtoUDP {
		t.Fatalf("later fragment: %v %+v %v", h, l, err)
	}
	to = h
	to.IPDst = 2
	got, err := packet.Rewrite(later, h, to)
	if err != nil || !bytes.Equal(got[34:], later[34:]) {
		t.Errorf("later fragment: %v, or its data changed", err)
	}
	to.L4Dst = 3
	if _, err = packet.Rewrite(later, h, to); err == nil || !strings.Contains(err.Error(), "udp") {
		t.Errorf("ports of a later fragment: %v", err)
	}
}

func TestRewriteRefusesWhatTheFrameDoesNotHave(t *testing.T) {
	arp := packet.ARPRequest(1, 2, 3)
	for name, c := range map[string]struct {
		from   packet.Header
		change func(*packet.Header)
		layer  string
	}{
		"another type":           {arp, func(h *packet.Header) { h.EthType = packet.EthTypeIPv4 }, "ethernet"},
		"a protocol":             {udp4(), func(h *packet.Header) { h.Proto = packet.ProtoTCP }, "ip"},
		"TCP flags":              {udp4(), func(h *packet.Header) { h.TCPFlags = 1 }, "tcp"},
		"IPv4 in ARP":            {arp, func(h *packet.Header) { h.IPSrc = 1 }, "ipv4"},
		"IPv6 in IPv4":           {udp4(), func(h *packet.Header) { h.IP6Dst.Lo = 1 }, "ipv6"},
		"TTL in ARP":             {arp, func(h *packet.Header) { h.TTL = 1 }, "ip"},
		"ARP in IPv4":            {udp4(), func(h *packet.Header) { h.ARPOp = 1 }, "arp"},
		"ICMP in UDP":            {udp4(), func(h *packet.Header) { h.ICMPCode = 1 }, "icmp"},
		"ports in ARP":           {arp, func(h *packet.Header) { h.L4Dst = 1 }, "tcp"},
		"priority without a tag": {arp, func(h *packet.Header) { h.PCP = 1 }, "vlan"},
	} {
		t.Run(name, func(t *testing.T) {
			to := c.from
			c.change(&to)
			out, err := packet.Rewrite(packet.Append(nil, c.from, nil), c.from, to)
			var fault *packet.FrameError
			if out != nil || !errors.As(err, &fault) || fault.Layer != c.layer {
				t.Fatalf("%x, %v", out, err)
			}
		})
	}
}

func TestMalformedHeadersNameTheLayer(t *testing.T) {
	tcp := udp4()
	tcp.Proto = packet.ProtoTCP
	v6 := packet.Header{EthType: packet.EthTypeIPv6, Proto: packet.ProtoDestOpts}
	for name, c := range map[string]struct {
		h     packet.Header
		at    int
		value byte
		error string
	}{
		"IPv4 of another version": {tcp, 14, 0x65, "packet: ipv4 at byte 14: version is not 4"},
		"IPv4 header too short":   {tcp, 14, 0x44, "packet: ipv4 at byte 14: header length below 20"},
		"IPv4 total length short": {tcp, 17, 19, "packet: ipv4 at byte 14: total length below the header's"},
		"IPv6 of another version": {v6, 14, 0x40, "packet: ipv6 at byte 14: version is not 6"},
		"IPv6 extension too long": {v6, 55, 9, "packet: ipv6 at byte 54 is cut short: needs 80 bytes, has 40"},
		"TCP header too short":    {tcp, 46, 0x40, "packet: tcp at byte 34: header length below 20"},
		"UDP length short":        {udp4(), 39, 7, "packet: udp at byte 34: length below the header's"},
		"ARP for another network": {packet.ARPRequest(1, 2, 3), 15, 6, "packet: arp at byte 14: not for IPv4 over Ethernet"},
	} {
		frame := packet.Append(nil, c.h, make([]byte, 40))
		frame[c.at] = c.value
		_, _, err := packet.Decode(frame)
		if err == nil || err.Error() != c.error {
			t.Errorf("%s: %v, want %s", name, err, c.error)
		}
	}
}

func TestStackedTags(t *testing.T) {
	h := udp4()
	h.VLAN, h.PCP = packet.VLANPresent|10, 1
	inner := packet.Append(nil, h, nil)
	outer := packet.PushVLAN(nil, inner, packet.EthTypeQinQ, 5<<13|1<<12|20)
	got, l, err := packet.Decode(outer)
	if err != nil || l.VLANTags != 2 || got.VLAN != packet.VLANPresent|20 || got.PCP != 5 || got.IPDst != h.IPDst {
		t.Fatalf("%v %+v %v", got, l, err)
	}
	to := got
	to.VLAN, to.TTL = packet.VLANPresent|21, 9
	changed, err := packet.Rewrite(outer, got, to)
	if err != nil || changed[12] != 0x88 || changed[14] != 5<<5|1<<4 || changed[15] != 21 {
		t.Fatalf("tag type or drop eligibility lost: %x, %v", changed, err)
	}
	back, err := packet.PopVLAN(nil, outer)
	if err != nil || !bytes.Equal(back, inner) {
		t.Fatalf("%x, %v", back, err)
	}
	if _, err := packet.PopVLAN(nil, packet.Append(nil, udp4(), nil)); err == nil {
		t.Fatal("popped a tag that was not there")
	}
}

func TestTruncatedFramesNameTheLayer(t *testing.T) {
	h := udp4()
	h.VLAN = packet.VLANPresent | 7
	tcp := h
	tcp.Proto = packet.ProtoTCP
	sctp := h
	sctp.Proto = packet.ProtoSCTP
	v6 := packet.Header{EthType: packet.EthTypeIPv6, Proto: packet.ProtoICMPv6}
	for _, c := range []struct {
		h     packet.Header
		keep  int
		error string
	}{
		{h, 13, "packet: ethernet at byte 0 is cut short: needs 14 bytes, has 13"},
		{h, 16, "packet: vlan at byte 14 is cut short: needs 4 bytes, has 2"},
		{h, 30, "packet: ipv4 at byte 18 is cut short: needs 20 bytes, has 12"},
		{h, 45, "packet: udp at byte 38 is cut short: needs 8 bytes, has 7"},
		{tcp, 57, "packet: tcp at byte 38 is cut short: needs 20 bytes, has 19"},
		{sctp, 40, "packet: sctp at byte 38 is cut short: needs 12 bytes, has 2"},
		{v6, 53, "packet: ipv6 at byte 14 is cut short: needs 40 bytes, has 39"},
		{v6, 57, "packet: icmpv6 at byte 54 is cut short: needs 4 bytes, has 3"},
		{packet.ARPRequest(1, 2, 3), 41, "packet: arp at byte 14 is cut short: needs 28 bytes, has 27"},
	} {
		got, _, err := packet.Decode(packet.Append(nil, c.h, make([]byte, 40))[:c.keep])
		if err == nil || err.Error() != c.error {
			t.Errorf("%v, want %s", err, c.error)
		}
		if c.keep >= 38 && got.IPDst != c.h.IPDst {
			t.Errorf("%s: the layers before are missing: %v", c.error, got)
		}
	}
	got, l, err := packet.Decode(packet.Append(nil, h, make([]byte, 100))[:50])
	if err != nil || got != h || l.Missing != 96 {
		t.Errorf("a cut payload is no fault: %v, %+v, %v", got, l, err)
	}
}

func TestExtensionHeadersOfIPv6AreSkipped(t *testing.T) {
	h := packet.Header{EthType: packet.EthTypeIPv6, Proto: packet.ProtoHopByHop + 200, TTL: 1, IP6Dst: packet.IPv6{Lo: 1}}
	udp := []byte{0, 1, 0, 2, 0, 8, 0, 0}
	chain := append([]byte{
		43, 0, 0, 0, 0, 0, 0, 0, // hop by hop, then
		44, 0, 0, 1, 0, 0, 0, 0, // routing with a segment left, then
		17, 0, 0, 1, 0, 0, 0, 9, // first fragment, then UDP
	}, udp...)
	frame := packet.Append(nil, h, chain)
	frame[20] = packet.ProtoHopByHop
	got, l, err := packet.Decode(frame)
	want := packet.Layout{L3: 14, L4: 78, Payload: 86, End: 86, MoreFragments: true, SourceRouted: true}
	if err != nil || got.Proto != packet.ProtoUDP || got.L4Dst != 2 || l != want {
		t.Fatalf("%v %+v %v", got, l, err)
	}
	frame[54+16+3] = 8 // offset 8, no more fragments
	got, l, err = packet.Decode(frame)
	if err != nil || got.L4Dst != 0 || l.L4 != 0 || l.FragmentOffset != 8 || l.MoreFragments {
		t.Fatalf("%v %+v %v", got, l, err)
	}
}

func TestSNAPFramesShowTheirType(t *testing.T) {
	ip := packet.Append(nil, udp4(), []byte("x"))[14:]
	snap := append([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, ip...)
	frame := packet.AppendPadded(nil, packet.Header{EthType: packet.EthTypeLLC}, snap)
	h, l, err := packet.Decode(frame)
	if err != nil || h.EthType != packet.EthTypeIPv4 || h.L4Dst != udp4().L4Dst || l.L3 != 22 {
		t.Fatalf("%v %+v %v", h, l, err)
	}
}

func TestOversizedPacketsKeepTheirPayload(t *testing.T) {
	big := make([]byte, 70_000)
	big[len(big)-1] = 1
	for _, h := range []packet.Header{udp4(), {EthType: packet.EthTypeIPv6, Proto: packet.ProtoTCP, TTL: 1}} {
		frame := packet.Append(nil, h, big)
		got, l, err := packet.Decode(frame)
		if err != nil || got != h || l.End-l.Payload != len(big) {
			t.Errorf("%v %+v %v", got, l, err)
		}
	}
}

func TestHeadersAreMapKeys(t *testing.T) {
	m := map[packet.Header]int{udp4(): 1}
	if m[udp4()] != 1 {
		t.Fatal("an equal header is not found")
	}
}

func TestSCTPChecksumIsCRC32c(t *testing.T) {
	h := packet.Header{EthType: packet.EthTypeIPv4, Proto: packet.ProtoSCTP, TTL: 1, L4Src: 7, L4Dst: 9}
	frame := packet.Append(nil, h, []byte("chunk"))
	want := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(want, gopacket.SerializeOptions{ComputeChecksums: true},
		&layers.SCTP{SrcPort: 7, DstPort: 9}, gopacket.Payload("chunk"))
	if err != nil {
		t.Fatal(err)
	}
	if got := frame[34:]; !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("%x, want %x", got, want.Bytes())
	}
}

func udp4() packet.Header {
	return packet.Header{
		EthDst: 0x02_00_00_00_00_02, EthSrc: 0x02_00_00_00_00_01, EthType: packet.EthTypeIPv4,
		IPSrc: 0x0a000001, IPDst: 0x0a000002, TTL: 64, Proto: packet.ProtoUDP, L4Src: 1000, L4Dst: 53,
	}
}
