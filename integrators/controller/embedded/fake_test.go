package embedded_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
	"sendim/integrators/netns"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == netns.Subcommand {
		os.Exit(netns.SandboxMain(os.Args[2:]))
	}
	if len(os.Args) > 2 && os.Args[1] == mortalController {
		os.Exit(beMortal(os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

// script is a driver that the test plays: it keeps what arrives and says what it is told
// to say.
type script struct {
	react func(u control.Upcall) []control.Downcall // in the goroutine that owns the driver
	start func() []control.Downcall

	mu       sync.Mutex
	waiting  []control.Upcall
	seen     []control.Upcall
	changed  chan struct{}
	xid      uint64
	pending  map[uint64]bool // barriers
	started  bool
	startDue bool
	alarm    model.Time
	polls    bool // looks into the outbox every millisecond
	outbox   []control.Downcall
}

func newScript() *script {
	return &script{changed: make(chan struct{}), pending: map[uint64]bool{}, alarm: model.Forever}
}

func (s *script) Start(at model.Time) error {
	s.started, s.startDue = true, true
	return nil
}

func (s *script) Up(u control.Upcall) { s.waiting = append(s.waiting, u) }

func (s *script) Due() model.Time {
	switch {
	case len(s.waiting) > 0:
		return s.waiting[0].At
	case s.startDue:
		return 1
	}
	return s.alarm
}

func (s *script) Lookahead() model.Time { return 2 }

func (s *script) Change(model.Time, model.Change) {}

func (s *script) Settled() bool {
	return s.started && !s.startDue && len(s.waiting) == 0 && len(s.pending) == 0
}

func (s *script) Answer(ctx context.Context, before model.Time) ([][]control.Downcall, error) {
	out, err := s.React(ctx, before)
	return [][]control.Downcall{out}, err
}

func (s *script) React(_ context.Context, before model.Time) (out []control.Downcall, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 && s.waiting[0].At < before {
		u := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.seen = append(s.seen, u)
		if u.Kind == control.BarrierReply {
			delete(s.pending, u.Xid)
		}
		if u.Kind == control.SwitchLost {
			clear(s.pending)
		}
		if s.react != nil {
			out = append(out, s.react(u)...)
		}
	}
	if s.polls && s.started {
		s.alarm = before + model.Millisecond
		out, s.outbox = append(out, s.outbox...), nil
	} else if s.alarm < before {
		s.alarm = model.Forever
		out = append(out, s.react(control.Upcall{At: before})...)
	}
	if s.startDue {
		s.startDue = false
		if s.start != nil {
			out = append(out, s.start()...)
		}
	}
	for i := range out {
		s.xid++
		out[i].Xid = s.xid
		if out[i].Kind == control.Barrier {
			s.pending[s.xid] = true
		}
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return out, nil
}

// send has downcalls sent, in order.
func (s *script) send(d ...control.Downcall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outbox = append(s.outbox, d...)
}

// flush sends and waits until everything is in force at the switch.
func (s *script) flush(t testing.TB, sw model.NodeID, d ...control.Downcall) {
	t.Helper()
	s.send(append(d, control.Downcall{Kind: control.Barrier, Switch: sw})...)
	s.await(t, "barrier reply", kind(control.BarrierReply))
}

// await waits until an upcall satisfies the condition, and returns it.
func (s *script) await(t testing.TB, what string, ok func(u control.Upcall) bool) control.Upcall {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		s.mu.Lock()
		i, changed := slices.IndexFunc(s.seen, ok), s.changed
		if i >= 0 {
			u := s.seen[i]
			s.seen = append(s.seen[:i:i], s.seen[i+1:]...)
			s.mu.Unlock()
			return u
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no %s came; there were %s", what, s.kinds())
		}
	}
}

func (s *script) kinds() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.seen {
		out = append(out, fmt.Sprintf("kind %d of %d (xid %d %s)", u.Kind, u.Switch, u.Xid, u.Reason))
	}
	return out
}

func kind(k control.UpcallKind) func(control.Upcall) bool {
	return func(u control.Upcall) bool { return u.Kind == k }
}

// diary keeps warnings.
type diary struct {
	mu   sync.Mutex
	list []trace.Entry
}

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, *e)
}

func (d *diary) texts() (out []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.list {
		out = append(out, e.Node+": "+e.Text)
	}
	return out
}

type bench struct {
	*embedded.Controller
	clock  *controller.Clock
	diary  *diary
	addr   string
	ended  chan error
	cancel context.CancelFunc
}

// run runs a controller for switches 1 to n (datapath id = node + 1) until the test ends.
func run(t testing.TB, driver control.Driver, n int, listener net.Listener, adjust func(*embedded.Config)) *bench {
	t.Helper()
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{diary: &diary{}, addr: listener.Addr().String(), ended: make(chan error, 1)}
	b.clock = controller.NewClock(time.Now, b.diary)
	cfg := embedded.Config{Listener: listener, Driver: driver, Clock: b.clock, DPIDs: map[uint64]model.NodeID{},
		Name: func(n model.NodeID) string { return fmt.Sprintf("s%d", n+1) }}
	for i := range n {
		cfg.DPIDs[uint64(i+1)] = model.NodeID(i)
	}
	if adjust != nil {
		adjust(&cfg)
	}
	var err error
	if b.Controller, err = embedded.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() { b.ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		cancel()
	})
	return b
}

func (b *bench) wait(t testing.TB, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.WaitConnected(ctx, n, nil); err != nil {
		t.Fatalf("%v; diary: %v", err, b.diary.texts())
	}
}

func (b *bench) startApps(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.StartApps(ctx); err != nil {
		b.clock.Flush()
		t.Fatalf("%v; %d connected; diary: %v", err, len(b.Connected()), b.diary.texts())
	}
}

// peer is a switch that the test plays.
type peer struct {
	t    testing.TB
	net  net.Conn
	read *bufio.Reader
	of   wire.Dialect
}

func dial(t testing.TB, addr string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return newPeer(t, c)
}

// dialIn dials as a switch of another version than the test's.
func dialIn(t testing.TB, addr string, d wire.Dialect) *peer {
	p := dial(t, addr)
	p.of = d
	return p
}

func newPeer(t testing.TB, c net.Conn) *peer { return &peer{t, c, bufio.NewReader(c), spoken(t)} }

func (p *peer) send(kind wire.Type, xid uint32, body ...byte) {
	p.t.Helper()
	p.say(wiretest.Message(p.of.Version(), kind, xid, body))
}

func (p *peer) say(m wire.Message) {
	p.t.Helper()
	if _, err := p.net.Write(m); err != nil {
		p.t.Fatal(err)
	}
}

// next reads until a message of a type comes.
func (p *peer) next(kind wire.Type) wire.Message {
	p.t.Helper()
	for {
		m, err := wire.Read(p.read)
		if err != nil {
			p.t.Fatalf("waiting for a message of type %d: %v", kind, err)
		}
		if m.Type() == kind {
			return m
		}
	}
}

// closed reads until the other side closes.
func (p *peer) closed() {
	p.t.Helper()
	for {
		if _, err := wire.Read(p.read); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				p.t.Fatal("the connection was not closed")
			}
			return
		}
	}
}

func features(dpid uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, dpid)
	return append(b, 0, 0, 1, 0, 254, 0, 0, 0, 0, 0, 0, 0x4f, 0, 0, 0, 0)
}

// port is a port as the peer describes it.
func (p *peer) port(number uint32, name string, up bool) []byte {
	return wiretest.Port(p.of, flow.PortState{Port: number, Name: name, Up: up})
}

// greet introduces the peer as a switch with two ports that holds nothing.
func (p *peer) greet(dpid uint64) {
	p.t.Helper()
	p.introduce(dpid)
	for range 3 { // rules, groups, meters
		p.answer(p.next(wire.TypeMultipartRequest), false)
	}
}

// answer sends a part of a multipart reply.
func (p *peer) answer(request wire.Message, more bool, body ...byte) {
	p.t.Helper()
	head := []byte{request[8], request[9], 0, 0, 0, 0, 0, 0}
	if more {
		head[3] = 1
	}
	p.send(wire.TypeMultipartReply, request.Xid(), append(head, body...)...)
}

// introduce is the peer's handshake: a switch with two ports, sent in two parts.
func (p *peer) introduce(dpid uint64) {
	p.t.Helper()
	p.send(wire.TypeHello, 1)
	m := p.next(wire.TypeFeaturesRequest)
	p.send(wire.TypeFeaturesReply, m.Xid(), features(dpid)...)
	m = p.next(wire.TypeMultipartRequest)
	p.send(wire.TypeMultipartReply, m.Xid(), append([]byte{0, 13, 0, 1, 0, 0, 0, 0}, p.port(1, "p1", true)...)...)
	p.send(wire.TypeMultipartReply, m.Xid(), append([]byte{0, 13, 0, 0, 0, 0, 0, 0}, append(p.port(2, "p2", false), p.port(0xfffffffe, "local", true)...)...)...)
}
