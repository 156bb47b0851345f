package sim

import (
	"sendim/core/model"
	"sendim/sim/des"
)

// fluidFailure is what a fluid flow has whose path has failed.
type fluidFailure struct {
	gone    bool  // a connection that had a path has none, or does not know of it yet
	latest  int64 // when it last tried
	next    int64 // when it tries again
	wait    int64 // how long it waited, or will wait, for that
	asked   bool  // its last try went to the controller, which may send it on
	carried bool  // the controller takes its packets to the receiver, one by one
	heard   bool  // and did since it was last asked
}

// A connection whose path has gone tries again as TCP does after its time-outs: the first
// comes after the shortest there is (sim/tcp), the others after twice as long each. A path
// that is back within a quarter of that after it went is taken at once: fast retransmission
// has found it. So is one that is back so soon after a try that came to the controller, which
// has sent the packet on; what other tries send meanwhile is lost.
const (
	firstRetry = 200 * des.Millisecond
	mostRetry  = 60 * des.Second
	bridged    = firstRetry / 4
)

// hesitate has a connection whose path was gone go on when it finds out that there is one.
func (w *world) hesitate(f *run, now int64) {
	r := f.fluid
	switch {
	case f.spec.Transport != model.TCP:
	case !r.through && !r.gone && r.since > 0:
		r.gone, r.asked, r.latest, r.wait = true, true, now, firstRetry
		r.next = now + r.wait
		w.schedule(r.next, f.from.id, onAgain, uint32(f.index), 0)
	case !r.through || !r.gone:
	case now-r.latest <= bridged && r.asked || now == r.latest:
		r.gone = false
	default:
		r.route = append(r.route[:0], w.fluid.void)
	}
}

// retryFluid is a connection's next try.
func (w *world) retryFluid(f *run, now int64) {
	r := f.fluid
	if r == nil || !r.live || !r.gone || r.next != now {
		return
	}
	r.wait = min(2*r.wait, mostRetry)
	r.asked, r.latest, r.next = r.missed && !r.through, now, now+r.wait
	w.schedule(r.next, f.from.id, onAgain, uint32(f.index), 0)
	if r.through {
		w.unsettle(f, true)
		w.bother(now)
	} else if r.missed {
		w.sendProbe(f, now)
	}
}

// delivered takes note that a packet of a flow without a path has reached the receiver all
// the same: an app that does not know where the receiver is takes every packet in and sends
// it everywhere. Of the links on such a way only the first and the last are sure.
func (w *world) delivered(f *run, h *host, now int64) {
	r := f.fluid
	if f.spec.Transport == model.TCP || r == nil || !r.live || r.through || f.spec.Service != "" || h.id != f.spec.To || h.arc < 0 {
		return
	}
	r.heard = true
	if !r.carried {
		r.carried = true
		w.unsettle(f, true)
		w.bother(now)
	}
}

// carry gives a flow that the controller carries its rate.
func (w *world) carry(f *run, now int64) {
	r := f.fluid
	if r.carried = r.carried && r.missed && !r.through; !r.carried {
		return
	}
	h, _ := w.hostOf(f.spec.To)
	first, last := uint32(f.from.arc), uint32(h.arc)^1
	if (w.arcs[first].flags|w.arcs[last].flags)&isDown != 0 {
		r.carried = false
		return
	}
	if r.since == 0 {
		r.since = now
	}
	r.sleeping = 0
	r.route = append(r.route[:0], w.resourceOf(first), w.resourceOf(last))
	r.arcs = append(r.arcs[:0], first, last)
}

// forsaken says that the controller carries a flow no longer.
func (w *world) forsaken(f *run, now int64) {
	r := f.fluid
	if r.carried && !r.heard {
		r.carried = false
		w.unsettle(f, true)
		w.bother(now)
	}
	r.heard = false
}
