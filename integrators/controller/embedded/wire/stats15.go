package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
	"sendim/core/model"
)

// Request asks for everything of a kind (section 7.3.5).
func (V15) Request(xid uint32, kind Part) ([]byte, error) {
	b := bare(Version15, TypeMultipartRequest, xid)
	b = append(binary.BigEndian.AppendUint16(b, uint16(kind)), 0, 0, 0, 0, 0, 0)
	one := func(number uint32) { b = append(binary.BigEndian.AppendUint32(b, number), 0, 0, 0, 0) }
	switch kind {
	case PartRules:
		b = append(b, allTables, 0, 0, 0)
		b = binary.BigEndian.AppendUint32(b, flow.PortAny)
		b = binary.BigEndian.AppendUint32(b, flow.GroupAny)
		b = append(b, make([]byte, 4+8+8)...) // pad, cookie and its mask
		b = append(b, 0, of.MatchType_OXM, 0, 4, 0, 0, 0, 0)
	case PartPortStats, PartPorts:
		one(flow.PortAny)
	case PartGroupStats, PartGroups:
		one(flow.GroupAll)
	case PartMeterStats, PartMeterConfig:
		one(flow.MeterAll)
	case PartQueues: // of all ports, all (OFPQ_ALL)
		b = binary.BigEndian.AppendUint32(b, flow.PortAny)
		b = append(b, 0xff, 0xff, 0xff, 0xff)
	case PartTables, PartDescription:
	default:
		return nil, bad("ofp_multipart_request", "there is no request of kind %d", kind)
	}
	return fit(b), nil
}

// Fields of statistics (oxs_ofb_stat_fields, section 7.2.4).
const (
	oxsClass    = 0x8002
	oxsDuration = 0
	oxsPackets  = 4
	oxsBytes    = 5
)

type ruleStats struct {
	flow.Counters
	age model.Time
}

// decodeStats reads an ofp_stats with its padding (section 7.2.4) and returns what
// follows. What a switch does not count is zero; what nobody here asks for is passed over.
func decodeStats(b []byte) (s ruleStats, rest []byte, err error) {
	if len(b) < 4 {
		return s, nil, short("ofp_stats", len(b), 4)
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	padded := (n + 7) &^ 7
	if n < 4 || padded > len(b) {
		return s, nil, bad("ofp_stats", "says %d bytes where there are %d", n, len(b))
	}
	for f := b[4:n]; len(f) > 0; {
		if len(f) < 4 {
			return s, nil, short("oxs", len(f), 4)
		}
		class, number, size := binary.BigEndian.Uint16(f), f[2]>>1, int(f[3])
		if size > len(f)-4 {
			return s, nil, short("oxs", len(f), 4+size)
		}
		v := f[4 : 4+size]
		f = f[4+size:]
		if class != oxsClass || number != oxsDuration && number != oxsPackets && number != oxsBytes {
			continue
		}
		if size != 8 {
			return s, nil, bad("oxs", "statistics %d have %d bytes, not 8", number, size)
		}
		switch number {
		case oxsDuration:
			s.age = duration(v)
		case oxsPackets:
			s.Packets = counted(v)
		case oxsBytes:
			s.Bytes = counted(v)
		}
	}
	return s, b[padded:], nil
}

// DecodeRules reads the body of descriptions of rules (section 7.3.5).
func (V15) DecodeRules(body []byte) (out []flow.RuleStat, foreign []Strange, err error) {
	const fixed = 24
	err = entries("ofp_flow_desc", body, fixed, func(b []byte) error {
		var s flow.RuleStat
		r := &s.Rule
		r.Table, r.Priority = b[4], binary.BigEndian.Uint16(b[6:])
		r.Idle, r.Hard = binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:])
		r.SendRemoved = binary.BigEndian.Uint16(b[12:])&of.FF_SEND_FLOW_REM != 0
		r.Cookie = binary.BigEndian.Uint64(b[16:])
		match, rest, known, err := decodeMatch(b[fixed:])
		if err != nil {
			return err
		}
		r.Match = match
		raw := b[fixed : len(b)-len(rest)]
		stats, rest, err := decodeStats(rest)
		if err != nil {
			return err
		}
		s.Counters, s.Age = stats.Counters, int64(stats.age)
		understood, err := decodeInstructions(Version15, rest, r)
		if err != nil {
			return err
		}
		if known && understood {
			out = append(out, s)
		} else {
			foreign = append(foreign, Strange{table: r.Table, priority: r.Priority, cookie: r.Cookie, match: append([]byte(nil), raw...)})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return out, foreign, nil
}

// DecodeQueues reads the body of queue statistics (section 7.3.5).
func (V15) DecodeQueues(body []byte) (out []QueueStat, err error) {
	const fixed = 48
	err = entries("ofp_queue_stats", body, fixed, func(b []byte) error {
		q := QueueStat{Port: binary.BigEndian.Uint32(b[8:]), Queue: binary.BigEndian.Uint32(b[12:]), Dropped: counted(b[32:]), Age: duration(b[40:])}
		q.Sent = flow.Counters{Packets: counted(b[24:]), Bytes: counted(b[16:])}
		out = append(out, q)
		return properties("ofp_queue_stats", b[fixed:], ignore)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func ignore(uint16, []byte) error { return nil }
