package control_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

func plus(name string) model.Edit {
	kind := model.Host
	if name[0] == 's' {
		kind = model.Switch
	}
	return model.Edit{Kind: model.AddNode, Node: name, NodeKind: kind}
}

func minus(name string) model.Edit { return model.Edit{Kind: model.DelNode, Node: name} }

func tie(a, b string) model.Edit {
	return model.Edit{Kind: model.AddLink, A: model.LinkEnd{Node: a, Port: model.AutoPort}, B: model.LinkEnd{Node: b, Port: model.AutoPort}}
}

func untie(a, b string) model.Edit {
	return model.Edit{Kind: model.DelLink, A: model.LinkEnd{Node: a, Port: model.AutoPort}, B: model.LinkEnd{Node: b, Port: model.AutoPort}}
}

// edit has the network become another one, and the switches tell of their new ports a
// moment later, or before if early.
func (d *desk) edit(at model.Time, early bool, edits ...model.Edit) {
	d.t.Helper()
	n, err := d.net.Edit(edits)
	if err != nil {
		d.t.Fatal(err)
	}
	old := d.net
	d.net = n
	tell := func() {
		for id := model.LinkID(old.LinkCount()); int(id) < n.LinkCount(); id++ {
			a, b := n.Ends(id)
			for _, e := range [2]model.Endpoint{a, b} {
				if int(e.Node) < old.NodeCount() && n.NodeKindOf(e.Node) == model.Switch && !n.LinkGone(id) {
					d.up(control.Upcall{Kind: control.PortStatus, Switch: e.Node, At: at, Ports: []flow.PortState{{Port: uint32(e.Port), Up: true}}})
				}
			}
		}
	}
	if early {
		tell()
		d.react(at + 1)
	}
	if err := d.r.Edit(at, n, addresses{}); err != nil {
		d.t.Fatal(err)
	}
	if !early {
		tell()
	}
	for id := model.NodeID(old.NodeCount()); int(id) < n.NodeCount(); id++ {
		if n.NodeKindOf(id) == model.Switch && !n.Gone(id) {
			d.connect(at, n.NodeName(id))
		}
	}
}

// heard is what an app was told, in short.
func (s *scripted) heard(n *model.Network) (out []string) {
	for _, e := range s.seen {
		switch e.Kind {
		case app.KindSwitch:
			out = append(out, fmt.Sprintf("switch %s up=%v gone=%v", e.Switch.Switch.Name, e.Switch.Up, e.Switch.Gone))
		case app.KindPort:
			out = append(out, fmt.Sprintf("port %s:%d up=%v", n.NodeName(e.Port.Port.Switch), e.Port.Port.Port, e.Port.Up))
		case app.KindLink:
			out = append(out, fmt.Sprintf("link %s up=%v gone=%v", n.LinkName(e.Link.Link.ID), e.Link.Link.Up, e.Link.Gone))
		case app.KindHost:
			out = append(out, fmt.Sprintf("host %s at %s:%d up=%v gone=%v", e.Host.Host.Name, n.NodeName(e.Host.Host.At.Switch), e.Host.Host.At.Port, e.Host.Host.Up, e.Host.Gone))
		case app.KindSettings:
			out = append(out, fmt.Sprintf("settings: %d members", len(e.Settings.Services[0].Members)))
		case app.KindFailed:
			out = append(out, "failed: "+e.Failed.Reason)
		}
	}
	s.seen = nil
	return out
}

func TestAppsHearWhatAnEditChanges(t *testing.T) {
	for _, early := range []bool{false, true} {
		a := &scripted{manifest: app.Manifest{Services: []app.Service{app.ServiceFlood, app.ServiceARP}}}
		d := newDesk(t, network(t, "s1 s2", "h1 s1", "h2 s2"), a)
		d.connect(-5*ms, "s1", "s2")
		d.react(0)
		if err := d.r.Start(0); err != nil {
			t.Fatal(err)
		}
		d.barriers(d.react(1))
		d.react(9 * ms)
		a.seen = nil
		d.edit(10*ms, early, plus("h3"), tie("h3", "s2"), plus("s3"), tie("s3", "s1"))
		sent := text(d.net, d.react(11*ms))
		want := []string{"port s2:3 up=true", "host h3 at s2:3 up=true gone=false", "port s1:3 up=true", "switch s3 up=true gone=false", "port s3:1 up=true", "link s3--s1 up=true gone=false"}
		got := a.heard(d.net)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("early %v: the app heard %q", early, got)
		}
		for _, line := range []string{"s1 group modify output:2 output:1", "s2 group modify output:1 output:2 output:3", "s3 group add output:1"} {
			if !slices.ContainsFunc(sent, func(s string) bool { return sameWords(s, line) }) {
				t.Errorf("early %v: %q is not among %q", early, line, sent)
			}
		}
		d.edit(20*ms, early, minus("s2"), untie("s1", "s3"), tie("s3", "h1"))
		d.react(21 * ms)
		want = []string{"port s1:1 up=false", "port s1:3 up=false", "port s3:1 up=false", "link s1--s2 up=false gone=true", "link s3--s1 up=false gone=true",
			"host h2 at s2:2 up=false gone=true", "host h3 at s2:3 up=false gone=true", "switch s2 up=false gone=true", "port s3:1 up=true"}
		got = a.heard(d.net)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("early %v: the app heard %q\nnot %q", early, got, want)
		}
	}
}

// sameWords says whether two lines have the same words, in whichever order.
func sameWords(a, b string) bool {
	x, y := strings.Fields(strings.NewReplacer("apply(", "", ")", "").Replace(a)), strings.Fields(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func TestCommandsForASwitchThatIsGoneFailByName(t *testing.T) {
	net := network(t, "s1 s2", "h1 s1")
	net.Services = []model.Service{{ID: "web", Members: []model.Member{{Node: 2, Weight: 1}}}}
	install := func(out *app.Commands) {
		out.Install(1, flow.Rule{Priority: 5, Apply: []flow.Action{flow.Out(1)}})
	}
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		switch e.Kind {
		case app.KindTopology:
			install(out)
			out.Acknowledge() // nobody will
			out.AskStats(1, app.StatsRequest{Rules: true})
		case app.KindSwitch, app.KindPort:
			install(out) // it does not know yet, or hears of it right now
		case app.KindTimer:
			install(out)
		case app.KindFailed:
			if strings.HasSuffix(e.Failed.Reason, "acknowledged") {
				out.After("late", 0)
			}
		}
	}}
	c := control.Config{Model: net, Address: addresses{}, Delays: constant, Settings: control.Settings(net, addresses{}), Apps: []control.Application{{Name: "a", Instance: app.Local(a)}}}
	r, err := control.New(c)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, net: net, r: r}
	d.connect(-5*ms, "s1", "s2")
	if err := d.r.Start(0); err != nil {
		t.Fatal(err)
	}
	d.react(1)
	if d.r.Settled() {
		t.Error("settled, though s2 has acknowledged nothing")
	}
	d.edit(10*ms, false, minus("s2"), minus("h1"))
	d.up(control.Upcall{Kind: control.PacketIn, Switch: 1, At: 10 * ms, Packet: &control.Packet{InPort: 1}}) // on its way still
	var out []control.Downcall
	for at := 11 * ms; at < 30*ms; at += ms {
		out = append(out, d.react(at)...)
	}
	for _, x := range out {
		if x.Switch == 1 {
			t.Errorf("s2 is sent %v", text(d.net, []control.Downcall{x}))
		}
	}
	want := []string{"port s1:1 up=false", "link s1--s2 up=false gone=true", "port s1:2 up=false", "host h1 at s1:2 up=false gone=true", "settings: 0 members",
		"switch s2 up=false gone=true", "failed: s2 was removed before it answered", "failed: the switch was removed before it acknowledged", "failed: s2 was removed"}
	if got := a.heard(d.net); !slices.Equal(got, want) {
		t.Errorf("the app heard %q", got)
	}
	if rules := slices.Collect(d.r.Wanted(1)); len(rules) > 0 {
		t.Errorf("of s2 is wanted %v", rules)
	}
	if d.r.Unacknowledged(1) != 0 {
		t.Error("messages to s2 are still expected to be acknowledged")
	}
}

func TestAnEditOfAnotherNetworkIsRefused(t *testing.T) {
	d := newDesk(t, network(t, "s1 s2"), &scripted{})
	if err := d.r.Edit(0, network(t, "s1 s3"), addresses{}); err == nil || !strings.Contains(err.Error(), "does not descend") {
		t.Error(err)
	}
}

func TestTheLookaheadFallsWithASwitchThatIsNearAndNeverRises(t *testing.T) {
	near := func(sw model.NodeID) (up, down model.Time) {
		return map[model.NodeID]model.Time{0: 3 * ms, 1: 2 * ms, 2: ms}[sw], ms
	}
	net := network(t, "s1 s2")
	r, err := control.New(control.Config{Model: net, Address: addresses{}, Delays: near})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		edit model.Edit
		want model.Time
	}{{minus("s2"), 3 * ms}, {plus("s3"), 2 * ms}, {minus("s3"), 2 * ms}} {
		if net, err = net.Edit([]model.Edit{step.edit}); err != nil {
			t.Fatal(err)
		}
		if err := r.Edit(0, net, addresses{}); err != nil || r.Lookahead() != step.want {
			t.Errorf("after %s %s the lookahead is %s: %v", step.edit.Kind, step.edit.Node, r.Lookahead(), err)
		}
	}
	if net, err = net.Edit([]model.Edit{plus("s4")}); err != nil {
		t.Fatal(err)
	}
	if err := r.Edit(0, net, addresses{}); err == nil || !strings.Contains(err.Error(), "the control delays of s4") {
		t.Errorf("a switch without a delay: %v", err)
	}
}

// TestFloodsFollowTheTreeOfTheEditedNetwork draws edits and compares groups and rules of
// the runtime's own with those of a runtime that had the network so from the start.
func TestFloodsFollowTheTreeOfTheEditedNetwork(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		manifest := app.Manifest{Services: []app.Service{app.ServiceFlood, app.ServiceARP}}
		begin := func(n *model.Network) *desk {
			d := newDesk(t, n, &scripted{manifest: manifest})
			for _, id := range n.NodesOfKind(model.Switch) {
				d.connect(-5*ms, n.NodeName(id))
			}
			d.react(0)
			if err := d.r.Start(0); err != nil {
				t.Fatal(err)
			}
			d.barriers(d.react(1))
			d.react(9 * ms)
			return d
		}
		d := begin(network(t, "s1 s2", "s2 s3", "s3 s1", "h1 s1", "h2 s2"))
		names := []string{"h1", "h2", "h3", "s1", "s2", "s3", "s4"}
		at := 10 * ms
		for range rapid.IntRange(1, 8).Draw(r, "edits") {
			a, b := rapid.SampledFrom(names).Draw(r, "node"), rapid.SampledFrom(names).Draw(r, "other")
			e := rapid.SampledFrom([]model.Edit{plus(a), minus(a), tie(a, b), tie(a, b), untie(a, b)}).Draw(r, "edit")
			if _, err := d.net.Edit([]model.Edit{e}); err != nil {
				continue
			}
			d.edit(at, rapid.Bool().Draw(r, "early"), e)
			if rapid.Bool().Draw(r, "wait") {
				d.barriers(d.react(at + 1))
				at += ms
			}
		}
		d.react(at + 5*ms)
		b := model.NewBuilder("anew")
		for v := range d.net.Nodes() {
			b.Declare([]byte(v.Name), v.Kind)
		}
		for l := range d.net.Links() {
			b.Link(model.LinkDraft{A: b.Ref([]byte(d.net.NodeName(l.A.Node))), B: b.Ref([]byte(d.net.NodeName(l.B.Node))), APort: l.A.Port, BPort: l.B.Port})
		}
		n, faults := b.Build(nil)
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		got, want := d.wants(), begin(n).wants()
		if !maps.Equal(got, want) {
			r.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

// wants is what the runtime wants on every switch, by name.
func (d *desk) wants() map[string]string {
	out := map[string]string{}
	for _, id := range d.net.NodesOfKind(model.Switch) {
		text := ""
		for g := range d.r.WantedGroups(id) {
			for _, b := range g.Buckets {
				text += " " + flow.ActionsText(b.Actions)
			}
		}
		for r := range d.r.Wanted(id) {
			text += "\n" + r.String()
		}
		out[d.net.NodeName(id)] = text
	}
	return out
}
