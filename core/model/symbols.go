package model

import "hash/maphash"

// symbols maps names to dense indices and back in a few bytes a name: one blob, an
// offset column and an open-addressing table. Iteration never follows the table, so
// its random seed cannot reach a result.
type symbols struct {
	blob  []byte
	off   []uint32 // len = count+1; nil when empty
	table []int32  // index+1; 0 is free; length a power of two
	seed  maphash.Seed
}

func (s *symbols) count() int { return max(0, len(s.off)-1) }

func (s *symbols) name(i int) string { return string(s.bytes(i)) }

func (s *symbols) bytes(i int) []byte { return s.blob[s.off[i]:s.off[i+1]] }

func (s *symbols) lookup(name string) int {
	if len(s.table) == 0 {
		return -1
	}
	mask := uint64(len(s.table) - 1)
	for h := maphash.String(s.seed, name) & mask; ; h = (h + 1) & mask {
		switch i := s.table[h]; {
		case i == 0:
			return -1
		case string(s.bytes(int(i-1))) == name:
			return int(i - 1)
		}
	}
}

// intern gives the index of name, adding it if it is new.
func (s *symbols) intern(name []byte) (index int, added bool) {
	if s.off == nil {
		s.off, s.seed = append(s.off, 0), maphash.MakeSeed()
	}
	if 4*(s.count()+1) > 3*len(s.table) {
		s.grow()
	}
	mask := uint64(len(s.table) - 1)
	for h := maphash.Bytes(s.seed, name) & mask; ; h = (h + 1) & mask {
		i := s.table[h]
		if i == 0 {
			s.blob = append(s.blob, name...)
			s.off = append(s.off, uint32(len(s.blob)))
			s.table[h] = int32(s.count())
			return s.count() - 1, true
		}
		if string(s.bytes(int(i-1))) == string(name) {
			return int(i - 1), false
		}
	}
}

func (s *symbols) grow() {
	s.table = make([]int32, max(16, 2*len(s.table)))
	mask := uint64(len(s.table) - 1)
	for i := range s.count() {
		h := maphash.Bytes(s.seed, s.bytes(i)) & mask
		for s.table[h] != 0 {
			h = (h + 1) & mask
		}
		s.table[h] = int32(i + 1)
	}
}

// permuted gives the same names renumbered: the new index of name i is to[i]; names
// with to[i] < 0 are dropped.
func (s *symbols) permuted(to []int32, count int) symbols {
	from := make([]int32, count)
	for i, t := range to {
		if t >= 0 {
			from[t] = int32(i)
		}
	}
	out := symbols{blob: make([]byte, 0, len(s.blob)), off: make([]uint32, 1, count+1), seed: s.seed}
	for _, i := range from {
		out.blob = append(out.blob, s.bytes(int(i))...)
		out.off = append(out.off, uint32(len(out.blob)))
	}
	for size := 16; ; size *= 2 {
		if 3*size >= 4*count {
			out.table = make([]int32, size/2)
			out.grow()
			return out
		}
	}
}
