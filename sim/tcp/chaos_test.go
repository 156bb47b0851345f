package tcp

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// naivePipe counts pipe number by number, as RFC 6675, section 4, words it.
func naivePipe(s *Sender) (pipe uint64) {
	l := s.sacked.live()
	for seq := s.una; seq < s.nxt; seq++ {
		ranges, bytes, isSacked := 0, uint64(0), false
		for _, x := range l {
			if x.Start > seq {
				ranges++
				bytes += x.End - x.Start
			}
			isSacked = isSacked || x.Start <= seq && seq < x.End
		}
		if isSacked {
			continue
		}
		lost := seq < s.lostTo || s.cfg.SACK && (ranges >= dupThresh || bytes > (dupThresh-1)*s.w.mss)
		if !lost {
			pipe++
		}
		if seq < s.rxt && (s.cfg.SACK || s.lostTo > s.una) {
			pipe++
		}
	}
	return pipe
}

func TestEverythingArrivesExactlyOnceInOrderWhateverHappensOnTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Default()
		c.MSS = rapid.SampledFrom([]int{1, 7, 10}).Draw(t, "mss")
		c.InitialWindow = rapid.IntRange(1, 12).Draw(t, "initial window")
		c.ReceiveWindow = uint64(c.MSS * rapid.SampledFrom([]int{1, 5, 30, 10000}).Draw(t, "receive window"))
		c.SACK = rapid.Bool().Draw(t, "sack")
		c.Handshake = rapid.Bool().Draw(t, "handshake")
		c.ECN = rapid.Bool().Draw(t, "ecn")
		c.Control = rapid.SampledFrom([]Kind{NewReno, Cubic, DCTCP}).Draw(t, "control")
		c.ECN = c.ECN || c.Control == DCTCP
		c.DelayedACK = rapid.IntRange(1, 3).Draw(t, "segments per acknowledgement")
		size := rapid.SampledFrom([]uint64{0, 1, 55, 900, 4000}).Draw(t, "size")
		loss := rapid.SampledFrom([]float64{0, 0.01, 0.03, 0.1, 0.5}).Draw(t, "loss")
		twice := rapid.SampledFrom([]float64{0, 0.05, 0.3}).Draw(t, "duplication")
		jitter := rapid.SampledFrom([]int64{1, Millisecond, 30 * Millisecond}).Draw(t, "jitter")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))

		type packet struct {
			at   int64
			to   int
			g    Segment
			seen int // order of sending, for ties
		}
		var (
			s       Sender
			r       Receiver
			out     Output
			wire    []packet
			now     int64
			sent    int
			wake    = [2]int64{Never, Never}
			written uint64
		)
		s.Init(&c)
		r.Init(&c)
		s.sacked.r = make([]Range, 0, 1) // exercise growth and compaction
		after := func(end int) {
			wake[end] = out.Deadline
			for _, g := range out.Segments {
				if g.Len < 0 || int(g.Len) > c.MSS || g.SACKs > 3 {
					t.Fatalf("malformed %+v", g)
				}
				copies := 1
				if chance.Float64() < loss {
					copies = 0
				} else if chance.Float64() < twice {
					copies = 2
				}
				for range copies {
					h := g
					if h.ECN == ECT0 && chance.IntN(4) == 0 {
						h.ECN = CE
					}
					sent++
					wire = append(wire, packet{now + 5*Millisecond + chance.Int64N(jitter), 1 - end, h, sent})
				}
			}
			out.Segments = out.Segments[:0]
		}
		check := func(nxt uint64) {
			if s.state != established {
				return
			}
			pipe := s.pipe()
			if want := naivePipe(&s); pipe != want {
				t.Fatalf("pipe is %d, want %d: una %d nxt %d rxt %d rxtOut %d lostTo %d, SACKed %v", pipe, want,
					s.una, s.nxt, s.rxt, s.rxtOut, s.lostTo, s.sacked.live())
			}
			mss := uint64(c.MSS)
			least := 2 * mss
			if c.Control == DCTCP { // marks
				least = mss
			}
			if s.w.cwnd < mss || s.w.ssthresh < least {
				t.Fatalf("window %d, threshold %d below the least", s.w.cwnd, s.w.ssthresh)
			}
			// New data stays within the congestion window (limited transmit adds two segments, FIN is one more number).
			if s.nxt > nxt && pipe > max(s.w.cwnd+2*mss, mss)+1 {
				t.Fatalf("sent new data with %d bytes on their way and a window of %d", pipe, s.w.cwnd)
			}
			if s.nxt > s.edge+1 {
				t.Fatalf("sent up to %d, the receiver takes up to %d", s.nxt, s.edge)
			}
			if (s.una < s.nxt) != (s.rtoAt != Never) {
				t.Fatalf("timer at %d with una %d and nxt %d", s.rtoAt, s.una, s.nxt)
			}
			if r.nxt < s.una {
				t.Fatalf("%d acknowledged, %d received", s.una, r.nxt)
			}
		}
		write := func() {
			n := min(size-written, 1+uint64(chance.IntN(300)))
			written += n
			s.Write(n, now, &out)
			after(0)
			if written == size {
				s.Close(now, &out)
				after(0)
			}
		}
		s.Open(now, &out)
		after(0)
		write()
		for steps := 0; !s.Done(); steps++ {
			if steps > 200_000 {
				t.Fatalf("no end: una %d of %d at %d s", s.una, size, now/Second)
			}
			next, which := Never, -1
			for i, p := range wire {
				if p.at < next || p.at == next && p.seen < wire[which].seen {
					next, which = p.at, i
				}
			}
			nxt := s.nxt
			if end := 0; which < 0 || min(wake[0], wake[1]) < next {
				if wake[1] < wake[0] {
					end = 1
				}
				if wake[end] == Never {
					if written < size {
						write()
						continue
					}
					t.Fatalf("nothing will happen any more: una %d of %d", s.una, size)
				}
				now = wake[end]
				if end == 0 {
					s.OnTimer(now, &out)
				} else {
					r.OnTimer(now, &out)
				}
				after(end)
				check(nxt)
				continue
			}
			p := wire[which]
			wire[which] = wire[len(wire)-1]
			wire = wire[:len(wire)-1]
			now = p.at
			if p.to == 0 {
				s.OnSegment(&p.g, now, &out)
			} else {
				r.OnSegment(&p.g, now, &out)
			}
			after(p.to)
			check(nxt)
			if written < size && chance.IntN(20) == 0 {
				nxt = s.nxt
				write()
				check(nxt)
			}
		}
		if got := r.Stats(); got.Delivered != size || got.Closed == Never || r.ooo.bytes != 0 {
			t.Fatalf("delivered %d of %d, closed at %d", got.Delivered, size, got.Closed)
		}
		if st := s.Stats(); st.Acked != size || st.Sent-st.Retransmitted != size || st.InFlight != 0 {
			t.Fatalf("acknowledged %d, sent %d, again %d, in flight %d", st.Acked, st.Sent, st.Retransmitted, st.InFlight)
		}
		if r.Stats().Duplicate > 0 && loss == 0 && twice == 0 && jitter == 1 {
			t.Fatalf("%d bytes twice on a perfect path", r.Stats().Duplicate)
		}
	})
}
