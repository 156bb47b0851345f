package flow

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever a controller or an app sends, a switch refuses it or works on.
func TestNonsenseIsRefusedAndNeverFatal(t *testing.T) {
	small := func(t *rapid.T) uint32 {
		return rapid.SampledFrom([]uint32{0, 1, 2, 3, 16, 255, 0x8100, PortMax, PortInPort, PortTable, PortAll, PortController, PortAny}).Draw(t, "n")
	}
	value := func(t *rapid.T) Value {
		return Value{rapid.SampledFrom([]uint64{0, 0, 1}).Draw(t, "hi"), rapid.SampledFrom([]uint64{0, 1, 0x800, 0x1001, 0xffff, ^uint64(0)}).Draw(t, "lo")}
	}
	actions := func(t *rapid.T) (out []Action) {
		for range rapid.IntRange(0, 4).Draw(t, "actions") {
			out = append(out, Action{ActionType(rapid.IntRange(0, 11).Draw(t, "type")), Field(rapid.IntRange(0, 33).Draw(t, "field")),
				small(t), uint16(small(t)), rapid.SampledFrom([]string{"", "x"}).Draw(t, "name"), value(t)})
		}
		return out
	}
	match := func(t *rapid.T) Match {
		if rapid.Bool().Draw(t, "sane") {
			return drawMatch(t)
		}
		var m Match
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			m = append(m, Masked{Field(rapid.IntRange(0, 33).Draw(t, "field")), value(t), value(t)})
		}
		return m
	}
	command := rapid.Uint8Range(0, 5)
	rapid.Check(t, func(t *rapid.T) {
		s, r, path := &Switch{}, &Result{}, &Path{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			cmd := ModCommand(command.Draw(t, "command"))
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0, 1:
				m := RuleMod{Command: cmd, Rule: Rule{Table: uint8(small(t)), Priority: uint16(small(t)), Match: match(t), Apply: actions(t), Write: actions(t),
					Meter: small(t), HasGoto: rapid.Bool().Draw(t, "goto"), Goto: uint8(small(t)), Idle: uint16(small(t))},
					OutPort: small(t), OutGroup: small(t), AllTables: rapid.Bool().Draw(t, "all"), CheckOverlap: rapid.Bool().Draw(t, "overlap")}
				_, _ = s.ApplyRule(&m, 0)
				_ = m.Rule.String()
				_ = m.Rule.Key()
			case 2:
				g := Group{Number: small(t), Type: GroupType(rapid.IntRange(0, 4).Draw(t, "type"))}
				for range rapid.IntRange(0, 3).Draw(t, "buckets") {
					g.Buckets = append(g.Buckets, Bucket{Weight: uint16(small(t)), WatchPort: small(t), WatchGroup: small(t), Actions: actions(t)})
				}
				_, _ = s.ApplyGroup(&GroupMod{cmd, g}, 0)
			case 3:
				_, _ = s.ApplyMeter(&MeterMod{cmd, Meter{Number: small(t), Rate: small(t), Burst: small(t), PerPacket: rapid.Bool().Draw(t, "packets")}}, 0)
			case 4:
				_ = s.Send(&Packet{drawHeader(t), small(t), 60}, actions(t), 0, r)
			default:
				p := &Packet{drawHeader(t), small(t), small(t)}
				s.Trace(p, r, path)
				s.Process(p, rapid.Int64Min(0).Draw(t, "now"), r)
			}
		}
		s.Expire(Never - 1)
	})
}
