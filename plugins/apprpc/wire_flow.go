package apprpc

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sendim/core/flow"
	pb "sendim/plugins/apprpc/proto"
)

// encoder turns core/app's values into messages. One goroutine at a time.
type encoder struct {
	rules    slab[pb.Rule]
	ruleMods slab[pb.RuleMod]
	masked   slab[pb.Masked]
	actions  slab[pb.Action]
	packets  slab[packetParts]
	outs     slab[pb.PacketOut]
	events   slab[pb.Event]
	commands slab[pb.Command]
}

// decoder is the way back. What a message says and our types cannot hold (a table of
// 300, an unknown enum value) is remembered as the first fault. One goroutine at a time.
type decoder struct {
	fault    error
	packets  slab[decodedPacket]
	ruleMods slab[flow.RuleMod]
	outs     slab[flow.PacketOut]
}

func (d *decoder) bad(format string, args ...any) {
	if d.fault == nil {
		d.fault = fmt.Errorf(format, args...)
	}
}

// take returns the first fault since the last take.
func (d *decoder) take() error {
	err := d.fault
	d.fault = nil
	return err
}

func (d *decoder) u8(v uint32, what string) uint8 {
	if v > math.MaxUint8 {
		d.bad("%s %d does not fit 8 bits", what, v)
	}
	return uint8(v)
}

func (d *decoder) u16(v uint32, what string) uint16 {
	if v > math.MaxUint16 {
		d.bad("%s %d does not fit 16 bits", what, v)
	}
	return uint16(v)
}

// choice checks an enum whose numbers are ours, too.
func choice[To ~uint8, From ~int32](d *decoder, v, first, last From, what string) To {
	if v < first || v > last {
		d.bad("there is no %s %d", what, int32(v))
		return 0
	}
	return To(v)
}

func (e *encoder) match(m flow.Match) []*pb.Masked {
	if len(m) == 0 {
		return nil
	}
	out := make([]*pb.Masked, len(m))
	for i := range m {
		x, p := &m[i], e.masked.get()
		p.Field, p.Value, p.ValueHi = pb.Field(x.Field), x.Value.Lo, x.Value.Hi
		if x.Mask != x.Field.AllOnes() {
			p.Mask, p.MaskHi = x.Mask.Lo, x.Mask.Hi
		}
		out[i] = p
	}
	return out
}

func (d *decoder) field(f pb.Field) flow.Field {
	return choice[flow.Field](d, f, pb.Field_FIELD_IN_PORT, pb.Field_FIELD_ARP_THA, "match field")
}

// match puts the fields into their canonical order: authors in other languages need not
// know it.
func (d *decoder) match(list []*pb.Masked) flow.Match {
	if len(list) == 0 {
		return nil
	}
	m := make(flow.Match, len(list))
	for i, p := range list {
		f := d.field(p.GetField())
		m[i] = flow.Masked{Field: f, Value: flow.Value{Hi: p.GetValueHi(), Lo: p.GetValue()}, Mask: flow.Value{Hi: p.GetMaskHi(), Lo: p.GetMask()}}
		if m[i].Mask == (flow.Value{}) {
			m[i].Mask = f.AllOnes()
		}
	}
	byField := func(a, b flow.Masked) int { return cmp.Compare(a.Field, b.Field) }
	if !slices.IsSortedFunc(m, byField) {
		slices.SortStableFunc(m, byField)
	}
	for i := 1; i < len(m); i++ {
		if m[i].Field == m[i-1].Field {
			d.bad("a match mentions %s twice", m[i].Field)
		}
	}
	return m
}

func (e *encoder) actionList(list []flow.Action) []*pb.Action {
	if len(list) == 0 {
		return nil
	}
	out := make([]*pb.Action, len(list))
	for i := range list {
		a, p := &list[i], e.actions.get()
		p.Type, p.Arg, p.Name = pb.ActionType(a.Type), a.Arg, text(a.Name)
		p.Field, p.Value, p.ValueHi = pb.Field(a.Field), a.Value.Lo, a.Value.Hi
		p.MaxLen = uint32(a.MaxLen)
		out[i] = p
	}
	return out
}

func (d *decoder) actionList(list []*pb.Action) []flow.Action {
	return eachOf(list, func(p *pb.Action) flow.Action {
		a := flow.Action{
			Type:   choice[flow.ActionType](d, p.GetType(), pb.ActionType_ACTION_TYPE_OUTPUT, pb.ActionType_ACTION_TYPE_NEXT_APP, "action type"),
			Arg:    p.GetArg(),
			MaxLen: d.u16(p.GetMaxLen(), "max_len"),
			Name:   p.GetName(),
			Value:  flow.Value{Hi: p.GetValueHi(), Lo: p.GetValue()},
		}
		if p.GetField() != 0 {
			a.Field = d.field(p.GetField())
		}
		return a
	})
}

func (e *encoder) rule(r *flow.Rule) *pb.Rule {
	p := e.rules.get()
	p.Table, p.Priority = uint32(r.Table), uint32(r.Priority)
	p.Match = e.match(r.Match)
	p.Apply, p.Clear, p.Write = e.actionList(r.Apply), r.Clear, e.actionList(r.Write)
	p.Metadata, p.MetadataMask = r.Metadata, r.MetadataMask
	p.Meter, p.MeterName = r.Meter, text(r.MeterName)
	if r.HasGoto {
		to := uint32(r.Goto)
		p.Goto = &to
	}
	p.Idle, p.Hard, p.Cookie, p.SendRemoved = uint32(r.Idle), uint32(r.Hard), r.Cookie, r.SendRemoved
	return p
}

func (d *decoder) rule(p *pb.Rule) flow.Rule {
	r := flow.Rule{
		Table:        d.u8(p.GetTable(), "table"),
		Priority:     d.u16(p.GetPriority(), "priority"),
		Match:        d.match(p.GetMatch()),
		Apply:        d.actionList(p.GetApply()),
		Clear:        p.GetClear(),
		Write:        d.actionList(p.GetWrite()),
		Metadata:     p.GetMetadata(),
		MetadataMask: p.GetMetadataMask(),
		Meter:        p.GetMeter(),
		MeterName:    p.GetMeterName(),
		Idle:         d.u16(p.GetIdle(), "idle timeout"),
		Hard:         d.u16(p.GetHard(), "hard timeout"),
		Cookie:       p.GetCookie(),
		SendRemoved:  p.GetSendRemoved(),
	}
	if p != nil && p.Goto != nil {
		r.HasGoto, r.Goto = true, d.u8(*p.Goto, "goto table")
	}
	return r
}

func (e *encoder) ruleMod(m *flow.RuleMod) *pb.RuleMod {
	p := e.ruleMods.get()
	p.Command, p.Rule = pb.ModCommand(m.Command), e.rule(&m.Rule)
	p.CookieMask, p.OutPort, p.OutGroup = m.CookieMask, m.OutPort, m.OutGroup
	p.AllTables, p.CheckOverlap, p.ResetCounts = m.AllTables, m.CheckOverlap, m.ResetCounts
	return p
}

func (d *decoder) modCommand(c pb.ModCommand) flow.ModCommand {
	return choice[flow.ModCommand](d, c, pb.ModCommand_MOD_COMMAND_ADD, pb.ModCommand_MOD_COMMAND_DELETE_STRICT, "command for modifications")
}

func (d *decoder) ruleMod(p *pb.RuleMod) *flow.RuleMod {
	m := d.ruleMods.get()
	*m = flow.RuleMod{
		Command:      d.modCommand(p.GetCommand()),
		Rule:         d.rule(p.GetRule()),
		CookieMask:   p.GetCookieMask(),
		OutPort:      p.GetOutPort(),
		OutGroup:     p.GetOutGroup(),
		AllTables:    p.GetAllTables(),
		CheckOverlap: p.GetCheckOverlap(),
		ResetCounts:  p.GetResetCounts(),
	}
	return m
}

func (e *encoder) group(g *flow.Group) *pb.Group {
	return &pb.Group{Number: g.Number, Name: text(g.Name), Type: pb.GroupType(g.Type),
		Buckets: each(g.Buckets, func(b *flow.Bucket) *pb.Bucket {
			return &pb.Bucket{Weight: uint32(b.Weight), WatchPort: b.WatchPort, WatchGroup: b.WatchGroup, WatchGroupName: text(b.WatchName), Actions: e.actionList(b.Actions)}
		})}
}

func (d *decoder) group(p *pb.Group) flow.Group {
	return flow.Group{
		Number: p.GetNumber(),
		Name:   p.GetName(),
		Type:   choice[flow.GroupType](d, p.GetType(), pb.GroupType_GROUP_TYPE_ALL, pb.GroupType_GROUP_TYPE_FAST_FAILOVER, "group type"),
		Buckets: eachOf(p.GetBuckets(), func(b *pb.Bucket) flow.Bucket {
			return flow.Bucket{Weight: d.u16(b.GetWeight(), "weight"), WatchPort: b.GetWatchPort(), WatchGroup: b.GetWatchGroup(), WatchName: b.GetWatchGroupName(),
				Actions: d.actionList(b.GetActions())}
		}),
	}
}

func (e *encoder) meter(m *flow.Meter) *pb.Meter {
	return &pb.Meter{Number: m.Number, Name: text(m.Name), Rate: m.Rate, Burst: m.Burst, PerPacket: m.PerPacket}
}

func (d *decoder) meter(p *pb.Meter) flow.Meter {
	return flow.Meter{Number: p.GetNumber(), Name: p.GetName(), Rate: p.GetRate(), Burst: p.GetBurst(), PerPacket: p.GetPerPacket()}
}

func encodeCounters(c *flow.Counters) *pb.Counters {
	return &pb.Counters{Packets: c.Packets, Bytes: c.Bytes}
}

func decodeCounters(p *pb.Counters) flow.Counters {
	return flow.Counters{Packets: p.GetPackets(), Bytes: p.GetBytes()}
}
