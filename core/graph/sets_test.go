package graph

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSetsAreKnownByTheirSmallestMembers(t *testing.T) {
	s := NewSets(7)
	for _, c := range []struct {
		a, b   int32
		joined bool
	}{{5, 3, true}, {3, 5, false}, {6, 5, true}, {1, 2, true}, {3, 2, true}, {6, 1, false}} {
		if got := s.Join(c.a, c.b); got != c.joined {
			t.Errorf("%d with %d: %v", c.a, c.b, got)
		}
	}
	if set, count := s.Numbered(); count != 3 || !slices.Equal(set, []int32{0, 1, 1, 1, 2, 1, 1}) {
		t.Errorf("%d sets: %v", count, set)
	}
	if set, count := NewSets(0).Numbered(); count != 0 || len(set) != 0 {
		t.Errorf("of nothing: %v, %d", set, count)
	}
}

func TestWhatIsJoinedIsWhatCanBeReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "numbers")
		any := rapid.Int32Range(0, int32(n-1))
		label := make([]int32, n) // joined slowly
		for i := range label {
			label[i] = int32(i)
		}
		s := NewSets(n)
		for range rapid.IntRange(0, 40).Draw(t, "joins") {
			a, b := any.Draw(t, "a"), any.Draw(t, "b")
			if from, to := max(label[a], label[b]), min(label[a], label[b]); s.Join(a, b) != (from != to) {
				t.Fatalf("%d with %d of %v", a, b, label)
			} else {
				for i := range label {
					if label[i] == from {
						label[i] = to
					}
				}
			}
		}
		for i := range label {
			if got := s.Of(int32(i)); got != label[i] {
				t.Fatalf("%d is with %d, want %d", i, got, label[i])
			}
		}
	})
}
