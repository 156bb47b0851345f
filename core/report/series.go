package report

import (
	"io"

	"sendim/core/model"
	"sendim/core/trace"
)

// FlowPoint is what a flow did since its point before.
type FlowPoint struct {
	At   model.Time // end of the span
	Flow string
	trace.FlowSample
}

// Rate is what was received during the span, bit/s.
func (p *FlowPoint) Rate() float64 {
	if p.Span <= 0 {
		return 0
	}
	return float64(p.Bytes*8) / p.Span.Seconds()
}

// QueuePoint is the queue before one direction of a link, or a class's part of it.
type QueuePoint struct {
	At   model.Time
	Link string
	trace.QueueSample
}

// SwitchPoint is what a switch did since its point before.
type SwitchPoint struct {
	At     model.Time
	Switch string
	trace.SwitchSample
}

// Followed is what was followed over time because a <trace series> asked for it.
type Followed struct {
	Flows    []FlowPoint
	Queues   []QueuePoint
	Switches []SwitchPoint
}

// point takes a point of one of the series; each keeps its first MostPoints.
func (c *Collector) point(e *trace.Entry) {
	f := &c.r.Followed
	switch {
	case len(f.Flows)+len(f.Queues)+len(f.Switches) >= MostPoints:
		c.dropped.followed++
	case e.Transfer != nil:
		f.Flows = append(f.Flows, FlowPoint{e.At, e.Flow, *e.Transfer})
	case e.Queue != nil:
		f.Queues = append(f.Queues, QueuePoint{e.At, e.Link, *e.Queue})
	case e.Switch != nil:
		f.Switches = append(f.Switches, SwitchPoint{e.At, e.Node, *e.Switch})
	}
}

// files lists the files of the series there are.
func (f *Followed) files() (out []File) {
	if len(f.Flows) > 0 {
		out = append(out, File{"flow-series.csv", f.writeFlows})
	}
	if len(f.Queues) > 0 {
		out = append(out, File{"queue-series.csv", f.writeQueues})
	}
	if len(f.Switches) > 0 {
		out = append(out, File{"switch-series.csv", f.writeSwitches})
	}
	return out
}

func (f *Followed) writeFlows(w io.Writer) error {
	columns := []string{"at_s", "flow", "span_s", "bytes", "rate_bps", "total_bytes", "packets_lost", "retransmits", "cwnd_bytes", "rtt_s"}
	return table(w, columns, len(f.Flows), func(i int) []string {
		p := &f.Flows[i]
		return []string{seconds(p.At), p.Flow, seconds(p.Span), whole(p.Bytes), number(p.Rate()), whole(p.Total), whole(p.Lost), whole(p.Retransmits),
			known(p.Window > 0, whole(p.Window)), known(p.RTT > 0, seconds(p.RTT))}
	})
}

func (f *Followed) writeQueues(w io.Writer) error {
	columns := []string{"at_s", "link", "from", "to", "class", "span_s", "packets", "bytes", "drops", "marks"}
	return table(w, columns, len(f.Queues), func(i int) []string {
		p := &f.Queues[i]
		return []string{seconds(p.At), p.Link, p.From, p.To, p.Class, seconds(p.Span), whole(p.Packets), known(p.Bytes >= 0, whole(p.Bytes)), whole(p.Drops), whole(p.Marks)}
	})
}

func (f *Followed) writeSwitches(w io.Writer) error {
	columns := []string{"at_s", "switch", "span_s", "packets", "misses", "packet_ins", "rules"}
	return table(w, columns, len(f.Switches), func(i int) []string {
		p := &f.Switches[i]
		return []string{seconds(p.At), p.Switch, seconds(p.Span), whole(p.Packets), known(p.Misses >= 0, whole(p.Misses)), known(p.PacketIns >= 0, whole(p.PacketIns)), known(p.Rules >= 0, whole(p.Rules))}
	})
}

// known is a value, or nothing where it is not known.
func known(is bool, v string) string {
	if !is {
		return ""
	}
	return v
}
