package track

import (
	"sendim/core/model"
	"sendim/core/trace"
)

// notes bounds what the diary takes of things that strangers can cause at will.
type notes struct {
	bucket bucket
	silent bool
}

// newNotes lets a thousand through at once, and one a second.
func newNotes() notes { return notes{bucket: bucket{burst: 1000, perSecond: 1}} }

func (n *notes) put(t *Tracker, node, text string) {
	if !n.bucket.take(t.now) {
		n.silent = true
		return
	}
	if n.silent {
		n.silent = false
		text += " (more of this kind was not noted)"
	}
	t.sink.Emit(&trace.Entry{At: max(t.now, 0), Kind: trace.Warning, Node: node, Text: text})
}

func (t *Tracker) note(sw model.NodeID, text string) {
	name := ""
	if d := t.devices[sw]; d != nil {
		name = d.name
	}
	t.notes.put(t, name, text)
}

// once notes something of a port the first time, and says whether it was.
func (t *Tracker) once(p *port, text string) {
	if p.told[text] || len(p.told) >= 20 {
		return
	}
	if p.told == nil {
		p.told = map[string]bool{}
	}
	p.told[text] = true
	t.note(p.of.node, p.text()+": "+text)
}

// bucket bounds how often something may happen: burst at once, and so many a second.
type bucket struct {
	burst, perSecond int64
	spent            int64
	at               model.Time
}

func (b *bucket) take(now model.Time) bool {
	if back := int64((now - b.at) / (model.Second / model.Time(b.perSecond))); back > 0 {
		b.spent, b.at = max(0, b.spent-back), now
	}
	if b.spent >= b.burst {
		return false
	}
	b.spent++
	return true
}

func (b *bucket) fill() { b.spent = 0 }

// strangers is how many packets that the gate does not let in a port may send up at once,
// and a quarter of it every second. People plug in less, and so do racks.
const strangers = 256

// charge counts a packet against its port. A port that sends too many is closed to
// strangers: for 5 s, and twice as long each time that follows, up to a minute. Whoever is
// known there goes on.
func (t *Tracker) charge(p *port) bool {
	if p.bucket.take(t.now) {
		if p.shuts > 0 && t.now-p.shut > 2*model.Minute {
			p.shuts = 0
		}
		return true
	}
	if p.shut > t.now {
		return false
	}
	p.shut = t.now + min(model.Minute, 5*model.Second<<min(p.shuts, 4))
	p.shuts++
	t.hushed = append(t.hushed, p)
	t.touch(p.of)
	t.once(p, "more strangers than a port may show: closed to strangers for a while, each time")
	return false
}
