package sim

import (
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/sim/des"
)

// Address resolution as Linux does it: three requests, one a second, and room for 101
// frames that wait for the answer.
const (
	resolveTries   = 3
	resolveTimeout = des.Second
	resolveRoom    = 101
)

// life is what a host needs once it takes part.
type life struct {
	ip    packet.IPv4
	mac   packet.MAC
	known map[packet.IPv4]*neighbour // gone through in order of addresses only
}

type neighbour struct {
	mac     packet.MAC // 0: not known yet
	waiting []uint32   // frames
	fluids  []int32    // fluid flows that wait for the address
	asking  bool
	round   uint32
}

func (w *world) live(h *host) *life {
	if h.life == nil {
		h.life = &life{ip: w.address.HostIP(h.id), mac: w.address.HostMAC(h.id), known: map[packet.IPv4]*neighbour{}}
	}
	return h.life
}

func (w *world) neighbour(l *life, ip packet.IPv4) *neighbour {
	n := l.known[ip]
	if n == nil {
		n = &neighbour{}
		if id, ok := w.stations[ip]; ok {
			n.mac = w.address.HostMAC(id)
		}
		l.known[ip] = n
	}
	return n
}

// introduce lets hosts know each other's addresses from the start.
func (w *world) introduce() {
	w.stations = make(map[packet.IPv4]model.NodeID, len(w.hosts))
	for i := range w.hosts {
		w.stations[w.address.HostIP(w.hosts[i].id)] = w.hosts[i].id
	}
}

// atHost takes a frame in at a host.
func (w *world) atHost(h *host, id uint32, f *frame, now int64) {
	l := w.live(h)
	if f.scout && f.Header.EthDst == l.mac {
		w.scout(f, h.id)
	}
	h.digest = chain(h.digest, uint64(now), uint64(f.seq)<<32|uint64(f.Bytes))
	p := &f.Header
	if p.EthDst != l.mac && !p.EthDst.IsMulticast() || p.VLAN != 0 {
		w.stray(id, f)
		return
	}
	switch {
	case p.EthType == packet.EthTypeARP:
		w.hearARP(h, l, f, now)
		w.release(id, f)
	case p.EthType != packet.EthTypeIPv4 || p.IPDst != l.ip:
		w.stray(id, f)
	case f.cargo == datagram:
		w.receive(h, id, f, now)
	case f.cargo == segment:
		w.receiveSegment(h, id, f, now)
	case f.cargo == probe:
		w.hearProbe(h, id, f, now)
	case p.Proto == packet.ProtoICMP:
		w.hearEcho(h, l, id, f, now)
	default:
		w.stray(id, f)
	}
}

// stray ends a frame at a host that it does not concern.
func (w *world) stray(id uint32, f *frame) {
	fl := w.owner(f)
	w.release(id, f)
	if fl != nil {
		w.landed(fl)
	}
}

// send gives a host's frame the address of the next station and sends it, at once or when
// the address is known. The frame's IPDst says for whom it is.
func (w *world) send(h *host, id uint32, f *frame, now int64) {
	l := w.live(h)
	if h.arc < 0 {
		w.drop(id, f)
		return
	}
	f.Header.EthSrc = l.mac
	if f.Header.EthDst == 0 {
		n := w.neighbour(l, f.Header.IPDst)
		if n.mac == 0 {
			if w.arcs[h.arc].flags&isDown != 0 { // there is no way out at all
				w.drop(id, f)
				return
			}
			if len(n.waiting) == resolveRoom {
				w.drop(id, f)
			} else {
				n.waiting = append(n.waiting, id)
			}
			if !n.asking {
				n.asking = true
				n.round++
				w.ask(h, l, f.Header.IPDst, n, 1, now)
			}
			return
		}
		f.Header.EthDst = n.mac
	}
	w.depart(h, id, f, now)
}

func (w *world) depart(h *host, id uint32, f *frame, now int64) {
	if f.scout {
		w.scout(f, h.id)
	}
	h.digest = chain(h.digest, uint64(now), uint64(f.seq)<<32|uint64(f.Bytes)|1<<31)
	if f.cargo == segment && w.segs[f.seg].Len > 0 {
		fl := w.flows[f.owner]
		w.leave(uint32(h.arc), id, f, now)
		if c := &w.arcs[h.arc]; fl != nil && c.flags&isClassed == 0 {
			fl.tcp.host.leaves(c.busy)
		}
		return
	}
	w.leave(uint32(h.arc), id, f, now)
}

// frameOf makes a frame of the host's own.
func (w *world) frameOf(h packet.Header, bytes int, now int64) (uint32, *frame) {
	id, f := w.frames.take()
	*f = frame{sent: now, owner: -1, seg: -1, on: -1}
	f.Header, f.Bytes = h, uint32(bytes)
	return id, f
}

const arpBytes = 14 + 28

// ask sends an ARP request and sets its timer. The number of the round tells the timers
// of earlier rounds apart.
func (w *world) ask(h *host, l *life, ip packet.IPv4, n *neighbour, try uint32, now int64) {
	id, f := w.frameOf(packet.ARPRequest(l.mac, l.ip, ip), arpBytes, now)
	w.depart(h, id, f, now)
	w.schedule(now+resolveTimeout, h.id, onResolve, uint32(ip), n.round<<8|try)
}

// unresolved asks again, or gives up what waits.
func (w *world) unresolved(h *host, ip packet.IPv4, what uint32, now int64) {
	l := w.live(h)
	n := w.neighbour(l, ip)
	if !n.asking || n.round&0xffffff != what>>8 {
		return
	}
	if try := what & 0xff; try < resolveTries {
		w.ask(h, l, ip, n, try+1, now)
		return
	}
	n.asking = false
	n.fluids = n.fluids[:0]
	waiting := n.waiting
	n.waiting = nil
	for _, id := range waiting {
		x := w.frames.at(id)
		f := w.owner(x)
		w.drop(id, x)
		if f != nil && f.tcp != nil && f.from == h {
			w.unreachable(f, now)
		}
	}
}

// hearARP answers requests and learns from what is said to this host (RFC 826).
func (w *world) hearARP(h *host, l *life, f *frame, now int64) {
	p := &f.Header
	if p.ARPTPA != l.ip || p.ARPSPA == 0 {
		return
	}
	n := w.neighbour(l, p.ARPSPA)
	n.mac, n.asking = p.ARPSHA, false
	if p.ARPOp == packet.ARPOpRequest {
		id, reply := w.frameOf(packet.ARPReply(l.mac, l.ip, p.ARPSHA, p.ARPSPA), arpBytes, now)
		w.depart(h, id, reply, now)
	}
	waiting := n.waiting
	n.waiting = nil
	for _, id := range waiting {
		x := w.frames.at(id)
		x.Header.EthDst = n.mac
		w.depart(h, id, x, now)
	}
	for _, i := range n.fluids {
		if f := w.flows[i]; f != nil && !f.resolved {
			if f.chunks != nil {
				w.startChunks(f, n.mac, now)
			} else {
				w.startFluid(f, n.mac, now)
			}
		}
	}
	n.fluids = nil
}
