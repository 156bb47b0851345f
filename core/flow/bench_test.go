package flow

import (
	"fmt"
	"testing"

	"sendim/core/packet"
)

func benchPacket(i int) Packet {
	return Packet{Header: packet.Header{
		EthDst: 2, EthSrc: 1, EthType: packet.EthTypeIPv4, IPSrc: packet.IPv4(0x0a000000 + i),
		IPDst: packet.IPv4(0x0a000000 + i), Proto: packet.ProtoUDP, TTL: 64, L4Src: uint16(i), L4Dst: 9,
	}, InPort: 1, Bytes: 1000}
}

func mustAdd(tb testing.TB, s *Switch, r Rule) {
	tb.Helper()
	if _, err := s.ApplyRule(&RuleMod{Rule: r}, 0); err != nil {
		tb.Fatal(err)
	}
}

// benchSwitch has one rule per destination, a few masked ones and a table miss.
func benchSwitch(tb testing.TB, rules int) *Switch {
	s := &Switch{}
	for i := range rules {
		mustAdd(tb, s, Rule{Priority: 100, Match: Match(nil).IPv4To(packet.IPv4(0x0a000000+i), 32), Apply: []Action{Out(uint32(2 + i%4))}})
	}
	mustAdd(tb, s, Rule{Priority: 10, Match: Match(nil).IPv4To(0x0a000000, 8), Apply: []Action{Out(9)}})
	mustAdd(tb, s, Rule{Priority: 200, Match: Match(nil).With(EthType, 0x0806), Apply: []Action{ToController()}})
	mustAdd(tb, s, Rule{Apply: []Action{ToController()}})
	return s
}

// BenchmarkProcessCached is a packet of a known flow: the microflow cache.
func BenchmarkProcessCached(b *testing.B) {
	for _, flows := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			s, r := benchSwitch(b, 1000), &Result{}
			packets := make([]Packet, flows)
			for i := range packets {
				packets[i] = benchPacket(i * 7 % 1000)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Process(&packets[i&(flows-1)], int64(i), r)
			}
			if len(r.Outputs) != 1 {
				b.Fatal(r.Drop)
			}
		})
	}
}

// BenchmarkForward is the same where the way is simple and the packet need not be shown.
func BenchmarkForward(b *testing.B) {
	for _, flows := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			s, r := benchSwitch(b, 1000), &Result{}
			packets := make([]Packet, flows)
			for i := range packets {
				packets[i] = benchPacket(i * 7 % 1000)
				s.Process(&packets[i], 0, r)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok := s.Forward(&packets[i&(flows-1)], int64(i)); !ok { // forgotten when the cache grew
					s.Process(&packets[i&(flows-1)], int64(i), r)
				}
			}
		})
	}
}

// BenchmarkLookup is the search behind the cache.
func BenchmarkLookup(b *testing.B) {
	for _, rules := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			s := benchSwitch(b, rules)
			t := s.state.tables[0]
			var key words
			p := benchPacket(0)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Header.IPDst = packet.IPv4(0x0a000000 + i*7919%rules)
				if e := t.lookup(&p.Header, 1, 0, &key); e.rule.Priority != 100 {
					b.Fatal(*e.rule)
				}
			}
		})
	}
}

// BenchmarkProcessTwoTables goes through two tables and rewrites a field.
func BenchmarkProcessTwoTables(b *testing.B) {
	s, r := &Switch{}, &Result{}
	for i := range 64 {
		m := Match(nil).IPv4To(packet.IPv4(0x0a000000+i), 32)
		mustAdd(b, s, Rule{Priority: 1, Match: m, Apply: []Action{Set(EthDst, uint64(i)), {Type: DecTTL}}, HasGoto: true, Goto: 1})
		mustAdd(b, s, Rule{Table: 1, Priority: 1, Match: m, Apply: []Action{Out(2)}, Idle: 10})
	}
	var packets [64]Packet
	for i := range packets {
		packets[i] = benchPacket(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Process(&packets[i%64], int64(i), r)
	}
}

// BenchmarkProcessSelect chooses among four buckets.
func BenchmarkProcessSelect(b *testing.B) {
	s, r := &Switch{}, &Result{}
	g := Group{Number: 1, Type: Select}
	for i := range uint32(4) {
		g.Buckets = append(g.Buckets, Bucket{Weight: 1, Actions: []Action{Out(2 + i)}})
	}
	if _, err := s.ApplyGroup(&GroupMod{Add, g}, 0); err != nil {
		b.Fatal(err)
	}
	mustAdd(b, s, Rule{Priority: 1, Match: Match(nil).IPv4To(0x0a000000, 8), Apply: []Action{{Type: ToGroup, Arg: 1}}})
	p := benchPacket(3)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Process(&p, int64(i), r)
	}
}

func BenchmarkAddRules(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		benchSwitch(b, 1000)
	}
}

func BenchmarkMatchText(b *testing.B) {
	m := Match(nil).IPv4To(0x0a000000, 8).With(IPProto, 6).With(TCPDst, 80)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMatch(m.String()); err != nil {
			b.Fatal(err)
		}
	}
}
