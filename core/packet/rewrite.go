package packet

import (
	"cmp"
	"encoding/binary"
)

// Rewrite does to a frame what turns its header from into to, as the set-field,
// push-VLAN, pop-VLAN and TTL actions of a switch do, and keeps everything else.
// Only fields in which from and to differ are written. The frame given is left as
// it is; when nothing differs it is itself the result.
//
//   - VLAN absent before: a tag with [EthTypeVLAN] is pushed. Absent after: the
//     outer tag is popped. Present in both: the tag is changed in place.
//   - Checksums are updated incrementally (RFC 1624), so a wrong one stays wrong
//     and fragments and cut frames come out right. A UDP checksum of zero, which
//     says there is none, stays zero. SCTP's CRC needs the whole packet.
//   - EthType, Proto and TCPFlags cannot be changed, nor can a field whose header
//     the frame lacks: that is a [*FrameError], and no frame is returned.
func Rewrite(frame []byte, from, to Header) ([]byte, error) {
	if from == to {
		return frame, nil
	}
	out, err := AppendRewrite(make([]byte, 0, len(frame)+4), frame, from, to)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AppendRewrite is [Rewrite] into a buffer of the caller's, which must not
// overlap the frame. On error dst comes back unextended.
func AppendRewrite(dst, frame []byte, from, to Header) ([]byte, error) {
	// A fault in a layer that is not to be touched does not matter.
	actual, l, err := Decode(frame)
	if len(frame) < 14 {
		return dst, err
	}
	start := len(dst)
	switch {
	case from.VLAN == 0 && to.VLAN != 0:
		dst = PushVLAN(dst, frame, EthTypeVLAN, tci(to.VLAN, to.PCP))
	case from.VLAN != 0 && to.VLAN == 0:
		dst, err = PopVLAN(dst, frame)
		if err != nil {
			return dst, err
		}
	default:
		dst = append(dst, frame...)
	}
	// Offsets from the end of the frame hold with and without the tag.
	w := rewriter{frame: dst[start:], actual: actual, from: from, to: to}
	shift := len(w.frame) - len(frame)
	w.l3, w.l4, w.end = l.L3+shift, l.L4+shift, l.End+shift
	w.hasL3, w.hasL4, w.layout = l.L3 > 0, l.L4 > 0, l
	if err := w.run(); err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// PushVLAN appends to dst the frame with one more tag in front: tpid is
// [EthTypeVLAN] or [EthTypeQinQ], tci holds priority (3 bits), drop eligibility
// (1) and VLAN (12). A frame without an Ethernet header is copied unchanged.
func PushVLAN(dst, frame []byte, tpid, tci uint16) []byte {
	if len(frame) < 14 {
		return append(dst, frame...)
	}
	dst = append(dst, frame[:12]...)
	dst = binary.BigEndian.AppendUint16(dst, tpid)
	dst = binary.BigEndian.AppendUint16(dst, tci)
	return append(dst, frame[12:]...)
}

// PopVLAN appends to dst the frame without its outer tag.
func PopVLAN(dst, frame []byte) ([]byte, error) {
	if len(frame) < 18 {
		return dst, short("vlan", 14, 4, max(0, len(frame)-14))
	}
	if tpid := binary.BigEndian.Uint16(frame[12:]); tpid != EthTypeVLAN && tpid != EthTypeQinQ {
		return dst, malformed("vlan", 14, "there is no tag to pop")
	}
	return append(append(dst, frame[:12]...), frame[16:]...), nil
}

// rewriter changes a frame in place and keeps account of what its checksums see.
type rewriter struct {
	frame            []byte
	actual, from, to Header // by value: pointers would have to outlive the call to hash/crc32
	layout           Layout // of the frame before any tag was pushed or popped
	l3, l4, end      int
	hasL3, hasL4     bool
	ipSum, l4Sum     uint64 // one's complement sums of ~old + new
}

func (w *rewriter) run() error {
	f, t := &w.from, &w.to
	switch {
	case f.EthType != t.EthType:
		return malformed("ethernet", 12, "the type cannot be rewritten")
	case f.Proto != t.Proto:
		return malformed("ip", w.l3, "the protocol cannot be rewritten")
	case f.TCPFlags != t.TCPFlags:
		return malformed("tcp", w.l4, "the flags cannot be rewritten")
	}
	if f.EthDst != t.EthDst {
		w.putMAC(0, t.EthDst)
	}
	if f.EthSrc != t.EthSrc {
		w.putMAC(6, t.EthSrc)
	}
	// After a fault the frame is thrown away, so that the later steps do no harm.
	if err := cmp.Or(w.vlan(), w.arp(), w.ipv4(), w.ipv6(), w.ip(), w.transport()); err != nil {
		return err
	}
	w.checksums()
	return nil
}

func (w *rewriter) vlan() error {
	f, t := &w.from, &w.to
	if f.VLAN == t.VLAN && f.PCP == t.PCP || (f.VLAN == 0) != (t.VLAN == 0) {
		return nil // a tag just pushed or popped needs no more
	}
	if w.layout.VLANTags == 0 || t.VLAN == 0 {
		return malformed("vlan", 12, "there is no tag to rewrite")
	}
	const dei = 0x1000
	old := binary.BigEndian.Uint16(w.frame[14:])
	binary.BigEndian.PutUint16(w.frame[14:], tci(t.VLAN, t.PCP)|old&dei)
	return nil
}

func (w *rewriter) arp() error {
	f, t := &w.from, &w.to
	if f.ARPOp == t.ARPOp && f.ARPSHA == t.ARPSHA && f.ARPSPA == t.ARPSPA && f.ARPTHA == t.ARPTHA && f.ARPTPA == t.ARPTPA {
		return nil
	}
	if w.actual.EthType != EthTypeARP || w.layout.Payload != w.layout.L3+arpLen {
		return malformed("arp", w.l3, "the frame has no such header to rewrite")
	}
	b := w.frame[w.l3:]
	if f.ARPOp != t.ARPOp {
		binary.BigEndian.PutUint16(b[6:], t.ARPOp)
	}
	if f.ARPSHA != t.ARPSHA {
		w.putMAC(w.l3+8, t.ARPSHA)
	}
	if f.ARPSPA != t.ARPSPA {
		binary.BigEndian.PutUint32(b[14:], uint32(t.ARPSPA))
	}
	if f.ARPTHA != t.ARPTHA {
		w.putMAC(w.l3+18, t.ARPTHA)
	}
	if f.ARPTPA != t.ARPTPA {
		binary.BigEndian.PutUint32(b[24:], uint32(t.ARPTPA))
	}
	return nil
}

func (w *rewriter) ipv4() error {
	f, t := &w.from, &w.to
	if f.IPSrc == t.IPSrc && f.IPDst == t.IPDst {
		return nil
	}
	if !w.hasIP(EthTypeIPv4) {
		return malformed("ipv4", w.l3, "the frame has no such header to rewrite")
	}
	if f.IPSrc != t.IPSrc {
		w.putAddress(w.l3+12, uint32(t.IPSrc), true)
	}
	if f.IPDst != t.IPDst {
		w.putAddress(w.l3+16, uint32(t.IPDst), true)
	}
	return nil
}

func (w *rewriter) ipv6() error {
	f, t := &w.from, &w.to
	if f.IP6Src == t.IP6Src && f.IP6Dst == t.IP6Dst {
		return nil
	}
	if !w.hasIP(EthTypeIPv6) {
		return malformed("ipv6", w.l3, "the frame has no such header to rewrite")
	}
	if f.IP6Src != t.IP6Src {
		w.putIPv6(w.l3+8, t.IP6Src, true)
	}
	if f.IP6Dst != t.IP6Dst {
		// Under a routing header the checksum is about the final destination.
		w.putIPv6(w.l3+24, t.IP6Dst, !w.layout.SourceRouted)
	}
	return nil
}

// ip changes the fields that both versions have.
func (w *rewriter) ip() error {
	f, t := &w.from, &w.to
	marks, hops := f.DSCP != t.DSCP || f.ECN != t.ECN, f.TTL != t.TTL
	if !marks && !hops {
		return nil
	}
	b := w.frame[w.l3:]
	switch {
	case w.hasIP(EthTypeIPv4):
		if marks {
			w.ipSum += w.put16(w.l3, uint16(b[0])<<8|uint16(w.class(b[1])))
		}
		if hops {
			w.ipSum += w.put16(w.l3+8, uint16(t.TTL)<<8|uint16(b[9]))
		}
	case w.hasIP(EthTypeIPv6):
		if marks {
			word := binary.BigEndian.Uint16(b)
			w.put16(w.l3, word&0xf00f|uint16(w.class(uint8(word>>4)))<<4)
		}
		if hops {
			b[7] = t.TTL
		}
	default:
		return malformed("ip", w.l3, "the frame has no such header to rewrite")
	}
	return nil
}

// class is the traffic class with those of its two fields changed that differ.
func (w *rewriter) class(class uint8) uint8 {
	if w.from.DSCP != w.to.DSCP {
		class = class&3 | w.to.DSCP<<2
	}
	if w.from.ECN != w.to.ECN {
		class = class&^3 | w.to.ECN&3
	}
	return class
}

func (w *rewriter) transport() error {
	f, t := &w.from, &w.to
	if f.L4Src != t.L4Src || f.L4Dst != t.L4Dst {
		switch w.actual.Proto {
		case ProtoTCP, ProtoUDP, ProtoSCTP:
		default:
			return malformed("tcp", w.l4, "the frame has no ports to rewrite")
		}
		if !w.hasL4 {
			return malformed(protoName(w.actual.Proto), w.l3, "the frame has no such header to rewrite")
		}
		if w.actual.Proto == ProtoSCTP {
			return w.sctpPorts()
		}
		if f.L4Src != t.L4Src {
			w.l4Sum += w.put16(w.l4, t.L4Src)
		}
		if f.L4Dst != t.L4Dst {
			w.l4Sum += w.put16(w.l4+2, t.L4Dst)
		}
	}
	if f.ICMPType != t.ICMPType || f.ICMPCode != t.ICMPCode {
		if !w.hasL4 || w.actual.Proto != ProtoICMP && w.actual.Proto != ProtoICMPv6 {
			return malformed("icmp", w.l3, "the frame has no such header to rewrite")
		}
		kind, code := w.frame[w.l4], w.frame[w.l4+1]
		if f.ICMPType != t.ICMPType {
			kind = t.ICMPType
		}
		if f.ICMPCode != t.ICMPCode {
			code = t.ICMPCode
		}
		w.l4Sum += w.put16(w.l4, uint16(kind)<<8|uint16(code))
	}
	return nil
}

func (w *rewriter) sctpPorts() error {
	if w.layout.MoreFragments || w.layout.Missing > 0 {
		return malformed("sctp", w.l4, "the ports of an incomplete packet cannot be rewritten, for its checksum covers all of it")
	}
	b := w.frame[w.l4:w.end]
	check := binary.BigEndian.Uint32(b[8:])
	binary.BigEndian.PutUint32(b[8:], 0)
	before := sctpChecksum(b)
	if w.from.L4Src != w.to.L4Src {
		binary.BigEndian.PutUint16(b, w.to.L4Src)
	}
	if w.from.L4Dst != w.to.L4Dst {
		binary.BigEndian.PutUint16(b[2:], w.to.L4Dst)
	}
	// A damaged packet stays damaged by the same difference.
	binary.BigEndian.PutUint32(b[8:], check^before^sctpChecksum(b))
	return nil
}

func (w *rewriter) checksums() {
	if w.ipSum != 0 {
		w.apply(w.l3+10, w.ipSum)
	}
	if w.l4Sum == 0 || !w.hasL4 {
		return
	}
	switch w.actual.Proto {
	case ProtoTCP:
		w.apply(w.l4+16, w.l4Sum)
	case ProtoUDP:
		if check := w.frame[w.l4+6:]; check[0]|check[1] != 0 {
			if w.apply(w.l4+6, w.l4Sum); check[0]|check[1] == 0 {
				check[0], check[1] = 0xff, 0xff
			}
		}
	case ProtoICMP, ProtoICMPv6:
		w.apply(w.l4+2, w.l4Sum)
	}
}

// apply updates the checksum at an offset: HC' = ~(~HC + ~m + m'), RFC 1624 equation 3.
func (w *rewriter) apply(at int, delta uint64) {
	b := w.frame[at:]
	binary.BigEndian.PutUint16(b, fold(uint64(^binary.BigEndian.Uint16(b))+delta))
}

func (w *rewriter) hasIP(typ uint16) bool {
	return w.hasL3 && w.actual.EthType == typ && w.layout.Payload > w.layout.L3
}

func (w *rewriter) put16(at int, v uint16) uint64 {
	b := w.frame[at:]
	old := binary.BigEndian.Uint16(b)
	binary.BigEndian.PutUint16(b, v)
	return uint64(^old) + uint64(v)
}

// putAddress writes four bytes of an IP address, which the pseudo header holds
// too, except for ICMP's, which has none.
func (w *rewriter) putAddress(at int, v uint32, inL4 bool) {
	delta := w.put16(at, uint16(v>>16)) + w.put16(at+2, uint16(v))
	w.ipSum += delta
	if inL4 && w.actual.Proto != ProtoICMP {
		w.l4Sum += delta
	}
}

func (w *rewriter) putIPv6(at int, a IPv6, inL4 bool) {
	w.putAddress(at, uint32(a.Hi>>32), inL4)
	w.putAddress(at+4, uint32(a.Hi), inL4)
	w.putAddress(at+8, uint32(a.Lo>>32), inL4)
	w.putAddress(at+12, uint32(a.Lo), inL4)
	w.ipSum = 0 // IPv6 has no header checksum
}

func (w *rewriter) putMAC(at int, m MAC) {
	b := w.frame[at:]
	binary.BigEndian.PutUint16(b, uint16(m>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(m))
}
