package track

import (
	"slices"

	"sendim/core/control"
	"sendim/core/model"
)

// whose says whom an answer is for.
type whose uint8

const (
	nobody whose = iota
	theirs       // the runtime
	mine
)

// ledger numbers what goes to switches, the runtime's downcalls and the Tracker's in one
// row, and finds the runtime's numbers again.
type ledger struct {
	xid   uint64
	open  map[model.NodeID][]entry // by rising number, up to the last barrier's answer
	asked map[uint64]entry         // for statistics
}

type entry struct {
	out, in uint64 // in is 0 for the Tracker's own
	sw      model.NodeID
}

func newLedger() ledger {
	return ledger{open: map[model.NodeID][]entry{}, asked: map[uint64]entry{}}
}

// number appends downcalls to an answer with their numbers. Those without one are the
// Tracker's own.
func (l *ledger) number(down, out []control.Downcall) []control.Downcall {
	for i := range down {
		d := down[i]
		l.xid++
		e := entry{l.xid, d.Xid, d.Switch}
		switch {
		case d.Kind == control.AskStats:
			l.asked[e.out] = e
		case d.Kind != control.SendPacket || e.in != 0: // nobody asks what became of our packets
			l.open[d.Switch] = append(l.open[d.Switch], e)
		}
		if d.Xid == 0 {
			d.App = -1
		}
		d.Xid = l.xid
		out = append(out, d)
	}
	return out
}

// answered gives the runtime's number of what a switch answers.
func (l *ledger) answered(u *control.Upcall) (in uint64, of whose) {
	find := func() (int, bool) {
		return slices.BinarySearchFunc(l.open[u.Switch], u.Xid, func(e entry, xid uint64) int {
			switch {
			case e.out < xid:
				return -1
			case e.out > xid:
				return 1
			}
			return 0
		})
	}
	var e entry
	if asked, ok := l.asked[u.Xid]; ok && asked.sw == u.Switch && u.Kind != control.BarrierReply {
		delete(l.asked, u.Xid)
		e = asked
	} else {
		i, ok := find()
		if !ok {
			return 0, nobody
		}
		e = l.open[u.Switch][i]
		if u.Kind == control.BarrierReply {
			l.open[u.Switch] = slices.Delete(l.open[u.Switch], 0, i+1)
		}
	}
	if e.in == 0 {
		return 0, mine
	}
	return e.in, theirs
}

// lost forgets what a switch that went will not answer.
func (l *ledger) lost(sw model.NodeID) {
	delete(l.open, sw)
	for xid, e := range l.asked {
		if e.sw == sw {
			delete(l.asked, xid)
		}
	}
}
