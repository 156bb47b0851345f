package control

import (
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// carry carries out one command of an app, or queues Failed.
func (r *Runtime) carry(a *application, c *app.Command, at model.Time) {
	if err := r.attempt(a, c, at); err != nil {
		r.diary.failed(at, a.Name, c.Switch, err)
		r.fail(a.index, c.ID, at, err.Error())
	}
}

func (r *Runtime) attempt(a *application, c *app.Command, at model.Time) error {
	switch c.Kind {
	case app.KindSetTimer, app.KindMetric, app.KindLog:
		r.note(a, c, at)
		if c.Ack {
			r.queueNote(at+r.lookahead, noteApplied, &note{app: a.index, applied: app.Applied{Command: c.ID}})
		}
		return nil
	}
	if c.Switch < 0 || int(c.Switch) >= r.net.NodeCount() || r.net.NodeKindOf(c.Switch) != model.Switch {
		return fmt.Errorf("there is no switch %d", c.Switch)
	}
	if r.removed.has(c.Switch) {
		return fmt.Errorf("%s was removed", r.net.NodeName(c.Switch))
	}
	p := r.plant(c.Switch)
	d := Downcall{Switch: c.Switch, At: at, App: a.index}
	switch c.Kind {
	case app.KindRule:
		m, err := r.lowerRule(a, p, c.Rule)
		if err != nil {
			return err
		}
		return r.want(p, d, m, c)
	case app.KindMiss:
		m, err := r.lowerMiss(a, p, c.Miss)
		if err != nil {
			return err
		}
		return r.want(p, d, m, c)
	case app.KindGroup:
		return r.wantGroup(a, p, d, c)
	case app.KindMeter:
		return r.wantMeter(a, p, d, c)
	case app.KindPortRate:
		if _, ok := r.net.ArcAtPort(c.Switch, c.PortRate.Port); !ok || c.PortRate.Rate < 0 {
			return fmt.Errorf("%s has no port %d to limit to %d bit/s", r.net.NodeName(c.Switch), c.PortRate.Port, c.PortRate.Rate)
		}
		if p.rates == nil {
			p.rates = map[model.PortNo]portRate{}
		}
		p.rates[c.PortRate.Port] = portRate{a.index, c.PortRate.Rate}
		r.send(p, limitPort(c.Switch, at, a.index, c.PortRate.Port, c.PortRate.Rate), c.ID, c.Ack, nil)
		return nil
	}
	if !r.live.has(c.Switch) {
		return fmt.Errorf("%s is not connected", r.net.NodeName(c.Switch))
	}
	switch c.Kind {
	case app.KindPacketOut:
		out := *c.PacketOut
		var err error
		if out.Actions, err = r.lowerActions(a, p, out.Actions); err != nil {
			return err
		}
		if out.InPort == 0 { // no port: it comes from the controller
			out.InPort = flow.PortController
		}
		d.Kind, d.Packet = SendPacket, &out
		r.send(p, d, c.ID, c.Ack, nil)
	case app.KindStatsRequest:
		d.Kind, d.Stats = AskStats, c.Stats
		r.send(p, d, c.ID, c.Ack, nil)
		r.asked[r.xid] = asked{xid: r.xid, command: c.ID, sw: c.Switch, app: a.index, what: *c.Stats}
	default:
		return fmt.Errorf("there is no command of kind %d", uint8(c.Kind))
	}
	return nil
}

func limitPort(sw model.NodeID, at model.Time, by int32, port model.PortNo, rate model.Rate) Downcall {
	return Downcall{Kind: LimitPort, Switch: sw, At: at, App: by, Port: &app.PortRate{Port: port, Rate: rate}}
}

// want changes the wanted rules and sends the change; what the wanted rules do not bear,
// no switch would.
func (r *Runtime) want(p *plant, d Downcall, m *flow.RuleMod, c *app.Command) error {
	_, down := r.delays(d.Switch)
	m, known := r.shared.of(m)
	if _, err := p.wanted.ApplyRule(m, int64(d.At+down), known); err != nil {
		return err
	}
	if !known {
		r.shared.keep(m)
	}
	d.Kind, d.Rule = ModRule, m
	r.send(p, d, c.ID, c.Ack, m)
	return nil
}

func (r *Runtime) wantGroup(a *application, p *plant, d Downcall, c *app.Command) error {
	m := *c.Group
	l := label{a.index, m.Group.Name}
	number, known := p.groups.of(l)
	switch {
	case l.name == "" || m.Group.Number != 0:
		return fmt.Errorf("a group goes by its name; its number is not the app's")
	case m.Command == flow.Delete || m.Command == flow.DeleteStrict:
		if !known {
			return fmt.Errorf("%s has no group %q", r.net.NodeName(c.Switch), l.name)
		}
		m = flow.GroupMod{Command: flow.Delete, Group: flow.Group{Number: number}}
	default:
		m.Command = flow.Modify
		if !known {
			m.Command, number = flow.Add, p.groups.next()
		}
		m.Group.Number, m.Group.Name = number, ""
		m.Group.Buckets = slices.Clone(m.Group.Buckets)
		for i := range m.Group.Buckets {
			b := &m.Group.Buckets[i]
			var err error
			if b.Actions, err = r.lowerActions(a, p, b.Actions); err != nil {
				return err
			}
			if b.WatchGroup != 0 && b.WatchGroup != flow.GroupAny {
				return fmt.Errorf("bucket %d watches group %d: a group goes by its name; its number is not the app's", i, b.WatchGroup)
			}
			b.WatchGroup = flow.GroupAny
			if b.WatchName != "" {
				watched, ok := p.groups.of(label{a.index, b.WatchName})
				if !ok {
					return fmt.Errorf("bucket %d watches the group %q: there is no group of this name", i, b.WatchName)
				}
				b.WatchGroup, b.WatchName = watched, ""
			}
			if b.WatchPort == 0 {
				b.WatchPort = flow.PortAny
			}
		}
	}
	if _, err := p.wanted.ApplyGroup(&m, int64(d.At)); err != nil {
		return err
	}
	switch m.Command {
	case flow.Add:
		p.groups.keep(l)
	case flow.Delete:
		p.groups.drop(number)
	}
	d.Kind, d.Group = ModGroup, &m
	r.send(p, d, c.ID, c.Ack, &m)
	return nil
}

func (r *Runtime) wantMeter(a *application, p *plant, d Downcall, c *app.Command) error {
	m := *c.Meter
	l := label{a.index, m.Meter.Name}
	number, known := p.meters.of(l)
	switch {
	case l.name == "" || m.Meter.Number != 0:
		return fmt.Errorf("a meter goes by its name; its number is not the app's")
	case m.Command == flow.Delete || m.Command == flow.DeleteStrict:
		if !known {
			return fmt.Errorf("%s has no meter %q", r.net.NodeName(c.Switch), l.name)
		}
		m = flow.MeterMod{Command: flow.Delete, Meter: flow.Meter{Number: number}}
	default:
		m.Command = flow.Modify
		if !known {
			m.Command, number = flow.Add, p.meters.next()
		}
		m.Meter.Number, m.Meter.Name = number, ""
	}
	if _, err := p.wanted.ApplyMeter(&m, int64(d.At)); err != nil {
		return err
	}
	switch m.Command {
	case flow.Add:
		p.meters.keep(l)
	case flow.Delete:
		p.meters.drop(number)
	}
	d.Kind, d.Meter = ModMeter, &m
	r.send(p, d, c.ID, c.Ack, &m)
	return nil
}

// lowerRule puts a rule of an app into the switch's numbering.
func (r *Runtime) lowerRule(a *application, p *plant, in *flow.RuleMod) (*flow.RuleMod, error) {
	m := *in
	if m.Rule.Cookie > tagMask || m.CookieMask > tagMask {
		return nil, fmt.Errorf("the cookie %#x has more than the 32 bits of an app's tag", max(m.Rule.Cookie, m.CookieMask))
	}
	if m.OutGroup != 0 && m.OutGroup != flow.GroupAny {
		return nil, fmt.Errorf("a deletion by out group is by number, which is not the app's")
	}
	m.Rule.Cookie |= cookieOf(a.index)
	if m.Command != flow.Add {
		m.CookieMask |= appMask
	}
	if m.AllTables {
		m.Rule.Table = 0xff
	} else {
		if m.Rule.Table >= a.tables {
			return nil, fmt.Errorf("table %d: %s has tables 0 to %d", m.Rule.Table, a.Name, a.tables-1)
		}
		m.Rule.Table += a.base
	}
	if m.Command == flow.Delete || m.Command == flow.DeleteStrict {
		return &m, nil
	}
	if r.arp != nil && m.Rule.Table == 0 && m.Rule.Priority == arpPriority && m.Rule.Match.Equal(arpRequests()) {
		return nil, fmt.Errorf("the runtime answers ARP requests with the rule of this priority and match")
	}
	if m.Rule.SendRemoved {
		m.Rule.Cookie |= toldMask
	}
	m.Rule.SendRemoved = m.Rule.SendRemoved || m.Rule.Idle != 0 || m.Rule.Hard != 0
	if m.Rule.HasGoto {
		if m.Rule.Goto >= a.tables {
			return nil, fmt.Errorf("goto table %d: %s has tables 0 to %d, and next_app leads on", m.Rule.Goto, a.Name, a.tables-1)
		}
		m.Rule.Goto += a.base
	}
	if m.Rule.Meter != 0 {
		return nil, fmt.Errorf("meter %d: a meter goes by its name", m.Rule.Meter)
	}
	if m.Rule.MeterName != "" {
		number, ok := p.meters.of(label{a.index, m.Rule.MeterName})
		if !ok {
			return nil, fmt.Errorf("there is no meter %q", m.Rule.MeterName)
		}
		m.Rule.Meter, m.Rule.MeterName = number, ""
	}
	for _, list := range [2]*[]flow.Action{&m.Rule.Apply, &m.Rule.Write} {
		if err := r.lowerNext(a, list, &m.Rule); err != nil {
			return nil, err
		}
		var err error
		if *list, err = r.lowerActions(a, p, *list); err != nil {
			return nil, err
		}
	}
	return &m, nil
}

// lowerNext puts goto in the place of a last action NextApp.
func (r *Runtime) lowerNext(a *application, list *[]flow.Action, rule *flow.Rule) error {
	n := len(*list)
	if n == 0 || (*list)[n-1].Type != flow.NextApp {
		return nil
	}
	switch {
	case a.next < 0:
		return fmt.Errorf("next_app: %s is the last app", a.Name)
	case rule.HasGoto:
		return fmt.Errorf("next_app and goto table %d contradict each other", rule.Goto-a.base)
	}
	rule.HasGoto, rule.Goto = true, uint8(a.next)
	if *list = (*list)[: n-1 : n-1]; n == 1 {
		*list = nil
	}
	return nil
}

// lowerActions puts numbers in the place of names, and the runtime's group in Flood's.
// The list is copied only if something changes.
func (r *Runtime) lowerActions(a *application, p *plant, list []flow.Action) ([]flow.Action, error) {
	out, own := list, false
	for i, x := range list {
		switch x.Type {
		case flow.NextApp:
			return nil, fmt.Errorf("next_app can only be the last action of a rule")
		case flow.Flood:
			if !a.floods {
				return nil, fmt.Errorf("flood: %s does not ask for the service %q in its manifest", a.Name, app.ServiceFlood)
			}
			x = flow.Action{Type: flow.ToGroup, Arg: floodGroup}
		case flow.ToGroup:
			number, ok := p.groups.of(label{a.index, x.Name})
			if !ok || x.Arg != 0 {
				return nil, fmt.Errorf("%s: there is no group of this name", x)
			}
			x.Arg, x.Name = number, ""
		default:
			continue
		}
		if !own {
			out, own = slices.Clone(list), true
		}
		out[i] = x
	}
	return out, nil
}

// lowerMiss makes the table-miss entry: the rule of priority 0 that matches everything.
func (r *Runtime) lowerMiss(a *application, p *plant, miss *app.Miss) (*flow.RuleMod, error) {
	m := &flow.RuleMod{Command: flow.Add, Rule: flow.Rule{Table: miss.Table}}
	switch miss.Action {
	case app.MissDrop:
		m.Command = flow.DeleteStrict
	case app.MissController:
		m.Rule.Apply = []flow.Action{flow.ToController()}
	case app.MissNext:
		if int(miss.Table)+1 < int(a.tables) {
			m.Rule.HasGoto, m.Rule.Goto = true, miss.Table+1
		} else {
			m.Rule.Apply = []flow.Action{flow.Next()}
		}
	default:
		return nil, fmt.Errorf("there is no miss action %d", uint8(miss.Action))
	}
	return r.lowerRule(a, p, m)
}

// note carries out a command that concerns no switch.
func (r *Runtime) note(a *application, c *app.Command, at model.Time) {
	switch c.Kind {
	case app.KindSetTimer:
		r.setTimer(a, c.SetTimer, at)
	case app.KindMetric:
		r.diary.metric(at, a.Name, c.Metric)
	case app.KindLog:
		r.diary.log(at, a.Name, c.Log)
	}
}

// setTimer starts, replaces or cancels a timer. What would run out before a lookahead
// has passed can no longer be stopped: it may already be on its way to the app.
func (r *Runtime) setTimer(a *application, s *app.SetTimer, at model.Time) {
	list := a.timers[s.Name]
	kept := list[:0]
	for _, t := range list {
		if t.due < at+r.lookahead {
			kept = append(kept, t)
		} else {
			t.cancelled = true
		}
	}
	if s.After >= 0 {
		t := &timer{name: s.Name, due: at + max(r.lookahead, min(s.After, model.Forever-1-max(at, 0)))}
		kept = append(kept, t)
		r.queueNote(t.due, noteTimer, &note{app: a.index, timer: t})
	}
	if len(kept) == 0 {
		delete(a.timers, s.Name)
	} else {
		a.timers[s.Name] = kept
	}
}
