package sim

import (
	"encoding/binary"

	"sendim/core/packet"
	"sendim/sim/tcp"
)

// ghosts remembers frames that went to the controller as bytes, so that a frame that
// comes back is known again even if an app has rewritten its header. The number of the
// ghost travels in the bytes: in a datagram's or an echo's first payload bytes, and as a
// segment's timestamp. The oldest are forgotten first.
type ghosts struct {
	list []ghost
	next uint32
}

type ghost struct {
	number uint32
	sent   int64
	owner  int32
	seq    uint32
	cargo  cargo
	hops   uint8
	scout  bool
	seg    tcp.Segment
}

// ascent is a frame on its way to the controller, written out when somebody looks at it.
type ascent struct {
	of    *common
	frame frame
	seg   *tcp.Segment
	most  int // bytes that are sent up; 0: all
}

// Frame is the frame's bytes.
func (a *ascent) Frame() []byte {
	b := a.of.bytesOf(&a.frame, a.seg, true)
	if a.most > 0 && a.most < len(b) {
		b = b[:a.most]
	}
	return b
}

const mostGhosts = 1 << 16

func (g *ghosts) keep(f *frame, seg *tcp.Segment) uint32 {
	g.next++
	x := ghost{number: g.next, sent: f.sent, owner: f.owner, seq: f.seq, cargo: f.cargo, hops: f.hops, scout: f.scout}
	if seg != nil {
		x.seg = *seg
	}
	if len(g.list) < mostGhosts {
		g.list = append(g.list, x)
	} else {
		g.list[(g.next-1)%mostGhosts] = x
	}
	return g.next
}

func (g *ghosts) find(number uint32) *ghost {
	if number == 0 || len(g.list) == 0 {
		return nil
	}
	i := (number - 1) % mostGhosts
	if int(i) >= len(g.list) || g.list[i].number != number {
		return nil
	}
	return &g.list[i]
}

func (w *world) segmentOf(f *frame) *tcp.Segment {
	if f.seg < 0 {
		return nil
	}
	g := w.segs[f.seg]
	return &g
}

// bytesOf writes a frame out. With remember, it will be known again when it comes back.
func (w *common) bytesOf(f *frame, seg *tcp.Segment, remember bool) []byte {
	var number uint32
	if remember && f.cargo != noCargo {
		number = w.ghosts.keep(f, seg)
	}
	var data []byte
	if seg == nil {
		headers := echoBytes(0)
		if f.cargo != echo {
			headers = len(packet.Append(nil, f.Header, nil))
		} else if f.Header.VLAN != 0 {
			headers += 4
		}
		data = make([]byte, max(0, int(f.Bytes)-headers))
		if f.cargo != noCargo && len(data) >= 4 {
			binary.BigEndian.PutUint32(data, number)
		}
	}
	switch {
	case seg != nil:
		return appendSegment(f, seg, number)
	case f.cargo == echo:
		return packet.Append(nil, f.Header, packet.EchoPayload(uint16(f.owner), uint16(f.seq), data))
	}
	return packet.Append(nil, f.Header, data)
}

// appendSegment writes a TCP segment; the timestamps option (RFC 7323) carries number, or
// the time in milliseconds.
func appendSegment(f *frame, g *tcp.Segment, number uint32) []byte {
	t := packet.TCP{Seq: uint32(g.Seq), Ack: uint32(g.Ack), Flags: f.Header.TCPFlags, Window: 0xffff}
	value := number
	if value == 0 {
		value = uint32(g.TSVal / tcp.Millisecond)
	}
	if g.Flags&tcp.SYN != 0 {
		t.Options = packet.AppendSACKPermitted(packet.AppendMSS(nil, 1448))
	}
	t.Options = append(t.Options, 1, 1, 8, 10)
	t.Options = binary.BigEndian.AppendUint32(t.Options, value)
	t.Options = binary.BigEndian.AppendUint32(t.Options, uint32(g.TSEcr/tcp.Millisecond))
	if g.SACKs > 0 {
		var blocks [3]packet.SACKBlock
		for i := range g.SACKs {
			blocks[i] = packet.SACKBlock{Left: uint32(g.SACK[i].Start), Right: uint32(g.SACK[i].End)}
		}
		t.Options = packet.AppendSACK(t.Options, blocks[:min(g.SACKs, 3)])
	}
	return packet.AppendTCP(nil, f.Header, t, make([]byte, g.Len))
}

// revive gives a frame back what its ghost was.
func (w *world) revive(f *frame, b []byte, h *packet.Header, l *packet.Layout) {
	if h.EthType != packet.EthTypeIPv4 {
		return
	}
	var number uint32
	switch payload := b[l.Payload:l.End]; {
	case h.Proto == packet.ProtoUDP && len(payload) >= 4:
		number = binary.BigEndian.Uint32(payload)
	case h.Proto == packet.ProtoICMP && len(payload) >= 8:
		number = binary.BigEndian.Uint32(payload[4:])
	case h.Proto == packet.ProtoTCP:
		if t, _, err := packet.DecodeTCP(b[l.L4:l.End]); err == nil {
			number = timestamp(t.Options)
		}
		if number == 0 && len(payload) >= 4 { // a fluid flow's probe has no options
			number = binary.BigEndian.Uint32(payload)
		}
	}
	g := w.ghosts.find(number)
	if g == nil {
		return
	}
	fits := false
	switch g.cargo {
	case datagram, probe:
		fits = h.Proto == packet.ProtoUDP || h.Proto == packet.ProtoTCP
	case echo:
		fits = h.Proto == packet.ProtoICMP
	case segment:
		fits = h.Proto == packet.ProtoTCP
	}
	if !fits {
		return
	}
	f.sent, f.owner, f.seq, f.cargo, f.hops, f.scout = g.sent, g.owner, g.seq, g.cargo, g.hops, g.scout
	if g.cargo == segment {
		f.seg = w.keepSegment(&g.seg)
	}
}

// timestamp is the value of the timestamps option, 0 if there is none.
func timestamp(options []byte) uint32 {
	for at := 0; at < len(options); {
		switch kind := options[at]; {
		case kind == 0:
			return 0
		case kind == 1:
			at++
		case at+1 >= len(options) || options[at+1] < 2:
			return 0
		case kind == 8 && at+10 <= len(options):
			return binary.BigEndian.Uint32(options[at+2:])
		default:
			at += int(options[at+1])
		}
	}
	return 0
}
