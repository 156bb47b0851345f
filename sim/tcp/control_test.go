package tcp

import (
	"math"
	"testing"
)

func TestCubeRoot(t *testing.T) {
	for _, x := range []float64{0, 1e-12, 0.001, 0.3, 1, 7.99, 8, 200, 1e6, 1e15} {
		if got, want := cubeRoot(x), math.Cbrt(x); math.Abs(got-want) > 4e-16*want {
			t.Errorf("cube root of %g is %.17g, want %.17g", x, got, want)
		}
	}
	// The same bits on every machine.
	if got := math.Float64bits(cubeRoot(200)); got != 0x401764636974629c {
		t.Errorf("cube root of 200 has the bits %#x", got)
	}
}

// grown lets an algorithm take acknowledgements of full segments for some time at a round trip of 100 ms, the window
// being full all the time, and gives the window in segments after each round trip.
func grown(c control, w *window, trips int) (windows []float64) {
	now, seq := int64(0), uint64(1)
	for range trips {
		n := w.cwnd / w.mss
		for range n {
			seq += w.mss
			now += 100 * Millisecond / int64(n)
			c.acked(w, ackInfo{now: now, rtt: 100 * Millisecond, least: 100 * Millisecond, bytes: w.mss, una: seq, nxt: seq + w.cwnd, grow: true})
		}
		windows = append(windows, float64(w.cwnd)/float64(w.mss))
	}
	return windows
}

func TestCubicReturnsToItsFormerWindowAfterK(t *testing.T) {
	const mss = 1000
	c := &cubic{friendly: true}
	w := window{cwnd: 1000 * mss, ssthresh: 1 << 60, mss: mss}
	w.ssthresh = c.reduced(&w, 0, w.cwnd, byLoss)
	w.cwnd = w.ssthresh
	if w.cwnd != 700*mss {
		t.Fatalf("window of %d after a loss at 1000 segments", w.cwnd/mss)
	}
	// K = (1000 * 0.3 / 0.4)^(1/3) = 9.086 s; W_cubic(t) = 0.4 (t-K)^3 + 1000.
	windows := grown(c, &w, 140)
	k := math.Cbrt(1000 * 0.3 / 0.4)
	for i, got := range windows {
		at := float64(i+1) * 0.1
		want := 0.4*math.Pow(at-k, 3) + 1000
		if math.Abs(got-want) > 0.01*want {
			t.Fatalf("%.1f s after the loss the window is %.1f segments, want %.1f", at, got, want)
		}
	}
}

func TestCubicIsNoSlowerThanReno(t *testing.T) {
	const mss = 1000
	c := &cubic{friendly: true}
	w := window{cwnd: 20 * mss, ssthresh: 1 << 60, mss: mss}
	w.ssthresh = c.reduced(&w, 0, w.cwnd, byLoss)
	w.cwnd = w.ssthresh // 14 segments; Reno's share grows by 3 0.3 / 1.7 = 0.529 each round trip
	windows := grown(c, &w, 10)
	if got := windows[9]; math.Abs(got-(14+5.29)) > 0.5 {
		t.Errorf("window of %.2f segments after ten round trips, want about 19.3", got)
	}
}

func TestCubicFastConvergence(t *testing.T) {
	const mss = 1000
	c := &cubic{}
	w := window{cwnd: 100 * mss, mss: mss}
	c.reduced(&w, 0, w.cwnd, byLoss)
	w.cwnd = 80 * mss
	c.reduced(&w, 0, w.cwnd, byLoss)
	if math.Abs(c.wMax-80*0.85) > 1e-9 {
		t.Errorf("W_max is %g after losses at 100 and 80, want 68", c.wMax)
	}
}

func TestHyStartLeavesSlowStartWhenThePathIsFull(t *testing.T) {
	c := testbed(Cubic)
	for on, most := range map[bool]int{true: 70, false: 350} {
		c.HyStart = on
		d := wan(Cubic, 1, 100)
		d.cfg, d.until = c, Second
		w := newWorld(d)
		w.run()
		if on && w.drops > most || !on && w.drops < 200 {
			t.Errorf("HyStart %t: %d drops in the first second", on, w.drops)
		}
	}
}

func TestDCTCPEstimatesTheShareOfMarks(t *testing.T) {
	d := &dctcp{alpha: 1}
	w := window{cwnd: 10_000, ssthresh: 1, mss: 1000}
	seq := uint64(1)
	for range 60 {
		for i := range 10 { // three of ten marked; the first acknowledgement past the end closes the window
			seq += 1000
			d.acked(&w, ackInfo{bytes: 1000, una: seq, nxt: seq + 9000, ece: i < 3})
		}
	}
	const want = 0.3
	if math.Abs(d.alpha-want) > 0.03 {
		t.Errorf("alpha is %.3f, want %.3f", d.alpha, want)
	}
	d.alpha = 0.3
	if got := d.reduced(&w, 0, 10_000, byMark); got != 8500 {
		t.Errorf("a mark reduces 10000 to %d, want 8500", got)
	}
	if got := d.reduced(&w, 0, 10_000, byLoss); got != 5000 {
		t.Errorf("a loss reduces 10000 to %d, want 5000", got)
	}
}

func TestMarksHalveTheWindowOncePerRoundTrip(t *testing.T) {
	c := every()
	c.ECN = true
	w := newWorld(pipeline(c))
	w.flows[0].snd.w.ssthresh = 40 * 1448
	marked, cwr := 0, 0
	w.lose = func(w *world, _ int, g *Segment, forward bool) bool {
		if forward && g.Len > 0 {
			if g.ECN != ECT0 {
				t.Errorf("data without ECT: %v", g.ECN)
			}
			if n := int(g.Seq / 1448); n >= 500 && n < 505 {
				g.ECN = CE
				marked++
			}
			if g.Flags&CWR != 0 {
				cwr++
			}
		}
		return false
	}
	w.until = 600 * Millisecond
	w.run()
	s, r := w.flows[0].snd.Stats(), w.flows[0].rcv.Stats()
	if marked != 5 || r.Marked != 5 || s.Reductions != 1 || cwr != 1 || s.Retransmissions != 0 {
		t.Errorf("%d marks, %d seen, %d reductions, %d CWR, %d retransmissions", marked, r.Marked, s.Reductions, cwr, s.Retransmissions)
	}
	if w := s.Threshold / 1448; w < 20 || w > 30 {
		t.Errorf("threshold of %d segments", w)
	}
}
