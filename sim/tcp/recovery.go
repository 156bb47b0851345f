package tcp

// dupThresh is the number of duplicate acknowledgements taken for a loss (RFC 5681, section 3.2).
const dupThresh = 3

// update takes the SACK blocks of an acknowledgement into the scoreboard and says whether they told anything new
// (Update of RFC 6675, section 4).
func (s *Sender) update(g *Segment) bool {
	if !s.cfg.SACK {
		return false
	}
	fresh := false
	for _, x := range g.SACK[:g.SACKs] {
		x.Start = max(x.Start, s.una)
		if x.End > s.nxt || x.End <= x.Start {
			continue
		}
		added, below := s.sacked.add(x, s.rxt)
		s.rxtOut -= below
		fresh = fresh || added > 0
	}
	return fresh
}

// lostEdge is the number below which everything not SACKed counts as lost: dupThresh separate ranges, or more than
// (dupThresh-1) MSS, are SACKed above (IsLost of RFC 6675, section 4), or the timer has expired. It also gives the number
// of SACKed bytes from there on. Looking from the top, three ranges suffice.
func (s *Sender) lostEdge() (edge, above uint64) {
	edge = s.una
	l := s.sacked.live()
	for i := len(l) - 1; i >= 0; i-- {
		if l[i].Start < s.lostTo {
			break
		}
		above += l[i].End - l[i].Start
		if len(l)-i >= dupThresh || above > (dupThresh-1)*s.w.mss {
			return l[i].Start, above
		}
	}
	if s.lostTo > s.una {
		edge = s.lostTo
		// A range may lie across the old recovery point.
		if x, ok := s.sacked.find(edge); ok && x.Start < edge {
			above += x.End - edge
		}
	}
	return edge, above
}

func (s *Sender) isLost(seq uint64) bool {
	edge, _ := s.lostEdge()
	return seq < edge
}

// pipe estimates the bytes on their way (SetPipe of RFC 6675, section 4): neither SACKed nor lost, or sent again. Without
// SACK and before a time-out it is what is outstanding, as RFC 6582 counts.
func (s *Sender) pipe() uint64 {
	edge, above := s.lostEdge()
	pipe := s.nxt - edge - above
	if s.cfg.SACK || s.lostTo > s.una {
		pipe += s.rxtOut
	}
	return pipe
}

// nextLost gives the first lost segment not sent again (NextSeg of RFC 6675, rule 1).
func (s *Sender) nextLost() (Range, bool) {
	if s.lostTo > s.una { // what is lost above waits for its own recovery
		return s.hole(s.lostTo)
	}
	if !s.recovery {
		return Range{}, false
	}
	edge, _ := s.lostEdge()
	return s.hole(edge)
}

// nextDoubtful gives the first segment below a SACKed one that is not known to be lost (rule 3).
func (s *Sender) nextDoubtful() (Range, bool) {
	l := s.sacked.live()
	if !s.recovery || len(l) == 0 {
		return Range{}, false
	}
	return s.hole(l[len(l)-1].Start)
}

// hole gives the first segment in [rxt, end) that is not SACKed.
func (s *Sender) hole(end uint64) (Range, bool) {
	seq := max(s.rxt, s.una)
	l := s.sacked.live()
	i := s.sacked.after(seq)
	if i < len(l) && l[i].Start <= seq {
		seq = l[i].End
		i++
	}
	if i < len(l) {
		end = min(end, l[i].Start)
	}
	if seq >= end {
		return Range{}, false
	}
	return s.cut(seq, end), true
}

// rescue gives the last segment outstanding when recovery began, once, if nothing above it has been SACKed (rule 4). The
// rule would act at once and also on what has been repeated already; this waits for the answer to a repetition, which
// overtakes nothing on an orderly path, and so does not repeat a last segment that is merely on its way.
func (s *Sender) rescue() (Range, bool) {
	if !s.recovery || !s.cfg.SACK || !s.partial || s.rescued || s.nxt > s.recover {
		return Range{}, false
	}
	from := max(s.rxt, s.una)
	if l := s.sacked.live(); len(l) > 0 {
		from = max(from, l[len(l)-1].End)
	}
	if from >= s.nxt {
		return Range{}, false
	}
	data := min(s.nxt, s.limit)
	if data-from > s.w.mss {
		from = data - s.w.mss
	}
	return Range{from, s.nxt}, true
}

// onNew takes an acknowledgement of new data.
func (s *Sender) onNew(g *Segment, now int64, out *Output) {
	bytes := g.Ack - s.una
	s.dropBelow(g.Ack)
	s.dupAcks = 0
	s.rtt.sample(now-g.TSEcr, s.cfg)
	a := ackInfo{now: now, rtt: now - g.TSEcr, least: s.rtt.least, bytes: bytes, una: s.una, nxt: s.nxt, ece: g.Flags&ECE != 0}
	restart := true
	switch {
	case s.recovery && s.una >= s.recover:
		s.recovery = false
		s.w.cwnd = s.w.ssthresh
		if !s.cfg.SACK { // RFC 6582, section 3.2, step 3, full acknowledgement, option 1
			s.w.cwnd = min(s.w.ssthresh, max(s.nxt-s.una, s.w.mss)+s.w.mss)
		}
	case s.recovery:
		restart = s.cfg.SACK || !s.partial
		s.partial = true
		if !s.cfg.SACK {
			s.onPartial(bytes, now, out)
		}
	default:
		a.grow = s.limited && (s.cwrEnd == 0 || s.una > s.cwrEnd)
	}
	s.cc.acked(&s.w, a)
	if s.una == s.nxt {
		s.rtoAt = Never
		if s.closed && s.nxt > s.limit {
			s.state, s.stats.Done = finished, now
		}
	} else if restart {
		s.rtoAt = now + s.rtt.rto(s.cfg)
	}
}

// dropBelow advances una and forgets what lies below.
func (s *Sender) dropBelow(ack uint64) {
	if top := min(ack, s.rxt); top > s.una {
		s.rxtOut -= top - s.una
	}
	s.rxtOut += s.sacked.trim(ack, s.rxt) // these were not in rxtOut
	s.una = ack
	s.rxt = max(s.rxt, ack)
}

// onPartial is the partial acknowledgement of RFC 6582, section 3.2, step 3.
func (s *Sender) onPartial(bytes uint64, now int64, out *Output) {
	s.w.cwnd -= min(bytes, s.w.cwnd)
	if bytes >= s.w.mss {
		s.w.cwnd += s.w.mss
	}
	s.w.cwnd = max(s.w.cwnd, s.w.mss)
	s.resend(s.cut(s.una, s.nxt), now, out)
}

// onDuplicate takes a duplicate acknowledgement (RFC 6675, section 5; without SACK RFC 6582, section 3.2, steps 2 to 4).
func (s *Sender) onDuplicate(now int64, out *Output) {
	if s.recovery {
		if !s.cfg.SACK {
			s.w.cwnd += s.w.mss
		}
		return
	}
	s.dupAcks++
	if s.dupAcks < dupThresh {
		return
	}
	if s.cfg.SACK && s.una >= s.recover || s.una > s.recover {
		s.enterRecovery(now, out)
	}
}

// enterRecovery starts fast retransmit and fast recovery.
func (s *Sender) enterRecovery(now int64, out *Output) {
	s.w.ssthresh = s.cc.reduced(&s.w, now, s.flight(), byLoss)
	s.w.cwnd, s.w.credit = s.w.ssthresh, 0
	s.recovery, s.partial, s.rescued = true, false, false
	s.recover = s.nxt
	s.rxt, s.rxtOut = s.una, 0
	s.recoverFS, s.prrDelivered, s.prrOut = s.nxt-s.una, 0, 0
	s.cwr = s.cfg.ECN
	s.stats.Recoveries++
	end := s.nxt
	if l := s.sacked.live(); len(l) > 0 {
		end = l[0].Start
	}
	s.resend(s.cut(s.una, end), now, out)
	if !s.cfg.SACK {
		s.w.cwnd += dupThresh * s.w.mss
	}
}

// pace sets the window for an acknowledgement in recovery that delivered so many bytes (RFC 6937, section 3, with slow
// start as reduction bound). The bare window of RFC 6675 falls silent for half a round trip and then sends twice what
// is delivered, which after an overshoot drops the repetitions anew and waits for the timer.
func (s *Sender) pace(delivered uint64) {
	s.prrDelivered += delivered
	var n uint64
	if pipe := s.pipe(); pipe > s.w.ssthresh {
		want := (s.prrDelivered*s.w.ssthresh + s.recoverFS - 1) / s.recoverFS
		n = want - min(want, s.prrOut)
		s.w.cwnd = pipe + n
	} else {
		n = max(s.prrDelivered-min(s.prrDelivered, s.prrOut), delivered) + s.w.mss
		s.w.cwnd = min(s.w.ssthresh, pipe+n)
	}
}

// onTimeout is the expiry of the retransmission timer (RFC 6298, section 5; RFC 5681, section 3.1; RFC 6675, section 5.1):
// everything not SACKed is lost, and slow start sends it anew.
func (s *Sender) onTimeout(now int64, out *Output) {
	s.stats.Timeouts++
	first := s.rtt.backoff == 0
	s.rtt.expired()
	s.rtoAt = now + s.rtt.rto(s.cfg)
	if s.state == synSent {
		s.stats.Retransmissions++
		s.sendSYN(now, out)
		return
	}
	if first { // a segment that times out again leaves the threshold alone
		s.w.ssthresh = s.cc.reduced(&s.w, now, s.flight(), byTimeout)
	}
	s.w.cwnd, s.w.credit = s.w.mss, 0
	s.recovery, s.dupAcks = false, 0
	s.recover, s.lostTo, s.cwrEnd = s.nxt, s.nxt, 0
	s.rxt, s.rxtOut = s.una, 0
	s.send(now, out)
}
