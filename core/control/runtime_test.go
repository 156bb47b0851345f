package control_test

import (
	"context"
	"errors"
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

const ms = model.Millisecond

// addresses gives host h the address 10.0.0.0+id and the MAC 0x1000+id.
type addresses struct{}

func (addresses) HostIP(h model.NodeID) packet.IPv4   { return 10<<24 | packet.IPv4(h) }
func (addresses) HostMAC(h model.NodeID) packet.MAC   { return 0x1000 + packet.MAC(h) }
func (addresses) PortMAC(e model.Endpoint) packet.MAC { return 0x2000 }
func constant(model.NodeID) (up, down model.Time)     { return ms, ms }
func ports(net *model.Network, sw model.NodeID) (out []flow.PortState) {
	for _, a := range net.Arcs(sw) {
		out = append(out, flow.PortState{Port: uint32(net.ArcFrom(a).Port), Up: true})
	}
	return out
}

// network builds one from links such as "s1 s2"; names that begin with h are hosts, and a
// third word "spare" makes a link stand by.
func network(t *testing.T, links ...string) *model.Network {
	t.Helper()
	b := model.NewBuilder("test")
	spare := b.SpecID(model.LinkSpec{Spare: true})
	for _, l := range links {
		words := strings.Fields(l)
		d := model.LinkDraft{APort: model.AutoPort, BPort: model.AutoPort}
		for i, end := range []*model.NodeID{&d.A, &d.B} {
			kind := model.Switch
			if words[i][0] == 'h' {
				kind = model.Host
			}
			*end, _ = b.Declare([]byte(words[i]), kind)
		}
		if len(words) > 2 {
			d.Spec, d.Back = spare, spare
		}
		b.Link(d)
	}
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return net
}

// scripted is an app that answers by a function.
type scripted struct {
	manifest app.Manifest
	react    func(*app.Event, *app.Commands)
	seen     []app.Event
}

func (s *scripted) Manifest() app.Manifest {
	m := s.manifest
	if m.Name == "" {
		m.Name = "scripted"
	}
	m.Tables = max(1, m.Tables)
	return m
}

func (s *scripted) React(e *app.Event, out *app.Commands) {
	s.seen = append(s.seen, *e)
	if s.react != nil {
		s.react(e, out)
	}
}

func (s *scripted) kinds() (out []string) {
	for _, e := range s.seen {
		out = append(out, e.Kind.String())
	}
	return out
}

// desk is a runtime whose switches the test plays.
type desk struct {
	t   *testing.T
	net *model.Network
	r   *control.Runtime
	seq uint64
}

func newDesk(t *testing.T, net *model.Network, apps ...*scripted) *desk {
	t.Helper()
	c := control.Config{Model: net, Address: addresses{}, Delays: constant, Sink: trace.Discard{}}
	for _, a := range apps {
		c.Apps = append(c.Apps, control.Application{Name: a.Manifest().Name, Instance: app.Local(a)})
	}
	r, err := control.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, net: net, r: r}
}

func (d *desk) node(name string) model.NodeID {
	id, ok := d.net.NodeByName(name)
	if !ok {
		d.t.Fatalf("no node %s", name)
	}
	return id
}

func (d *desk) up(u control.Upcall) {
	d.seq++
	u.Seq = d.seq
	d.r.Up(u)
}

func (d *desk) connect(at model.Time, names ...string) {
	for _, n := range names {
		d.up(control.Upcall{Kind: control.SwitchConnected, Switch: d.node(n), At: at, Ports: ports(d.net, d.node(n))})
	}
}

func (d *desk) react(before model.Time) []control.Downcall {
	d.t.Helper()
	out, err := d.r.React(context.Background(), before)
	if err != nil {
		d.t.Fatal(err)
	}
	return slices.Clone(out)
}

// barriers answers every barrier after the round trip.
func (d *desk) barriers(out []control.Downcall) {
	for _, c := range out {
		if c.Kind == control.Barrier {
			d.up(control.Upcall{Kind: control.BarrierReply, Switch: c.Switch, At: c.Arrive + ms, Xid: c.Xid})
		}
	}
}

func text(net *model.Network, out []control.Downcall) (lines []string) {
	for _, c := range out {
		line := net.NodeName(c.Switch) + " "
		switch c.Kind {
		case control.ModRule:
			line += c.Rule.Command.String() + " " + c.Rule.Rule.String()
		case control.ModGroup:
			line += "group " + c.Group.Command.String()
			for _, b := range c.Group.Group.Buckets {
				line += " " + flow.ActionsText(b.Actions)
			}
		case control.ModMeter:
			line += "meter " + c.Meter.Command.String()
		case control.SendPacket:
			line += "packet " + flow.ActionsText(c.Packet.Actions)
		case control.LimitPort:
			line += "limit"
		case control.AskStats:
			line += "stats"
		case control.Barrier:
			line += "barrier"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestStartTellsEveryAppTheTopologyAndSettlesWhenBarriersAreAnswered(t *testing.T) {
	net := network(t, "s1 s2", "h1 s1", "h2 s2")
	a := &scripted{react: func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindTopology {
			for _, s := range e.Topology.Switches {
				out.OnMiss(s.ID, 0, app.MissController)
				out.Acknowledge()
			}
		}
	}}
	d := newDesk(t, net, a)
	d.connect(-5*ms, "s1", "s2")
	d.react(0)
	if err := d.r.Start(0); err != nil {
		t.Fatal(err)
	}
	if d.r.Settled() {
		t.Error("settled before Start was delivered")
	}
	out := d.react(1)
	want := []string{"s1 add table=0 priority=0 any cookie=0x100000000000000 apply(output:controller)", "s2 add table=0 priority=0 any cookie=0x100000000000000 apply(output:controller)", "s1 barrier", "s2 barrier"}
	if got := text(net, out); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if d.r.Settled() {
		t.Error("settled before the barriers were answered")
	}
	d.barriers(out)
	d.react(model.Forever)
	if !d.r.Settled() {
		t.Error("not settled")
	}
	if got := a.kinds(); !slices.Equal(got, []string{"start", "topology", "applied", "applied"}) {
		t.Errorf("the app saw %v", got)
	}
	top := a.seen[1].Topology
	if len(top.Switches) != 2 || len(top.Links) != 1 || len(top.Hosts) != 2 || !top.Links[0].Up || !top.Last || !top.Hosts[0].Up {
		t.Errorf("topology %+v", top)
	}
}

type dying struct{ app.Instance }

func (dying) Handle(context.Context, []app.Event, func(int, []app.Command)) error {
	return errors.New("killed\nand a stack")
}

func TestALostAppKeepsItsRulesAndTheOthersGoOn(t *testing.T) {
	net := network(t, "s1 s2")
	b := &scripted{}
	for _, fail := range []bool{false, true} {
		r, err := control.New(control.Config{Model: net, Address: addresses{}, Delays: constant, Apps: []control.Application{
			{Name: "a", Instance: dying{app.Local(&scripted{})}, FailRun: fail}, {Name: "b", Instance: app.Local(b)}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		b.seen = nil
		_, err = r.React(context.Background(), 1)
		var lost *control.AppLostError
		if fail != errors.As(err, &lost) {
			t.Errorf("with FailRun %v the error is %v", fail, err)
		}
		if got := b.kinds(); !slices.Equal(got, []string{"start", "topology"}) {
			t.Errorf("the other app saw %v", got)
		}
	}
}
