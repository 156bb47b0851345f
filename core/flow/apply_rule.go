package flow

import "slices"

// ApplyRule carries out a modification of the flow tables (section 6.4). It returns the
// rules that a delete ended, in canonical order; a refused modification changes nothing
// and is an [*Error].
//
//   - Add replaces the rule of the same table, priority and match. The age begins anew;
//     the counters go on unless ResetCounts is set, as the specification has it.
//   - Modify and ModifyStrict change the instructions of what they reach and keep
//     counters, timeouts, cookie and age; reaching nothing is no error.
//   - Delete and DeleteStrict end what they reach; cookie, out port and out group narrow that.
func (s *Switch) ApplyRule(m *RuleMod, now int64) ([]Removed, error) {
	if m.Command == Add {
		own := m.Rule
		return nil, s.addRule(m, &own, now)
	}
	return s.ApplyShared(m, now)
}

// ApplyShared is ApplyRule for modifications that stay as they are: a rule that is added
// is kept, not copied, and may be added to any number of switches, also of different
// goroutines. Nobody may write to it afterwards.
func (s *Switch) ApplyShared(m *RuleMod, now int64) ([]Removed, error) {
	switch m.Command {
	case Add:
		return nil, s.addRule(m, &m.Rule, now)
	case Modify, ModifyStrict:
		return nil, s.modifyRules(m)
	case Delete, DeleteStrict:
		return s.deleteRules(m, now)
	}
	return nil, refuse(FlowModFailed, BadFlowCommand, "there is no command %d for rules", m.Command)
}

// checkRule says what this switch, as it stands, refuses about a rule.
func (s *Switch) checkRule(r *Rule) (*meter, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	if x, ok := r.Match.Field(TunnelID); ok && x.Value != (Value{}) {
		return nil, refuse(BadMatch, BadField, "no packet here comes out of a tunnel, so that tunnel_id can only be 0")
	}
	if int(r.Table) >= s.tables() {
		return nil, refuse(FlowModFailed, BadTable, "there is no table %d: the switch has %d", r.Table, s.tables())
	}
	if r.HasGoto && int(r.Goto) >= s.tables() {
		return nil, refuse(BadInstruction, BadGoto, "goto table %d: the switch has %d", r.Goto, s.tables())
	}
	for _, list := range [...][]Action{r.Apply, r.Write} {
		if err := resolved(list); err != nil {
			return nil, err
		}
		for i := range list {
			if a := &list[i]; a.Type == ToGroup && s.group(a.Arg) == nil {
				return nil, refuse(BadAction, BadOutGroup, "%s: there is no such group", *a)
			}
		}
	}
	if r.Meter == 0 {
		if r.MeterName != "" {
			return nil, refuse(MeterModFailed, InvalidMeter, "meter %q has no number yet", r.MeterName)
		}
		return nil, nil
	}
	m := s.made().meters[r.Meter]
	if m == nil {
		return nil, refuse(MeterModFailed, InvalidMeter, "there is no meter %d", r.Meter)
	}
	return m, nil
}

// addRule adds a rule and keeps it.
func (s *Switch) addRule(m *RuleMod, r *Rule, now int64) error {
	through, err := s.checkRule(r)
	if err != nil {
		return err
	}
	if s.rest(m, r, now) {
		return nil
	}
	t := s.made().table(r.Table)
	var old *entry
	if t != nil {
		old = t.exact(r.Match, r.Priority)
		if m.CheckOverlap {
			if other := t.overlapping(r); other != nil && other != old {
				return refuse(FlowModFailed, Overlap, "the rule overlaps %s", *other.rule)
			}
		}
		if limit := s.limit(); old == nil && limit > 0 && t.rules >= limit {
			return refuse(FlowModFailed, TableFull, "table %d holds its %d rules already", r.Table, limit)
		}
	}
	var packets, bytes uint64
	if old != nil {
		if !m.ResetCounts {
			packets, bytes = old.packets, old.bytes
		}
		s.drop(old, RemovedDelete, now)
		t.past -= packets // they are the new rule's now
	}
	e := s.put(r, through, now)
	e.packets, e.bytes = packets, bytes
	s.changedRules()
	return nil
}

// put installs a rule that nothing stands in the way of.
func (s *Switch) put(r *Rule, through *meter, now int64) *entry {
	e := &entry{created: now, last: now, heap: -1, miss: r.Priority == 0 && len(r.Match) == 0}
	e.instruct(r, through)
	s.state.makeTable(r.Table).add(e)
	s.state.watch(e)
	return e
}

func (s *Switch) limit() int {
	if s.Config == nil {
		return 0
	}
	return s.Config.MaxRules
}

// reached collects the rules that a modify or delete is about, in canonical order.
func (s *Switch) reached(m *RuleMod) (out []*entry) {
	if s.state == nil && s.resting == nil {
		return nil
	}
	s.made()
	r := &m.Rule
	strict := m.Command == ModifyStrict || m.Command == DeleteStrict
	for i, t := range s.state.tables {
		switch {
		case t == nil || int(r.Table) != i && r.Table != 0xff && !m.AllTables:
		case !strict:
			out = t.contained(r.Match, out)
		default:
			if e := t.exact(r.Match, r.Priority); e != nil {
				out = append(out, e)
			}
		}
	}
	out = slices.DeleteFunc(out, func(e *entry) bool { return (e.rule.Cookie^r.Cookie)&m.CookieMask != 0 })
	sortEntries(out)
	return out
}

func (s *Switch) modifyRules(m *RuleMod) error {
	if err := m.Rule.Match.Check(); err != nil {
		return err
	}
	list := s.reached(m)
	// All or nothing: every rule must be able to bear the new instructions.
	changed := make([]Rule, len(list))
	check := m.Rule
	if m.AllTables || check.Table == 0xff {
		check.Table = 0 // for want of a rule to look at
	}
	for i := range max(1, len(list)) {
		if i < len(list) {
			check.Table, check.Match = list[i].rule.Table, list[i].rule.Match
		}
		if _, err := s.checkRule(&check); err != nil {
			return err
		}
	}
	for i, e := range list {
		r, n := *e.rule, &m.Rule
		r.Apply, r.Clear, r.Write = n.Apply, n.Clear, n.Write
		r.Metadata, r.MetadataMask = n.Metadata, n.MetadataMask
		r.Meter, r.MeterName, r.HasGoto, r.Goto = n.Meter, n.MeterName, n.HasGoto, n.Goto
		changed[i] = r
	}
	for i, e := range list {
		e.instruct(&changed[i], s.state.meters[changed[i].Meter])
		if m.ResetCounts {
			s.state.tables[e.rule.Table].past += e.packets
			e.packets, e.bytes = 0, 0
		}
	}
	if len(list) > 0 {
		s.changedRules()
	}
	return nil
}

func (s *Switch) deleteRules(m *RuleMod, now int64) ([]Removed, error) {
	if err := m.Rule.Match.Check(); err != nil {
		return nil, err
	}
	if t := m.Rule.Table; !m.AllTables && t != 0xff && int(t) >= s.tables() {
		return nil, refuse(FlowModFailed, BadTable, "there is no table %d: the switch has %d", t, s.tables())
	}
	var out []Removed
	for _, e := range s.reached(m) {
		if (m.OutPort == 0 || m.OutPort == PortAny || e.rule.leadsTo(Output, m.OutPort)) &&
			(m.OutGroup == 0 || m.OutGroup == GroupAny || e.rule.leadsTo(ToGroup, m.OutGroup)) {
			out = append(out, s.drop(e, RemovedDelete, now))
		}
	}
	return out, nil
}

// leadsTo reports whether an action of the rule, at once or in the action set, outputs to
// a port or goes to a group.
func (r *Rule) leadsTo(t ActionType, number uint32) bool {
	is := func(a Action) bool { return a.Type == t && a.Arg == number }
	return slices.ContainsFunc(r.Apply, is) || slices.ContainsFunc(r.Write, is)
}
