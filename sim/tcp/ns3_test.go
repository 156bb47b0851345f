package tcp

import (
	"math"
	"testing"
)

// testbed is the configuration of the reference runs: one acknowledgement per segment, SACK, minimum RTO 200 ms.
func testbed(kind Kind) Config {
	c := Default()
	c.Control, c.DelayedACK, c.ECN = kind, 1, kind == DCTCP
	return c
}

// wan and lan are the two shapes of the reference runs, which put two bytes of PPP before each packet.
func wan(kind Kind, n, queue int) *dumbbell {
	return &dumbbell{cfg: testbed(kind), n: n, rate: 100e6, access: 1e9, delay: 8 * Millisecond, adelay: Millisecond,
		queue: queue, stagger: 100 * Millisecond, from: 10 * Second, until: 60 * Second, frame: 2}
}

func lan(kind Kind, n, queue int) *dumbbell {
	return &dumbbell{cfg: testbed(kind), n: n, rate: 1e9, access: 10e9, delay: 50 * microsecond, adelay: 10 * microsecond,
		queue: queue, from: Second, until: 5 * Second, frame: 2}
}

func sized(d *dumbbell, bytes uint64) *dumbbell {
	d.size = bytes
	return d
}

func marking(d *dumbbell, k int) *dumbbell {
	d.mark, d.stagger, d.sampleEvery = k, 10*Millisecond, 50*microsecond
	return d
}

// unfriendly is CUBIC without its Reno-friendly region, which ns-3 3.37 does not have either.
func unfriendly(d *dumbbell) *dumbbell {
	d.cfg.RenoFriendly = false
	return d
}

func afar(d *dumbbell, far int64) *dumbbell {
	d.far = far
	return d
}

// The figures are those of ns-3 3.37 for the same networks.
var references = []struct {
	name        string
	d           *dumbbell
	total, jain float64
	drops       int
	queue       float64
	fct         []float64
	chaotic     bool // the shares of the flows are: do not compare them
	totalOnly   bool
}{
	{name: "one NewReno flow", d: wan(NewReno, 1, 100), total: 94107721, jain: 1, drops: 286, queue: 43.77},
	{name: "one CUBIC flow", d: wan(Cubic, 1, 100), total: 96404828, jain: 1, drops: 75, queue: 74.54, chaotic: true},
	{name: "one CUBIC flow unlike Reno", d: unfriendly(wan(Cubic, 1, 100)), total: 96404828, jain: 1, drops: 75, queue: 74.54, chaotic: true},
	{name: "four NewReno flows", d: wan(NewReno, 4, 100), total: 94166799, jain: 0.9996, drops: 587, queue: 44.95},
	{name: "four CUBIC flows", d: wan(Cubic, 4, 100), total: 96404596, totalOnly: true},
	{name: "four CUBIC flows unlike Reno", d: unfriendly(wan(Cubic, 4, 100)), total: 96404596, jain: 0.9443, drops: 222, queue: 84.49, chaotic: true},
	{name: "two NewReno flows and a deep queue", d: wan(NewReno, 2, 250), total: 96404828, jain: 0.9995, drops: 447, queue: 159.88},
	{name: "two DCTCP flows", d: marking(lan(DCTCP, 2, 250), 65), total: 964049440, jain: 1, queue: 61.82},
	{name: "eight NewReno flows and a shallow queue", d: wan(NewReno, 8, 50), total: 87569711, jain: 0.9996, drops: 1740, queue: 15.88},
	{name: "two NewReno flows and a very shallow queue", d: wan(NewReno, 2, 20), total: 79536671, jain: 1, drops: 192, queue: 2.77},
	{name: "two NewReno flows, one from afar", d: afar(wan(NewReno, 2, 100), 20*Millisecond), total: 93592928, jain: 0.6473, drops: 378, queue: 42.75},
	{name: "eight DCTCP flows and a low mark", d: marking(lan(DCTCP, 8, 250), 20), total: 964046544, jain: 0.9997, queue: 20.61},
	{name: "100 kB", d: sized(wan(NewReno, 1, 1000), 100000), fct: []float64{0.075022}},
	{name: "10 MB by CUBIC over a short queue", d: sized(wan(Cubic, 1, 100), 10000000), fct: []float64{0.923360}},
	{name: "10 kB", d: sized(wan(NewReno, 1, 1000), 10000), fct: []float64{0.030865}},
	{name: "1 MB", d: sized(wan(NewReno, 1, 1000), 1000000), fct: []float64{0.176513}},
	{name: "1 MB by CUBIC", d: sized(wan(Cubic, 1, 1000), 1000000), fct: []float64{0.176513}},
	{name: "sixteen 64 kB at once", d: sized(lan(NewReno, 16, 1000), 64000), fct: []float64{0.006830, 0.007001, 0.007172, 0.007343,
		0.007514, 0.007685, 0.007856, 0.008027, 0.008198, 0.008321, 0.008443, 0.008518, 0.008593, 0.008668, 0.008695, 0.008721}},
}

func TestAgreesWithReferenceSimulator(t *testing.T) {
	for _, ref := range references {
		t.Run(ref.name, func(t *testing.T) {
			w := newWorld(ref.d)
			w.run()
			r := w.result()
			t.Log(r)
			t.Logf("reference: total %.0f bit/s, Jain %.4f, drops %d, mean queue %.2f, completion %v", ref.total, ref.jain, ref.drops, ref.queue, ref.fct)
			within := func(what string, got, want, tolerance float64) {
				if math.Abs(got-want) > tolerance {
					t.Errorf("%s %g, want %g within %g", what, got, want, tolerance)
				}
			}
			for i := range ref.fct {
				within("completion", r.fct[i], ref.fct[i], 0.05*ref.fct[i])
			}
			if ref.fct != nil {
				return
			}
			within("total goodput", r.total, ref.total, 0.05*ref.total)
			if ref.totalOnly {
				return
			}
			within("mean queue", r.meanQueue, ref.queue, 0.2*ref.queue)
			if !ref.chaotic {
				within("Jain's index", r.jain, ref.jain, 0.05)
			}
			if got, want := float64(r.drops), float64(ref.drops); got > 1.5*want || want > 1.5*got {
				t.Errorf("drops %g, want %g within a factor 1.5", got, want)
			}
		})
	}
}

func TestDelayedAcknowledgementsDoNotStickAfterTimeouts(t *testing.T) {
	for _, sack := range []bool{true, false} {
		d := wan(NewReno, 4, 100)
		d.cfg.SACK, d.cfg.DelayedACK, d.cfg.DelayedACKTimeout = sack, 2, 200*Millisecond
		d.from, d.until = 13*Second, 30*Second
		w := newWorld(d)
		w.lose = func(w *world, _ int, _ *Segment, _ bool) bool { return w.now > 5*Second && w.now < 6*Second }
		w.run()
		r := w.result()
		if r.total < 0.9*100e6*1448/1502 || r.jain < 0.8 {
			t.Errorf("SACK %t: seven seconds after an outage of one: %v", sack, r)
		}
		for i := range w.flows {
			if w.flows[i].snd.Stats().Timeouts == 0 {
				t.Error("the outage caused no time-out")
			}
		}
	}
}

func TestRunsAreRepeatable(t *testing.T) {
	var first result
	for i := range 2 {
		d := wan(Cubic, 4, 60)
		d.until = 15 * Second
		w := newWorld(d)
		w.run()
		if r := w.result(); i == 0 {
			first = r
		} else if first.String() != r.String() {
			t.Errorf("%v, then %v", first, r)
		}
	}
}

func BenchmarkDumbbell(b *testing.B) {
	for _, kind := range []Kind{NewReno, Cubic, DCTCP} {
		b.Run(kind.String(), func(b *testing.B) {
			b.ReportAllocs()
			d := wan(kind, 4, 100)
			if kind == DCTCP {
				d.mark = 65
			}
			d.until = 1 << 62
			w := newWorld(d)
			step := Second / 4
			w.until = 5 * Second
			w.run()
			handled := w.handled
			for b.Loop() {
				w.until = w.now + step
				w.run()
			}
			b.ReportMetric(float64(w.handled-handled)/b.Elapsed().Seconds(), "segments/s")
		})
	}
}

// BenchmarkEndpoints is the state machines alone: data and acknowledgements handed over directly.
func BenchmarkEndpoints(b *testing.B) {
	b.ReportAllocs()
	c := testbed(NewReno)
	c.ReceiveWindow = 100 * 1448
	var s Sender
	var r Receiver
	s.Init(&c)
	r.Init(&c)
	var out, back Output
	s.Write(Unlimited, 0, &out)
	s.Open(0, &out)
	now, handled := int64(0), 0
	for b.Loop() {
		now += 20 * Millisecond
		for i := range out.Segments {
			r.OnSegment(&out.Segments[i], now, &back)
		}
		handled += len(out.Segments) + len(back.Segments)
		out.Segments = out.Segments[:0]
		for i := range back.Segments {
			s.OnSegment(&back.Segments[i], now, &out)
		}
		back.Segments = back.Segments[:0]
	}
	b.ReportMetric(float64(handled)/b.Elapsed().Seconds(), "segments/s")
}
