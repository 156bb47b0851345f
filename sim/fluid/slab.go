package fluid

import "math/bits"

// slab hands out runs of 2^class consecutive items of one slice and takes them back, so
// that lists of changing length cost no allocation once the slice has grown.
type slab[T any] struct {
	items []T
	free  [32][]int32 // by class: offsets of runs that were given back
}

// class is the smallest class whose runs hold n items.
func classFor(n int) uint8 {
	if n <= 1 {
		return 0
	}
	return uint8(bits.Len(uint(n - 1)))
}

func (s *slab[T]) take(class uint8) int32 {
	if list := s.free[class]; len(list) > 0 {
		at := list[len(list)-1]
		s.free[class] = list[:len(list)-1]
		return at
	}
	at := len(s.items)
	need := at + 1<<class
	if need > 1<<31-1 {
		panic("fluid: more than 2^31 route entries")
	}
	if need > cap(s.items) {
		grown := make([]T, at, max(2*cap(s.items), need, 64))
		copy(grown, s.items)
		s.items = grown
	}
	s.items = s.items[:need]
	return int32(at)
}

func (s *slab[T]) give(at int32, class uint8) {
	s.free[class] = append(s.free[class], at)
}
