package model

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestNamesAreFoundWhateverTheyLookLike(t *testing.T) {
	names := rapid.OneOf(
		rapid.StringMatching(`[a-c]{0,2}[0-9]{0,3}`),
		rapid.StringMatching(`[a-z]{1,2}0{0,2}[0-9]{1,12}`),
		rapid.Map(rapid.IntRange(0, 1<<30), func(n int) string { return fmt.Sprintf("n%d", n) }),
		rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		var s symbols
		want := map[string]int{}
		for _, name := range rapid.SliceOf(names).Draw(t, "names") {
			i, added := s.intern([]byte(name))
			old, known := want[name]
			if added == known || known && i != old || !known && i != len(want) {
				t.Fatalf("intern(%q) = %d, %v; known as %d, %v", name, i, added, old, known)
			}
			want[name] = i
		}
		reverse := make([]int32, len(want))
		for i := range reverse {
			reverse[i] = int32(len(want) - 1 - i)
		}
		p := s.permuted(reverse, len(want))
		for name, i := range want {
			if s.lookup(name) != i || s.name(i) != name || p.lookup(name) != int(reverse[i]) {
				t.Fatalf("%q is lost", name)
			}
		}
		if s.lookup("never there 7") != -1 {
			t.Fatal("found what is not there")
		}
	})
}

func TestSparseNumbersTakeLittleRoom(t *testing.T) {
	var s symbols
	for i := range 1000 {
		s.intern(fmt.Appendf(nil, "n%d", i*900_000))
	}
	if len(s.groups[0].index) > 1<<18 {
		t.Errorf("%d places for 1000 names", len(s.groups[0].index))
	}
}
