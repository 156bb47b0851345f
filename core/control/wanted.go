package control

import (
	"iter"
	"slices"

	"sendim/core/flow"
)

// wanted is what is wanted of one switch. It answers as a flow.Switch does, but while
// there are only rules that lead to no group and through no meter, and are put in and
// taken out one by one, it is a list of rules that many switches share: a large network
// wants the same few of each, and most of its switches want no more. With the first thing
// that is not so it becomes a flow.Switch.
type wanted struct {
	rules []want
	index []int32      // by hash of the key, with linear probing: place in rules + 1, 0 free, -1 a grave
	used  int          // places of index that are not free
	whole *flow.Switch // instead of the others
}

// want is a rule, as the modification that added it, and since when it is wanted.
type want struct {
	mod   *flow.RuleMod
	since int64
}

// indexedFrom is how many rules are found by looking at each.
const indexedFrom = 8

// switchOf is the whole of it, made when it is first needed.
func (w *wanted) switchOf() *flow.Switch {
	if w.whole == nil {
		w.whole = &flow.Switch{}
		for _, x := range w.rules {
			_, _ = w.whole.ApplyRule(x.mod, x.since) // it has been checked
		}
		w.rules, w.index = nil, nil
	}
	return w.whole
}

// ApplyRule is flow.Switch's. Checked says that an equal rule has been taken before.
func (w *wanted) ApplyRule(m *flow.RuleMod, now int64, checked bool) ([]flow.Removed, error) {
	if w.whole == nil {
		switch {
		case m.Command == flow.Add && alone(m):
			if !checked {
				if err := (&flow.Switch{}).Bears(&m.Rule); err != nil {
					return nil, err
				}
			}
			w.add(m, now)
			return nil, nil
		case m.Command == flow.DeleteStrict && !m.AllTables && m.Rule.Table != 0xff && m.OutPort == 0 && m.OutGroup == 0:
			return w.remove(m, now), nil
		}
	}
	return w.switchOf().ApplyRule(m, now)
}

// alone says that whether a switch takes a rule does not depend on what else it has.
func alone(m *flow.RuleMod) bool {
	toGroup := func(a flow.Action) bool { return a.Type == flow.ToGroup }
	return !m.CheckOverlap && m.Rule.Meter == 0 && m.Rule.MeterName == "" &&
		!slices.ContainsFunc(m.Rule.Apply, toGroup) && !slices.ContainsFunc(m.Rule.Write, toGroup)
}

// place is where the rule with a key lies, -1 for nowhere.
func (w *wanted) place(r *flow.Rule) int {
	if w.index == nil {
		return slices.IndexFunc(w.rules, func(x want) bool { return sameKey(&x.mod.Rule, r) })
	}
	for at, last := r.KeyHash(), uint64(len(w.index)-1); ; at++ {
		switch i := w.index[at&last]; {
		case i == 0:
			return -1
		case i > 0 && sameKey(&w.rules[i-1].mod.Rule, r):
			return int(i - 1)
		}
	}
}

func sameKey(a, b *flow.Rule) bool {
	return a.Table == b.Table && a.Priority == b.Priority && a.Match.Equal(b.Match)
}

func (w *wanted) add(m *flow.RuleMod, now int64) {
	if i := w.place(&m.Rule); i >= 0 {
		w.rules[i] = want{m, now}
		return
	}
	w.rules = append(w.rules, want{m, now})
	if w.index != nil && 4*(w.used+1) <= 3*len(w.index) {
		w.enter(len(w.rules) - 1)
	} else if w.index != nil || len(w.rules) > indexedFrom {
		size := 4 * indexedFrom
		for 2*len(w.rules) > size {
			size *= 2
		}
		w.index, w.used = make([]int32, size), 0
		for i := range w.rules {
			w.enter(i)
		}
	}
}

// enter puts the rule at a place into the index.
func (w *wanted) enter(i int) {
	at, last := w.rules[i].mod.Rule.KeyHash(), uint64(len(w.index)-1)
	for w.index[at&last] != 0 {
		at++
	}
	w.index[at&last] = int32(i + 1)
	w.used++
}

// entry is where the index has the rule at a place.
func (w *wanted) entry(i int) *int32 {
	at, last := w.rules[i].mod.Rule.KeyHash(), uint64(len(w.index)-1)
	for w.index[at&last] != int32(i+1) {
		at++
	}
	return &w.index[at&last]
}

func (w *wanted) remove(m *flow.RuleMod, now int64) []flow.Removed {
	i := w.place(&m.Rule)
	if i < 0 || (w.rules[i].mod.Rule.Cookie^m.Rule.Cookie)&m.CookieMask != 0 {
		return nil
	}
	gone, last := w.rules[i], len(w.rules)-1
	if w.index != nil {
		*w.entry(i) = -1
		if i != last {
			*w.entry(last) = int32(i + 1)
		}
	}
	w.rules[i] = w.rules[last]
	w.rules[last] = want{}
	w.rules = w.rules[:last]
	return []flow.Removed{{Rule: gone.mod.Rule, Reason: flow.RemovedDelete, Age: now - gone.since}}
}

// ApplyGroup is flow.Switch's.
func (w *wanted) ApplyGroup(m *flow.GroupMod, now int64) ([]flow.Removed, error) {
	return w.switchOf().ApplyGroup(m, now)
}

// ApplyMeter is flow.Switch's.
func (w *wanted) ApplyMeter(m *flow.MeterMod, now int64) ([]flow.Removed, error) {
	return w.switchOf().ApplyMeter(m, now)
}

// Rules goes through all rules, in canonical order.
func (w *wanted) Rules(now int64) iter.Seq[flow.RuleStat] {
	if w.whole != nil {
		return w.whole.Rules(flow.AllTables, now)
	}
	return func(yield func(flow.RuleStat) bool) {
		list := slices.Clone(w.rules)
		slices.SortFunc(list, func(a, b want) int { return flow.CompareRules(&a.mod.Rule, &b.mod.Rule) })
		for _, x := range list {
			if !yield(flow.RuleStat{Rule: x.mod.Rule, Age: now - x.since}) {
				return
			}
		}
	}
}

// Empty says that nothing is wanted.
func (w *wanted) Empty() bool {
	if w.whole != nil {
		return w.whole.Len() == 0 && len(w.whole.Groups()) == 0 && len(w.whole.Meters()) == 0
	}
	return len(w.rules) == 0
}

// Groups and Meters are flow.Switch's.
func (w *wanted) Groups() []flow.GroupStat {
	if w.whole == nil {
		return nil
	}
	return w.whole.Groups()
}

// Meters lists the meters by number.
func (w *wanted) Meters() []flow.MeterStat {
	if w.whole == nil {
		return nil
	}
	return w.whole.Meters()
}

// sharing finds, of modifications that are the same for many switches, one that stands
// for all of them. It remembers a bounded number: apps tell switch after switch the same,
// or destination after destination.
type sharing struct{ recent []*flow.RuleMod }

const recentMods = 1 << 14

// of gives the modification that stands for this one, and whether it was there before.
func (s *sharing) of(m *flow.RuleMod) (*flow.RuleMod, bool) {
	if s.recent == nil {
		s.recent = make([]*flow.RuleMod, recentMods)
	}
	slot := &s.recent[(m.Hash()>>20)%recentMods]
	if *slot != nil && (*slot).Identical(m) {
		return *slot, true
	}
	return m, false
}

// keep remembers a modification that was taken.
func (s *sharing) keep(m *flow.RuleMod) { s.recent[(m.Hash()>>20)%recentMods] = m }
