package control_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// started is a desk at rest after Start at 0; what was sent is returned as text.
func started(t *testing.T, net *model.Network, apps ...*scripted) (*desk, []string) {
	t.Helper()
	d := newDesk(t, net, apps...)
	for _, sw := range net.NodesOfKind(model.Switch) {
		d.connect(-5*ms, net.NodeName(sw))
	}
	d.react(0)
	if err := d.r.Start(0); err != nil {
		t.Fatal(err)
	}
	out := d.react(1)
	d.barriers(out)
	d.react(10 * ms)
	for _, a := range apps {
		a.seen = nil
	}
	return d, text(net, out)
}

func without(lines []string, word string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, word) })
}

func TestFloodsFollowATreeThatChangesWithTheLinksAndOnlyDifferencesAreSent(t *testing.T) {
	net := network(t, "s1 s2", "s2 s3", "s3 s1", "s1 s3 spare", "h1 s1", "h2 s2")
	d, sent := started(t, net, &scripted{manifest: app.Manifest{Services: []app.Service{app.ServiceFlood}}})
	want := []string{"s1 group add output:1 output:2 output:4", "s2 group add output:1 output:3", "s3 group add output:2"}
	if got := without(sent, "barrier"); !slices.Equal(got, want) {
		t.Errorf("at start %q", got)
	}
	down := func(at model.Time, sw string, port uint32, up bool) []string {
		d.up(control.Upcall{Kind: control.PortStatus, Switch: d.node(sw), At: at, Ports: []flow.PortState{{Port: port, Up: up}}})
		return without(text(net, d.react(at+1)), "barrier")
	}
	if got, want := down(20*ms, "s1", 1, false), []string{"s1 group modify output:2 output:4", "s2 group modify output:2 output:3", "s3 group modify output:1 output:2"}; !slices.Equal(got, want) {
		t.Errorf("when s1--s2 is down %q", got)
	}
	if got := down(21*ms, "s2", 1, false); got != nil {
		t.Errorf("when the other end says so too %q", got)
	}
	if got := down(22*ms, "s1", 1, true); got != nil {
		t.Errorf("when one end is up again %q", got)
	}
	if got := down(23*ms, "s2", 1, true); !slices.Equal(got, []string{"s1 group modify output:1 output:2 output:4", "s2 group modify output:1 output:3", "s3 group modify output:2"}) {
		t.Errorf("when both are %q", got)
	}
}

func TestAnAppThatFloodsHearsNothingFromLinksOffTheTree(t *testing.T) {
	net := network(t, "s1 s2", "s2 s3", "s3 s1", "h1 s3")
	for _, c := range []struct {
		what     string
		services []app.Service
		want     [3]string // from s2's port 2 by s2--s3 at s3, from s1 at s3, from h1
	}{
		{"an app that floods", []app.Service{app.ServiceFlood}, [3]string{"", "packet-in", "packet-in"}},
		{"another", nil, [3]string{"packet-in", "packet-in", "packet-in"}},
	} {
		a := &scripted{manifest: app.Manifest{Services: c.services}}
		d, _ := started(t, net, a)
		for i := range c.want {
			a.seen = nil
			at := model.Time(20+i) * ms
			d.up(control.Upcall{Kind: control.PacketIn, Switch: d.node("s3"), At: at, Packet: &control.Packet{InPort: uint32(i + 1)}})
			d.react(at + 1)
			if got := strings.Join(a.kinds(), " "); got != c.want[i] {
				t.Errorf("%s is told %q of a packet at port %d of s3, not %q", c.what, got, i+1, c.want[i])
			}
		}
	}
}

func TestALinkIsToldOnceWhenItsFirstEndIsDownAndWhenBothAreUp(t *testing.T) {
	net := network(t, "s1 s2", "h1 s1")
	a := &scripted{}
	d, _ := started(t, net, a)
	for i, c := range []struct {
		sw   string
		port uint32
		up   bool
		want string
	}{
		{"s1", 1, false, "port link"}, {"s2", 1, false, "port"}, {"s2", 1, false, ""}, {"s1", 1, true, "port"}, {"s2", 1, true, "port link"},
		{"s1", 2, false, "port host"}, {"s1", 2, true, "port host"}, {"s1", 99, false, ""},
	} {
		a.seen = nil
		at := model.Time(20+i) * ms
		d.up(control.Upcall{Kind: control.PortStatus, Switch: d.node(c.sw), At: at, Ports: []flow.PortState{{Port: c.port, Up: c.up}}})
		d.react(at + 1)
		if got := strings.Join(a.kinds(), " "); got != c.want {
			t.Errorf("%d: %s port %d up=%v: the app is told %q, not %q", i, c.sw, c.port, c.up, got, c.want)
		}
	}
}

func TestASwitchThatConnectsLateBringsItsPortsLinksAndHosts(t *testing.T) {
	net := network(t, "s1 s2", "h1 s2")
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindTopology {
			for _, s := range e.Topology.Switches {
				out.Install(s.ID, flow.Rule{Priority: 1, Apply: []flow.Action{flow.Out(1)}})
				out.Acknowledge()
			}
		}
	}}
	d := newDesk(t, net, a)
	d.connect(-5*ms, "s1")
	d.react(0)
	if err := d.r.Start(0); err != nil {
		t.Fatal(err)
	}
	out := d.react(1)
	if got := text(net, out); len(got) != 2 || !strings.HasPrefix(got[0], "s1 add") {
		t.Errorf("sent %q", got)
	}
	if top := a.seen[1].Topology; top.Switches[1].Up || top.Links[0].Up || top.Hosts[0].Up {
		t.Errorf("what is not connected counts as up: %+v", top)
	}
	d.barriers(out)
	d.react(10 * ms)
	a.seen = nil
	d.connect(20*ms, "s2")
	out = d.react(21 * ms)
	if got := strings.Join(a.kinds(), " "); got != "switch port link port host" {
		t.Errorf("the app is told %s", got)
	}
	want := []string{"s2 delete table=0 priority=0 any drop", "s2 group delete", "s2 meter delete",
		"s2 add table=0 priority=1 any cookie=0x100000000000000 apply(output:1)", "s2 barrier"}
	if got := text(net, out); !slices.Equal(got, want) {
		t.Errorf("sent %q", got)
	}
	d.barriers(out)
	d.react(30 * ms)
	if got := a.kinds(); got[len(got)-1] != "applied" || !d.r.Settled() {
		t.Errorf("the rule that waited for s2 is not acknowledged: %v", got)
	}
}

func TestARPRequestsForKnownHostsAreAnsweredAndAppsHearOfTheOthers(t *testing.T) {
	net := network(t, "s1 s2", "h1 s1", "h2 s2", "s2 s3")
	a := &scripted{manifest: app.Manifest{Services: []app.Service{app.ServiceARP}}}
	r, err := control.New(control.Config{Model: net, Address: addresses{}, Delays: constant, Apps: []control.Application{{Instance: app.Local(a)}},
		Settings: app.Settings{Services: []app.VirtualService{{ID: "web", IP: 10<<24 | 99}}}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, net: net, r: r}
	d.connect(-5*ms, "s1", "s2", "s3")
	d.react(0)
	_ = r.Start(0)
	rule := "table=0 priority=65535 eth_type=0x0806,arp_op=1 cookie=0xff00000000000000 apply(output:controller)"
	if got := without(text(net, d.react(1)), "barrier"); !slices.Equal(got, []string{"s1 add " + rule, "s2 add " + rule}) {
		t.Errorf("rules %q", got)
	}
	a.seen = nil
	h1, h2 := d.node("h1"), d.node("h2")
	ip, mac := addresses{}.HostIP, addresses{}.HostMAC
	for i, c := range []struct {
		name   string
		header packet.Header
		want   packet.MAC // 0: no answer
	}{
		{"another host", packet.ARPRequest(mac(h1), ip(h1), ip(h2)), mac(h2)},
		{"a service", packet.ARPRequest(mac(h1), ip(h1), 10<<24|99), control.VirtualMAC(10<<24 | 99)},
		{"itself, an announcement", packet.ARPRequest(mac(h1), ip(h1), ip(h1)), 0},
		{"itself, a probe", packet.ARPRequest(mac(h1), 0, ip(h1)), 0},
	} {
		at := model.Time(20+i) * ms
		d.up(control.Upcall{Kind: control.PacketIn, Switch: d.node("s1"), At: at, Packet: &control.Packet{InPort: 2, Cookie: 0xff << 56, Header: c.header,
			Bytes: func() []byte { t.Error("the frame was built for nobody"); return nil }}})
		out := d.react(at + 1)
		if c.want == 0 {
			if len(out) > 0 {
				t.Errorf("asking for %s: %q", c.name, text(net, out))
			}
			continue
		}
		if len(out) != 2 || out[0].Packet == nil || out[0].Packet.Actions[0] != flow.Out(2) || out[0].Arrive != at+ms {
			t.Fatalf("asking for %s: %q", c.name, text(net, out))
		}
		h, _, err := packet.Decode(out[0].Packet.Frame)
		if err != nil || h != packet.ARPReply(c.want, c.header.ARPTPA, mac(h1), ip(h1)) {
			t.Errorf("asking for %s: the answer is %+v (%v)", c.name, h, err)
		}
	}
	if len(a.seen) > 0 {
		t.Errorf("the app was told %v", a.kinds())
	}
	// Somebody else's address may be one that the app answers for.
	d.up(control.Upcall{Kind: control.PacketIn, Switch: d.node("s1"), At: 40 * ms, Packet: &control.Packet{InPort: 2, Table: 0, Cookie: 0xff << 56,
		Header: packet.ARPRequest(mac(h1), ip(h1), 10<<24|77), Bytes: func() []byte { return []byte("frame") }}})
	if out := d.react(40*ms + 1); len(out) > 0 {
		t.Errorf("asking for nobody: %q", text(net, out))
	}
	if got := a.kinds(); !slices.Equal(got, []string{"packet-in"}) {
		t.Fatalf("the app was told %v", got)
	}
	if p := a.seen[0].PacketIn; p.Port != (app.Port{Switch: d.node("s1"), Port: 2}) || p.Cookie != 0 || p.Header.ARPTPA != 10<<24|77 || string(p.Frame) != "frame" {
		t.Errorf("the app was told %+v", p)
	}
}

func TestAppsHearWhoServesAServiceAndWhetherTheyAreTheLast(t *testing.T) {
	net := network(t, "s1 s2", "h1 s1", "h2 s2")
	h1, h2 := model.NodeID(2), model.NodeID(3)
	net.Services = []model.Service{{ID: "web", IP: 10<<24 | 99, Proto: model.TCP, Port: 80, Members: []model.Member{{Node: h1, Weight: 2}}}}
	first, last := &scripted{}, &scripted{manifest: app.Manifest{Name: "last"}}
	c := control.Config{Model: net, Address: addresses{}, Delays: constant, Settings: control.Settings(net, addresses{})}
	for _, a := range []*scripted{first, last} {
		c.Apps = append(c.Apps, control.Application{Name: a.Manifest().Name, Instance: app.Local(a)})
	}
	r, err := control.New(c)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, net: net, r: r}
	_ = r.Start(0)
	d.react(1)
	if first.seen[0].Start.Last || !last.seen[0].Start.Last {
		t.Error("the last app is not told that it is, or the first is")
	}
	began := first.seen[0].Start.Settings.Services
	member := func(id model.NodeID, weight int32) app.ServiceMember {
		return app.ServiceMember{Node: id, IP: addresses{}.HostIP(id), MAC: addresses{}.HostMAC(id), Weight: weight}
	}
	for i, x := range []struct {
		change model.Change
		want   []app.ServiceMember
	}{
		{model.Change{Kind: model.MemberJoin, Service: "web", Node: h2, Weight: 3}, []app.ServiceMember{member(h1, 2), member(h2, 3)}},
		{model.Change{Kind: model.MemberJoin, Service: "web", Node: h1, Weight: 5}, []app.ServiceMember{member(h1, 5), member(h2, 3)}},
		{model.Change{Kind: model.MemberLeave, Service: "web", Node: h1}, []app.ServiceMember{member(h2, 3)}},
		{model.Change{Kind: model.MemberLeave, Service: "mail", Node: h2}, []app.ServiceMember{member(h2, 3)}},
		{model.Change{Kind: model.LinkDown}, nil}, // the switches tell of it
	} {
		first.seen = nil
		r.Change(model.Time(10+i)*ms, x.change)
		if d.react(model.Time(10+i) * ms); len(first.seen) > 0 {
			t.Error("heard before the news arrived")
		}
		d.react(model.Time(10+i)*ms + 1)
		if x.want == nil {
			if len(first.seen) > 0 {
				t.Errorf("%s: %v", x.change.Kind, first.kinds())
			}
			continue
		}
		if len(first.seen) != 1 || first.seen[0].Kind != app.KindSettings || !slices.Equal(first.seen[0].Settings.Services[0].Members, x.want) {
			t.Errorf("%s %s: %+v", x.change.Kind, x.change.Service, first.seen)
		}
	}
	if len(began[0].Members) != 1 || began[0].Members[0].Weight != 2 || began[0].MAC != control.VirtualMAC(10<<24|99) {
		t.Errorf("what was told at the start has changed: %+v", began)
	}
}

func TestAppsShareASwitchByTablesNamesAndCookies(t *testing.T) {
	net := network(t, "s1 s2")
	sw, _ := net.NodeByName("s1")
	script := func(apply ...flow.Action) func(*app.Event, *app.Commands) {
		return func(e *app.Event, out *app.Commands) {
			if e.Kind != app.KindTopology {
				return
			}
			out.SetGroup(sw, flow.Group{Name: "g", Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}})
			out.SetMeter(sw, flow.Meter{Name: "m", Rate: 10})
			out.Install(sw, flow.Rule{Priority: 5, Cookie: 7, MeterName: "m", Apply: apply, HasGoto: len(apply) == 0, Goto: 1})
			out.RemoveTagged(sw, 9)
			out.OnMiss(sw, 0, app.MissNext)
		}
	}
	first := &scripted{manifest: app.Manifest{Name: "first", Tables: 2}, react: script()}
	second := &scripted{manifest: app.Manifest{Name: "second"}, react: script(flow.InGroup("g"))}
	_, sent := started(t, net, first, second)
	want := []string{
		"s1 group add output:1", "s1 meter add",
		"s1 add table=0 priority=5 any cookie=0x100000000000007 meter:#1 goto:1",
		"s1 delete table=255 priority=0 any cookie=0x100000000000009 drop",
		"s1 add table=0 priority=0 any cookie=0x100000000000000 goto:1",
		"s1 group add output:1", "s1 meter add",
		"s1 add table=2 priority=5 any cookie=0x200000000000007 meter:#2 apply(group:#3)",
		"s1 delete table=255 priority=0 any cookie=0x200000000000009 drop",
	}
	if got := without(sent, "barrier"); !slices.Equal(got, want) {
		t.Errorf("sent:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatNoSwitchWouldTakeFailsAfterTheRoundTripAndNothingIsSent(t *testing.T) {
	net := network(t, "s1 s2", "h1 s1")
	sw, host := model.NodeID(0), model.NodeID(2)
	for name, c := range map[string]struct {
		ask  func(*app.Commands)
		want string
	}{
		"a table beyond its own":  {func(o *app.Commands) { o.Install(sw, flow.Rule{Table: 2}) }, "table 2: scripted has tables 0 to 1"},
		"a goto beyond its own":   {func(o *app.Commands) { o.Install(sw, flow.Rule{HasGoto: true, Goto: 2}) }, "goto table 2"},
		"a goto backwards":        {func(o *app.Commands) { o.Install(sw, flow.Rule{Table: 1, HasGoto: true}) }, "only to a later one"},
		"the next app, last":      {func(o *app.Commands) { o.Install(sw, flow.Rule{Apply: []flow.Action{flow.Next()}}) }, "is the last app"},
		"an unknown group":        {func(o *app.Commands) { o.Install(sw, flow.Rule{Apply: []flow.Action{flow.InGroup("x")}}) }, "no group of this name"},
		"an unknown meter":        {func(o *app.Commands) { o.Install(sw, flow.Rule{MeterName: "x"}) }, `no meter "x"`},
		"a flood without service": {func(o *app.Commands) { o.Install(sw, flow.Rule{Apply: []flow.Action{flow.FloodTree()}}) }, `service "flood"`},
		"a match without need":    {func(o *app.Commands) { o.Install(sw, flow.Rule{Match: flow.Match{}.With(flow.TCPDst, 80)}) }, "tcp_dst needs"},
		"a wide cookie":           {func(o *app.Commands) { o.Install(sw, flow.Rule{Cookie: 1 << 32}) }, "32 bits"},
		"no switch":               {func(o *app.Commands) { o.Install(host, flow.Rule{}) }, "no switch"},
		"a missing port":          {func(o *app.Commands) { o.LimitPort(sw, 9, 1) }, "no port 9"},
		"an unknown group watched": {func(o *app.Commands) {
			o.SetGroup(sw, flow.Group{Name: "g", Type: flow.FastFailover, Buckets: []flow.Bucket{{WatchName: "x"}}})
		}, `bucket 0 watches the group "x": there is no group of this name`},
		"a group watched by number": {func(o *app.Commands) {
			o.SetGroup(sw, flow.Group{Name: "g", Type: flow.FastFailover, Buckets: []flow.Bucket{{WatchGroup: 2}}})
		}, "a group goes by its name"},
		"a group unknown": {func(o *app.Commands) { o.RemoveGroup(sw, "x") }, `no group "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			var id uint64
			a := &scripted{manifest: app.Manifest{Tables: 2}}
			d, _ := started(t, net, a)
			a.react = func(e *app.Event, out *app.Commands) {
				if e.Kind == app.KindPort {
					c.ask(out)
					id = out.Issued()
				}
			}
			d.up(control.Upcall{Kind: control.PortStatus, Switch: sw, At: 20 * ms, Ports: []flow.PortState{{Port: 2}}})
			if out := d.react(20*ms + 1); len(out) > 0 {
				t.Errorf("sent %q", text(net, out))
			}
			if d.r.Due() != 22*ms || d.r.Settled() {
				t.Errorf("the next event is due at %s", d.r.Due())
			}
			d.react(model.Forever)
			f := a.seen[len(a.seen)-1].Failed
			if f == nil || f.Command != id || !strings.Contains(f.Reason, c.want) {
				t.Errorf("the app is told %+v, which does not say %q", f, c.want)
			}
		})
	}
}

func TestTimersReplaceEachOtherAndAreNeverFasterThanTheRoundTrip(t *testing.T) {
	net := network(t, "s1 s2")
	a := &scripted{}
	a.react = func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindTopology {
			out.After("soon", 0)
			out.After("late", 50*ms)
			out.After("late", 40*ms)
			out.After("never", 60*ms)
			out.After("never", -1)
		}
	}
	d := newDesk(t, net, a)
	_ = d.r.Start(0)
	d.react(model.Forever)
	d.react(model.Forever)
	var got []string
	for _, e := range a.seen {
		if e.Kind == app.KindTimer {
			got = append(got, fmt.Sprint(e.Timer.Name, " ", e.At))
		}
	}
	if !slices.Equal(got, []string{"soon 2ms", "late 40ms"}) {
		t.Errorf("timers %v", got)
	}
}

func TestStatisticsAreTheAppsOwnInItsOwnNumbering(t *testing.T) {
	net := network(t, "s1 s2")
	a := &scripted{manifest: app.Manifest{Name: "a"}}
	b := &scripted{manifest: app.Manifest{Name: "b"}}
	ask := func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindTopology {
			out.SetGroup(0, flow.Group{Name: "inner", Type: flow.FastFailover, Buckets: []flow.Bucket{{WatchPort: 1, Actions: []flow.Action{flow.Out(1)}}}})
			out.SetGroup(0, flow.Group{Name: "g", Type: flow.FastFailover, Buckets: []flow.Bucket{{WatchName: "inner", Actions: []flow.Action{flow.InGroup("inner")}}}})
			out.Install(0, flow.Rule{Priority: 3, Cookie: 4, Apply: []flow.Action{flow.InGroup("g")}})
			out.AskStats(0, app.StatsRequest{Rules: true, Groups: true})
		}
	}
	a.react, b.react = ask, ask
	d := newDesk(t, net, a, b)
	d.connect(-5*ms, "s1", "s2")
	d.react(0)
	_ = d.r.Start(0)
	var all app.Stats
	var xids []uint64
	for _, c := range d.react(1) {
		switch c.Kind {
		case control.ModRule:
			all.Rules = append(all.Rules, flow.RuleStat{Rule: c.Rule.Rule, Counters: flow.Counters{Packets: 5}})
		case control.ModGroup:
			all.Groups = append(all.Groups, flow.GroupStat{Group: c.Group.Group})
		case control.AskStats:
			xids = append(xids, c.Xid)
		}
	}
	for _, x := range xids {
		d.up(control.Upcall{Kind: control.StatsReply, Switch: 0, At: 3 * ms, Xid: x, Stats: &all})
	}
	d.react(4 * ms)
	for _, s := range []*scripted{a, b} {
		got := s.seen[len(s.seen)-1].Stats
		if got == nil || len(got.Rules) != 1 || len(got.Groups) != 2 || got.Request != 4 {
			t.Fatalf("%s is told %+v", s.manifest.Name, got)
		}
		if r := got.Rules[0].Rule; r.Table != 0 || r.Cookie != 4 || r.Apply[0] != flow.InGroup("g") {
			t.Errorf("%s is told of %s", s.manifest.Name, r)
		}
		if g := got.Groups[1].Group; g.Name != "g" || g.Number != 0 || g.Buckets[0].WatchName != "inner" || g.Buckets[0].WatchGroup != 0 {
			t.Errorf("%s is told of %+v", s.manifest.Name, g)
		}
	}
}

func TestARefusedRuleIsNotWantedAnyMore(t *testing.T) {
	net := network(t, "s1 s2")
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindTopology {
			out.Install(0, flow.Rule{Priority: 3})
			out.Acknowledge()
		}
	}}
	d := newDesk(t, net, a)
	d.connect(-5*ms, "s1", "s2")
	d.react(0)
	_ = d.r.Start(0)
	out := d.react(1)
	d.up(control.Upcall{Kind: control.Refusal, Switch: 0, At: 2 * ms, Xid: out[0].Xid, Reason: "table full"})
	d.barriers(out)
	d.react(10 * ms)
	if got := strings.Join(a.kinds(), " "); got != "start topology failed" {
		t.Errorf("the app is told %s", got)
	}
	if got := slices.Collect(d.r.Wanted(0)); len(got) > 0 {
		t.Errorf("still wanted: %v", got)
	}
}

// lines is a sink that keeps kind, node and app of every entry.
type lines struct{ all []string }

func (l *lines) Emit(e *trace.Entry) {
	l.all = append(l.all, strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Node, " ", e.App)))
}

func TestTheDiaryHoldsEveryMessageByTheUsersNames(t *testing.T) {
	net := network(t, "s1 s2")
	sink := &lines{}
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindPacketIn {
			out.Install(0, flow.Rule{Priority: 1})
			out.Send(0, flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(1)}})
			out.Report("m", 1)
			out.Log("info", "text")
		}
	}}
	r, err := control.New(control.Config{Model: net, Address: addresses{}, Delays: constant, Sink: sink, Apps: []control.Application{{Name: "mine", Instance: app.Local(a)}}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, net: net, r: r}
	d.connect(-1, "s1")
	d.react(0)
	_ = r.Start(0)
	d.react(1)
	d.up(control.Upcall{Kind: control.PacketIn, Switch: 0, At: 5 * ms, Packet: &control.Packet{InPort: 1}})
	d.react(6 * ms)
	want := []string{"switch-up s1", "app-started  mine", "packet-in s1 mine", "rule-mod s1 mine", "packet-out s1 mine", "app-metric  mine", "app-log  mine"}
	if !slices.Equal(sink.all, want) {
		t.Errorf("the diary is %q", sink.all)
	}
}

func BenchmarkPacketInAnsweredByRuleAndPacketOut(b *testing.B) {
	builder := model.NewBuilder("one")
	builder.Declare([]byte("s1"), model.Switch)
	net, _ := builder.Build(nil)
	frame := packet.Append(nil, packet.Header{EthDst: 1, EthSrc: 2, EthType: packet.EthTypeIPv4}, nil)
	n := 0
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindPacketIn {
			n++
			out.Install(0, flow.Rule{Priority: 1, Match: flow.Match{}.With(flow.EthDst, uint64(n&0xffff)), Apply: []flow.Action{flow.Out(1)}})
			out.Send(0, flow.PacketOut{InPort: 1, Actions: []flow.Action{flow.Out(1)}, Frame: frame})
		}
	}}
	r, err := control.New(control.Config{Model: net, Address: addresses{}, Delays: constant, Apps: []control.Application{{Instance: app.Local(quiet{a})}}})
	if err != nil {
		b.Fatal(err)
	}
	r.Up(control.Upcall{Kind: control.SwitchConnected, Seq: 1})
	_ = r.Start(1)
	if _, err := r.React(b.Context(), 2); err != nil {
		b.Fatal(err)
	}
	now, seq, events := model.Time(0), uint64(1), 0
	for b.Loop() {
		now += 10 * ms
		for i := range 100 {
			seq++
			r.Up(control.Upcall{Kind: control.PacketIn, At: now + model.Time(i), Seq: seq, Packet: &control.Packet{InPort: 1, Bytes: func() []byte { return frame }}})
		}
		out, err := r.React(b.Context(), now+ms)
		if err != nil {
			b.Fatal(err)
		}
		last := out[len(out)-1]
		seq++
		r.Up(control.Upcall{Kind: control.BarrierReply, At: now + 2*ms, Seq: seq, Xid: last.Xid})
		events += 100
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// quiet keeps nothing of what its app saw.
type quiet struct{ *scripted }

func (q quiet) React(e *app.Event, out *app.Commands) {
	if q.scripted.react != nil {
		q.scripted.react(e, out)
	}
}

func TestATimerThatIsSetBeforeTimeZeroRunsOutInItsTime(t *testing.T) {
	net := network(t, "s1 s2")
	var fired []model.Time
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		switch e.Kind {
		case app.KindTopology:
			out.After("ask", 500*ms)
			out.After("never", model.Forever)
		case app.KindTimer:
			fired = append(fired, e.At)
		}
	}}
	r, err := control.New(control.Config{Model: net, Address: addresses{}, Delays: constant, Apps: []control.Application{{Instance: app.Local(a)}}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, net: net, r: r}
	d.connect(-7*ms, "s1", "s2")
	d.react(-6 * ms)
	if err := r.Start(-5 * ms); err != nil {
		t.Fatal(err)
	}
	for at := -5 * ms; at < 1000*ms; at += ms {
		d.react(at)
	}
	if want := []model.Time{495 * ms}; !slices.Equal(fired, want) {
		t.Errorf("timers ran out at %v, not %v", fired, want)
	}
}
