package core

// slab holds short lists one behind the other, so that each takes no more than it has.
type slab[T any] struct {
	piece []T
	from  int // where the list under way begins
}

// slabMost is the room of a slab's pieces; a list that is longer has a piece of its own.
const slabMost = 4096

// add appends to the list under way.
func (s *slab[T]) add(x T) {
	if len(s.piece) == cap(s.piece) {
		list := s.piece[s.from:]
		piece := make([]T, len(list), min(slabMost, 8+2*cap(s.piece))+len(list))
		copy(piece, list)
		s.piece, s.from = piece, 0
	}
	s.piece = append(s.piece, x)
}

// cut ends the list under way and appends it to another; to an empty one without a copy.
func (s *slab[T]) cut(to *[]T) {
	list := s.piece[s.from:len(s.piece):len(s.piece)]
	s.from = len(s.piece)
	switch {
	case len(list) == 0:
	case len(*to) == 0:
		*to = list
	default:
		*to = append(*to, list...)
	}
}
