package des

import "cmp"

// Units of simulated time. Time is an int64 number of picoseconds, which lasts
// for 106 days on either side of zero.
const (
	Picosecond  int64 = 1
	Nanosecond        = 1000 * Picosecond
	Microsecond       = 1000 * Nanosecond
	Millisecond       = 1000 * Microsecond
	Second            = 1000 * Millisecond
)

// Event is something that will happen to one target at one time. It is a plain
// value of 32 bytes, two to a cache line: what does not fit into the payload
// lives in the simulator's own arenas and is named by an index. It has so few fields
// that a call passes it in registers.
//
// At, Target, Kind, Source and Seq are the key. Two pending events must differ
// in it, which a source that counts what it sends ensures by itself.
type Event struct {
	At     int64  // when, in picoseconds
	Target uint32 // the node it happens to
	Source uint32 // the link (or other emitter) it comes from
	Seq    uint32 // the source's own count; see Compare about wrapping
	A, B   uint32 // payload: by custom an index and its generation
	Kind   uint8  // what happens; lower kinds go first
}

// Compare orders events by (At, Target, Kind, Source, Seq) and returns -1, 0 or
// +1. Seq may wrap: it is compared by serial number arithmetic (RFC 1982,
// section 3.2), which is a total order as long as the events that one source
// sends to one target for the same picosecond span less than 2^31 numbers.
func Compare(a, b *Event) int {
	switch {
	case a.At != b.At:
		return cmp.Compare(a.At, b.At)
	case a.Target != b.Target:
		return cmp.Compare(a.Target, b.Target)
	case a.Kind != b.Kind:
		return cmp.Compare(a.Kind, b.Kind)
	case a.Source != b.Source:
		return cmp.Compare(a.Source, b.Source)
	}
	return cmp.Compare(int32(a.Seq-b.Seq), 0)
}

// before is Compare(a, b) < 0 with the common case, different times, inlined.
func before(a, b *Event) bool {
	if a.At != b.At {
		return a.At < b.At
	}
	return tieBefore(a, b)
}

//go:noinline
func tieBefore(a, b *Event) bool {
	switch {
	case a.Target != b.Target:
		return a.Target < b.Target
	case a.Kind != b.Kind:
		return a.Kind < b.Kind
	case a.Source != b.Source:
		return a.Source < b.Source
	}
	return int32(a.Seq-b.Seq) < 0
}
