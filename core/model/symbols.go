package model

import "hash/maphash"

// symbols maps names to dense indices and back in a few bytes a name: one blob, an
// offset column and two open-addressing tables. Names of up to 7 bytes are their own
// keys, so that finding one touches one cache line; longer ones are hashed and
// compared. Iteration never follows a table, so its random seed cannot reach a result.
type symbols struct {
	blob  []byte
	off   []uint32 // len = count+1; empty when there are no names
	short shortTable
	long  []int32 // index+1; 0 is free; length a power of two
	longs int
	seed  maphash.Seed
}

// shortTable holds names of 1 to 7 bytes.
type shortTable struct {
	slots []shortSlot // length a power of two
	used  int
	mul   uint64 // random and odd: multiply-shift hashing (Dietzfelbinger et al. 1997)
	shift uint
}

type shortSlot struct {
	key   uint64 // packed name; 0 is free
	index int32
}

const shortest, longest = 1, 7

// pack puts a name of 1 to 7 bytes and its length into one word.
func pack[T string | []byte](b T) uint64 {
	n := len(b)
	if n >= 4 {
		lo := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
		hi := uint64(b[n-4]) | uint64(b[n-3])<<8 | uint64(b[n-2])<<16 | uint64(b[n-1])<<24
		return lo | hi<<(8*uint(n-4)) | uint64(n)<<56
	}
	return uint64(b[0]) | uint64(b[n>>1])<<(8*uint(n>>1)) | uint64(b[n-1])<<(8*uint(n-1)) | uint64(n)<<56
}

func isShort(n int) bool { return n >= shortest && n <= longest }

func (s *symbols) count() int { return max(0, len(s.off)-1) }

func (s *symbols) name(i int) string { return string(s.bytes(i)) }

func (s *symbols) bytes(i int) []byte { return s.blob[s.off[i]:s.off[i+1]] }

func (s *symbols) lookup(name string) int {
	if isShort(len(name)) {
		return s.short.find(pack(name))
	}
	if len(s.long) == 0 {
		return -1
	}
	mask := uint64(len(s.long) - 1)
	for h := maphash.String(s.seed, name) & mask; ; h = (h + 1) & mask {
		switch i := s.long[h]; {
		case i == 0:
			return -1
		case string(s.bytes(int(i-1))) == name:
			return int(i - 1)
		}
	}
}

func (t *shortTable) find(key uint64) int {
	if len(t.slots) == 0 {
		return -1
	}
	mask := uint64(len(t.slots) - 1)
	for h := key * t.mul >> t.shift; ; h = (h + 1) & mask {
		e := &t.slots[h&mask]
		if e.key == key {
			return int(e.index)
		}
		if e.key == 0 {
			return -1
		}
	}
}

// intern gives the index of name, adding it if it is new.
func (s *symbols) intern(name []byte) (index int, added bool) {
	if isShort(len(name)) {
		key := pack(name)
		if i := s.short.find(key); i >= 0 {
			return i, false
		}
		s.start()
		s.short.add(key, int32(s.count()), s.seed)
		return s.push(name), true
	}
	s.start()
	if 4*(s.longs+1) > 3*len(s.long) {
		s.grow()
	}
	mask := uint64(len(s.long) - 1)
	for h := maphash.Bytes(s.seed, name) & mask; ; h = (h + 1) & mask {
		i := s.long[h]
		if i == 0 {
			s.long[h] = int32(s.count() + 1)
			s.longs++
			return s.push(name), true
		}
		if string(s.bytes(int(i-1))) == string(name) {
			return int(i - 1), false
		}
	}
}

func (s *symbols) start() {
	if len(s.off) == 0 {
		s.off, s.seed = append(s.off, 0), maphash.MakeSeed()
	}
}

func (s *symbols) push(name []byte) int {
	s.blob = append(s.blob, name...)
	s.off = append(s.off, uint32(len(s.blob)))
	return s.count() - 1
}

// add puts a key that is not there.
func (t *shortTable) add(key uint64, index int32, seed maphash.Seed) {
	if 3*(t.used+1) > 2*len(t.slots) {
		t.resize(max(16, 2*len(t.slots)), seed)
	}
	t.put(shortSlot{key, index})
	t.used++
}

func (t *shortTable) put(e shortSlot) {
	mask := uint64(len(t.slots) - 1)
	h := e.key * t.mul >> t.shift
	for t.slots[h&mask].key != 0 {
		h++
	}
	t.slots[h&mask] = e
}

func (t *shortTable) resize(size int, seed maphash.Seed) {
	old := t.slots
	t.slots, t.shift = make([]shortSlot, size), 64
	for n := size; n > 1; n /= 2 {
		t.shift--
	}
	t.mul = maphash.String(seed, "multiplier") | 1
	for _, e := range old {
		if e.key != 0 {
			t.put(e)
		}
	}
}

func (s *symbols) grow() {
	old := s.long
	s.long = make([]int32, max(16, 2*len(old)))
	mask := uint64(len(s.long) - 1)
	for _, i := range old {
		if i == 0 {
			continue
		}
		h := maphash.Bytes(s.seed, s.bytes(int(i-1))) & mask
		for s.long[h] != 0 {
			h = (h + 1) & mask
		}
		s.long[h] = i
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
	out.start()
	for size := 16; ; size *= 2 {
		if 2*size >= 3*(count+1) {
			out.short.resize(size, out.seed)
			break
		}
	}
	for _, i := range from {
		out.intern(s.bytes(int(i)))
	}
	return out
}
