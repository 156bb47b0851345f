package wire

import (
	"encoding/binary"

	"antrea.io/libOpenflow/util"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
)

// Part is the kind of a multipart message (ofp_multipart_type, section 7.3.5).
type Part uint16

// The kinds that this package knows.
const (
	PartDescription Part = of.MultipartType_Desc
	PartRules       Part = of.MultipartType_Flow
	PartTables      Part = of.MultipartType_Table
	PartQueues      Part = of.MultipartType_Queue
	PartPortStats   Part = of.MultipartType_Port
	PartGroupStats  Part = of.MultipartType_Group
	PartGroups      Part = of.MultipartType_GroupDesc
	PartMeterStats  Part = of.MultipartType_Meter
	PartMeterConfig Part = of.MultipartType_MeterConfig
	PartPorts       Part = of.MultipartType_PortDesc
)

// Request asks for everything of a kind.
func (V13) Request(xid uint32, kind Part) ([]byte, error) {
	r := &of.MultipartRequest{Header: of.NewOfp13Header(), Type: uint16(kind)}
	r.Header.Type, r.Header.Xid = of.Type_MultiPartRequest, xid
	one := func(number uint32) { r.Body = []util.Message{append(octetsOf(flow.V(uint64(number)), 4), 0, 0, 0, 0)} }
	switch kind {
	case PartRules:
		all := of.NewFlowStatsRequest()
		all.TableId = allTables
		r.Body = []util.Message{all}
	case PartPortStats:
		one(flow.PortAny)
	case PartGroupStats:
		one(flow.GroupAll)
	case PartMeterStats, PartMeterConfig:
		one(flow.MeterAll)
	case PartQueues: // of all ports, all (OFPQ_ALL)
		r.Body = []util.Message{append(octetsOf(flow.V(uint64(flow.PortAny)), 4), 0xff, 0xff, 0xff, 0xff)}
	case PartGroups, PartPorts, PartTables, PartDescription:
	default:
		return nil, bad("ofp_multipart_request", "there is no request of kind %d", kind)
	}
	return r.MarshalBinary()
}

// DecodeMultipart takes a multipart reply apart. more says that another with the same
// xid follows. body is part of the message; entries do not cross messages, so each body
// is decoded by itself.
func DecodeMultipart(m Message) (kind Part, more bool, body []byte, err error) {
	b := m.body()
	if len(b) < 8 {
		return 0, false, nil, short("ofp_multipart_reply", len(b), 8)
	}
	return Part(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint16(b[2:])&of.OFPMPF_REPLY_MORE != 0, b[8:], nil
}

// entries walks over a list whose entries begin with their length and are at least so
// long.
func entries(what string, b []byte, least int, each func(entry []byte) error) error {
	for len(b) > 0 {
		if len(b) < least {
			return short(what, len(b), least)
		}
		n := int(binary.BigEndian.Uint16(b))
		if n < least || n > len(b) {
			return bad(what, "says %d bytes where there are %d", n, len(b))
		}
		if err := each(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// DecodeRules reads the body of flow statistics (section 7.3.5.2). Rules that flow has no
// words for are left out, and told apart.
func (V13) DecodeRules(body []byte) (out []flow.RuleStat, foreign []Strange, err error) {
	err = entries("ofp_flow_stats", body, 56, func(b []byte) error {
		s := flow.RuleStat{Age: int64(duration(b[4:])), Counters: counters(b[32:])}
		r := &s.Rule
		r.Table, r.Priority = b[2], binary.BigEndian.Uint16(b[12:])
		r.Idle, r.Hard = binary.BigEndian.Uint16(b[14:]), binary.BigEndian.Uint16(b[16:])
		r.SendRemoved = binary.BigEndian.Uint16(b[18:])&of.FF_SEND_FLOW_REM != 0
		r.Cookie = binary.BigEndian.Uint64(b[24:])
		match, rest, known, err := decodeMatch(b[48:])
		if err != nil {
			return err
		}
		r.Match = match
		understood, err := decodeInstructions(Version13, rest, r)
		if err != nil {
			return err
		}
		if known && understood {
			out = append(out, s)
		} else {
			raw := b[48 : len(b)-len(rest)]
			foreign = append(foreign, Strange{table: r.Table, priority: r.Priority, cookie: r.Cookie, match: append([]byte(nil), raw...)})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return out, foreign, nil
}

// DecodeGroups reads the body of group descriptions (section 7.3.5.9). foreign are the
// numbers of groups that flow has no words for.
func (V13) DecodeGroups(body []byte) (out []flow.Group, foreign []uint32, err error) {
	err = entries("ofp_group_desc", body, 8, func(b []byte) error {
		buckets, known, err := decodeBuckets(b[8:])
		if err != nil {
			return err
		}
		if !known || flow.GroupType(b[2]) > flow.FastFailover {
			foreign = append(foreign, binary.BigEndian.Uint32(b[4:]))
			return nil
		}
		out = append(out, flow.Group{Type: flow.GroupType(b[2]), Number: binary.BigEndian.Uint32(b[4:]), Buckets: buckets})
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return out, foreign, nil
}

// DecodeGroupStats reads the body of group statistics (section 7.3.5.8): numbers and
// counters; what the groups are is in DecodeGroups.
func DecodeGroupStats(body []byte) (out []flow.GroupStat, err error) {
	err = entries("ofp_group_stats", body, 40, func(b []byte) error {
		s := flow.GroupStat{Group: flow.Group{Number: binary.BigEndian.Uint32(b[4:])}, Counters: counters(b[16:])}
		if (len(b)-40)%16 != 0 {
			return bad("ofp_group_stats", "has %d bytes of bucket counters, no multiple of 16", len(b)-40)
		}
		for c := b[40:]; len(c) > 0; c = c[16:] {
			s.Buckets = append(s.Buckets, counters(c))
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DecodeMeters reads the body of meter configurations (section 7.3.5.12). Meters with
// anything but one drop band are foreign: their numbers.
func DecodeMeters(body []byte) (out []flow.Meter, foreign []uint32, err error) {
	err = entries("ofp_meter_config", body, 8, func(b []byte) error {
		flags := binary.BigEndian.Uint16(b[2:])
		m := flow.Meter{Number: binary.BigEndian.Uint32(b[4:]), PerPacket: flags&of.OFPMF13_PKTPS != 0}
		if len(b) != 24 || binary.BigEndian.Uint16(b[8:]) != of.OFPMBT13_DROP {
			foreign = append(foreign, m.Number)
			return nil
		}
		m.Rate = binary.BigEndian.Uint32(b[12:])
		if flags&of.OFPMF13_BURST != 0 {
			m.Burst = binary.BigEndian.Uint32(b[16:])
		}
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return out, foreign, nil
}

// DecodeMeterStats reads the body of meter statistics (section 7.3.5.11): numbers and
// counters, those of the first band being what was dropped.
func DecodeMeterStats(body []byte) (out []flow.MeterStat, err error) {
	for b := body; len(b) > 0; {
		if len(b) < 40 {
			return nil, short("ofp_meter_stats", len(b), 40)
		}
		n := int(binary.BigEndian.Uint16(b[4:]))
		if n < 40 || n > len(b) || (n-40)%16 != 0 {
			return nil, bad("ofp_meter_stats", "says %d bytes where there are %d", n, len(b))
		}
		s := flow.MeterStat{Meter: flow.Meter{Number: binary.BigEndian.Uint32(b)}, In: counters(b[16:])}
		if n > 40 {
			s.Dropped = counters(b[40:])
		}
		out, b = append(out, s), b[n:]
	}
	return out, nil
}
