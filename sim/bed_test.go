package sim_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
)

// diary keeps what happens, as entries and as bytes.
type diary struct {
	mu      sync.Mutex
	entries []trace.Entry
	text    bytes.Buffer
	writer  *trace.Writer
}

func newDiary() *diary {
	d := &diary{}
	d.writer = trace.NewWriter(&d.text)
	return d
}

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, *e)
	d.writer.Emit(e)
}

func (d *diary) kind(k trace.Kind) (out []trace.Entry) {
	for _, e := range d.entries {
		if e.Kind == k {
			out = append(out, e)
		}
	}
	return out
}

func (d *diary) results() map[string]*trace.FlowResult {
	out := map[string]*trace.FlowResult{}
	for _, e := range d.kind(trace.FlowEnd) {
		out[e.Flow] = e.Result
	}
	return out
}

// bed is a session with its diary.
type bed struct {
	testing.TB
	net *model.Network
	s   *sim.Session
	d   *diary
}

type option func(*backend.Spec, *deployment.Deployment)

func controlDelay(d model.Time) option {
	return func(_ *backend.Spec, x *deployment.Deployment) { x.Control.Delay = d }
}

func seed(v uint64) option { return func(s *backend.Spec, _ *deployment.Deployment) { s.Seed = v } }

func until(t model.Time) option {
	return func(_ *backend.Spec, d *deployment.Deployment) {
		d.Realization, d.Simulation.Until = deployment.Simulation, t
	}
}

// start brings a network up with one app, or none.
func start(t testing.TB, n *model.Network, a app.App, sink trace.Sink, options ...option) *bed {
	t.Helper()
	return startOn(t, sim.Backend{}, n, a, sink, options...)
}

func startOn(t testing.TB, b sim.Backend, n *model.Network, a app.App, sink trace.Sink, options ...option) *bed {
	t.Helper()
	d, _ := sink.(*diary)
	deploy := &deployment.Deployment{Name: "test"}
	if a != nil {
		deploy.Applications = []deployment.Application{{Name: "app", Plugin: "app"}}
	}
	spec := backend.Spec{Run: "test", Deployment: deploy, Model: n, Seed: 1,
		Launch: func(context.Context, deployment.Application) (app.Instance, error) { return app.Local(a), nil }}
	for _, o := range options {
		o(&spec, deploy)
	}
	s, err := b.Open(context.Background(), spec, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(context.Background(), change.FromNothing(change.State{Model: n, Deployment: deploy}), nil); err != nil {
		t.Fatal(err)
	}
	return &bed{t, n, s.(*sim.Session), d}
}

func (b *bed) run(until model.Time) model.Time {
	b.Helper()
	at, err := b.s.Run(context.Background(), until)
	if err != nil {
		b.Fatal(err)
	}
	return at
}

func (b *bed) do(a backend.Action) backend.Handle {
	b.Helper()
	h, err := b.s.Do(context.Background(), a)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func (b *bed) node(name string) model.NodeID {
	b.Helper()
	id, ok := b.net.NodeByName(name)
	if !ok {
		b.Fatalf("no node %s", name)
	}
	return id
}

func (b *bed) link(name string) model.LinkID {
	b.Helper()
	id, ok := b.net.LinkByName(name)
	if !ok {
		b.Fatalf("no link %s", name)
	}
	return id
}

func (b *bed) ping(from, to string, count int) *trace.PingResult {
	b.Helper()
	h := b.do(backend.Action{Ping: &backend.Ping{From: b.node(from), To: b.node(to), Count: count}})
	b.run(model.Forever)
	return h.Outcome().Ping
}

func (b *bed) close() {
	b.Helper()
	if err := b.s.Close(); err != nil {
		b.Fatal(err)
	}
}

// ports sums what all ports of all nodes have seen.
func (b *bed) ports() (sum flow.PortStat) {
	b.Helper()
	for item, err := range b.s.Snapshot(context.Background(), backend.Selector{Node: model.NoNode, Ports: true}) {
		if err != nil {
			b.Fatal(err)
		}
		p := item.Port
		sum.RxPackets, sum.TxPackets = sum.RxPackets+p.RxPackets, sum.TxPackets+p.TxPackets
		sum.RxBytes, sum.TxBytes = sum.RxBytes+p.RxBytes, sum.TxBytes+p.TxBytes
		sum.TxDropped += p.TxDropped
	}
	return sum
}

// sketch builds networks in one line: "h1-s1 s1-s2 s2-h2"; s is a switch, h a host.
func sketch(t testing.TB, links []string, spec model.LinkSpec, more ...func(*model.Network)) *model.Network {
	t.Helper()
	b := model.NewBuilder("sketch")
	id := b.SpecID(spec)
	declare := func(name string) model.NodeID {
		kind := model.Switch
		if name[0] == 'h' {
			kind = model.Host
		}
		n, _ := b.Declare([]byte(name), kind)
		return n
	}
	for _, l := range links {
		var x, y string
		for i := range l {
			if l[i] == '-' {
				x, y = l[:i], l[i+1:]
			}
		}
		b.Link(model.LinkDraft{A: declare(x), B: declare(y), APort: model.AutoPort, BPort: model.AutoPort, Spec: id, Back: id})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	for _, f := range more {
		f(n)
	}
	return n
}

// router installs, for every host, rules along shortest paths; ties go to the lowest port.
type router struct {
	topology app.Topology
	reactive bool // install when the first packet of a pair comes
	idle     uint16
	services []app.Service
}

func (r *router) Manifest() app.Manifest {
	return app.Manifest{Name: "router", Version: "1", Tables: 1, Services: []app.Service{app.ServiceARP}}
}

func (r *router) React(e *app.Event, out *app.Commands) {
	switch e.Kind {
	case app.KindTopology:
		r.topology.Switches = append(r.topology.Switches, e.Topology.Switches...)
		r.topology.Links = append(r.topology.Links, e.Topology.Links...)
		r.topology.Hosts = append(r.topology.Hosts, e.Topology.Hosts...)
		if !e.Topology.Last {
			return
		}
		if r.reactive {
			for _, s := range r.topology.Switches {
				out.OnMiss(s.ID, 0, app.MissController)
			}
			return
		}
		for _, h := range r.topology.Hosts {
			r.install(h, out)
		}
	case app.KindLink:
		for i := range r.topology.Links {
			if r.topology.Links[i].ID == e.Link.Link.ID {
				r.topology.Links[i] = e.Link.Link
			}
		}
		for _, h := range r.topology.Hosts {
			r.install(h, out)
		}
	case app.KindPacketIn:
		for _, h := range r.topology.Hosts {
			if h.IP == e.PacketIn.Header.IPDst {
				if !r.install(h, out)[e.PacketIn.Port.Switch] {
					continue // no way from here
				}
				out.Send(e.PacketIn.Port.Switch, flow.PacketOut{InPort: uint32(e.PacketIn.Port.Port),
					Actions: []flow.Action{flow.Out(flow.PortTable)}, Frame: e.PacketIn.Frame})
			}
		}
	case app.KindFlowRemoved:
		out.Report("removed", float64(e.FlowRemoved.Counters.Bytes))
	}
}

// install points every switch towards a host, breadth first.
func (r *router) install(h app.HostInfo, out *app.Commands) map[model.NodeID]bool {
	rule := func(sw model.NodeID, port model.PortNo) {
		out.Install(sw, flow.Rule{Priority: 10, Match: flow.Match{}.IPv4To(h.IP, 32), Apply: []flow.Action{flow.Out(uint32(port))}, Idle: r.idle, SendRemoved: r.idle > 0})
	}
	seen := map[model.NodeID]bool{h.At.Switch: true}
	rule(h.At.Switch, h.At.Port)
	for todo := []model.NodeID{h.At.Switch}; len(todo) > 0; todo = todo[1:] {
		for _, l := range r.topology.Links {
			a, b := l.A, l.B
			if b.Switch == todo[0] {
				a, b = b, a
			}
			if a.Switch == todo[0] && l.Up && !seen[b.Switch] {
				seen[b.Switch] = true
				rule(b.Switch, b.Port)
				todo = append(todo, b.Switch)
			}
		}
	}
	return seen
}

func udp(id string, from, to model.NodeID, at, span model.Time, rate model.Rate) model.Flow {
	return model.Flow{ID: id, From: from, To: to, Start: at, Duration: span, Rate: rate, Transport: model.UDP,
		Granularity: model.GranularityPacket, Packet: 1000, SrcPort: 2000, DstPort: 2000}
}

func name(kind string, numbers ...int) []byte {
	s := kind
	for _, n := range numbers {
		s += fmt.Sprint(n)
	}
	return []byte(s)
}
