package packet

import "encoding/binary"

// Sizes of headers without options.
const (
	arpLen  = 28
	ipv4Len = 20
	ipv6Len = 40
	icmpLen = 4 // type, code, checksum; the rest is payload here
	tcpLen  = 20
	udpLen  = 8
	sctpLen = 12
)

// MinFrame is the smallest Ethernet frame without its FCS, in bytes.
const MinFrame = 60

// Append appends the Ethernet frame (without FCS, unpadded) with the fields of h
// and the given payload, and returns the extended slice. Which headers are
// written follows from EthType and Proto; fields of other layers are ignored.
// Decode gives the same header back if h is consistent.
//
//   - A tag is written with [EthTypeVLAN]; stacked tags are made by [PushVLAN].
//   - An EthType that is no type ([EthTypeLLC], zero) becomes the length field.
//   - A TTL of zero is written as [DefaultTTL]. IPv4 packets have "don't
//     fragment" set and identification zero (RFC 6864).
//   - ICMP: the payload starts after the checksum, so with identifier and
//     sequence number of an echo (see [EchoPayload]); it is extended with zeros
//     to the four bytes that every ICMP message has there.
//   - TCP: sequence number and acknowledgement zero, window 65,535. [AppendTCP]
//     writes others.
//   - SCTP: verification tag zero; the payload holds the chunks.
//   - A length beyond 65,535 is written as zero, as segmentation offload does;
//     Decode and capture tools take it for the rest of the frame.
func Append(dst []byte, h Header, payload []byte) []byte {
	return appendFrame(dst, &h, TCP{Flags: h.TCPFlags, Window: 0xffff}, payload)
}

// AppendPadded is Append with zeros after the payload up to [MinFrame] bytes, as
// the frame would travel on Ethernet.
func AppendPadded(dst []byte, h Header, payload []byte) []byte {
	start := len(dst)
	return Pad(Append(dst, h, payload), start)
}

// Pad appends zeros until the frame that begins at start has [MinFrame] bytes.
func Pad(dst []byte, start int) []byte {
	if size := len(dst) - start; size < MinFrame {
		dst = append(dst, make([]byte, MinFrame-size)...)
	}
	return dst
}

func appendFrame(dst []byte, h *Header, t TCP, payload []byte) []byte {
	if dst == nil {
		dst = make([]byte, 0, 14+4+ipv6Len+tcpLen+len(t.Options)+4+len(payload))
	}
	dst = appendMAC(dst, h.EthDst)
	dst = appendMAC(dst, h.EthSrc)
	if h.VLAN != 0 {
		dst = binary.BigEndian.AppendUint16(dst, EthTypeVLAN)
		dst = binary.BigEndian.AppendUint16(dst, tci(h.VLAN, h.PCP))
	}
	typ := h.EthType
	if typ < ethTypeFirst {
		typ = lengthField(len(payload))
	}
	dst = binary.BigEndian.AppendUint16(dst, typ)
	switch h.EthType {
	case EthTypeARP:
		return append(appendARP(dst, h), payload...)
	case EthTypeIPv4:
		return appendIPv4(dst, h, t, payload)
	case EthTypeIPv6:
		return appendIPv6(dst, h, t, payload)
	}
	return append(dst, payload...)
}

func appendMAC(dst []byte, m MAC) []byte {
	return append(dst, byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}

func tci(vlan uint16, pcp uint8) uint16 { return uint16(pcp)<<13 | vlan&0x0fff }

func lengthField(n int) uint16 {
	if n > 0xffff {
		return 0
	}
	return uint16(n)
}

func appendARP(dst []byte, h *Header) []byte {
	dst = append(dst, 0, 1, 8, 0, 6, 4) // Ethernet, IPv4, their address lengths
	dst = binary.BigEndian.AppendUint16(dst, h.ARPOp)
	dst = appendMAC(dst, h.ARPSHA)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.ARPSPA))
	dst = appendMAC(dst, h.ARPTHA)
	return binary.BigEndian.AppendUint32(dst, uint32(h.ARPTPA))
}

func appendIPv4(dst []byte, h *Header, t TCP, payload []byte) []byte {
	at := len(dst)
	dst = append(dst, 0x45, trafficClass(h), 0, 0, 0, 0, 0x40, 0, hops(h), h.Proto, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.IPSrc))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.IPDst))
	dst = appendL4(dst, h, t, payload, ProtoICMP)
	b := dst[at:]
	binary.BigEndian.PutUint16(b[2:], lengthField(len(b)))
	binary.BigEndian.PutUint16(b[10:], fold(sum(b[:ipv4Len], 0)))
	return dst
}

func appendIPv6(dst []byte, h *Header, t TCP, payload []byte) []byte {
	at, class, next := len(dst), trafficClass(h), h.Proto
	if next == 0 {
		next = ProtoNoNext // zero would announce a hop-by-hop header
	}
	dst = append(dst, 0x60|class>>4, class<<4, 0, 0, 0, 0, next, hops(h))
	for _, word := range [...]uint64{h.IP6Src.Hi, h.IP6Src.Lo, h.IP6Dst.Hi, h.IP6Dst.Lo} {
		dst = binary.BigEndian.AppendUint64(dst, word)
	}
	dst = appendL4(dst, h, t, payload, ProtoICMPv6)
	b := dst[at:]
	binary.BigEndian.PutUint16(b[4:], lengthField(len(b)-ipv6Len))
	return dst
}

func trafficClass(h *Header) uint8 { return h.DSCP<<2 | h.ECN&3 }

func hops(h *Header) uint8 {
	if h.TTL == 0 {
		return DefaultTTL
	}
	return h.TTL
}

func appendL4(dst []byte, h *Header, t TCP, payload []byte, icmp uint8) []byte {
	at := len(dst)
	switch h.Proto {
	case ProtoTCP:
		dst = append(appendTCPHeader(dst, h, t), payload...)
		b := dst[at:]
		binary.BigEndian.PutUint16(b[16:], fold(sum(b, pseudo(h, len(b)))))
	case ProtoUDP:
		dst = binary.BigEndian.AppendUint16(dst, h.L4Src)
		dst = binary.BigEndian.AppendUint16(dst, h.L4Dst)
		dst = binary.BigEndian.AppendUint16(dst, lengthField(udpLen+len(payload)))
		dst = append(append(dst, 0, 0), payload...)
		b := dst[at:]
		check := fold(sum(b, pseudo(h, len(b))))
		if check == 0 {
			check = 0xffff // zero says "no checksum" (RFC 768)
		}
		binary.BigEndian.PutUint16(b[6:], check)
	case ProtoSCTP:
		dst = binary.BigEndian.AppendUint16(dst, h.L4Src)
		dst = binary.BigEndian.AppendUint16(dst, h.L4Dst)
		dst = append(append(dst, 0, 0, 0, 0, 0, 0, 0, 0), payload...)
		b := dst[at:]
		binary.BigEndian.PutUint32(b[8:], sctpChecksum(b))
	case icmp:
		dst = append(append(dst, h.ICMPType, h.ICMPCode, 0, 0), payload...)
		if len(payload) < 4 {
			dst = append(dst, make([]byte, 4-len(payload))...)
		}
		b := dst[at:]
		var acc uint64 // RFC 792 has no pseudo header, RFC 4443 section 2.3 has
		if icmp == ProtoICMPv6 {
			acc = pseudo(h, len(b))
		}
		binary.BigEndian.PutUint16(b[2:], fold(sum(b, acc)))
	default:
		dst = append(dst, payload...)
	}
	return dst
}
