package tcp

// Flags are the control bits of a segment.
type Flags uint8

// The bits that matter here. ECE and CWR are those of RFC 3168.
const (
	SYN Flags = 1 << iota
	ACK
	FIN
	ECE
	CWR
)

// ECN is the two-bit field of the IP header.
type ECN uint8

// Codepoints of RFC 3168, section 5. A queue that marks turns ECT0 into CE and must not touch NotECT.
const (
	NotECT ECN = 0
	ECT0   ECN = 2
	CE     ECN = 3
)

// Range is a run of sequence numbers, Start inclusive, End exclusive.
type Range struct{ Start, End uint64 }

// Segment is one TCP segment as a plain comparable value. Sequence numbers do not wrap: SYN is number 0, the first byte
// of data number 1; a wire format keeps the low 32 bits.
type Segment struct {
	Seq    uint64 // number of the first byte, or of SYN or FIN
	Ack    uint64 // next number expected, when ACK is set
	Window uint64 // bytes the receiver takes beyond Ack
	TSVal  int64  // picoseconds: when this segment was sent
	TSEcr  int64  // picoseconds: TSVal of the segment that is answered (RFC 7323, section 4)
	SACK   [3]Range
	Len    int32 // bytes of payload
	SACKs  uint8 // how many of SACK hold a block; three fit beside timestamps
	Flags  Flags
	ECN    ECN
}

// End is the sequence number after the segment: SYN and FIN count one each.
func (g *Segment) End() uint64 {
	end := g.Seq + uint64(g.Len)
	if g.Flags&SYN != 0 {
		end++
	}
	if g.Flags&FIN != 0 {
		end++
	}
	return end
}

// Bytes is the length of the segment's IP packet: headers with options, and payload. A SYN carries 8 bytes of options
// more (MSS, window scale, SACK permitted), SACK blocks 4 and 8 for each (RFC 2018, section 3).
func (c *Config) Bytes(g *Segment) int {
	n := c.HeaderBytes + int(g.Len)
	if g.Flags&SYN != 0 {
		n += 8
	}
	if g.SACKs > 0 {
		n += 4 + 8*int(g.SACKs)
	}
	return n
}

// Output is what an endpoint wants after an event. The caller keeps one per worker and empties Segments, whose backing
// array is reused, before each call.
type Output struct {
	// Segments to send now, in order; appended to.
	Segments []Segment
	// Deadline is the time at which OnTimer wants to be called, Never for not at all. It replaces the deadline before.
	// A caller may leave a timer armed for an earlier one: OnTimer before the deadline does nothing but repeat it.
	Deadline int64
}
