package tcp

import "math"

// Sender is the end of a transfer that has data. Its zero value is unusable; call Init. It is not safe for concurrent use
// and must not be copied once opened.
//
// Life: Init, Open, then Write as data appears and Close after the last of it, in any order with OnSegment and OnTimer.
// Write and Close may come before Open. Each method takes the present time in picoseconds, never less than before, and
// leaves what is to be sent and the deadline in out.
type Sender struct {
	cfg *Config
	cc  control
	w   window
	rtt estimator

	una, nxt uint64 // first unacknowledged and next new sequence number
	limit    uint64 // number after the last byte written so far
	edge     uint64 // number after the last the receiver takes
	sacked   rangeSet

	// Everything below lostTo and not SACKed counts as lost since a time-out; 0 for nothing.
	lostTo uint64
	// rxt is the number after the highest retransmitted in this recovery (HighRxt of RFC 6675), at least una, and rxtOut
	// the bytes in [una, rxt) that are not SACKed, which are in flight anew.
	rxt, rxtOut uint64
	recover     uint64 // recovery point: what was outstanding when recovery began or the timer expired
	// The names of RFC 6937: what was outstanding when recovery began, and what has been delivered and sent since.
	recoverFS, prrDelivered, prrOut uint64
	dupAcks                         int
	cwrEnd                          uint64 // no second reduction for marks before this number is acknowledged

	rtoAt    int64 // deadline of the retransmission timer
	lastSend int64
	tsRecent int64
	room     int    // segments that the host takes now
	fullTo   uint64 // what was outstanding when the congestion window last stopped sending

	state    senderState
	recovery bool // fast recovery
	partial  bool // it has seen a partial acknowledgement
	rescued  bool // it has used its rescue retransmission
	limited  bool // the congestion window was what stopped the last attempt to send
	held     bool // the host was
	closed   bool
	cwr      bool // tell the receiver of the reduction
	stats    SenderStats
}

type senderState uint8

const (
	idle senderState = iota
	synSent
	established
	finished
)

// SenderStats tells how a transfer fares.
type SenderStats struct {
	Acked           uint64 // bytes acknowledged
	Sent            uint64 // bytes of payload sent, repetitions included
	Retransmitted   uint64 // of these, repetitions
	Segments        uint64 // segments sent, of any kind
	Retransmissions uint64 // of these, repetitions
	Timeouts        uint64 // expiries of the retransmission timer, those of SYN included
	Recoveries      uint64 // fast recoveries
	Reductions      uint64 // windows reduced because of marks
	Window          uint64 // congestion window, bytes
	Threshold       uint64 // slow start threshold, bytes
	InFlight        uint64 // bytes estimated to be on their way
	SRTT, RTTVar    int64  // ps; 0 before the first sample
	MinRTT, MeanRTT int64  // ps; 0 before the first sample
	RTO             int64  // ps: the time-out in force
	Opened          int64  // ps; Never before
	Established     int64  // ps; Never before
	Done            int64  // ps: everything, FIN included, acknowledged; Never before
}

// Init prepares the sender for a new transfer; buffers of an earlier one are kept. c must be valid and stay unchanged.
func (s *Sender) Init(c *Config) {
	sacked := s.sacked
	sacked.reset()
	mss := uint64(c.MSS)
	*s = Sender{
		cfg: c, cc: newControl(c), sacked: sacked, limit: 1, rtoAt: Never, room: math.MaxInt,
		w:   window{cwnd: uint64(c.InitialWindow) * mss, ssthresh: 1 << 62, mss: mss},
		rtt: estimator{base: c.InitialRTO},
	}
	s.stats.Opened, s.stats.Established, s.stats.Done = Never, Never, Never
}

// Open starts the transfer: with SYN, or at once with data.
func (s *Sender) Open(now int64, out *Output) {
	if s.state == idle {
		s.stats.Opened = now
		if s.cfg.Handshake {
			s.state, s.nxt = synSent, 1
			s.sendSYN(now, out)
			s.rtoAt = now + s.rtt.rto(s.cfg)
		} else {
			s.una, s.nxt, s.rxt, s.edge = 1, 1, 1, 1+s.cfg.ReceiveWindow
			s.establish(now)
			s.send(now, out)
		}
	}
	out.Deadline = s.rtoAt
}

// Unlimited is an amount to Write that no run ever sends.
const Unlimited uint64 = 1 << 60

// Write adds n bytes to send. After Close it does nothing.
func (s *Sender) Write(n uint64, now int64, out *Output) {
	if !s.closed {
		s.limit = min(s.limit+n, Unlimited)
		s.send(now, out)
	}
	out.Deadline = s.rtoAt
}

// Close says that no more will be written: FIN goes with or after the last byte.
func (s *Sender) Close(now int64, out *Output) {
	if !s.closed {
		s.closed = true
		s.send(now, out)
	}
	out.Deadline = s.rtoAt
}

// Stop closes a transfer whose time is over: bytes never sent are forgotten, those sent are still seen through.
func (s *Sender) Stop(now int64, out *Output) {
	if !s.closed {
		s.limit = max(s.nxt, 1)
	}
	s.Close(now, out)
}

// Allow says how many segments with data or FIN the host takes from now on; without it there is no bound. The first
// repetition of a fast recovery goes out in any case, as what it waits for is worth more than a place in a queue.
func (s *Sender) Allow(segments int) { s.room = segments }

// Held says whether Allow was what stopped the last attempt to send. Resume is then due once the host takes more.
func (s *Sender) Held() bool { return s.held }

// Resume sends what the host did not take before.
func (s *Sender) Resume(now int64, out *Output) {
	s.send(now, out)
	out.Deadline = s.rtoAt
}

// Done says whether everything written before Close, and FIN, is acknowledged.
func (s *Sender) Done() bool { return s.state == finished }

// Stats gives the figures so far.
func (s *Sender) Stats() SenderStats {
	t := s.stats
	t.Window, t.Threshold = s.w.cwnd, s.w.ssthresh
	if s.state >= established {
		t.InFlight = s.pipe()
		t.Acked = min(s.una, s.limit) - 1
	}
	t.SRTT, t.RTTVar, t.MinRTT, t.RTO = s.rtt.srtt, s.rtt.rttvar, s.rtt.least, s.rtt.rto(s.cfg)
	if s.rtt.samples > 0 {
		t.MeanRTT = s.rtt.sum / s.rtt.samples * 1000
	}
	return t
}

// OnSegment takes an acknowledgement that arrived at now.
func (s *Sender) OnSegment(g *Segment, now int64, out *Output) {
	s.onSegment(g, now, out)
	out.Deadline = s.rtoAt
}

func (s *Sender) onSegment(g *Segment, now int64, out *Output) {
	if g.Flags&ACK == 0 || s.state == idle || g.Ack > s.nxt {
		return
	}
	s.tsRecent = max(s.tsRecent, g.TSVal)
	if g.Flags&SYN != 0 {
		s.onSYN(g, now, out)
		return
	}
	if s.state != established || g.Ack < s.una {
		return
	}
	s.edge = max(s.edge, g.Ack+g.Window)
	before := s.una + s.sacked.bytes
	fresh := s.update(g)
	switch {
	case g.Ack > s.una:
		s.onNew(g, now, out)
	case s.una == s.nxt || g.Len > 0:
	case fresh || !s.cfg.SACK:
		s.onDuplicate(now, out)
	}
	if s.cfg.ECN && g.Flags&ECE != 0 {
		s.onMark(g, now)
	}
	if s.cfg.SACK && !s.recovery && s.una >= s.recover && s.isLost(s.una) {
		s.enterRecovery(now, out)
	}
	if s.recovery && s.cfg.SACK {
		s.pace(s.una + s.sacked.bytes - before)
	}
	s.send(now, out)
}

// onSYN completes the handshake, or repeats its last step when that was lost.
func (s *Sender) onSYN(g *Segment, now int64, out *Output) {
	if s.state == synSent {
		s.una, s.rxt, s.edge = 1, 1, 1+g.Window
		s.rtt.sample(now-g.TSEcr, s.cfg)
		if s.stats.Timeouts > 0 {
			s.w.cwnd = s.w.mss // RFC 5681, section 3.1
		}
		s.rtoAt = Never
		s.establish(now)
	}
	s.emit(Segment{Seq: s.nxt, Flags: ACK}, now, out)
	s.send(now, out)
}

func (s *Sender) establish(now int64) {
	s.state, s.stats.Established, s.lastSend = established, now, now
}

// OnTimer takes note that the deadline may have passed.
func (s *Sender) OnTimer(now int64, out *Output) {
	if now >= s.rtoAt {
		s.onTimeout(now, out)
	}
	out.Deadline = s.rtoAt
}

// onMark reduces the window once for the data outstanding (RFC 3168, section 6.1.2; RFC 8257, section 3.3, step 9).
func (s *Sender) onMark(g *Segment, now int64) {
	if g.Ack <= s.cwrEnd || s.recovery || s.una < s.lostTo {
		return
	}
	s.w.ssthresh = s.cc.reduced(&s.w, now, s.flight(), byMark)
	s.w.cwnd, s.w.credit = s.w.ssthresh, 0
	s.cwrEnd, s.cwr = s.nxt, true
	s.stats.Reductions++
}

// flight is what a loss finds outstanding, without what limited transmit added (RFC 5681, section 3.2, step 2) and
// without what the inflated window of a recovery without SACK let out for segments that had left the network.
func (s *Sender) flight() uint64 {
	n := min(s.nxt-s.una, s.w.cwnd)
	if s.recovery {
		n = min(n, s.w.ssthresh)
	}
	return n
}

// sendEnd is the number after the last that may be sent at all, FIN included.
func (s *Sender) sendEnd() uint64 {
	if s.closed {
		return s.limit + 1
	}
	return s.limit
}

// send transmits what windows and data allow: first what is lost, then what is new, then what only seems lost.
func (s *Sender) send(now int64, out *Output) {
	s.held = false
	if s.state != established {
		return
	}
	if s.una == s.nxt && s.nxt < s.sendEnd() { // RFC 5681, section 4.1
		if d := now - s.lastSend; d > s.rtt.rto(s.cfg) {
			s.w.cwnd = min(s.w.cwnd, uint64(s.cfg.InitialWindow)*s.w.mss)
			s.cc.idled(d)
		}
	}
	for {
		pipe := s.pipe()
		if x, ok := s.nextLost(); ok {
			if !s.fits(pipe, x) {
				s.full()
				return
			}
			if s.hold(pipe) {
				return
			}
			s.resend(x, now, out)
			continue
		}
		if end := s.sendEnd(); s.nxt < end && s.nxt < s.edge {
			x := s.cut(s.nxt, end)
			if x.End > s.edge && s.una != s.nxt {
				s.limited = false // what does not fit the receiver's window whole waits (RFC 9293, section 3.8.6.2)
				return
			}
			if !s.fitsNew(pipe, x) {
				s.full()
				return
			}
			if s.hold(pipe) {
				return
			}
			s.sendNew(x, now, out)
			continue
		}
		s.limited = false
		if x, ok := s.nextDoubtful(); ok && s.fits(pipe, x) {
			if s.hold(pipe) {
				return
			}
			s.resend(x, now, out)
			continue
		}
		if x, ok := s.rescue(); ok && s.fits(pipe, x) {
			if s.hold(pipe) {
				return
			}
			s.rescued = true
			s.transmit(x, true, now, out)
		}
		return
	}
}

// full notes that the congestion window stopped sending.
func (s *Sender) full() { s.limited, s.fullTo = true, s.nxt }

// hold says whether the host takes no more. The window then counts as used if it was within the last round trip, or if
// slow start has not yet doubled what is on its way, as Linux has it (tcp_cwnd_validate, tcp_is_cwnd_limited).
func (s *Sender) hold(pipe uint64) bool {
	if s.room > 0 {
		return false
	}
	s.held = true
	s.limited = s.una < s.fullTo || s.w.cwnd < s.w.ssthresh && s.w.cwnd < 2*pipe
	return true
}

// fits says whether the congestion window has room for x. Something may always be on its way.
func (s *Sender) fits(pipe uint64, x Range) bool {
	return pipe == 0 || pipe+s.payload(x) <= s.w.cwnd
}

// fitsNew is fits with the allowance of limited transmit (RFC 3042) for senders without SACK: two segments more on the
// first two duplicate acknowledgements. With SACK what was received has left the pipe already.
func (s *Sender) fitsNew(pipe uint64, x Range) bool {
	extra := uint64(0)
	if !s.cfg.SACK && !s.recovery && s.dupAcks > 0 {
		extra = uint64(min(s.dupAcks, 2)) * s.w.mss
	}
	return pipe == 0 || pipe+s.payload(x) <= s.w.cwnd+extra
}

// payload is the number of bytes of data in x: all but FIN.
func (s *Sender) payload(x Range) uint64 { return min(x.End, s.limit) - x.Start }

// cut gives the first segment of [seq, end): at most one MSS of data, and FIN with the last byte.
func (s *Sender) cut(seq, end uint64) Range {
	data := min(seq+s.w.mss, end, s.limit)
	if data == s.limit && end > s.limit {
		data++
	}
	return Range{seq, data}
}

func (s *Sender) sendNew(x Range, now int64, out *Output) {
	s.nxt = x.End
	s.transmit(x, false, now, out)
}

// resend transmits x again, which starts at or above rxt and is not SACKed.
func (s *Sender) resend(x Range, now int64, out *Output) {
	s.rxt, s.rxtOut = x.End, s.rxtOut+x.End-x.Start
	s.transmit(x, true, now, out)
}

// transmit puts the data of x on the wire.
func (s *Sender) transmit(x Range, again bool, now int64, out *Output) {
	n := s.payload(x)
	g := Segment{Seq: x.Start, Len: int32(n), Flags: ACK}
	if x.End > s.limit {
		g.Flags |= FIN
	}
	s.stats.Sent += n
	if again {
		s.stats.Retransmitted += n
		s.stats.Retransmissions++
	} else if s.cfg.ECN && n > 0 {
		g.ECN = ECT0 // not on repetitions: RFC 3168, section 6.1.5
		if s.cwr {
			g.Flags |= CWR
			s.cwr = false
		}
	}
	if s.cfg.Control == DCTCP {
		g.ECN = ECT0 // also on repetitions: RFC 8257 needs their marks as well
	}
	s.emit(g, now, out)
	s.room--
	s.prrOut += n
	s.lastSend = now
	if s.rtoAt == Never || again && s.recovery && s.cfg.SACK && x.Start == s.una {
		// Anew for the repetition of the first segment: where the round trip hardly varies, the answer comes later than
		// the timer that the last acknowledgement had set. RFC 6675, section 6, allows it for every repetition; then a
		// recovery in which this one is lost could go on as long as anything above is repeated.
		s.rtoAt = now + s.rtt.rto(s.cfg)
	}
}

func (s *Sender) sendSYN(now int64, out *Output) { s.emit(Segment{Flags: SYN}, now, out) }

func (s *Sender) emit(g Segment, now int64, out *Output) {
	g.Window, g.TSVal = s.cfg.ReceiveWindow, now
	if g.Flags&ACK != 0 {
		g.Ack, g.TSEcr = 1, s.tsRecent
	}
	s.stats.Segments++
	out.Segments = append(out.Segments, g)
}
