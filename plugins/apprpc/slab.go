package apprpc

import (
	"strings"
	"unicode/utf8"
)

// slab hands out zero values that were allocated many at a time. The first allocations
// are small, so that a lone event does not pay for a batch.
type slab[T any] struct {
	free []T
	next int
}

const slabMax = 64

func (s *slab[T]) get() *T {
	if len(s.free) == 0 {
		s.next = min(max(1, 2*s.next), slabMax)
		s.free = make([]T, s.next)
	}
	p := &s.free[0]
	s.free = s.free[1:]
	return p
}

// text is what may stand in a protobuf string, which must be UTF-8.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

func texts[T ~string](list []T) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = text(string(s))
	}
	return out
}

func fromTexts[T ~string](list []string) []T {
	if len(list) == 0 {
		return nil
	}
	out := make([]T, len(list))
	for i, s := range list {
		out[i] = T(s)
	}
	return out
}

// each converts a list; an empty one stays nil.
func each[From, To any](list []From, convert func(*From) To) []To {
	if len(list) == 0 {
		return nil
	}
	out := make([]To, len(list))
	for i := range list {
		out[i] = convert(&list[i])
	}
	return out
}

// eachOf converts a list of messages; an absent message counts as empty.
func eachOf[From, To any](list []*From, convert func(*From) To) []To {
	if len(list) == 0 {
		return nil
	}
	out := make([]To, len(list))
	for i, m := range list {
		out[i] = convert(m)
	}
	return out
}
