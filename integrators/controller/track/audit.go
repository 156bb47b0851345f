package track

import (
	"maps"
	"slices"

	"sendim/core/control"
	"sendim/core/flow"
)

// audit takes what a switch holds, which it was asked in between. What somebody else has
// changed at the gate is put right, unless a change of the Tracker's own is on its way;
// the rest is the runtime's.
func (t *Tracker) audit(u *control.Upcall) {
	d := t.devices[u.Switch]
	if d == nil || !d.up || d.fresh || u.Stats == nil || t.ending != nil ||
		slices.ContainsFunc(t.ledger.open[u.Switch], func(e entry) bool { return e.in == 0 }) {
		return
	}
	was, hints := d.installed, d.hints
	d.installed, d.flooded = make(map[flow.RuleKey]flow.Rule, len(was)), nil
	up := *u
	up.Stats = d.behind(u.Stats)
	d.hints = hints
	if !maps.EqualFunc(was, d.installed, func(a, b flow.Rule) bool { return a.Equal(&b) }) {
		t.note(u.Switch, "its gate is not as it was told to be, somebody else has changed it: it is put right")
		t.touch(d)
	}
	t.forward = append(t.forward, up)
}
