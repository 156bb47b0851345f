package flow

import "math/bits"

// meter is a meter entry with its token bucket. Like Open vSwitch's userspace datapath it
// starts with a full bucket, holds one second's worth of the rate when no burst is given,
// counts the frame without FCS, and drops a packet for which the tokens do not suffice
// without taking any. Unlike it, which refills each millisecond, it refills exactly.
type meter struct {
	spec        Meter
	in, dropped Counters
	level       uint64 // tokens: bits or packets
	part        uint64 // and fractions of them, in units of 1/perToken
	depth       uint64
	last        int64
	gone        bool
}

// perToken is how many picoseconds times units of Rate make one token: a kilobit per
// second is a bit per nanosecond times 10^-6.
func (m *meter) perToken() uint64 {
	if m.spec.PerPacket {
		return 1_000_000_000_000
	}
	return 1_000_000_000
}

func (m *meter) set(spec Meter, now int64) {
	burst := uint64(spec.Burst)
	if burst == 0 {
		burst = uint64(spec.Rate)
	}
	if !spec.PerPacket {
		burst *= 1000
	}
	*m = meter{spec: spec, level: burst, depth: burst, last: now}
}

// pass takes a packet through the meter and reports whether it survives.
func (m *meter) pass(bytes uint64, now int64) bool {
	m.refill(now)
	cost := uint64(1)
	if !m.spec.PerPacket {
		cost = 8 * bytes
	}
	m.in.Packets++
	m.in.Bytes += bytes
	if m.level < cost {
		m.dropped.Packets++
		m.dropped.Bytes += bytes
		return false
	}
	m.level -= cost
	return true
}

func (m *meter) refill(now int64) {
	if m.level < m.depth && now > m.last {
		// 2^60 ps are 13 days, in which a bucket fills; so the quotient fits.
		hi, lo := bits.Mul64(uint64(min(now-m.last, 1<<60)), uint64(m.spec.Rate))
		lo, carry := bits.Add64(lo, m.part, 0)
		var tokens uint64
		tokens, m.part = bits.Div64(hi+carry, lo, m.perToken())
		m.level += min(tokens, m.depth-m.level)
	}
	if m.level >= m.depth {
		m.part = 0
	}
	m.last = max(m.last, now)
}

// ApplyMeter carries out a modification of the meters (section 6.7). Deleting a meter ends
// the rules that use it; number MeterAll deletes all. Modify starts the meter anew.
func (s *Switch) ApplyMeter(m *MeterMod, now int64) ([]Removed, error) {
	n := m.Meter.Number
	var known *meter
	if s.state != nil {
		known = s.state.meters[n]
	}
	switch m.Command {
	case Add:
		if known != nil {
			return nil, refuse(MeterModFailed, MeterExists, "there is a meter %d already", n)
		}
		if c := s.Config; c != nil && c.MaxMeters > 0 && s.state != nil && len(s.state.meters) >= c.MaxMeters {
			return nil, refuse(MeterModFailed, OutOfMeters, "the switch holds its %d meters already", c.MaxMeters)
		}
	case Modify, ModifyStrict:
		if known == nil {
			return nil, refuse(MeterModFailed, UnknownMeter, "there is no meter %d", n)
		}
	case Delete, DeleteStrict:
		return s.deleteMeter(n, now), nil
	default:
		return nil, refuse(MeterModFailed, BadMeterCommand, "there is no command %d for meters", m.Command)
	}
	switch {
	case n == 0 || n > meterMax:
		return nil, refuse(MeterModFailed, InvalidMeter, "meter numbers go from 1 to %d, not %d", uint32(meterMax), n)
	case m.Meter.Rate == 0:
		return nil, refuse(MeterModFailed, BadRate, "meter %d has no rate", n)
	}
	if known == nil {
		known = &meter{}
		st := s.made()
		if st.meters == nil {
			st.meters = map[uint32]*meter{}
		}
		st.meters[n] = known
	}
	known.set(m.Meter, now)
	s.version++
	return nil, nil
}

// meterMax is the highest meter number (OFPM_MAX, section 7.3.4.4).
const meterMax = 0xffff0000

func (s *Switch) deleteMeter(number uint32, now int64) (out []Removed) {
	if s.state == nil || number != MeterAll && s.state.meters[number] == nil {
		return nil
	}
	for _, e := range s.entries(AllTables) {
		if e.meter != nil && (number == MeterAll || e.rule.Meter == number) {
			out = append(out, s.drop(e, RemovedMeter, now))
		}
	}
	for n, m := range s.state.meters {
		if number == MeterAll || n == number {
			m.gone = true
			delete(s.state.meters, n)
		}
	}
	s.version++
	return out
}
