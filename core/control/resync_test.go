package control_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

// table plays one switch to a desk: it keeps what it is told.
type table struct {
	flow.Switch
	*desk
	refuse  func(*control.Downcall) string // a reason, or ""
	touched []string
}

// take carries out what is for the switch and answers; at is a moment after all of it.
func (s *table) take(out []control.Downcall, at model.Time) {
	s.t.Helper()
	for i := range out {
		d := &out[i]
		var err error
		if s.refuse != nil {
			if reason := s.refuse(d); reason != "" {
				s.up(control.Upcall{Kind: control.Refusal, Switch: d.Switch, At: at, Xid: d.Xid, Reason: reason})
				continue
			}
		}
		switch d.Kind {
		case control.ModRule:
			_, err = s.ApplyRule(d.Rule, int64(at))
		case control.ModGroup:
			_, err = s.ApplyGroup(d.Group, int64(at))
		case control.ModMeter:
			_, err = s.ApplyMeter(d.Meter, int64(at))
		case control.Barrier:
			s.up(control.Upcall{Kind: control.BarrierReply, Switch: d.Switch, At: at, Xid: d.Xid})
			continue
		}
		if err != nil {
			s.t.Errorf("%s is refused: %v", text(s.net, out[i:i+1]), err)
		}
		s.touched = append(s.touched, text(s.net, out[i:i+1])...)
	}
}

func (s *table) holds() *app.Stats {
	return &app.Stats{Rules: slices.Collect(s.Rules(flow.AllTables, 0)), Groups: s.Groups(), Meters: s.Meters()}
}

// must carries out a change behind the runtime's back.
func (s *table) must(m flow.RuleMod) {
	s.t.Helper()
	if _, err := s.ApplyRule(&m, 0); err != nil {
		s.t.Fatal(err)
	}
}

// owner is an app that wants the same of s1 whenever it is up.
func owner() *scripted {
	return &scripted{react: func(e *app.Event, out *app.Commands) {
		if e.Kind != app.KindTopology {
			return
		}
		sw := e.Topology.Switches[0].ID
		out.SetMeter(sw, flow.Meter{Name: "slow", Rate: 1000})
		out.SetGroup(sw, flow.Group{Name: "both", Type: flow.Select, Buckets: []flow.Bucket{{Weight: 1, Actions: []flow.Action{flow.Out(1)}}, {Weight: 2, Actions: []flow.Action{flow.Out(2)}}}})
		for p := range uint16(4) {
			out.Install(sw, flow.Rule{Priority: p + 1, Match: flow.Match{}.With(flow.EthDst, 1), MeterName: "slow", Apply: []flow.Action{flow.Out(uint32(p) + 1)}})
		}
		out.Install(sw, flow.Rule{Priority: 9, Apply: []flow.Action{flow.InGroup("both")}})
	}}
}

// ownedBy is s1 with what the owner wants of it.
func ownedBy(t *testing.T, a *scripted, held *app.Stats) (*desk, *table, []string) {
	t.Helper()
	d := newDesk(t, network(t, "s1 s2", "h1 s1"), a)
	s := &table{desk: d}
	d.up(control.Upcall{Kind: control.SwitchConnected, Switch: d.node("s1"), At: -5 * ms, Ports: ports(d.net, d.node("s1")), Stats: held})
	d.react(0)
	if held != nil {
		for _, g := range held.Groups {
			s.ApplyGroup(&flow.GroupMod{Group: g.Group}, 0)
		}
		for _, m := range held.Meters {
			s.ApplyMeter(&flow.MeterMod{Meter: m.Meter}, 0)
		}
		for _, r := range held.Rules {
			s.must(flow.RuleMod{Rule: r.Rule})
		}
	}
	if err := d.r.Start(0); err != nil {
		t.Fatal(err)
	}
	s.take(d.react(1), 2*ms)
	if d.react(5 * ms); !d.r.Settled() {
		t.Fatal("not settled")
	}
	first := s.touched
	s.touched = nil
	return d, s, first
}

func (s *table) right(t interface{ Errorf(string, ...any) }) {
	sw := s.node("s1")
	if diff := flow.Diff(slices.Collect(s.r.Wanted(sw)), rulesOf(s.holds())); len(diff) > 0 {
		t.Errorf("the switch differs from what is wanted: %v", diff)
	}
	if has, want := fmt.Sprint(groupsOf(s.holds())), fmt.Sprint(slices.Collect(s.r.WantedGroups(sw))); has != want {
		t.Errorf("groups %s, want %s", has, want)
	}
	if has, want := fmt.Sprint(metersOf(s.holds())), fmt.Sprint(slices.Collect(s.r.WantedMeters(sw))); has != want {
		t.Errorf("meters %s, want %s", has, want)
	}
}

func rulesOf(s *app.Stats) (out []flow.Rule) {
	for _, r := range s.Rules {
		out = append(out, r.Rule)
	}
	return out
}

func groupsOf(s *app.Stats) (out []flow.Group) {
	for _, g := range s.Groups {
		out = append(out, g.Group)
	}
	return out
}

func metersOf(s *app.Stats) (out []flow.Meter) {
	for _, m := range s.Meters {
		out = append(out, m.Meter)
	}
	return out
}

func TestASwitchThatComesBackIsSentTheDifferenceOnly(t *testing.T) {
	const app1 = uint64(1) << 56
	for _, c := range []struct {
		name  string
		alter func(s *table)
		want  []string
	}{
		{"nothing", func(*table) {}, nil},
		{"a rule removed", func(s *table) {
			s.must(flow.RuleMod{Command: flow.DeleteStrict, Rule: flow.Rule{Priority: 2, Match: flow.Match{}.With(flow.EthDst, 1)}})
		}, []string{"s1 add table=0 priority=2 eth_dst=00:00:00:00:00:01 cookie=0x100000000000000 meter:#1 apply(output:2)", "s1 barrier"}},
		{"a rule altered", func(s *table) {
			s.must(flow.RuleMod{Rule: flow.Rule{Priority: 2, Match: flow.Match{}.With(flow.EthDst, 1), Cookie: app1, Apply: []flow.Action{flow.Out(9)}}})
		}, []string{"s1 add table=0 priority=2 eth_dst=00:00:00:00:00:01 cookie=0x100000000000000 meter:#1 apply(output:2)", "s1 barrier"}},
		{"foreign rules", func(s *table) {
			s.must(flow.RuleMod{Rule: flow.Rule{Priority: 7, Cookie: 5, Apply: []flow.Action{flow.Out(3)}}})
			s.must(flow.RuleMod{Rule: flow.Rule{Table: 3}})
		}, []string{"s1 delete-strict table=0 priority=7 any cookie=0x5 drop", "s1 delete-strict table=3 priority=0 any drop", "s1 barrier"}},
		{"a bucket altered", func(s *table) {
			g := groupsOf(s.holds())[0]
			g.Buckets = slices.Clone(g.Buckets)[:1]
			s.ApplyGroup(&flow.GroupMod{Command: flow.Modify, Group: g}, 0)
		}, []string{"s1 group modify output:1 output:2", "s1 barrier"}},
		{"a group too much, and what leads to it", func(s *table) {
			s.ApplyGroup(&flow.GroupMod{Group: flow.Group{Number: 70, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}}}, 0)
			s.ApplyGroup(&flow.GroupMod{Group: flow.Group{Number: 60, Buckets: []flow.Bucket{{Actions: []flow.Action{{Type: flow.ToGroup, Arg: 70}}}}}}, 0)
			s.must(flow.RuleMod{Rule: flow.Rule{Priority: 7, Apply: []flow.Action{{Type: flow.ToGroup, Arg: 60}}}})
		}, []string{"s1 delete-strict table=0 priority=7 any drop", "s1 group delete", "s1 group delete", "s1 barrier"}},
		{"a meter altered and one too much", func(s *table) {
			s.ApplyMeter(&flow.MeterMod{Command: flow.Modify, Meter: flow.Meter{Number: 1, Rate: 5}}, 0)
			s.ApplyMeter(&flow.MeterMod{Meter: flow.Meter{Number: 9, Rate: 5}}, 0)
		}, []string{"s1 meter modify", "s1 meter delete", "s1 barrier"}},
	} {
		d, s, _ := ownedBy(t, owner(), nil)
		d.up(control.Upcall{Kind: control.SwitchLost, Switch: d.node("s1"), At: 10 * ms})
		d.react(11 * ms)
		c.alter(s)
		d.up(control.Upcall{Kind: control.SwitchConnected, Switch: d.node("s1"), At: 20 * ms, Ports: ports(d.net, d.node("s1")), Stats: s.holds()})
		out := d.react(21 * ms)
		if got := text(d.net, out); !slices.Equal(got, c.want) {
			t.Errorf("%s: sent\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		s.take(out, 22*ms)
		s.right(t)
		if d.react(30 * ms); !d.r.Settled() {
			t.Errorf("%s: not settled", c.name)
		}
	}
}

// A controller that is started anew takes over what its predecessor left.
func TestWhatASwitchHoldsAtTheStartIsComparedWithTheAppsFirstAnswer(t *testing.T) {
	_, s, first := ownedBy(t, owner(), nil)
	if len(first) != 7 {
		t.Fatalf("an empty switch was sent %q", first)
	}
	_, again, sent := ownedBy(t, owner(), s.holds())
	if len(sent) != 0 {
		t.Errorf("a switch that held everything was sent %q", sent)
	}
	again.right(t)

	foreign := &app.Stats{Rules: []flow.RuleStat{{Rule: flow.Rule{Priority: 7, Apply: []flow.Action{flow.Out(3)}}}}}
	_, other, sent := ownedBy(t, owner(), foreign)
	if len(sent) != 8 || sent[7] != "s1 delete-strict table=0 priority=7 any drop" {
		t.Errorf("a switch with a foreign rule was sent %q", sent)
	}
	other.right(t)

	_, idle, sent := ownedBy(t, &scripted{}, foreign)
	if len(sent) != 3 || !strings.HasPrefix(sent[0], "s1 delete table=0 ") {
		t.Errorf("a switch of which nothing is wanted was sent %q", sent)
	}
	idle.right(t)
}

// Everything that an app answers to the return of a switch is compared as well, and so
// is what it has asked for meanwhile; it hears of each command once.
func TestCommandsAreAnsweredOnceAcrossALoss(t *testing.T) {
	rule := func(p uint16) flow.Rule { return flow.Rule{Priority: p, Apply: []flow.Action{flow.Out(1)}} }
	var ids map[uint64]string
	a := &scripted{}
	a.react = func(e *app.Event, out *app.Commands) {
		sw := model.NodeID(0)
		add := func(p uint16) {
			ids[out.Install(sw, rule(p))] = fmt.Sprint(p)
			out.Acknowledge()
		}
		switch {
		case e.Kind == app.KindTopology:
			ids = map[uint64]string{}
			add(1)
			add(2)
		case e.Kind == app.KindSwitch && !e.Switch.Up: // heard while the switch is away
			add(3)
			add(4)
		case e.Kind == app.KindSwitch:
			add(2) // is there
			add(5)
			add(6)
		}
	}
	d, s, _ := ownedBy(t, a, nil)
	d.up(control.Upcall{Kind: control.SwitchLost, Switch: 0, At: 10 * ms})
	d.react(11 * ms)
	a.seen = nil
	s.refuse = func(c *control.Downcall) string {
		if c.Kind == control.ModRule && (c.Rule.Rule.Priority == 3 || c.Rule.Rule.Priority == 6) {
			return "table full"
		}
		return ""
	}
	d.up(control.Upcall{Kind: control.SwitchConnected, Switch: 0, At: 20 * ms, Stats: s.holds()})
	out := d.react(21 * ms)
	if got := text(d.net, out); len(got) != 5 { // 3, 4, 5, 6 and a barrier
		t.Errorf("sent %q", got)
	}
	s.take(out, 22*ms)
	d.react(30 * ms)
	var heard []string
	for _, e := range a.seen {
		switch e.Kind {
		case app.KindApplied:
			heard = append(heard, "applied "+ids[e.Applied.Command])
		case app.KindFailed:
			heard = append(heard, "failed "+ids[e.Failed.Command]+": "+e.Failed.Reason)
		}
	}
	slices.Sort(heard)
	if want := []string{"applied 2", "applied 4", "applied 5", "failed 3: s1 refused it: table full", "failed 6: s1 refused it: table full"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	s.right(t)

	// What was wanted long ago and is refused when it is sent anew has no number left.
	a.react = nil
	d.up(control.Upcall{Kind: control.SwitchLost, Switch: 0, At: 40 * ms})
	d.react(41 * ms)
	a.seen = nil
	s.refuse = func(c *control.Downcall) string {
		if c.Kind == control.ModRule && c.Rule.Rule.Priority == 1 {
			return "table full"
		}
		return ""
	}
	s.must(flow.RuleMod{Command: flow.Delete, AllTables: true})
	d.up(control.Upcall{Kind: control.SwitchConnected, Switch: 0, At: 50 * ms, Stats: s.holds()})
	s.take(d.react(51*ms), 52*ms)
	d.react(60 * ms)
	failed := a.seen[len(a.seen)-1].Failed
	if failed == nil || failed.Command != 0 || !strings.HasPrefix(failed.Reason, "s1 refused it: table full: table=0 priority=1 any") {
		t.Errorf("told %+v", a.seen[len(a.seen)-1])
	}
	s.right(t)
}

// Whatever happens to a switch's tables while it is away, and whatever the apps want of
// it meanwhile, it ends with what is wanted, and what was right is not touched.
func TestADifferenceLeadsToWhatIsWantedAndTouchesNothingElse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		wild := &restless{}
		d := newDesk(t, network(t, "s1 s2", "h1 s1"), &scripted{manifest: wild.Manifest(), react: wild.React})
		s := &table{desk: d}
		d.connect(-5*ms, "s1")
		d.react(0)
		if err := d.r.Start(0); err != nil {
			rt.Fatal(err)
		}
		now := model.Time(1)
		step := func() {
			s.take(only(d.react(now), d.node("s1")), now)
			now += 10 * ms
		}
		step()
		for range rapid.IntRange(1, 4).Draw(rt, "losses") {
			for range rapid.IntRange(0, 6).Draw(rt, "steps") {
				d.up(control.Upcall{Kind: control.PortStatus, Switch: d.node("s1"), At: now - 1, Ports: []flow.PortState{{Port: 1, Up: rapid.Bool().Draw(rt, "up")}}})
				step()
			}
			d.up(control.Upcall{Kind: control.SwitchLost, Switch: d.node("s1"), At: now - 1})
			d.react(now) // lost on the way, all of it
			now += 10 * ms
			held := s.holds()
			for range rapid.IntRange(0, 4).Draw(rt, "meddlings") {
				rule := flow.Rule{Table: rapid.Uint8Range(0, 2).Draw(rt, "table"), Priority: rapid.Uint16Range(0, 3).Draw(rt, "priority"),
					Match: flow.Match{}.With(flow.InPort, rapid.Uint64Range(1, 3).Draw(rt, "port")), Apply: []flow.Action{flow.Out(7)}}
				if n := len(held.Rules); n > 0 && rapid.Bool().Draw(rt, "ours") {
					rule = held.Rules[rapid.IntRange(0, n-1).Draw(rt, "rule")].Rule
					rule.Apply = []flow.Action{flow.Out(8)}
				}
				command := rapid.SampledFrom([]flow.ModCommand{flow.Add, flow.DeleteStrict}).Draw(rt, "command")
				s.ApplyRule(&flow.RuleMod{Command: command, Rule: rule}, int64(now))
			}
			if n := len(held.Groups); n > 0 && rapid.Bool().Draw(rt, "regroup") {
				g := held.Groups[rapid.IntRange(0, n-1).Draw(rt, "group")].Group
				g.Buckets = nil
				s.ApplyGroup(&flow.GroupMod{Command: rapid.SampledFrom([]flow.ModCommand{flow.Modify, flow.Delete}).Draw(rt, "how"), Group: g}, int64(now))
			}
			if rapid.Bool().Draw(rt, "a group more") {
				s.ApplyGroup(&flow.GroupMod{Group: flow.Group{Number: 999}}, int64(now))
				s.must(flow.RuleMod{Rule: flow.Rule{Priority: 11, Apply: []flow.Action{{Type: flow.ToGroup, Arg: 999}}}})
			}
			held = s.holds()
			came := now - 1
			d.up(control.Upcall{Kind: control.SwitchConnected, Switch: d.node("s1"), At: came, Ports: ports(d.net, d.node("s1")), Stats: held})
			out := only(d.react(now), d.node("s1"))
			s.take(out, now)
			now += 10 * ms
			s.right(rt)
			for _, c := range out {
				if c.Kind == control.AskStats || c.Kind == control.SendPacket || c.At != came {
					break // what follows is the app's own
				}
				if c.Kind != control.ModRule {
					continue
				}
				if i := slices.IndexFunc(held.Rules, func(h flow.RuleStat) bool { return h.Rule.Equal(&c.Rule.Rule) }); i >= 0 && c.Rule.Command == flow.Add {
					rt.Errorf("a rule that was right is sent again: %s", c.Rule.Rule)
				}
				if c.Rule.Command == flow.Delete {
					rt.Errorf("a deletion without aim: %s", c.Rule.Rule)
				}
			}
		}
	})
}

func only(list []control.Downcall, sw model.NodeID) (out []control.Downcall) {
	for _, d := range list {
		if d.Switch == sw {
			out = append(out, d)
		}
	}
	return out
}
