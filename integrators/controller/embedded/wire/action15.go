package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
	"sendim/core/packet"
)

// appendActions writes a list of actions (section 7.2.6).
func appendActions(b []byte, actions []flow.Action) (_ []byte, err error) {
	for i := range actions {
		if b, err = appendAction(b, &actions[i]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendAction(b []byte, a *flow.Action) ([]byte, error) {
	short := func(kind uint8, arg uint32) []byte {
		return binary.BigEndian.AppendUint32(append(b, 0, kind, 0, 8), arg)
	}
	switch a.Type {
	case flow.Output:
		most := uint16(0)
		if a.Arg == flow.PortController {
			if most = a.MaxLen; most == 0 {
				most = noBuffer
			}
		}
		b = binary.BigEndian.AppendUint32(append(b, 0, of.ActionType_Output, 0, 16), a.Arg)
		return append(binary.BigEndian.AppendUint16(b, most), 0, 0, 0, 0, 0, 0), nil
	case flow.ToGroup:
		if a.Arg == 0 {
			return nil, bad("action", "group %q has no number yet", a.Name)
		}
		return short(of.ActionType_Group, a.Arg), nil
	case flow.SetQueue:
		return short(of.ActionType_SetQueue, a.Arg), nil
	case flow.SetField:
		v := a.Value
		if a.Field == flow.VLANVID {
			v.Lo |= uint64(packet.VLANPresent)
		}
		start := len(b)
		b, err := appendField(append(b, 0, of.ActionType_SetField, 0, 0), a.Field, v, a.Field.AllOnes())
		if err != nil {
			return nil, err
		}
		b = pad8(b, start)
		b[start+3] = uint8(len(b) - start)
		return b, nil
	case flow.PushVLAN:
		tag := a.Arg
		if tag == 0 {
			tag = uint32(packet.EthTypeVLAN)
		}
		return short(of.ActionType_PushVlan, tag<<16), nil
	case flow.PopVLAN:
		return short(of.ActionType_PopVlan, 0), nil
	case flow.DecTTL:
		return short(of.ActionType_DecNwTtl, 0), nil
	}
	return nil, bad("action", "%s means something to the control runtime only", *a)
}

// meterFirst takes the meter from the front of a list of actions. In any other place a
// meter has no word in flow.
func meterFirst(b []byte) (meter uint32, rest []byte) {
	if len(b) >= 8 && binary.BigEndian.Uint32(b) == actionMeter<<16|8 {
		return binary.BigEndian.Uint32(b[4:]), b[8:]
	}
	return 0, b
}
