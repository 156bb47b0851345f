package embedded_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

func standby(c *embedded.Config) { c.Standby = true }

// A switch with two controllers: one leads and one stands by, then they change places,
// and what the switch does right is left alone.
func TestAControllerThatStandsByTakesARealSwitchOver(t *testing.T) {
	inBoth(t, aControllerThatStandsByTakesARealSwitchOver)
}

func aControllerThatStandsByTakesARealSwitchOver(t *testing.T) {
	l, listener := place(t)
	first, second := polling(), polling()
	l.bench = run(t, first, 1, listener, nil)
	spare, err := l.sandbox.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := run(t, second, 1, spare, standby)
	l.vsctl("add-br", "s1", "--", "set", "bridge", "s1", "datapath_type=netdev", "fail_mode=secure", "protocols="+protocol(t),
		fmt.Sprintf("other_config:datapath-id=%016x", 1), "other_config:disable-in-band=true", "--", "set-controller", "s1", "tcp:"+l.addr, "tcp:"+b.addr)
	l.wait(t, 1)
	l.startApps(t)
	b.startApps(t)
	if err := l.Lead(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	kept := rule(0, 7)
	first.flush(t, 0, kept)
	if got := b.Connected(); len(got) != 0 {
		t.Errorf("the one that stands by serves %v", got)
	}

	if err := b.Lead(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	u := second.await(t, "introduction", kind(control.SwitchConnected))
	if u.Stats == nil || len(u.Stats.Rules) != 1 || u.Stats.Rules[0].Rule.Priority != 7 {
		t.Errorf("taken over: %+v", u.Stats)
	}
	first.await(t, "loss", kind(control.SwitchLost)) // the switch says so itself
	second.flush(t, 0, rule(0, 8))
	if n := strings.Count(l.ofctl("dump-flows", l.ovs.BridgeSocket("s1")), "priority="); n != 2 {
		t.Errorf("%d rules", n)
	}
	if err := l.Lead(t.Context(), 1); err != nil && !errors.Is(err, embedded.ErrSuperseded) { // or the switch has not come back yet
		t.Error(err)
	}
	deadline := time.Now().Add(time.Minute)
	for !strings.Contains(strings.Join(l.flushed(), "\n"), "newer generation") && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if text := strings.Join(l.flushed(), "\n"); !strings.Contains(text, "another controller is its master") || !strings.Contains(text, "another controller leads it by a newer generation") {
		t.Errorf("diary: %s", text)
	}
	if got := l.Connected(); len(got) != 0 {
		t.Errorf("superseded, it serves %v", got)
	}

	b.Yield()
	second.await(t, "loss", kind(control.SwitchLost))
	if err := l.Lead(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	u = first.await(t, "return", func(u control.Upcall) bool {
		return u.Kind == control.SwitchConnected && u.Stats != nil && len(u.Stats.Rules) == 2
	})
	if u.Switch != 0 {
		t.Errorf("returned %+v", u)
	}
}

func (b *bench) flushed() []string {
	b.clock.Flush()
	return b.diary.texts()
}

// asked reads a role request.
func (p *peer) asked(want wire.Role, generation uint64) wire.Message {
	p.t.Helper()
	m := p.next(wire.TypeRoleRequest)
	r, g, err := wire.DecodeRole(m)
	if err != nil || r != want || g != generation {
		p.t.Fatalf("role request %d of generation %d, %v; want %d of %d", r, g, err, want, generation)
	}
	return m
}

func TestASwitchThatIsKeptStandingByIsKeptAliveAndAskedForNothing(t *testing.T) {
	inBoth(t, aSwitchThatIsKeptStandingByIsKeptAliveAndAskedForNothing)
}

func aSwitchThatIsKeptStandingByIsKeptAliveAndAskedForNothing(t *testing.T) {
	s := polling()
	b := run(t, s, 1, nil, func(c *embedded.Config) { c.Standby, c.Silence, c.Echo = true, time.Minute, 50*time.Millisecond })
	b.startApps(t)
	p := dial(t, b.addr)
	p.introduce(1)
	m := p.asked(wire.RoleNoChange, 0)
	p.send(wire.TypeRoleReply, m.Xid(), wiretest.Role(wire.RoleEqual, 41)...)
	m = p.asked(wire.RoleSlave, 41)
	p.send(wire.TypeRoleReply, m.Xid(), wiretest.Role(wire.RoleSlave, 41)...)
	p.send(wire.TypeEchoRequest, 9, 'x')
	if m := p.next(wire.TypeEchoReply); m.Xid() != 9 {
		t.Errorf("echo reply %v", m)
	}
	for range 3 {
		m := p.next(wire.TypeEchoRequest)
		p.send(wire.TypeEchoReply, m.Xid())
	}

	failed := make(chan error, 1)
	go func() { failed <- b.Lead(t.Context(), 40) }()
	m = p.asked(wire.RoleMaster, 40)
	p.send(wire.TypeError, m.Xid(), append([]byte{0, 11, 0, 0}, m...)...)
	if err := <-failed; !errors.Is(err, embedded.ErrSuperseded) {
		t.Errorf("led by an old generation: %v", err)
	}
	m = p.asked(wire.RoleNoChange, 0)
	p.send(wire.TypeRoleReply, m.Xid(), wiretest.Role(wire.RoleSlave, 41)...)
	if got := b.Connected(); len(got) != 0 {
		t.Errorf("serves %v", got)
	}

	go func() { failed <- b.Lead(t.Context(), 42) }()
	m = p.asked(wire.RoleMaster, 42)
	p.send(wire.TypeRoleReply, m.Xid(), wiretest.Role(wire.RoleMaster, 42)...)
	if err := <-failed; err != nil {
		t.Error(err)
	}
	for range 3 {
		p.answer(p.next(wire.TypeMultipartRequest), false)
	}
	s.await(t, "introduction", kind(control.SwitchConnected))

	// The message by which it says that it has another master now.
	p.say(wiretest.RoleStatus(p.of, wire.RoleSlave, 43))
	p.closed()
	s.await(t, "loss", kind(control.SwitchLost))

	// And that it takes orders from another only.
	q := dial(t, b.addr)
	q.introduce(1)
	m = q.asked(wire.RoleMaster, 42)
	q.send(wire.TypeRoleReply, m.Xid(), wiretest.Role(wire.RoleMaster, 42)...)
	for range 3 {
		q.answer(q.next(wire.TypeMultipartRequest), false)
	}
	s.await(t, "introduction", kind(control.SwitchConnected))
	s.send(control.Downcall{Kind: control.ModRule, Rule: &flow.RuleMod{}})
	m = q.next(wire.TypeFlowMod)
	q.send(wire.TypeError, m.Xid(), append([]byte{0, 1, 0, 10}, m...)...)
	q.closed()
	s.await(t, "loss", kind(control.SwitchLost))
}
