package packet_test

import (
	"testing"

	"sendim/core/packet"
)

func benchFrames() map[string]packet.Header {
	tcp := udp4()
	tcp.Proto, tcp.VLAN = packet.ProtoTCP, packet.VLANPresent|5
	v6 := packet.Header{EthType: packet.EthTypeIPv6, TTL: 64, Proto: packet.ProtoUDP, IP6Src: packet.IPv6{Lo: 1}, IP6Dst: packet.IPv6{Lo: 2}}
	return map[string]packet.Header{"udp": udp4(), "vlan-tcp": tcp, "ipv6-udp": v6, "arp": packet.ARPRequest(1, 2, 3)}
}

func TestGoodPathsDoNotAllocate(t *testing.T) {
	buf, text, payload := make([]byte, 0, 2048), make([]byte, 0, 2048), make([]byte, 1000)
	for name, h := range benchFrames() {
		frame := packet.Append(nil, h, payload)
		to := h
		to.EthDst, to.VLAN = 9, packet.VLANPresent|6
		if h.EthType == packet.EthTypeIPv4 {
			to.IPDst, to.L4Dst, to.TTL = 7, 8, 9
		}
		for call, f := range map[string]func(){
			"Decode":        func() { _, _, _ = packet.Decode(frame) },
			"Append":        func() { packet.Append(buf, h, payload) },
			"AppendRewrite": func() { _, _ = packet.AppendRewrite(buf, frame, h, to) },
			"AppendJSON":    func() { h.AppendJSON(text) },
		} {
			if n := testing.AllocsPerRun(10, f); n != 0 {
				t.Errorf("%s of %s: %v allocations", call, name, n)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, h := range benchFrames() {
		frame := packet.Append(nil, h, make([]byte, 1000))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := packet.Decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	payload := make([]byte, 1000)
	buf := make([]byte, 0, 2048)
	for name, h := range benchFrames() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				packet.Append(buf, h, payload)
			}
		})
	}
}

func BenchmarkRewrite(b *testing.B) {
	from := udp4()
	frame := packet.Append(nil, from, make([]byte, 1000))
	to := from
	to.EthDst, to.EthSrc, to.TTL = 1, 2, 63
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := packet.AppendRewrite(buf, frame, from, to); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	h := udp4()
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		h.AppendJSON(buf)
	}
}
