package control

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// write goes through the arrivals once more and, at each, changes what is wanted and
// sends what follows: first the runtime's own, then the apps' commands in the order
// (event, app, index).
func (r *Runtime) write() {
	for i := range r.steps {
		s := &r.steps[i]
		r.diary.upcall(s, r)
		r.effect(s)
		for event := s.from; event < s.to; event++ {
			for _, a := range r.apps {
				for a.cursor < len(a.answers) && a.answers[a.cursor].ordinal == event {
					commands := a.answers[a.cursor].commands
					a.answers[a.cursor].commands = nil
					for k := range commands {
						if s.edit != nil && r.vain(&commands[k]) {
							continue
						}
						r.carry(a, &commands[k], s.at)
					}
					a.cursor++
				}
			}
		}
		for _, sw := range r.gathering {
			if p := r.plants[sw]; p.gathering {
				r.compare(p, sw, s.at)
			}
		}
		r.gathering = r.gathering[:0]
		for _, sw := range r.acking {
			r.plants[sw].acking = false
			r.barrierFor(sw, true)
		}
		r.acking = r.acking[:0]
	}
	for _, sw := range r.touched {
		r.plants[sw].touched = false
		r.barrierFor(sw, false)
	}
	r.touched = r.touched[:0]
	for _, a := range r.apps {
		clear(a.answers)
		a.answers, a.cursor = a.answers[:0], 0
	}
}

// effect is what an arrival does by itself.
func (r *Runtime) effect(s *step) {
	sw := s.up.Switch
	if s.edit != nil {
		r.effectOfEdit(s)
	}
	switch s.up.Kind {
	case SwitchConnected, SwitchLost:
		if p := r.plants[sw]; p != nil {
			p.late = append(append(p.late, s.late...), r.abandon(p)...)
			p.held = nil
		}
		s.stats = append(s.stats, r.unanswered(sw)...)
		for _, q := range s.stats {
			r.fail(q.app, q.command, s.at, r.net.NodeName(sw)+" was lost before it answered")
		}
		r.live.set(sw, false)
	case RuleRemoved:
		r.expire(s)
	case Refusal:
		r.retract(s)
	case Holdings:
		r.audit(sw, s.at, s.up.Stats)
	case PacketIn:
		if s.reply != nil {
			r.send(r.plant(sw), Downcall{Kind: SendPacket, Switch: sw, At: s.at, App: runtimeApp, Packet: s.reply}, 0, false, nil)
		}
	}
	r.running = r.running || s.start
	if s.start {
		for at, p := range r.plants {
			if p != nil && p.held != nil {
				r.gather(p, model.NodeID(at), p.held)
			}
		}
	}
	if s.start && r.arp != nil {
		m := &flow.RuleMod{Command: flow.Add, Rule: r.arpRule()} // one for all
		for _, at := range r.arp.switches {
			r.setRule(at, s.at, m)
		}
	}
	for _, c := range s.flood {
		r.setFlood(&c, s.at)
	}
	if s.up.Kind == SwitchConnected {
		r.live.set(sw, true)
		switch held := s.up.Stats; {
		case r.running && held == nil:
			r.resync(sw, s.at, nil)
		case r.running:
			r.gather(r.plant(sw), sw, held)
		case holds(held):
			r.plant(sw).held = held
		}
	}
}

// setRule wants a rule of the runtime's own.
func (r *Runtime) setRule(sw model.NodeID, at model.Time, m *flow.RuleMod) {
	p := r.plant(sw)
	m, known := r.shared.of(m)
	if _, err := p.wanted.ApplyRule(m, int64(at), known); err == nil {
		if !known {
			r.shared.keep(m)
		}
		r.send(p, Downcall{Kind: ModRule, Switch: sw, At: at, App: runtimeApp, Rule: m}, 0, false, m)
	}
}

func (r *Runtime) setFlood(c *floodChange, at model.Time) {
	p := r.plant(c.sw)
	m := &flow.GroupMod{Command: flow.Add, Group: flow.Group{Number: floodGroup, Type: flow.All, Buckets: c.buckets}}
	if p.flooding {
		m.Command = flow.Modify
	}
	if _, err := p.wanted.ApplyGroup(m, int64(at)); err == nil {
		p.flooding = true
		r.send(p, Downcall{Kind: ModGroup, Switch: c.sw, At: at, App: runtimeApp, Group: m}, 0, false, m)
	}
}

// timeoutLeast is half of the shortest timeout: a rule that ended by timeout cannot have
// been installed less than this before.
const timeoutLeast = model.Second / 2

// expire takes a rule that ended by timeout out of what is wanted, unless the same rule
// has been sent anew meanwhile.
func (r *Runtime) expire(s *step) {
	gone, p := s.up.Removed, r.plants[s.up.Switch]
	if p == nil || gone.Reason != flow.RemovedIdle && gone.Reason != flow.RemovedHard {
		return
	}
	up, _ := r.delays(s.up.Switch)
	ended := s.at - up
	m := flow.RuleMod{Command: flow.DeleteStrict, CookieMask: ^uint64(0), Rule: flow.Rule{
		Table: gone.Rule.Table, Priority: gone.Rule.Priority, Match: gone.Rule.Match, Cookie: gone.Rule.Cookie}}
	was, _ := p.wanted.ApplyRule(&m, int64(ended), true)
	for _, w := range was {
		if model.Time(w.Age) < timeoutLeast {
			r.restore(p, w.Rule, ended-model.Time(w.Age))
		}
	}
}

func (r *Runtime) restore(p *plant, rule flow.Rule, since model.Time) {
	// It was wanted a moment ago, so it fits.
	_, _ = p.wanted.ApplyRule(&flow.RuleMod{Command: flow.Add, Rule: rule}, int64(since), true)
}

// retract takes what a switch refused out of what is wanted.
func (r *Runtime) retract(s *step) {
	p := r.plants[s.up.Switch]
	if s.refused == nil || p == nil {
		return
	}
	switch m := s.refused.what.(type) {
	case *flow.RuleMod:
		if m.Command != flow.Add {
			return
		}
		remove := *m
		remove.Command, remove.CookieMask = flow.DeleteStrict, ^uint64(0)
		was, _ := p.wanted.ApplyRule(&remove, int64(s.at), true)
		for _, w := range was {
			if !w.Rule.Equal(&m.Rule) { // another took its place meanwhile
				r.restore(p, w.Rule, s.at-model.Time(w.Age))
			}
		}
	case *flow.GroupMod:
		if m.Command == flow.Add && m.Group.Number != floodGroup {
			if _, err := p.wanted.ApplyGroup(&flow.GroupMod{Command: flow.Delete, Group: m.Group}, int64(s.at)); err == nil {
				p.groups.drop(m.Group.Number)
			}
		}
	case *flow.MeterMod:
		if m.Command == flow.Add {
			if _, err := p.wanted.ApplyMeter(&flow.MeterMod{Command: flow.Delete, Meter: m.Meter}, int64(s.at)); err == nil {
				p.meters.drop(m.Meter.Number)
			}
		}
	}
}

// fail queues Failed for a command, a lookahead later.
func (r *Runtime) fail(app int32, command uint64, at model.Time, reason string) {
	r.queueNote(at+r.lookahead, noteFailed, failedNote(app, command, reason))
}

func failedNote(to int32, command uint64, reason string) *note {
	return &note{app: to, failed: app.Failed{Command: command, Reason: reason}}
}

func (r *Runtime) queueNote(at model.Time, kind uint8, n *note) {
	r.seq++
	r.queue.push(item{at: at, source: model.NoNode, kind: kind, seq: r.seq, note: n})
}
