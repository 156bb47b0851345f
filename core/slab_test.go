package core

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestListsInASlabKeepWhatIsTheirs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slab[int]
		var got, want [][]int
		next := 0
		for range rapid.IntRange(0, 30).Draw(t, "lists") {
			var list, cut []int
			for range rapid.SampledFrom([]int{0, 1, 3, 50, 5000}).Draw(t, "length") {
				next++
				s.add(next)
				list = append(list, next)
			}
			s.cut(&cut)
			got, want = append(got, cut), append(want, list)
			if k := len(got) - 1; k > 0 && rapid.Bool().Draw(t, "more") { // an earlier list may grow
				s.add(-1)
				s.cut(&got[k-1])
				want[k-1] = append(want[k-1], -1)
			}
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("list %d is %v, want %v", i, got[i], want[i])
			}
		}
	})
}
