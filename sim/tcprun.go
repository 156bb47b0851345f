package sim

import (
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/workload"
	"sendim/sim/tcp"
)

// tcpRun is the transfer of a TCP flow.
type tcpRun struct {
	config   tcp.Config
	sender   tcp.Sender
	receiver tcp.Receiver
	armed    [3]int64 // earliest timer queued, per end, and for when the host takes more
	host     small
	peer     *host // who takes the data; nil before it is known
	back     packet.Header
	acked    uint64 // when last looked at, and time-outs by then
	timeouts uint64
}

// What Linux bears before it gives a connection up (tcp_syn_retries, tcp_retries2).
const (
	mostSYNs     = 6
	mostTimeouts = 15
)

func (w *world) launchTCP(f *run, now int64) {
	t := &tcpRun{config: w.tcpOf(f.spec.TCP), armed: [3]int64{tcp.Never, tcp.Never, tcp.Never}}
	t.config.MSS = int(f.spec.Packet - workload.Overhead(model.TCP))
	t.config.ReceiveWindow = max(t.config.ReceiveWindow, uint64(t.config.MSS))
	f.tcp = t
	t.sender.Init(&t.config)
	t.receiver.Init(&t.config)
	out := w.fresh(f, now)
	switch {
	case f.spec.Rate > 0:
		f.pace.set(now, int64(t.config.MSS), int64(f.spec.Rate))
		f.pace.limit(f)
		w.schedule(now, f.from.id, onSend, uint32(f.index), 0)
	case f.spec.Size > 0:
		f.offered = int64(f.spec.Size)
		t.sender.Write(uint64(f.spec.Size), now, out)
		t.sender.Close(now, out)
	default:
		t.sender.Write(tcp.Unlimited, now, out)
	}
	if f.spec.Duration > 0 {
		w.schedule(now+int64(f.spec.Duration), f.from.id, onStop, uint32(f.index), 0)
	}
	t.sender.Open(now, out)
	w.fromSender(f, now)
}

// fresh is emptyOutput for a call of the sender, which it tells what the host takes.
func (w *world) fresh(f *run, now int64) *tcp.Output {
	t := f.tcp
	t.sender.Allow(t.host.room(&w.arcs[f.from.arc], uint32(14+t.config.HeaderBytes+t.config.MSS), now))
	return w.emptyOutput()
}

func (w *world) emptyOutput() *tcp.Output {
	w.output.Segments = w.output.Segments[:0]
	return &w.output
}

// writeTCP lets an application with a rate write its next piece.
func (w *world) writeTCP(f *run, now int64) {
	p, out := &f.pace, w.fresh(f, now)
	n := p.size
	if p.left >= 0 {
		n = min(n, p.left)
		p.left -= n
	}
	f.offered += n
	f.tcp.sender.Write(uint64(n), now, out)
	p.step()
	if p.at < p.until && p.left != 0 {
		w.schedule(p.at, f.from.id, onSend, uint32(f.index), 0)
	} else if p.left == 0 {
		f.tcp.sender.Close(now, out)
	}
	w.fromSender(f, now)
}

func (w *world) stopTCP(f *run, now int64) {
	out := w.fresh(f, now)
	f.pace.until = now
	f.tcp.sender.Stop(now, out)
	w.fromSender(f, now)
	if t := f.tcp; f.spec.Size == 0 && f.spec.Rate == 0 {
		f.offered = int64(t.sender.Stats().Sent - t.sender.Stats().Retransmitted)
	}
}

// fromSender sends what the sender gave out, and follows its state.
func (w *world) fromSender(f *run, now int64) {
	t := f.tcp
	for {
		for i := range w.output.Segments {
			w.sendSegment(f, f.from, &f.header, &w.output.Segments[i], now)
		}
		if !t.sender.Held() {
			break
		}
		if at := t.host.opens(&w.arcs[f.from.arc], now); at > now {
			w.arm(f, 2, f.from, at)
			break
		}
		t.sender.Resume(now, w.fresh(f, now))
	}
	w.arm(f, 0, f.from, w.output.Deadline)
	if t.sender.Done() {
		w.account(f, now)
		w.end(f, now)
	}
}

func (w *world) arm(f *run, end uint32, h *host, deadline int64) {
	if t := f.tcp; deadline < t.armed[end] {
		t.armed[end] = deadline
		w.schedule(deadline, h.id, onTimer, uint32(f.index), end)
	}
}

// tcpTimer wakes an endpoint; a timer that was put off is set anew.
func (w *world) tcpTimer(f *run, end int, now int64) {
	t := f.tcp
	if t.armed[end] > now {
		return
	}
	t.armed[end] = tcp.Never
	switch end {
	case 1:
		t.receiver.OnTimer(now, w.emptyOutput())
		w.fromReceiver(f, now)
		return
	case 2:
		if t.sender.Held() {
			t.sender.Resume(now, w.fresh(f, now))
			w.fromSender(f, now)
		}
		return
	}
	t.sender.OnTimer(now, w.fresh(f, now))
	if w.hopeless(f) {
		w.account(f, now)
		w.end(f, now)
		return
	}
	w.fromSender(f, now)
}

// hopeless gives a transfer up as Linux would.
func (w *world) hopeless(f *run) bool {
	t := f.tcp
	s := t.sender.Stats()
	if s.Acked > t.acked { // so that only time-outs in a row count, this one included
		t.acked, t.timeouts = s.Acked, max(s.Timeouts, 1)-1
	}
	switch {
	case s.Established == tcp.Never && s.Timeouts > mostSYNs:
		f.reason = "connection timed out"
	case s.Established != tcp.Never && s.Timeouts-t.timeouts > mostTimeouts:
		f.reason = "no acknowledgement any more: connection timed out"
	default:
		if s.Established == tcp.Never && s.Timeouts >= mostSYNs || s.Established != tcp.Never && s.Timeouts-t.timeouts >= mostTimeouts {
			w.expect(f) // the next one is the last
		}
		return false
	}
	return true
}

// unreachable ends a connection that nobody's address could be found for, as Linux does
// (connect fails with EHOSTUNREACH). Datagrams are only lost.
func (w *world) unreachable(f *run, now int64) {
	if w.flows[f.index] == f && f.tcp.sender.Stats().Established == tcp.Never {
		w.account(f, now)
		f.reason = "connecting to " + f.header.IPDst.String() + ": no route to host"
		w.end(f, now)
	}
}

func (w *world) sendSegment(f *run, h *host, header *packet.Header, g *tcp.Segment, now int64) {
	id, x := w.frames.take()
	*x = frame{sent: now, owner: f.index, cargo: segment, on: -1, seg: w.keepSegment(g)}
	x.Header = *header
	x.Header.TCPFlags, x.Header.ECN = flagsOf(g.Flags), uint8(g.ECN)
	x.Bytes = uint32(14 + f.tcp.config.Bytes(g))
	if h == f.from {
		x.scout = !f.scouted
		f.scouted = true
	}
	x.forth = w.part != nil && h == f.from
	w.sets(f, x)
	w.send(h, id, x, now)
}

func flagsOf(f tcp.Flags) (out uint8) {
	if f&tcp.SYN != 0 {
		out |= packet.FlagSYN
	}
	if f&tcp.ACK != 0 {
		out |= packet.FlagACK
	}
	if f&tcp.FIN != 0 {
		out |= packet.FlagFIN
	}
	if f&tcp.ECE != 0 {
		out |= packet.FlagECE
	}
	if f&tcp.CWR != 0 {
		out |= packet.FlagCWR
	}
	return out
}

// receiveSegment gives a segment to the endpoint it is for.
func (w *world) receiveSegment(h *host, id uint32, x *frame, now int64) {
	f := w.flows[x.owner]
	if f == nil || f.tcp == nil {
		w.release(id, x)
		return
	}
	t, p := f.tcp, &x.Header
	g := w.segs[x.seg]
	g.ECN = tcp.ECN(p.ECN)
	back := packet.Header{EthType: packet.EthTypeIPv4, IPSrc: p.IPDst, IPDst: p.IPSrc, Proto: packet.ProtoTCP, TTL: packet.DefaultTTL, L4Src: p.L4Dst, L4Dst: p.L4Src, DSCP: f.header.DSCP}
	sent := x.sent
	w.release(id, x)
	w.count(f, -1)
	mine := h == f.from && p.IPSrc == f.header.IPDst && p.L4Src == f.header.L4Dst && p.L4Dst == f.header.L4Src
	switch {
	case p.TCPFlags&packet.FlagRST != 0:
		if mine {
			w.reset(f, now)
		}
	case mine && p.TCPFlags&packet.FlagACK != 0 && g.Len == 0:
		t.sender.OnSegment(&g, now, w.fresh(f, now))
		w.fromSender(f, now)
	case h.id == f.to || f.to == model.NoNode && h != f.from && (t.peer == nil || t.peer == h):
		t.peer, t.back = h, back
		if g.Len > 0 {
			f.latency.add(now - sent)
			f.received++
		}
		t.receiver.OnSegment(&g, now, w.emptyOutput())
		if t.receiver.Closed() {
			w.expect(f)
		}
		w.fromReceiver(f, now)
	case f.to == model.NoNode && h != f.from:
		w.refuse(f, h, back, now)
	}
}

func (w *world) fromReceiver(f *run, now int64) {
	t := f.tcp
	for i := range w.output.Segments {
		w.sendSegment(f, t.peer, &t.back, &w.output.Segments[i], now)
	}
	w.arm(f, 1, t.peer, w.output.Deadline)
}

// account brings a flow's figures up to date.
func (w *world) account(f *run, now int64) {
	switch {
	case w.apart: // when all stand still
	case f.tcp != nil:
		s, r := f.tcp.sender.Stats(), f.tcp.receiver.Stats()
		if f.tcp.peer != nil {
			f.credit(f.tcp.peer.id, int64(r.Delivered)-f.bytes)
		}
		f.bytes, f.sent, f.repeats = int64(r.Delivered), int64(s.Segments), int64(s.Retransmissions)
		if r.First != tcp.Never {
			f.first, f.last = r.First, r.Last
		}
		if f.spec.Size == 0 && f.spec.Rate == 0 {
			f.offered = int64(s.Sent - s.Retransmitted)
		}
	case f.fluid != nil:
		w.accountFluid(f, now)
	}
}
