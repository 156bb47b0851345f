package sim

import (
	"sendim/sim/des"
	"sendim/sim/tcp"
)

// post is mail for one lane.
type post struct {
	list []parcel
	segs []tcp.Segment
}

// parcel is a frame on its way to another lane; its segment is in the post.
type parcel struct {
	event des.Event
	frame frame
}

// post sends a frame to another lane.
func (w *world) post(e des.Event, to uint8, id uint32, f *frame) {
	if w.apart {
		p := &w.mail[w.lanes.phase][to]
		p.list = append(p.list, parcel{e, *f})
		if f.seg >= 0 {
			p.list[len(p.list)-1].frame.seg = int32(len(p.segs))
			p.segs = append(p.segs, w.segs[f.seg])
		}
		w.posted = min(w.posted, e.At)
	} else {
		w.lanes.known = false
		w.lanes.list[to].takeIn(e, f, w.segs)
	}
	if f.seg >= 0 {
		w.freeSegs = append(w.freeSegs, f.seg)
		f.seg = -1
	}
	f.on = -1
	w.frames.free = append(w.frames.free, id)
}

// takeIn takes a frame over from another lane.
func (w *world) takeIn(e des.Event, from *frame, segs []tcp.Segment) *frame {
	e.A = w.keep(from, segs)
	w.queue.Push(e)
	return w.frames.at(e.A)
}

// keep makes a frame of another lane one's own.
func (w *world) keep(from *frame, segs []tcp.Segment) uint32 {
	id, f := w.frames.take()
	*f = *from
	if f.seg >= 0 {
		f.seg = w.keepSegment(&segs[f.seg])
	}
	return id
}

// collect takes the mail of a phase in.
func (w *world) collect(phase int) {
	for _, l := range w.lanes.list {
		if l == w {
			continue
		}
		p := &l.mail[phase][w.lane]
		for i := range p.list {
			w.takeIn(p.list[i].event, &p.list[i].frame, p.segs)
		}
		p.list, p.segs = p.list[:0], p.segs[:0]
	}
}
