package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/core/workload"
)

// What headers take of a frame, in bytes.
const (
	udpOverhead  = 14 + 20 + 8
	icmpOverhead = 14 + 20 + 8
	tcpOverhead  = 14 + 20 + 20 // beside the options, which TCP itself takes off
)

// fullFrame is the frame of a flow that says nothing else, in bytes.
const fullFrame = 1514

// End is a host that takes part in a flow.
type End struct {
	Driver  *Driver
	Address netip.Addr
}

// Spec is a flow to be carried out.
type Spec struct {
	Flow model.Flow // complete, as core/workload leaves it; From and To are not looked at
	Tag  uint32     // differs from that of every flow that runs beside it
	From End
	To   []End // more than one where an app chooses among the members of a service
	// Target is where packets are sent: an address of To, or a service's.
	Target netip.Addr
	// Schedule is what a flow with a pattern sends, drawn from Seed; nil for others.
	Schedule *workload.Schedule
	Seed     uint64
	// OneWay says that both hosts have the same clock.
	OneWay bool
	// Now is the agents' clock as it is read here; nil: Monotonic.
	Now func() int64
}

func (s *Spec) now() int64 {
	if s.Now == nil {
		return Monotonic()
	}
	return s.Now()
}

// Transfer is a flow whose receivers are ready.
type Transfer struct {
	spec      Spec
	receivers []*Pending
	count     int64 // packets to send: UDP, ICMP
}

// payload is what an application's packet carries, in bytes.
func payload(f *model.Flow, overhead model.Size) int64 {
	frame := f.Packet
	if frame == 0 {
		frame = fullFrame
	}
	return int64(max(frame-overhead, 0))
}

// Prepare opens the receivers of a flow. Run or Abandon ends it.
func Prepare(ctx context.Context, s Spec) (*Transfer, error) {
	t := &Transfer{spec: s}
	f := &s.Flow
	order := Order{Tag: s.Tag, Source: netip.AddrPortFrom(s.From.Address, f.SrcPort).String()}
	switch f.Kind() {
	case model.UDP:
		order.Op = opUDPReceive
		size := max(payload(f, udpOverhead), header)
		if f.Size > 0 {
			t.count = (int64(f.Size) + size - 1) / size
		} else if f.Rate > 0 {
			// Packets are due at k gaps from the start, for as long as that is within Duration.
			gap := float64(size) * 8 / float64(f.Rate)
			t.count = int64(f.Duration.Seconds()/gap + 0.999999)
		}
		t.count = max(t.count, 1)
	case model.TCP:
		order.Op = opTCPReceive
		order.Segment = t.segment()
	case model.ICMP:
		t.count = max(1, int64(f.Count))
		if f.Count == 0 && f.Duration > 0 {
			t.count = max(1, int64(f.Duration/model.Second))
		}
		return t, nil
	default:
		return nil, fmt.Errorf("preparing flow %s: no transport %v", f.ID, f.Transport)
	}
	for _, to := range s.To {
		order.Target = netip.AddrPortFrom(to.Address, f.DstPort).String()
		p, err := to.Driver.Order(order)
		if err == nil {
			t.receivers = append(t.receivers, p)
			err = p.Ready(ctx)
		}
		if err != nil {
			t.Abandon()
			return nil, fmt.Errorf("preparing flow %s: %w", f.ID, err)
		}
	}
	return t, nil
}

// segment is TCP's maximum segment size for the flow's frames; 0 leaves it to the path.
func (t *Transfer) segment() int {
	if p := t.spec.Flow.Packet; p != 0 && p != fullFrame {
		return int(max(p-tcpOverhead, 88)) // Linux takes no less than 88
	}
	return 0
}

// Abandon closes the receivers of a flow that is not run.
func (t *Transfer) Abandon() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, r := range t.receivers {
		_, _ = r.Wait(over)
	}
}

// Run sends from a time of the clock (0: now) and returns when everything has come or
// will not come any more. When ctx ends first, what came until then is returned, and the
// flow is unfinished. Times of the result are made by when from those of Monotonic.
// From, To and Class are the caller's to fill in.
func (t *Transfer) Run(ctx context.Context, start int64, when func(ns int64) model.Time) trace.FlowResult {
	f := &t.spec.Flow
	sent, err := t.send(ctx, start)
	var got Measured
	var lat latency
	var servers []trace.Served
	var first []int64 // when each of them got its first byte
	for _, r := range t.receivers {
		r.finish(sent.Packets)
	}
	for _, r := range t.receivers {
		limit, cancel := ctx, context.CancelFunc(func() {})
		if err != nil || ctx.Err() != nil {
			// The sender failed or was told to end. What is still on its way is counted, but
			// a receiver that waits longer does so for nothing.
			limit, cancel = context.WithTimeout(context.WithoutCancel(ctx), 2*drain)
		}
		m, fail := r.Wait(limit)
		cancel()
		if fail != nil && ctx.Err() == nil && err == nil {
			err = fail
		}
		if m.Packets > 0 && m.Max > 0 {
			lat.sum, lat.n = lat.sum+m.Mean*m.Packets, lat.n+m.Packets
			if lat.min == 0 || m.Min < lat.min {
				lat.min = m.Min
			}
			lat.max = max(lat.max, m.Max)
		}
		if m.Bytes > 0 {
			first = append(first, m.First)
			servers = append(servers, trace.Served{Node: r.driver.name, Bytes: m.Bytes})
		}
		got.Packets, got.Bytes, got.Last = got.Packets+m.Packets, got.Bytes+m.Bytes, max(got.Last, m.Last)
	}
	if f.Kind() == model.ICMP {
		got.Packets, got.Last = sent.Packets, sent.Last
		sent.Packets = t.count
		got.Bytes = got.Packets * payload(f, icmpOverhead)
		sent.Bytes = sent.Packets * payload(f, icmpOverhead)
		lat = latency{sent.Min, sent.Max, sent.Mean, min(1, got.Packets)} // there and back
	}
	r := trace.FlowResult{ID: f.ID, Transport: f.Kind().String(), Granularity: f.Granularity.String(), Class: f.Class,
		Bytes: got.Bytes, Offered: sent.Bytes, Sent: sent.Packets, Received: got.Packets,
		Lost: max(0, sent.Packets-got.Packets), Retransmits: sent.Retransmits, Finish: trace.Unfinished}
	if f.Service != "" {
		sort.Stable(&inOrder{first, servers})
		r.Servers = servers
	}
	if sent.First == 0 {
		sent.First = max(start, 1)
	}
	r.Start = when(sent.First)
	switch {
	case ctx.Err() != nil: // told to end
	case got.Last > 0:
		r.Finish = when(got.Last)
	case err == nil: // all was lost: it ended with its last packet
		r.Finish = when(max(sent.Last, sent.First))
	}
	span := model.Time(got.Last-sent.First) * model.Nanosecond
	if r.Finish != trace.Unfinished {
		span = max(span, f.Duration) // a flow is as slow as it was asked to be
	}
	if span > 0 {
		r.Rate = float64(got.Bytes) * 8 / span.Seconds()
	}
	if lat.n > 0 && (t.spec.OneWay || f.Kind() == model.ICMP) {
		ns := func(v int64) model.Time { return model.Time(v) * model.Nanosecond }
		r.LatencyMin, r.LatencyMean, r.LatencyMax = ns(lat.min), ns(lat.sum/lat.n), ns(lat.max)
	}
	if err != nil && ctx.Err() == nil {
		r.Error = err.Error()
	}
	return r
}

// inOrder sorts servers by when they got their first byte.
type inOrder struct {
	first   []int64
	servers []trace.Served
}

func (o *inOrder) Len() int           { return len(o.first) }
func (o *inOrder) Less(i, j int) bool { return o.first[i] < o.first[j] }
func (o *inOrder) Swap(i, j int) {
	o.first[i], o.first[j] = o.first[j], o.first[i]
	o.servers[i], o.servers[j] = o.servers[j], o.servers[i]
}

// send has the sender send and waits for its end.
func (t *Transfer) send(ctx context.Context, start int64) (Measured, error) {
	s, f := &t.spec, &t.spec.Flow
	o := Order{Tag: s.Tag, Start: start, Rate: int64(f.Rate), Bytes: int64(f.Size), Packets: t.count,
		Source: netip.AddrPortFrom(s.From.Address, f.SrcPort).String(), Target: netip.AddrPortFrom(s.Target, f.DstPort).String()}
	switch f.Kind() {
	case model.UDP:
		o.Op, o.Payload = opUDPSend, int(max(payload(f, udpOverhead), header))
		o.Schedule, o.Seed = s.Schedule, s.Seed
	case model.TCP:
		o.Op, o.Segment = opTCPSend, t.segment()
		if f.Size == 0 {
			o.Span = int64(f.Duration / model.Nanosecond)
		}
	case model.ICMP:
		o.Op, o.Target, o.Payload = opPing, s.Target.String(), int(payload(f, icmpOverhead))
		o.Count, o.Interval, o.Timeout = int(t.count), int64(time.Second), int64(time.Second)
		if f.Rate > 0 {
			o.Interval = max(1, int64(f.Rate.TransmissionTime(model.Size(o.Payload))/model.Nanosecond))
			o.Rate = 0
		}
	}
	p, err := s.From.Driver.Order(o)
	if err != nil {
		return Measured{}, err
	}
	m, err := p.Wait(ctx)
	if err != nil && errors.Is(err, context.Cause(ctx)) && ctx.Err() != nil {
		err = nil
	}
	if f.Kind() == model.ICMP && m.First == 0 {
		m.First, m.Last = start, s.now()
	}
	return m, err
}

// PingSpec is a series of echoes. Spans are nanoseconds.
type PingSpec struct {
	Target            netip.Addr
	Count, Size       int
	Interval, Timeout time.Duration
}

// Ping sends echoes from the agent's host. Sent of the result is how many, Packets how
// many were answered in time; Min, Mean and Max are round trips.
func (d *Driver) Ping(ctx context.Context, s PingSpec) (Measured, error) {
	p, err := d.Order(Order{Op: opPing, Target: s.Target.String(), Count: s.Count, Payload: s.Size,
		Interval: int64(s.Interval), Timeout: int64(s.Timeout)})
	if err != nil {
		return Measured{}, err
	}
	return p.Wait(ctx)
}
