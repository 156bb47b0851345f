package flow

import (
	"sendim/core/packet"

	"pgregory.net/rapid"
)

// A small world, so that packets and rules often meet.
func drawHeader(t *rapid.T) packet.Header {
	h := packet.Header{
		EthDst: packet.MAC(rapid.Uint64Range(1, 4).Draw(t, "dst")),
		EthSrc: packet.MAC(rapid.Uint64Range(1, 4).Draw(t, "src")),
	}
	if rapid.Bool().Draw(t, "tag") {
		h.VLAN = packet.VLANPresent | rapid.Uint16Range(0, 3).Draw(t, "vid")
		h.PCP = rapid.Uint8Range(0, 7).Draw(t, "pcp")
	}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		h.EthType = packet.EthTypeARP
		h.ARPOp = rapid.Uint16Range(1, 2).Draw(t, "op")
		h.ARPSPA, h.ARPTPA = drawIP(t), drawIP(t)
		h.ARPSHA = h.EthSrc
		return h
	case 1:
		h.EthType = packet.EthTypeIPv6
		h.IP6Src = packet.IPv6{Hi: 0x20010db8 << 32, Lo: rapid.Uint64Range(0, 3).Draw(t, "six")}
		h.IP6Dst = packet.IPv6{Hi: 0x20010db8 << 32, Lo: rapid.Uint64Range(0, 3).Draw(t, "six")}
	case 2:
		h.EthType = packet.EthTypeLLDP
		return h
	default:
		h.EthType = packet.EthTypeIPv4
		h.IPSrc, h.IPDst = drawIP(t), drawIP(t)
	}
	h.TTL = rapid.SampledFrom([]uint8{0, 1, 2, 64}).Draw(t, "ttl")
	h.DSCP = rapid.Uint8Range(0, 2).Draw(t, "dscp")
	h.Proto = rapid.SampledFrom([]uint8{1, 6, 17, 58, 132}).Draw(t, "proto")
	switch h.Proto {
	case 6, 17, 132:
		h.L4Src, h.L4Dst = rapid.Uint16Range(0, 3).Draw(t, "sport"), rapid.Uint16Range(0, 3).Draw(t, "dport")
	case 1:
		if h.EthType == packet.EthTypeIPv4 {
			h.ICMPType = rapid.SampledFrom([]uint8{0, 8}).Draw(t, "icmp")
		}
	}
	return h
}

func drawIP(t *rapid.T) packet.IPv4 {
	return packet.IPv4(0x0a000000 | rapid.Uint32Range(0, 3).Draw(t, "host") | rapid.Uint32Range(0, 1).Draw(t, "net")<<8)
}

// drawMatch takes some fields of a header that could exist, so that prerequisites hold.
func drawMatch(t *rapid.T) Match {
	return drawMatchOf(t, drawHeader(t), rapid.Uint32Range(1, 3).Draw(t, "port"))
}

func drawMatchOf(t *rapid.T, h packet.Header, inPort uint32) Match {
	var m Match
	for f := Field(1); f < fieldEnd; f++ {
		if f == TunnelID || !specs[f].needs.meets(&h) || rapid.IntRange(0, 3).Draw(t, "take") != 0 {
			continue
		}
		mask := f.AllOnes()
		if f.Maskable() && rapid.Bool().Draw(t, "masked") {
			mask = V(rapid.SampledFrom([]uint64{1, 2, 3, 0xff00, 0xffffff00, 0x1000}).Draw(t, "mask")).And(mask)
		}
		m = m.WithMask(f, Of(f, &h, inPort, rapid.Uint64Range(0, 3).Draw(t, "metadata")), mask)
	}
	// State what the fields need.
	for i := 0; i < len(m); i++ {
		switch specs[m[i].Field].needs {
		case needsTag:
			if !m.tagged() {
				m = m.WithMask(VLANVID, V(0x1000), V(0x1000))
			}
		case needsNothing:
		case needsTCP, needsUDP, needsSCTP, needsICMPv4, needsICMPv6:
			m = m.With(IPProto, uint64(h.Proto)).With(EthType, uint64(h.EthType))
		default:
			m = m.With(EthType, uint64(h.EthType))
		}
	}
	if x, ok := m.Field(VLANVID); ok && x.Value.Lo&0x1000 == 0 {
		m = m.WithMask(VLANVID, x.Value, Value{}) // a masked VID alone is refused
	}
	return m
}

// drawActions draws actions that suit a match; groups and ports are those of the world.
func drawActions(t *rapid.T, m Match, groups []uint32) []Action {
	h := packet.Header{}
	if x, ok := m.exact(EthType); ok {
		h.EthType = uint16(x)
	}
	if x, ok := m.exact(IPProto); ok {
		h.Proto = uint8(x)
	}
	if m.tagged() {
		h.VLAN = packet.VLANPresent
	}
	var out []Action
	for range rapid.IntRange(0, 4).Draw(t, "actions") {
		switch rapid.IntRange(0, 7).Draw(t, "action") {
		case 0, 1:
			port := rapid.SampledFrom([]uint32{1, 2, 3, PortInPort, PortAll, PortController}).Draw(t, "out")
			out = append(out, Out(port))
		case 2:
			if len(groups) > 0 {
				out = append(out, Action{Type: ToGroup, Arg: rapid.SampledFrom(groups).Draw(t, "group")})
			}
		case 3:
			out = append(out, Action{Type: SetQueue, Arg: rapid.Uint32Range(0, 2).Draw(t, "queue")})
		case 4:
			if h.VLAN == 0 {
				out = append(out, Action{Type: PushVLAN})
				h.VLAN = packet.VLANPresent
			} else {
				out = append(out, Action{Type: PopVLAN})
				h.VLAN = 0
			}
		case 5:
			if isIP(&h) {
				out = append(out, Action{Type: DecTTL})
			}
		default:
			f := rapid.SampledFrom([]Field{EthDst, EthSrc, VLANVID, IPv4Dst, TCPDst, UDPSrc, ARPOp, IPDSCP}).Draw(t, "set")
			if specs[f].needs.meets(&h) && (f != VLANVID || h.VLAN != 0) {
				v := rapid.Uint64Range(0, 3).Draw(t, "to")
				if f == VLANVID {
					v |= 0x1000
				}
				out = append(out, Set(f, v))
			}
		}
	}
	return out
}

func drawRule(t *rapid.T, groups, meters []uint32) Rule {
	return drawRuleOf(t, drawMatch(t), groups, meters)
}

func drawRuleOf(t *rapid.T, m Match, groups, meters []uint32) Rule {
	r := Rule{
		Table:    rapid.Uint8Range(0, 2).Draw(t, "table"),
		Priority: rapid.Uint16Range(0, 3).Draw(t, "priority"),
		Match:    m,
		Apply:    drawActions(t, m, groups),
		Clear:    rapid.IntRange(0, 4).Draw(t, "clear") == 0,
		Idle:     rapid.Uint16Range(0, 2).Draw(t, "idle"),
		Hard:     rapid.SampledFrom([]uint16{0, 0, 3}).Draw(t, "hard"),
		Cookie:   rapid.Uint64Range(0, 3).Draw(t, "cookie"),
	}
	if rapid.IntRange(0, 2).Draw(t, "write") == 0 {
		r.Write = drawActions(t, m, groups)
	}
	if rapid.IntRange(0, 2).Draw(t, "metadata") == 0 {
		r.MetadataMask = 3
		r.Metadata = rapid.Uint64Range(0, 3).Draw(t, "metadata")
	}
	if r.Table < 2 && rapid.Bool().Draw(t, "goto") {
		r.HasGoto, r.Goto = true, rapid.Uint8Range(r.Table+1, 2).Draw(t, "next")
	}
	if len(meters) > 0 && rapid.IntRange(0, 3).Draw(t, "meter") == 0 {
		r.Meter = rapid.SampledFrom(meters).Draw(t, "meter")
	}
	return r
}

func drawGroup(t *rapid.T, number uint32, below []uint32) Group {
	g := Group{Number: number, Type: GroupType(rapid.IntRange(0, 3).Draw(t, "type"))}
	n := rapid.IntRange(0, 3).Draw(t, "buckets")
	if g.Type == Indirect {
		n = 1
	}
	for range n {
		b := Bucket{Actions: drawActions(t, nil, below)}
		switch g.Type {
		case Select:
			b.Weight = rapid.Uint16Range(0, 3).Draw(t, "weight")
			b.WatchPort = rapid.Uint32Range(0, 3).Draw(t, "watch")
		case FastFailover:
			b.WatchPort = rapid.Uint32Range(1, 3).Draw(t, "watch")
			if len(below) > 0 && rapid.Bool().Draw(t, "both") {
				b.WatchGroup = rapid.SampledFrom(below).Draw(t, "watchGroup")
			}
		}
		g.Buckets = append(g.Buckets, b)
	}
	return g
}

// drawTwin changes one thing about a packet, or nothing.
func drawTwin(t *rapid.T, p *Packet) {
	switch f := Field(rapid.IntRange(0, int(fieldEnd)+3).Draw(t, "twin")); {
	case f == 0:
		p.InPort = rapid.Uint32Range(1, 3).Draw(t, "in")
	case f < fieldEnd:
		v := Of(f, &p.Header, p.InPort, 0)
		v.Lo ^= 1 << rapid.IntRange(0, 1).Draw(t, "bit")
		SetIn(f, v, &p.Header)
	default:
		p.Header.TTL = rapid.SampledFrom([]uint8{1, 2, 64}).Draw(t, "ttl")
	}
}
