package tcp

import (
	"testing"

	"pgregory.net/rapid"
)

func TestRangeSetActsLikeASetOfNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const top = 80
		var s rangeSet
		var model [top]bool
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			limit := uint64(rapid.IntRange(0, top).Draw(t, "limit"))
			if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
				seq := uint64(rapid.IntRange(0, top).Draw(t, "seq"))
				want := uint64(0)
				for i := range model[:seq] {
					if model[i] && uint64(i) < limit {
						want++
					}
					model[i] = false
				}
				if got := s.trim(seq, limit); got != want {
					t.Fatalf("trim(%d, %d) = %d, want %d", seq, limit, got, want)
				}
			} else {
				a := uint64(rapid.IntRange(0, top-1).Draw(t, "start"))
				x := Range{a, min(a+uint64(rapid.IntRange(0, 12).Draw(t, "length")), top)}
				var added, below uint64
				for i := x.Start; i < x.End; i++ {
					if !model[i] {
						added++
						if i < limit {
							below++
						}
					}
					model[i] = true
				}
				if ga, gb := s.add(x, limit); ga != added || gb != below {
					t.Fatalf("add(%v, %d) = %d, %d, want %d, %d", x, limit, ga, gb, added, below)
				}
			}
			n := uint64(0)
			for i := range uint64(top) {
				x, ok := s.find(i)
				if ok != model[i] || ok && (x.Start > i || x.End <= i) {
					t.Fatalf("find(%d) = %v, %t, want %t in %v", i, x, ok, model[i], s.live())
				}
				if ok {
					n++
				}
			}
			if s.bytes != n {
				t.Fatalf("%d bytes, want %d", s.bytes, n)
			}
			for i, l := 1, s.live(); i < len(l); i++ {
				if l[i].Start <= l[i-1].End {
					t.Fatalf("ranges touch: %v", l)
				}
			}
		}
	})
}
