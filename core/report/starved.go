package report

import (
	"fmt"

	"sendim/core/model"
)

// starved counts the flows that the switches of a real world held back, by their own
// slowness and not by a link, and gives the first of them.
func starved(r *Results) (n int, first *Flow) {
	var span, restless float64
	for _, l := range r.Load {
		span += l.Span.Seconds()
		if l.Switching >= SwitchingLimit {
			restless += l.Span.Seconds()
		}
	}
	if span == 0 || restless < SwitchingTime*span {
		return 0, nil
	}
	type hop struct{ from, to string }
	limits := map[hop][]*Link{}
	for i := range r.Links {
		l := &r.Links[i]
		limits[hop{l.From, l.To}] = append(limits[hop{l.From, l.To}], l)
	}
	for i := range r.Flows {
		f := &r.Flows[i]
		if !unhindered(f) {
			continue
		}
		limited, full := false, false
		for k := 1; k < len(f.Path); k++ {
			for _, l := range limits[hop{f.Path[k-1], f.Path[k]}] {
				limited = limited || l.Rate > 0
				full = full || l.Measured > 0 || l.Drops > 0
			}
		}
		if (limited || f.Asked.Rate > 0) && !full { // who asks for a rate is held back without limits, too
			if n++; first == nil {
				first = f
			}
		}
	}
	return n, first
}

// unhindered says that a flow would have gone faster if it could, and that nothing in the
// network told it not to: none of its packets was lost, by a queue or by a meter.
func unhindered(f *Flow) bool {
	if f.Error != "" || f.Lost > 0 || f.Retransmits > 0 || f.Bytes == 0 || f.Rate <= 0 {
		return false
	}
	if f.Asked.Rate > 0 {
		return f.Rate < heldBackRate*float64(f.Asked.Rate) && f.Asked.For >= heldBackFor
	}
	return f.Transport == "tcp" && float64(f.Bytes)*8 >= f.Rate*heldBackFor.Seconds()
}

// behind counts the flows whose senders did not keep up with what they were to send, and
// gives the first of them and how long it was to take. A datagram waits for nobody, so that it
// is late only where its sender had no core when it was due.
func behind(r *Results) (n int, first *Flow, due model.Time) {
	if len(r.Load) == 0 {
		return 0, nil, 0
	}
	for i := range r.Flows {
		f := &r.Flows[i]
		if f.Transport != "udp" || f.Error != "" || f.Asked.Rate <= 0 || f.Asked.For < heldBackFor {
			continue
		}
		took := f.Finish - f.Start
		if !f.Finished() {
			if float64(f.Offered)*8 >= heldBackRate*f.Asked.For.Seconds()*float64(f.Asked.Rate) {
				continue // all was sent, and is lost
			}
			took = r.End - f.Start
		}
		if took-f.LatencyMax <= f.Asked.For+f.Asked.For/10 {
			continue
		}
		if n++; first == nil {
			first, due = f, f.Asked.For
		}
	}
	return n, first, due
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n)
}
