package embedded_test

import (
	"context"
	"fmt"
	"slices"
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
	"sendim/integrators/controller/embedded"
)

// addresses counts hosts: h1 is 10.0.0.1 and 02:00:00:00:00:01.
type addresses struct{ net *model.Network }

func (a addresses) number(h model.NodeID) (n uint32) {
	fmt.Sscanf(a.net.NodeName(h), "h%d", &n)
	return n
}
func (a addresses) HostIP(h model.NodeID) packet.IPv4 { return packet.IPv4(0x0a000000 + a.number(h)) }
func (a addresses) HostMAC(h model.NodeID) packet.MAC {
	return packet.MAC(0x020000000000) + packet.MAC(a.number(h))
}
func (a addresses) PortMAC(model.Endpoint) packet.MAC { return 0x02ff00000000 }

// chain is h1 - s1 - s2 - h2; hosts are at port 2.
func chain(t testing.TB) *model.Network {
	t.Helper()
	b := model.NewBuilder("chain")
	ids := map[string]model.NodeID{}
	for _, n := range []string{"s1", "s2", "h1", "h2"} {
		kind := model.Switch
		if n[0] == 'h' {
			kind = model.Host
		}
		ids[n], _ = b.Declare([]byte(n), kind)
	}
	for _, l := range [][2]string{{"s1", "s2"}, {"s1", "h1"}, {"s2", "h2"}} {
		b.Link(model.LinkDraft{A: ids[l[0]], B: ids[l[1]], APort: model.AutoPort, BPort: model.AutoPort})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// router is an app: a rule for each host on its own switch and towards the other, made
// when the first packet for it misses.
type router struct {
	told  []app.Event
	hosts []app.HostInfo
}

func (*router) Manifest() app.Manifest {
	return app.Manifest{Name: "router", Version: "1", Tables: 1, Services: []app.Service{app.ServiceARP}}
}

func (r *router) React(e *app.Event, out *app.Commands) {
	r.told = append(r.told, *e)
	switch e.Kind {
	case app.KindTopology:
		for _, s := range e.Topology.Switches {
			out.OnMiss(s.ID, 0, app.MissController)
		}
		r.hosts = append(r.hosts, e.Topology.Hosts...)
	case app.KindPacketIn:
		p := e.PacketIn
		for _, h := range r.hosts {
			if h.IP != p.Header.IPDst || h.IP == 0 {
				continue
			}
			to := uint32(1)
			if h.At.Switch == p.Port.Switch {
				to = uint32(h.At.Port)
			}
			out.Install(p.Port.Switch, flow.Rule{Priority: 10, Match: flow.Match{}.IPv4To(h.IP, 32), Apply: []flow.Action{flow.Out(to)}})
			out.Send(p.Port.Switch, flow.PacketOut{InPort: uint32(p.Port.Port), Actions: []flow.Action{flow.Out(to)}, Frame: p.Frame})
		}
	}
}

type chainLab struct {
	*lab
	router *router
}

func newChain(t *testing.T) *chainLab {
	r := &router{}
	return &chainLab{lab: newChainOf(t, "router", r), router: r}
}

// driven has the real runtime drive a controller, with one app. The diary is the
// controller's, or sink.
func driven(t testing.TB, n *model.Network, name string, a app.App, sink ...trace.Sink) func(*embedded.Config) {
	return func(cfg *embedded.Config) {
		to := append(sink, cfg.Clock)[0]
		runtime, err := control.New(control.Config{Model: n, Address: addresses{n}, Apps: []control.Application{{Name: name, Instance: app.Local(a), FailRun: true}},
			Delays: func(model.NodeID) (up, down model.Time) { return 1, 1 }, Sink: to})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Driver = runtime
	}
}

func newChainOf(t *testing.T, name string, a app.App) *lab {
	c, listener := place(t)
	c.bench = run(t, nil, 2, listener, driven(t, chain(t), name, a))
	c.inside(`ip link add s1-eth1 type veth peer name s2-eth1; ip link set s1-eth1 up; ip link set s2-eth1 up
		for i in 1 2; do
			ip netns add h$i
			ip link add s$i-eth2 type veth peer name eth0 netns h$i
			ip link set s$i-eth2 up
			ip -n h$i link set eth0 address 02:00:00:00:00:0$i up
			ip -n h$i addr add 10.0.0.$i/24 dev eth0
		done`)
	for i := 1; i <= 2; i++ {
		b := fmt.Sprintf("s%d", i)
		c.vsctl("add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols="+protocol(t), fmt.Sprintf("other_config:datapath-id=%016x", i),
			"--", "add-port", b, b+"-eth1", "--", "set", "interface", b+"-eth1", "ofport_request=1",
			"--", "add-port", b, b+"-eth2", "--", "set", "interface", b+"-eth2", "ofport_request=2", "--", "set-controller", b, "tcp:"+c.addr)
	}
	c.wait(t, 2)
	c.startApps(t)
	return c
}

func TestTheRuntimeRunsAnAppOverRealSwitches(t *testing.T) {
	inBoth(t, theRuntimeRunsAnAppOverRealSwitches)
}

func theRuntimeRunsAnAppOverRealSwitches(t *testing.T) {
	c := newChain(t)
	if got := c.inside("ip netns exec h1 ping -c3 -i0.05 -W2 10.0.0.2 | grep -o '[0-9]* received'"); got != "3 received" {
		t.Fatalf("%s; diary %v", got, c.diary.texts())
	}
	view := func() string {
		var lines []string
		for _, i := range c.ask(backend.Selector{Node: model.NoNode, Rules: true}) {
			r := i.Rule.Rule
			r.Cookie = 0 // whose rule it is, is the runtime's business
			lines = append(lines, fmt.Sprintf("%d %s", i.Node, r))
		}
		return strings.Join(lines, "\n")
	}
	want := strings.TrimSpace(`
0 table=0 priority=65535 eth_type=0x0806,arp_op=1 apply(output:controller)
0 table=0 priority=10 eth_type=0x0800,ipv4_dst=10.0.0.1 apply(output:2)
0 table=0 priority=10 eth_type=0x0800,ipv4_dst=10.0.0.2 apply(output:1)
0 table=0 priority=0 any apply(output:controller)
1 table=0 priority=65535 eth_type=0x0806,arp_op=1 apply(output:controller)
1 table=0 priority=10 eth_type=0x0800,ipv4_dst=10.0.0.1 apply(output:1)
1 table=0 priority=10 eth_type=0x0800,ipv4_dst=10.0.0.2 apply(output:2)
1 table=0 priority=0 any apply(output:controller)`)
	if got := view(); got != want {
		t.Errorf("rules are\n%s\nwant\n%s", got, want)
	}

	// A switch that lost its rules while it was away gets them again.
	c.vsctl("del-controller", "s2")
	c.ofctl("del-flows", c.ovs.BridgeSocket("s2"))
	c.vsctl("set-controller", "s2", "tcp:"+c.addr)
	for deadline := time.Now().Add(time.Minute); view() != want; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after the return the rules are\n%s\nwant\n%s", view(), want)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	var kinds []app.EventKind
	for _, e := range c.router.told {
		kinds = append(kinds, e.Kind)
		if e.Kind == app.KindTopology && slices.ContainsFunc(e.Topology.Switches, func(s app.SwitchInfo) bool { return !s.Up }) {
			t.Error("the first view has switches that are down")
		}
	}
	if len(kinds) < 4 || kinds[0] != app.KindStart || kinds[1] != app.KindTopology || !slices.Contains(kinds, app.KindSwitch) {
		t.Errorf("events %v", kinds)
	}
	seen := map[trace.Kind]bool{}
	last := model.Time(-1 << 62)
	c.diary.mu.Lock()
	defer c.diary.mu.Unlock()
	for _, e := range c.diary.list {
		seen[e.Kind] = true
		if e.Kind == trace.AppStarted && e.At >= 0 {
			t.Errorf("the app started at %s, after t=0", e.At)
		}
		if e.Kind == trace.PacketIn && e.At < 0 && e.Header != nil && e.Header.IPDst == 0x0a000002 {
			t.Errorf("a ping came up at %s", e.At)
		}
		last = max(last, e.At)
	}
	for _, k := range []trace.Kind{trace.AppStarted, trace.SwitchUp, trace.SwitchDown, trace.RuleMod, trace.PacketIn, trace.PacketOut} {
		if !seen[k] {
			t.Errorf("the diary has no entry of kind %s", k)
		}
	}
	if last < 0 || last > 30*model.Second {
		t.Errorf("the last entry is at %s", last)
	}
}

func TestAnAppThatIsLostEndsTheRunIfItMust(t *testing.T) {
	n := chain(t)
	runtime, err := control.New(control.Config{Model: n, Address: addresses{n}, Apps: []control.Application{{Name: "router", Instance: lost{app.Local(&router{})}, FailRun: true}},
		Delays: func(model.NodeID) (up, down model.Time) { return 1, 1 }, Sink: trace.Discard{}})
	if err != nil {
		t.Fatal(err)
	}
	b := run(t, runtime, 0, nil, nil)
	if err := b.StartApps(t.Context()); err == nil || !strings.Contains(err.Error(), "router was lost") {
		t.Errorf("StartApps: %v", err)
	}
	if err := <-b.ended; err == nil || !strings.Contains(err.Error(), "router was lost") {
		t.Errorf("Run: %v", err)
	}
}

type lost struct{ app.Instance }

func (lost) Handle(context.Context, []app.Event, func(int, []app.Command)) error {
	return fmt.Errorf("it crashed")
}
