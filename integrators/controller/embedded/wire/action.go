package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
	"sendim/core/packet"
)

// noBuffer asks for whole packets (OFPCML_NO_BUFFER, section 7.2.5).
const noBuffer = 0xffff

// encodeAction writes one action (section 7.2.5).
func encodeAction(a *flow.Action) (of.Action, error) {
	switch a.Type {
	case flow.Output:
		out := of.NewActionOutput(a.Arg)
		out.MaxLen = 0
		if a.Arg == flow.PortController {
			if out.MaxLen = a.MaxLen; a.MaxLen == 0 {
				out.MaxLen = noBuffer
			}
		}
		return out, nil
	case flow.ToGroup:
		if a.Arg == 0 {
			return nil, bad("action", "group %q has no number yet", a.Name)
		}
		return of.NewActionGroup(a.Arg), nil
	case flow.SetQueue:
		return of.NewActionSetQueue(a.Arg), nil
	case flow.SetField:
		v := a.Value
		if a.Field == flow.VLANVID {
			v.Lo |= uint64(packet.VLANPresent)
		}
		f, err := matchField(a.Field, v, a.Field.AllOnes())
		if err != nil {
			return nil, err
		}
		return of.NewActionSetField(f), nil
	case flow.PushVLAN:
		if a.Arg == 0 {
			return of.NewActionPushVlan(packet.EthTypeVLAN), nil
		}
		return of.NewActionPushVlan(uint16(a.Arg)), nil
	case flow.PopVLAN:
		return of.NewActionPopVlan(), nil
	case flow.DecTTL:
		return of.NewActionDecNwTtl(), nil
	}
	return nil, bad("action", "%s means something to the control runtime only", *a)
}

func encodeActions(actions []flow.Action) ([]of.Action, int, error) {
	out, size := make([]of.Action, 0, len(actions)), 0
	for i := range actions {
		a, err := encodeAction(&actions[i])
		if err != nil {
			return nil, 0, err
		}
		out, size = append(out, a), size+int(a.Len())
	}
	return out, size, nil
}

// decodeActions reads a list of actions; known is false where one of them has no word
// in flow, and it is left out.
func decodeActions(b []byte) (out []flow.Action, known bool, err error) {
	known = true
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, false, short("action", len(b), 8)
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 8 || n%8 != 0 || n > len(b) {
			return nil, false, bad("action", "says %d bytes where there are %d", n, len(b))
		}
		a, ok, err := decodeAction(b[:n])
		if err != nil {
			return nil, false, err
		}
		if ok {
			out = append(out, a)
		}
		known, b = known && ok, b[n:]
	}
	return out, known, nil
}

func decodeAction(b []byte) (a flow.Action, ok bool, err error) {
	arg := binary.BigEndian.Uint32(b[4:])
	switch binary.BigEndian.Uint16(b) {
	case of.ActionType_Output:
		if len(b) < 16 {
			return a, false, short("ofp_action_output", len(b), 16)
		}
		a = flow.Action{Type: flow.Output, Arg: arg}
		if max := binary.BigEndian.Uint16(b[8:]); arg == flow.PortController && max != noBuffer {
			a.MaxLen = max
		}
	case of.ActionType_Group:
		a = flow.Action{Type: flow.ToGroup, Arg: arg}
	case of.ActionType_SetQueue:
		a = flow.Action{Type: flow.SetQueue, Arg: arg}
	case of.ActionType_PushVlan:
		a = flow.Action{Type: flow.PushVLAN}
		if tag := uint16(arg >> 16); tag != packet.EthTypeVLAN { // which is what 0 means
			a.Arg = uint32(tag)
		}
	case of.ActionType_PopVlan:
		a = flow.Action{Type: flow.PopVLAN}
	case of.ActionType_DecNwTtl:
		a = flow.Action{Type: flow.DecTTL}
	case of.ActionType_SetField:
		m, _, err := decodeField(b[4:])
		if err != nil {
			return a, false, err
		}
		if m.Field == 0 || m.Mask != m.Field.AllOnes() {
			return a, false, nil
		}
		a = flow.Action{Type: flow.SetField, Field: m.Field, Value: m.Value}
	default:
		return a, false, nil
	}
	return a, true, nil
}
