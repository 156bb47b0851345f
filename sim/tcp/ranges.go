package tcp

// rangeSet holds disjoint, non-adjacent ranges in ascending order. New ranges mostly arrive at the upper end and old ones
// leave at the lower, so the live part r[head:] slides through the backing array and is moved down only now and then.
type rangeSet struct {
	r     []Range
	head  int
	bytes uint64 // sum of the lengths
}

func (s *rangeSet) live() []Range { return s.r[s.head:] }

func (s *rangeSet) reset() { s.r, s.head, s.bytes = s.r[:0], 0, 0 }

// after gives the index in live of the first range with End > seq.
func (s *rangeSet) after(seq uint64) int {
	l := s.live()
	if n := len(l); n == 0 || l[n-1].End <= seq {
		return n
	}
	lo, hi := 0, len(l)-1
	for lo < hi {
		if mid := (lo + hi) >> 1; l[mid].End > seq {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// find gives the range that contains seq.
func (s *rangeSet) find(seq uint64) (Range, bool) {
	l := s.live()
	if i := s.after(seq); i < len(l) && l[i].Start <= seq {
		return l[i], true
	}
	return Range{}, false
}

// add unites x with the set and says how many bytes are new and how many of these lie below limit.
func (s *rangeSet) add(x Range, limit uint64) (added, below uint64) {
	if x.End <= x.Start {
		return 0, 0
	}
	l := s.live()
	i := s.after(x.Start)
	if i > 0 && l[i-1].End == x.Start {
		i-- // adjacent on the left
	}
	pos, merged, j := x.Start, x, i
	for ; j < len(l) && l[j].Start <= x.End; j++ {
		if l[j].Start > pos {
			added += l[j].Start - pos
			below += overlapBelow(pos, l[j].Start, limit)
		}
		pos = max(pos, l[j].End)
		merged.Start, merged.End = min(merged.Start, l[j].Start), max(merged.End, l[j].End)
	}
	if pos < x.End {
		added += x.End - pos
		below += overlapBelow(pos, x.End, limit)
	}
	s.bytes += added
	if i == j { // touches none: insert
		if len(s.r) == cap(s.r) && s.head >= len(s.r)-s.head {
			s.compact()
		}
		i += s.head
		s.r = append(s.r, Range{})
		copy(s.r[i+1:], s.r[i:])
		s.r[i] = merged
		return added, below
	}
	i, j = i+s.head, j+s.head
	s.r[i] = merged
	s.r = append(s.r[:i+1], s.r[j:]...)
	return added, below
}

// trim removes everything below seq and says how many bytes of the removed lay below limit.
func (s *rangeSet) trim(seq, limit uint64) (below uint64) {
	for s.head < len(s.r) {
		x := &s.r[s.head]
		if x.Start >= seq {
			break
		}
		end := min(x.End, seq)
		s.bytes -= end - x.Start
		below += overlapBelow(x.Start, end, limit)
		if x.End > seq {
			x.Start = seq
			break
		}
		s.head++
	}
	if s.head == len(s.r) {
		s.r, s.head = s.r[:0], 0
	}
	return below
}

// compact moves the live part to the front of the backing array.
func (s *rangeSet) compact() {
	s.r, s.head = s.r[:copy(s.r, s.r[s.head:])], 0
}

// overlapBelow is the length of the part of [start, end) below limit.
func overlapBelow(start, end, limit uint64) uint64 {
	if limit <= start {
		return 0
	}
	return min(end, limit) - start
}
