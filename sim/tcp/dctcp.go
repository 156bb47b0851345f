package tcp

// dctcp is the sender of RFC 8257: it shrinks the window by the share of marked bytes, grows it like NewReno, and answers
// loss like NewReno (section 3.4).
type dctcp struct {
	newReno
	alpha        float64 // estimated share of marked bytes; starts at 1 (section 4.2)
	acks, marked uint64  // bytes in the present observation window
	end          uint64  // it lasts until this number is acknowledged
}

const dctcpG = 1.0 / 16 // section 4.2

func (d *dctcp) acked(w *window, a ackInfo) {
	d.acks += a.bytes
	if a.ece {
		d.marked += a.bytes
	}
	if a.una > d.end { // section 3.3, steps 3 to 8
		if d.acks > 0 {
			share := float64(d.marked) / float64(d.acks)
			d.alpha = float64((1-dctcpG)*d.alpha) + float64(dctcpG*share)
		}
		d.acks, d.marked, d.end = 0, 0, a.nxt
	}
	d.newReno.acked(w, a)
}

func (d *dctcp) reduced(w *window, now int64, flight uint64, why cause) uint64 {
	if why != byMark {
		return d.newReno.reduced(w, now, flight, why)
	}
	// Marks may take a window down to one segment, unlike loss (RFC 3168, section 6.1.2).
	return max(uint64(float64(w.cwnd)*(1-d.alpha/2)), w.mss)
}
