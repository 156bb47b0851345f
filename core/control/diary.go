package control

import (
	"strings"

	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// diary writes what the runtime sees and says into the trace.
type diary struct {
	sink trace.Sink // nil: nobody reads
	net  *model.Network
	page *trace.Entry // on which what comes often is written; nobody keeps it
}

func newDiary(sink trace.Sink, net *model.Network) diary {
	if _, nobody := sink.(trace.Discard); nobody {
		sink = nil
	}
	return diary{sink, net, &trace.Entry{}}
}

func (d *diary) upcall(s *step, r *Runtime) {
	if d.sink == nil {
		return
	}
	if s.start {
		for _, a := range r.apps {
			d.sink.Emit(&trace.Entry{At: s.at, Kind: trace.AppStarted, App: a.Name, Manifest: &a.manifest})
		}
		return
	}
	u := &s.up
	e := d.page
	*e = trace.Entry{At: s.at}
	if u.Kind != 0 {
		e.Node = d.net.NodeName(u.Switch)
	}
	switch u.Kind {
	case SwitchConnected:
		e.Kind = trace.SwitchUp
	case SwitchLost:
		e.Kind = trace.SwitchDown
	case PortStatus:
		for _, p := range u.Ports {
			one, state := *e, "down"
			if p.Up {
				state = "up"
			}
			port := p.Port
			one.Kind, one.Port, one.Text = trace.PortStatus, &port, state
			d.sink.Emit(&one)
		}
		return
	case PacketIn:
		p := u.Packet // nobody changes it any more
		e.Kind, e.Port, e.Header, e.Length, e.Table, e.Cookie, e.Reason = trace.PacketIn, &p.InPort, &p.Header, p.Length, &p.Table, p.Cookie, p.Reason.String()
		if int(p.Table) < len(r.owner) && r.owner[p.Table] >= 0 && p.Cookie&appMask != runtimeCookie {
			e.App = r.apps[r.owner[p.Table]].Name
		}
	case RuleRemoved:
		x := u.Removed
		counters, rule := x.Counters, x.Rule
		e.Kind, e.Counters, e.Reason, e.App = trace.FlowRemoved, &counters, x.Reason.String(), d.owner(r, rule.Cookie)
		e.Text = rule.String()
	case Refusal:
		e.Kind, e.Reason = trace.Refused, u.Reason
		if s.refused != nil && s.refused.app >= 0 {
			e.App = r.apps[s.refused.app].Name
		}
	default:
		return
	}
	d.sink.Emit(e)
}

func (d *diary) owner(r *Runtime, cookie uint64) string {
	if id, ok := ownerOf(cookie); ok && int(id) < len(r.apps) {
		return r.apps[id].Name
	}
	return ""
}

func (d *diary) downcall(c *Downcall, r *Runtime) {
	if d.sink == nil {
		return
	}
	e := d.page
	*e = trace.Entry{At: c.At, Node: d.net.NodeName(c.Switch)}
	if c.App >= 0 {
		e.App = r.apps[c.App].Name
	}
	switch c.Kind {
	case ModRule:
		e.Kind, e.Rule = trace.RuleMod, c.Rule
	case ModGroup:
		e.Kind, e.Group = trace.GroupMod, c.Group
	case ModMeter:
		e.Kind, e.Meter = trace.MeterMod, c.Meter
	case SendPacket:
		e.Kind, e.Out, e.Length = trace.PacketOut, c.Packet.Actions, len(c.Packet.Frame)
		if header, _, err := packet.Decode(c.Packet.Frame); err == nil {
			e.Header = &header
		}
	case LimitPort:
		port := uint32(c.Port.Port)
		e.Kind, e.Port, e.Spec = trace.PortRate, &port, &trace.LinkSetting{Rate: c.Port.Rate}
	default:
		return
	}
	d.sink.Emit(e)
}

func (d *diary) metric(at model.Time, name string, m *app.Metric) {
	if d.sink != nil {
		value := m.Value
		d.sink.Emit(&trace.Entry{At: at, Kind: trace.AppMetric, App: name, Name: m.Name, Value: &value})
	}
}

// log writes an app's line; Reason is its level.
func (d *diary) log(at model.Time, name string, l *app.Log) {
	if d.sink != nil {
		switch l.Level {
		case app.LevelRestarted:
			d.sink.Emit(&trace.Entry{At: at, Kind: trace.AppBack, App: name, Text: l.Text})
			return
		case app.LevelWarned:
			d.sink.Emit(&trace.Entry{At: at, Kind: trace.Warning, App: name, Text: "application " + name + " " + l.Text})
			return
		}
		d.sink.Emit(&trace.Entry{At: at, Kind: trace.AppLog, App: name, Text: l.Text, Reason: l.Level})
	}
}

// failed writes that a command was not sent.
func (d *diary) failed(at model.Time, name string, sw model.NodeID, err error) {
	if d.sink == nil {
		return
	}
	e := trace.Entry{At: at, Kind: trace.Refused, App: name, Reason: err.Error(), Text: "not sent"}
	if sw >= 0 && int(sw) < d.net.NodeCount() {
		e.Node = d.net.NodeName(sw)
	}
	d.sink.Emit(&e)
}

func (d *diary) appLost(at model.Time, name string, err error) {
	if d.sink != nil {
		reason, _, _ := strings.Cut(cause(err), "\n")
		d.sink.Emit(&trace.Entry{At: at, Kind: trace.AppLost, App: name, Reason: reason})
	}
}
