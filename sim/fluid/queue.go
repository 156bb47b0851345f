package fluid

import (
	"math"
	"math/bits"
)

// levelQueue is a binary heap of (level, resource), lowest level first. An entry that has
// been superseded stays in it and is told from a valid one when it comes out.
type levelQueue struct {
	entries []levelEntry
}

type levelEntry struct {
	bits     uint64 // of the level: non-negative numbers are in the order of their bits
	resource int32
}

func (q *levelQueue) push(level float64, resource int32) {
	q.entries = append(q.entries, levelEntry{})
	q.up(len(q.entries)-1, levelEntry{math.Float64bits(level), resource})
}

func (q *levelQueue) pop() (level float64, resource int32, ok bool) {
	e := q.entries
	if len(e) == 0 {
		return 0, 0, false
	}
	top := e[0]
	last := e[len(e)-1]
	e = e[:len(e)-1]
	q.entries = e
	if len(e) == 0 {
		return math.Float64frombits(top.bits), top.resource, true
	}
	// The gap goes down to a leaf, which costs no comparison whose outcome a processor
	// cannot foresee, and the last entry, mostly a high one, up from there.
	gap := 0
	for {
		child := 2*gap + 1
		if child+1 >= len(e) {
			break
		}
		_, rightIsLower := bits.Sub64(e[child+1].bits, e[child].bits, 0)
		next := child + int(rightIsLower)
		e[gap] = e[next]
		gap = next
	}
	if child := 2*gap + 1; child < len(e) {
		e[gap] = e[child]
		gap = child
	}
	q.up(gap, last)
	return math.Float64frombits(top.bits), top.resource, true
}

// up places an entry at index i or nearer to the top.
func (q *levelQueue) up(i int, entry levelEntry) {
	e := q.entries
	for i > 0 {
		parent := (i - 1) / 2
		if e[parent].bits <= entry.bits {
			break
		}
		e[i] = e[parent]
		i = parent
	}
	e[i] = entry
}
