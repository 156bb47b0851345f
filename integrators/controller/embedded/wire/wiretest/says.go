package wiretest

import (
	"encoding/binary"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
)

// What follows is what a switch says, in either version: entries of the bodies of
// multipart replies, and whole messages.

// Message puts a header before a body.
func Message(v wire.Version, kind wire.Type, xid uint32, body []byte) wire.Message {
	b := []byte{uint8(v), uint8(kind), 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(8+len(body)))
	binary.BigEndian.PutUint32(b[4:], xid)
	return append(b, body...)
}

func numbers[N uint16 | uint32 | uint64](b []byte, list ...N) []byte {
	for _, n := range list {
		b, _ = binary.Append(b, binary.BigEndian, n)
	}
	return b
}

// lengthAt writes how long b is into b.
func lengthAt(b []byte, at int) []byte {
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)))
	return b
}

func span(b []byte, t model.Time) []byte {
	return numbers(b, uint32(t/model.Second), uint32(t%model.Second/model.Nanosecond))
}

// stats is 1.5's form of counters, with an idle time that nobody asks for.
func stats(b []byte, c flow.Counters, age model.Time) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0, 0x80, 2, 0, 8)
	b = append(span(b, age), 0x80, 2, 1<<1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 2, 4<<1, 8)
	b = append(numbers(b, c.Packets), 0x80, 2, 5<<1, 8)
	b = numbers(b, c.Bytes)
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return append(b, make([]byte, -(len(b)-start)&7)...)
}

// Rule is an entry of the statistics of rules. The error is the dialect's, who writes the
// rule.
func Rule(d wire.Dialect, s flow.RuleStat) ([]byte, error) {
	r := &s.Rule
	mod, err := d.RuleMod(1, &flow.RuleMod{Rule: *r})
	if err != nil {
		return nil, err
	}
	return ruleEntry(d, mod, s), nil
}

// ruleEntry takes match, instructions and flags from a flow-mod.
func ruleEntry(d wire.Dialect, mod []byte, s flow.RuleStat) []byte {
	r, flags, match := &s.Rule, mod[44:46], mod[48:]
	instructions := match[(int(binary.BigEndian.Uint16(match[2:]))+7)/8*8:]
	match = match[:len(match)-len(instructions)]
	if d.Version() == wire.Version13 {
		b := span([]byte{0, 0, r.Table, 0}, model.Time(s.Age))
		b = numbers(b, r.Priority, r.Idle, r.Hard)
		b = append(append(b, flags...), 0, 0, 0, 0)
		b = numbers(b, r.Cookie, s.Counters.Packets, s.Counters.Bytes)
		return lengthAt(append(append(b, match...), instructions...), 0)
	}
	b := numbers([]byte{0, 0, 0, 0, r.Table, 0}, r.Priority, r.Idle, r.Hard)
	b = append(append(b, flags...), 0, 0)
	b = append(numbers(b, r.Cookie), match...)
	return lengthAt(append(stats(b, s.Counters, model.Time(s.Age)), instructions...), 0)
}

// Group is an entry of the descriptions of groups.
func Group(d wire.Dialect, g flow.Group) ([]byte, error) {
	mod, err := d.GroupMod(1, &flow.GroupMod{Group: g})
	if err != nil {
		return nil, err
	}
	if d.Version() == wire.Version13 {
		return lengthAt(append([]byte{0, 0, mod[10], 0}, mod[12:]...), 0), nil
	}
	b := append([]byte{0, 0, mod[10], 0}, mod[12:16]...)
	b = append(append(b, mod[16:18]...), 0, 0, 0, 0, 0, 0)
	return lengthAt(append(b, mod[24:]...), 0), nil
}

// Meter is an entry of the configurations of meters.
func Meter(d wire.Dialect, m flow.Meter) ([]byte, error) {
	mod, err := d.MeterMod(1, &flow.MeterMod{Meter: m})
	if err != nil {
		return nil, err
	}
	return lengthAt(append([]byte{0, 0, mod[10], mod[11]}, mod[12:]...), 0), nil
}

// Port is a port as a switch describes it; in 1.5 with a property.
func Port(d wire.Dialect, p flow.PortState) []byte {
	b := numbers(nil, p.Port, 0)
	b = append(numbers(b, uint16(p.MAC>>32)), numbers(nil, uint32(p.MAC))...)
	b = append(b, 0, 0)
	b = append(b, append([]byte(p.Name), make([]byte, 16)...)[:16]...)
	state := uint32(1)
	if p.Up {
		state = 0
	}
	b = numbers(b, 0, state)
	if d.Version() == wire.Version13 {
		return append(b, make([]byte, 24)...)
	}
	return lengthAt(append(append(b, 0, 0, 0, 32), make([]byte, 28)...), 4)
}

// PortStatus is the body of a port-status.
func PortStatus(d wire.Dialect, p flow.PortState, why wire.PortReason) []byte {
	return append([]byte{uint8(why), 0, 0, 0, 0, 0, 0, 0}, Port(d, p)...)
}

// PortStat is an entry of the statistics of ports; in 1.5 with a property of a length that
// has to be filled up.
func PortStat(d wire.Dialect, p flow.PortStat) []byte {
	counters := numbers(nil, p.RxPackets, p.TxPackets, p.RxBytes, p.TxBytes, p.RxDropped, p.TxDropped)
	if d.Version() == wire.Version13 {
		b := append(numbers(nil, p.Port, 0), counters...)
		return append(b, make([]byte, 56)...)
	}
	b := numbers([]byte{0, 0, 0, 0}, p.Port, 0, 0)
	b = append(append(b, counters...), make([]byte, 16)...)
	return lengthAt(append(b, 0xff, 0xff, 0, 13, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0, 0, 0), 0)
}

// Queue is an entry of the statistics of queues.
func Queue(d wire.Dialect, q wire.QueueStat) []byte {
	var b []byte
	if d.Version() == wire.Version15 {
		b = []byte{0, 48, 0, 0, 0, 0, 0, 0}
	}
	b = numbers(b, q.Port, q.Queue)
	return span(numbers(b, q.Sent.Bytes, q.Sent.Packets, q.Dropped), q.Age)
}

// Removed is the body of a flow-removed.
func Removed(d wire.Dialect, r wire.Removed) ([]byte, error) {
	mod, err := d.RuleMod(1, &flow.RuleMod{Command: flow.Delete, Rule: flow.Rule{Match: r.Rule.Match}})
	if err != nil {
		return nil, err
	}
	match := mod[48:]
	if d.Version() == wire.Version13 {
		b := append(numbers(numbers(nil, r.Rule.Cookie), r.Rule.Priority), uint8(r.Reason), r.Rule.Table)
		b = numbers(span(b, r.Age), r.Rule.Idle, r.Rule.Hard)
		return append(numbers(b, r.Counters.Packets, r.Counters.Bytes), match...), nil
	}
	b := numbers([]byte{r.Rule.Table, uint8(r.Reason)}, r.Rule.Priority, r.Rule.Idle, r.Rule.Hard)
	return stats(append(numbers(b, r.Rule.Cookie), match...), r.Counters, r.Age), nil
}

// PacketIn is the body of a packet-in, which both versions have alike.
func PacketIn(p wire.PacketIn) []byte {
	b := append(numbers(numbers(nil, p.Buffer), uint16(p.Length)), uint8(p.Reason), p.Table)
	b = append(numbers(b, p.Cookie), 0, 1, 0, 12, 0x80, 0, 0, 4)
	return append(append(numbers(b, p.InPort), 0, 0, 0, 0, 0, 0), p.Frame...)
}

// Role is the body of a role reply, or of a request, which both versions have alike.
func Role(r wire.Role, generation uint64) []byte {
	return numbers(numbers(nil, uint32(r), 0), generation)
}

// RoleStatus is the message by which a switch says that it has changed its controller's
// role by itself.
func RoleStatus(d wire.Dialect, r wire.Role, generation uint64) wire.Message {
	if d.Version() == wire.Version15 {
		return Message(wire.Version15, wire.TypeRoleStatus, 0, Role(r, generation))
	}
	return Message(wire.Version13, wire.TypeExperimenter, 0, append([]byte{0x4f, 0x4e, 0x46, 0, 0, 0, 7, 119}, Role(r, generation)...))
}

// Committed is the answer to the message that commits a bundle.
func Committed(d wire.Dialect, commit wire.Message) wire.Message {
	m := append(wire.Message(nil), commit...)
	at := 8 + 5
	if d.Version() == wire.Version13 {
		at = 16 + 5
	}
	m[at] = 5
	return m
}
