package flow

import (
	"testing"

	"sendim/core/packet"

	"pgregory.net/rapid"
)

// Containment and overlap are about packets, whatever the matches look like.
func TestContainmentAndOverlapSpeakOfPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawMatch(t), drawMatch(t)
		if err := a.Check(); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		if !a.Contains(a) || !a.Overlaps(a) || !Match(nil).Contains(a) || a.Overlaps(b) != b.Overlaps(a) {
			t.Fatalf("%s and %s", a, b)
		}
		if (a.Compare(b) == 0) != a.Equal(b) || a.Compare(b) != -b.Compare(a) || a.Equal(b) != (a.String() == b.String()) {
			t.Fatalf("%s and %s have no order", a, b)
		}
		for range 10 {
			h := drawHeader(t)
			in, metadata := rapid.Uint32Range(1, 3).Draw(t, "in"), rapid.Uint64Range(0, 3).Draw(t, "metadata")
			ca, cb := a.Covers(&h, in, metadata), b.Covers(&h, in, metadata)
			if a.Contains(b) && cb && !ca {
				t.Fatalf("%s contains %s, but only that covers %s", a, b, h)
			}
			if ca && cb && !a.Overlaps(b) {
				t.Fatalf("%s and %s do not overlap, but both cover %s", a, b, h)
			}
		}
	})
}

func TestWhatIsSetCanBeReadAndNothingElseChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		f := Field(rapid.IntRange(1, int(fieldEnd)-1).Draw(t, "field"))
		v := Value{rapid.Uint64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")}.And(f.AllOnes())
		if f == VLANVID {
			v = v.Or(V(uint64(packet.VLANPresent)))
		}
		after := h
		if !SetIn(f, v, &after) {
			if after != h {
				t.Fatalf("%s was refused, yet %s became %s", f, h, after)
			}
			return
		}
		for g := Field(1); g < fieldEnd; g++ {
			got, want := Of(g, &after, 1, 2), Of(g, &h, 1, 2)
			if g == f {
				want = v
			}
			if got != want {
				t.Fatalf("set %s: %s is %v, want %v", f, g, got, want)
			}
		}
	})
}

func TestEveryFieldHasItsOwnName(t *testing.T) {
	for f := Field(1); f < fieldEnd; f++ {
		if got, err := ParseField(f.String()); err != nil || got != f || f.Width() == 0 {
			t.Errorf("%d: %s %v %v", f, f, got, err)
		}
		if n := f.AllOnes(); n.Hi != 0 != (f.Width() == 128) || f.Width() < 64 && n.Lo != 1<<f.Width()-1 {
			t.Errorf("%s: all ones are %v", f, n)
		}
	}
	if _, err := ParseField("nw_dst"); err == nil {
		t.Error("nw_dst is not OpenFlow 1.3's name")
	}
}
