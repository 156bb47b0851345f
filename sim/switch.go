package sim

import (
	"fmt"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// mostHops is how many switches a frame may cross.
const mostHops = 255

// atSwitch takes a frame through a switch.
func (w *world) atSwitch(s *node, id uint32, f *frame, now int64) {
	if f.hops == mostHops {
		w.loops(s, now)
		w.drop(id, f)
		return
	}
	f.hops++
	if f.scout {
		w.scout(f, s.id)
	}
	s.digest = chain(s.digest, uint64(now), uint64(f.InPort)<<32|uint64(f.Bytes))
	r := &w.result
	if port, ok := s.Forward(&f.Packet, now); ok { // the usual case
		if a, ok := w.arcAt(s, port); ok {
			f.queue = 0
			w.leave(a, id, f, now)
			return
		}
		r.Outputs, r.Controller = append(r.Outputs[:0], flow.Sent{Port: port, Header: f.Header}), r.Controller[:0]
		w.forward(s, id, f, now)
		return
	}
	w.at = s
	s.Process(&f.Packet, now, r)
	if len(r.Outputs) == 1 && len(r.Controller) == 0 { // nearly as usual
		o := &r.Outputs[0]
		if a, ok := w.arcAt(s, o.Port); ok {
			if o.Changed {
				f.change(o)
			}
			if w.queued {
				f.queue = queueNumber(o.Queue)
			}
			w.leave(a, id, f, now)
			return
		}
	}
	w.forward(s, id, f, now)
}

func (w *world) loops(s *node, now int64) {
	if w.looped {
		return
	}
	e := warning(w.outside(now), fmt.Sprintf("a frame has crossed %d switches and is dropped at %s: the rules send it in circles", mostHops, w.net.NodeName(s.id)))
	if w.apart {
		w.note(record{what: circled, entry: e})
		return
	}
	w.looped = true
	w.emit(e)
}

// change rewrites a frame as a switch did.
func (f *frame) change(o *flow.Sent) {
	f.Header = o.Header
	f.Bytes += uint32(int32(o.Grow))
}

// leave is transmit for what leaves a node on its own account, which captures see.
func (w *world) leave(a uint32, id uint32, f *frame, now int64) {
	if w.captures != nil {
		w.captureAt(a, f, model.Outward, now)
	}
	w.transmit(a, id, f, now)
}

// forward sends a frame to where world.result says, and to the controller.
func (w *world) forward(s *node, id uint32, f *frame, now int64) {
	r := &w.result
	for i := range r.Controller {
		w.packetIn(s, f, &r.Controller[i], now)
	}
	in, kept := f.InPort, false
	for i := range r.Outputs {
		o := &r.Outputs[i]
		if o.Port == flow.PortAll {
			for k := range s.ports {
				a := uint32(w.out[s.base+k])
				if port := uint32(w.net.ArcFrom(model.Arc(a)).Port); port != in {
					w.sendCopy(a, f, o, now)
				}
			}
			continue
		}
		a, ok := w.arcAt(s, o.Port)
		switch {
		case !ok: // a port that is not there, or the switch itself
		case i == len(r.Outputs)-1:
			f.change(o)
			f.queue = queueNumber(o.Queue)
			kept = true
			w.leave(a, id, f, now)
		default:
			w.sendCopy(a, f, o, now)
		}
	}
	fl := w.owner(f)
	switch {
	case kept:
	case len(r.Outputs) == 0 && len(r.Controller) == 0:
		w.drop(id, f)
	default: // it lives on in its copies, or at the controller
		if fl != nil && len(r.Outputs) == 0 {
			w.calls(fl)
		} else if fl != nil && f.scout {
			w.unscout(fl)
		}
		w.release(id, f)
		if fl != nil {
			w.landed(fl)
		}
	}
}

func (w *world) sendCopy(a uint32, f *frame, o *flow.Sent, now int64) {
	id, c := w.copyOf(f)
	c.change(o)
	c.queue = queueNumber(o.Queue)
	w.leave(a, id, c, now)
}

// packetIn tells the controller about a frame.
func (w *world) packetIn(s *node, f *frame, c *flow.Copy, now int64) {
	if w.control.driver == nil {
		return
	}
	ghost := *f
	ghost.Header = c.Header
	ghost.Bytes += uint32(int32(c.Grow))
	if ghost.seg >= 0 {
		ghost.seg = -1
	}
	p := &control.Packet{InPort: c.InPort, Table: c.Table, Reason: c.Reason, Cookie: c.Cookie, Header: c.Header, Length: int(ghost.Bytes)}
	p.Framer = &ascent{of: w.common, frame: ghost, seg: w.segmentOf(f), most: int(c.MaxLen)}
	w.up(s, control.Upcall{Kind: control.PacketIn, Packet: p}, now)
}

// packetOut sends a frame of the controller.
func (w *world) packetOut(s *node, p *flow.PacketOut, now int64) error {
	h, layout, err := packet.Decode(p.Frame)
	if err != nil {
		return fmt.Errorf("the frame cannot be read: %w", err)
	}
	id, f := w.frames.take()
	*f = frame{sent: now, owner: -1, seg: -1, on: -1}
	w.revive(f, p.Frame, &h, &layout)
	f.Header, f.InPort, f.Bytes = h, p.InPort, uint32(len(p.Frame))
	if fl := w.owner(f); fl != nil {
		f.forth = w.part != nil && f.cargo == segment
		w.sets(fl, f)
		w.fold(fl).upcalls = max(0, fl.upcalls-1)
	}
	if f.hops == mostHops {
		w.loops(s, now)
		w.drop(id, f)
		return nil
	}
	f.hops++ // so that a frame that a switch and the controller send back and forth ends
	w.at = s
	if err := s.Send(&f.Packet, p.Actions, now, &w.result); err != nil {
		w.drop(id, f)
		return err
	}
	w.forward(s, id, f, now)
	return nil
}

// expire ends rules whose time has come.
func (w *world) expire(s *node, now int64) {
	if s.expiry != now {
		return // a later call took its place
	}
	s.expiry = flow.Never
	w.catchUp(s, now)
	w.removed(s, s.Expire(now), now)
	w.changed(s, now)
}

// removed tells the controller about rules that ended, where it asked for it.
func (w *world) removed(s *node, list []flow.Removed, now int64) {
	for i := range list {
		r := &list[i]
		s.digest = chain(s.digest, uint64(now), r.Counters.Packets<<8|uint64(r.Reason))
		if r.Rule.SendRemoved && w.control.driver != nil {
			w.up(s, control.Upcall{Kind: control.RuleRemoved, Removed: &control.Removed{
				Rule: r.Rule, Reason: r.Reason, Counters: r.Counters, Age: model.Time(r.Age)}}, now)
		}
	}
}

// changed follows up a change of a switch's tables: its next expiry, and fluid flows.
func (w *world) changed(s *node, now int64) {
	if next := s.NextExpiry(); next < s.expiry {
		s.expiry = next
		w.schedule(max(next, now), s.id, onExpiry, 0, 0)
	}
	w.detour(s, now, false)
}
