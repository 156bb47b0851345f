package tcp

// Receiver is the end of a transfer that takes data and acknowledges. Its zero value is unusable; call Init. It is not
// safe for concurrent use and must not be copied once segments have reached it.
type Receiver struct {
	cfg     *Config
	nxt     uint64 // next number expected; 0 while waiting for SYN
	fin     uint64 // number of FIN, 0 while unknown
	ooo     rangeSet
	recent  [3]uint64 // a number inside each lately grown range, latest first (RFC 2018, section 4)
	recents uint8
	pending int   // segments since the last acknowledgement
	ackAt   int64 // deadline of a delayed acknowledgement
	lastAck uint64
	// tsRecent is the timestamp to echo: of the earliest segment the next acknowledgement answers (RFC 7323, 4.3).
	tsRecent int64
	ce, ece  bool // state of the last data segment's mark; echo in force
	synced   bool
	stats    ReceiverStats
}

// ReceiverStats counts what reached the receiver.
type ReceiverStats struct {
	Delivered  uint64 // bytes handed to the application, in order
	Duplicate  uint64 // bytes that had arrived before
	Segments   uint64 // data segments that arrived
	OutOfOrder uint64 // of these, beyond the next expected number
	Marked     uint64 // of these, with CE
	ACKs       uint64 // acknowledgements sent
	First      int64  // ps: first byte delivered; Never before
	Last       int64  // ps: latest byte delivered; Never before
	Closed     int64  // ps: everything up to FIN delivered; Never before
}

// Init prepares the receiver for a transfer; buffers of an earlier one are kept. c must be valid and stay unchanged.
func (r *Receiver) Init(c *Config) {
	ooo := r.ooo
	ooo.reset()
	*r = Receiver{cfg: c, ooo: ooo, ackAt: Never}
	r.stats.First, r.stats.Last, r.stats.Closed = Never, Never, Never
	if !c.Handshake {
		r.nxt, r.lastAck, r.synced = 1, 1, true
	}
}

// Stats gives the counts so far.
func (r *Receiver) Stats() ReceiverStats { return r.stats }

// Closed says whether everything up to FIN has arrived.
func (r *Receiver) Closed() bool { return r.stats.Closed != Never }

// OnSegment takes a segment that arrived at now and answers it into out. Segments without data, SYN or FIN are ignored.
func (r *Receiver) OnSegment(g *Segment, now int64, out *Output) {
	r.onSegment(g, now, out)
	out.Deadline = r.ackAt
}

func (r *Receiver) onSegment(g *Segment, now int64, out *Output) {
	if g.Flags&SYN != 0 {
		if !r.synced {
			r.synced, r.nxt = true, g.Seq+1
		}
		if r.nxt == g.Seq+1 { // the latest, so that a repeated SYN is timed by itself
			r.tsRecent = g.TSVal
		}
		r.acknowledge(now, SYN, out)
		return
	}
	end := g.End()
	if !r.synced || end == g.Seq {
		return
	}
	if g.Seq <= r.lastAck && g.TSVal >= r.tsRecent {
		r.tsRecent = g.TSVal
	}
	r.stats.Segments++
	r.mark(g, now, out)
	if end <= r.nxt || g.Seq >= r.nxt+r.cfg.ReceiveWindow {
		if end <= r.nxt {
			r.stats.Duplicate += uint64(g.Len)
		}
		r.acknowledge(now, 0, out)
		return
	}
	if g.Flags&FIN != 0 {
		r.fin = end - 1
	}
	if g.Seq > r.nxt {
		r.stats.OutOfOrder++
		added, _ := r.ooo.add(Range{g.Seq, end}, 0)
		r.stats.Duplicate += end - g.Seq - added
		r.remember(g.Seq)
		r.acknowledge(now, 0, out) // at once: RFC 5681, section 4.2
		return
	}
	r.stats.Duplicate += r.nxt - g.Seq
	hole := r.ooo.bytes > 0
	r.advance(end, now)
	r.pending++
	closed := r.fin != 0 && r.nxt > r.fin
	if hole || closed || r.pending >= r.cfg.DelayedACK || r.ackAt <= now {
		r.acknowledge(now, 0, out)
	} else if r.ackAt == Never {
		r.ackAt = now + r.cfg.DelayedACKTimeout
	}
}

// OnTimer sends a delayed acknowledgement that is due.
func (r *Receiver) OnTimer(now int64, out *Output) {
	if now >= r.ackAt {
		r.acknowledge(now, 0, out)
	}
	out.Deadline = r.ackAt
}

// advance delivers data up to end and whatever waited behind it.
func (r *Receiver) advance(end uint64, now int64) {
	from := r.nxt
	r.nxt = end
	r.stats.Duplicate += r.ooo.trim(end, end)
	if x, ok := r.ooo.find(end); ok {
		r.nxt = x.End
		r.ooo.trim(x.End, 0)
	}
	n := r.nxt - from
	if r.fin != 0 && r.nxt > r.fin {
		n--
		if r.stats.Closed == Never {
			r.stats.Closed = now
		}
	}
	if n > 0 {
		r.stats.Delivered += n
		if r.stats.First == Never {
			r.stats.First = now
		}
		r.stats.Last = now
	}
}

// mark keeps the state of ECN echoes: with DCTCP as RFC 8257, section 3.2, otherwise as RFC 3168, section 6.1.3.
func (r *Receiver) mark(g *Segment, now int64, out *Output) {
	if !r.cfg.ECN {
		return
	}
	ce := g.ECN == CE
	if ce {
		r.stats.Marked++
	}
	if r.cfg.Control != DCTCP {
		if g.Flags&CWR != 0 {
			r.ece = false
		}
		r.ece = r.ece || ce
		return
	}
	if ce != r.ce {
		if r.pending > 0 {
			r.acknowledge(now, 0, out) // what came before the change, with the old echo
		}
		r.ce, r.ece = ce, ce
	}
}

// remember puts the range that contains seq at the head of those reported.
func (r *Receiver) remember(seq uint64) {
	x, _ := r.ooo.find(seq)
	keep := [3]uint64{seq}
	n := uint8(1)
	for _, s := range r.recent[:r.recents] {
		if n < 3 && (s < x.Start || s >= x.End) {
			keep[n] = s
			n++
		}
	}
	r.recent, r.recents = keep, n
}

// acknowledge sends what has been received so far; more may be SYN.
func (r *Receiver) acknowledge(now int64, more Flags, out *Output) {
	g := Segment{Seq: 1, Ack: r.nxt, Window: r.cfg.ReceiveWindow, TSVal: now, TSEcr: r.tsRecent, Flags: ACK | more}
	if more&SYN != 0 {
		g.Seq = 0
	}
	if r.ece {
		g.Flags |= ECE
	}
	if r.cfg.SACK {
		n := uint8(0)
		for _, s := range r.recent[:r.recents] {
			if x, ok := r.ooo.find(s); ok {
				r.recent[n], g.SACK[n] = s, x
				n++
			}
		}
		r.recents, g.SACKs = n, n
		// Room left names the oldest ranges not yet named, so that lost acknowledgements cost little.
		for _, x := range r.ooo.live() {
			if g.SACKs == 3 {
				break
			}
			if !named(&g, x) {
				g.SACK[g.SACKs] = x
				g.SACKs++
			}
		}
	}
	r.pending, r.ackAt, r.lastAck = 0, Never, r.nxt
	r.stats.ACKs++
	out.Segments = append(out.Segments, g)
}

func named(g *Segment, x Range) bool {
	for i := uint8(0); i < g.SACKs; i++ {
		if g.SACK[i] == x {
			return true
		}
	}
	return false
}
