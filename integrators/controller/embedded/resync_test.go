package embedded_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// fixed is an app that wants the same rules whenever: the way of a ping between h1 and
// h2, on s1 through a group and a meter, and some that nobody uses.
type fixed struct{ failed []app.Failed }

func (*fixed) Manifest() app.Manifest { return app.Manifest{Name: "fixed", Version: "1", Tables: 1} }

func (f *fixed) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindFailed {
		f.failed = append(f.failed, *e.Failed)
	}
	if e.Kind != app.KindTopology {
		return
	}
	out.SetMeter(0, flow.Meter{Name: "wide", Rate: 5000000})
	out.SetGroup(0, flow.Group{Name: "over", Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}})
	to := func(ip packet.IPv4) flow.Match { return flow.Match{}.IPv4To(ip, 32) }
	out.Install(0, flow.Rule{Priority: 10, Match: to(0x0a000002), MeterName: "wide", Apply: []flow.Action{flow.InGroup("over")}})
	out.Install(0, flow.Rule{Priority: 10, Match: to(0x0a000001), Apply: []flow.Action{flow.Out(2)}})
	out.Install(1, flow.Rule{Priority: 10, Match: to(0x0a000001), Apply: []flow.Action{flow.Out(1)}})
	out.Install(1, flow.Rule{Priority: 10, Match: to(0x0a000002), Apply: []flow.Action{flow.Out(2)}})
	for sw := range model.NodeID(2) {
		for n := range packet.IPv4(20) {
			out.Install(sw, flow.Rule{Priority: 20, Match: to(0x0a000100 + n), Apply: []flow.Action{flow.Out(1)}, Idle: uint16(n/19) * 600})
		}
	}
}

func TestALostConnectionDisturbsNoTrafficThatWasRight(t *testing.T) {
	inBoth(t, aLostConnectionDisturbsNoTrafficThatWasRight)
}

func aLostConnectionDisturbsNoTrafficThatWasRight(t *testing.T) {
	f := &fixed{}
	l := newChainOf(t, "fixed", f)
	l.inside("for i in 1 2; do ip -n h$i neigh replace 10.0.0.$((3-i)) lladdr 02:00:00:00:00:0$((3-i)) dev eth0 nud permanent; done")
	holds := func() string {
		var lines []string
		for _, i := range l.ask(backend.Selector{Node: model.NoNode, Rules: true, Groups: true, Meters: true}) {
			switch {
			case i.Rule != nil:
				lines = append(lines, fmt.Sprintf("%d %s", i.Node, i.Rule.Rule))
			case i.Group != nil:
				lines = append(lines, fmt.Sprintf("%d group %+v", i.Node, i.Group.Group))
			case i.Meter != nil:
				lines = append(lines, fmt.Sprintf("%d meter %+v", i.Node, i.Meter.Meter))
			}
		}
		return strings.Join(lines, "\n")
	}
	want := holds()
	if n := strings.Count(want, "\n") + 1; n != 46 {
		t.Fatalf("%d things are there:\n%s", n, want)
	}
	ages := func() map[string]int64 {
		out := map[string]int64{}
		for _, i := range l.ask(backend.Selector{Node: model.NoNode, Rules: true}) {
			out[fmt.Sprint(i.Node, i.Rule.Rule.Key())] = i.Rule.Age
		}
		return out
	}
	noted := func(kinds ...trace.Kind) (n int) {
		l.diary.mu.Lock()
		defer l.diary.mu.Unlock()
		for _, e := range l.diary.list {
			if slices.Contains(kinds, e.Kind) {
				n++
			}
		}
		return n
	}
	sent := func() int { return noted(trace.RuleMod, trace.GroupMod, trace.MeterMod) }
	first := sent()
	s1, s2 := l.ovs.BridgeSocket("s1"), l.ovs.BridgeSocket("s2")
	received := make(chan string, 1)
	go func() {
		received <- l.inside("ip netns exec h1 ping -q -i 0.002 -c 1500 10.0.0.2 | grep -o '[0-9]* received'")
	}()
	for round, meddle := range []func(){
		func() {}, // nothing: nothing is sent
		func() { // removed, altered, and altered beyond words
			l.ofctl("--strict", "del-flows", s1, "priority=20,ip,nw_dst=10.0.1.3")
			l.ofctl("mod-flows", s1, "ip,nw_dst=10.0.1.4,actions=output:2")
			l.ofctl("mod-flows", s2, "ip,nw_dst=10.0.1.5,actions=load:1->NXM_NX_REG0[],output:1")
		},
		func() { // foreign, in words and beyond, with a cookie like ours too
			l.ofctl("add-flow", s1, "priority=3,cookie=5,ip,nw_dst=10.0.1.3,actions=output:2")
			l.ofctl("add-flow", s2, "table=7,priority=3,cookie=0x100000000000000,actions=drop")
			l.ofctl("add-flow", s2, "priority=3,cookie=0x100000000000000,reg3=5,actions=drop")
			l.ofctl("add-flow", s2, "priority=4,tcp,tcp_flags=+syn,actions=drop")
			l.ofctl("add-group", s1, "group_id=900,type=indirect,bucket=actions=output:2")
			l.ofctl("add-group", s1, "group_id=901,type=all,bucket=actions=load:1->NXM_NX_REG0[],group:900")
			l.ofctl("add-meter", s1, "meter=44,kbps,bands=type=drop,rate=100")
			l.ofctl("add-flow", s1, "priority=5,cookie=6,in_port=1,arp,actions=meter:44,group:901")
		},
	} {
		before := ages()
		for _, b := range []string{"s1", "s2"} { // without any controller Open vSwitch would empty its tables itself
			l.vsctl("set-controller", b, "tcp:127.0.0.1:1")
		}
		meddle()
		gone := time.Now()
		for _, b := range []string{"s1", "s2"} {
			l.vsctl("set-controller", b, "tcp:"+l.addr)
		}
		for deadline := time.Now().Add(time.Minute); noted(trace.SwitchUp) < 2*round+4 || len(l.Connected()) < 2 || holds() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("round %d: there is\n%s\nwant\n%s\ndiary %v", round, holds(), want, l.diary.texts())
			}
		}
		if round == 0 { // what was right was never away
			if n := sent() - first; n != 0 {
				t.Errorf("%d modifications were sent to switches that held everything", n)
			}
			for rule, age := range ages() {
				if age < before[rule] {
					t.Errorf("a rule that was %s old is %s old after the return", model.Time(before[rule]), model.Time(age))
				}
			}
		}
		if n := sent() - first; round == 2 && n != 3+6 {
			t.Errorf("%d modifications have repaired everything, not 9", n)
		}
		t.Logf("round %d: right again %v after the switches were told to come back", round, time.Since(gone))
	}
	for _, b := range []string{s1, s2} {
		if out := l.ofctl("dump-flows", b); strings.Contains(out, "reg") || strings.Contains(out, "tcp_flags") {
			t.Errorf("what there are no words for is still there:\n%s", out)
		}
	}
	if got := <-received; got != "1500 received" {
		t.Errorf("of 1500 echoes across three losses of both connections %s", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(f.failed) > 0 {
		t.Errorf("told to have failed: %+v", f.failed)
	}
}

// A controller that takes the place of one that died leaves alone what it wants as well.
func TestANewControllerTakesOverWithoutAGap(t *testing.T) {
	inBoth(t, aNewControllerTakesOverWithoutAGap)
}

func aNewControllerTakesOverWithoutAGap(t *testing.T) {
	l := newChainOf(t, "fixed", &fixed{})
	l.inside("for i in 1 2; do ip -n h$i neigh replace 10.0.0.$((3-i)) lladdr 02:00:00:00:00:0$((3-i)) dev eth0 nud permanent; done")
	everything := backend.Selector{Node: model.NoNode, Rules: true, Groups: true, Meters: true}
	before := l.ask(everything)
	received := make(chan string, 1)
	go func() {
		received <- l.inside("ip netns exec h1 ping -q -i 0.002 -c 1000 10.0.0.2 | grep -o '[0-9]* received'")
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s1 := l.ovs.BridgeSocket("s1")
	l.ofctl("add-flow", s1, "priority=3,cookie=5,ip,nw_dst=10.0.1.3,actions=output:2")
	l.ofctl("mod-flows", s1, "ip,nw_dst=10.0.1.4,actions=output:2")
	listener, err := l.sandbox.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixed{}
	l.bench = run(t, nil, 2, listener, driven(t, chain(t), "fixed", f))
	for _, b := range []string{"s1", "s2"} {
		l.vsctl("set-controller", b, "tcp:"+l.addr)
	}
	l.wait(t, 2)
	began := time.Now()
	l.startApps(t)
	after := l.ask(everything)
	if len(after) != len(before) {
		t.Fatalf("%d rules, groups and meters; there were %d", len(after), len(before))
	}
	// Open vSwitch reads its clock once in a round, so that a rule looks a little older.
	anew, lately := 0, int64(time.Since(began)+20*time.Millisecond)*int64(model.Nanosecond)
	for i := range after {
		switch {
		case after[i].Rule != nil && !after[i].Rule.Rule.Equal(&before[i].Rule.Rule):
			t.Errorf("there is %s\nwant %s", after[i].Rule.Rule, before[i].Rule.Rule)
		case after[i].Rule != nil && after[i].Rule.Age < lately:
			anew++
		}
	}
	if anew != 1 { // the one that was altered
		t.Errorf("%d rules were sent anew", anew)
	}
	if got := <-received; got != "1000 received" {
		t.Errorf("of 1000 echoes %s", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(f.failed) > 0 {
		t.Errorf("told to have failed: %+v", f.failed)
	}
}

// greedy is an app that wants more rules than there is room for, a second after the start.
type greedy struct {
	wants  map[uint64]uint16 // priority by command
	heard  map[uint16][]string
	answer chan bool // closed when every command has been answered
}

const greed = 200

func (*greedy) Manifest() app.Manifest { return app.Manifest{Name: "greedy", Version: "1", Tables: 1} }

func (g *greedy) React(e *app.Event, out *app.Commands) {
	hear := func(command uint64, what string) {
		p := g.wants[command]
		if g.heard[p] = append(g.heard[p], what); len(g.heard) == greed {
			close(g.answer)
		}
	}
	switch e.Kind {
	case app.KindTopology:
		out.After("hunger", model.Second)
	case app.KindTimer:
		for p := range uint16(greed) {
			g.wants[out.Install(0, flow.Rule{Priority: p + 1, Apply: []flow.Action{flow.Out(1)}})] = p
			out.Acknowledge()
		}
	case app.KindApplied:
		hear(e.Applied.Command, "applied")
	case app.KindFailed:
		hear(e.Failed.Command, e.Failed.Reason)
	}
}

// Of many commands under one barrier each has its own answer, and what is wanted
// afterwards is what is there.
func TestARefusalFindsItsCommandAmongMany(t *testing.T) { inBoth(t, aRefusalFindsItsCommandAmongMany) }

func aRefusalFindsItsCommandAmongMany(t *testing.T) {
	g := &greedy{wants: map[uint64]uint16{}, heard: map[uint16][]string{}, answer: make(chan bool)}
	l := newChainOf(t, "greedy", g)
	l.vsctl("--id=@t", "create", "Flow_Table", "flow_limit=60", "overflow_policy=refuse", "--", "set", "bridge", "s1", "flow_tables:0=@t")
	select {
	case <-g.answer:
	case <-time.After(20 * time.Second):
		t.Fatalf("diary %v", l.diary.texts())
	}
	there := map[uint16]bool{}
	for _, r := range l.rules(0) {
		there[r.Priority-1] = true
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(there) < 40 || len(there) > 60 { // hidden ones take room as well
		t.Errorf("%d rules are there", len(there))
	}
	for p, heard := range g.heard {
		want := "s1 refused it: flow-mod failed: table full"
		if there[p] {
			want = "applied"
		}
		if len(heard) != 1 || heard[0] != want {
			t.Errorf("of rule %d the app heard %q, want %q", p, heard, want)
		}
	}
}

// What a switch says while it is asked what it holds comes after its introduction, but
// for what is no news then.
func TestASwitchIsAskedWhatItHoldsBeforeAnythingElse(t *testing.T) {
	inBoth(t, aSwitchIsAskedWhatItHoldsBeforeAnythingElse)
}

func aSwitchIsAskedWhatItHoldsBeforeAnythingElse(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.introduce(1)
	ask := [3]wire.Message{p.next(wire.TypeMultipartRequest), p.next(wire.TypeMultipartRequest), p.next(wire.TypeMultipartRequest)}
	to := func(dst uint64) flow.Rule {
		return flow.Rule{Match: flow.Match{}.With(flow.EthDst, 0x020000000000+dst)}
	}
	entry := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	removed := func(dst uint64) []byte { return entry(wiretest.Removed(p.of, wire.Removed{Rule: to(dst)})) }
	stats := func(dst uint64) []byte { return entry(wiretest.Rule(p.of, flow.RuleStat{Rule: to(dst)})) }
	// table 3, priority 9, cookie 5, and a field that there is no word for: reg3=5
	register := []byte{0, 1, 0, 12, 0, 1, 6, 4, 0, 0, 0, 5, 0, 0, 0, 0}
	strange := entry(wiretest.Rule(p.of, flow.RuleStat{Rule: flow.Rule{Table: 3, Priority: 9, Cookie: 5, Match: flow.Match{}.With(flow.ARPSPA, 5)}}))
	copy(strange[bytes.Index(strange, []byte{0x80, 0, 44, 4}):], register[4:])
	p.send(wire.TypeEchoRequest, 9)
	p.next(wire.TypeEchoReply)
	p.send(wire.TypeFlowRemoved, 0, removed(1)...) // not there any more when the rules are read
	p.answer(ask[0], true, stats(2)...)
	p.answer(ask[0], true, strange...)
	p.answer(ask[0], false, stats(3)...)
	p.send(wire.TypeFlowRemoved, 0, removed(3)...)
	p.send(wire.TypePortStatus, 0, append(make([]byte, 8), p.port(2, "p2", true)...)...)
	p.send(wire.TypePacketIn, 0, 1, 2, 3) // nobody looks at it
	p.send(wire.TypeError, ask[1].Xid(), 0, 1, 0, 2)
	p.answer(ask[2], false)
	deletion := p.next(wire.TypeFlowMod)
	if deletion[24] != 3 || deletion[25] != 4 || deletion[31] != 9 || !slices.Equal(deletion[48:], register) {
		t.Errorf("the rule that there are no words for is deleted by %x", []byte(deletion))
	}
	b.wait(t, 1)
	b.startApps(t)
	var got []string
	for range 3 {
		u := s.await(t, "word of the switch", func(control.Upcall) bool { return true })
		switch u.Kind {
		case control.SwitchConnected:
			got = append(got, fmt.Sprintf("holds %d rules, %d groups, port 2 up %t", len(u.Stats.Rules), len(u.Stats.Groups), u.Ports[1].Up))
		case control.RuleRemoved:
			got = append(got, "removed "+u.Removed.Rule.Match.String())
		case control.PortStatus:
			got = append(got, fmt.Sprint("port up ", u.Ports[0].Up))
		}
	}
	if want := []string{"holds 2 rules, 0 groups, port 2 up false", "removed eth_dst=02:00:00:00:00:03", "port up true"}; !slices.Equal(got, want) {
		t.Errorf("the runtime heard %q, want %q", got, want)
	}
}

func TestASwitchWhoseRulesCannotBeReadIsToldEverythingAnew(t *testing.T) {
	inBoth(t, aSwitchWhoseRulesCannotBeReadIsToldEverythingAnew)
}

func aSwitchWhoseRulesCannotBeReadIsToldEverythingAnew(t *testing.T) {
	for name, answer := range map[string]func(p *peer, ask wire.Message){
		"refused":  func(p *peer, ask wire.Message) { p.send(wire.TypeError, ask.Xid(), 0, 1, 0, 5) },
		"garbled":  func(p *peer, ask wire.Message) { p.answer(ask, false, 0, 3, 1) },
		"too long": func(p *peer, ask wire.Message) { p.answer(ask, true, 0xff, 0xff, 1, 2, 3) },
	} {
		s := newScript()
		b := run(t, s, 1, nil, nil)
		p := dial(t, b.addr)
		p.introduce(1)
		answer(p, p.next(wire.TypeMultipartRequest))
		b.wait(t, 1)
		b.startApps(t)
		if u := s.await(t, "introduction", kind(control.SwitchConnected)); u.Stats != nil {
			t.Errorf("%s: holds %+v", name, u.Stats)
		}
		if texts := strings.Join(b.diary.texts(), "\n"); !strings.Contains(texts, "s1: what it holds cannot be read, so it is told everything anew") {
			t.Errorf("%s: diary: %s", name, texts)
		}
		p.send(wire.TypeEchoRequest, 3)
		p.next(wire.TypeEchoReply)
	}
}
