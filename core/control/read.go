package control

import (
	"fmt"
	"maps"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// atOnce is how many arrivals are worked through together at most. Apps are asked about as
// many in one call; what they answer does not depend on it.
const atOnce = 1 << 13

// read takes what arrived before the given time, brings the view up to date and makes the
// apps' events. It says whether it has left something for the next time.
func (r *Runtime) read(before model.Time) (more bool) {
	for len(r.queue.items) > 0 && r.queue.items[0].at < before {
		if len(r.steps) == atOnce {
			return true
		}
		it := r.queue.pop()
		s := step{at: it.at, from: r.ordinal}
		if it.source != model.NoNode {
			if s.up = r.queue.take(&it); r.net.Gone(s.up.Switch) {
				continue
			}
			r.readUpcall(&s)
		} else if !r.readNote(&s, &it) {
			continue
		}
		s.to = r.ordinal
		r.steps = append(r.steps, s)
	}
	return false
}

func (r *Runtime) readNote(s *step, it *item) bool {
	switch it.kind {
	case noteStart:
		s.start, r.begun = true, true
		for _, a := range r.apps {
			r.append(a, app.Event{Kind: app.KindStart, At: it.at, Start: &app.Start{
				Parameters: maps.Clone(a.Params), Granted: r.granted, Seed: r.seed, Settings: r.settings, Last: a.next < 0}})
		}
		r.ordinal++
		r.view.topology(func(t *app.Topology) { r.tell(app.Event{Kind: app.KindTopology, At: it.at, Topology: t}) })
		if r.tree != nil {
			s.flood = r.tree.grow(&r.view)
		}
	case noteTimer:
		t := it.note.timer
		if t.cancelled {
			return false
		}
		a := r.apps[it.note.app]
		a.forget(t)
		r.tellOne(a.index, app.Event{Kind: app.KindTimer, At: it.at, Timer: &app.Timer{Name: t.name}})
	case noteApplied:
		applied := it.note.applied
		r.tellOne(it.note.app, app.Event{Kind: app.KindApplied, At: it.at, Applied: &applied})
	case noteFailed:
		failed := it.note.failed
		r.tellOne(it.note.app, app.Event{Kind: app.KindFailed, At: it.at, Failed: &failed})
	case noteEdit:
		r.readEdit(s, it.note.edit)
	case noteChange:
		r.settings.Services = repool(r.settings.Services, &it.note.change, r.net, r.address)
		if settings := r.settings; r.begun {
			r.tell(app.Event{Kind: app.KindSettings, At: it.at, Settings: &settings})
		}
	}
	return true
}

func (r *Runtime) readUpcall(s *step) {
	u := &s.up
	switch u.Kind {
	case SwitchConnected:
		r.readLoss(s)
		r.noteSwitch(s.at, u)
		r.readTree(s)
	case SwitchLost:
		r.readLoss(s)
		if r.view.up.has(u.Switch) && r.begun {
			r.view.up.set(u.Switch, false)
			r.tell(app.Event{Kind: app.KindSwitch, At: s.at, Switch: &app.SwitchChange{Switch: r.view.switchInfo(u.Switch)}})
		}
		r.view.up.set(u.Switch, false)
	case PortStatus:
		for _, p := range u.Ports {
			r.notePort(s.at, u.Switch, p)
		}
		r.readTree(s)
	case PacketIn:
		r.readPacket(s)
	case RuleRemoved:
		if id, ok := ownerOf(u.Removed.Rule.Cookie); ok && int(id) < len(r.apps) && u.Removed.Rule.Cookie&toldMask != 0 {
			r.tellOne(id, app.Event{Kind: app.KindFlowRemoved, At: s.at, FlowRemoved: &app.FlowRemoved{Switch: u.Switch,
				Rule: r.apps[id].theirs(u.Removed.Rule), Reason: u.Removed.Reason, Counters: u.Removed.Counters, Age: u.Removed.Age}})
		}
	case StatsReply:
		if q, ok := r.asked[u.Xid]; ok && q.sw == u.Switch && u.Stats != nil {
			delete(r.asked, u.Xid)
			r.tellOne(q.app, app.Event{Kind: app.KindStats, At: s.at, Stats: r.translate(&q, u.Stats)})
		}
	case BarrierReply:
		for _, k := range r.acknowledge(u.Switch, u.Xid) {
			r.tellOne(k.app, app.Event{Kind: app.KindApplied, At: s.at, Applied: &app.Applied{Command: k.command}})
		}
	case Refusal:
		r.readRefusal(s)
	}
}

// readTree follows the links that the step has changed.
func (r *Runtime) readTree(s *step) {
	if r.tree != nil && r.begun {
		differs := false
		for _, l := range r.changed {
			differs = r.tree.note(&r.view, l) || differs
		}
		if differs {
			s.flood = r.tree.change()
		}
	}
	r.changed = r.changed[:0]
}

// readPacket brings a packet to the app in whose tables it was, or to the ARP service.
func (r *Runtime) readPacket(s *step) {
	u, p := &s.up, s.up.Packet
	if p.Cookie&appMask == runtimeCookie {
		if r.arp == nil {
			return
		}
		if s.reply = r.arp.answer(p); s.reply == nil && r.arp.strange(p) && r.begun {
			for _, a := range r.apps { // an app may have an address of its own to answer for
				r.tellPacket(a, u, 0)
			}
		}
		return
	}
	if int(p.Table) >= len(r.owner) || r.owner[p.Table] < 0 || !r.begun {
		return
	}
	a := r.apps[r.owner[p.Table]]
	r.tellPacket(a, u, p.Table-a.base)
}

// tellPacket tells an app of a packet that one of its tables, or the ARP service, gave up.
func (r *Runtime) tellPacket(a *application, u *Upcall, table uint8) {
	p := u.Packet
	if a.lost != nil {
		return
	}
	if a.floods && r.tree != nil && r.tree.blocks(u.Switch, model.PortNo(p.InPort)) {
		return
	}
	e := &app.PacketIn{Port: app.Port{Switch: u.Switch, Port: model.PortNo(p.InPort)}, Table: table,
		Reason: p.Reason, Cookie: p.Cookie & tagMask, Header: p.Header, Length: p.Length}
	if p.Bytes != nil {
		e.Frame = p.Bytes()
	} else if p.Framer != nil {
		e.Frame = p.Framer.Frame()
	}
	r.tellOne(a.index, app.Event{Kind: app.KindPacketIn, At: u.At, PacketIn: e})
}

// readLoss forgets what a lost switch will not answer any more.
func (r *Runtime) readLoss(s *step) {
	p := r.plants[s.up.Switch]
	if p == nil {
		return
	}
	s.late = r.abandon(p)
	s.stats = r.unanswered(s.up.Switch)
}

// readRefusal tells the app whose command a switch refused.
func (r *Runtime) readRefusal(s *step) {
	u := &s.up
	if q, ok := r.asked[u.Xid]; ok && q.sw == u.Switch {
		delete(r.asked, u.Xid)
		r.tellOne(q.app, app.Event{Kind: app.KindFailed, At: s.at, Failed: &app.Failed{Command: q.command, Reason: r.refusal(u)}})
		return
	}
	p := r.plants[u.Switch]
	if p == nil {
		return
	}
	e := p.find(u.Xid)
	if e == nil || e.refused {
		return
	}
	e.refused = true
	s.refused = e.clone()
	if e.app >= 0 {
		reason := r.refusal(u)
		if e.command == 0 { // sent anew, and nobody remembers for which command
			reason += ": " + describe(e)
		}
		r.tellOne(e.app, app.Event{Kind: app.KindFailed, At: s.at, Failed: &app.Failed{Command: e.command, Reason: reason}})
	}
}

// describe says what was sent, in the numbering of the switch.
func describe(e *sent) string {
	switch m := e.what.(type) {
	case *flow.RuleMod:
		return m.Rule.String()
	case *flow.GroupMod:
		return fmt.Sprintf("group %d", m.Group.Number)
	case *flow.MeterMod:
		return fmt.Sprintf("meter %d", m.Meter.Number)
	}
	return "a port's rate"
}

func (r *Runtime) refusal(u *Upcall) string {
	return r.net.NodeName(u.Switch) + " refused it: " + u.Reason
}

// forget takes a timer that has fired out of its app's book.
func (a *application) forget(t *timer) {
	list := a.timers[t.name]
	for i, x := range list {
		if x == t {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(a.timers, t.name)
	} else {
		a.timers[t.name] = list
	}
}
