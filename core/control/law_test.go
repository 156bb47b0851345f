package control_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/plugins/apptest"
	learningswitch "sendim/plugins/learning-switch"
	shortestpath "sendim/plugins/shortest-path"
)

// restless answers every event with commands of all kinds, drawn from a hash of what it
// has seen so far.
type restless struct {
	app.App
	state    uint64
	switches []app.SwitchInfo
	seen     []string
}

func (a *restless) Manifest() app.Manifest {
	return app.Manifest{Name: "restless", Tables: 2, Services: []app.Service{app.ServiceARP, app.ServiceFlood}}
}

func (a *restless) draw(n int) int {
	a.state = a.state*6364136223846793005 + 1442695040888963407
	return int(a.state>>33) % n
}

func (a *restless) React(e *app.Event, out *app.Commands) {
	line, _ := json.Marshal(e)
	a.seen = append(a.seen, string(line))
	for _, c := range line {
		a.state = (a.state ^ uint64(c)) * 0x100000001b3
	}
	if e.Kind == app.KindTopology {
		a.switches = append(a.switches, e.Topology.Switches...)
		for _, s := range e.Topology.Switches {
			out.OnMiss(s.ID, 0, app.MissNext-1)
		}
	}
	if len(a.seen) > 400 || len(a.switches) == 0 || e.Kind == app.KindStart {
		return
	}
	for range a.draw(4) {
		sw := a.switches[a.draw(len(a.switches))].ID
		name, port := fmt.Sprint("n", a.draw(3)), uint32(1+a.draw(3))
		match := flow.Match{}.With(flow.InPort, uint64(1+a.draw(3)))
		rule := flow.Rule{Table: uint8(a.draw(3)), Priority: uint16(1 + a.draw(3)), Match: match, Idle: uint16(a.draw(2)), Cookie: uint64(a.draw(2)),
			SendRemoved: a.draw(2) == 0, Apply: []flow.Action{flow.Out(port)}}
		switch a.draw(14) {
		case 0, 1, 2:
			out.Install(sw, rule)
		case 3:
			rule.Apply = []flow.Action{flow.InGroup(name)}
			out.Install(sw, rule)
		case 4:
			out.Remove(sw, rule)
		case 5:
			out.RemoveTagged(sw, uint32(a.draw(2)))
		case 6:
			out.SetGroup(sw, flow.Group{Name: name, Type: flow.Select, Buckets: []flow.Bucket{{Weight: 1, Actions: []flow.Action{flow.Out(port)}}}})
		case 7:
			out.RemoveGroup(sw, name)
		case 8:
			out.After(name, model.Time(a.draw(5)-1)*model.Millisecond)
		case 9:
			out.AskStats(sw, app.StatsRequest{Rules: true, Groups: true})
		case 10:
			rule.Apply = []flow.Action{flow.FloodTree()}
			out.Install(sw, rule)
		case 11:
			out.SetMeter(sw, flow.Meter{Name: name, Rate: 100})
		case 12:
			rule.MeterName = name
			out.Install(sw, rule)
		case 13:
			if e.Kind == app.KindPacketIn {
				out.FloodFrom(e.PacketIn)
			}
		}
		if a.draw(3) == 0 {
			out.Acknowledge()
		}
	}
}

// randomNetwork draws a connected one: a tree of switches and some links more, some of
// them spare, and hosts.
func randomNetwork(t *rapid.T) *model.Network {
	b := model.NewBuilder("random")
	spare := b.SpecID(model.LinkSpec{Spare: true})
	n := rapid.IntRange(1, 6).Draw(t, "switches")
	link := func(x, y string, spec model.SpecID) {
		b.Link(model.LinkDraft{A: b.Ref([]byte(x)), B: b.Ref([]byte(y)), APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	for i := range n {
		b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
	}
	for i := 1; i < n; i++ {
		link(fmt.Sprint("s", i+1), fmt.Sprint("s", rapid.IntRange(1, i).Draw(t, "parent")), 0)
	}
	for range rapid.IntRange(0, 4).Draw(t, "chords") {
		x, y := rapid.IntRange(1, n).Draw(t, "from"), rapid.IntRange(1, n).Draw(t, "to")
		if x != y {
			link(fmt.Sprint("s", x), fmt.Sprint("s", y), model.SpecID(rapid.IntRange(0, 1).Draw(t, "spare"))*spare)
		}
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "hosts") {
		b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		link(fmt.Sprint("h", i+1), fmt.Sprint("s", rapid.IntRange(1, n).Draw(t, "home")), 0)
	}
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return net
}

// deed is something that happens to a network.
type deed struct {
	kind, what int
	wait       model.Time
}

func randomDeeds(t *rapid.T) []deed {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
		return deed{rapid.IntRange(0, 5).Draw(t, "kind"), rapid.IntRange(0, 99).Draw(t, "what"),
			model.Time(rapid.IntRange(0, 5000).Draw(t, "wait")) * model.Microsecond}
	}), 1, 12).Draw(t, "deeds")
}

func do(b *apptest.Bench, deeds []deed, loses bool) {
	hosts, switches := b.Model.NodesOfKind(model.Host), b.Model.NodesOfKind(model.Switch)
	gone := map[string]bool{}
	for _, d := range deeds {
		link := b.Model.LinkName(model.LinkID(d.what % b.Model.LinkCount()))
		sw := b.Model.NodeName(switches[d.what%len(switches)])
		switch d.kind {
		case 0:
			b.LinkDown(link)
		case 1:
			b.LinkUp(link)
		case 2:
			if loses && !gone[sw] {
				gone[sw] = true
				b.Lose(sw)
			}
		case 3:
			if loses && gone[sw] {
				gone[sw] = false
				b.Reconnect(sw, d.what%2 == 0)
			}
		default:
			b.Ping(b.Model.NodeName(hosts[d.what%len(hosts)]), b.Model.NodeName(hosts[d.what/7%len(hosts)]))
		}
		b.Run(d.wait)
	}
	for _, sw := range switches {
		if name := b.Model.NodeName(sw); gone[name] {
			b.Reconnect(name, false)
		}
	}
	b.Run(3 * model.Second)
}

func TestHowArrivalsAreGatheredChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		net, deeds := randomNetwork(rt), randomDeeds(rt)
		which := rapid.IntRange(0, 3).Draw(rt, "app")
		spans := rapid.SliceOfN(rapid.IntRange(1, 3000), 2, 6).Draw(rt, "delays")
		delays := func(sw model.NodeID) (up, down model.Time) {
			n := len(spans)
			return model.Time(spans[int(sw)%n]) * model.Microsecond, model.Time(spans[(int(sw)+1)%n]) * model.Microsecond
		}
		lookahead := apptest.Start(t, apptest.Config{Model: net, Delays: delays}).Runtime.Lookahead()
		windows := []model.Time{0, lookahead, max(1, lookahead*model.Time(rapid.IntRange(1, 99).Draw(rt, "window"))/100)}
		var first []string
		for i, w := range windows {
			wild, second := &restless{}, &restless{state: 1}
			apps := []control.Application{{Instance: app.Local([]app.App{wild, wild, learningswitch.New(), shortestpath.New()}[which])}}
			if which == 1 {
				apps = append(apps, control.Application{Instance: app.Local(second)})
			}
			if which == 3 {
				apps[0].Params = map[string]string{"mode": "reactive", "idle": "1s"}
			}
			b := apptest.Start(t, apptest.Config{Model: net, Delays: delays, Window: w, Apps: apps, Record: true})
			b.Run(model.Second - b.Now())
			do(b, deeds, true)
			all := slices.Concat(wild.seen, second.seen, b.Sent)
			if i == 0 {
				first = all
				continue
			}
			if !slices.Equal(first, all) {
				for k := range max(len(first), len(all)) {
					if k >= len(first) || k >= len(all) || first[k] != all[k] {
						rt.Fatalf("with a window of %s line %d of %d and %d differs:\n%.300s\n%.300s", w, k, len(first), len(all), at(first, k), at(all, k))
					}
				}
			}
		}
	})
}

func at(list []string, k int) string {
	if k < len(list) {
		return list[k]
	}
	return "(no more)"
}

func TestWhatIsWantedIsWhatIsInstalledOnceAllIsAcknowledged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		net := randomNetwork(rt)
		b := apptest.Start(t, apptest.Config{Model: net, Window: 2 * model.Millisecond, Apps: []control.Application{
			{Name: "a", Instance: app.Local(&restless{})}, {Name: "b", Instance: app.Local(&restless{state: 1})}}})
		do(b, randomDeeds(rt), true)
		b.Run(10 * model.Second)
		for _, sw := range net.NodesOfKind(model.Switch) {
			name := net.NodeName(sw)
			if n := b.Runtime.Unacknowledged(sw); n > 0 {
				rt.Errorf("%s has not acknowledged %d messages", name, n)
			}
			wanted, has := slices.Collect(b.Runtime.Wanted(sw)), b.Rules(name)
			if diff := flow.Diff(wanted, has); len(diff) > 0 {
				rt.Fatalf("%s differs from what is wanted: %v", name, diff)
			}
		}
		if len(b.Refused) > 0 {
			rt.Errorf("switches refused %v", b.Refused)
		}
	})
}
