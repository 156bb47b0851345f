package backendtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// linkRate shapes the exam's links; low enough for any machine.
const linkRate = 20 * 1000 * 1000

// Network is the exam's network: a triangle of switches with h1 and h4 at s1, h2 at
// s2, h3 at s3, and a service that h2 serves.
func Network(t testing.TB) *model.Network {
	t.Helper()
	b := model.NewBuilder("exam")
	for _, s := range []string{"s1", "s2", "s3"} {
		b.Declare([]byte(s), model.Switch)
	}
	for _, h := range []string{"h1", "h2", "h3", "h4"} {
		b.Declare([]byte(h), model.Host)
	}
	spec := b.SpecID(model.LinkSpec{Rate: linkRate})
	for _, l := range [][2]string{{"s1", "s2"}, {"s1", "s3"}, {"s3", "s2"}, {"h1", "s1"}, {"h2", "s2"}, {"h3", "s3"}, {"h4", "s1"}} {
		b.Link(model.LinkDraft{A: b.Ref([]byte(l[0])), B: b.Ref([]byte(l[1])), APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	h2, _ := n.NodeByName("h2")
	n.Services = []model.Service{{ID: "web", IP: 10<<24 | 9<<16 | 9<<8 | 9, Proto: model.UDP, Port: portService, Members: []model.Member{{Node: h2, Weight: 1}}}}
	return n
}

// diary keeps every entry of a session.
type diary struct {
	mu      sync.Mutex
	entries []trace.Entry
}

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, *e)
}

func (d *diary) find(match func(*trace.Entry) bool) []trace.Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []trace.Entry
	for i := range d.entries {
		if match(&d.entries[i]) {
			out = append(out, d.entries[i])
		}
	}
	return out
}

func (d *diary) metrics(name string) []float64 {
	var out []float64
	for _, e := range d.find(func(e *trace.Entry) bool { return e.Kind == trace.AppMetric && e.Name == name }) {
		out = append(out, *e.Value)
	}
	return out
}

// exam is one session that sits the exam.
type exam struct {
	t    *testing.T
	ctx  context.Context
	n    *model.Network
	s    backend.Session
	d    *diary
	caps backend.Capabilities

	deploy *deployment.Deployment
}

// Run lets a world sit the exam.
func Run(t *testing.T, b backend.Backend) {
	caps := sit(t, b)
	t.Run("a network that is edited while it lives", func(t *testing.T) {
		if !caps.Has(backend.LiveChange) {
			t.Skipf("this world has no %s: %s", backend.LiveChange, caps.Missing[backend.LiveChange])
		}
		editing(t, b)
	})
}

// RunAsBuilt is the exam without the networks that are edited while they live: for worlds that
// differ from one that sits all of it in what has no part in that.
func RunAsBuilt(t *testing.T, b backend.Backend) { sit(t, b) }

// sit is the exam of a network that stays as it was built.
func sit(t *testing.T, b backend.Backend) backend.Capabilities {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	e := &exam{t: t, ctx: ctx, n: Network(t), d: &diary{}}
	deploy := &deployment.Deployment{Name: "exam", Control: deployment.Control{Delay: model.Millisecond},
		Applications: []deployment.Application{{Name: "gate", Plugin: "exam:gate"}, {Name: "forward", Plugin: "exam:forward"}}}
	spec := backend.Spec{Run: "exam", Dir: t.TempDir(), Deployment: deploy, Model: e.n, Seed: 7,
		Launch: func(_ context.Context, a deployment.Application) (app.Instance, error) {
			switch a.Name {
			case "gate":
				return app.Local(&gate{}), nil
			case "forward":
				return app.Local(&forward{}), nil
			}
			return nil, fmt.Errorf("the exam has no app %q", a.Name)
		}}
	var err error
	if e.caps, err = b.Capabilities(ctx, spec); err != nil {
		t.Fatalf("capabilities: %v", err)
	}
	if e.s, err = b.Open(ctx, spec, e.d); err != nil {
		t.Fatalf("open: %v", err)
	}
	defer func() {
		for range 2 { // closing twice is allowed
			if err := e.s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	}()
	if err := e.s.Apply(ctx, change.FromNothing(change.State{Model: e.n, Deployment: deploy}), nil); err != nil {
		t.Fatalf("apply: %v", err)
	}
	if now := e.s.Now(); now < 0 || now > 100*model.Millisecond && e.virtual() {
		t.Errorf("Apply returned at %v; it should at t=0", now)
	}
	for _, q := range slices.Concat(questions, standstillQuestions(), failureQuestions()) {
		t.Run(q.name, func(t *testing.T) {
			for _, need := range q.needs {
				if !e.caps.Has(need) {
					t.Skipf("this world has no %s: %s", need, e.caps.Missing[need])
				}
			}
			sub := *e
			sub.t = t
			q.ask(&sub)
		})
	}
	return e.caps
}

// virtual says whether this world's time is its own. In a real one the machine may have
// others to serve.
func (e *exam) virtual() bool { return e.caps.Has(backend.VirtualTime) }

// part is how many packets of a flow that nothing stops must come, of a hundred where time is
// virtual; of a machine that has others to serve no more than half is asked.
func (e *exam) part(sent, hundredth int64) int64 {
	if !e.virtual() {
		hundredth = 50
	}
	return sent * hundredth / 100
}

func (e *exam) node(name string) model.NodeID {
	id, ok := e.n.NodeByName(name)
	if !ok {
		e.t.Fatalf("no node %q", name)
	}
	return id
}

// do carries out an action and lets time pass until its outcome is known.
func (e *exam) do(a backend.Action) backend.Outcome {
	e.t.Helper()
	return e.all(e.start(a))[0]
}

func (e *exam) start(a backend.Action) backend.Handle {
	e.t.Helper()
	h, err := e.s.Do(e.ctx, a)
	if err != nil {
		e.t.Fatalf("do: %v", err)
	}
	return h
}

func (e *exam) all(handles ...backend.Handle) []backend.Outcome {
	e.t.Helper()
	for range 300 {
		done := true
		for _, h := range handles {
			done = done && h.Done()
		}
		if done {
			out := make([]backend.Outcome, len(handles))
			for i, h := range handles {
				out[i] = h.Outcome()
				if out[i].Err != nil {
					e.t.Fatalf("outcome: %v", out[i].Err)
				}
			}
			return out
		}
		e.pass(100 * model.Millisecond)
	}
	e.t.Fatal("an action has no outcome after 30 s")
	return nil
}

func (e *exam) pass(span model.Time) {
	e.t.Helper()
	if _, err := e.s.Run(e.ctx, e.s.Now()+span); err != nil {
		e.t.Fatalf("run: %v", err)
	}
}

func (e *exam) ping(from, to string, count int) *trace.PingResult {
	e.t.Helper()
	return e.do(backend.Action{Ping: &backend.Ping{From: e.node(from), To: e.node(to), Count: count, Interval: 100 * model.Millisecond}}).Ping
}

// udp sends for a span at a rate to h2 and gives the result.
func (e *exam) udp(id string, port uint16, rate model.Rate, span model.Time) *trace.FlowResult {
	e.t.Helper()
	return e.do(e.udpAction(id, port, rate, span)).Flow
}

func (e *exam) udpAction(id string, port uint16, rate model.Rate, span model.Time) backend.Action {
	// Switches may hash source and destination alike, by their exclusive or: a source port
	// at a constant distance from the destination's could give every flow one hash.
	return backend.Action{Flow: &model.Flow{ID: id, From: e.node("h1"), To: e.node("h2"), Start: e.s.Now(), Duration: span, Rate: rate,
		Transport: model.UDP, Granularity: model.GranularityPacket, Packet: 1000, SrcPort: 10007 + 3*port, DstPort: port}}
}

func (e *exam) change(c model.Change) {
	e.t.Helper()
	if c.Kind <= model.LinkLoss {
		c.Node = model.NoNode
	} else {
		c.Link = model.NoLink
	}
	h := e.start(backend.Action{Change: &c})
	for !h.Done() {
		e.pass(10 * model.Millisecond)
	}
	if err := h.Outcome().Err; err != nil {
		e.t.Fatalf("%v: %v", c.Kind, err)
	}
}

func (e *exam) link(name string) model.LinkID {
	id, ok := e.n.LinkByName(name)
	if !ok {
		e.t.Fatalf("no link %q", name)
	}
	return id
}

// snapshot gathers what a switch has.
func (e *exam) snapshot(node string, what backend.Selector) (items []backend.Item) {
	e.t.Helper()
	what.Node = e.node(node)
	for item, err := range e.s.Snapshot(e.ctx, what) {
		if err != nil {
			e.t.Fatalf("snapshot of %s: %v", node, err)
		}
		items = append(items, item)
	}
	return items
}

func (e *exam) portStat(node, neighbour string) flow.PortStat {
	e.t.Helper()
	for _, item := range e.snapshot(node, backend.Selector{Ports: true}) {
		if item.Port == nil {
			continue
		}
		if arc, ok := e.n.ArcAtPort(e.node(node), model.PortNo(item.Port.Port)); ok && e.n.ArcTo(arc).Node == e.node(neighbour) {
			return *item.Port
		}
	}
	e.t.Fatalf("%s has no port to %s", node, neighbour)
	return flow.PortStat{}
}

// eventually lets time pass until a condition holds: 5 s of virtual time, and more where a
// machine may be busy.
func (e *exam) eventually(what string, holds func() bool) {
	e.t.Helper()
	limit := e.s.Now() + 5*model.Second
	if !e.virtual() {
		limit = e.s.Now() + model.Minute
	}
	for !holds() {
		if e.s.Now() >= limit {
			e.t.Fatalf("waited in vain: %s", what)
		}
		e.pass(100 * model.Millisecond)
	}
}
