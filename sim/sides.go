package sim

import (
	"sendim/sim/des"
)

// side is what happens to a flow in one lane.
type side struct {
	last     des.Event // when something landed there, as share.top and tick
	tick     uint32
	inFlight int32 // what was sent less what has landed, within windows
	lost     int32
	upcalls  int32
	scouts   int32 // frames whose way is written down
	forth    int32 // TCP segments on the way to the receiver
	listed   bool  // in landings
	expected bool
}

// count follows how many frames of a flow are on their way.
func (w *world) count(f *run, more int32) {
	if w.apart {
		f.sides[w.lane].inFlight += more
	} else {
		f.inFlight += more
	}
}

// sets takes note of a new frame of a flow.
func (w *world) sets(f *run, x *frame) {
	w.count(f, 1)
	if w.part == nil {
		return
	}
	s := &f.sides[w.lane]
	if x.forth {
		s.forth++
	}
	if x.scout {
		s.scouts++
		w.scouting = append(w.scouting, f)
	}
}

// untrack is the counterpart of sets for what guarded wants to know.
func (w *world) untrack(x *frame) {
	f := w.owner(x)
	if f == nil {
		return
	}
	s := &f.sides[w.lane]
	if x.forth {
		s.forth--
	}
	if x.scout {
		s.scouts--
	}
}

// underWay is how many frames of a flow are on their way.
func (w *world) underWay(f *run) int32 {
	n := f.inFlight
	for i := range f.sides {
		n += f.sides[i].inFlight
	}
	return n
}

// fold brings a flow's figures together.
func (w *world) fold(f *run) *run {
	for i := range f.sides {
		s := &f.sides[i]
		f.inFlight += s.inFlight
		f.upcalls += s.upcalls
		f.lost += int64(s.lost)
		s.inFlight, s.upcalls, s.lost = 0, 0, 0
	}
	return f
}

// loses counts a lost packet of a flow.
func (w *world) loses(f *run) {
	if w.apart {
		f.sides[w.lane].lost++
	} else {
		f.lost++
	}
}

// calls counts a frame of a flow that went to the controller.
func (w *world) calls(f *run) {
	if w.apart {
		f.sides[w.lane].upcalls++
	} else {
		f.upcalls++
	}
}

// unscout has the next frame of a flow be the one whose way is written down.
func (w *world) unscout(f *run) {
	if w.apart && w.part[f.from.id] != w.lane {
		w.note(record{what: unscouted, flow: f})
		return
	}
	f.scouted = false
}

// sentLast takes note of a flow's last datagram.
func (w *world) sentLast(f *run) {
	if w.apart {
		w.closing = append(w.closing, f)
	} else {
		f.closing = true
	}
}

// landedApart is landed within a window.
func (w *world) landedApart(f *run) {
	s := &f.sides[w.lane]
	s.inFlight--
	s.last, s.tick = w.top, w.tick
	w.tick++
	if f.closing && !s.listed {
		s.listed = true
		w.landings = append(w.landings, f)
	}
}

// expect has guarded look at a TCP flow.
func (w *world) expect(f *run) {
	if w.part == nil {
		return
	}
	if s := &f.sides[w.lane]; !s.expected {
		s.expected = true
		w.expected = append(w.expected, f)
	}
}
