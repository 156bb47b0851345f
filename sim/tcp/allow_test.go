package tcp

import "testing"

func TestASenderObeysItsHost(t *testing.T) {
	c := Default()
	c.Handshake = false
	var s Sender
	var out Output
	s.Init(&c)
	s.Write(Unlimited, 0, &out)
	s.Allow(3)
	s.Open(0, &out)
	if len(out.Segments) != 3 || !s.Held() {
		t.Fatalf("%d segments, held %t; want 3 and more to come", len(out.Segments), s.Held())
	}
	out.Segments = out.Segments[:0]
	s.Allow(2)
	s.Resume(1, &out)
	if len(out.Segments) != 2 || out.Segments[0].Seq != uint64(1+3*c.MSS) || !s.Held() || out.Deadline == Never {
		t.Fatalf("%+v, held %t", out, s.Held())
	}
	out.Segments = out.Segments[:0]
	s.Allow(100)
	s.Resume(2, &out)
	if len(out.Segments) != c.InitialWindow-5 || s.Held() {
		t.Fatalf("%d segments, held %t; want the rest of the initial window", len(out.Segments), s.Held())
	}
	// While the host takes nothing the window grows only if it has been used lately.
	grows := func(outstanding int) bool {
		out.Segments = out.Segments[:0]
		s.Allow(0)
		before := s.Stats().Window
		ack := s.nxt - uint64(outstanding*c.MSS)
		s.OnSegment(&Segment{Ack: ack, Flags: ACK, Window: c.ReceiveWindow}, Millisecond, &out)
		if len(out.Segments) != 0 || !s.Held() {
			t.Fatalf("sent %d segments, held %t", len(out.Segments), s.Held())
		}
		return s.Stats().Window > before
	}
	if !grows(8) {
		t.Error("the window stopped sending, yet it does not grow")
	}
	grows(0)
	s.Allow(2)
	s.Resume(Millisecond, &out)
	if grows(1) {
		t.Error("the window grows, and nobody has used it")
	}
}
