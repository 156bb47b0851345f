package packet_test

import (
	"bytes"
	"testing"

	"sendim/core/packet"
)

// FuzzDecode holds against any bytes: no panic, offsets in order and within the
// frame, and a rewritten frame reads as the header that was asked for.
func FuzzDecode(f *testing.F) {
	h := udp4()
	f.Add(packet.Append(nil, h, []byte("payload")))
	h.Proto, h.VLAN = packet.ProtoTCP, packet.VLANPresent|5
	f.Add(packet.Append(nil, h, []byte("payload")))
	f.Add(packet.AppendPadded(nil, packet.ARPRequest(1, 2, 3), nil))
	f.Fuzz(func(t *testing.T, frame []byte) {
		h, l, err := packet.Decode(frame)
		if l.L3 > l.Payload || l.L4 > l.Payload || l.Payload > l.End || l.End > len(frame) || l.Missing < 0 {
			t.Fatalf("%+v of %d bytes", l, len(frame))
		}
		if l.L4 > 0 && l.L4 < l.L3 {
			t.Fatalf("%+v", l)
		}
		_ = h.String()
		if err != nil {
			return
		}
		to := h
		to.EthDst ^= 1
		switch {
		case h.EthType == packet.EthTypeIPv4:
			to.IPDst, to.TTL, to.DSCP = ^h.IPDst, h.TTL-1, h.DSCP^1
		case h.EthType == packet.EthTypeIPv6:
			to.IP6Dst.Lo, to.TTL, to.ECN = ^h.IP6Dst.Lo, h.TTL-1, h.ECN^1
		case h.EthType == packet.EthTypeARP:
			to.ARPTPA, to.ARPSHA = ^h.ARPTPA, h.ARPSHA^1
		}
		if l.L4 > 0 && (h.Proto == packet.ProtoTCP || h.Proto == packet.ProtoUDP) {
			to.L4Dst++
		}
		if h.VLAN != 0 {
			to.VLAN ^= 1
		}
		before := bytes.Clone(frame)
		out, err := packet.Rewrite(frame, h, to)
		if err != nil || !bytes.Equal(frame, before) {
			t.Fatalf("%v, or the frame given was changed", err)
		}
		got, _, err := packet.Decode(out)
		if err != nil || got != to {
			t.Fatalf("%v\n got %v\nwant %v", err, got, to)
		}
	})
}

// FuzzDecodeLLDP holds against any bytes: no panic, and what was read can be
// written and read again, unless an id is not of the kind its subtype says.
func FuzzDecodeLLDP(f *testing.F) {
	for _, l := range []packet.LLDP{
		{ChassisID: "dpid:1", PortID: "3", TTL: 120},
		{ChassisID: "02:00:00:00:00:01", ChassisSubtype: packet.LLDPChassisMAC, PortID: "::1", PortSubtype: packet.LLDPPortNetwork},
		{ChassisID: "a", PortID: "b", Custom: []packet.TLV{{OUI: 0x26e1, Subtype: 1, Value: []byte("x")}}},
	} {
		pdu, err := packet.AppendLLDP(nil, l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pdu)
	}
	f.Fuzz(func(t *testing.T, pdu []byte) {
		l, err := packet.DecodeLLDP(pdu)
		if err != nil {
			return
		}
		again, err := packet.AppendLLDP(nil, l)
		if err != nil {
			return
		}
		got, err := packet.DecodeLLDP(again)
		if err != nil || got.ChassisID != l.ChassisID || got.PortID != l.PortID || got.TTL != l.TTL || len(got.Custom) != len(l.Custom) {
			t.Fatalf("%v\n got %+v\nwant %+v", err, got, l)
		}
	})
}

// FuzzDecodeTCP holds against any bytes: no panic, options and payload make up the segment.
func FuzzDecodeTCP(f *testing.F) {
	f.Add(append([]byte{0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0x70, 2, 0, 9, 0, 0, 0, 0}, packet.AppendSACK(nil, []packet.SACKBlock{{1, 2}})...))
	f.Fuzz(func(t *testing.T, segment []byte) {
		tcp, payload, err := packet.DecodeTCP(segment)
		if err == nil && 20+len(tcp.Options)+len(payload) != len(segment) {
			t.Fatalf("%d bytes of options and %d of payload in %d", len(tcp.Options), len(payload), len(segment))
		}
		for _, b := range [][]byte{tcp.Options, segment} {
			packet.MSS(b)
			packet.WindowScale(b)
			packet.SACKPermitted(b)
			packet.SACK(nil, b)
		}
	})
}
