package flow

import (
	"fmt"
	"strings"

	"sendim/core/packet"
)

// prerequisite is what else a match must say before a field means anything.
type prerequisite uint8

const (
	needsNothing prerequisite = iota
	needsTag                  // vlan_vid with VLANPresent
	needsIP                   // eth_type 0x0800 or 0x86dd
	needsIPv4                 // eth_type 0x0800
	needsIPv6                 // eth_type 0x86dd
	needsARP                  // eth_type 0x0806
	needsTCP                  // ip_proto 6
	needsUDP                  // ip_proto 17
	needsSCTP                 // ip_proto 132
	needsICMPv4               // eth_type 0x0800, ip_proto 1
	needsICMPv6               // eth_type 0x86dd, ip_proto 58
)

// form is how a field's value reads.
type form uint8

const (
	asNumber form = iota
	asHex
	asPort
	asMAC
	asIPv4
	asIPv6
	asVLAN
)

type fieldSpec struct {
	name     string
	width    uint8 // bits
	word     uint8 // where it lies in words; 128-bit fields take the next word too
	shift    uint8
	maskable bool
	settable bool
	needs    prerequisite
	form     form
}

// specs follows the table of specification section 7.2.3.7, with two differences that
// are Open vSwitch's: transport ports may be masked, and what decides about the rest of
// the header (eth_type, ip_proto) cannot be set. Read only.
var specs = [fieldEnd]fieldSpec{
	InPort:     {"in_port", 32, wordPort, 32, false, false, needsNothing, asPort},
	Metadata:   {"metadata", 64, wordMetadata, 0, true, false, needsNothing, asHex},
	TunnelID:   {"tunnel_id", 64, wordTunnel, 0, true, false, needsNothing, asHex},
	EthDst:     {"eth_dst", 48, wordEthDst, 16, true, true, needsNothing, asMAC},
	EthSrc:     {"eth_src", 48, wordEthSrc, 16, true, true, needsNothing, asMAC},
	EthType:    {"eth_type", 16, wordEthDst, 0, false, false, needsNothing, asHex},
	VLANVID:    {"vlan_vid", 13, wordEthSrc, 0, true, true, needsNothing, asVLAN},
	VLANPCP:    {"vlan_pcp", 3, wordEthSrc, 13, false, true, needsTag, asNumber},
	IPDSCP:     {"ip_dscp", 6, wordL4, 18, false, true, needsIP, asNumber},
	IPECN:      {"ip_ecn", 2, wordL4, 16, false, true, needsIP, asNumber},
	IPProto:    {"ip_proto", 8, wordL4, 24, false, false, needsIP, asNumber},
	IPv4Src:    {"ipv4_src", 32, wordIPv4, 32, true, true, needsIPv4, asIPv4},
	IPv4Dst:    {"ipv4_dst", 32, wordIPv4, 0, true, true, needsIPv4, asIPv4},
	IPv6Src:    {"ipv6_src", 128, wordIPv6Src, 0, true, true, needsIPv6, asIPv6},
	IPv6Dst:    {"ipv6_dst", 128, wordIPv6Dst, 0, true, true, needsIPv6, asIPv6},
	TCPSrc:     {"tcp_src", 16, wordL4, 48, true, true, needsTCP, asNumber},
	TCPDst:     {"tcp_dst", 16, wordL4, 32, true, true, needsTCP, asNumber},
	UDPSrc:     {"udp_src", 16, wordL4, 48, true, true, needsUDP, asNumber},
	UDPDst:     {"udp_dst", 16, wordL4, 32, true, true, needsUDP, asNumber},
	SCTPSrc:    {"sctp_src", 16, wordL4, 48, true, true, needsSCTP, asNumber},
	SCTPDst:    {"sctp_dst", 16, wordL4, 32, true, true, needsSCTP, asNumber},
	ICMPv4Type: {"icmpv4_type", 8, wordL4, 8, false, true, needsICMPv4, asNumber},
	ICMPv4Code: {"icmpv4_code", 8, wordL4, 0, false, true, needsICMPv4, asNumber},
	ICMPv6Type: {"icmpv6_type", 8, wordL4, 8, false, true, needsICMPv6, asNumber},
	ICMPv6Code: {"icmpv6_code", 8, wordL4, 0, false, true, needsICMPv6, asNumber},
	ARPOp:      {"arp_op", 16, wordPort, 0, false, true, needsARP, asNumber},
	ARPSPA:     {"arp_spa", 32, wordARP, 32, true, true, needsARP, asIPv4},
	ARPTPA:     {"arp_tpa", 32, wordARP, 0, true, true, needsARP, asIPv4},
	ARPSHA:     {"arp_sha", 48, wordARPSHA, 16, true, true, needsARP, asMAC},
	ARPTHA:     {"arp_tha", 48, wordARPTHA, 16, true, true, needsARP, asMAC},
}

// Valid reports whether f is one of the fields.
func (f Field) Valid() bool { return f > 0 && f < fieldEnd }

// Width is the field's size in bits; 0 for no field.
func (f Field) Width() int {
	if !f.Valid() {
		return 0
	}
	return int(specs[f].width)
}

// Maskable reports whether a match may compare the field under a mask: what the table
// of section 7.2.3.7 says, and transport ports, where Open vSwitch allows it.
func (f Field) Maskable() bool { return f.Valid() && specs[f].maskable }

// Settable reports whether set-field may write the field.
func (f Field) Settable() bool { return f.Valid() && specs[f].settable }

// AllOnes is the mask that compares the field in full.
func (f Field) AllOnes() Value {
	switch w := f.Width(); {
	case w == 128:
		return Value{^uint64(0), ^uint64(0)}
	case w == 64:
		return Value{Lo: ^uint64(0)}
	default:
		return Value{Lo: 1<<w - 1}
	}
}

// String is OpenFlow's name of the field in lower case, without the OFPXMT_OFB prefix.
func (f Field) String() string {
	if !f.Valid() {
		return fmt.Sprintf("field(%d)", uint8(f))
	}
	return specs[f].name
}

// ParseField is the inverse of [Field.String].
func ParseField(name string) (Field, error) {
	for f := Field(1); f < fieldEnd; f++ {
		if specs[f].name == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("flow: %q is not a match field such as %s", name, strings.Join(fieldExamples[:], ", "))
}

var fieldExamples = [...]string{"in_port", "eth_dst", "eth_type", "ipv4_dst", "tcp_dst"} // read only

// MarshalText returns the text of [Field.String].
func (f Field) MarshalText() ([]byte, error) {
	if !f.Valid() {
		return nil, fmt.Errorf("flow: there is no match field %d", uint8(f))
	}
	return []byte(specs[f].name), nil
}

// UnmarshalText accepts what [ParseField] accepts.
func (f *Field) UnmarshalText(text []byte) (err error) {
	*f, err = ParseField(string(text))
	return err
}

func isIP(h *packet.Header) bool {
	return h.EthType == packet.EthTypeIPv4 || h.EthType == packet.EthTypeIPv6
}

// meets reports whether a packet has the header that a field belongs to.
func (n prerequisite) meets(h *packet.Header) bool {
	switch n {
	case needsTag:
		return h.VLAN != 0
	case needsIP:
		return isIP(h)
	case needsIPv4:
		return h.EthType == packet.EthTypeIPv4
	case needsIPv6:
		return h.EthType == packet.EthTypeIPv6
	case needsARP:
		return h.EthType == packet.EthTypeARP
	case needsTCP:
		return h.Proto == packet.ProtoTCP && isIP(h)
	case needsUDP:
		return h.Proto == packet.ProtoUDP && isIP(h)
	case needsSCTP:
		return h.Proto == packet.ProtoSCTP && isIP(h)
	case needsICMPv4:
		return h.Proto == packet.ProtoICMP && h.EthType == packet.EthTypeIPv4
	case needsICMPv6:
		return h.Proto == packet.ProtoICMPv6 && h.EthType == packet.EthTypeIPv6
	}
	return true
}

// Of is the value of a field in a packet; zero where the packet lacks the field's
// header. A Header bears no tunnel, so that TunnelID is always zero.
func Of(f Field, h *packet.Header, inPort uint32, metadata uint64) Value {
	if !f.Valid() || !specs[f].needs.meets(h) {
		return Value{}
	}
	s := &specs[f]
	if s.width == 128 {
		return Value{wordOf(s.word, h, inPort, metadata), wordOf(s.word+1, h, inPort, metadata)}
	}
	return Value{Lo: wordOf(s.word, h, inPort, metadata) >> s.shift & f.AllOnes().Lo}
}

// SetIn writes a field of a packet, as the set-field action does. It does nothing and
// returns false where the field cannot be set or the packet lacks the field's header.
func SetIn(f Field, v Value, h *packet.Header) bool {
	if !f.Settable() || !specs[f].needs.meets(h) {
		return false
	}
	switch f {
	case EthDst:
		h.EthDst = packet.MAC(v.Lo)
	case EthSrc:
		h.EthSrc = packet.MAC(v.Lo)
	case VLANVID:
		if h.VLAN == 0 {
			return false
		}
		h.VLAN = packet.VLANPresent | uint16(v.Lo)&0x0fff
	case VLANPCP:
		h.PCP = uint8(v.Lo)
	case IPDSCP:
		h.DSCP = uint8(v.Lo)
	case IPECN:
		h.ECN = uint8(v.Lo)
	case IPv4Src:
		h.IPSrc = packet.IPv4(v.Lo)
	case IPv4Dst:
		h.IPDst = packet.IPv4(v.Lo)
	case IPv6Src:
		h.IP6Src = packet.IPv6{Hi: v.Hi, Lo: v.Lo}
	case IPv6Dst:
		h.IP6Dst = packet.IPv6{Hi: v.Hi, Lo: v.Lo}
	case TCPSrc, UDPSrc, SCTPSrc:
		h.L4Src = uint16(v.Lo)
	case TCPDst, UDPDst, SCTPDst:
		h.L4Dst = uint16(v.Lo)
	case ICMPv4Type, ICMPv6Type:
		h.ICMPType = uint8(v.Lo)
	case ICMPv4Code, ICMPv6Code:
		h.ICMPCode = uint8(v.Lo)
	case ARPOp:
		h.ARPOp = uint16(v.Lo)
	case ARPSPA:
		h.ARPSPA = packet.IPv4(v.Lo)
	case ARPTPA:
		h.ARPTPA = packet.IPv4(v.Lo)
	case ARPSHA:
		h.ARPSHA = packet.MAC(v.Lo)
	case ARPTHA:
		h.ARPTHA = packet.MAC(v.Lo)
	}
	return true
}
