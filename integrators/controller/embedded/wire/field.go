package wire

import (
	"cmp"
	"encoding/binary"
	"slices"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
)

// oxm is how a field stands in a match (sections 7.2.3.3 and 7.2.3.7).
type oxm struct {
	number uint8
	bytes  uint8
}

// oxmOf gives the number and the size of every field; the zero oxm for none.
func oxmOf(f flow.Field) oxm {
	switch f {
	case flow.InPort:
		return oxm{of.OXM_FIELD_IN_PORT, 4}
	case flow.Metadata:
		return oxm{of.OXM_FIELD_METADATA, 8}
	case flow.TunnelID:
		return oxm{of.OXM_FIELD_TUNNEL_ID, 8}
	case flow.EthDst:
		return oxm{of.OXM_FIELD_ETH_DST, 6}
	case flow.EthSrc:
		return oxm{of.OXM_FIELD_ETH_SRC, 6}
	case flow.EthType:
		return oxm{of.OXM_FIELD_ETH_TYPE, 2}
	case flow.VLANVID:
		return oxm{of.OXM_FIELD_VLAN_VID, 2}
	case flow.VLANPCP:
		return oxm{of.OXM_FIELD_VLAN_PCP, 1}
	case flow.IPDSCP:
		return oxm{of.OXM_FIELD_IP_DSCP, 1}
	case flow.IPECN:
		return oxm{of.OXM_FIELD_IP_ECN, 1}
	case flow.IPProto:
		return oxm{of.OXM_FIELD_IP_PROTO, 1}
	case flow.IPv4Src:
		return oxm{of.OXM_FIELD_IPV4_SRC, 4}
	case flow.IPv4Dst:
		return oxm{of.OXM_FIELD_IPV4_DST, 4}
	case flow.IPv6Src:
		return oxm{of.OXM_FIELD_IPV6_SRC, 16}
	case flow.IPv6Dst:
		return oxm{of.OXM_FIELD_IPV6_DST, 16}
	case flow.TCPSrc:
		return oxm{of.OXM_FIELD_TCP_SRC, 2}
	case flow.TCPDst:
		return oxm{of.OXM_FIELD_TCP_DST, 2}
	case flow.UDPSrc:
		return oxm{of.OXM_FIELD_UDP_SRC, 2}
	case flow.UDPDst:
		return oxm{of.OXM_FIELD_UDP_DST, 2}
	case flow.SCTPSrc:
		return oxm{of.OXM_FIELD_SCTP_SRC, 2}
	case flow.SCTPDst:
		return oxm{of.OXM_FIELD_SCTP_DST, 2}
	case flow.ICMPv4Type:
		return oxm{of.OXM_FIELD_ICMPV4_TYPE, 1}
	case flow.ICMPv4Code:
		return oxm{of.OXM_FIELD_ICMPV4_CODE, 1}
	case flow.ICMPv6Type:
		return oxm{of.OXM_FIELD_ICMPV6_TYPE, 1}
	case flow.ICMPv6Code:
		return oxm{of.OXM_FIELD_ICMPV6_CODE, 1}
	case flow.ARPOp:
		return oxm{of.OXM_FIELD_ARP_OP, 2}
	case flow.ARPSPA:
		return oxm{of.OXM_FIELD_ARP_SPA, 4}
	case flow.ARPTPA:
		return oxm{of.OXM_FIELD_ARP_TPA, 4}
	case flow.ARPSHA:
		return oxm{of.OXM_FIELD_ARP_SHA, 6}
	case flow.ARPTHA:
		return oxm{of.OXM_FIELD_ARP_THA, 6}
	}
	return oxm{}
}

// fieldOf is the inverse of oxmOf; false for a number that flow has no field for.
func fieldOf(number uint8) (flow.Field, bool) {
	for f := flow.Field(1); f.Valid(); f++ {
		if o := oxmOf(f); o.bytes != 0 && o.number == number {
			return f, true
		}
	}
	return 0, false
}

// octets is a value of any field, as the library's messages take it.
type octets []byte

func (o octets) MarshalBinary() ([]byte, error)    { return o, nil }
func (o octets) UnmarshalBinary(data []byte) error { copy(o, data); return nil }
func (o octets) Len() uint16                       { return uint16(len(o)) }

func octetsOf(v flow.Value, n uint8) octets {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], v.Hi)
	binary.BigEndian.PutUint64(b[8:], v.Lo)
	return octets(b[16-n:])
}

func valueOf(b []byte) (v flow.Value) {
	for _, c := range b {
		v.Hi = v.Hi<<8 | v.Lo>>56
		v.Lo = v.Lo<<8 | uint64(c)
	}
	return v
}

// matchField writes a field compared in full without a mask: switches treat the two
// forms alike, and Open vSwitch answers with this one.
func matchField(f flow.Field, v, mask flow.Value) (of.MatchField, error) {
	o := oxmOf(f)
	if o.bytes == 0 {
		return of.MatchField{}, bad("oxm", "there is no match field %d", uint8(f))
	}
	m := of.MatchField{Class: of.OXM_CLASS_OPENFLOW_BASIC, Field: o.number, Length: o.bytes, Value: octetsOf(v, o.bytes)}
	if mask != f.AllOnes() {
		m.HasMask, m.Length, m.Mask = true, 2*o.bytes, octetsOf(mask, o.bytes)
	}
	return m, nil
}

func encodeMatch(m flow.Match) (of.Match, error) {
	out := of.Match{Type: of.MatchType_OXM, Length: 4, Fields: make([]of.MatchField, 0, len(m))}
	for i := range m {
		f, err := matchField(m[i].Field, m[i].Value, m[i].Mask)
		if err != nil {
			return out, err
		}
		out.AddField(f)
	}
	return out, nil
}

// decodeField reads one OXM TLV and returns what is left. A field that flow does not
// know has Field 0; where it stands decides whether that is an error.
func decodeField(b []byte) (m flow.Masked, rest []byte, err error) {
	if len(b) < 4 {
		return m, nil, short("oxm", len(b), 4)
	}
	class, number, masked, n := binary.BigEndian.Uint16(b), b[2]>>1, b[2]&1 == 1, int(b[3])
	if len(b) < 4+n {
		return m, nil, short("oxm", len(b), 4+n)
	}
	payload, rest := b[4:4+n], b[4+n:]
	f, known := fieldOf(number)
	if class != of.OXM_CLASS_OPENFLOW_BASIC || !known {
		return m, rest, nil
	}
	size := int(oxmOf(f).bytes)
	if want := size + size*int(b[2]&1); n != want {
		return m, nil, bad("oxm", "%s has %d bytes of value and mask, not %d", f, want, n)
	}
	m = flow.Masked{Field: f, Value: valueOf(payload[:size]), Mask: f.AllOnes()}
	if masked {
		m.Mask = valueOf(payload[size:]).And(f.AllOnes())
	}
	m.Value = m.Value.And(m.Mask)
	return m, rest, nil
}

// decodeMatch reads an ofp_match with its padding (section 7.2.3.1). known is false
// where it has fields that flow does not know, and they are left out.
func decodeMatch(b []byte) (match flow.Match, rest []byte, known bool, err error) {
	if len(b) < 4 {
		return nil, nil, false, short("ofp_match", len(b), 4)
	}
	kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
	padded := (n + 7) / 8 * 8
	switch {
	case kind != of.MatchType_OXM:
		return nil, nil, false, bad("ofp_match", "has type %d, not OXM", kind)
	case n < 4 || padded > len(b):
		return nil, nil, false, bad("ofp_match", "says %d bytes where there are %d", n, len(b))
	}
	known = true
	for fields := b[4:n]; len(fields) > 0; {
		var m flow.Masked
		if m, fields, err = decodeField(fields); err != nil {
			return nil, nil, false, err
		}
		if m.Field == 0 {
			known = false
		} else if m.Mask != (flow.Value{}) {
			match = append(match, m)
		}
	}
	slices.SortFunc(match, func(a, b flow.Masked) int { return cmp.Compare(a.Field, b.Field) })
	for i := 1; i < len(match); i++ {
		if match[i].Field == match[i-1].Field {
			return nil, nil, false, bad("ofp_match", "has %s twice", match[i].Field)
		}
	}
	return match, b[padded:], known, nil
}
