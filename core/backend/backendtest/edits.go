package backendtest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
)

// begin brings a network up under the follower. The session ends with the test.
func begin(t *testing.T, b backend.Backend, n *model.Network, run string) *exam {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	e := &exam{t: t, ctx: ctx, n: n, d: &diary{}}
	e.deploy = &deployment.Deployment{Name: run, Control: deployment.Control{Delay: model.Millisecond}, Applications: []deployment.Application{{Name: "follower", Plugin: "exam:follower"}}}
	spec := backend.Spec{Run: run, Dir: t.TempDir(), Deployment: e.deploy, Model: n, Seed: 7,
		Launch: func(context.Context, deployment.Application) (app.Instance, error) {
			return app.Local(&follower{}), nil
		}}
	var err error
	if e.caps, err = b.Capabilities(ctx, spec); err != nil {
		t.Fatalf("capabilities: %v", err)
	}
	if e.s, err = b.Open(ctx, spec, e.d); err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := e.s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := e.s.Apply(ctx, change.FromNothing(change.State{Model: n, Deployment: e.deploy}), nil); err != nil {
		t.Fatalf("apply: %v", err)
	}
	return e
}

// edit applies edits to the network that lives.
func (e *exam) edit(edits ...model.Edit) {
	e.t.Helper()
	n, err := e.n.Edit(edits)
	if err != nil {
		e.t.Fatalf("edit: %v", err)
	}
	if err := e.s.Apply(e.ctx, e.living(n), nil); err != nil {
		e.t.Fatalf("apply an edit: %v", err)
	}
	e.n = n
}

func (e *exam) living(n *model.Network) *change.Changeset {
	return change.Diff(change.State{Model: e.n, Deployment: e.deploy}, change.State{Model: n, Deployment: e.deploy})
}

func node(name string, kind model.NodeKind, is model.Identity) model.Edit {
	return model.Edit{Kind: model.AddNode, Node: name, NodeKind: kind, Identity: is}
}

func without(name string) model.Edit { return model.Edit{Kind: model.DelNode, Node: name} }

func ends(kind model.EditKind, a, b string, rate model.Rate) model.Edit {
	spec := model.LinkSpec{Rate: rate}
	return model.Edit{Kind: kind, A: model.LinkEnd{Node: a, Port: model.AutoPort}, B: model.LinkEnd{Node: b, Port: model.AutoPort}, Spec: spec, Back: spec}
}

// row is h1-s1-s2-h2, with s3 at s2.
func row(t *testing.T) *model.Network {
	b := model.NewBuilder("row")
	for _, s := range []string{"s1", "s2", "s3"} {
		b.Declare([]byte(s), model.Switch)
	}
	for _, h := range []string{"h1", "h2"} {
		b.Declare([]byte(h), model.Host)
	}
	spec := b.SpecID(model.LinkSpec{Rate: linkRate})
	for _, l := range [][2]string{{"s1", "s2"}, {"s2", "s3"}, {"h1", "s1"}, {"h2", "s2"}} {
		b.Link(model.LinkDraft{A: b.Ref([]byte(l[0])), B: b.Ref([]byte(l[1])), APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// built is what there is of an edited network, built from nothing: its ids are others.
func built(t *testing.T, n *model.Network) *model.Network {
	names, err := naming.New(n)
	if err != nil {
		t.Fatal(err)
	}
	b := model.NewBuilder(n.Name)
	for v := range n.Nodes() {
		id, _ := b.Declare([]byte(v.Name), v.Kind)
		is := model.Identity{DPID: names.DPID(v.ID)}
		if v.Kind != model.Switch {
			ip, bits := names.IP(v.ID)
			is = model.Identity{IP: ip, Prefix: bits, HasMAC: true, MAC: names.MAC(v.ID)}
		}
		b.SetNodeExtra(id, is, nil, nil)
	}
	for l := range n.Links() {
		x, _ := b.Lookup(n.NodeName(l.A.Node))
		y, _ := b.Lookup(n.NodeName(l.B.Node))
		b.Link(model.LinkDraft{A: x, B: y, APort: l.A.Port, BPort: l.B.Port, Spec: b.SpecID(l.Spec), Back: b.SpecID(l.Back)})
	}
	out, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// rules is what every switch has, by name and in canonical order.
func (e *exam) rules() map[string]string {
	e.t.Helper()
	out := map[string]string{}
	for _, id := range e.n.NodesOfKind(model.Switch) {
		name := e.n.NodeName(id)
		for _, item := range e.snapshot(name, backend.Selector{Rules: true}) {
			if item.Rule != nil {
				out[name] += item.Rule.Rule.String() + "\n"
			}
		}
	}
	return out
}

// reach waits until every host answers every other.
func (e *exam) reach() {
	e.t.Helper()
	var hosts []string
	for _, id := range e.n.NodesOfKind(model.Host) {
		hosts = append(hosts, e.n.NodeName(id))
	}
	for _, a := range hosts {
		for _, b := range hosts {
			if a != b {
				e.eventually(a+" reaches "+b, func() bool { return e.ping(a, b, 1).Received == 1 })
			}
		}
	}
}

// editing asks what a world with LiveChange must know about networks that are edited.
func editing(t *testing.T, b backend.Backend) {
	e := begin(t, b, row(t), "edits")
	e.reach()
	ping := e.start(backend.Action{Ping: &backend.Ping{From: e.node("h1"), To: e.node("h2"), Count: 20, Interval: 100 * model.Millisecond}})
	ask := func(name string, question func(e *exam)) {
		t.Run(name, func(t *testing.T) {
			was := e.t
			e.t = t
			defer func() { e.t = was }()
			question(e)
		})
	}
	ask("a host that is added is reached, at its own address and the link's rate", func(e *exam) {
		e.edit(node("h9", model.Host, model.Identity{IP: 10<<24 | 77, Prefix: 8, HasMAC: true, MAC: 0x020000000977}), ends(model.AddLink, "h9", "s1", linkRate/4))
		e.reach()
		near(e, "rate", linkRate/4*0.958, 0.10, func() float64 {
			a := e.udpAction("to-added", portPlain, linkRate/2, 2*model.Second)
			a.Flow.To = e.node("h9")
			return e.do(a).Flow.Rate
		})
	})
	ask("a switch and its host are added in one go", func(e *exam) {
		e.edit(node("s9", model.Switch, model.Identity{}), ends(model.AddLink, "s9", "s2", linkRate), node("h10", model.Host, model.Identity{}), ends(model.AddLink, "s9", "h10", linkRate))
		e.reach()
	})
	ask("what went on meanwhile was not disturbed", func(e *exam) {
		if r := e.all(ping)[0].Ping; r.Received < int(e.part(int64(r.Sent), 100)) || r.Sent != 20 {
			e.t.Errorf("%d of %d echoes were answered", r.Received, r.Sent)
		}
	})
	ask("a link that is added is taken, and the app that one removed is gone", func(e *exam) {
		e.edit(ends(model.AddLink, "s1", "s3", linkRate), ends(model.DelLink, "s1", "s2", 0))
		e.reach()
		before := e.portStat("s1", "s3").TxPackets
		if r := e.udp("around", portPlain, 1e6, 500*model.Millisecond); r.Received < e.part(r.Sent, 98) || int64(e.portStat("s1", "s3").TxPackets-before) < r.Received {
			e.t.Errorf("%d of %d packets came around by the link that is new", r.Received, r.Sent)
		}
	})
	ask("what needs a host that is removed ends by its name", func(e *exam) {
		a := e.udpAction("cut", portPlain, 1e6, 30*model.Second)
		a.Flow.To = e.node("h10")
		flow, ping := e.start(a), e.start(backend.Action{Ping: &backend.Ping{From: e.node("h1"), To: e.node("h10"), Count: 100}})
		e.pass(model.Second)
		gone := e.node("h10")
		e.edit(without("h10"))
		e.eventually("they end", func() bool { return flow.Done() && ping.Done() })
		ended := e.d.find(func(t *trace.Entry) bool { return t.Kind == trace.FlowEnd && t.Flow == "cut" })
		if len(ended) != 1 || ended[0].Result == nil || !strings.Contains(ended[0].Result.Error, "h10 was removed") || ended[0].Result.Sent == 0 {
			e.t.Errorf("the flow ended so: %+v", ended)
		}
		if err := ping.Outcome().Err; err == nil || !strings.Contains(err.Error(), "h10 was removed") {
			e.t.Errorf("the ping ended so: %v", err)
		}
		h, err := e.s.Do(e.ctx, backend.Action{Ping: &backend.Ping{From: e.node("h1"), To: gone, Count: 1}})
		for err == nil && !h.Done() {
			e.pass(100 * model.Millisecond)
		}
		if err == nil {
			err = h.Outcome().Err
		}
		if err == nil || !strings.Contains(err.Error(), "h10 was removed") {
			e.t.Errorf("a ping to a host that is gone: %v", err)
		}
	})
	ask("a switch goes with its links", func(e *exam) {
		e.edit(without("s9"))
		e.reach()
		if down := e.d.find(func(t *trace.Entry) bool { return t.Kind == trace.ChangeStep && t.Reason == trace.Removed }); len(down) != 5 {
			e.t.Errorf("%d things were removed by the diary, want 5: %+v", len(down), down)
		}
	})
	ask("names that are free are used again", func(e *exam) {
		e.edit(node("s9", model.Switch, model.Identity{}), ends(model.AddLink, "s3", "s9", linkRate), node("h10", model.Host, model.Identity{}), ends(model.AddLink, "h10", "s9", linkRate),
			without("h9"), node("h9", model.Host, model.Identity{}), ends(model.AddLink, "h9", "s2", linkRate))
		e.reach()
	})
	ask("what cannot be done leaves the network as it was", func(e *exam) {
		if err := e.s.Apply(e.ctx, change.Diff(change.State{Model: e.n, Deployment: e.deploy}, change.State{Model: row(e.t), Deployment: e.deploy}), nil); !fault.Is(err, fault.NotYet) {
			e.t.Errorf("another network: %v", err)
		}
		n, err := e.n.Edit([]model.Edit{without("h1")})
		if err != nil {
			e.t.Fatal(err)
		}
		withFlow := *n
		withFlow.Flows = append(slices.Clone(n.Flows), model.Flow{ID: "new", From: e.node("h9"), To: e.node("h2"), Size: 1})
		if err := e.s.Apply(e.ctx, e.living(&withFlow), nil); !fault.Is(err, fault.NotYet) || !strings.Contains(err.Error(), "flow new") {
			e.t.Errorf("a flow: %v", err)
		}
		e.reach()
	})
	ask("the tables are those of a network that was so from the start", func(e *exam) {
		other := begin(e.t, b, built(e.t, e.n), "built")
		want := other.rules()
		e.eventually("no rule is on its way any more", func() bool {
			got := e.rules()
			return slices.Equal(lines(got), lines(want))
		})
		if got := e.rules(); !slices.Equal(lines(got), lines(want)) {
			e.t.Errorf("got\n%s\nwant\n%s", strings.Join(lines(got), "\n"), strings.Join(lines(want), "\n"))
		}
		for _, x := range [2]*exam{e, other} {
			refused := x.d.find(func(t *trace.Entry) bool { return t.Kind == trace.Refused || t.Kind == trace.AppLog })
			if len(refused) > 0 {
				e.t.Errorf("refused: %+v", refused)
			}
		}
	})
}

func lines(tables map[string]string) (out []string) {
	for name, rules := range tables {
		for _, rule := range strings.Split(strings.TrimSpace(rules), "\n") {
			out = append(out, name+": "+rule)
		}
	}
	slices.Sort(out)
	return out
}
