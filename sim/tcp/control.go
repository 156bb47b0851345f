package tcp

// window is what congestion control steers and the sender obeys, in bytes.
type window struct {
	cwnd, ssthresh uint64
	mss            uint64
	credit         uint64 // acknowledged bytes not yet turned into growth
}

// ackInfo is what an acknowledgement of new data tells congestion control.
type ackInfo struct {
	now, rtt int64  // ps; rtt is the sample of this acknowledgement
	least    int64  // ps: shortest sample of the transfer, SYN's included
	bytes    uint64 // newly acknowledged
	una, nxt uint64 // first unacknowledged and next new sequence number
	ece      bool   // the receiver echoed a mark
	grow     bool   // outside recovery, and the window was what limited the sender
}

// cause is why a window is reduced.
type cause uint8

const (
	byLoss    cause = iota // fast retransmit
	byTimeout              // retransmission timer
	byMark                 // ECN
)

// control is a congestion control algorithm. The sender decides when a window shrinks and what happens during recovery;
// the algorithm says how windows grow and to how much they shrink.
type control interface {
	// acked takes every acknowledgement of new data and grows w.cwnd where a.grow allows.
	acked(w *window, a ackInfo)
	// reduced gives the new slow start threshold; flight is the number of bytes outstanding within the window.
	reduced(w *window, now int64, flight uint64, why cause) uint64
	// idled tells that the sender had nothing to send for d picoseconds.
	idled(d int64)
}

func newControl(c *Config) control {
	switch c.Control {
	case Cubic:
		return &cubic{hystart: hystart{on: c.HyStart}, friendly: c.RenoFriendly}
	case DCTCP:
		return &dctcp{alpha: 1}
	}
	return newReno{}
}

// newReno is the congestion control of RFC 5681. All its state is the window.
type newReno struct{}

func (newReno) acked(w *window, a ackInfo) {
	if !a.grow {
		return
	}
	if w.cwnd < w.ssthresh {
		slowStart(w, a.bytes)
		return
	}
	// Section 3.1: one MSS for each window's worth of acknowledged bytes.
	w.credit += a.bytes
	if w.credit >= w.cwnd {
		w.credit -= w.cwnd
		w.cwnd += w.mss
		w.credit = min(w.credit, w.cwnd)
	}
}

func (newReno) reduced(w *window, _ int64, flight uint64, _ cause) uint64 {
	return max(flight/2, 2*w.mss)
}

func (newReno) idled(int64) {}

// slowStart is RFC 5681, equation 2: no more than one MSS per acknowledgement.
func slowStart(w *window, bytes uint64) { w.cwnd += min(bytes, w.mss) }
