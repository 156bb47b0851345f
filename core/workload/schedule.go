package workload

import (
	"math"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

// Schedule is what a UDP flow with a pattern was asked to send, complete in itself: a
// world, or an agent in another process, makes the same packets of it anywhere.
type Schedule struct {
	Flow    string               `json:"flow"` // names the streams
	Pattern string               `json:"pattern"`
	Rate    model.Rate           `json:"rate"`           // of application bytes, in the mean, while it sends
	Span    model.Time           `json:"span,omitempty"` // packets are due before it is over; 0: no bound
	Bytes   model.Size           `json:"bytes,omitempty"`
	Packet  model.Size           `json:"packet"` // on the wire, of the largest packet
	Known   []model.Distribution `json:"known,omitempty"`
}

// Sizes of the packets of a pattern: the least on the wire, in which every world has room
// for its own marks.
const leastPacket = ethernet + ipv4 + udpHeader + 16

// crowd bounds how many on-times may pass, in the mean, between two packets: a source
// whose on-times are shorter still could be drawn for ever.
const crowd = 1e6

// mostPoints bounds a distribution that is drawn from, as schedules travel.
const mostPoints = 20_000

// ScheduleOf gives the schedule of a flow; nil if it has no pattern.
func ScheduleOf(n *model.Network, f *model.Flow) (*Schedule, error) {
	if f.Pattern == "" {
		return nil, nil
	}
	place := fault.Place{Element: "flow", Attribute: "pattern"}
	p, err := model.ParsePattern(f.Pattern)
	if err != nil {
		return nil, fault.New(fault.BadNumber, place, "flow %q: %v", f.ID, err)
	}
	switch {
	case f.Kind() != model.UDP:
		return nil, fault.New(fault.FlowConflict, place, "flow %q is %s, which sends as its windows allow; a pattern is udp's", f.ID, f.Kind())
	case f.Granularity == model.GranularityChunk || f.Granularity == model.GranularityFlow:
		return nil, fault.New(fault.FlowConflict, place, "flow %q has a pattern of packets, but granularity %s; use granularity=\"packet\"", f.ID, f.Granularity)
	case f.Rate <= 0:
		return nil, fault.New(fault.FlowIncomplete, place, "flow %q has a pattern and needs a rate", f.ID)
	}
	s := &Schedule{Flow: f.ID, Pattern: f.Pattern, Rate: f.Rate, Span: f.Duration, Bytes: f.Size, Packet: f.Packet}
	if s.Packet == 0 {
		s.Packet = fullFrame
	}
	for _, l := range [...]model.Law{p.Gaps, p.Packets} {
		for i := range n.Distributions {
			d := &n.Distributions[i]
			if l.Kind != model.Empirical || d.ID != l.Name {
				continue
			}
			if len(d.Points) > mostPoints {
				return nil, fault.New(fault.Limit, place, "flow %q: distribution %q has %d points; packets are drawn from %d at most", f.ID, d.ID, len(d.Points), mostPoints)
			}
			s.Known = append(s.Known, *d)
		}
	}
	if _, err := s.Pacer(random.New(0)); err != nil {
		return nil, err
	}
	return s, nil
}

// Pacer gives the packets of a schedule one by one. It is a value: a copy repeats what
// the original will give.
type Pacer struct {
	gaps, sizes, on, off law
	mean                 float64 // ps between packets
	full                 model.Size
	span                 model.Time
	left                 model.Size // -1: no bound
	at                   model.Time
	part                 float64    // of a picosecond
	sending              model.Time // of the on-time; only with on-off
	begun                bool
}

// Pacer begins a schedule. Gaps, sizes, and on and off times have a stream each, named
// after the flow, so that another law of one changes nothing of the others.
func (s *Schedule) Pacer(seed random.Source) (*Pacer, error) {
	place := fault.Place{Element: "flow", Attribute: "pattern"}
	p, err := model.ParsePattern(s.Pattern)
	if err != nil {
		return nil, fault.New(fault.BadNumber, place, "flow %q: %v", s.Flow, err)
	}
	full := min(s.Packet, math.MaxUint16) - Overhead(model.UDP)
	out := &Pacer{full: full, span: s.Span, left: -1}
	if s.Bytes > 0 {
		out.left = s.Bytes
	}
	if out.gaps, err = s.law(p.Gaps, "gaps", seed); err != nil {
		return nil, err
	}
	if out.sizes, err = s.law(p.Packets, "packets", seed); err != nil {
		return nil, err
	}
	if out.on, err = s.law(p.On, "on-off", seed); err != nil {
		return nil, err
	}
	if out.off, err = s.law(p.Off, "off", seed); err != nil {
		return nil, err
	}
	payload := float64(full)
	if p.Packets.Kind != model.NoLaw {
		least, most := float64(leastPacket), float64(min(s.Packet, math.MaxUint16))
		if least > most {
			return nil, fault.New(fault.OutOfRange, place, "flow %q: packets of a pattern have %d bytes at least; the largest has %d", s.Flow, leastPacket, s.Packet)
		}
		payload = out.sizes.clippedMean(least, most) - float64(Overhead(model.UDP))
	}
	if payload < 1 || s.Rate < 1 {
		return nil, fault.New(fault.OutOfRange, place, "flow %q: packets of %d bytes at %s cannot be sent", s.Flow, s.Packet, s.Rate)
	}
	out.mean = float64(payload*8*float64(model.Second)) / float64(s.Rate)
	out.gaps.unit = out.gaps.mean()
	if out.on.kind != model.NoLaw {
		if out.mean > crowd*out.on.mean() {
			return nil, fault.New(fault.OutOfRange, place, "flow %q: more than a million on-times pass between two packets, which are %s apart in the mean", s.Flow, model.Time(min(out.mean, 1e18)))
		}
		out.sending = out.on.time()
	}
	return out, nil
}

// law prepares a law of the schedule.
func (s *Schedule) law(l model.Law, what string, seed random.Source) (law, error) {
	out := law{kind: l.Kind, a: l.A, b: l.B, unit: 1}
	if l.Kind == model.NoLaw {
		return out, nil
	}
	out.chance = seed.Stream("flow " + what + " " + s.Flow)
	if l.Kind != model.Empirical {
		return out, nil
	}
	points := []random.Point(nil)
	for _, d := range s.Known {
		if d.ID != l.Name {
			continue
		}
		for _, p := range d.Points {
			points = append(points, random.Point{Value: float64(p.Size), Cumulative: p.Share})
		}
		break
	}
	if points == nil && l.Name == model.IMIX {
		points = []random.Point{{Value: 60, Cumulative: 7. / 12}, {Value: 590, Cumulative: 7. / 12}, {Value: 590, Cumulative: 11. / 12}, {Value: 1514, Cumulative: 11. / 12}, {Value: 1514, Cumulative: 1}}
	}
	place := fault.Place{Element: "flow", Attribute: what}
	if points == nil {
		return law{}, fault.New(fault.UnknownReference, place, "flow %q: there is no distribution %q; declare it by <sizes>", s.Flow, l.Name)
	}
	cdf, err := random.NewCDF(points)
	if err != nil {
		return law{}, fault.New(fault.OutOfRange, place, "flow %q: distribution %q: %v", s.Flow, l.Name, err)
	}
	out.cdf, out.points = cdf, points
	return out, nil
}

// Next gives the next packet: when it is due, counted from the start of the flow, and the
// bytes of its payload. False: there is none any more. With gaps that are drawn the first
// packet comes after one, as arrivals of a process that has always been going on do; with
// equal gaps it comes at once. While an on-off source is silent the clock of its gaps
// stands still.
func (p *Pacer) Next() (at model.Time, payload model.Size, ok bool) {
	if p.left == 0 {
		return 0, 0, false
	}
	if p.begun || p.gaps.kind != model.NoLaw && p.gaps.kind != model.Constant {
		gap := p.mean
		if p.gaps.kind != model.NoLaw {
			gap = float64(p.mean * (p.gaps.draw() / p.gaps.unit))
		}
		if !p.advance(gap) {
			p.left = 0
			return 0, 0, false
		}
	}
	p.begun = true
	if p.span > 0 && p.at >= p.span {
		p.left = 0
		return 0, 0, false
	}
	payload = p.full
	if p.sizes.kind != model.NoLaw {
		payload = model.Size(math.Round(min(max(p.sizes.draw(), float64(leastPacket)), float64(p.full+Overhead(model.UDP))))) - Overhead(model.UDP)
	}
	if p.left > 0 {
		payload = min(payload, p.left)
		p.left -= payload
	}
	return p.at, payload, true
}

// horizon is the latest time that a packet can be due at.
const horizon = model.Forever / 4

// advance lets so many picoseconds of sending pass; false when they lead too far.
func (p *Pacer) advance(gap float64) bool {
	if gap += p.part; gap >= float64(horizon) {
		return false
	}
	step := model.Time(gap)
	p.part = gap - float64(step)
	for p.on.kind != model.NoLaw && step >= p.sending {
		step -= p.sending
		p.at += p.sending + p.off.time()
		p.sending = p.on.time()
		if p.at >= horizon || p.span > 0 && p.at >= p.span {
			return false
		}
	}
	p.sending -= step
	p.at += step
	return p.at < horizon
}

// law is a law with its own chance.
type law struct {
	kind   model.LawKind
	a, b   float64
	unit   float64 // of gaps: what is taken for 1
	cdf    *random.CDF
	points []random.Point
	chance random.Stream
}

func (l *law) mean() float64 {
	switch {
	case l.cdf != nil:
		return l.cdf.Mean()
	case l.kind == model.NoLaw:
		return 1
	}
	return model.Law{Kind: l.kind, A: l.a, B: l.b}.Mean()
}

// draw draws a value.
func (l *law) draw() float64 {
	switch l.kind {
	case model.Exponential:
		return l.chance.Exponential(l.a)
	case model.Uniform:
		return l.a + float64(l.chance.Float64()*(l.b-l.a))
	case model.Pareto: // by inversion of 1 - (low/x)^a
		low := float64(l.b*(l.a-1)) / l.a
		return float64(low * random.Pow(1-l.chance.Float64(), -1/l.a))
	case model.Empirical:
		return l.cdf.Sample(&l.chance)
	}
	return l.a
}

// time draws a span, at least a picosecond.
func (l *law) time() model.Time {
	return max(1, model.Time(math.Round(min(l.draw(), float64(horizon)))))
}

// clippedMean is the mean of min(max(x, least), most): least and the integral of the share
// above x from there to most.
func (l *law) clippedMean(least, most float64) float64 {
	switch l.kind {
	case model.Exponential:
		return least + float64(l.a*(random.Exp(-least/l.a)-random.Exp(-most/l.a)))
	case model.Uniform:
		return clippedUniform(l.a, l.b, least, most)
	case model.Pareto:
		low := float64(l.b*(l.a-1)) / l.a
		from := min(max(low, least), most)
		tail := func(x float64) float64 { return float64(low * random.Pow(low/x, l.a-1)) }
		return from + float64(tail(from)-tail(most))/(l.a-1)
	case model.Empirical:
		points := l.points
		mean := float64(points[0].Cumulative * min(max(points[0].Value, least), most))
		for i := 1; i < len(points); i++ {
			a, b := points[i-1], points[i]
			mean += float64((b.Cumulative - a.Cumulative) * clippedUniform(a.Value, b.Value, least, most))
		}
		return mean / points[len(points)-1].Cumulative
	}
	return min(max(l.a, least), most)
}

// clippedUniform is the clipped mean of what is uniform between two values.
func clippedUniform(a, b, least, most float64) float64 {
	if a == b {
		return min(max(a, least), most)
	}
	below, above := min(max(least, a), b), min(max(most, a), b) // where it is not clipped
	sum := float64(least*(below-a)) + float64((above+below)*(above-below))/2 + float64(most*(b-above))
	return sum / (b - a)
}
