package sim

import (
	"math/bits"

	"sendim/core/model"
)

// spread keeps least, mean and greatest of many spans, exactly.
type spread struct {
	n           int64
	least, most int64
	hi, lo      uint64 // sum
}

func (s *spread) add(span int64) {
	if s.n == 0 || span < s.least {
		s.least = span
	}
	s.most = max(s.most, span)
	s.n++
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(span), 0)
	s.hi += carry
}

// summary gives the mean to the nearest picosecond below.
func (s *spread) summary() (least, mean, most model.Time) {
	if s.n == 0 {
		return 0, 0, 0
	}
	q, _ := bits.Div64(s.hi%uint64(s.n), s.lo, uint64(s.n))
	return model.Time(s.least), model.Time(q), model.Time(s.most)
}
