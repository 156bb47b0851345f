package embedded_test

import (
	"cmp"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/ovs/ovstest"
	"sendim/integrators/shell"
)

var update = flag.Bool("update", false, "write the golden files anew")

// lab is an Open vSwitch in a sandbox, and a controller that listens inside.
type lab struct {
	*bench
	t       testing.TB
	sandbox *netns.Sandbox
	ovs     *ovs.Instance
}

// place opens a sandbox with an Open vSwitch and a listener.
func place(t testing.TB) (*lab, net.Listener) {
	t.Helper()
	ovstest.Needs(t)
	s, v := ovstest.Start(t, "controller-test", t.TempDir(), ovs.Options{Datapath: ovs.Netdev})
	l, err := s.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, sandbox: s, ovs: v}, l
}

// newLab is a place with n bridges s1 to sn that dial the controller, which the driver
// answers. s1:1 and s2:1 are the ends of one cable; the others have no ports.
func newLab(t testing.TB, driver control.Driver, n int) *lab {
	t.Helper()
	l, listener := place(t)
	l.bench = run(t, driver, n, listener, nil)
	l.inside("ip link add s1-eth1 type veth peer name s2-eth1 && ip link set s1-eth1 up && ip link set s2-eth1 up")
	args := []string{"--no-wait"}
	for i := 1; i <= n; i++ {
		b := fmt.Sprintf("s%d", i)
		args = append(args, "--", "add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols="+protocol(t),
			fmt.Sprintf("other_config:datapath-id=%016x", i), "other_config:disable-in-band=true", "--", "set-controller", b, "tcp:"+l.addr)
		if i <= 2 {
			args = append(args, "--", "add-port", b, b+"-eth1", "--", "set", "interface", b+"-eth1", "ofport_request=1")
		}
	}
	l.vsctl(args...)
	l.wait(t, n)
	return l
}

func (l *lab) inside(script string) string {
	l.t.Helper()
	res, err := shell.Elsewhere(l.sandbox.Command, l.sandbox.Enter()...).Run(l.t.Context(), shell.Cmd{Argv: []string{"sh", "-ec", script}})
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

func (l *lab) vsctl(args ...string) {
	l.t.Helper()
	if _, err := l.ovs.Vsctl(l.t.Context(), args...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) ofctl(args ...string) string {
	l.t.Helper()
	out, err := exec.Command("ovs-ofctl", append([]string{"-O", protocol(l.t)}, args...)...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("ovs-ofctl %v: %v: %s", args, err, out)
	}
	return string(out)
}

func (l *lab) ask(what backend.Selector) []backend.Item {
	l.t.Helper()
	items, err := l.Ask(l.t.Context(), what)
	if err != nil {
		l.t.Fatal(err)
	}
	return items
}

func (l *lab) rules(sw model.NodeID) (out []flow.Rule) {
	l.t.Helper()
	for _, i := range l.ask(backend.Selector{Node: sw, Rules: true}) {
		out = append(out, i.Rule.Rule)
	}
	return out
}

func mod(r flow.Rule) control.Downcall {
	return control.Downcall{Kind: control.ModRule, Rule: &flow.RuleMod{Rule: r}}
}

// bucketID is what 1.5 has of a bucket beside what 1.3 has; buckets are numbered in order.
var bucketID = regexp.MustCompile(`bucket_id:\d+,`)

func polling() *script {
	s := newScript()
	s.polls = true
	return s
}

func TestARealSwitchHoldsWhatWasMeantAndSaysSo(t *testing.T) {
	inBoth(t, aRealSwitchHoldsWhatWasMeantAndSaysSo)
}

func aRealSwitchHoldsWhatWasMeantAndSaysSo(t *testing.T) {
	s := polling()
	l := newLab(t, s, 2)
	l.startApps(t)
	var all []control.Downcall
	for _, m := range wiretest.Meters() {
		all = append(all, control.Downcall{Kind: control.ModMeter, Meter: &flow.MeterMod{Meter: m}})
	}
	for _, g := range []int{2, 0, 1, 3} { // the last leads to the one before
		all = append(all, control.Downcall{Kind: control.ModGroup, Group: &flow.GroupMod{Group: wiretest.Groups()[g]}})
	}
	for _, r := range wiretest.Rules() {
		all = append(all, mod(r))
	}
	s.flush(t, 0, all...)
	for _, u := range s.seen {
		if u.Kind == control.Refusal {
			t.Errorf("refused: %s (xid %d)", u.Reason, u.Xid)
		}
	}

	want := flow.Canonical(wiretest.Rules())
	if diff := flow.Diff(want, l.rules(0)); len(diff) > 0 {
		t.Errorf("the rules come back different: %v", diff)
	}
	var dump []string
	for line := range strings.Lines(l.ofctl("--no-stats", "dump-flows", l.ovs.BridgeSocket("s1"))) {
		dump = append(dump, strings.TrimSpace(line))
	}
	slices.Sort(dump)
	for _, what := range []string{"dump-groups", "dump-meters"} {
		var part []string
		for line := range strings.Lines(l.ofctl(what, l.ovs.BridgeSocket("s1"))) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "OFPST") {
				part = append(part, bucketID.ReplaceAllString(line, ""))
			}
		}
		if what == "dump-groups" { // they come in no order; a meter has several lines
			slices.Sort(part)
		}
		dump = append(dump, part...)
	}
	golden := filepath.Join("testdata", "dump.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(dump, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if b, _ := os.ReadFile(golden); string(b) != strings.Join(dump, "\n")+"\n" {
		t.Errorf("ovs-ofctl shows something else than %s:\n%s", golden, strings.Join(dump, "\n"))
	}

	items := l.ask(backend.Everything())
	var groups []flow.Group
	var meters []flow.Meter
	for _, i := range items {
		switch {
		case i.Group != nil:
			if len(i.Group.Buckets) != len(i.Group.Group.Buckets) {
				t.Errorf("group %d has counters for %d of %d buckets", i.Group.Group.Number, len(i.Group.Buckets), len(i.Group.Group.Buckets))
			}
			groups = append(groups, i.Group.Group)
		case i.Meter != nil:
			meters = append(meters, i.Meter.Meter)
		case i.Port != nil && i.Port.Port != 1:
			t.Errorf("port %d", i.Port.Port)
		}
	}
	if len(groups) != len(wiretest.Groups()) {
		t.Errorf("%d groups", len(groups))
	}
	for i, g := range wiretest.Groups() {
		if groups[i].Number != g.Number || groups[i].Type != g.Type || len(groups[i].Buckets) != len(g.Buckets) {
			t.Errorf("group %+v, want %+v", groups[i], g)
			continue
		}
		for b := range g.Buckets {
			if x, y := groups[i].Buckets[b], g.Buckets[b]; x.Weight != y.Weight || x.WatchPort != y.WatchPort || x.WatchGroup != y.WatchGroup || flow.ActionsText(x.Actions) != flow.ActionsText(y.Actions) {
				t.Errorf("group %d bucket %d is %+v, want %+v", g.Number, b, x, y)
			}
		}
	}
	if !slices.Equal(meters, wiretest.Meters()) {
		t.Errorf("meters %+v, want %+v", meters, wiretest.Meters())
	}

	// Deletes reach what their filters leave, and no more.
	count := len(wiretest.Rules())
	for _, c := range []struct {
		name string
		mod  flow.RuleMod
		gone int
	}{
		{"by group", flow.RuleMod{Command: flow.Delete, AllTables: true, OutGroup: 2}, 1},
		{"by port", flow.RuleMod{Command: flow.Delete, AllTables: true, OutPort: flow.PortAll}, 1},
		{"by cookie", flow.RuleMod{Command: flow.Delete, AllTables: true, Rule: flow.Rule{Cookie: 0x89}, CookieMask: 0xff}, 1},
		{"by match", flow.RuleMod{Command: flow.Delete, Rule: flow.Rule{Match: flow.Match{}.With(flow.EthType, 0x0806)}}, 2},
		{"strictly", flow.RuleMod{Command: flow.DeleteStrict, Rule: wiretest.Rules()[1]}, 1},
		{"everything", flow.RuleMod{Command: flow.Delete, AllTables: true}, count - 6},
	} {
		s.flush(t, 0, control.Downcall{Kind: control.ModRule, Rule: &c.mod})
		if count -= c.gone; len(l.rules(0)) != count {
			t.Errorf("deleted %s: %d rules are left, want %d", c.name, len(l.rules(0)), count)
		}
	}
}

func TestPacketsGoOutAndComeUpAndAreCounted(t *testing.T) {
	inBoth(t, packetsGoOutAndComeUpAndAreCounted)
}

func packetsGoOutAndComeUpAndAreCounted(t *testing.T) {
	s := polling()
	l := newLab(t, s, 2)
	l.startApps(t)
	second := mod(flow.Rule{Cookie: 0x77, Apply: []flow.Action{flow.ToController()}})
	second.Switch = 1
	s.flush(t, 1, second)
	s.flush(t, 0,
		control.Downcall{Kind: control.ModMeter, Meter: &flow.MeterMod{Meter: flow.Meter{Number: 1, Rate: 1000000}}},
		control.Downcall{Kind: control.ModGroup, Group: &flow.GroupMod{Group: flow.Group{Number: 1, Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}}}},
		mod(flow.Rule{Priority: 5, Match: flow.Match{}.With(flow.EthType, 0x0800), Meter: 1, Apply: []flow.Action{{Type: flow.ToGroup, Arg: 1}}}))
	h := packet.Echo(0x020000000001, 0x020000000002, 0x0a000001, 0x0a000002, false)
	frame := packet.AppendPadded(nil, h, packet.EchoPayload(1, 2, []byte("there")))
	for range 3 {
		s.send(control.Downcall{Kind: control.SendPacket, Packet: &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(flow.PortTable)}, Frame: frame}})
	}
	for range 3 { // the ends of cables speak by themselves as well, in IPv6
		u := s.await(t, "packet-in", func(u control.Upcall) bool {
			return u.Kind == control.PacketIn && u.Packet.Header.EthType != packet.EthTypeIPv6
		})
		if p := u.Packet; u.Switch != 1 || p.InPort != 1 || p.Reason != flow.ReasonNoMatch || p.Cookie != 0x77 || p.Header.IPDst != 0x0a000002 || !slices.Equal(p.Bytes(), frame) || p.Length != len(frame) {
			t.Errorf("packet-in %+v", u.Packet)
		}
	}
	// The daemon brings the datapath's counters up every half second.
	var rule *flow.RuleStat
	var group *flow.GroupStat
	var meter *flow.MeterStat
	var port *flow.PortStat
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		for _, i := range l.ask(backend.Selector{Node: 0, Rules: true, Groups: true, Meters: true, Ports: true}) {
			rule, group, meter, port = cmp.Or(i.Rule, rule), cmp.Or(i.Group, group), cmp.Or(i.Meter, meter), cmp.Or(i.Port, port)
		}
		if rule.Counters.Packets == 3 && group.Counters.Packets == 3 || time.Now().After(deadline) {
			break
		}
	}
	size := uint64(3 * len(frame))
	if rule.Counters != (flow.Counters{Packets: 3, Bytes: size}) || rule.Age <= 0 || group.Counters != rule.Counters || group.Buckets[0] != rule.Counters {
		t.Errorf("rule %+v, group %+v", rule, group)
	}
	if port.Port != 1 || port.TxPackets < 3 || meter.Meter.Rate != 1000000 {
		t.Errorf("port %+v, meter %+v", port, meter)
	}
	s.send(control.Downcall{Kind: control.AskStats, Stats: &app.StatsRequest{Rules: true, Groups: true, Meters: true, Ports: true}})
	if u := s.await(t, "statistics", kind(control.StatsReply)); len(u.Stats.Rules) != 1 || len(u.Stats.Groups) != 1 || len(u.Stats.Meters) != 1 || len(u.Stats.Ports) != 1 || u.Xid == 0 {
		t.Errorf("statistics %+v", u.Stats)
	}
}

// A packet on its last hop comes up, as it does in the simulator; a switch says nothing of
// it unless it is asked to.
func TestAPacketOnItsLastHopComesUp(t *testing.T) { inBoth(t, aPacketOnItsLastHopComesUp) }

func aPacketOnItsLastHopComesUp(t *testing.T) {
	s := polling()
	l := newLab(t, s, 1)
	l.startApps(t)
	s.flush(t, 0, mod(flow.Rule{Priority: 5, Match: flow.Match{}.With(flow.EthType, 0x0800), Apply: []flow.Action{{Type: flow.DecTTL}, flow.Out(1)}, Cookie: 6}))
	h := packet.Echo(0x020000000001, 0x020000000002, 0x0a000001, 0x0a000002, false)
	h.TTL = 1
	s.send(control.Downcall{Kind: control.SendPacket, Packet: &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(flow.PortTable)}, Frame: packet.AppendPadded(nil, h, packet.EchoPayload(1, 2, nil))}})
	u := s.await(t, "packet-in", kind(control.PacketIn))
	if p := u.Packet; p.Reason != flow.ReasonInvalidTTL || p.Cookie != 6 || p.Header.IPDst != 0x0a000002 {
		t.Errorf("packet-in %+v", p)
	}
}

func TestRulesEndAndPortsGoDownAndSwitchesComeBack(t *testing.T) {
	inBoth(t, rulesEndAndPortsGoDownAndSwitchesComeBack)
}

func rulesEndAndPortsGoDownAndSwitchesComeBack(t *testing.T) {
	s := polling()
	l := newLab(t, s, 2)
	l.startApps(t)
	gone := flow.Rule{Priority: 9, Match: flow.Match{}.With(flow.EthSrc, 0x020000000009), Apply: []flow.Action{flow.Out(1)}, Cookie: 5, SendRemoved: true}
	brief := gone
	brief.Priority, brief.Hard = 8, 1
	s.flush(t, 0, mod(gone), mod(brief))
	s.send(control.Downcall{Kind: control.ModRule, Rule: &flow.RuleMod{Command: flow.DeleteStrict, Rule: gone}})
	for _, want := range []flow.RemovedReason{flow.RemovedDelete, flow.RemovedHard} {
		u := s.await(t, "removal", kind(control.RuleRemoved))
		if r := u.Removed; r.Reason != want || r.Rule.Cookie != 5 || !r.Rule.Match.Equal(gone.Match) || want == flow.RemovedHard && (r.Age < model.Second || r.Age > 4*model.Second) {
			t.Errorf("removed %+v, want for %s", r, want)
		}
	}

	l.inside("ip link set s2-eth1 down")
	for sw := range model.NodeID(2) { // one end is switched off, the other has lost its cable
		s.await(t, "port going down", func(u control.Upcall) bool {
			return u.Kind == control.PortStatus && u.Switch == sw && !u.Ports[0].Up && u.Ports[0].Port == 1
		})
	}
	l.inside("ip link set s2-eth1 up")
	s.await(t, "port coming up", func(u control.Upcall) bool { return u.Kind == control.PortStatus && u.Ports[0].Up })

	s.flush(t, 0,
		control.Downcall{Kind: control.ModGroup, Group: &flow.GroupMod{Group: flow.Group{Number: 7, Type: flow.FastFailover, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}}}},
		mod(flow.Rule{Apply: []flow.Action{{Type: flow.ToGroup, Arg: 98}}}),
		control.Downcall{Kind: control.ModMeter, Meter: &flow.MeterMod{Command: flow.Modify, Meter: flow.Meter{Number: 3, Rate: 1}}})
	for _, want := range []string{"bad action: no such group", "meter-mod failed: no such meter", "group-mod failed: invalid group"} {
		s.await(t, "refusal for "+want, func(u control.Upcall) bool { return u.Kind == control.Refusal && u.Reason == want })
	}

	l.vsctl("del-controller", "s1")
	if u := s.await(t, "loss", kind(control.SwitchLost)); u.Switch != 0 {
		t.Errorf("lost %d", u.Switch)
	}
	for range 2 { // introductions from before the start
		s.await(t, "introduction", kind(control.SwitchConnected))
	}
	l.vsctl("set-controller", "s1", "tcp:"+l.addr)
	if u := s.await(t, "return", kind(control.SwitchConnected)); u.Switch != 0 || len(u.Ports) != 1 || u.Ports[0].Name != "s1-eth1" || !u.Ports[0].Up {
		t.Errorf("returned %+v", u)
	}
}

func TestFiftySwitchesConnectAtOnce(t *testing.T) { inBoth(t, fiftySwitchesConnectAtOnce) }

func fiftySwitchesConnectAtOnce(t *testing.T) {
	s := polling()
	began := time.Now()
	l := newLab(t, s, 50)
	connected := time.Now()
	s.start = func() (out []control.Downcall) {
		for sw := range model.NodeID(50) {
			for p := range uint16(20) {
				out = append(out, rule(sw, p+1))
			}
			out = append(out, control.Downcall{Kind: control.Barrier, Switch: sw})
		}
		return out
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("barriers without an answer: %v; upcalls: %v", s.pending, s.kinds())
		}
	})
	l.startApps(t)
	t.Logf("50 bridges made and connected in %v, started with 20 rules each in %v", connected.Sub(began), time.Since(connected))
	items := l.ask(backend.Selector{Node: model.NoNode, Rules: true})
	if len(items) != 1000 || !slices.IsSortedFunc(items, func(a, b backend.Item) int { return cmp.Compare(a.Node, b.Node) }) {
		t.Errorf("%d rules", len(items))
	}
}

// BenchmarkRules is how fast rules come into force, by barrier, on one real switch, and
// how fast it can be asked for them.
func BenchmarkRules(b *testing.B) { rulesPerSecond(b) }

func rulesPerSecond(b *testing.B) {
	s := newScript()
	l := newLab(b, s, 1)
	s.start = func() (out []control.Downcall) {
		for i := range b.N {
			out = append(out, mod(flow.Rule{Priority: 5, Match: flow.Match{}.IPv4To(packet.IPv4(i), 32), Apply: []flow.Action{flow.Out(1)}}))
		}
		return append(out, control.Downcall{Kind: control.Barrier})
	}
	before := l.busy()
	b.ResetTimer()
	l.startApps(b)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rules/s")
	b.ReportMetric(float64(l.busy()-before)/float64(b.N), "switch-ns/op")
	began := time.Now()
	if n := len(l.rules(0)); n != b.N {
		b.Fatalf("%d of %d rules", n, b.N)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "read-back/s")
}

// BenchmarkRoundTrips sends a packet out, which comes up at the other switch, which
// sends the next: one at a time, and 64 under way.
func BenchmarkRoundTrips(b *testing.B) {
	for _, window := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d-under-way", window), func(b *testing.B) { tripsPerSecond(b, window) })
	}
}

func tripsPerSecond(b *testing.B, window int) {
	s := newScript()
	l := newLab(b, s, 2)
	h := packet.Echo(0x020000000001, 0x020000000002, 0x0a000001, 0x0a000002, false)
	out := control.Downcall{Kind: control.SendPacket, Packet: &flow.PacketOut{Actions: []flow.Action{flow.Out(1)}, Frame: packet.AppendPadded(nil, h, nil)}}
	done, left := make(chan bool), b.N
	s.react = func(u control.Upcall) []control.Downcall {
		again := u.Seq == 0 // the alarm: a busy datapath drops packets that nobody may wait for
		if !again && (u.Kind != control.PacketIn || u.Packet.Header.IPDst != h.IPDst) {
			return nil
		}
		s.seen, s.alarm = s.seen[:0], u.At+model.Second
		if again {
			return []control.Downcall{out}
		}
		if left--; left == 0 {
			close(done)
		}
		return []control.Downcall{out}
	}
	s.start = func() []control.Downcall {
		s.alarm = l.clock.Elapsed() + model.Second
		list := []control.Downcall{{Kind: control.ModRule, Switch: 1, Rule: &flow.RuleMod{Rule: flow.Rule{Apply: []flow.Action{flow.ToController()}}}}, {Kind: control.Barrier, Switch: 1}}
		return append(list, slices.Repeat([]control.Downcall{out}, window)...)
	}
	before := l.busy()
	b.ResetTimer()
	l.startApps(b)
	<-done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trips/s")
	b.ReportMetric(float64(l.busy()-before)/float64(b.N), "switch-ns/op")
}

// busy is how long ovs-vswitchd has worked so far, all its threads together; what else the
// machine does has little to do with it.
func (l *lab) busy() time.Duration {
	l.t.Helper()
	pids, err := l.sandbox.PIDs()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, pid := range pids {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		name, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); strings.HasSuffix(name, "(ovs-vswitchd") && len(f) > 12 {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			return time.Duration(user+system) * 10 * time.Millisecond // ticks
		}
	}
	l.t.Fatal("there is no ovs-vswitchd")
	return 0
}

// BenchmarkEncode is what writing a rule costs by itself.
func BenchmarkEncode(b *testing.B) {
	m := &flow.RuleMod{Rule: flow.Rule{Priority: 5, Match: flow.Match{}.IPv4To(0x0a000001, 32), Apply: []flow.Action{flow.Out(1)}}}
	for _, d := range []wire.Dialect{wire.V13{}, wire.V15{}} {
		b.Run("OpenFlow-"+d.Version().String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := d.RuleMod(1, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVersions measures the same in both versions with the same switch.
func BenchmarkVersions(b *testing.B) {
	for _, c := range []struct {
		name    string
		measure func(b *testing.B)
	}{
		{"rules", rulesPerSecond},
		{"trips", func(b *testing.B) { tripsPerSecond(b, 1) }},
		{"many-trips", func(b *testing.B) { tripsPerSecond(b, 64) }},
	} {
		for _, v := range []wire.Version{wire.Version13, wire.Version15} {
			b.Run(c.name+"/OpenFlow-"+v.String(), c.measure)
		}
	}
}

// BenchmarkReturn is how long a real switch that holds what is wanted, but for one rule,
// takes from being told where its controller is until it has acknowledged everything:
// dialling, being read, compared and repaired. The time of ovs-vsctl is in it.
func BenchmarkReturn(b *testing.B) {
	for _, rules := range []int{100, 10000} {
		b.Run(fmt.Sprintf("%d-rules", rules), func(b *testing.B) {
			a := &many{rules: rules, back: make(chan bool, 1)}
			l, listener := place(b)
			l.bench = run(b, nil, 2, listener, driven(b, chain(b), "many", a, trace.Discard{}))
			l.vsctl("add-br", "s1", "--", "set", "bridge", "s1", "datapath_type=netdev", "fail_mode=secure", "protocols=OpenFlow13", fmt.Sprintf("other_config:datapath-id=%016x", 1),
				"other_config:disable-in-band=true", "--", "set-controller", "s1", "tcp:"+l.addr)
			l.wait(b, 1)
			l.startApps(b)
			for b.Loop() {
				b.StopTimer()
				l.vsctl("set-controller", "s1", "tcp:127.0.0.1:1")
				l.ofctl("--strict", "del-flows", l.ovs.BridgeSocket("s1"), "priority=5,ip,nw_dst=0.0.0.7")
				b.StartTimer()
				l.vsctl("set-controller", "s1", "tcp:"+l.addr)
				<-a.back
			}
			if n := len(l.rules(0)); n != rules {
				b.Fatalf("%d of %d rules", n, rules)
			}
		})
	}
}

// many is an app that wants so many rules, and to know when its switch has come back and
// has them.
type many struct {
	rules int
	back  chan bool
}

func (*many) Manifest() app.Manifest { return app.Manifest{Name: "many", Version: "1", Tables: 1} }

func (m *many) React(e *app.Event, out *app.Commands) {
	rule := func(i int) flow.Rule {
		return flow.Rule{Priority: 5, Match: flow.Match{}.IPv4To(packet.IPv4(i), 32), Apply: []flow.Action{flow.Out(1)}}
	}
	switch {
	case e.Kind == app.KindTopology:
		for i := range m.rules {
			out.Install(0, rule(i))
		}
	case e.Kind == app.KindSwitch && e.Switch.Up:
		out.Install(0, rule(7))
		out.Acknowledge()
	case e.Kind == app.KindApplied:
		m.back <- true
	}
}
