package tcp

import (
	"fmt"
	"math"
)

// Units of virtual time, int64 picoseconds like everywhere in the simulator.
const (
	Millisecond int64 = 1_000_000_000
	Second      int64 = 1000 * Millisecond
	// Never is the deadline of an endpoint that wants no wake-up.
	Never int64 = math.MaxInt64
)

// Kind names a congestion control algorithm.
type Kind uint8

// The algorithms: NewReno is RFC 5681, Cubic RFC 9438 and DCTCP RFC 8257, which needs Config.ECN.
const (
	NewReno Kind = iota
	Cubic
	DCTCP
)

// String gives the name used in the literature.
func (k Kind) String() string {
	switch k {
	case NewReno:
		return "NewReno"
	case Cubic:
		return "CUBIC"
	case DCTCP:
		return "DCTCP"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Config says how both ends of a transfer behave. Endpoints keep a pointer to it: many share one, and it must not change
// while they live.
type Config struct {
	MSS           int    // bytes of payload in a full segment
	HeaderBytes   int    // bytes of IP and TCP headers with timestamps, without SACK blocks
	InitialWindow int    // segments (RFC 6928)
	ReceiveWindow uint64 // bytes that may be outstanding for the receiver's sake; at least one MSS
	SACK          bool   // RFC 2018 and 6675; without it RFC 6582
	ECN           bool   // packets are sent ECN-capable, and marks are echoed
	Handshake     bool   // SYN, SYN-ACK, ACK before data; without it both ends start established
	HyStart       bool   // CUBIC leaves slow start on longer ACK trains or delay instead of on loss
	RenoFriendly  bool   // CUBIC is never slower than Reno would be (RFC 9438, section 4.3)
	Control       Kind   // congestion control
	DelayedACK    int    // segments per acknowledgement; 1 acknowledges each

	// Picoseconds.
	DelayedACKTimeout int64 // longest wait of a delayed acknowledgement (RFC 5681 allows up to 500 ms)
	MinRTO            int64 // RFC 6298 asks for 1 s; the systems in use take 200 ms
	InitialRTO        int64
	MaxRTO            int64
}

// Default is the configuration of a present-day host on Ethernet: 1448 bytes of payload below 52 of headers, initial
// window 10, SACK, handshake, an acknowledgement for every second segment within 40 ms, retransmission after no less
// than 200 ms, and a receive window that never limits.
func Default() Config {
	return Config{
		MSS: 1448, HeaderBytes: 52, InitialWindow: 10, ReceiveWindow: 1 << 40,
		SACK: true, Handshake: true, HyStart: true, RenoFriendly: true, Control: NewReno,
		DelayedACK: 2, DelayedACKTimeout: 40 * Millisecond,
		MinRTO: 200 * Millisecond, InitialRTO: Second, MaxRTO: 60 * Second,
	}
}

// Validate reports the first setting no endpoint could work with.
func (c *Config) Validate() error {
	switch {
	case c.MSS < 1 || c.MSS > 1<<20:
		return fmt.Errorf("tcp: MSS of %d bytes: want 1 to %d", c.MSS, 1<<20)
	case c.HeaderBytes < 0:
		return fmt.Errorf("tcp: %d header bytes: want 0 or more", c.HeaderBytes)
	case c.InitialWindow < 1 || c.InitialWindow > 1<<20:
		return fmt.Errorf("tcp: initial window of %d segments: want 1 to %d", c.InitialWindow, 1<<20)
	case c.ReceiveWindow < uint64(c.MSS) || c.ReceiveWindow > 1<<60:
		return fmt.Errorf("tcp: receive window of %d bytes: want one MSS (%d) to 2^60", c.ReceiveWindow, c.MSS)
	case c.Control > DCTCP:
		return fmt.Errorf("tcp: unknown congestion control %v: want NewReno, CUBIC or DCTCP", c.Control)
	case c.Control == DCTCP && !c.ECN:
		return fmt.Errorf("tcp: DCTCP without ECN: it has no other signal")
	case c.DelayedACK < 1:
		return fmt.Errorf("tcp: %d segments per acknowledgement: want 1 or more", c.DelayedACK)
	case c.DelayedACK > 1 && (c.DelayedACKTimeout <= 0 || c.DelayedACKTimeout > Second/2):
		return fmt.Errorf("tcp: delayed acknowledgement after %d ps: want more than 0 and at most 500 ms", c.DelayedACKTimeout)
	case c.MinRTO <= 0 || c.MaxRTO < c.MinRTO || c.MaxRTO > 1000*Second:
		return fmt.Errorf("tcp: retransmission time-out between %d and %d ps: want 0 < least <= most <= 1000 s", c.MinRTO, c.MaxRTO)
	case c.InitialRTO <= 0 || c.InitialRTO > c.MaxRTO:
		return fmt.Errorf("tcp: initial retransmission time-out of %d ps: want more than 0 and at most %d", c.InitialRTO, c.MaxRTO)
	}
	return nil
}
