package model

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// symbols maps names to dense indices and back in a few bytes a name. Most names in
// large networks are a prefix and a number ("n123"): those of the first few prefixes are
// found by their number, without hashing or comparing, in 4 bytes each, which keeps ten
// million references within the processor's cache. All others are hashed. Iteration
// never follows a table, so its random seed cannot reach a result.
type symbols struct {
	blob   []byte
	off    []uint32 // len = count+1; empty when there are no names
	groups []numbered
	recent int     // the group that intern found a name in last
	table  []int32 // index+1; 0 is free; length a power of two
	hashed int     // names in table
	seed   maphash.Seed
}

// numbered holds names that are prefix + canonical decimal number.
type numbered struct {
	prefix string
	index  []int32 // by number: index+1, 0 free
	used   int
}

const (
	maxGroups = 16
	maxPrefix = 32
	// A group's column may be this much longer than it has names, plus eight times as
	// long: names are referred to in any order, but sparse numbers go to the table.
	slack  = 1 << 16
	spread = 8
)

// number splits name into a prefix and a canonical number.
func number[T string | []byte](name T) (prefix T, n int, ok bool) {
	i, scale := len(name), 1
	for i > 0 && scale < 1e9 {
		c := name[i-1] - '0'
		if c > 9 {
			break
		}
		n += int(c) * scale
		scale *= 10
		i--
	}
	if scale == 1 || i > maxPrefix || name[i] == '0' && scale > 10 || i > 0 && name[i-1]-'0' <= 9 {
		return prefix, 0, false
	}
	return name[:i], n, true
}

func group[T string | []byte](groups []numbered, prefix T) *numbered {
	for i := range groups {
		if groups[i].prefix == string(prefix) {
			return &groups[i]
		}
	}
	return nil
}

func (s *symbols) count() int { return max(0, len(s.off)-1) }

func (s *symbols) name(i int) string { return string(s.bytes(i)) }

func (s *symbols) bytes(i int) []byte { return s.blob[s.off[i]:s.off[i+1]] }

func (s *symbols) lookup(name string) int {
	if prefix, n, ok := number(name); ok {
		if g := group(s.groups, prefix); g != nil && n < len(g.index) && g.index[n] != 0 {
			return int(g.index[n] - 1)
		}
	}
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
	if len(s.off) == 0 {
		s.off, s.seed = append(s.off, 0), maphash.MakeSeed()
	}
	if s.recent < len(s.groups) {
		if i := s.groups[s.recent].find(name); i != 0 {
			return int(i - 1), false
		}
	}
	prefix, n, ok := number(name)
	var g *numbered
	if ok {
		for i := range s.groups {
			if s.groups[i].prefix == string(prefix) {
				g, s.recent = &s.groups[i], i
			}
		}
		if g != nil && n < len(g.index) && g.index[n] != 0 {
			return int(g.index[n] - 1), false
		}
	}
	if s.hashed > 0 {
		mask := uint64(len(s.table) - 1)
		for h := maphash.Bytes(s.seed, name) & mask; s.table[h] != 0; h = (h + 1) & mask {
			if i := s.table[h] - 1; string(s.bytes(int(i))) == string(name) {
				return int(i), false
			}
		}
	}
	i := int32(s.count())
	s.blob = append(s.blob, name...)
	s.off = append(s.off, uint32(len(s.blob)))
	if ok && g == nil && len(s.groups) < maxGroups {
		s.groups = append(s.groups, numbered{prefix: string(prefix)})
		g = &s.groups[len(s.groups)-1]
	}
	if g != nil && g.put(n, i) {
		return int(i), true
	}
	if 4*(s.hashed+1) > 3*len(s.table) {
		s.grow()
	}
	mask := uint64(len(s.table) - 1)
	h := maphash.Bytes(s.seed, name) & mask
	for s.table[h] != 0 {
		h = (h + 1) & mask
	}
	s.table[h] = i + 1
	s.hashed++
	return int(i), true
}

// find gives the entry of a name, 0 if it is not this group's or not known. A prefix never
// ends in a digit, so that a prefix and digits are the split that number makes.
func (g *numbered) find(name []byte) int32 {
	at := len(g.prefix)
	if digits := len(name) - at; digits < 1 || digits > 9 || string(name[:at]) != g.prefix || name[at] == '0' && digits > 1 {
		return 0
	}
	n := 0
	for _, c := range name[at:] {
		c -= '0'
		if c > 9 {
			return 0
		}
		n = 10*n + int(c)
	}
	if n >= len(g.index) {
		return 0
	}
	return g.index[n]
}

// put takes a new number if the column need not grow out of proportion.
func (g *numbered) put(n int, index int32) bool {
	if n >= len(g.index) {
		if n >= slack+spread*g.used {
			return false
		}
		size := 2 * len(g.index)
		for size = max(size, 64); size <= n; size *= 2 {
		}
		grown := make([]int32, size)
		copy(grown, g.index)
		g.index = grown
	}
	g.index[n] = index + 1
	g.used++
	return true
}

func (s *symbols) grow() {
	old := s.table
	s.table = make([]int32, max(16, 2*len(old)))
	mask := uint64(len(s.table) - 1)
	for _, i := range old {
		if i == 0 {
			continue
		}
		h := maphash.Bytes(s.seed, s.bytes(int(i-1))) & mask
		for s.table[h] != 0 {
			h = (h + 1) & mask
		}
		s.table[h] = i
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
	out := symbols{blob: make([]byte, 0, len(s.blob)), off: make([]uint32, 0, count+1)}
	for _, i := range from {
		out.renew(s.bytes(int(i)))
	}
	return out
}

// clone is a copy that can be added to.
func (s *symbols) clone() symbols {
	out := *s
	out.blob, out.off = slices.Clip(s.blob), slices.Clip(s.off)
	out.groups, out.table = slices.Clone(s.groups), slices.Clone(s.table)
	for i := range out.groups {
		out.groups[i].index = slices.Clone(out.groups[i].index)
	}
	return out
}

// begins says whether the names begin with all of the other's.
func (s *symbols) begins(other *symbols) bool {
	return len(s.off) >= len(other.off) && slices.Equal(s.off[:len(other.off)], other.off) && bytes.HasPrefix(s.blob, other.blob)
}

// renew adds a name, which means the new index from now on if it meant another before.
func (s *symbols) renew(name []byte) int {
	old, added := s.intern(name)
	if added {
		return old
	}
	i := int32(s.count())
	s.blob = append(s.blob, name...)
	s.off = append(s.off, uint32(len(s.blob)))
	if prefix, n, ok := number(name); ok {
		if g := group(s.groups, prefix); g != nil && n < len(g.index) && g.index[n] != 0 {
			g.index[n] = i + 1
			return int(i)
		}
	}
	mask := uint64(len(s.table) - 1)
	for h := maphash.Bytes(s.seed, name) & mask; ; h = (h + 1) & mask {
		if s.table[h] == int32(old)+1 {
			s.table[h] = i + 1
			return int(i)
		}
	}
}
