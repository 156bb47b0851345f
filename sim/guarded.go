package sim

import (
	"slices"

	"sendim/core/model"
	"sendim/sim/tcp"
)

// stuck says whether something is there that was not made for windows.
func (x *lanes) stuck() bool {
	w := x.home
	return x.mixed || w.watched || w.fluid != nil || w.chunks != nil
}

// guarded says whether the order of what different workers do within a window could
// matter.
func (x *lanes) guarded(to int64, forever bool) bool {
	if x.stuck() {
		return true
	}
	for _, l := range x.list {
		// The way of a flow's first frame is written down; if that is lost, the way of
		// the frame that its host sends next after that moment.
		l.scouting = slices.DeleteFunc(l.scouting, func(f *run) bool { return l.flows[f.index] != f || !f.scouts() })
		if slices.ContainsFunc(l.scouting, func(f *run) bool { return f.mayGoOn(to) }) {
			return true
		}
		// A TCP flow whose sender has ended hears nothing any more; its receiver must not
		// answer what comes after that.
		l.expected = slices.DeleteFunc(l.expected, func(f *run) bool { return l.flows[f.index] != f })
		if slices.ContainsFunc(l.expected, func(f *run) bool { return f.mayAnswer(to) }) {
			return true
		}
	}
	// The run ends with its last flow.
	return forever && !x.outlasted(to)
}

// scouts says whether a frame is on its way whose way is written down.
func (f *run) scouts() bool {
	n := int32(0)
	for i := range f.sides {
		n += f.sides[i].scouts
	}
	return n > 0
}

// mayGoOn says whether a flow may send a frame up to a time.
func (f *run) mayGoOn(to int64) bool {
	if t := f.tcp; t != nil {
		return t.sender.Stats().Established != tcp.Never || min(t.armed[0], t.armed[2]) <= to
	}
	return f.due >= 0 && f.due <= to
}

// mayAnswer says whether a flow's receiver may send a segment up to a time.
func (f *run) mayAnswer(to int64) bool {
	n := int32(0)
	for i := range f.sides {
		n += f.sides[i].forth
	}
	return n > 0 || f.tcp.armed[1] <= to
}

// outlasted looks for something that goes on after a time for certain.
func (x *lanes) outlasted(to int64) bool {
	w := x.home
	if w.waiters > 0 || w.next < len(w.list) {
		return true
	}
	for range w.flows {
		if x.witness >= len(w.flows) {
			x.witness = 0
		}
		if f := w.flows[x.witness]; f != nil && x.outlasts(f, to) {
			return true
		}
		x.witness++
	}
	return false
}

func (x *lanes) outlasts(f *run, to int64) bool {
	if t := f.tcp; t != nil {
		if s := t.sender.Stats(); t.peer == nil || s.Established == tcp.Never || s.Timeouts-t.timeouts >= mostTimeouts || t.receiver.Closed() {
			return false
		}
		part := x.home.part
		return part[f.from.id] != part[t.peer.id] // its last acknowledgement crosses a boundary
	}
	switch p := &f.pace; {
	case f.ending || f.due <= 0 || f.spec.Transport != model.UDP:
		return false
	case f.due > to:
		return true
	case f.paced != nil:
		return false
	default: // its last datagram but one is later
		step := p.whole + 1
		return p.until-step > to && (p.left < 0 || p.left/p.size > (to-f.due)/step+2)
	}
}
