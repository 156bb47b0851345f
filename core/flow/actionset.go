package flow

// actionSet is the set that write-actions fill: at most one action of each type, for
// set-field one of each field; a later one takes the place of an earlier one (section
// 5.10). The zero value is empty.
type actionSet struct {
	has    [NextApp + 1]bool
	one    [NextApp + 1]*Action
	fields uint64 // bit f: the set sets field f
	set    [fieldEnd]*Action
	any    bool
}

func (s *actionSet) clear() {
	if s.any {
		s.has = [NextApp + 1]bool{}
		s.fields, s.any = 0, false
	}
}

func (s *actionSet) write(actions []Action) {
	for i := range actions {
		a := &actions[i]
		s.any = true
		if a.Type == SetField {
			s.fields |= 1 << a.Field
			s.set[a.Field] = a
			continue
		}
		s.has[a.Type], s.one[a.Type] = true, a
	}
}

// appendTo lists the set in the order of its execution (section 5.10): pop, push, TTL,
// set-field, queue, then the group, or without one the output. A set with neither drops
// the packet: nothing of it is carried out, as in Open vSwitch, not even a dec_ttl that
// would tell the controller of a last hop.
func (s *actionSet) appendTo(list []Action) []Action {
	if !s.has[ToGroup] && !s.has[Output] {
		return list
	}
	for _, t := range [...]ActionType{PopVLAN, PushVLAN, DecTTL} {
		if s.has[t] {
			list = append(list, *s.one[t])
		}
	}
	for f := Field(1); f < fieldEnd && s.fields>>f != 0; f++ {
		if s.fields>>f&1 != 0 {
			list = append(list, *s.set[f])
		}
	}
	if s.has[SetQueue] {
		list = append(list, *s.one[SetQueue])
	}
	switch {
	case s.has[ToGroup]:
		list = append(list, *s.one[ToGroup])
	case s.has[Output]:
		list = append(list, *s.one[Output])
	}
	return list
}

// ordered is what a bucket does: its actions are a set as well (section 5.6).
func ordered(actions []Action) []Action {
	var s actionSet
	s.write(actions)
	list := s.appendTo(nil)
	if equalActions(list, actions) {
		return actions // share the caller's
	}
	return list
}
