package apptest

import (
	"fmt"
	"math/rand/v2"

	"pgregory.net/rapid"

	"sendim/core/model"
)

// draw gives a number from lo to hi; what it is for is told to those who shrink.
type draw func(what string, lo, hi int) int

func drawn(t *rapid.T) draw {
	return func(what string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, what) }
}

// seeded is a source of numbers that depend on a seed and a number of it.
func seeded(seed, number uint64) draw {
	r := rand.New(rand.NewPCG(seed, number))
	return func(_ string, lo, hi int) int { return lo + r.IntN(hi-lo+1) }
}

// RandomNetwork draws a connected network of at most most switches, with more links than
// it needs, parallel ones among them, and hosts on some switches.
func RandomNetwork(t *rapid.T, most int) *model.Network { return random(t, drawn(t), most) }

func random(t T, draw draw, most int) *model.Network {
	t.Helper()
	b := model.NewBuilder("random")
	n := draw("switches", 1, most)
	link := func(x, y string) {
		b.Link(model.LinkDraft{A: b.Ref([]byte(x)), B: b.Ref([]byte(y)), APort: model.AutoPort, BPort: model.AutoPort})
	}
	for i := range n {
		b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
	}
	for i := 1; i < n; i++ {
		link(fmt.Sprint("s", i+1), fmt.Sprint("s", draw("parent", 1, i)))
	}
	for range draw("chords", 0, most) {
		if x, y := draw("from", 1, n), draw("to", 1, n); x != y {
			link(fmt.Sprint("s", x), fmt.Sprint("s", y))
		}
	}
	for i := range draw("hosts", 2, min(6, most+1)) {
		b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		link(fmt.Sprint("h", i+1), fmt.Sprint("s", draw("home", 1, n)))
	}
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return net
}

// Links writes a network as its links, for whoever has to find out why a law was broken
// on it.
func Links(net *model.Network) string {
	text := ""
	for l := range net.Links() {
		text += " " + net.LinkName(l.ID)
	}
	return text[min(1, len(text)):]
}
