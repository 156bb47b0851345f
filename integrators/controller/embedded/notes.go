package embedded

import (
	"fmt"
	"sync"
	"time"
	"unicode"

	"sendim/core/trace"
)

// notes bounds what the diary takes of what a switch, or whoever dials, can cause at will:
// of each kind of fault of each of them some at once and then one a minute, which says how
// many there were; and some more of all of them together.
type notes struct {
	noting sync.Mutex
	of     map[string]*tally
	all    tally
}

// tally is what has been said lately, and what has not.
type tally struct {
	spent float64
	at    time.Duration
	left  int // out
}

const (
	notesOfKind  = 5
	notesAgain   = time.Minute // until there is room for one more of a kind
	notesOfAll   = 1000
	notesAllBack = time.Second
	kindsMost    = 4096
)

// take says whether there is room, and how many have been left out.
func (t *tally) take(now time.Duration, most float64, back time.Duration) (left int, ok bool) {
	t.spent = max(0, t.spent-float64(now-t.at)/float64(back))
	t.at = now
	if t.spent > most-1 {
		t.left++
		return 0, false
	}
	t.spent++
	left, t.left = t.left, 0
	return left, true
}

// admit says whether something of a kind may be noted now, and how many of its kind, or of
// all, were not.
func (n *notes) admit(now time.Duration, kind string) (left int, ok bool) {
	n.noting.Lock()
	defer n.noting.Unlock()
	t := n.of[kind]
	if t == nil {
		if n.of == nil || len(n.of) >= kindsMost {
			n.of = map[string]*tally{}
		}
		t = &tally{}
		n.of[kind] = t
	}
	if left, ok = t.take(now, notesOfKind, notesAgain); !ok {
		return 0, false
	}
	others, ok := n.all.take(now, notesOfAll, notesAllBack)
	return left + others, ok
}

// kindOf is a text without its numbers, which differ from one time to the next.
func kindOf(text string) string {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		switch {
		case !unicode.IsDigit(r):
			out = append(out, r)
		case len(out) == 0 || out[len(out)-1] != '#':
			out = append(out, '#')
		}
	}
	return string(out)
}

// warn notes something in the diary.
func (c *Controller) warn(node, text string) { c.warnOf(node, node, text) }

// warnOf is warn for whoever has no name in the network.
func (c *Controller) warnOf(who, node, text string) {
	switch left, ok := c.said.admit(time.Since(c.began), who+" "+kindOf(text)); {
	case !ok:
		return
	case left > 0:
		text += fmt.Sprintf(" (%d more of this kind were not noted)", left)
	}
	c.cfg.Clock.Emit(&trace.Entry{At: c.cfg.Clock.Elapsed(), Kind: trace.Warning, Node: node, Text: text})
}
