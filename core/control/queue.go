package control

import (
	"cmp"

	"sendim/core/app"
	"sendim/core/model"
)

// The notes that the runtime writes to itself. Like upcalls they are delivered in the
// order (arrival, source, kind, sequence); their source is no node, so that they come
// before the upcalls of the same moment.
const (
	noteStart uint8 = iota + 1
	noteTimer
	noteApplied
	noteFailed
	noteChange
	noteEdit
)

// item is an arrival that waits.
type item struct {
	at     model.Time
	seq    uint64
	source model.NodeID
	kind   uint8
	slot   int32 // of an upcall; plain: all that it says is here
	note   *note // of all but the start
	xid    uint64
}

// plain is the slot of the upcalls that say least and are the most: that a switch is
// there as the model has it, and that it has carried out what it was told.
const plain = -1

type note struct {
	app     int32
	timer   *timer
	applied app.Applied
	failed  app.Failed
	change  model.Change
	edit    *edited
}

// timer is one run of an app's timer.
type timer struct {
	name      string
	due       model.Time
	cancelled bool
}

// queue is a heap of items.
type queue struct {
	items  []item
	calls  []Upcall // by slot
	free   []int32
	others int // items that are not timers
}

func (q *queue) due() model.Time {
	for len(q.items) > 0 && q.items[0].kind == noteTimer && q.items[0].source == model.NoNode && q.items[0].note.timer.cancelled {
		q.pop()
	}
	if len(q.items) == 0 {
		return model.Forever
	}
	return q.items[0].at
}

func before(a, b *item) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.kind, b.kind), cmp.Compare(a.seq, b.seq)) < 0
}

func (q *queue) pushUpcall(u Upcall) {
	if u.Kind == SwitchConnected && u.AllUp && u.Stats == nil || u.Kind == BarrierReply {
		q.push(item{at: u.At, source: u.Switch, kind: uint8(u.Kind), seq: u.Seq, slot: plain, xid: u.Xid})
		return
	}
	slot := int32(len(q.calls))
	if n := len(q.free); n > 0 {
		slot, q.free = q.free[n-1], q.free[:n-1]
		q.calls[slot] = u
	} else {
		q.calls = append(q.calls, u)
	}
	kind := u.Kind
	if kind == SwitchLost { // of loss and return at one moment the later one counts
		kind = SwitchConnected
	}
	q.push(item{at: u.At, source: u.Switch, kind: uint8(kind), seq: u.Seq, slot: slot})
}

// take gives an upcall and frees its slot.
func (q *queue) take(it *item) Upcall {
	slot := it.slot
	if slot == plain {
		kind := UpcallKind(it.kind)
		return Upcall{Kind: kind, Switch: it.source, At: it.at, Seq: it.seq, Xid: it.xid, AllUp: kind == SwitchConnected}
	}
	u := q.calls[slot]
	q.calls[slot] = Upcall{}
	q.free = append(q.free, slot)
	return u
}

// shrink gives back the room of what waited, when nothing does.
func (q *queue) shrink() {
	if len(q.items) == 0 && cap(q.items) > kept {
		q.items, q.calls, q.free = nil, nil, nil
	}
}

func (q *queue) counts(it *item) bool { return it.source != model.NoNode || it.kind != noteTimer }

func (q *queue) push(it item) {
	if q.counts(&it) {
		q.others++
	}
	q.items = append(q.items, it)
	for i := len(q.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !before(&q.items[i], &q.items[up]) {
			break
		}
		q.items[i], q.items[up] = q.items[up], q.items[i]
		i = up
	}
}

func (q *queue) pop() item {
	top, n := q.items[0], len(q.items)-1
	if q.counts(&top) {
		q.others--
	}
	q.items[0] = q.items[n]
	q.items[n] = item{}
	q.items = q.items[:n]
	for i := 0; ; {
		low := 2*i + 1
		if low >= n {
			break
		}
		if low+1 < n && before(&q.items[low+1], &q.items[low]) {
			low++
		}
		if !before(&q.items[low], &q.items[i]) {
			break
		}
		q.items[i], q.items[low] = q.items[low], q.items[i]
		i = low
	}
	return top
}
