package apptest

import (
	"context"
	"fmt"
	"strings"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
	"sendim/descriptors/generate"
)

// Config is what a bench is made of; New fills in the usual.
type Config struct {
	Model    *model.Network
	Apps     []control.Application
	Granted  []app.Need
	Settings app.Settings   // nothing in it: what the model says about users
	Delays   control.Delays // of every switch; nil: 1 ms each way
	// Window is how long the bench gathers events before it asks the apps, at most the
	// runtime's Lookahead; 0: not at all. Nothing may depend on it.
	Window model.Time
	Sink   trace.Sink // nil: nobody
	Record bool       // keep the text of downcalls in Bench.Sent
}

// Bench is a network in memory under an app's control. Its clock stands still between
// calls.
type Bench struct {
	Runtime *control.Runtime
	Model   *model.Network
	// Downcalls counts what was sent to switches, by kind.
	Downcalls map[control.DowncallKind]int
	// Sent is the text of every downcall but barriers, if Config.Record was set.
	Sent []string
	// Refused lists what switches refused.
	Refused []string
	// Looped counts packets that were given up after HopMost hops.
	Looped int

	t        T
	c        Config
	names    *naming.Names
	now      model.Time
	queue    events
	seq      uint64
	busy     int            // events that are not ticks
	echoes   uint16         // numbers pings
	switches []*flow.Switch // by node; nil for hosts
	lost     map[model.NodeID]bool
	anew     map[model.NodeID]bool // connected again; what is under way to it is lost
	downs    map[model.LinkID]bool
	hosts    map[model.NodeID]*host
	result   flow.Result
	least    model.Time // upward delay
	most     model.Time // delay either way
	upSeq    map[model.NodeID]uint64
	made     map[made]bool // groups and meters that apps asked for

}

// The bench's own constants: a link takes LinkDelay, a host gives up after Patience.
const (
	LinkDelay = 10 * model.Microsecond
	Patience  = 2 * model.Second
	HopMost   = 64
)

// New runs an app with parameters on a network, given as a model or as sendim run's --topo
// has it ("linear,4"), and returns when its answers to Start and Topology are in force.
func New[N string | *model.Network](t T, a app.App, network N, params map[string]string) *Bench {
	t.Helper()
	return Start(t, Config{Model: Network(t, network), Apps: []control.Application{{Instance: app.Local(a), Params: params}}})
}

// Network makes a model of what New takes.
func Network[N string | *model.Network](t T, network N) *model.Network {
	t.Helper()
	switch n := any(network).(type) {
	case *model.Network:
		return n
	case string:
		net, err := Shape(n)
		if err != nil {
			t.Fatal(err)
		}
		return net
	}
	return nil
}

// Shape makes the model of a shape, as sendim run's --topo has it: "linear,4".
func Shape(topo string) (*model.Network, error) {
	r, err := generate.Parse(topo)
	if err != nil {
		return nil, err
	}
	b := model.NewBuilder(topo)
	if err := generate.Build(r, b); err != nil {
		return nil, err
	}
	net, faults := b.Build(nil)
	return net, faults.Err()
}

// Start brings a bench up: all switches connect, the apps start, and everything settles.
func Start(t T, c Config) *Bench {
	t.Helper()
	if c.Delays == nil {
		c.Delays = func(model.NodeID) (up, down model.Time) { return model.Millisecond, model.Millisecond }
	}
	if c.Granted == nil {
		c.Granted = []app.Need{app.NeedMeters, app.NeedGroups, app.NeedSelect, app.NeedFastFailover, app.NeedPortRate}
	}
	names, err := naming.New(c.Model)
	if err != nil {
		t.Fatal(err)
	}
	if s := &c.Settings; len(s.Classes)+len(s.Profiles)+len(s.Services)+len(s.Tenants)+len(s.Policies) == 0 {
		c.Settings = control.Settings(c.Model, control.Named{Names: names})
	}
	b := &Bench{Model: c.Model, t: t, least: model.Forever, most: 1, c: c, names: names, switches: make([]*flow.Switch, c.Model.NodeCount()), Downcalls: map[control.DowncallKind]int{},
		lost: map[model.NodeID]bool{}, anew: map[model.NodeID]bool{}, downs: map[model.LinkID]bool{}, hosts: map[model.NodeID]*host{}, upSeq: map[model.NodeID]uint64{}, made: map[made]bool{}}
	b.Runtime, err = control.New(control.Config{Model: c.Model, Address: control.Named{Names: names}, Apps: c.Apps, Granted: c.Granted, Settings: c.Settings, Seed: 1, Sink: c.Sink, Delays: c.Delays})
	if err != nil {
		t.Fatal(err)
	}
	for n := range c.Model.Nodes() {
		switch n.Kind {
		case model.Switch:
			up, down := c.Delays(n.ID)
			b.least, b.most = min(b.least, up), max(b.most, up, down)
			b.switches[n.ID] = &flow.Switch{Seed: names.DPID(n.ID)}
			b.up(control.Upcall{Kind: control.SwitchConnected, Switch: n.ID, Ports: b.ports(n.ID)})
		case model.Host:
			b.hosts[n.ID] = newHost(b, n.ID)
		}
	}
	b.Run(2 * b.most)
	if err := b.Runtime.Start(b.now); err != nil {
		t.Fatal(err)
	}
	for deadline := b.now + 10*model.Second; !b.Runtime.Settled(); {
		if b.Run(2 * b.most); b.now > deadline {
			t.Fatal("the apps' answers to Start and Topology do not come to rest within 10 s")
		}
	}
	return b
}

// Now is the bench's clock; it begins at 0 before the apps start.
func (b *Bench) Now() model.Time { return b.now }

// Node finds a node by name and fails the test if there is none.
func (b *Bench) Node(name string) model.NodeID {
	b.t.Helper()
	id, ok := b.Model.NodeByName(name)
	if !ok {
		b.t.Fatalf("the network has no node %q", name)
	}
	return id
}

func (b *Bench) ports(sw model.NodeID) (out []flow.PortState) {
	for _, a := range b.Model.Arcs(sw) {
		p := uint32(b.Model.ArcFrom(a).Port)
		out = append(out, flow.PortState{Port: p, Name: fmt.Sprintf("%s-eth%d", b.Model.NodeName(sw), p), Up: !b.downs[a.Link()]})
	}
	return out
}

// up sends a message of a switch to the runtime.
func (b *Bench) up(u control.Upcall) {
	if b.lost[u.Switch] && u.Kind != control.SwitchLost {
		return
	}
	b.upSeq[u.Switch]++
	up, _ := b.c.Delays(u.Switch)
	u.Seq, u.At = b.upSeq[u.Switch], b.now+up
	b.Runtime.Up(u)
}

// LinkDown and LinkUp change a link; both switches say so.
func (b *Bench) LinkDown(name string) { b.setLink(name, false) }

// LinkUp brings a link back.
func (b *Bench) LinkUp(name string) { b.setLink(name, true) }

func (b *Bench) setLink(name string, up bool) {
	b.t.Helper()
	id, ok := b.Model.LinkByName(name)
	if !ok {
		b.t.Fatalf("the network has no link %q", name)
	}
	if b.downs[id] != up {
		return
	}
	b.downs[id] = !up
	from, to := b.Model.Ends(id)
	for _, e := range [2]model.Endpoint{from, to} {
		if b.switches[e.Node] != nil {
			b.up(control.Upcall{Kind: control.PortStatus, Switch: e.Node, Ports: []flow.PortState{{Port: uint32(e.Port), Up: up}}})
		}
	}
}

// Lose ends the control connection of a switch: it goes on forwarding, but hears and
// says nothing.
func (b *Bench) Lose(name string) {
	b.t.Helper()
	sw := b.Node(name)
	b.up(control.Upcall{Kind: control.SwitchLost, Switch: sw})
	b.lost[sw] = true
}

// Reconnect brings it back, with empty tables if it has restarted.
func (b *Bench) Reconnect(name string, restarted bool) {
	b.t.Helper()
	sw := b.Node(name)
	delete(b.lost, sw)
	b.anew[sw] = true
	if restarted {
		b.switches[sw] = &flow.Switch{Seed: b.names.DPID(sw)}
	}
	b.up(control.Upcall{Kind: control.SwitchConnected, Switch: sw, Ports: b.ports(sw)})
}

// Run lets a span of time pass.
func (b *Bench) Run(span model.Time) {
	b.t.Helper()
	until, window := b.now+span, max(b.c.Window, 1)
	for {
		// What arrives at the runtime before due+window was sent before edge, and what it
		// answers takes effect no sooner than that: so the network goes on up to edge, and
		// then the apps are asked.
		due, next := b.Runtime.Due(), b.queue.next()
		edge := model.Forever
		if due != model.Forever {
			edge = due - b.least + window
		}
		switch {
		case next < edge && next <= until:
			e := b.queue.pop()
			b.now = e.at
			b.carry(&e)
		case edge <= until:
			b.now = max(b.now, edge)
			b.react(due + window)
		default:
			b.now = until
			return
		}
	}
}

// Settle lets time pass until nothing but timers and timeouts waits, 10 s at most.
func (b *Bench) Settle() {
	b.t.Helper()
	for deadline := b.now + 10*model.Second; b.now < deadline; {
		b.Run(2 * b.most)
		if b.Runtime.Settled() && b.busy == 0 {
			return
		}
	}
	b.t.Error("the network does not come to rest within 10 s")
}

func (b *Bench) react(before model.Time) {
	b.t.Helper()
	out, err := b.Runtime.React(context.Background(), before)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, d := range out {
		if d.Arrive < b.now {
			b.t.Fatalf("a downcall to %s takes effect at %s, but it is %s already", b.Model.NodeName(d.Switch), d.Arrive, b.now)
		}
		b.Downcalls[d.Kind]++
		b.note(&d)
		if b.c.Record && d.Kind != control.Barrier {
			b.Sent = append(b.Sent, b.describe(&d))
		}
		b.push(event{at: d.Arrive, down: &d})
	}
}

// describe writes a downcall in one line.
func (b *Bench) describe(d *control.Downcall) string {
	head := fmt.Sprintf("%s %s %d app=%d ", d.Arrive, b.Model.NodeName(d.Switch), d.Xid, d.App)
	switch d.Kind {
	case control.ModRule:
		return head + d.Rule.Command.String() + " " + d.Rule.Rule.String()
	case control.ModGroup:
		return head + fmt.Sprintf("group %s %+v", d.Group.Command, d.Group.Group)
	case control.ModMeter:
		return head + fmt.Sprintf("meter %s %+v", d.Meter.Command, d.Meter.Meter)
	case control.SendPacket:
		return head + fmt.Sprintf("packet in_port=%d %s %x", d.Packet.InPort, flow.ActionsText(d.Packet.Actions), d.Packet.Frame)
	case control.LimitPort:
		return head + fmt.Sprintf("limit %+v", *d.Port)
	case control.AskStats:
		return head + fmt.Sprintf("stats %+v", *d.Stats)
	}
	return head
}

// Tables writes what is installed, switch by switch, one rule or group a line: for golden
// files. Cookies and counters are left out.
func (b *Bench) Tables() string {
	var out strings.Builder
	for id, s := range b.switches {
		if s == nil {
			continue
		}
		fmt.Fprintln(&out, b.Model.NodeName(model.NodeID(id)))
		for r := range s.Rules(flow.AllTables, int64(b.now)) {
			r.Rule.Cookie = 0
			fmt.Fprintln(&out, "  "+r.Rule.String())
		}
		for _, g := range s.Groups() {
			fmt.Fprintf(&out, "  group=%d type=%s", g.Group.Number, g.Group.Type)
			for _, k := range g.Group.Buckets {
				fmt.Fprintf(&out, " (%s)", flow.ActionsText(k.Actions))
			}
			fmt.Fprintln(&out)
		}
	}
	return out.String()
}

// Rules lists what is installed on a switch, in canonical order.
func (b *Bench) Rules(name string) (out []flow.Rule) {
	b.t.Helper()
	for r := range b.switches[b.Node(name)].Rules(flow.AllTables, int64(b.now)) {
		out = append(out, r.Rule)
	}
	return out
}
