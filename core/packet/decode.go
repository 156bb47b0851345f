package packet

import "encoding/binary"

// Layout says where the parts of a decoded frame lie, as offsets into it.
type Layout struct {
	L3      int // what follows the Ethernet header and its tags
	L4      int // the ICMP, TCP, UDP or SCTP header; 0 when there is none (unknown protocol, later fragment)
	Payload int // what follows the last header decoded; for ICMP after type, code and checksum
	End     int // the end of the payload, Ethernet padding excluded

	Missing        int  // bytes that IP promises beyond the frame, when it was cut for a packet-in or a capture
	VLANTags       int  // number of VLAN tags; Header.VLAN tells the outer one
	FragmentOffset int  // in bytes; above zero there are no L4 fields
	MoreFragments  bool // this is a fragment and not the last
	SourceRouted   bool // IPv6 routing header with segments left: Header.IP6Dst is not the final destination (RFC 8200 section 8.1)
}

// Decode reads the headers of an Ethernet frame without FCS. A truncated or
// malformed frame yields a [*FrameError] that names the layer, together with the
// fields of the layers before it and the layout so far. A cut payload is no
// error: see Layout.Missing. Checksums are not verified.
//
// IPv6 extension headers are skipped. An 802.3 frame with a length in place of
// the type has EthType [EthTypeLLC], or the type within its SNAP header.
func Decode(frame []byte) (h Header, l Layout, err error) {
	err = decode(frame, &h, &l)
	return h, l, err
}

func decode(frame []byte, h *Header, l *Layout) error {
	l.End = len(frame)
	if len(frame) < 14 {
		return short("ethernet", 0, 14, len(frame))
	}
	h.EthDst = MAC(binary.BigEndian.Uint64(frame) >> 16)
	h.EthSrc = MAC(binary.BigEndian.Uint64(frame[6:]) >> 16)
	typ, at := binary.BigEndian.Uint16(frame[12:]), 14
	for typ == EthTypeVLAN || typ == EthTypeQinQ {
		if len(frame)-at < 4 {
			return short("vlan", at, 4, len(frame)-at)
		}
		if l.VLANTags == 0 {
			tci := binary.BigEndian.Uint16(frame[at:])
			h.VLAN = VLANPresent | tci&0x0fff
			h.PCP = uint8(tci >> 13)
		}
		l.VLANTags++
		typ = binary.BigEndian.Uint16(frame[at+2:])
		at += 4
	}
	if typ < ethTypeFirst {
		typ, at = decodeLLC(frame, l, int(typ), at)
	}
	h.EthType = typ
	l.L3, l.Payload = at, at
	switch typ {
	case EthTypeIPv4:
		return decodeIPv4(frame[:l.End], h, l)
	case EthTypeIPv6:
		return decodeIPv6(frame[:l.End], h, l)
	case EthTypeARP:
		return decodeARP(frame[:l.End], h, l)
	}
	return nil
}

// decodeLLC resolves a length field: to the type in a SNAP header with OUI zero
// (RFC 1042), as OpenFlow asks, else to EthTypeLLC.
func decodeLLC(frame []byte, l *Layout, length, at int) (uint16, int) {
	if length > len(frame)-at {
		l.Missing = length - (len(frame) - at)
	} else {
		l.End = at + length
	}
	b := frame[at:l.End]
	if len(b) >= 8 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 && b[3]|b[4]|b[5] == 0 {
		if typ := binary.BigEndian.Uint16(b[6:]); typ >= ethTypeFirst && typ != EthTypeVLAN && typ != EthTypeQinQ {
			return typ, at + 8
		}
	}
	return EthTypeLLC, at
}

func decodeARP(frame []byte, h *Header, l *Layout) error {
	b := frame[l.L3:]
	if len(b) < arpLen {
		return short("arp", l.L3, arpLen, len(b))
	}
	if binary.BigEndian.Uint64(b)>>16 != 0x0001_0800_0604 {
		return malformed("arp", l.L3, "not for IPv4 over Ethernet")
	}
	h.ARPOp = binary.BigEndian.Uint16(b[6:])
	h.ARPSHA = MAC(binary.BigEndian.Uint64(b[8:]) >> 16)
	h.ARPSPA = IPv4(binary.BigEndian.Uint32(b[14:]))
	h.ARPTHA = MAC(binary.BigEndian.Uint64(b[18:]) >> 16)
	h.ARPTPA = IPv4(binary.BigEndian.Uint32(b[24:]))
	l.Payload = l.L3 + arpLen
	return nil
}

func decodeIPv4(frame []byte, h *Header, l *Layout) error {
	b := frame[l.L3:]
	if len(b) < ipv4Len {
		return short("ipv4", l.L3, ipv4Len, len(b))
	}
	if b[0]>>4 != 4 {
		return malformed("ipv4", l.L3, "version is not 4")
	}
	size := int(b[0]&15) * 4
	if size < ipv4Len {
		return malformed("ipv4", l.L3, "header length below 20")
	}
	h.DSCP, h.ECN = b[1]>>2, b[1]&3
	h.TTL, h.Proto = b[8], b[9]
	h.IPSrc = IPv4(binary.BigEndian.Uint32(b[12:]))
	h.IPDst = IPv4(binary.BigEndian.Uint32(b[16:]))
	fragment := binary.BigEndian.Uint16(b[6:])
	l.FragmentOffset = int(fragment&0x1fff) * 8
	l.MoreFragments = fragment&0x2000 != 0
	if size > len(b) {
		return short("ipv4", l.L3, size, len(b))
	}
	l.Payload = l.L3 + size
	// A total length of zero stands for the rest of the frame: segmentation
	// offload leaves it so when 16 bits are too few.
	if total := int(binary.BigEndian.Uint16(b[2:])); total > len(b) {
		l.Missing = total - len(b)
	} else if total >= size {
		l.End = l.L3 + total
	} else if total > 0 {
		return malformed("ipv4", l.L3, "total length below the header's")
	}
	return decodeL4(frame[:l.End], h, l, ProtoICMP)
}

func decodeIPv6(frame []byte, h *Header, l *Layout) error {
	b := frame[l.L3:]
	if len(b) < ipv6Len {
		return short("ipv6", l.L3, ipv6Len, len(b))
	}
	if b[0]>>4 != 6 {
		return malformed("ipv6", l.L3, "version is not 6")
	}
	class := uint8(binary.BigEndian.Uint16(b) >> 4)
	h.DSCP, h.ECN = class>>2, class&3
	h.Proto, h.TTL = b[6], b[7]
	h.IP6Src = IPv6{binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}
	h.IP6Dst = IPv6{binary.BigEndian.Uint64(b[24:]), binary.BigEndian.Uint64(b[32:])}
	// Zero stands for the rest of the frame when 16 bits are too few for it, as in
	// a jumbogram (RFC 2675).
	if size := int(binary.BigEndian.Uint16(b[4:])); size > len(b)-ipv6Len {
		l.Missing = size - (len(b) - ipv6Len)
	} else if size > 0 || len(b)-ipv6Len <= 0xffff {
		l.End = l.L3 + ipv6Len + size
	}
	l.Payload = l.L3 + ipv6Len
	if err := skipExtensions(frame[:l.End], h, l); err != nil {
		return err
	}
	return decodeL4(frame[:l.End], h, l, ProtoICMPv6)
}

// skipExtensions moves Layout.Payload behind the extension headers of RFC 8200
// section 4 and leaves in Proto what follows them.
func skipExtensions(frame []byte, h *Header, l *Layout) error {
	for {
		b := frame[l.Payload:]
		size := 8
		switch h.Proto {
		case ProtoHopByHop, ProtoRouting, ProtoDestOpts:
			if len(b) >= 8 {
				size += int(b[1]) * 8
			}
		case ProtoAH:
			if len(b) >= 8 {
				size += int(b[1]) * 4 // RFC 4302 section 2.2
			}
		case ProtoFragment:
		default:
			return nil
		}
		if len(b) < size {
			return short("ipv6", l.Payload, size, len(b))
		}
		switch h.Proto {
		case ProtoRouting:
			l.SourceRouted = l.SourceRouted || b[3] > 0
		case ProtoFragment:
			fragment := binary.BigEndian.Uint16(b[2:])
			l.FragmentOffset = int(fragment &^ 7)
			l.MoreFragments = fragment&1 != 0
		}
		h.Proto = b[0]
		l.Payload += size
		if l.FragmentOffset > 0 {
			return nil
		}
	}
}

// decodeL4 reads the transport header at Layout.Payload. The kind of ICMP that
// belongs to this version of IP comes in icmp; the other is an unknown protocol.
func decodeL4(frame []byte, h *Header, l *Layout, icmp uint8) error {
	if l.FragmentOffset > 0 {
		return nil
	}
	at := l.Payload
	b := frame[at:]
	switch h.Proto {
	case ProtoTCP:
		if len(b) < tcpLen {
			return short("tcp", at, tcpLen, len(b))
		}
		size := int(b[12]>>4) * 4
		h.L4Src, h.L4Dst, h.TCPFlags = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), b[13]
		l.L4 = at
		if size < tcpLen {
			return malformed("tcp", at, "header length below 20")
		}
		if size > len(b) {
			return short("tcp", at, size, len(b))
		}
		l.Payload = at + size
	case ProtoUDP:
		if len(b) < udpLen {
			return short("udp", at, udpLen, len(b))
		}
		h.L4Src, h.L4Dst = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		l.L4, l.Payload = at, at+udpLen
		// The length may well exceed a fragment or a cut frame, and be zero in a jumbogram.
		if size := int(binary.BigEndian.Uint16(b[4:])); size >= udpLen && size < len(b) {
			l.End = at + size
		} else if size > 0 && size < udpLen {
			return malformed("udp", at, "length below the header's")
		}
	case ProtoSCTP:
		if len(b) < sctpLen {
			return short("sctp", at, sctpLen, len(b))
		}
		h.L4Src, h.L4Dst = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		l.L4, l.Payload = at, at+sctpLen
	case icmp:
		if len(b) < icmpLen {
			return short(icmpName(icmp), at, icmpLen, len(b))
		}
		h.ICMPType, h.ICMPCode = b[0], b[1]
		l.L4, l.Payload = at, at+icmpLen
	}
	return nil
}

func icmpName(proto uint8) string {
	if proto == ProtoICMPv6 {
		return "icmpv6"
	}
	return "icmp"
}
