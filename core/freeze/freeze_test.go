package freeze_test

import (
	"bytes"
	"errors"
	"hash/maphash"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/freeze"
)

type speaker interface{ Speak() string }

type dog struct{ name string }

func (d *dog) Speak() string { return d.name }

type cat struct{ lives int }

func (c cat) Speak() string { return strings.Repeat("meow", c.lives) }

type part struct {
	a     uint8
	b     int64 // padding lies before it
	label string
}

type elsewhere struct{ x int }

type crate struct{ events []int }

type stuff struct {
	parts    []part
	window   []part // a part of parts
	one      *part  // in the middle of parts
	number   *int64 // in one of them
	grid     [3][2]*part
	table    map[string]*part
	byPair   map[[2]int]float64
	who, two speaker
	none     speaker
	err      error
	self     *stuff
	world    *elsewhere
	crate    *crate
	crate2   *crate
	work     func()
	bits     [70]uint16
	empty    []int
	missing  []int
	nothing  *struct{}
	anything any
}

func plan() *freeze.Plan {
	p := freeze.NewPlan()
	freeze.Skip[stuff](p, "work", "it is set again")
	freeze.Outside[elsewhere](p, "elsewhere")
	freeze.Hold[*dog](p)
	freeze.Hold[cat](p)
	freeze.Mixed[stuff](p, "anything")
	freeze.Instead(p, func(c *crate) *[]int { return &c.events }, func(l *[]int, c *crate) { c.events = *l })
	return p
}

func sample(there *elsewhere) *stuff {
	s := &stuff{parts: make([]part, 10), table: map[string]*part{}, byPair: map[[2]int]float64{{1, 2}: 3.5, {-1, 2}: 4}, world: there,
		err: errors.New("oh"), crate: &crate{[]int{1, 2, 3}}, empty: []int{}, nothing: &struct{}{}, anything: cat{9}, two: cat{3}}
	for i := range s.parts {
		s.parts[i] = part{uint8(i), int64(i * i), strings.Repeat("x", i%3)}
	}
	s.window, s.one, s.number = s.parts[3:7], &s.parts[4], &s.parts[5].b
	s.grid[1][1], s.table["five"], s.table["own"] = &s.parts[5], &s.parts[5], &part{label: "own"}
	s.who = &dog{"rex"}
	s.self, s.crate2, s.work = s, s.crate, func() {}
	s.bits[69] = 7
	return s
}

func frozen(t *testing.T, s *stuff) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := freeze.Write(&b, plan(), s, map[string]any{"elsewhere": s.world}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func thawed(t *testing.T, b []byte, there *elsewhere) *stuff {
	t.Helper()
	s, err := freeze.Read[stuff](b, plan(), map[string]any{"elsewhere": there})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAGraphComesBackWithItsSharing(t *testing.T) {
	there := &elsewhere{}
	b := frozen(t, sample(&elsewhere{1}))
	s := thawed(t, b, there)
	s.parts[4].label, s.parts[5].b = "seen by all", 99
	s.parts[3].a = 77
	switch {
	case s.one.label != "seen by all" || s.window[1].label != "seen by all" || *s.number != 99 || s.grid[1][1].b != 99 || s.table["five"].b != 99 || s.window[0].a != 77:
		t.Error("what was shared is not shared any more")
	case s.who.Speak() != "rex" || s.two.Speak() != "meowmeowmeow" || s.none != nil || s.anything != any(cat{9}) || s.err.Error() != "oh":
		t.Error("interfaces hold something else")
	case s.world != there || s.work != nil || s.bits[69] != 7 || s.byPair[[2]int{-1, 2}] != 4 || s.table["own"].label != "own":
		t.Error("values differ")
	case s.crate != s.crate2 || len(s.crate.events) != 3 || s.empty == nil || s.missing != nil || s.nothing == nil:
		t.Error("what stands for something, or nothing, differs")
	case s.self.parts[5].b != 99:
		t.Error("the graph is not a circle any more")
	}
}

func TestEqualGraphsGiveEqualBytes(t *testing.T) {
	b := frozen(t, sample(&elsewhere{}))
	for range 5 {
		if !bytes.Equal(b, frozen(t, sample(&elsewhere{}))) {
			t.Fatal("two equal graphs give different bytes")
		}
	}
	if again := frozen(t, thawed(t, b, &elsewhere{})); !bytes.Equal(b, again) {
		t.Errorf("what was read gives %d other bytes than the %d read", len(again), len(b))
	}
}

func TestWhatCannotBeWrittenIsFoundByItsType(t *testing.T) {
	err := freeze.Check[stuff](freeze.NewPlan())
	var unfit *freeze.UnfitError
	if !errors.As(err, &unfit) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		"freeze_test.stuff.who: nothing that is registered fits the interface freeze_test.speaker",
		"freeze_test.stuff.two: nothing that is registered fits the interface freeze_test.speaker",
		"freeze_test.stuff.none: nothing that is registered fits the interface freeze_test.speaker",
		"freeze_test.stuff.work: a func (func()) cannot be written",
		"freeze_test.stuff.anything: nothing that is registered fits the interface interface {}",
	}
	if diff := cmp.Diff(want, unfit.Faults); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherLayoutIsRefusedByName(t *testing.T) {
	p := plan()
	freeze.Skip[part](p, "label", "for the test")
	_, err := freeze.Read[stuff](frozen(t, sample(nil)), p, nil)
	var layout *freeze.LayoutError
	if !errors.As(err, &layout) || !strings.Contains(err.Error(), "freeze_test.part") {
		t.Fatalf("got %v", err)
	}
}

func TestAValueThatIsNotRegisteredIsAnError(t *testing.T) {
	var value *freeze.ValueError
	if err := freeze.Write(new(bytes.Buffer), plan(), &stuff{world: &elsewhere{}}, nil); !errors.As(err, &value) {
		t.Errorf("a pointer to what was not given: %v", err)
	}
}

func TestTruncatedBytesAreRefused(t *testing.T) {
	b := frozen(t, sample(nil))
	for n := range b {
		if _, err := freeze.Read[stuff](b[:n], plan(), nil); err == nil {
			t.Fatalf("%d of %d bytes are taken for all", n, len(b))
		}
	}
}

func TestNumbersAndTextsOfAnyKindComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type leaf struct {
			A int8
			B float64
			C string
			D []uint16
			E map[int32]string
		}
		type tree struct {
			L []leaf
			M map[string][]leaf
			P *leaf
		}
		in := rapid.Make[tree]().Draw(t, "tree")
		var b bytes.Buffer
		if err := freeze.Write(&b, freeze.NewPlan(), &in, nil); err != nil {
			t.Fatal(err)
		}
		out, err := freeze.Read[tree](b.Bytes(), freeze.NewPlan(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, *out, cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzReadRefusesWhatIsDamaged(f *testing.F) {
	var b bytes.Buffer
	s := sample(nil)
	if err := freeze.Write(&b, plan(), s, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), uint16(0), byte(0))
	f.Fuzz(func(_ *testing.T, in []byte, at uint16, x byte) {
		in = bytes.Clone(in)
		if len(in) > 0 {
			in[int(at)%len(in)] ^= x
		}
		if out, err := freeze.Read[stuff](in, plan(), nil); err == nil {
			_ = freeze.Write(new(bytes.Buffer), plan(), out, nil) // all that it leads to can be looked at
		}
	})
}

func TestEveryDamagedByteIsRefusedOrHarmless(t *testing.T) {
	b := frozen(t, sample(nil))
	for at := range b {
		for _, x := range []byte{1, 0x80, 0xff} {
			in := bytes.Clone(b)
			in[at] ^= x
			if out, err := freeze.Read[stuff](in, plan(), nil); err == nil {
				_ = freeze.Write(new(bytes.Buffer), plan(), out, nil) // all that it leads to can be looked at
			}
		}
	}
}

func TestWhatMeansSomethingInThisProcessOnlyIsUnfit(t *testing.T) {
	type local struct {
		mu   sync.Mutex
		seed maphash.Seed
		at   time.Time
		span time.Duration
	}
	var unfit *freeze.UnfitError
	if err := freeze.Check[local](freeze.NewPlan()); !errors.As(err, &unfit) || len(unfit.Faults) != 3 {
		t.Errorf("got %v", err)
	}
}
