package pcapflow

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Protocols of IP.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// TCP's flags.
const (
	fin = 1 << iota
	syn
	rst
)

// packet is what matters of one.
type packet struct {
	from, to         netip.Addr
	proto            uint8
	fromPort, toPort uint16 // of ICMP: the identifier of an echo, and 256*type + code
	payload          int64  // application bytes
	seq              uint32
	flags            uint8
	rest             bool // a fragment that is not the first
	more             bool // a fragment that is not the last
	id               uint32
}

// parse reads the headers of a packet; otherwise it says what it is.
func parse(c *captured, p *packet) (what string) {
	b, network := c.data, uint16(0)
	ok := true
	switch c.link {
	case 1: // Ethernet
		if len(b) < 14 {
			return "short packets"
		}
		network, b = binary.BigEndian.Uint16(b[12:]), b[14:]
		for tags := 0; (network == 0x8100 || network == 0x88a8 || network == 0x9100) && tags < 4; tags++ {
			if len(b) < 4 {
				return "short packets"
			}
			network, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		}
		if network < 0x600 {
			return "frames of IEEE 802.3"
		}
	case 113: // Linux's cooked capture
		if len(b) < 16 {
			return "short packets"
		}
		network, b = binary.BigEndian.Uint16(b[14:]), b[16:]
	case 276: // and its second version
		if len(b) < 20 {
			return "short packets"
		}
		network, b = binary.BigEndian.Uint16(b), b[20:]
	case 0, 108: // loopback: the address family, in whatever byte order
		if len(b) < 4 {
			return "short packets"
		}
		b = b[4:]
		ok = len(b) > 0 && (b[0]>>4 == 4 || b[0]>>4 == 6)
	case 12, 14, 101, 228, 229: // raw IP
		ok = len(b) > 0
	default:
		return fmt.Sprintf("packets of link type %d", c.link)
	}
	if !ok {
		return "short packets"
	}
	if network == 0 {
		network = map[byte]uint16{4: 0x0800, 6: 0x86dd}[b[0]>>4]
	}
	switch network {
	case 0x0800:
		return p.ipv4(b, c.length-int64(len(c.data)-len(b)))
	case 0x86dd:
		return p.ipv6(b)
	case 0x0806:
		return "ARP"
	case 0x88cc:
		return "LLDP"
	case 0x8847:
		return "MPLS"
	case 0x8864, 0x8863:
		return "PPPoE"
	}
	return fmt.Sprintf("frames of type 0x%04x", network)
}

// ipv4 reads an IPv4 header (RFC 791); whole is what the packet has on the wire.
func (p *packet) ipv4(b []byte, whole int64) string {
	if len(b) < 20 || b[0]>>4 != 4 {
		return "broken IPv4 packets"
	}
	head, total := int(b[0]&15)*4, int64(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // left to the network card that cuts it
		total = whole
	}
	if head < 20 || len(b) < head || total < int64(head) {
		return "broken IPv4 packets"
	}
	p.from, p.to = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	p.proto = b[9]
	fragment := binary.BigEndian.Uint16(b[6:])
	p.id, p.rest = uint32(binary.BigEndian.Uint16(b[4:])), fragment&0x1fff != 0
	p.more = fragment&0x2000 != 0
	return p.transport(b[head:], total-int64(head))
}

// ipv6 reads an IPv6 header with its extensions (RFC 8200).
func (p *packet) ipv6(b []byte) string {
	if len(b) < 40 || b[0]>>4 != 6 {
		return "broken IPv6 packets"
	}
	left := int64(binary.BigEndian.Uint16(b[4:]))
	p.from, p.to = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	p.id, p.rest, p.more = 0, false, false
	next := b[6]
	for b = b[40:]; ; {
		size := int64(0)
		switch next {
		case 0, 43, 60: // options and routing
			if len(b) >= 2 {
				size = int64(b[1])*8 + 8
			}
		case 44: // fragment
			if len(b) >= 8 {
				size = 8
				p.rest, p.more = binary.BigEndian.Uint16(b[2:])&0xfff8 != 0, b[3]&1 != 0
				p.id = binary.BigEndian.Uint32(b[4:])
			}
		case 51: // authentication
			if len(b) >= 2 {
				size = int64(b[1])*4 + 8
			}
		default:
			p.proto = next
			return p.transport(b, left)
		}
		if size == 0 || size > int64(len(b)) || size > left {
			return "broken IPv6 packets"
		}
		next, b, left = b[0], b[size:], left-size
	}
}

// transport reads what a protocol has in front of its payload; size is what the packet
// had from here on.
func (p *packet) transport(b []byte, size int64) string {
	p.fromPort, p.toPort, p.payload, p.seq, p.flags = 0, 0, 0, 0, 0
	if p.rest {
		return ""
	}
	switch p.proto {
	case TCP:
		if len(b) < 14 {
			return "short packets"
		}
		head := int64(b[12]>>4) * 4
		if head < 20 || head > size {
			return "broken TCP segments"
		}
		p.seq, p.flags, p.payload = binary.BigEndian.Uint32(b[4:]), b[13], size-head
	case UDP:
		if len(b) < 8 {
			return "short packets"
		}
		length := int64(binary.BigEndian.Uint16(b[4:]))
		if length == 0 { // jumbograms, and cards that cut
			length = size
		}
		if length < 8 {
			return "broken UDP datagrams"
		}
		p.payload = length - 8
	case ICMP, ICMPv6:
		if len(b) < 2 {
			return "short packets"
		}
		p.toPort = uint16(b[0])<<8 | uint16(b[1])
		if len(b) >= 8 {
			p.fromPort = binary.BigEndian.Uint16(b[4:])
		}
		p.payload = max(size-8, 0)
		return ""
	default:
		p.payload = size
		return ""
	}
	p.fromPort, p.toPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	return ""
}
