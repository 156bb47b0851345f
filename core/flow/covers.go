package flow

import (
	"cmp"
	"slices"

	"sendim/core/packet"
)

// Covers reports whether a packet matches.
func (m Match) Covers(h *packet.Header, inPort uint32, metadata uint64) bool {
	for i := range m {
		x := &m[i]
		if Of(x.Field, h, inPort, metadata).And(x.Mask) != x.Value {
			return false
		}
	}
	return true
}

// Equal reports whether two matches are the same, field by field and mask by mask.
func (m Match) Equal(o Match) bool { return slices.Equal(m, o) }

// Compare orders matches: field by field in canonical order, then by value, then by
// mask; a match comes before its extensions. Zero means [Match.Equal].
func (m Match) Compare(o Match) int { return slices.CompareFunc(m, o, compareMasked) }

func compareMasked(a, b Masked) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), a.Value.compare(b.Value), a.Mask.compare(b.Mask))
}

func (v Value) compare(o Value) int { return cmp.Or(cmp.Compare(v.Hi, o.Hi), cmp.Compare(v.Lo, o.Lo)) }

// Contains reports whether o is m or more specific than m, which is when a non-strict
// modification with match m reaches a rule with match o (section 6.4).
func (m Match) Contains(o Match) bool {
	j := 0
	for i := range m {
		x := &m[i]
		for j < len(o) && o[j].Field < x.Field {
			j++
		}
		if j == len(o) || o[j].Field != x.Field ||
			o[j].Mask.And(x.Mask) != x.Mask || o[j].Value.And(x.Mask) != x.Value {
			return false
		}
	}
	return true
}

// Overlaps reports whether one packet can match both (section 6.4, CHECK_OVERLAP).
func (m Match) Overlaps(o Match) bool {
	for i, j := 0, 0; i < len(m) && j < len(o); {
		switch a, b := &m[i], &o[j]; {
		case a.Field < b.Field:
			i++
		case a.Field > b.Field:
			j++
		default:
			if both := a.Mask.And(b.Mask); a.Value.And(both) != b.Value.And(both) {
				return false
			}
			i, j = i+1, j+1
		}
	}
	return true
}

// exact gives the value of a field that is compared in full.
func (m Match) exact(f Field) (uint64, bool) {
	x, ok := m.Field(f)
	return x.Value.Lo, ok && x.Mask == f.AllOnes()
}
