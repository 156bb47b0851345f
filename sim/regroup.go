package sim

import (
	"maps"
	"slices"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/sim/tcp"
)

// regroup has so many workers go on with a world that was read from a checkpoint, where
// that can be done; 0 leaves it to those who were at work then.
func (w *world) regroup(asked int) {
	if asked == 0 || asked == len(w.everyone()) {
		return
	}
	if w.part != nil {
		w.join()
	}
	if asked > 1 && w.fluid == nil && w.chunks == nil {
		w.employ(asked)
	}
}

// whole is the session's world.
func (w *world) whole() *world {
	if w.part != nil {
		return w.lanes.home
	}
	return w
}

// held goes through the numbers of all frames that wait somewhere for something else than
// their arrival, with the nodes that hold them.
func (w *world) held(visit func(at model.NodeID, id *uint32)) {
	for i := range w.hosts {
		h := &w.hosts[i]
		if h.life == nil {
			continue
		}
		for _, ip := range slices.Sorted(maps.Keys(h.life.known)) {
			n := h.life.known[ip]
			for k := range n.waiting {
				visit(h.id, &n.waiting[k])
			}
		}
	}
	for i := range w.odds {
		o := &w.odds[i]
		if i == 0 || o.classed == nil {
			continue
		}
		at := w.net.ArcFrom(model.Arc(o.arc)).Node
		for k := range o.classed.queues {
			q := &o.classed.queues[k]
			for j := range q.n {
				visit(at, &q.ring[(q.head+j)&uint32(len(q.ring)-1)].id)
			}
		}
	}
}

// join gives all that the workers have to one. All must stand still.
func (w *world) join() {
	x := w.lanes
	first := make([]uint32, len(x.list)) // of each lane's frames
	for i, l := range x.list {
		first[i] = uint32(len(w.frames.chunks)) << chunkBits
		segs := int32(len(w.segs))
		for _, chunk := range l.frames.chunks {
			for k := range chunk {
				if chunk[k].seg >= 0 {
					chunk[k].seg += segs
				}
			}
		}
		w.frames.chunks = append(w.frames.chunks, l.frames.chunks...)
		for _, id := range l.frames.free {
			w.frames.free = append(w.frames.free, id+first[i])
		}
		w.segs = append(w.segs, l.segs...)
		for _, seg := range l.freeSegs {
			w.freeSegs = append(w.freeSegs, seg+segs)
		}
		w.active = append(w.active, l.active...)
		w.overtaken += l.overtaken
		w.seq = max(w.seq, l.seq)
	}
	w.held(func(at model.NodeID, id *uint32) { *id += first[w.part[at]] })
	for i, l := range x.list {
		for _, e := range l.queue.AppendPending(nil) {
			if e.Kind == onFrame {
				e.A += first[i]
			}
			w.queue.Push(e)
		}
	}
	for _, f := range w.flows {
		if f != nil {
			w.fold(f).sides = nil
		}
	}
	for a := range w.arcs {
		w.arcs[a].lane = 0
	}
	w.lanes, w.part, w.lane, w.share = nil, nil, 0, share{}
}

// inherit has lanes that were made of a world at work know what they would know if they
// had been there from the start.
func (x *lanes) inherit() {
	w := x.home
	for _, f := range w.flows {
		if f == nil {
			continue
		}
		f.sides = make([]side, len(x.list))
		x.mixed = x.mixed || f.spec.Service != ""
		if t := f.tcp; t != nil && (t.receiver.Closed() || t.lastTry()) {
			x.list[w.part[f.from.id]].expect(f)
		}
	}
	for _, l := range x.list {
		l.flows = slices.Clone(w.flows)
	}
}

// lastTry says whether a transfer gives up with its next time-out; see hopeless.
func (t *tcpRun) lastTry() bool {
	s := t.sender.Stats()
	if s.Established == tcp.Never {
		return s.Timeouts >= mostSYNs
	}
	return s.Timeouts-t.timeouts >= mostTimeouts
}

// adopt takes a frame of the world that was divided, which its lane knows from now on.
func (w *world) adopt(x *frame) {
	f := w.owner(x)
	if f == nil {
		return
	}
	s := &f.sides[w.lane]
	if x.forth = x.cargo == segment; x.forth { // whichever way it goes: being careful costs little
		s.forth++
	}
	if x.scout {
		s.scouts++
		w.scouting = append(w.scouting, f)
	}
}

// fateful says whether what comes of an event must not happen beside anything else.
func (c *channelToController) fateful(kind uint8, slot uint32) bool {
	switch kind {
	case onLinger, onLaunch:
		return true
	case onDowncall:
		d := c.downs.peek(slot)
		return d.Kind == control.SendPacket || d.Kind == control.AskStats
	}
	return false
}
