package wire

import (
	"encoding/binary"

	"sendim/core/flow"
)

// PacketOut writes a packet-out (section 7.3.6), whose port of origin stands in a match. A
// frame that does not fit into one message beside its actions is an *Error.
func (V15) PacketOut(xid uint32, p *flow.PacketOut) ([]byte, error) {
	return packetOut15(xid, NoBuffer, p, p.Frame)
}

// Release writes a packet-out of what the switch has kept.
func (V15) Release(xid, buffer uint32, p *flow.PacketOut) ([]byte, error) {
	return packetOut15(xid, buffer, p, nil)
}

func packetOut15(xid, buffer uint32, p *flow.PacketOut, frame []byte) ([]byte, error) {
	const lengthAt = headerLength + 4
	from := p.InPort
	if from == 0 {
		from = flow.PortController
	}
	b := make([]byte, 0, 64+len(frame))
	b = append(b, uint8(Version15), uint8(TypePacketOut), 0, 0)
	b = binary.BigEndian.AppendUint32(b, xid)
	b = binary.BigEndian.AppendUint32(b, buffer)
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, inPortAlone)
	b = append(binary.BigEndian.AppendUint32(b, from), 0, 0, 0, 0)
	start := len(b)
	b, err := appendActions(b, p.Actions)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(b[lengthAt:], uint16(len(b)-start))
	if b = append(b, frame...); len(b) > MaxMessage {
		return nil, bad("ofp_packet_out", "takes %d bytes, more than the %d of one message", len(b), MaxMessage)
	}
	return fit(b), nil
}

// SetAsync writes a set-async (section 7.3.10). What it has no property for stays as it is.
func (V15) SetAsync(xid uint32) []byte {
	const packetInMaster = 1
	b := append(bare(Version15, TypeSetAsync, xid), 0, packetInMaster, 0, 8)
	return fit(binary.BigEndian.AppendUint32(b, allReasons|1<<actionSet|1<<ofGroup|1<<ofPacketOut))
}

// The reasons for which actions send packets up, beside OFPR_APPLY_ACTION: it stood in the
// action set, in a group or in a packet-out.
const (
	actionSet = iota + 3
	ofGroup
	ofPacketOut
)

// DecodePacketIn reads a packet-in (section 7.4.1), which is 1.3's but for its reasons:
// what an action has sent up is told apart by where that action stood, which is left out.
func (V15) DecodePacketIn(m Message) (PacketIn, error) {
	return V13{}.DecodePacketIn(m)
}

// DecodeFlowRemoved reads a flow-removed (section 7.4.2).
func (V15) DecodeFlowRemoved(m Message) (r Removed, known bool, err error) {
	b := m.body()
	if len(b) < 16 {
		return r, false, short("ofp_flow_removed", len(b), 16)
	}
	r.Rule.Table, r.Reason, r.Rule.Priority = b[0], removedReason(b[1]), binary.BigEndian.Uint16(b[2:])
	r.Rule.Idle, r.Rule.Hard, r.Rule.SendRemoved = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:]), true
	r.Rule.Cookie = binary.BigEndian.Uint64(b[8:])
	match, rest, known, err := decodeMatch(b[16:])
	if err != nil {
		return r, false, err
	}
	r.Rule.Match = match
	s, _, err := decodeStats(rest)
	r.Counters, r.Age = s.Counters, s.age
	return r, known, err
}
