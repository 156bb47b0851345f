package wire

import (
	"encoding/binary"

	"antrea.io/libOpenflow/util"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
	"sendim/core/model"
)

// PacketOut writes a packet-out (section 7.3.7). A frame that does not fit into one
// message beside its actions is an *Error.
func (V13) PacketOut(xid uint32, p *flow.PacketOut) (out []byte, err error) {
	err = Guard("ofp_packet_out", func() error {
		out, err = packetOut(xid, NoBuffer, p, p.Frame)
		return err
	})
	return out, err
}

// Release writes a packet-out of what the switch has kept.
func (V13) Release(xid, buffer uint32, p *flow.PacketOut) (out []byte, err error) {
	err = Guard("ofp_packet_out", func() error {
		out, err = packetOut(xid, buffer, p, nil)
		return err
	})
	return out, err
}

// simple says that actions are of those that stand the same in both versions, which need
// no library.
func simple(actions []flow.Action) bool {
	for i := range actions {
		if t := actions[i].Type; t != flow.Output && t != flow.ToGroup {
			return false
		}
	}
	return true
}

// plainPacketOut writes a packet-out with simple actions.
func plainPacketOut(xid, buffer uint32, p *flow.PacketOut, frame []byte) ([]byte, error) {
	from := p.InPort
	if from == 0 {
		from = flow.PortController
	}
	b := make([]byte, 0, 64+len(frame))
	b = append(b, uint8(Version13), uint8(TypePacketOut), 0, 0)
	b = binary.BigEndian.AppendUint32(b, xid)
	b = binary.BigEndian.AppendUint32(b, buffer)
	b = binary.BigEndian.AppendUint32(b, from)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	start := len(b)
	b, err := appendActions(b, p.Actions)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(b[start-8:], uint16(len(b)-start))
	if b = append(b, frame...); len(b) > MaxMessage {
		return nil, bad("ofp_packet_out", "takes %d bytes, more than the %d of one message", len(b), MaxMessage)
	}
	return fit(b), nil
}

func packetOut(xid, buffer uint32, p *flow.PacketOut, frame []byte) ([]byte, error) {
	if simple(p.Actions) {
		return plainPacketOut(xid, buffer, p, frame)
	}
	o := of.NewPacketOut()
	o.Xid, o.BufferId = xid, buffer
	if o.InPort = p.InPort; o.InPort == 0 {
		o.InPort = flow.PortController
	}
	actions, n, err := encodeActions(p.Actions)
	if err != nil {
		return nil, err
	}
	if size := headerLength + 16 + n + len(frame); size > MaxMessage {
		return nil, bad("ofp_packet_out", "takes %d bytes, more than the %d of one message", size, MaxMessage)
	}
	for _, a := range actions {
		o.AddAction(a)
	}
	o.Data = util.NewBuffer(frame)
	return o.MarshalBinary()
}

// NoBuffer says that a switch has kept nothing of a packet (OFP_NO_BUFFER).
const NoBuffer = 0xffffffff

// PacketIn is a packet that a switch sent up (section 7.4.1).
type PacketIn struct {
	InPort uint32
	Table  uint8
	Reason flow.PacketInReason
	Cookie uint64
	Buffer uint32 // under which the switch has kept it; NoBuffer: it has not
	Length int    // of the whole packet
	Frame  []byte // what came of it; part of the message
}

// DecodePacketIn reads a packet-in. in_port stands in its match.
func (V13) DecodePacketIn(m Message) (p PacketIn, err error) {
	b := m.body()
	if len(b) < 16 {
		return p, short("ofp_packet_in", len(b), 16)
	}
	p.Buffer = binary.BigEndian.Uint32(b)
	p.Length, p.Reason, p.Table, p.Cookie = int(binary.BigEndian.Uint16(b[4:])), packetInReason(b[6]), b[7], binary.BigEndian.Uint64(b[8:])
	if len(b) >= 34 && binary.BigEndian.Uint64(b[16:]) == inPortAlone { // as most are
		p.InPort, p.Frame = binary.BigEndian.Uint32(b[24:]), b[34:]
		p.Length = max(p.Length, len(p.Frame))
		return p, nil
	}
	match, rest, _, err := decodeMatch(b[16:])
	if err != nil {
		return p, err
	}
	port, ok := match.Field(flow.InPort)
	switch {
	case !ok:
		return p, bad("ofp_packet_in", "does not say where the packet came in")
	case len(rest) < 2:
		return p, short("ofp_packet_in", len(b), len(b)+2-len(rest))
	}
	p.InPort, p.Frame = uint32(port.Value.Lo), rest[2:]
	p.Length = max(p.Length, len(p.Frame))
	return p, nil
}

// inPortAlone is how a match of in_port alone begins: type OXM, 12 bytes, and the header of
// the field; its value and four bytes of padding follow (sections 7.2.3.1 and 7.2.3.2).
const inPortAlone = 0x0001_000c_8000_0004

// packetInReason reads a reason. 1.5 tells by three more what an action has sent up, and
// vendors have others: to apps it is an action all the same, since they know no other, and
// none that they did not know would be told to them.
func packetInReason(n uint8) flow.PacketInReason {
	if r := flow.PacketInReason(n); r <= flow.ReasonInvalidTTL {
		return r
	}
	return flow.ReasonAction
}

// Removed is a rule that ended (section 7.4.2).
type Removed struct {
	Rule     flow.Rule // table, priority, match, timeouts and cookie
	Reason   flow.RemovedReason
	Counters flow.Counters
	Age      model.Time
}

// DecodeFlowRemoved reads a flow-removed. known is false where the match has fields
// that flow does not know.
func (V13) DecodeFlowRemoved(m Message) (r Removed, known bool, err error) {
	b := m.body()
	if len(b) < 40 {
		return r, false, short("ofp_flow_removed", len(b), 40)
	}
	r.Rule.Cookie, r.Rule.Priority = binary.BigEndian.Uint64(b), binary.BigEndian.Uint16(b[8:])
	r.Reason, r.Rule.Table, r.Age = removedReason(b[10]), b[11], duration(b[12:])
	r.Rule.Idle, r.Rule.Hard, r.Rule.SendRemoved = binary.BigEndian.Uint16(b[20:]), binary.BigEndian.Uint16(b[22:]), true
	r.Counters = counters(b[24:])
	r.Rule.Match, _, known, err = decodeMatch(b[40:])
	return r, known, err
}

// removedReason reads a reason. What there is no word for, as that a rule had to make room
// (1.4's OFPRR_EVICTION), is that the switch has deleted it.
func removedReason(n uint8) flow.RemovedReason {
	if r := flow.RemovedReason(n); r <= flow.RemovedMeter {
		return r
	}
	return flow.RemovedDelete
}

// longest is the longest span there is a word for, in seconds: 106 days. A rule may be
// older, and a switch may lie.
const longest = uint32((1<<63 - 1) / model.Second)

// duration reads seconds and nanoseconds.
func duration(b []byte) model.Time {
	seconds, rest := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if seconds >= longest {
		return model.Time(longest) * model.Second
	}
	return model.Time(seconds)*model.Second + model.Time(min(rest, 999_999_999))*model.Nanosecond
}

// counters reads packets and bytes. A switch that does not count answers all ones.
func counters(b []byte) flow.Counters {
	return flow.Counters{Packets: counted(b), Bytes: counted(b[8:])}
}

func counted(b []byte) uint64 {
	if n := binary.BigEndian.Uint64(b); n != ^uint64(0) {
		return n
	}
	return 0
}
