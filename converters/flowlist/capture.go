package flowlist

import (
	"io"

	"sendim/converters/pcapflow"
	"sendim/core/fault"
)

// capture reads the flows of a capture of packets.
func (r *reader) capture() {
	limited := &io.LimitedReader{R: r.in, N: r.most}
	c, err := pcapflow.Read(limited, pcapflow.Options{Idle: r.Idle.Seconds(), MaxFlows: r.MaxFlows})
	if err != nil {
		r.faults.Addf(fault.Syntax, fault.Place{File: r.name}, "%v", err)
		return
	}
	if limited.N == 0 {
		if _, err := r.in.ReadByte(); err == nil {
			r.fail(fault.Limit, "the file has more than %d bytes", r.most)
			return
		}
	}
	if c.Cut {
		r.warn("the file ends in the middle of a packet, the %dth", c.Packets+1)
	}
	for _, l := range c.Left {
		r.warn("left out: %d %s", l.Packets, l.What)
	}
	left := leftOut{}
	for i := range c.Flows {
		f := &c.Flows[i]
		r.line = int(min(f.Packet, 1<<31-1))
		x := record{from: f.From, to: f.To, proto: f.Proto, fromPort: f.FromPort, toPort: f.ToPort, second: f.Second, nano: f.Nano,
			span: f.Span, packets: f.Packets, data: f.Bytes}
		if !r.observed(&x, left) {
			break
		}
	}
	left.report(r)
}
