package apprpc

import (
	"fmt"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	pb "sendim/plugins/apprpc/proto"
)

// command encodes one command; a command without the part that its kind names is an error.
func (e *encoder) command(c *app.Command) (*pb.Command, error) {
	p := e.commands.get()
	p.Id, p.Switch, p.Ack = c.ID, int32(c.Switch), c.Ack
	missing := false
	switch c.Kind {
	case app.KindRule:
		if missing = c.Rule == nil; !missing {
			p.Part = &pb.Command_Rule{Rule: e.ruleMod(c.Rule)}
		}
	case app.KindGroup:
		if missing = c.Group == nil; !missing {
			p.Part = &pb.Command_Group{Group: &pb.GroupMod{Command: pb.ModCommand(c.Group.Command), Group: e.group(&c.Group.Group)}}
		}
	case app.KindMeter:
		if missing = c.Meter == nil; !missing {
			p.Part = &pb.Command_Meter{Meter: &pb.MeterMod{Command: pb.ModCommand(c.Meter.Command), Meter: e.meter(&c.Meter.Meter)}}
		}
	case app.KindPortRate:
		if missing = c.PortRate == nil; !missing {
			p.Part = &pb.Command_PortRate{PortRate: &pb.PortRate{Port: uint32(c.PortRate.Port), Rate: int64(c.PortRate.Rate)}}
		}
	case app.KindMiss:
		if missing = c.Miss == nil; !missing {
			p.Part = &pb.Command_Miss{Miss: &pb.Miss{Table: uint32(c.Miss.Table), Action: pb.MissAction(c.Miss.Action)}}
		}
	case app.KindPacketOut:
		if missing = c.PacketOut == nil; !missing {
			o := e.outs.get()
			o.InPort, o.Actions, o.Frame = c.PacketOut.InPort, e.actionList(c.PacketOut.Actions), c.PacketOut.Frame
			p.Part = &pb.Command_PacketOut{PacketOut: o}
		}
	case app.KindStatsRequest:
		if s := c.Stats; s == nil {
			missing = true
		} else {
			p.Part = &pb.Command_Stats{Stats: &pb.StatsRequest{Rules: s.Rules, Groups: s.Groups, Meters: s.Meters, Ports: s.Ports}}
		}
	case app.KindSetTimer:
		if missing = c.SetTimer == nil; !missing {
			p.Part = &pb.Command_SetTimer{SetTimer: &pb.SetTimer{Name: text(c.SetTimer.Name), After: int64(c.SetTimer.After)}}
		}
	case app.KindMetric:
		if missing = c.Metric == nil; !missing {
			p.Part = &pb.Command_Metric{Metric: &pb.Metric{Name: text(c.Metric.Name), Value: c.Metric.Value}}
		}
	case app.KindLog:
		if missing = c.Log == nil; !missing {
			p.Part = &pb.Command_Log{Log: &pb.Log{Level: text(c.Log.Level), Text: text(c.Log.Text)}}
		}
	default:
		return nil, fmt.Errorf("command %d has the unknown kind %d", c.ID, c.Kind)
	}
	if missing {
		return nil, fmt.Errorf("command %d is of the kind %s but has no such part", c.ID, c.Kind)
	}
	return p, nil
}

// command decodes one command into c.
func (d *decoder) command(p *pb.Command, c *app.Command) {
	*c = app.Command{ID: p.GetId(), Switch: model.NodeID(p.GetSwitch()), Ack: p.GetAck()}
	switch x := p.GetPart().(type) {
	case *pb.Command_Rule:
		c.Kind, c.Rule = app.KindRule, d.ruleMod(x.Rule)
	case *pb.Command_Group:
		c.Kind, c.Group = app.KindGroup, &flow.GroupMod{Command: d.modCommand(x.Group.GetCommand()), Group: d.group(x.Group.GetGroup())}
	case *pb.Command_Meter:
		c.Kind, c.Meter = app.KindMeter, &flow.MeterMod{Command: d.modCommand(x.Meter.GetCommand()), Meter: d.meter(x.Meter.GetMeter())}
	case *pb.Command_PortRate:
		c.Kind, c.PortRate = app.KindPortRate, &app.PortRate{Port: model.PortNo(x.PortRate.GetPort()), Rate: model.Rate(x.PortRate.GetRate())}
	case *pb.Command_Miss:
		c.Kind, c.Miss = app.KindMiss, &app.Miss{Table: d.u8(x.Miss.GetTable(), "table"),
			Action: choice[app.MissAction](d, x.Miss.GetAction(), pb.MissAction_MISS_ACTION_DROP, pb.MissAction_MISS_ACTION_NEXT, "miss action")}
	case *pb.Command_PacketOut:
		o := d.outs.get()
		*o = flow.PacketOut{InPort: x.PacketOut.GetInPort(), Actions: d.actionList(x.PacketOut.GetActions()), Frame: x.PacketOut.GetFrame()}
		c.Kind, c.PacketOut = app.KindPacketOut, o
	case *pb.Command_Stats:
		s := x.Stats
		c.Kind, c.Stats = app.KindStatsRequest, &app.StatsRequest{Rules: s.GetRules(), Groups: s.GetGroups(), Meters: s.GetMeters(), Ports: s.GetPorts()}
	case *pb.Command_SetTimer:
		c.Kind, c.SetTimer = app.KindSetTimer, &app.SetTimer{Name: x.SetTimer.GetName(), After: model.Time(x.SetTimer.GetAfter())}
	case *pb.Command_Metric:
		c.Kind, c.Metric = app.KindMetric, &app.Metric{Name: x.Metric.GetName(), Value: x.Metric.GetValue()}
	case *pb.Command_Log:
		c.Kind, c.Log = app.KindLog, &app.Log{Level: x.Log.GetLevel(), Text: x.Log.GetText()}
	default:
		d.bad("command %d has no part that is known", p.GetId())
	}
}

// commandSize estimates how many bytes a command takes on the wire: near enough to
// decide when a message is full, and much cheaper than the exact number.
func commandSize(c *app.Command) int {
	const action, masked = 16, 20
	n := 32
	switch {
	case c.Rule != nil:
		r := &c.Rule.Rule
		n += 48 + len(r.Match)*masked + (len(r.Apply)+len(r.Write))*action
	case c.Group != nil:
		for i := range c.Group.Group.Buckets {
			n += 16 + action*len(c.Group.Group.Buckets[i].Actions)
		}
	case c.PacketOut != nil:
		n += len(c.PacketOut.Frame) + action*len(c.PacketOut.Actions)
	case c.Log != nil:
		n += len(c.Log.Text)
	}
	return n
}
