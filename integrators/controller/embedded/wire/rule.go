package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
)

// allTables stands for every table in deletes and requests (OFPTT_ALL).
const allTables = 0xff

// Where the filters of a flow-mod stand (section 7.3.4.1).
const (
	outPortAt  = headerLength + 28
	outGroupAt = headerLength + 32
	flowMod    = headerLength + 40 // up to the match
)

// RuleMod writes a flow-mod (section 7.3.4.1). A rule that names what has no number
// yet, or that does not fit into one message, is an *Error.
func (V13) RuleMod(xid uint32, m *flow.RuleMod) (out []byte, err error) {
	err = Guard("ofp_flow_mod", func() error {
		out, err = ruleMod(xid, m)
		return err
	})
	return out, err
}

func ruleMod(xid uint32, m *flow.RuleMod) ([]byte, error) {
	r := &m.Rule
	f := of.NewFlowMod()
	f.Xid = xid
	f.Cookie, f.CookieMask = r.Cookie, m.CookieMask
	f.TableId, f.Priority = r.Table, r.Priority
	f.IdleTimeout, f.HardTimeout = r.Idle, r.Hard
	deletes := false
	switch m.Command {
	case flow.Add:
		f.Command = of.FC_ADD
	case flow.Modify:
		f.Command = of.FC_MODIFY
	case flow.ModifyStrict:
		f.Command = of.FC_MODIFY_STRICT
	case flow.Delete:
		f.Command, deletes = of.FC_DELETE, true
	case flow.DeleteStrict:
		f.Command, deletes = of.FC_DELETE_STRICT, true
	default:
		return nil, bad("ofp_flow_mod", "there is no command %d", m.Command)
	}
	if m.AllTables {
		if !deletes {
			return nil, bad("ofp_flow_mod", "only a delete can concern all tables")
		}
		f.TableId = allTables
	}
	for _, flag := range []struct {
		set bool
		bit uint16
	}{{r.SendRemoved && !deletes, of.FF_SEND_FLOW_REM}, {m.CheckOverlap, of.FF_CHECK_OVERLAP}, {m.ResetCounts, of.FF_RESET_COUNTS}} {
		if flag.set {
			f.Flags |= flag.bit
		}
	}
	var err error
	if f.Match, err = encodeMatch(r.Match); err != nil {
		return nil, err
	}
	size := flowMod + int(f.Match.Len())
	if !deletes {
		instructions, n, err := encodeInstructions(r)
		if err != nil {
			return nil, err
		}
		f.Instructions, size = instructions, size+n
	}
	if size > MaxMessage {
		return nil, bad("ofp_flow_mod", "the rule takes %d bytes, more than the %d of one message", size, MaxMessage)
	}
	b, err := f.MarshalBinary()
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(b[outPortAt:], orAny(m.OutPort))
	binary.BigEndian.PutUint32(b[outGroupAt:], orAny(m.OutGroup))
	return b, nil
}

// Strange is a rule that flow has no words for: enough of it to delete it.
type Strange struct {
	table    uint8
	priority uint16
	cookie   uint64
	match    []byte // as the switch wrote it
}

// DeleteStrange writes the flow-mod that deletes exactly that rule.
func (V13) DeleteStrange(xid uint32, s *Strange) []byte {
	return deleteStrange(Version13, xid, s)
}

// deleteStrange is the same in all versions: what 1.5 has in the place of the last two
// bytes of padding does not matter to a delete.
func deleteStrange(v Version, xid uint32, s *Strange) []byte {
	b := bare(v, TypeFlowMod, xid)
	b = binary.BigEndian.AppendUint64(b, s.cookie)
	b = binary.BigEndian.AppendUint64(b, ^uint64(0))
	b = append(b, s.table, of.FC_DELETE_STRICT, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, s.priority)
	b = binary.BigEndian.AppendUint32(b, NoBuffer)
	b = binary.BigEndian.AppendUint32(b, flow.PortAny)
	b = binary.BigEndian.AppendUint32(b, flow.GroupAny)
	b = append(append(b, 0, 0, 0, 0), s.match...) // no flags
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// orAny gives 0, which no port and no group has, its meaning; PortAny and GroupAny are
// the same number.
func orAny(n uint32) uint32 {
	if n == 0 {
		return flow.PortAny
	}
	return n
}

func zeroIfAny(n uint32) uint32 {
	if n == flow.PortAny {
		return 0
	}
	return n
}

// encodeInstructions writes what a rule does (section 7.2.4), in the order in which a
// switch carries it out (section 5.9).
func encodeInstructions(r *flow.Rule) (out []of.Instruction, size int, err error) {
	add := func(i of.Instruction) { out = append(out, i) }
	list := func(i *of.InstrActions, actions []flow.Action) error {
		encoded, n, err := encodeActions(actions)
		if err != nil {
			return err
		}
		i.Actions, i.Length, size = encoded, uint16(8+n), size+n // too long a list fails on its sum
		add(i)
		return nil
	}
	switch {
	case r.Meter != 0:
		add(of.NewInstrMeter(r.Meter))
	case r.MeterName != "":
		return nil, 0, bad("instruction", "meter %q has no number yet", r.MeterName)
	}
	if len(r.Apply) > 0 {
		if err := list(of.NewInstrApplyActions(), r.Apply); err != nil {
			return nil, 0, err
		}
	}
	if r.Clear {
		add(&of.InstrActions{InstrHeader: of.InstrHeader{Type: of.InstrType_CLEAR_ACTIONS, Length: 8}})
	}
	if len(r.Write) > 0 {
		if err := list(of.NewInstrWriteActions(), r.Write); err != nil {
			return nil, 0, err
		}
	}
	if r.MetadataMask != 0 {
		add(of.NewInstrWriteMetadata(r.Metadata, r.MetadataMask))
	}
	if r.HasGoto {
		add(of.NewInstrGotoTable(r.Goto))
	}
	return out, size + 24*len(out), nil
}

// decodeInstructions reads what a rule does into it; known is false where flow has no
// word for something.
func decodeInstructions(v Version, b []byte, r *flow.Rule) (known bool, err error) {
	known = true
	for len(b) > 0 {
		if len(b) < 8 {
			return false, short("instruction", len(b), 8)
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 8 || n%8 != 0 || n > len(b) {
			return false, bad("instruction", "says %d bytes where there are %d", n, len(b))
		}
		ok := true
		switch binary.BigEndian.Uint16(b) {
		case of.InstrType_GOTO_TABLE:
			r.HasGoto, r.Goto = true, b[4]
		case of.InstrType_WRITE_METADATA:
			if n < 24 {
				return false, short("ofp_instruction_write_metadata", n, 24)
			}
			r.Metadata, r.MetadataMask = binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
		case of.InstrType_WRITE_ACTIONS:
			r.Write, ok, err = decodeActions(b[8:n])
		case of.InstrType_APPLY_ACTIONS:
			actions := b[8:n]
			if v == Version15 {
				r.Meter, actions = meterFirst(actions)
			}
			r.Apply, ok, err = decodeActions(actions)
		case of.InstrType_CLEAR_ACTIONS:
			r.Clear = true
		case of.InstrType_METER: // which 1.5 has no more
			ok = v == Version13
			r.Meter = binary.BigEndian.Uint32(b[4:])
		default:
			ok = false
		}
		if err != nil {
			return false, err
		}
		known, b = known && ok, b[n:]
	}
	return known, nil
}
