package packet

import (
	"encoding/binary"
	"net/netip"
)

// LLDPMulticast is the nearest-bridge group address (IEEE 802.1AB-2016 table 7-1),
// which no bridge forwards.
const LLDPMulticast MAC = 0x0180_c200_000e

// Chassis and port id subtypes (IEEE 802.1AB-2016 tables 8-2 and 8-3). An id of
// subtype MAC has the text form of [MAC] in [LLDP], one of subtype network
// address that of [IPv4] or [IPv6]; all others are held byte for byte.
const (
	LLDPChassisMAC     uint8 = 4
	LLDPChassisNetwork uint8 = 5
	LLDPChassisLocal   uint8 = 7
	LLDPPortMAC        uint8 = 3
	LLDPPortNetwork    uint8 = 4
	LLDPPortLocal      uint8 = 7
)

// LLDP is a link layer discovery data unit: the three mandatory parts and the
// organizationally specific ones.
type LLDP struct {
	ChassisID      string // 1 to 255 bytes on the wire
	PortID         string // 1 to 255 bytes on the wire
	ChassisSubtype uint8  // 0 is written as LLDPChassisLocal
	PortSubtype    uint8  // 0 is written as LLDPPortLocal
	TTL            uint16 // seconds; 0 withdraws what was said
	Custom         []TLV
}

// TLV is an organizationally specific type-length-value (IEEE 802.1AB-2016
// section 8.6).
type TLV struct {
	OUI     uint32 // 24 bits
	Subtype uint8
	Value   []byte // at most 507 bytes
}

// LLDP TLV types (IEEE 802.1AB-2016 table 8-1).
const (
	tlvEnd     = 0
	tlvChassis = 1
	tlvPort    = 2
	tlvTTL     = 3
	tlvCustom  = 127
)

// LLDPHeader is the header of a frame whose payload comes from [AppendLLDP].
func LLDPHeader(src MAC) Header {
	return Header{EthDst: LLDPMulticast, EthSrc: src, EthType: EthTypeLLDP}
}

// AppendLLDP appends the data unit; a frame is made by [Append] with an
// [LLDPHeader]. What does not fit the standard's limits is a [*FrameError], with
// dst unextended.
func AppendLLDP(dst []byte, l LLDP) ([]byte, error) {
	out, err := appendID(dst, tlvChassis, l.ChassisSubtype, LLDPChassisMAC, LLDPChassisNetwork, l.ChassisID)
	if err != nil {
		return dst, err
	}
	out, err = appendID(out, tlvPort, l.PortSubtype, LLDPPortMAC, LLDPPortNetwork, l.PortID)
	if err != nil {
		return dst, err
	}
	out = append(out, tlvTTL<<1, 2, byte(l.TTL>>8), byte(l.TTL))
	for _, c := range l.Custom {
		if len(c.Value) > 507 || c.OUI > 0xff_ffff {
			return dst, malformed("lldp", len(out)-len(dst), "custom TLV with a value above 507 bytes or an OUI above 24 bits")
		}
		out = binary.BigEndian.AppendUint16(out, tlvCustom<<9|uint16(4+len(c.Value)))
		out = append(out, byte(c.OUI>>16), byte(c.OUI>>8), byte(c.OUI), c.Subtype)
		out = append(out, c.Value...)
	}
	return append(out, 0, 0), nil
}

func appendID(dst []byte, typ uint16, subtype, mac, network uint8, id string) ([]byte, error) {
	start := len(dst)
	if subtype == 0 {
		subtype = LLDPChassisLocal // the same number for ports
	}
	dst = append(dst, 0, 0, subtype)
	switch subtype {
	case mac:
		m, err := ParseMAC(id)
		if err != nil {
			return dst, malformed("lldp", start, "id of subtype MAC is not a MAC address")
		}
		dst = appendMAC(dst, m)
	case network:
		a, err := netip.ParseAddr(id)
		if err != nil || a.Zone() != "" {
			return dst, malformed("lldp", start, "id of subtype network address is not an IP address")
		}
		family := byte(1) // IANA address family numbers: 1 IPv4, 2 IPv6
		if a.Is6() {
			family = 2
		}
		dst = append(append(dst, family), a.AsSlice()...)
	default:
		dst = append(dst, id...)
	}
	size := len(dst) - start - 2
	if size < 2 || size > 256 {
		return dst, malformed("lldp", start, "id is empty or above 255 bytes")
	}
	binary.BigEndian.PutUint16(dst[start:], typ<<9|uint16(size))
	return dst, nil
}

// DecodeLLDP reads a data unit, frame[Layout.Payload:Layout.End]. Chassis, port
// and TTL must come first and in this order (IEEE 802.1AB-2016 section 8.2);
// optional TLVs other than the organizationally specific are skipped, and what
// follows the end TLV is padding. A fault is a [*FrameError] beside what was read
// before it. Custom values are parts of pdu, not copies.
func DecodeLLDP(pdu []byte) (LLDP, error) {
	var l LLDP
	for at, n := 0, 0; ; n++ {
		rest := pdu[at:]
		if len(rest) == 0 && n > 2 {
			return l, nil // the end TLV may be missing when the frame ends
		}
		if len(rest) < 2 {
			return l, short("lldp", at, 2, len(rest))
		}
		head := binary.BigEndian.Uint16(rest)
		typ, size := int(head>>9), int(head&0x1ff)
		if n < 3 && typ != n+1 {
			return l, malformed("lldp", at, "does not begin with chassis id, port id and time to live")
		}
		if typ == tlvEnd {
			return l, nil
		}
		if len(rest)-2 < size {
			return l, short("lldp", at, 2+size, len(rest))
		}
		value := rest[2 : 2+size : 2+size]
		switch {
		case n > 2 && typ <= tlvTTL:
			return l, malformed("lldp", at, "chassis id, port id or time to live is repeated")
		case typ <= tlvPort && (size < 2 || size > 256):
			return l, malformed("lldp", at, "id is empty or above 255 bytes")
		case typ == tlvChassis:
			l.ChassisSubtype, l.ChassisID = value[0], idText(value, LLDPChassisMAC, LLDPChassisNetwork)
		case typ == tlvPort:
			l.PortSubtype, l.PortID = value[0], idText(value, LLDPPortMAC, LLDPPortNetwork)
		case typ == tlvTTL && size < 2:
			return l, malformed("lldp", at, "time to live is shorter than 2 bytes")
		case typ == tlvTTL:
			l.TTL = binary.BigEndian.Uint16(value)
		case typ == tlvCustom && size < 4:
			return l, malformed("lldp", at, "custom TLV shorter than its identifier")
		case typ == tlvCustom:
			l.Custom = append(l.Custom, TLV{
				OUI: binary.BigEndian.Uint32(value) >> 8, Subtype: value[3], Value: value[4:],
			})
		}
		at += 2 + size
	}
}

func idText(value []byte, mac, network uint8) string {
	id := value[1:]
	switch {
	case value[0] == mac && len(id) == 6:
		return (MAC(binary.BigEndian.Uint16(id))<<32 | MAC(binary.BigEndian.Uint32(id[2:]))).String()
	case value[0] == network && (id[0] == 1 && len(id) == 5 || id[0] == 2 && len(id) == 17):
		a, _ := netip.AddrFromSlice(id[1:])
		return a.String()
	}
	return string(id)
}
