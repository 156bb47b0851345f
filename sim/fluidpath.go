package sim

import (
	"slices"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/sim/fluid"
)

// mostLegs bounds how many switches the branches of one flow may visit.
const mostLegs = 1024

// stride is a step that is still to be taken.
type stride struct {
	arc    uint32
	depth  int
	delay  int64
	bytes  uint32
	header packet.Header
}

// follow finds the links and meters that a flow uses, by what its header meets in the
// tables, and has the switches on the way call when they change. Branches (groups of type
// all) carry the whole flow each.
func (w *world) follow(f *run) {
	r := f.fluid
	r.anew, r.through, r.missed, r.latency = false, false, false, 0
	r.route = r.route[:0]
	var trail []model.NodeID
	todo := []stride{{arc: uint32(f.from.arc), depth: 0, header: f.header, bytes: uint32(f.spec.Packet)}}
	trail = append(trail, f.from.id)
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		c := &w.arcs[at.arc]
		if c.flags&isDown != 0 {
			continue
		}
		r.arcs = append(r.arcs, at.arc)
		r.route = append(r.route, w.resourceOf(at.arc))
		at.delay += c.delay
		trail = append(trail[:at.depth+1], model.NodeID(c.to))
		if c.slot < 0 {
			if h := &w.hosts[^c.slot]; !r.through && uint32(h.arc) == at.arc^1 && w.takes(f, h, &at.header) {
				r.through, r.latency = true, at.delay
				f.to = h.id
				if f.path == nil {
					f.path = slices.Clone(trail)
				}
			}
			continue
		}
		if len(r.legs) == mostLegs || at.depth >= mostHops {
			continue
		}
		l := w.leg()
		l.slot, l.packet = c.slot, flow.Packet{Header: at.header, InPort: c.port, Bytes: at.bytes}
		s := &w.switches[c.slot]
		w.at = s
		s.Trace(&l.packet, &w.result, &l.path)
		r.legs = append(r.legs, l)
		s.subscribe(f.index)
		if s.down {
			continue
		}
		r.route = w.meterRoute(l, r.route)
		r.missed = r.missed || len(l.path.Controller) > 0
		for i := len(l.path.Outputs) - 1; i >= 0; i-- {
			todo = w.strides(todo, s, &at, &l.path.Outputs[i], c.port)
		}
	}
	if r.through {
		f.latency = spread{}
		f.latency.add(r.latency)
	} else {
		r.route = append(r.route[:0], w.fluid.void)
	}
}

func (w *world) strides(todo []stride, s *node, at *stride, o *flow.Sent, in uint32) []stride {
	next := stride{depth: at.depth + 1, delay: at.delay, bytes: uint32(int32(at.bytes) + int32(o.Grow)), header: o.Header}
	if o.Port != flow.PortAll {
		a, ok := w.arcAt(s, o.Port)
		if !ok {
			return todo
		}
		next.arc = a
		return append(todo, next)
	}
	for k := int(s.ports) - 1; k >= 0; k-- {
		a := w.out[s.base+uint32(k)]
		if uint32(w.net.ArcFrom(a).Port) != in {
			next.arc = uint32(a)
			todo = append(todo, next)
		}
	}
	return todo
}

// takes says whether a host is the receiver of a flow that reaches it with this header.
func (w *world) takes(f *run, h *host, p *packet.Header) bool {
	l := w.live(h)
	return (h.id == f.spec.To || f.spec.Service != "" && h != f.from) && p.IPDst == l.ip && p.EthDst == l.mac && p.VLAN == 0
}

func (w *world) leg() *leg {
	x := w.fluid
	if n := len(x.legs); n > 0 {
		l := x.legs[n-1]
		x.legs = x.legs[:n-1]
		return l
	}
	return &leg{}
}

// unfollow gives a path up; what it counted must have been accounted before.
func (w *world) unfollow(f *run) {
	r := f.fluid
	for _, l := range r.legs {
		w.switches[l.slot].unsubscribe(f.index)
	}
	w.fluid.legs = append(w.fluid.legs, r.legs...)
	r.legs, r.arcs = r.legs[:0], r.arcs[:0]
}

func (s *node) subscribe(i int32) {
	if s.extended == nil {
		s.extended = &extension{}
	}
	s.extended.fluids = append(s.extended.fluids, i)
}

func (s *node) unsubscribe(i int32) {
	list := s.extended.fluids
	if at := slices.Index(list, i); at >= 0 {
		list[at] = list[len(list)-1]
		s.extended.fluids = list[:len(list)-1]
	}
}

// resourceOf is the resource of a channel.
func (w *world) resourceOf(a uint32) fluid.Resource {
	x := w.fluid
	if x.resource[a] == 0 {
		res := x.net.AddResource(w.capacity(a))
		x.net.Divide(res)
		x.resource[a] = int32(res) + 1
		o := w.oddityOf(a)
		o.fluid = x.resource[a]
		if o.line != nil {
			w.chunks.mixed = append(w.chunks.mixed, o.line)
		}
		w.arcs[a].flags |= isOdd
	}
	return fluid.Resource(x.resource[a] - 1)
}

// meterRoute appends the meters that a flow meets at a switch, with the rates they have.
func (w *world) meterRoute(l *leg, route []fluid.Resource) []fluid.Resource {
	x := w.fluid
	for _, number := range l.path.Meters {
		m, ok := w.switches[l.slot].Meter(number)
		if !ok {
			continue
		}
		rate := float64(m.Rate) * 1000 / 8
		if m.PerPacket {
			rate = float64(m.Rate) * float64(l.packet.Bytes)
		}
		key := meterKey{l.slot, number}
		res, known := x.meters[key]
		if !known {
			res = x.net.AddResource(rate)
			x.meters[key] = res
		}
		x.net.SetCapacity(res, rate)
		route = append(route, res)
	}
	return route
}
