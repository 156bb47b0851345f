package embedded_test

import (
	"context"
	"errors"
	"io"
	"net"
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
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

func rule(sw model.NodeID, priority uint16) control.Downcall {
	return control.Downcall{Kind: control.ModRule, Switch: sw, Rule: &flow.RuleMod{Rule: flow.Rule{Priority: priority, Apply: []flow.Action{flow.Out(1)}}}}
}

func TestASwitchIsIntroducedAndTheAppsStartAtZero(t *testing.T) {
	inBoth(t, aSwitchIsIntroducedAndTheAppsStartAtZero)
}

func aSwitchIsIntroducedAndTheAppsStartAtZero(t *testing.T) {
	s := newScript()
	s.start = func() []control.Downcall {
		return []control.Downcall{rule(0, 7), {Kind: control.Barrier, Switch: 0}}
	}
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	if now := b.clock.Now(); now >= 0 {
		t.Errorf("before t=0 the clock shows %s", now)
	}
	started := make(chan error, 1)
	go func() { started <- b.StartApps(t.Context()) }()
	if m := p.next(wire.TypeFlowMod); m.Xid() != 1 {
		t.Errorf("the rule has xid %d", m.Xid())
	}
	m := p.next(wire.TypeBarrierRequest)
	select {
	case <-started:
		t.Fatal("started before the barrier was answered")
	case <-time.After(20 * time.Millisecond):
	}
	began := time.Now()
	p.send(wire.TypeBarrierReply, m.Xid())
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if now := b.clock.Now(); now < 0 || now > model.Time(time.Since(began))*model.Nanosecond {
		t.Errorf("just after t=0 the clock shows %s", now)
	}
	u := s.await(t, "introduction", kind(control.SwitchConnected))
	if len(u.Ports) != 2 || u.Ports[0] != (flow.PortState{Port: 1, Name: "p1", Up: true}) || u.Ports[1].Up {
		t.Errorf("ports %+v", u.Ports)
	}
	if err := b.StartApps(t.Context()); err == nil {
		t.Error("started twice")
	}
}

func TestASwitchThatWasWaitedForIsThereWhenTheAppsStart(t *testing.T) {
	for range 50 {
		s := newScript()
		there := 0
		s.start = func() []control.Downcall {
			there = len(s.seen) // of this reaction and those before
			return nil
		}
		b := run(t, s, 3, nil, nil)
		for dpid := range uint64(3) {
			go func() { dial(t, b.addr).greet(dpid + 1) }()
		}
		b.wait(t, 3)
		b.startApps(t)
		if there != 3 {
			t.Fatalf("the apps started with %d of 3 switches", there)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMessagesBecomeUpcallsInOrder(t *testing.T) { inBoth(t, messagesBecomeUpcallsInOrder) }

func messagesBecomeUpcallsInOrder(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	frame := packet.Append(nil, packet.ARPRequest(0x020000000001, 0x0a000001, 0x0a000002), nil)
	head := append([]byte{0xff, 0xff, 0xff, 0xff, 0, byte(len(frame)), 1, 0}, make([]byte, 8)...)
	head = append(head, 0, 1, 0, 12, 0x80, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)
	p.send(wire.TypePacketIn, 0, append(head, frame...)...)
	p.send(wire.TypePortStatus, 0, append(make([]byte, 8), p.port(0xfffffffe, "local", true)...)...) // not told
	p.send(wire.TypePortStatus, 0, append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, p.port(2, "p2", true)...)...)
	in := s.await(t, "packet-in", kind(control.PacketIn))
	if in.Packet.InPort != 2 || in.Packet.Header.ARPTPA != 0x0a000002 || string(in.Packet.Bytes()) != string(frame) {
		t.Errorf("packet-in %+v", in.Packet)
	}
	status := s.await(t, "port-status", kind(control.PortStatus))
	if len(status.Ports) != 1 || status.Ports[0].Port != 2 || !status.Ports[0].Up || status.Seq <= in.Seq || status.At < in.At {
		t.Errorf("port-status %+v after %+v", status, in)
	}
	p.send(wire.TypeEchoRequest, 9, 'h', 'i')
	if m := p.next(wire.TypeEchoReply); m.Xid() != 9 || string(m[8:]) != "hi" {
		t.Errorf("echo reply %x", m)
	}
	p.net.Close()
	if u := s.await(t, "loss", kind(control.SwitchLost)); u.Seq <= status.Seq {
		t.Errorf("the loss has sequence %d after %d", u.Seq, status.Seq)
	}
	again := dial(t, b.addr)
	again.greet(1)
	s.await(t, "return", func(u control.Upcall) bool { return u.Kind == control.SwitchConnected && u.Seq > status.Seq })
}

func TestRefusalsFindTheirDowncall(t *testing.T) { inBoth(t, refusalsFindTheirDowncall) }

func refusalsFindTheirDowncall(t *testing.T) {
	s := newScript()
	s.start = func() []control.Downcall {
		s.xid = 5<<31 + 40 // the wire has 31 bits of it
		return []control.Downcall{rule(0, 1), {Kind: control.ModRule, Switch: 0, Rule: &flow.RuleMod{Rule: flow.Rule{Apply: []flow.Action{flow.Next()}}}},
			{Kind: control.LimitPort, Switch: 0, Port: &app.PortRate{Port: 1, Rate: 1000}}, {Kind: control.Barrier, Switch: 0}}
	}
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	go b.StartApps(t.Context())
	m := p.next(wire.TypeFlowMod)
	p.send(wire.TypeError, m.Xid(), append([]byte{0, 5, 0, 1}, m...)...)
	p.send(wire.TypeBarrierReply, p.next(wire.TypeBarrierRequest).Xid())
	for xid, want := range map[uint64]string{5<<31 + 41: "flow-mod failed: table full", 5<<31 + 42: "control runtime", 5<<31 + 43: "cannot limit a port"} {
		u := s.await(t, "refusal", func(u control.Upcall) bool { return u.Kind == control.Refusal && u.Xid == xid })
		if !strings.Contains(u.Reason, want) {
			t.Errorf("%d refused for %q, want %q", xid, u.Reason, want)
		}
	}
	s.await(t, "barrier reply", func(u control.Upcall) bool { return u.Kind == control.BarrierReply && u.Xid == 5<<31+44 })
}

func TestTimersOfTheRuntimeAreKept(t *testing.T) {
	s := newScript()
	b := run(t, s, 0, nil, nil)
	fired := make(chan model.Time, 1)
	s.react = func(u control.Upcall) []control.Downcall { fired <- b.clock.Now(); return nil }
	s.start = func() []control.Downcall { s.alarm = 30 * model.Millisecond; return nil }
	b.startApps(t)
	select {
	case at := <-fired:
		if at < 29*model.Millisecond {
			t.Errorf("fired at %s", at)
		}
	case <-time.After(time.Minute):
		t.Fatal("the timer did not fire")
	}
}

func TestHostilePeersLoseTheirConnectionOnly(t *testing.T) {
	s := newScript()
	b := run(t, s, 2, nil, func(c *embedded.Config) { c.Handshake = time.Minute })
	good := dial(t, b.addr)
	good.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	const silent = "one that says nothing"
	hasty := run(t, newScript(), 1, nil, func(c *embedded.Config) { c.Handshake = 300 * time.Millisecond })
	hasty.startApps(t)
	for _, c := range []struct {
		name  string
		warns string
		play  func(p *peer)
	}{
		{"a stranger", "datapath id 0x99 is none of this run's", func(p *peer) {
			p.send(wire.TypeHello, 1)
			p.send(wire.TypeFeaturesReply, p.next(wire.TypeFeaturesRequest).Xid(), features(0x99)...)
		}},
		{"version 1", "speaks OpenFlow 1.3", func(p *peer) {
			p.net.Write([]byte{1, 0, 0, 8, 0, 0, 0, 1})
			if m := p.next(wire.TypeError); m[9] != 0 || m[11] != 0 {
				t.Errorf("hello failed is said as %x", m)
			}
		}},
		{"a web browser", "the first message has type 69", func(p *peer) { io.WriteString(p.net, "GET / HTTP/1.1\r\n\r\n") }},
		{silent, "did not introduce itself within", func(*peer) {}},
		{"a header that says less than itself", "less than the header", func(p *peer) { p.net.Write([]byte{4, 0, 0, 3, 0, 0, 0, 1}) }},
		{"half a features reply", "ofp_switch_features", func(p *peer) {
			p.send(wire.TypeHello, 1)
			p.send(wire.TypeFeaturesReply, 2, 1, 2, 3)
		}},
		{"a broken packet-in", "ofp_packet_in", func(p *peer) { p.greet(2); p.send(wire.TypePacketIn, 0, 1, 2, 3) }},
		{"a match without end", "ofp_match", func(p *peer) {
			p.greet(2)
			p.send(wire.TypePacketIn, 0, append(make([]byte, 16), 0, 1, 0xff, 0xff)...)
		}},
		{"a broken error", "ofp_error_msg", func(p *peer) { p.greet(2); p.send(wire.TypeError, 0, 1) }},
		{"another version later", "after version 4 was agreed on", func(p *peer) { p.greet(2); p.net.Write([]byte{1, 2, 0, 8, 0, 0, 0, 1}) }},
	} {
		b, p := b, dial(t, b.addr)
		if c.name == silent {
			b, p = hasty, dial(t, hasty.addr)
		}
		c.play(p)
		p.closed()
		p.net.Close()
		deadline := time.Now().Add(time.Minute)
		for !strings.Contains(strings.Join(b.diary.texts(), "\n"), c.warns) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the diary says nothing of it: %v", c.name, b.diary.texts())
			}
			time.Sleep(time.Millisecond)
		}
	}
	good.send(wire.TypeEchoRequest, 3)
	good.next(wire.TypeEchoReply)
}

func TestANewConnectionTakesTheOldOnesPlace(t *testing.T) {
	inBoth(t, aNewConnectionTakesTheOldOnesPlace)
}

func aNewConnectionTakesTheOldOnesPlace(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, nil)
	old := dial(t, b.addr)
	old.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	s.await(t, "introduction", kind(control.SwitchConnected))
	next := dial(t, b.addr)
	next.greet(1)
	old.closed()
	lost := s.await(t, "loss", kind(control.SwitchLost))
	if u := s.await(t, "introduction", kind(control.SwitchConnected)); u.Seq <= lost.Seq {
		t.Error("the new connection came before the loss of the old one")
	}
	next.send(wire.TypeEchoRequest, 3)
	next.next(wire.TypeEchoReply)
}

func TestSilenceIsAskedAboutAndThenEnds(t *testing.T) { inBoth(t, silenceIsAskedAboutAndThenEnds) }

func silenceIsAskedAboutAndThenEnds(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, func(c *embedded.Config) { c.Echo, c.Silence = 500*time.Millisecond, 4*time.Second })
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	for range 10 { // answering keeps it alive beyond the limit
		p.send(wire.TypeEchoReply, p.next(wire.TypeEchoRequest).Xid())
	}
	p.next(wire.TypeEchoRequest)
	p.closed()
	s.await(t, "loss", kind(control.SwitchLost))
	if texts := strings.Join(b.diary.texts(), "\n"); !strings.Contains(texts, "s1: connection lost: it has said nothing for") {
		t.Errorf("diary: %s", texts)
	}
}

// TestASlowSwitchHoldsNobodyUp floods a switch that reads nothing with commands, while
// another one is served.
func TestASlowSwitchHoldsNobodyUp(t *testing.T) {
	s := newScript()
	s.start = func() (out []control.Downcall) {
		for range 30000 {
			out = append(out, control.Downcall{Kind: control.SendPacket, Switch: 0, Packet: &flow.PacketOut{Actions: []flow.Action{flow.Out(1)}, Frame: make([]byte, 1400)}})
		}
		return out
	}
	s.react = func(u control.Upcall) []control.Downcall {
		if u.Kind == control.PacketIn {
			return []control.Downcall{{Kind: control.SendPacket, Switch: u.Switch, Packet: &flow.PacketOut{Actions: []flow.Action{flow.Out(1)}, Frame: u.Packet.Bytes()}}}
		}
		return nil
	}
	b := run(t, s, 2, nil, func(c *embedded.Config) {
		c.Backlog, c.Limit, c.Echo, c.Silence = 100, 40000, 100*time.Millisecond, 4*time.Second
	})
	slow, quick := dial(t, b.addr), dial(t, b.addr)
	slow.greet(1)
	quick.greet(2)
	b.wait(t, 2)
	b.startApps(t)
	in := append(make([]byte, 16), 0, 1, 0, 12, 0x80, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)
	in = append(in, make([]byte, 60)...)
	for i := range 200 {
		slow.send(wire.TypePacketIn, uint32(i), in...)
		quick.send(wire.TypePacketIn, uint32(i), in...)
		quick.next(wire.TypePacketOut)
	}
	if n := s.count(control.PacketIn, 0); n > 0 {
		t.Errorf("%d packets of a switch that is behind reached the apps", n)
	}
	for end := time.Now().Add(time.Minute); s.count(control.SwitchLost, 0) == 0; time.Sleep(time.Millisecond) { // and meanwhile
		quick.send(wire.TypePacketIn, 1, in...)
		quick.next(wire.TypePacketOut)
		if time.Now().After(end) {
			t.Fatal("the slow one is not lost")
		}
	}
	if n := s.count(control.SwitchLost, 1); n > 0 {
		t.Error("the quick one was lost")
	}
	if texts := strings.Join(b.diary.texts(), "\n"); !strings.Contains(texts, "it has taken nothing for 4s") {
		t.Errorf("diary: %s", texts)
	}
	quick.send(wire.TypePacketIn, 1, in...)
	quick.next(wire.TypePacketOut)
}

func (s *script) count(k control.UpcallKind, sw model.NodeID) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.seen {
		if u.Kind == k && u.Switch == sw {
			n++
		}
	}
	return n
}

func TestASwitchThatStaysBehindIsGivenUp(t *testing.T) {
	s := newScript()
	s.start = func() (out []control.Downcall) {
		for range 2000 {
			out = append(out, rule(0, 1))
		}
		return out
	}
	b := run(t, s, 1, nil, func(c *embedded.Config) { c.Limit = 1000 })
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	p.closed()
	s.await(t, "loss", kind(control.SwitchLost))
}

func TestQuestionsAreAnsweredFromParts(t *testing.T) { inBoth(t, questionsAreAnsweredFromParts) }

func questionsAreAnsweredFromParts(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	type result struct {
		items []backend.Item
		err   error
	}
	ask := func(what backend.Selector) chan result {
		out := make(chan result, 1)
		go func() {
			items, err := b.Ask(t.Context(), what)
			out <- result{items, err}
		}()
		return out
	}
	// A meter that the switch does not know about at all is none, a refusal of the rest is
	// an error, and parts come in any order.
	got := ask(backend.Selector{Node: 0, Meters: true, Ports: true})
	config, stats, ports := p.next(wire.TypeMultipartRequest), p.next(wire.TypeMultipartRequest), p.next(wire.TypeMultipartRequest)
	p.send(wire.TypeError, config.Xid(), 0, 1, 0, 2)
	stat := func(n uint32) []byte { return wiretest.PortStat(p.of, flow.PortStat{Port: n}) }
	p.send(wire.TypeMultipartReply, ports.Xid(), append([]byte{0, 4, 0, 1, 0, 0, 0, 0}, stat(2)...)...)
	p.send(wire.TypeMultipartReply, ports.Xid()+1000, 0, 4, 0, 0, 0, 0, 0, 0) // answers nothing
	p.send(wire.TypeMultipartReply, ports.Xid(), append([]byte{0, 4, 0, 0, 0, 0, 0, 0}, stat(1)...)...)
	p.send(wire.TypeError, stats.Xid(), 0, 1, 0, 2)
	if r := <-got; r.err != nil || len(r.items) != 2 || r.items[0].Port.Port != 1 || r.items[1].Port.Port != 2 {
		t.Errorf("got %+v, %v", r.items, r.err)
	}
	got = ask(backend.Selector{Node: 0, Rules: true})
	p.send(wire.TypeError, p.next(wire.TypeMultipartRequest).Xid(), 0, 1, 0, 5)
	if r := <-got; r.err == nil || !strings.Contains(r.err.Error(), "asking s1 what it holds: bad request: not permitted") {
		t.Errorf("got %v", r.err)
	}
	if _, err := b.Ask(t.Context(), backend.Selector{Node: 7, Rules: true}); !errors.Is(err, embedded.ErrNotConnected) {
		t.Errorf("a switch that is not there: %v", err)
	}
	role := make(chan error, 1)
	go func() {
		r, err := b.Role(t.Context(), 0, wire.RoleMaster, 4)
		if err == nil && r != wire.RoleMaster {
			err = errors.New("another role")
		}
		role <- err
	}()
	m := p.next(wire.TypeRoleRequest)
	p.send(wire.TypeRoleReply, m.Xid(), m[8:]...)
	if err := <-role; err != nil {
		t.Error(err)
	}
	got = ask(backend.Selector{Node: 0, Rules: true})
	p.next(wire.TypeMultipartRequest)
	p.net.Close()
	if r := <-got; !errors.Is(r.err, embedded.ErrNotConnected) {
		t.Errorf("after the connection went: %v", r.err)
	}
}

func TestTheRuntimesEndIsTheRuns(t *testing.T) {
	s := &failing{script: newScript()}
	b := run(t, s, 0, nil, nil)
	if err := b.StartApps(t.Context()); err == nil || !strings.Contains(err.Error(), "app router was lost") {
		t.Errorf("StartApps: %v", err)
	}
	if err := <-b.ended; err == nil || !strings.Contains(err.Error(), "app router was lost") {
		t.Errorf("Run: %v", err)
	}
	if err := b.StartApps(t.Context()); !errors.Is(err, embedded.ErrClosed) {
		t.Errorf("StartApps afterwards: %v", err)
	}
}

type failing struct{ *script }

func (f *failing) React(context.Context, model.Time) ([]control.Downcall, error) {
	return nil, errors.New("app router was lost")
}

func TestCloseEndsEverythingAndWaitingSaysHowFarItCame(t *testing.T) {
	b := run(t, newScript(), 2, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var heard []int
	err := b.WaitConnected(ctx, 2, func(n int) { heard = append(heard, n) })
	if err == nil || !strings.Contains(err.Error(), "1 are there") || len(heard) == 0 || heard[len(heard)-1] != 1 {
		t.Errorf("%v, progress %v", err, heard)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	p.closed()
	if err := <-b.ended; err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Run(t.Context()); !errors.Is(err, embedded.ErrClosed) {
		t.Errorf("Run after Close: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	never, err := embedded.New(embedded.Config{Listener: l, Driver: newScript(), Clock: controller.NewClock(time.Now, trace.Discard{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := never.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener of a controller that never ran was left open")
	}
}
