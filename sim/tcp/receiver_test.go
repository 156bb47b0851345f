package tcp

import (
	"slices"
	"testing"
)

// feed gives a receiver without handshake data segments of 100 bytes by number and returns the acknowledgements.
func feed(r *Receiver, now int64, segments ...uint64) []Segment {
	var out Output
	for _, n := range segments {
		r.OnSegment(&Segment{Seq: 1 + 100*n, Len: 100, Flags: ACK, TSVal: now}, now, &out)
	}
	return out.Segments
}

func receiver(delayed int) *Receiver {
	c := Default()
	c.Handshake, c.DelayedACK = false, delayed
	r := new(Receiver)
	r.Init(&c)
	return r
}

func TestDelayedAcknowledgements(t *testing.T) {
	r := receiver(2)
	if got := feed(r, 0, 0); len(got) != 0 {
		t.Errorf("the first segment is acknowledged at once: %v", got)
	}
	var out Output
	r.OnTimer(Millisecond, &out)
	if len(out.Segments) != 0 || out.Deadline != 40*Millisecond {
		t.Errorf("before the deadline: %v, deadline %d", out.Segments, out.Deadline)
	}
	if got := feed(r, 2*Millisecond, 1); len(got) != 1 || got[0].Ack != 201 || got[0].TSEcr != 0 {
		t.Errorf("the second segment: %v, want one acknowledgement of 201 that echoes the first's time", got)
	}
	feed(r, 10*Millisecond, 2)
	r.OnTimer(50*Millisecond, &out)
	if len(out.Segments) != 1 || out.Segments[0].Ack != 301 || out.Deadline != Never {
		t.Errorf("at the deadline: %v", out.Segments)
	}
	if got := feed(r, 60*Millisecond, 4); len(got) != 1 || got[0].Ack != 301 {
		t.Errorf("out of order: %v, want a duplicate acknowledgement at once", got)
	}
	if got := feed(r, 61*Millisecond, 3); len(got) != 1 || got[0].Ack != 501 {
		t.Errorf("a filled gap: %v, want an acknowledgement at once", got)
	}
	if got := feed(r, 62*Millisecond, 3); len(got) != 1 || got[0].Ack != 501 {
		t.Errorf("old data: %v, want an acknowledgement at once", got)
	}
}

func TestSACKReportsTheLatestRangeFirst(t *testing.T) {
	r := receiver(1)
	tests := []struct {
		segment uint64
		ack     uint64
		blocks  []Range // in segments
	}{
		{0, 1, nil},
		{2, 1, []Range{{2, 3}}},
		{4, 1, []Range{{4, 5}, {2, 3}}},
		{6, 1, []Range{{6, 7}, {4, 5}, {2, 3}}},
		{8, 1, []Range{{8, 9}, {6, 7}, {4, 5}}},
		{3, 1, []Range{{2, 5}, {8, 9}, {6, 7}}},
		{1, 5, []Range{{8, 9}, {6, 7}}},
		{5, 7, []Range{{8, 9}}},
		{7, 9, nil},
	}
	for _, tt := range tests {
		got := feed(r, 0, tt.segment)[0]
		var blocks []Range
		for _, x := range got.SACK[:got.SACKs] {
			blocks = append(blocks, Range{(x.Start - 1) / 100, (x.End - 1) / 100})
		}
		if got.Ack != 1+100*tt.ack || !slices.Equal(blocks, tt.blocks) {
			t.Errorf("after segment %d: ack %d, blocks %v, want %d, %v", tt.segment, (got.Ack-1)/100, blocks, tt.ack, tt.blocks)
		}
	}
}

func TestDCTCPReceiverEchoesEachChangeOfMarks(t *testing.T) {
	c := Default()
	c.Handshake, c.ECN, c.Control = false, true, DCTCP
	var r Receiver
	r.Init(&c)
	var out Output
	for n, mark := range []ECN{ECT0, CE, CE, CE, ECT0, ECT0} {
		r.OnSegment(&Segment{Seq: 1 + 100*uint64(n), Len: 100, ECN: mark}, 0, &out)
	}
	type answer struct {
		ack uint64
		ece bool
	}
	var got []answer
	for _, g := range out.Segments {
		got = append(got, answer{(g.Ack - 1) / 100, g.Flags&ECE != 0})
	}
	// RFC 8257, section 3.2: on a change what came before it is acknowledged at once, with the old mark.
	if want := []answer{{1, false}, {3, true}, {4, true}, {6, false}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPacketLengths(t *testing.T) {
	c := Default()
	for _, tt := range []struct {
		g    Segment
		want int
	}{
		{Segment{Flags: SYN}, 60}, {Segment{Flags: ACK}, 52}, {Segment{Len: 1448}, 1500}, {Segment{SACKs: 3}, 80},
	} {
		if got := c.Bytes(&tt.g); got != tt.want {
			t.Errorf("%+v takes %d bytes, want %d", tt.g, got, tt.want)
		}
	}
}
