package tcp

// hystart ends slow start before it overflows the queue (S. Ha and I. Rhee, "Taming the elephants: new TCP slow start",
// Computer Networks 55, 2011). Of its two signs either suffices: acknowledgements that arrive close together for
// as long as the shortest round trip, so that the path is full; or round trips that begin later than the shortest by more.
type hystart struct {
	on, found   bool
	samples     uint8
	end         uint64 // the round lasts until this number is acknowledged
	round, last int64  // ps: its start, and its last closely spaced acknowledgement
	least       int64  // ps: least of the round's first samples
}

const (
	hystartWindow  = 16 // segments: below it slow start does no harm
	hystartSamples = 8
	hystartSpacing = 2 * Millisecond // acknowledgements of one train are no further apart
	hystartMin     = 4 * Millisecond
	hystartMax     = 1000 * Millisecond
)

// leave says whether slow start should end with this acknowledgement.
func (h *hystart) leave(w *window, a ackInfo) bool {
	if !h.on || h.found {
		return false
	}
	if w.cwnd >= hystartWindow*w.mss && h.end > 0 {
		// The acknowledgement that opens the next round is the last of this round's train.
		if a.now-h.last <= hystartSpacing {
			h.last = a.now
			h.found = a.now-h.round >= a.least
		}
		if h.samples < hystartSamples {
			if h.samples == 0 || a.rtt < h.least {
				h.least = a.rtt
			}
			h.samples++
		} else if h.least > a.least+min(max(a.least, hystartMin), hystartMax) {
			h.found = true
		}
	}
	if a.una > h.end {
		h.end, h.round, h.last, h.least, h.samples = a.nxt, a.now, a.now, 0, 0
	}
	return h.found
}

func (h *hystart) reset() { *h = hystart{on: h.on} }
