package tcp

import (
	"slices"
	"testing"
	"unsafe"
)

// pipeline is one flow over a path without queues: 20 ms of round trip, and serialisation too short to matter.
func pipeline(c Config) *dumbbell {
	return &dumbbell{cfg: c, n: 1, rate: 1e13, access: 1e13, delay: 8 * Millisecond, adelay: Millisecond, queue: 1 << 20, until: 1000 * Second}
}

const roundTrip = 20 * Millisecond

func every() Config {
	c := Default()
	c.DelayedACK = 1
	return c
}

// dropping loses the data segments whose first bytes are those of the segments numbered, once each.
func dropping(segments ...int) func(*world, int, *Segment, bool) bool {
	return func(w *world, _ int, g *Segment, forward bool) bool {
		if !forward || g.Len == 0 {
			return false
		}
		i := slices.Index(segments, int(g.Seq-1)/w.cfg.MSS)
		if i >= 0 {
			segments = slices.Delete(segments, i, i+1)
		}
		return i >= 0
	}
}

// near says whether a time is at the one expected, up to serialisation.
func near(got, want int64) bool { return got >= want && got < want+Millisecond/10 }

func TestSlowStartDoublesEachRoundTrip(t *testing.T) {
	w := newWorld(pipeline(every()))
	sent := map[int64]int{}
	w.lose = func(w *world, _ int, g *Segment, forward bool) bool {
		if forward && g.Len > 0 {
			sent[w.now/roundTrip]++
		}
		return false
	}
	w.until = 7 * roundTrip
	w.run()
	for round, want := range []int{0, 10, 20, 40, 80, 160} {
		if got := sent[int64(round)]; got != want {
			t.Errorf("round trip %d carries %d segments, want %d", round, got, want)
		}
	}
}

func TestCongestionAvoidanceAddsOneSegmentEachRoundTrip(t *testing.T) {
	w := newWorld(pipeline(every()))
	w.flows[0].snd.w.ssthresh = 10 * 1448
	w.until = roundTrip*21 + roundTrip/2
	w.run()
	if got := w.flows[0].snd.Stats().Window / 1448; got < 28 || got > 30 {
		t.Errorf("window of %d segments after 20 round trips from 10", got)
	}
}

func TestHandshakeThenDataThenFIN(t *testing.T) {
	w := newWorld(sized(pipeline(every()), 1448*3+100))
	var seen []Flags
	w.lose = func(_ *world, _ int, g *Segment, forward bool) bool {
		if forward {
			seen = append(seen, g.Flags)
		}
		return false
	}
	w.run()
	if want := []Flags{SYN, ACK, ACK, ACK, ACK, ACK | FIN}; !slices.Equal(seen, want) {
		t.Errorf("the sender sent %v, want %v", seen, want)
	}
	f := &w.flows[0]
	r, s := f.rcv.Stats(), f.snd.Stats()
	if r.Delivered != 1448*3+100 || s.Acked != r.Delivered || r.Duplicate != 0 {
		t.Errorf("delivered %d, acknowledged %d, twice %d", r.Delivered, s.Acked, r.Duplicate)
	}
	if !near(s.Established, roundTrip) || !near(r.Closed, roundTrip*3/2) || !near(s.Done, 2*roundTrip) {
		t.Errorf("established %d, closed %d, done %d", s.Established, r.Closed, s.Done)
	}
}

func TestLossIsRepaired(t *testing.T) {
	noSACK := every()
	noSACK.SACK = false
	cubic := every()
	cubic.Control = Cubic
	tests := []struct {
		name                         string
		cfg                          Config
		segments                     int
		lost                         []int
		retransmitted, rec, timeouts uint64
		done                         int64 // last byte delivered
	}{
		// Windows: segments 0-9 from 20 ms, 10-29 from 40 ms, 30-69 from 60 ms, 70-149 from 80 ms.
		{name: "nothing lost", cfg: every(), segments: 70, done: 70 * Millisecond},
		{name: "one loss costs one round trip", cfg: every(), segments: 70, lost: []int{30}, retransmitted: 1, rec: 1, done: 90 * Millisecond},
		{name: "SACK repairs many losses in one round trip", cfg: every(), segments: 70, lost: []int{30, 32, 34, 40, 50, 51, 52},
			retransmitted: 7, rec: 1, done: 90 * Millisecond},
		{name: "CUBIC repairs just the same", cfg: cubic, segments: 70, lost: []int{30, 32, 34, 40, 50, 51, 52},
			retransmitted: 7, rec: 1, done: 90 * Millisecond},
		{name: "without SACK the first loss takes a round trip as well", cfg: noSACK, segments: 70, lost: []int{30},
			retransmitted: 1, rec: 1, done: 90 * Millisecond},
		{name: "without SACK each loss takes one: partial acknowledgements", cfg: noSACK, segments: 70, lost: []int{30, 34, 50},
			retransmitted: 3, rec: 1, done: 130 * Millisecond},
		{name: "a tail lost with a segment before it is rescued without the timer", cfg: every(), segments: 70, lost: []int{30, 69},
			retransmitted: 2, rec: 1, done: 110 * Millisecond},
		{name: "the last segment needs the timer", cfg: every(), segments: 10, lost: []int{9}, retransmitted: 1, timeouts: 1,
			done: 20*Millisecond + 220*Millisecond + 10*Millisecond},
		{name: "a whole window needs the timer, then slow start", cfg: every(), segments: 10, lost: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
			retransmitted: 10, timeouts: 1, done: 20*Millisecond + 200*Millisecond + 3*roundTrip + 10*Millisecond},
		{name: "a hole below two received is found by the segments limited transmit lets out", cfg: func() Config {
			c := every()
			c.InitialWindow = 3
			return c
		}(), segments: 9, lost: []int{0}, retransmitted: 1, rec: 1, done: 110 * Millisecond},
		{name: "so it is without SACK", cfg: func() Config {
			c := noSACK
			c.InitialWindow = 3
			return c
		}(), segments: 9, lost: []int{0}, retransmitted: 1, rec: 1, done: 110 * Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(sized(pipeline(tt.cfg), uint64(tt.segments*tt.cfg.MSS)))
			w.lose = dropping(tt.lost...)
			w.run()
			f := &w.flows[0]
			s, r := f.snd.Stats(), f.rcv.Stats()
			if s.Retransmissions != tt.retransmitted || s.Recoveries != tt.rec || s.Timeouts != tt.timeouts {
				t.Errorf("%d retransmissions, %d recoveries, %d time-outs, want %d, %d, %d",
					s.Retransmissions, s.Recoveries, s.Timeouts, tt.retransmitted, tt.rec, tt.timeouts)
			}
			if !near(r.Last, tt.done) {
				t.Errorf("last byte at %.3f ms, want %.3f", float64(r.Last)/float64(Millisecond), float64(tt.done)/float64(Millisecond))
			}
			if r.Duplicate != 0 || r.Delivered != w.size || !f.snd.Done() {
				t.Errorf("%d bytes twice, %d of %d delivered", r.Duplicate, r.Delivered, w.size)
			}
		})
	}
}

func TestOneLossReducesTheWindowByTheAlgorithmsFactor(t *testing.T) {
	for kind, factor := range map[Kind]float64{NewReno: 0.5, Cubic: 0.7} {
		c := every()
		c.Control = kind
		w := newWorld(pipeline(c))
		w.flows[0].snd.w.ssthresh = 100 * 1448
		w.lose = dropping(3000)
		var before uint64
		w.check = func(w *world, _ int) {
			s := w.flows[0].snd.Stats()
			if s.Recoveries == 0 {
				before = s.Window
			} else if got := float64(s.Threshold) / float64(before); got < factor-0.01 || got > factor+0.01 {
				t.Fatalf("%v reduces the window to %.3f, want %.3f", kind, got, factor)
			}
		}
		w.until = Second
		w.run()
		if n := w.flows[0].snd.Stats().Recoveries; n != 1 {
			t.Errorf("%v: %d recoveries, want 1", kind, n)
		}
	}
}

func TestTimerDoublesUpToItsMaximum(t *testing.T) {
	tests := []struct {
		name  string
		dead  func(g *Segment) bool
		start int64
		first int64
	}{
		{"of SYN", func(g *Segment) bool { return true }, 0, Second},
		{"of data", func(g *Segment) bool { return g.Len > 0 }, roundTrip, 200 * Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(sized(pipeline(every()), 1000))
			var at []int64
			w.lose = func(w *world, _ int, g *Segment, forward bool) bool {
				if forward && tt.dead(g) {
					at = append(at, w.now)
				}
				return forward && tt.dead(g)
			}
			w.until = 400 * Second
			w.run()
			gap := tt.first
			for i := 1; i < len(at); i++ {
				if d := at[i] - at[i-1]; d < gap-gap/1000 || d > gap+gap/100 {
					t.Errorf("attempt %d comes %.3f s after the one before, want %.3f", i, float64(d)/1e12, float64(gap)/1e12)
				}
				gap = min(2*gap, 60*Second)
			}
			if len(at) < 10 {
				t.Errorf("%d attempts in 400 s", len(at))
			}
		})
	}
}

func TestLostHandshakeSegments(t *testing.T) {
	for name, lose := range map[string]func(g *Segment, forward bool) bool{
		"SYN":     func(g *Segment, forward bool) bool { return forward && g.Flags&SYN != 0 },
		"SYN-ACK": func(g *Segment, forward bool) bool { return !forward && g.Flags&SYN != 0 },
	} {
		w := newWorld(sized(pipeline(every()), 14480))
		lost := false
		w.lose = func(_ *world, _ int, g *Segment, forward bool) bool {
			if lost || !lose(g, forward) {
				return false
			}
			lost = true
			return true
		}
		w.run()
		s, r := w.flows[0].snd.Stats(), w.flows[0].rcv.Stats()
		if !near(s.Established, Second+roundTrip) {
			t.Errorf("%s lost: established at %d", name, s.Established)
		}
		// The initial window is one segment then (RFC 5681, section 3.1): 1, 2, 4 and 3 segments.
		if !near(r.Last, Second+roundTrip*9/2) {
			t.Errorf("%s lost: last byte at %d", name, r.Last)
		}
		if !near(s.SRTT, roundTrip) {
			t.Errorf("%s lost: smoothed round trip %d", name, s.SRTT)
		}
	}
}

func TestRepeatedSegmentsDoNotSpoilTheEstimate(t *testing.T) {
	w := newWorld(sized(pipeline(every()), 1000))
	w.lose = dropping(0)
	w.run()
	if s := w.flows[0].snd.Stats(); s.Timeouts != 1 || !near(s.SRTT, roundTrip) || !near(s.MeanRTT, roundTrip) || s.RTO != 200*Millisecond {
		t.Errorf("after a time-out: smoothed %d, mean %d, RTO %d", s.SRTT, s.MeanRTT, s.RTO)
	}
}

func TestRetransmissionTimerFollowsRFC6298(t *testing.T) {
	c := Default()
	c.MinRTO = Millisecond
	e := estimator{base: c.InitialRTO}
	ms := func(x float64) int64 { return int64(x * float64(Millisecond)) }
	e.sample(ms(100), &c)
	if e.srtt != ms(100) || e.rttvar != ms(50) || e.rto(&c) != ms(300) {
		t.Errorf("after the first sample: %d %d %d", e.srtt, e.rttvar, e.rto(&c))
	}
	e.sample(ms(180), &c) // RTTVAR = 3/4 50 + 1/4 80, SRTT = 7/8 100 + 1/8 180
	if e.srtt != ms(110) || e.rttvar != ms(57.5) || e.rto(&c) != ms(340) {
		t.Errorf("after the second: %d %d %d", e.srtt, e.rttvar, e.rto(&c))
	}
	e.expired()
	e.expired()
	if e.rto(&c) != ms(1360) {
		t.Errorf("after two expiries: %d", e.rto(&c))
	}
	e.sample(ms(110), &c)
	if e.backoff != 0 {
		t.Error("a new sample leaves the backoff in force")
	}
}

func TestWindowRestartsAfterIdle(t *testing.T) {
	c := every()
	var s Sender
	var r Receiver
	s.Init(&c)
	r.Init(&c)
	var out, back Output
	now := int64(0)
	exchange := func() (burst int) { // one round trip
		sent := slices.Clone(out.Segments)
		out.Segments = out.Segments[:0]
		now += roundTrip
		for i := range sent {
			r.OnSegment(&sent[i], now, &back)
		}
		for i := range back.Segments {
			s.OnSegment(&back.Segments[i], now, &out)
		}
		back.Segments = back.Segments[:0]
		return len(sent)
	}
	s.Write(150*1448, now, &out)
	s.Open(now, &out)
	for len(out.Segments) > 0 {
		exchange()
	}
	if got := s.Stats().Window / 1448; got < 80 {
		t.Fatalf("window of %d segments after 150", got)
	}
	now += 100 * Millisecond
	s.Write(1448, now, &out)
	exchange()
	if got := s.Stats().Window / 1448; got < 80 {
		t.Errorf("window of %d segments after a short pause", got)
	}
	now += Second
	s.Write(100*1448, now, &out)
	if got := exchange(); got != 10 {
		t.Errorf("%d segments at once after a long pause, want 10", got)
	}
}

func TestReceiveWindowBoundsWhatIsOutstanding(t *testing.T) {
	c := every()
	c.ReceiveWindow = 5*1448 + 700
	w := newWorld(sized(pipeline(c), 100*1448))
	w.check = func(w *world, _ int) {
		if s := &w.flows[0].snd; s.nxt-s.una > c.ReceiveWindow {
			t.Fatalf("%d bytes outstanding", s.nxt-s.una)
		}
	}
	w.run()
	if got, want := w.flows[0].rcv.Stats().Last, roundTrip*20+roundTrip/2; !near(got, want) {
		t.Errorf("last byte at %d, want %d: five segments each round trip", got, want)
	}
}

func TestStopSeesThroughWhatWasSent(t *testing.T) {
	c := every()
	w := newWorld(pipeline(c))
	stopped := false
	w.check = func(w *world, _ int) {
		if !stopped && w.now > 3*roundTrip {
			stopped = true
			w.flows[0].snd.Stop(w.now, &w.out)
			w.after(0, 0)
		}
	}
	w.run()
	s, r := w.flows[0].snd.Stats(), w.flows[0].rcv.Stats()
	if !w.flows[0].snd.Done() || s.Acked != s.Sent || r.Delivered != s.Sent {
		t.Errorf("sent %d, acknowledged %d, delivered %d", s.Sent, s.Acked, r.Delivered)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	for _, kind := range []Kind{NewReno, Cubic, DCTCP} {
		w := newWorld(wan(kind, 2, 100))
		w.until = 6 * Second
		w.run()
		until := w.until
		n := testing.AllocsPerRun(3, func() {
			until += Second / 2
			w.until = until
			w.run()
		})
		if n > 8 { // the test network's own buffers may still grow
			t.Errorf("%v: %.0f allocations in half a second", kind, n)
		}
	}
}

func TestStateIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Sender{}) + unsafe.Sizeof(Receiver{}); n > 900 {
		t.Errorf("%d bytes for the two ends of a transfer", n)
	} else {
		t.Logf("sender %d, receiver %d, segment %d bytes", unsafe.Sizeof(Sender{}), unsafe.Sizeof(Receiver{}), unsafe.Sizeof(Segment{}))
	}
}

func TestValidateNamesWhatCannotWork(t *testing.T) {
	d := Default()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"tcp: MSS of 0 bytes: want 1 to 1048576":                                                         func(c *Config) { c.MSS = 0 },
		"tcp: -1 header bytes: want 0 or more":                                                           func(c *Config) { c.HeaderBytes = -1 },
		"tcp: initial window of 0 segments: want 1 to 1048576":                                           func(c *Config) { c.InitialWindow = 0 },
		"tcp: receive window of 1000 bytes: want one MSS (1448) to 2^60":                                 func(c *Config) { c.ReceiveWindow = 1000 },
		"tcp: unknown congestion control Kind(9): want NewReno, CUBIC or DCTCP":                          func(c *Config) { c.Control = 9 },
		"tcp: DCTCP without ECN: it has no other signal":                                                 func(c *Config) { c.Control = DCTCP },
		"tcp: 0 segments per acknowledgement: want 1 or more":                                            func(c *Config) { c.DelayedACK = 0 },
		"tcp: delayed acknowledgement after 0 ps: want more than 0 and at most 500 ms":                   func(c *Config) { c.DelayedACKTimeout = 0 },
		"tcp: retransmission time-out between 0 and 60000000000000 ps: want 0 < least <= most <= 1000 s": func(c *Config) { c.MinRTO = 0 },
		"tcp: initial retransmission time-out of 0 ps: want more than 0 and at most 60000000000000":      func(c *Config) { c.InitialRTO = 0 },
	} {
		c := Default()
		change(&c)
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
