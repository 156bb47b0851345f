package sim

import (
	"slices"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim/des"
)

// record is something that a worker leaves to be done when all stand still, in the one
// order that is defined.
//
// That order is the one in which a single worker would have come to it. Events of one
// moment happen in the order of their keys, except that what an event causes at once, at
// another node, comes after it in any case. As only one lane is concerned by that, the
// greatest key so far of a moment's events in a lane (share.top) is what decides between
// lanes.
type record struct {
	top   des.Event
	tick  uint32
	what  uint8
	node  model.NodeID
	flow  *run
	ping  *ping
	entry *trace.Entry
}

const (
	wrote     uint8 = iota // entry
	circled                // entry, the first time
	passed                 // flow's first frame came to node
	unscouted              // flow's first frame was lost
	landed                 // nothing of flow is on its way any more, and it sends no more
	ended                  // flow
	pinged                 // ping ended
)

func (w *world) note(r record) {
	r.top, r.tick = w.top, w.tick
	w.tick++
	w.book = append(w.book, r)
}

// settle does, after a window, what the workers have left.
func (x *lanes) settle() {
	w, books := x.home, x.books[:0]
	for _, l := range x.list {
		books = append(books, l.book...)
		clear(l.book)
		l.book = l.book[:0]
		for _, f := range l.closing {
			f.closing = true
		}
	}
	for _, l := range x.list {
		for _, f := range l.closing {
			books = x.landedLast(books, f)
		}
		for _, f := range l.landings {
			f.sides[l.lane].listed = false
			books = x.landedLast(books, f)
		}
		l.closing, l.landings = l.closing[:0], l.landings[:0]
		if len(l.ups) > 0 {
			for i := range l.ups {
				w.control.driver.Up(l.ups[i])
			}
			clear(l.ups)
			l.ups = l.ups[:0]
			w.control.fresh = true
		}
		w.control.downs.free = append(w.control.downs.free, l.obeyed...)
		l.obeyed = l.obeyed[:0]
	}
	if len(books) > 0 {
		slices.SortStableFunc(books, func(a, b record) int {
			if c := des.Compare(&a.top, &b.top); c != 0 {
				return c
			}
			return int(int32(a.tick - b.tick))
		})
		x.known = false
		for i := range books {
			w.perform(&books[i])
		}
		clear(books)
	}
	x.books = books[:0]
}

// landedLast notes the end of a flow of which nothing is on its way any more.
func (x *lanes) landedLast(books []record, f *run) []record {
	if f.looked || x.home.flows[f.index] != f || x.home.underWay(f) != 0 {
		return books
	}
	f.looked = true
	r := record{what: landed, flow: f}
	for i := range f.sides {
		s := &f.sides[i]
		if c := des.Compare(&s.last, &r.top); c > 0 || c == 0 && int32(s.tick-r.tick) > 0 {
			r.top, r.tick = s.last, s.tick
		}
	}
	return append(books, r)
}

func (w *world) perform(r *record) {
	now := r.top.At
	switch f := r.flow; r.what {
	case wrote:
		w.emit(r.entry)
	case circled:
		if !w.looped {
			w.looped = true
			w.emit(r.entry)
		}
	case passed:
		f.pass(r.node)
	case unscouted:
		f.scouted = false
	case landed:
		f.looked = false
		w.mayEnd(f, now)
	case ended:
		w.strike(f)
		w.account(f, now)
		w.finish(f, now)
	case pinged:
		w.tellPing(r.ping, now)
	}
}
