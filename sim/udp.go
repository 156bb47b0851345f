package sim

import (
	"math/bits"

	"sendim/core/packet"
	"sendim/core/workload"
	"sendim/sim/des"
)

// pacer gives the times of equal steps at a rate exactly: step i is due at
// start + floor(i * bits * 10^12 / rate), without drift.
type pacer struct {
	at         int64
	whole      int64
	rest, part uint64 // in units of 1/rate ps
	rate       uint64
	until      int64 // of the flow; des end
	left       int64 // application bytes, -1: no limit
	size       int64 // application bytes of a full packet
}

func (p *pacer) set(start int64, bytes int64, rate int64) {
	hi, lo := bits.Mul64(uint64(bytes)*8, uint64(des.Second))
	q, r := bits.Div64(hi, lo, uint64(rate))
	*p = pacer{at: start, whole: int64(q), rest: r, rate: uint64(rate), size: bytes}
}

func (p *pacer) step() {
	p.at += p.whole
	if p.part += p.rest; p.part >= p.rate {
		p.part -= p.rate
		p.at++
	}
}

func (w *world) launchUDP(f *run, now int64) {
	if f.spec.Pattern != "" {
		w.launchPaced(f, now)
		return
	}
	payload := int64(f.spec.Packet - workload.Overhead(f.spec.Transport))
	rate := int64(f.spec.Rate)
	if rate == 0 { // as fast as the access link takes it
		rate = max(1, w.arcs[f.from.arc].rate*payload/int64(f.spec.Packet))
	}
	f.pace.set(now, payload, rate)
	f.pace.limit(f)
	w.sendNext(f, now)
}

// limit puts the end of a flow into its pacer.
func (p *pacer) limit(f *run) {
	p.until, p.left = 1<<63-1, -1
	if f.spec.Duration > 0 {
		p.until = f.start + int64(f.spec.Duration)
	}
	if f.spec.Size > 0 {
		p.left = int64(f.spec.Size)
	}
}

// sendNext sends a UDP flow's next packet, or lets a TCP flow's application write.
func (w *world) sendNext(f *run, now int64) {
	if f.tcp != nil {
		w.writeTCP(f, now)
		return
	}
	if f.chunks != nil {
		w.wakeChunks(f, now)
		return
	}
	if f.paced != nil {
		w.sendPaced(f, now)
		return
	}
	p := &f.pace
	n := p.size
	if p.left >= 0 {
		n = min(n, p.left)
		p.left -= n
	}
	p.step()
	next := int64(-1)
	if p.at < p.until && p.left != 0 {
		next = p.at
	}
	w.sendDatagram(f, n, next, now)
}

// sendDatagram sends a packet of n application bytes; the one after it is due at next, or
// there is none (-1).
func (w *world) sendDatagram(f *run, n, next, now int64) {
	id, x := w.frames.take()
	*x = frame{sent: now, owner: f.index, cargo: datagram, seg: -1, on: -1, seq: uint32(f.sent)}
	x.Header, x.Bytes = f.header, uint32(n+int64(workload.Overhead(0)))
	x.scout = !f.scouted
	f.scouted = true
	f.sent++
	f.offered += n
	w.sets(f, x)
	f.due = next
	if next >= 0 {
		w.schedule(next, f.from.id, onSend, uint32(f.index), 0)
	} else {
		f.ending = true
		w.sentLast(f)
	}
	if !f.resolved {
		if known := w.live(f.from).known[f.header.IPDst]; known != nil && known.mac != 0 {
			f.header.EthDst, f.resolved = known.mac, true
			x.Header.EthDst = known.mac
		}
	}
	w.send(f.from, id, x, now)
}

// receive takes a datagram in.
func (w *world) receive(h *host, id uint32, x *frame, now int64) {
	f := w.flows[x.owner]
	if f == nil {
		w.release(id, x)
		return
	}
	if f.to == h.id || f.spec.Service != "" && x.Header.Proto == packet.ProtoUDP {
		if f.received == 0 {
			f.first = now
		}
		if x.seq < f.newest {
			w.overtaken++
		}
		f.newest = max(f.newest, x.seq)
		f.received++
		bytes := int64(x.Bytes) - int64(workload.Overhead(0))
		f.bytes += bytes
		f.credit(h.id, bytes)
		f.last = now
		f.latency.add(now - x.sent)
	}
	w.release(id, x)
	w.landed(f)
}
