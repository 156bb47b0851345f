package sim

import (
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/sim/des"
)

// chunk is a copy of a piece on its way. It is at one place at a time: in a line, on a
// link, or waiting at a switch.
type chunk struct {
	header  packet.Header
	piece   int32
	gen     uint32 // tells those apart that had the same place
	on      int32  // arc, -1: none
	slot    int32  // of the switch where it waits, -1: none
	in      uint32 // port at which it arrives
	since   int64  // when it came to its line
	waits   int64  // its share of line.room
	hops    uint8
	tries   uint8
	home    bool // has left its sender
	travels bool // on the wire
	lost    bool // its link went down meanwhile
	scout   bool // its way is written down as its flow's path
	metered bool
	parked  bool
}

func (w *world) takeChunk() (int32, *chunk) {
	x := w.chunks
	id := int32(len(x.list))
	if n := len(x.free); n > 0 {
		id, x.free = x.free[n-1], x.free[:n-1]
	} else {
		x.list = append(x.list, chunk{})
	}
	k := &x.list[id]
	*k = chunk{gen: k.gen + 1, on: -1, slot: -1}
	return id, k
}

// freeChunk ends a chunk's way, and with the last copy the piece's.
func (w *world) freeChunk(id int32, now int64) {
	x := w.chunks
	k := &x.list[id]
	number, scout := k.piece, k.scout
	k.on, k.travels, k.slot = -1, false, -1
	k.gen++
	x.free = append(x.free, id)
	p := &x.pieces[number]
	p.copies--
	f := w.flows[p.flow]
	if f == nil {
		if p.copies == 0 {
			x.spare = append(x.spare, number)
		}
		return
	}
	if p.copies > 0 {
		return
	}
	if !p.delivered {
		if scout {
			f.scouted = false
		}
		w.losePiece(f, number, now)
	} else {
		x.spare = append(x.spare, number)
	}
	w.hasLeft(f, number, now)
	if w.flows[f.index] == f {
		w.pump(f, now)
		w.mayEndChunks(f, now)
	}
}

// dropChunk loses a chunk at a link, which has sent some of its packets.
func (w *world) dropChunk(a uint32, id int32, sent, now int64) {
	w.oddityOf(a).drops += uint64(w.chunks.pieces[w.chunks.list[id].piece].packets - sent)
	w.freeChunk(id, now)
}

// chunkArrives takes a chunk at the end of a link.
func (w *world) chunkArrives(id, slot int32, now int64) {
	k := &w.chunks.list[id]
	on := k.on
	k.on, k.travels = -1, false
	switch {
	case k.lost:
		w.freeChunk(id, now)
	case slot >= 0:
		w.chunkAt(&w.switches[slot], id, now)
	default:
		w.chunkAtHost(&w.hosts[^slot], id, on, now)
	}
}

func (w *world) chunkAtHost(h *host, id, on int32, now int64) {
	k := &w.chunks.list[id]
	p := &w.chunks.pieces[k.piece]
	h.digest = chain(h.digest, uint64(now), uint64(p.size)|1<<62)
	f := w.flows[p.flow]
	if f != nil && !p.delivered && h.arc == on^1 && w.takes(f, h, &k.header) {
		if f.spec.Transport == model.TCP && f.to != model.NoNode && f.to != h.id { // it does not know the connection
			w.reset(f, now)
		} else {
			f.to = h.id
			if k.scout {
				f.path = append(f.path, h.id)
			}
			w.takePiece(f, h, k.piece, now)
			if f.chunks.left < 0 && p.sent == now {
				f.reason = "nothing on its way takes time, so nothing bounds it"
				w.end(f, now)
			}
		}
	}
	w.freeChunk(id, now)
}

// chunkAt takes a chunk through a switch; it has arrived there whole.
func (w *world) chunkAt(s *node, id int32, now int64) {
	x := w.chunks
	k := &x.list[id]
	f := w.flows[x.pieces[k.piece].flow]
	switch {
	case f == nil || s.down:
		w.freeChunk(id, now)
		return
	case k.hops == mostHops:
		w.loops(s, now)
		w.freeChunk(id, now)
		return
	}
	w.at = s
	at := flow.Packet{Header: k.header, InPort: k.in, Bytes: uint32(f.spec.Packet)}
	s.Trace(&at, &w.result, &x.path)
	p := &x.pieces[k.piece]
	if len(x.path.Outputs) == 0 && len(x.path.Controller) > 0 {
		w.park(s, f, id, now)
		return
	}
	if !k.metered && len(x.path.Meters) > 0 {
		until, ok := w.meterChunk(s, f, p.size, now)
		if !ok {
			w.freeChunk(id, now)
			return
		}
		k.metered = true
		if until > now {
			k.slot, k.parked = w.slot[s.id], false
			w.schedule(until, s.id, onChunkWait, uint32(id), k.gen)
			return
		}
	}
	k.metered, k.tries, k.slot = false, 0, -1
	k.hops++
	s.digest = chain(s.digest, uint64(now), uint64(k.in)<<32|uint64(p.size)|1<<63)
	if k.scout && f.path[len(f.path)-1] != s.id {
		f.path = append(f.path, s.id)
	}
	s.TouchPath(&x.path, uint64(p.packets), uint64(p.size), now)
	if len(x.path.Controller) > 0 {
		w.announce(s, f, id, now)
	}
	w.spreadChunk(s, id, now)
}

// spreadChunk sends a chunk to where chunks.path says.
func (w *world) spreadChunk(s *node, id int32, now int64) {
	x := w.chunks
	in := x.list[id].in
	for i := range x.path.Outputs {
		o := &x.path.Outputs[i]
		if o.Port == flow.PortAll {
			for n := range s.ports {
				a := uint32(w.out[s.base+n])
				if uint32(w.net.ArcFrom(model.Arc(a)).Port) != in {
					w.enqueueCopy(a, id, &o.Header, now)
				}
			}
			continue
		}
		a, ok := w.arcAt(s, o.Port)
		switch {
		case !ok: // a port that is not there, or the switch itself
		case i == len(x.path.Outputs)-1:
			x.list[id].header = o.Header
			w.enqueue(a, id, now)
			return
		default:
			w.enqueueCopy(a, id, &o.Header, now)
		}
	}
	w.freeChunk(id, now) // it lives on in its copies
}

func (w *world) enqueueCopy(a uint32, id int32, header *packet.Header, now int64) {
	to, c := w.takeChunk()
	k := &w.chunks.list[id]
	gen := c.gen
	*c = *k
	c.gen, c.header, c.scout = gen, *header, false
	w.chunks.pieces[k.piece].copies++
	w.enqueue(a, to, now)
}

// meterChunk says until when the meters of chunks.path hold a chunk up: what stands for
// datagrams waits for nobody and is lost if it comes more than a burst too early (the
// virtual scheduling algorithm of ITU-T I.371).
func (w *world) meterChunk(s *node, f *run, size, now int64) (until int64, ok bool) {
	x := w.chunks
	until = now
	for pass := range 2 {
		for _, number := range x.path.Meters {
			m, known := s.Meter(number)
			if !known {
				continue
			}
			unit := int64(1000)
			if m.PerPacket {
				unit = 8 * int64(f.spec.Packet)
			}
			key := meterKey{w.slot[s.id], number}
			rate := int64(m.Rate) * unit
			if w.fluid != nil {
				if r, shared := w.fluid.meters[key]; shared {
					rate = max(rate-int64(w.fluid.net.Load(r)*8), rate/10)
				}
			}
			rate = max(rate, 1)
			free := x.meters[key]
			if pass == 0 {
				if burst := timeFor(uint64(max(int64(m.Burst)*unit, 8*size)), rate); f.spec.Transport == model.UDP && free > w.after(now, burst) {
					return 0, false
				}
				if f.spec.Transport == model.TCP {
					until = max(until, free)
				}
				continue
			}
			x.meters[key] = w.after(max(free, now), timeFor(uint64(8*size), rate))
		}
	}
	return until, true
}

// park keeps a chunk at a switch that does not know its way until the tables change. The
// controller hears of it at once and then once a second, but only of the first of a flow.
func (w *world) park(s *node, f *run, id int32, now int64) {
	k := &w.chunks.list[id]
	if !k.parked {
		if s.extended == nil {
			s.extended = &extension{}
		}
		if w.leads(s, f, id) {
			w.announce(s, f, id, now)
		}
		k.parked, k.slot = true, w.slot[s.id]
		s.extended.chunks = append(s.extended.chunks, id)
		f.chunks.parked++
		w.schedule(now+des.Second, s.id, onChunkWait, uint32(id), k.gen)
	}
}

// leads says whether a chunk is the first of its flow that waits at a switch.
func (w *world) leads(s *node, f *run, id int32) bool {
	x := w.chunks
	for _, i := range s.extended.chunks {
		if k := &x.list[i]; x.pieces[k.piece].flow == f.index && k.in == x.list[id].in {
			return i == id
		}
	}
	return true
}

// announce tells the controller about a chunk, as a frame of its flow that chunks.path
// sends there.
func (w *world) announce(s *node, f *run, id int32, now int64) {
	x := w.chunks
	k := &x.list[id]
	stand := frame{sent: now, owner: f.index, cargo: probe, seg: -1, on: -1, hops: k.hops}
	stand.Header, stand.InPort, stand.Bytes = k.header, k.in, uint32(f.spec.Packet)
	if len(x.path.Outputs) == 0 {
		s.TouchPath(&x.path, 1, uint64(f.spec.Packet), now)
	}
	for i := range x.path.Controller {
		w.packetIn(s, &stand, &x.path.Controller[i], now)
	}
	f.chunks.answered = false
}

// chunkWaits is when a chunk that waits at a switch goes on, or reminds the controller.
func (w *world) chunkWaits(id int32, gen uint32, now int64) {
	x := w.chunks
	k := &x.list[id]
	if k.gen != gen || k.slot < 0 {
		return
	}
	s := &w.switches[k.slot]
	if !k.parked {
		w.chunkAt(s, id, now)
		return
	}
	f := w.flows[x.pieces[k.piece].flow]
	if k.tries++; f != nil && k.tries >= patience {
		if f.spec.Transport == model.TCP {
			f.reason = noWay
			w.end(f, now)
		}
		f = nil
	}
	if f == nil || s.down {
		w.unpark(s, id)
		w.freeChunk(id, now)
		return
	}
	if w.leads(s, f, id) {
		w.at = s
		at := flow.Packet{Header: k.header, InPort: k.in, Bytes: uint32(f.spec.Packet)}
		s.Trace(&at, &w.result, &x.path)
		w.announce(s, f, id, now)
	}
	w.schedule(now+des.Second, s.id, onChunkWait, uint32(id), gen)
}

// unpark takes a chunk from the list of those that wait at a switch.
func (w *world) unpark(s *node, id int32) {
	list := s.extended.chunks
	for i, other := range list {
		if other == id {
			s.extended.chunks = append(list[:i], list[i+1:]...)
			break
		}
	}
	k := &w.chunks.list[id]
	k.parked = false
	if f := w.flows[w.chunks.pieces[k.piece].flow]; f != nil {
		f.chunks.parked--
	}
}

// retryParked looks at the chunks that wait at a switch again, whose tables or ports have
// changed.
func (w *world) retryParked(s *node, now int64) {
	if s.extended == nil || len(s.extended.chunks) == 0 {
		return
	}
	x := w.chunks
	x.again = append(x.again[:0], s.extended.chunks...)
	for _, id := range x.again {
		k := &x.list[id]
		if !k.parked || k.slot != w.slot[s.id] { // lost meanwhile, with its flow
			continue
		}
		f := w.flows[x.pieces[k.piece].flow]
		if f != nil && !s.down {
			w.at = s
			at := flow.Packet{Header: k.header, InPort: k.in, Bytes: uint32(f.spec.Packet)}
			s.Trace(&at, &w.result, &x.path)
			if len(x.path.Outputs) == 0 && len(x.path.Controller) > 0 {
				continue
			}
		}
		w.unpark(s, id)
		w.chunkAt(s, id, now)
	}
}
