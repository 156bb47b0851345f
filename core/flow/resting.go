package flow

import "slices"

// resting is a rule of a switch that no packet has come to yet. A large network has
// hundreds of thousands of such switches, with the same few rules each, and most of them
// stay so: until something asks for more than the rules as they were put in, a list of
// them is all there is, and tables, indices and counters wait (see [Switch.made]).
type resting struct {
	rule  *Rule
	since int64
	prior *resting // put in before this one
}

// restMost is how many rules are found by looking at each.
const restMost = 8

// rest keeps a rule that was checked in the list, if that is all that it takes.
func (s *Switch) rest(m *RuleMod, r *Rule, now int64) bool {
	if s.state != nil || m.CheckOverlap || r.Meter != 0 || r.Idle != 0 || r.Hard != 0 || s.limit() != 0 {
		return false
	}
	n := 0
	for x := s.resting; x != nil; x = x.prior {
		if n++; n == restMost || x.rule.Table == r.Table && x.rule.Priority == r.Priority && x.rule.Match.Equal(r.Match) {
			return false
		}
	}
	s.resting = &resting{r, now, s.resting}
	s.version++
	return true
}

// wake puts the rules of the list into tables, in the order in which they came.
func (s *Switch) wake() {
	if s.resting == nil {
		return
	}
	var list [restMost]*resting
	n := 0
	for x := s.resting; x != nil; x = x.prior {
		list[n], n = x, n+1
	}
	s.resting = nil
	for _, x := range slices.Backward(list[:n]) {
		s.put(x.rule, nil, x.since)
	}
}

// RestsAs says that two switches hold the very same rules since the same times and that no
// packet has come to either: all that Rules tells of them is equal.
func (s *Switch) RestsAs(o *Switch) bool {
	x, y := s.resting, o.resting
	for x != nil && y != nil && x.rule == y.rule && x.since == y.since {
		x, y = x.prior, y.prior
	}
	return x == nil && y == nil && s.resting != nil
}

// asleep lists the rules that rest, in canonical order, as they are at a time.
func (s *Switch) asleep(table int, now int64) (out []RuleStat) {
	for x := s.resting; x != nil; x = x.prior {
		if table == AllTables || table == int(x.rule.Table) {
			out = append(out, RuleStat{Rule: *x.rule, Age: now - x.since})
		}
	}
	slices.SortFunc(out, func(a, b RuleStat) int { return CompareRules(&a.Rule, &b.Rule) })
	return out
}
