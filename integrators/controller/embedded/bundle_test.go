package embedded_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/packet"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
	"sendim/integrators/netns"
)

// swap takes the rules to one output away and puts those to another there, on switch 0.
func swap(n int, from, to uint32) (out []control.Downcall) {
	out = append(out, control.Downcall{Kind: control.ModRule, Rule: &flow.RuleMod{Command: flow.Delete, AllTables: true, OutPort: from}})
	for i := range n {
		out = append(out, mod(flow.Rule{Priority: 5, Match: flow.Match{}.IPv4To(packet.IPv4(i), 32), Apply: []flow.Action{flow.Out(to)}}))
	}
	return out
}

func TestARealSwitchTakesWhatReplacesSomethingAsOne(t *testing.T) {
	inBoth(t, aRealSwitchTakesWhatReplacesSomethingAsOne)
}

func aRealSwitchTakesWhatReplacesSomethingAsOne(t *testing.T) {
	s := polling()
	l := newLab(t, s, 1)
	l.startApps(t)
	if _, err := l.ovs.Appctl(t.Context(), "vlog/set", "vconn:file:dbg"); err != nil {
		t.Fatal(err)
	}
	s.flush(t, 0, append(swap(20, 9, 1), control.Downcall{Kind: control.ModGroup, Group: &flow.GroupMod{Group: flow.Group{Number: 1, Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}}}})...)
	s.flush(t, 0, swap(20, 1, 2)...)
	rules := l.rules(0)
	if len(rules) != 20 || rules[0].Apply[0] != flow.Out(2) {
		t.Errorf("%d rules, %v", len(rules), rules[0])
	}
	if n := l.logged("type=COMMIT_REPLY"); n != 2 {
		t.Errorf("%d bundles were committed", n)
	}
	for _, u := range s.kinds() {
		if strings.HasPrefix(u, "kind 7") {
			t.Error("refused: ", u)
		}
	}

	// One that is wrong is refused by itself, and the others come into force.
	bad := mod(flow.Rule{Priority: 9, Apply: []flow.Action{{Type: flow.ToGroup, Arg: 98}}})
	s.flush(t, 0, append(swap(10, 2, 1), bad)...)
	s.await(t, "refusal", func(u control.Upcall) bool {
		return u.Kind == control.Refusal && u.Reason == "bad action: no such group"
	})
	if rules := l.rules(0); len(rules) != 10 {
		t.Errorf("%d rules", len(rules))
	}
}

// logged counts what ovs-vswitchd has logged.
func (l *lab) logged(what string) int {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.sandbox.RunDir(), netns.SwitchDir, "ovs-vswitchd.log"))
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.Count(string(text), what)
}

func TestABundleIsCommittedBeforeAnythingElseIsSaid(t *testing.T) {
	inBoth(t, aBundleIsCommittedBeforeAnythingElseIsSaid)
}

func aBundleIsCommittedBeforeAnythingElseIsSaid(t *testing.T) {
	s := polling()
	b := run(t, s, 1, nil, nil)
	b.startApps(t)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	s.send(append(swap(2, 1, 2), control.Downcall{Kind: control.Barrier})...)
	control, add, head := wire.TypeExperimenter, wire.TypeExperimenter, 16
	if p.of.Version() == wire.Version15 {
		control, add, head = wire.TypeBundleControl, wire.TypeBundleAdd, 8
	}
	p.next(control)
	for range 3 {
		m := p.next(add)
		if m[head+8+1] != byte(wire.TypeFlowMod) || binary.BigEndian.Uint32(m[head+8+4:]) != m.Xid() {
			t.Errorf("in the bundle: % x", m)
		}
	}
	p.say(wiretest.Committed(p.of, p.next(control)))
	p.next(wire.TypeBarrierRequest)
}

func TestASwitchWithoutBundlesIsToldOneByOneAndNotAskedForEver(t *testing.T) {
	inBoth(t, aSwitchWithoutBundlesIsToldOneByOneAndNotAskedForEver)
}

func aSwitchWithoutBundlesIsToldOneByOneAndNotAskedForEver(t *testing.T) {
	s := polling()
	b := run(t, s, 1, nil, nil)
	b.startApps(t)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	refuse := func(n int) {
		for range n {
			m, err := wire.Read(p.read)
			if err != nil {
				t.Fatal(err)
			}
			p.send(wire.TypeError, m.Xid(), append([]byte{0, 1, 0, 3}, m[:64%len(m)]...)...)
		}
	}
	for round := range 3 {
		s.send(append(swap(2, 1, 2), control.Downcall{Kind: control.Barrier})...)
		if round < 2 {
			refuse(5)
		}
		for range 3 {
			p.next(wire.TypeFlowMod)
		}
		m := p.next(wire.TypeBarrierRequest)
		p.send(wire.TypeBarrierReply, m.Xid())
		s.await(t, "barrier reply", kind(control.BarrierReply))
	}
	for _, u := range s.kinds() {
		if strings.HasPrefix(u, "kind 7") {
			t.Error("refused: ", u)
		}
	}
	if text := strings.Join(b.flushed(), "\n"); !strings.Contains(text, "takes no bundles") {
		t.Errorf("diary: %s", text)
	}
}
