package sim

import (
	"sendim/core/flow"
	"sendim/sim/tcp"
)

// cargo says what a frame carries beyond its header.
type cargo uint8

const (
	noCargo  cargo = iota // ARP, and what apps make up
	datagram              // owner: flow, seq
	segment               // owner: flow, seg
	echo                  // owner: ping, seq
	probe                 // owner: flow; makes the controller act on a fluid flow
)

// frame is a frame on its way. What every hop needs fills two lines of the processor's
// cache, which is why it is in this order.
type frame struct {
	flow.Packet       // Bytes counts the Ethernet header
	on          int32 // arc it travels on, -1
	hops        uint8 // switches crossed
	cargo       cargo
	lost        bool   // its link went down meanwhile
	scout       bool   // its way is written down as its flow's path
	owner       int32  // flow or ping, -1
	seq         uint32 // number among its owner's
	sent        int64  // when its host made it
	seg         int32  // in world.segs, -1
	queue       uint8  // that the last switch set, 0: none
	forth       bool   // a TCP segment of the flow's sender, where several work
}

const (
	chunkBits = 8
	chunkLen  = 1 << chunkBits
)

// arena holds frames at places that never move.
type arena struct {
	chunks []*[chunkLen]frame
	free   []uint32
}

func (a *arena) at(i uint32) *frame { return &a.chunks[i>>chunkBits][i&(chunkLen-1)] }

func (a *arena) take() (uint32, *frame) {
	n := len(a.free)
	if n == 0 {
		a.grow()
		n = len(a.free)
	}
	i := a.free[n-1]
	a.free = a.free[:n-1]
	return i, a.at(i)
}

func (a *arena) grow() {
	first := uint32(len(a.chunks)) << chunkBits
	chunk := new([chunkLen]frame)
	for i := chunkLen - 1; i >= 0; i-- {
		chunk[i].on = -1
		a.free = append(a.free, first+uint32(i))
	}
	a.chunks = append(a.chunks, chunk)
}

// travelling goes through the frames that are on a link.
func (a *arena) travelling(visit func(*frame)) {
	for _, chunk := range a.chunks {
		for i := range chunk {
			if f := &chunk[i]; f.on >= 0 && !f.lost {
				visit(f)
			}
		}
	}
}

// release frees a frame whose way has ended.
func (w *world) release(id uint32, f *frame) {
	if f.seg >= 0 {
		w.freeSegs = append(w.freeSegs, f.seg)
		f.seg = -1
	}
	if (f.scout || f.forth) && w.part != nil {
		w.untrack(f)
	}
	f.on = -1
	w.frames.free = append(w.frames.free, id)
}

// copyOf makes a second frame like the first.
func (w *world) copyOf(f *frame) (uint32, *frame) {
	id, c := w.frames.take()
	*c = *f
	c.scout = false
	if f.seg >= 0 {
		c.seg = w.keepSegment(&w.segs[f.seg])
	}
	if fl := w.owner(f); fl != nil {
		w.sets(fl, c)
	}
	return id, c
}

func (w *world) keepSegment(g *tcp.Segment) int32 {
	if n := len(w.freeSegs); n > 0 {
		i := w.freeSegs[n-1]
		w.freeSegs = w.freeSegs[:n-1]
		w.segs[i] = *g
		return i
	}
	w.segs = append(w.segs, *g)
	return int32(len(w.segs) - 1)
}

// owner is the flow that a frame belongs to, nil if none or if it has ended.
func (w *world) owner(f *frame) *run {
	if f.owner < 0 || f.cargo == echo || f.cargo == noCargo {
		return nil
	}
	return w.flows[f.owner]
}

// drop ends a frame's way without arrival.
func (w *world) drop(id uint32, f *frame) {
	fl := w.owner(f)
	if fl == nil {
		w.release(id, f)
		return
	}
	if f.scout {
		w.unscout(fl)
	}
	forward := f.cargo == datagram || f.cargo == segment && w.segs[f.seg].Len > 0
	if forward {
		w.loses(fl)
	}
	w.release(id, f)
	w.landed(fl)
}
