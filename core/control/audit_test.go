package control_test

import (
	"slices"
	"strings"
	"testing"

	"sendim/core/control"
	"sendim/core/flow"
)

func TestWhatSomebodyElseChangesIsPutRight(t *testing.T) {
	d, s, _ := ownedBy(t, owner(), nil)
	sw := d.node("s1")
	wanted := func() []flow.Rule { return slices.Collect(d.r.Wanted(sw)) }
	same := func() bool {
		i, list := 0, wanted()
		for r := range s.Rules(flow.AllTables, 0) {
			if i >= len(list) || !list[i].Equal(&r.Rule) {
				return false
			}
			i++
		}
		return i == len(list) && len(s.Groups()) == 1 && len(s.Meters()) == 1
	}
	now := 10 * ms
	audit := func() []string {
		s.touched = nil
		d.up(control.Upcall{Kind: control.Holdings, Switch: sw, At: now, Stats: s.holds()})
		s.take(d.react(now+ms), now+2*ms)
		d.react(now + 4*ms)
		now += 10 * ms
		return s.touched
	}
	if got := audit(); len(got) > 0 || !same() {
		t.Fatalf("nothing has been changed, and it is told %v", got)
	}
	list := wanted()
	s.must(flow.RuleMod{Command: flow.Delete, Rule: flow.Rule{Match: flow.Match{}.With(flow.EthDst, 1)}, AllTables: true})
	other := list[0]
	other.Apply = []flow.Action{flow.Out(7)}
	s.must(flow.RuleMod{Rule: other})
	s.must(flow.RuleMod{Rule: flow.Rule{Priority: 77, Cookie: 77}})
	if got := audit(); len(got) == 0 || !same() {
		t.Errorf("told %v", got)
	}
	s.must(flow.RuleMod{Command: flow.Delete, AllTables: true})
	if got := audit(); len(got) != len(list) || !same() {
		t.Errorf("%d rules are gone; told %v", len(list), got)
	}
	if got := audit(); len(got) > 0 {
		t.Errorf("all is right, and it is told %v", got)
	}
}

func TestWhatIsOnItsWayIsNoChangeBySomebodyElse(t *testing.T) {
	d, s, _ := ownedBy(t, owner(), nil)
	sw := d.node("s1")
	old := s.holds()
	s.must(flow.RuleMod{Command: flow.Delete, AllTables: true})
	d.up(control.Upcall{Kind: control.Holdings, Switch: sw, At: 10 * ms, Stats: s.holds()})
	out := d.react(11 * ms)
	if len(out) == 0 {
		t.Fatal("nothing is put right")
	}
	// What was asked before that is carried out says nothing.
	d.up(control.Upcall{Kind: control.Holdings, Switch: sw, At: 11 * ms, Stats: s.holds()})
	if again := d.react(12 * ms); len(again) > 0 {
		t.Errorf("told again: %s", strings.Join(text(d.net, again), "\n"))
	}
	s.take(out, 13*ms)
	d.react(14 * ms)
	d.up(control.Upcall{Kind: control.SwitchLost, Switch: sw, At: 15 * ms})
	d.up(control.Upcall{Kind: control.Holdings, Switch: sw, At: 16 * ms, Stats: old})
	if out := d.react(20 * ms); len(out) > 0 {
		t.Errorf("to a switch that is gone: %s", strings.Join(text(d.net, out), "\n"))
	}
}
