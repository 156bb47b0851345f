package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
)

// 1.5 is written and read without the library, whose 1.5 panics at some messages, loses
// bytes of others and never returns from one.

// actionMeter sends a packet through a meter (OFPAT_METER, section 7.2.6), which is an
// instruction before 1.5.
const actionMeter = 29

// RuleMod writes a flow-mod (section 7.3.4.2). A rule that names what has no number yet,
// or that does not fit into one message, is an *Error. All rules are of the importance 0:
// which of them goes first when a table is full is nothing that an app can say.
func (V15) RuleMod(xid uint32, m *flow.RuleMod) ([]byte, error) {
	r := &m.Rule
	table, deletes := r.Table, false
	var command byte
	switch m.Command {
	case flow.Add:
		command = of.FC_ADD
	case flow.Modify:
		command = of.FC_MODIFY
	case flow.ModifyStrict:
		command = of.FC_MODIFY_STRICT
	case flow.Delete:
		command, deletes = of.FC_DELETE, true
	case flow.DeleteStrict:
		command, deletes = of.FC_DELETE_STRICT, true
	default:
		return nil, bad("ofp_flow_mod", "there is no command %d", m.Command)
	}
	if m.AllTables {
		if !deletes {
			return nil, bad("ofp_flow_mod", "only a delete can concern all tables")
		}
		table = allTables
	}
	var flags uint16
	for _, flag := range []struct {
		set bool
		bit uint16
	}{{r.SendRemoved && !deletes, of.FF_SEND_FLOW_REM}, {m.CheckOverlap, of.FF_CHECK_OVERLAP}, {m.ResetCounts, of.FF_RESET_COUNTS}} {
		if flag.set {
			flags |= flag.bit
		}
	}
	b := make([]byte, 0, 192)
	b = append(b, uint8(Version15), uint8(TypeFlowMod), 0, 0)
	b = binary.BigEndian.AppendUint32(b, xid)
	b = binary.BigEndian.AppendUint64(b, r.Cookie)
	b = binary.BigEndian.AppendUint64(b, m.CookieMask)
	b = append(b, table, command)
	b = binary.BigEndian.AppendUint16(b, r.Idle)
	b = binary.BigEndian.AppendUint16(b, r.Hard)
	b = binary.BigEndian.AppendUint16(b, r.Priority)
	b = binary.BigEndian.AppendUint32(b, NoBuffer)
	b = binary.BigEndian.AppendUint32(b, orAny(m.OutPort))
	b = binary.BigEndian.AppendUint32(b, orAny(m.OutGroup))
	b = binary.BigEndian.AppendUint16(b, flags)
	b = append(b, 0, 0) // importance
	b, err := appendMatch(b, r.Match)
	if err != nil {
		return nil, err
	}
	if !deletes {
		if b, err = appendInstructions(b, r); err != nil {
			return nil, err
		}
	}
	if len(b) > MaxMessage {
		return nil, bad("ofp_flow_mod", "the rule takes %d bytes, more than the %d of one message", len(b), MaxMessage)
	}
	return fit(b), nil
}

// DeleteStrange writes the flow-mod that deletes exactly that rule.
func (V15) DeleteStrange(xid uint32, s *Strange) []byte { return deleteStrange(Version15, xid, s) }

// appendField writes one OXM TLV, without a mask where all of the field is compared.
func appendField(b []byte, f flow.Field, v, mask flow.Value) ([]byte, error) {
	o := oxmOf(f)
	if o.bytes == 0 {
		return nil, bad("oxm", "there is no match field %d", uint8(f))
	}
	b = binary.BigEndian.AppendUint16(b, of.OXM_CLASS_OPENFLOW_BASIC)
	if mask == f.AllOnes() {
		return append(append(b, o.number<<1, o.bytes), octetsOf(v, o.bytes)...), nil
	}
	b = append(append(b, o.number<<1|1, 2*o.bytes), octetsOf(v, o.bytes)...)
	return append(b, octetsOf(mask, o.bytes)...), nil
}

// appendMatch writes an ofp_match with its padding.
func appendMatch(b []byte, m flow.Match) ([]byte, error) {
	start := len(b)
	b = append(b, 0, of.MatchType_OXM, 0, 0)
	var err error
	for i := range m {
		if b, err = appendField(b, m[i].Field, m[i].Value, m[i].Mask); err != nil {
			return nil, err
		}
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return pad8(b, start), nil
}

// pad8 fills what began at start up to a multiple of eight bytes.
func pad8(b []byte, start int) []byte {
	return append(b, make([]byte, -(len(b)-start)&7)...)
}

// appendInstructions writes what a rule does (section 7.2.5), in the order in which a
// switch carries it out (section 5.5). The meter goes first in the list that is applied
// at once.
func appendInstructions(b []byte, r *flow.Rule) (_ []byte, err error) {
	list := func(kind uint8, meter uint32, actions []flow.Action) error {
		start := len(b)
		b = append(b, 0, kind, 0, 0, 0, 0, 0, 0)
		if meter != 0 {
			b = binary.BigEndian.AppendUint32(append(b, 0, actionMeter, 0, 8), meter)
		}
		if b, err = appendActions(b, actions); err != nil {
			return err
		}
		binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start)) // too long a list fails as a whole
		return nil
	}
	if r.Meter == 0 && r.MeterName != "" {
		return nil, bad("instruction", "meter %q has no number yet", r.MeterName)
	}
	if r.Meter != 0 || len(r.Apply) > 0 {
		if err := list(of.InstrType_APPLY_ACTIONS, r.Meter, r.Apply); err != nil {
			return nil, err
		}
	}
	if r.Clear {
		b = append(b, 0, of.InstrType_CLEAR_ACTIONS, 0, 8, 0, 0, 0, 0)
	}
	if len(r.Write) > 0 {
		if err := list(of.InstrType_WRITE_ACTIONS, 0, r.Write); err != nil {
			return nil, err
		}
	}
	if r.MetadataMask != 0 {
		b = append(b, 0, of.InstrType_WRITE_METADATA, 0, 24, 0, 0, 0, 0)
		b = binary.BigEndian.AppendUint64(b, r.Metadata)
		b = binary.BigEndian.AppendUint64(b, r.MetadataMask)
	}
	if r.HasGoto {
		b = append(b, 0, of.InstrType_GOTO_TABLE, 0, 8, r.Goto, 0, 0, 0)
	}
	return b, nil
}
