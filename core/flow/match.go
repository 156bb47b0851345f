package flow

import (
	"cmp"
	"slices"

	"sendim/core/packet"
)

// Field is a header or pipeline field that a rule can match or set (specification
// section 7.2.3.7). Order is the canonical order of a Match.
type Field uint8

// The fields, with OpenFlow's names.
const (
	InPort Field = iota + 1
	Metadata
	TunnelID
	EthDst
	EthSrc
	EthType
	VLANVID // with packet.VLANPresent, as OFPVID_PRESENT; value 0 means untagged
	VLANPCP
	IPDSCP
	IPECN
	IPProto
	IPv4Src
	IPv4Dst
	IPv6Src
	IPv6Dst
	TCPSrc
	TCPDst
	UDPSrc
	UDPDst
	SCTPSrc
	SCTPDst
	ICMPv4Type
	ICMPv4Code
	ICMPv6Type
	ICMPv6Code
	ARPOp
	ARPSPA
	ARPTPA
	ARPSHA
	ARPTHA
	fieldEnd
)

// Value is a field's value or mask, right-aligned in 128 bits.
type Value struct{ Hi, Lo uint64 }

// V makes a Value of at most 64 bits.
func V(v uint64) Value { return Value{Lo: v} }

// And, Or and Not are bitwise.
func (v Value) And(o Value) Value { return Value{v.Hi & o.Hi, v.Lo & o.Lo} }

// Or is bitwise or.
func (v Value) Or(o Value) Value { return Value{v.Hi | o.Hi, v.Lo | o.Lo} }

// Not is bitwise complement.
func (v Value) Not() Value { return Value{^v.Hi, ^v.Lo} }

// Masked is one field of a match: the packet's value, under Mask, equals Value.
type Masked struct {
	Field       Field
	Value, Mask Value // Value has no bit outside Mask; Mask none outside the field
}

// Match is a conjunction of masked fields, sorted by field, each at most once. The nil
// Match covers every packet.
type Match []Masked

// With returns the match with one more field, compared in full.
func (m Match) With(f Field, v uint64) Match { return m.WithMask(f, V(v), f.AllOnes()) }

// WithMask returns the match with one more field under a mask; an earlier mention of
// the field is replaced, and a mask of zero removes it. m itself does not change.
func (m Match) WithMask(f Field, v, mask Value) Match {
	mask = mask.And(f.AllOnes())
	out := make(Match, 0, len(m)+1)
	for _, x := range m {
		if x.Field != f {
			out = append(out, x)
		}
	}
	if mask != (Value{}) {
		out = append(out, Masked{f, v.And(mask), mask})
		slices.SortFunc(out, func(a, b Masked) int { return cmp.Compare(a.Field, b.Field) })
	}
	return out
}

// IPv4To returns the match limited to IPv4 packets for a destination prefix.
func (m Match) IPv4To(ip packet.IPv4, prefix int) Match {
	return m.With(EthType, uint64(packet.EthTypeIPv4)).WithMask(IPv4Dst, V(uint64(ip)), prefixMask(prefix))
}

// IPv4From returns the match limited to IPv4 packets from a source prefix.
func (m Match) IPv4From(ip packet.IPv4, prefix int) Match {
	return m.With(EthType, uint64(packet.EthTypeIPv4)).WithMask(IPv4Src, V(uint64(ip)), prefixMask(prefix))
}

func prefixMask(prefix int) Value { return V(uint64(^uint32(0) << (32 - uint(prefix)) & ^uint32(0))) }

// Field gives the masked value of a field, if the match has it.
func (m Match) Field(f Field) (Masked, bool) {
	for _, x := range m {
		if x.Field == f {
			return x, true
		}
	}
	return Masked{}, false
}
