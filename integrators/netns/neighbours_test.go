package netns

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bounded is a machine with bounds of its own.
func bounded(t *testing.T, lowest, middle, highest string) (*Neighbours, func() string) {
	t.Helper()
	n := &Neighbours{limits: t.TempDir(), ledger: filepath.Join(t.TempDir(), "sendim", "neighbours.json")}
	for i, v := range []string{highest, middle, lowest} {
		if err := os.WriteFile(filepath.Join(n.limits, bounds[i]), []byte(v+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return n, func() string {
		var is []string
		for i := range bounds {
			text, err := os.ReadFile(filepath.Join(n.limits, bounds[2-i]))
			if err != nil {
				t.Fatal(err)
			}
			is = append(is, strings.TrimSpace(string(text)))
		}
		return strings.Join(is, " ")
	}
}

func raise(t *testing.T, n *Neighbours, hosts int) func() {
	t.Helper()
	release, err := n.Raise(hosts)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := release(); err != nil {
			t.Error(err)
		}
	}
}

func TestBoundsOfNeighboursAreOnlyRaisedAndGoBack(t *testing.T) {
	for _, c := range []struct {
		what   string
		before [3]string
		after  string
		hosts  int
	}{
		{"a fresh machine and a small network", [3]string{"128", "512", "1024"}, "4096 8192 16384", 3},
		{"a large network", [3]string{"128", "512", "1024"}, "9900 19800 39600", 100},
		{"a machine that is set up", [3]string{"80000", "90000", "100000"}, "80000 90000 100000", 100},
		{"a machine that is set up in part", [3]string{"128", "90000", "100000"}, "9900 90000 100000", 100},
	} {
		t.Run(c.what, func(t *testing.T) {
			n, is := bounded(t, c.before[0], c.before[1], c.before[2])
			release := raise(t, n, c.hosts)
			if got := is(); got != c.after {
				t.Errorf("they are %s, want %s", got, c.after)
			}
			release()
			if got, want := is(), strings.Join(c.before[:], " "); got != want || n.Left() {
				t.Errorf("afterwards they are %s, want %s", got, want)
			}
		})
	}
	if release, err := (&Neighbours{limits: t.TempDir(), ledger: filepath.Join(t.TempDir(), "l")}).Raise(2); err == nil || release() != nil {
		t.Error("bounds that are not there raise no error")
	}
}

func TestBoundsOfNeighboursStayForAsLongAsSomebodyNeedsThem(t *testing.T) {
	n, is := bounded(t, "128", "512", "1024")
	first := raise(t, n, 100)
	second := raise(t, n, 200) // needs more
	third := raise(t, n, 3)    // needs less
	const most = "39800 79600 159200"
	if got := is(); got != most {
		t.Error(got)
	}
	second()
	first()
	if got := is(); got != most {
		t.Error("they went while a run lives: ", got)
	}
	third()
	if got := is(); got != "128 512 1024" {
		t.Error(got)
	}
}

func TestBoundsThatSomebodyElseHasSetAreLeftAlone(t *testing.T) {
	n, is := bounded(t, "128", "512", "1024")
	release := raise(t, n, 3)
	if err := os.WriteFile(filepath.Join(n.limits, "gc_thresh3"), []byte("50000"), 0o600); err != nil {
		t.Fatal(err)
	}
	release()
	if got := is(); got != "128 512 50000" {
		t.Error(got)
	}
	first := raise(t, n, 3)
	if err := os.WriteFile(filepath.Join(n.limits, "gc_thresh2"), []byte("9000"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := raise(t, n, 100) // what it finds in its way is what goes back
	first()
	second()
	if got := is(); got != "128 9000 50000" {
		t.Error(got)
	}
}

func TestBoundsOfARunThatWasKilledGoBack(t *testing.T) {
	n, is := bounded(t, "128", "512", "1024")
	raise(t, n, 3)
	if n.Left() {
		t.Error("a run that lives needs them")
	}
	text, err := os.ReadFile(n.ledger)
	if err != nil {
		t.Fatal(err)
	}
	gone := strings.Replace(string(text), identity(os.Getpid()), "2147483647:1:"+counting(), 1)
	if err := os.WriteFile(n.ledger, []byte(gone), 0o600); err != nil || gone == string(text) {
		t.Fatal(err)
	}
	if !n.Left() {
		t.Error("nobody who lives needs them")
	}
	if err := n.Restore(); err != nil || is() != "128 512 1024" || n.Left() {
		t.Error(err, is())
	}
	if err := n.Restore(); err != nil {
		t.Error("there is nothing to do:", err)
	}

	// The next run does so, too, in its own end.
	if err := os.WriteFile(filepath.Join(n.limits, "gc_thresh3"), []byte("16384"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(n.ledger, []byte(gone), 0o600); err != nil {
		t.Fatal(err)
	}
	raise(t, n, 3)()
	if got := is(); got != "128 512 1024" {
		t.Error(got)
	}
}
