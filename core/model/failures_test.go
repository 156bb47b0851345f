package model

import (
	"fmt"
	"strings"
	"testing"
)

// two is s1 with its port 1 to s2 and its port 2 to the host h1.
func two(t *testing.T) *Network {
	t.Helper()
	b := NewBuilder("two")
	s1, _ := b.Declare([]byte("s1"), Switch)
	s2, _ := b.Declare([]byte("s2"), Switch)
	h1, _ := b.Declare([]byte("h1"), Host)
	b.Link(LinkDraft{A: s1, B: s2, APort: AutoPort, BPort: AutoPort})
	b.Link(LinkDraft{A: s1, B: h1, APort: AutoPort, BPort: AutoPort})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPortsAreSelectedByNodeAndNumber(t *testing.T) {
	n := two(t)
	for _, c := range []struct{ selector, want string }{
		{"s1:2", "[{0 2}]"},
		{"s1:*", "[{0 1} {0 2}]"},
		{"s*:1", "[{0 1} {1 1}]"},
		{"s1:1, s1:*", "[{0 1} {0 2}]"},
		{"type=host:0", "[{2 0}]"},
		{"s1:3", `selector "s1:3" matches no port that has a link`},
		{"s1", `"s1" names no port; write NODE:PORT as s1:2, or s1:* for all of them`},
		{"s1:-1", `"-1" is not a port number; write NODE:PORT as s1:2, or s1:* for all of them`},
		{"x:1", `selector "x" matches no node`},
		{"", `"" names no port; write NODE:PORT as s1:2, or s1:* for all of them`},
	} {
		got, err := n.SelectPorts(Selector(c.selector))
		if text := fmt.Sprint(got); err != nil && err.Error() != c.want || err == nil && text != c.want {
			t.Errorf("%q: %s, %v; want %s", c.selector, text, err, c.want)
		}
	}
}

func TestAChangeIsOfWhatIsThere(t *testing.T) {
	n := two(t)
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{Kind: LinkDown, Link: 1}, ""},
		{Change{Kind: LinkDown, Link: 2}, "there is no link 2"},
		{Change{Kind: LinkLoss, Loss: 1.5}, "a loss of 1.5"},
		{Change{Kind: NodeUp, Node: 3}, "there is no node 3"},
		{Change{Kind: PortDown, Node: 0, Port: 2}, ""},
		{Change{Kind: PortDown, Node: 1, Port: 2}, "s2 has no port 2"},
		{Change{Kind: ControlDown, Node: 2}, "h1 is no switch"},
		{Change{Kind: ControlDelay, Node: 0}, "must be positive"},
		{Change{Kind: ControlLoss, Node: 0, Loss: 0.6}, "it is 0 to 0.5"},
		{Change{Kind: ControllerDown, Node: NoNode}, ""},
		{Change{Kind: 99}, "no change of kind 99"},
	} {
		err := n.Check(&c.change)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.change.Kind, err, c.want)
		}
	}
}

func TestWhatFailsIsUndoneByItsCounterpart(t *testing.T) {
	for k := LinkDown; k <= ControlLoss; k++ {
		undo := k.Undo()
		if down := strings.HasSuffix(k.String(), "-down"); down != (undo != 0) {
			t.Errorf("%s is undone by %q", k, undo)
		} else if down && undo.String() != strings.TrimSuffix(k.String(), "down")+"up" {
			t.Errorf("%s is undone by %s", k, undo)
		}
	}
}
