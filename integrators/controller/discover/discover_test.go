package discover

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/descriptors"
	"sendim/integrators/controller/probe"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/ovs/ovstest"
	"sendim/integrators/shell"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == netns.Subcommand {
		os.Exit(netns.SandboxMain(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

// town is a network that the test plays: what a switch sends out of a port comes in where
// the cable goes.
type town struct {
	t      *testing.T
	s      *scout
	now    model.Time
	cables map[spot]spot
	rules  map[model.NodeID]int
	asked  map[spot]int // for addresses
	mute   map[spot]bool
}

func newTown(t *testing.T, o Options) *town {
	o.Quiet, o.Interval = 3*model.Second, model.Second
	w := &town{t: t, s: newScout(o, func(n model.NodeID) uint64 { return 0x100 - uint64(n) }), cables: map[spot]spot{}, rules: map[model.NodeID]int{}, asked: map[spot]int{}, mute: map[spot]bool{}}
	if err := w.s.Start(1); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *town) cable(a model.NodeID, ap uint32, b model.NodeID, bp uint32) {
	w.cables[spot{a, ap}], w.cables[spot{b, bp}] = spot{b, bp}, spot{a, ap}
}

func (w *town) connect(n model.NodeID, ports uint32, held ...flow.Rule) {
	u := control.Upcall{Kind: control.SwitchConnected, Switch: n, At: w.now, Stats: &app.Stats{}}
	for p := range ports {
		u.Ports = append(u.Ports, flow.PortState{Port: p + 1, Up: true, MAC: packet.MAC(0x020000000000) | packet.MAC(n)<<8 | packet.MAC(p+1)})
	}
	for _, r := range held {
		u.Stats.Rules = append(u.Stats.Rules, flow.RuleStat{Rule: r})
	}
	w.s.Up(u)
}

func (w *town) come(at spot, frame []byte) {
	h, _, _ := packet.Decode(frame)
	w.s.Up(control.Upcall{Kind: control.PacketIn, Switch: at.node, At: w.now, Packet: &control.Packet{InPort: at.port, Header: h, Length: len(frame), Bytes: func() []byte { return frame }}})
}

// until lets time pass until the look is over.
func (w *town) until(limit model.Time) bool {
	for ; w.now < limit; w.now += 100 * model.Millisecond {
		down, err := w.s.React(context.Background(), w.now+1)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range down {
			switch d.Kind {
			case control.ModRule:
				if d.Rule.Rule.Cookie != cookie {
					w.t.Errorf("a rule with cookie %#x", d.Rule.Rule.Cookie)
				}
				if d.Rule.Command == flow.Delete {
					w.rules[d.Switch] = 0
				} else {
					w.rules[d.Switch]++
				}
			case control.SendPacket:
				at := spot{d.Switch, d.Packet.Actions[0].Arg}
				if h, _, _ := packet.Decode(d.Packet.Frame); h.EthType == packet.EthTypeARP {
					w.asked[at]++
				}
				if to, there := w.cables[at]; there && !w.mute[at] {
					w.come(to, d.Packet.Frame)
				}
			case control.Barrier:
				w.s.Up(control.Upcall{Kind: control.BarrierReply, Switch: d.Switch, At: w.now, Xid: d.Xid})
			}
		}
		select {
		case <-w.s.done:
			return true
		default:
		}
	}
	return false
}

func (f *Found) text() string {
	var b strings.Builder
	for i, s := range f.Switches {
		fmt.Fprintf(&b, "s%d %#x\n", i+1, s.DPID)
	}
	for _, l := range f.Links {
		fmt.Fprintf(&b, "s%d:%d s%d:%d\n", l.A.Switch+1, l.A.Port, l.B.Switch+1, l.B.Port)
	}
	for _, h := range f.Hosts {
		fmt.Fprintf(&b, "s%d:%d %s %s\n", h.At.Switch+1, h.At.Port, h.MAC, h.IP)
	}
	return b.String() + strings.Join(f.Notes, "\n")
}

func TestANetworkIsFoundAsItIs(t *testing.T) {
	w := newTown(t, Options{Name: "t", Key: [32]byte{7}, Switches: 3, Ask: []packet.IPv4{0x0a000005}})
	w.cable(0, 1, 1, 1)
	w.cable(1, 2, 2, 2)
	w.cable(0, 2, 1, 3) // parallel to the first
	w.cable(2, 3, 0, 4) // comes through one way only
	w.mute[spot{0, 4}] = true
	w.connect(0, 5)
	w.connect(1, 5)
	if w.until(20 * model.Second) {
		t.Fatal("over before the third switch is there")
	}
	w.connect(2, 5, flow.Rule{Apply: []flow.Action{flow.Out(1)}})
	h := packet.ARPRequest(0x0a0000000001, 0x0a000001, 0x0a000005)
	w.come(spot{0, 3}, packet.AppendPadded(nil, h, nil))
	w.come(spot{1, 1}, packet.AppendPadded(nil, h, nil)) // flooded on
	for i := range packet.MAC(2) {
		w.come(spot{1, 5}, packet.AppendPadded(nil, packet.Echo(0x0a0000000010+i, 1<<40, 0x0a000010+packet.IPv4(i), 1, false), nil))
	}
	forged := probe.Seal{Key: [32]byte{8}}
	w.come(spot{2, 4}, forged.Frame(probe.Note{DPID: 0x100, Port: 4, Sent: w.now}))
	if !w.until(60 * model.Second) {
		t.Fatal("the look does not end")
	}
	if w.rules[0] != 0 || w.rules[1] != 0 || w.rules[2] != 0 {
		t.Errorf("rules are left: %v", w.rules)
	}
	got := w.s.found().text()
	want := `s1 0xfe
s2 0xff
s3 0x100
s1:2 s2:2
s2:1 s3:1
s2:3 s3:2
s3:3 0a:00:00:00:00:01 10.0.0.1
switch 0xfe has a rule of its own where the look would put "any": what that one handles is not seen
"dpid:0000000000000100" speaks LLDP at port 4 of switch 0xfe and no OpenFlow here
LLDP came from port 3 of switch 0xfe to port 4 of switch 0x100 and not the other way: no link
2 hosts speak at port 5 of switch 0xff: there is something between that speaks no OpenFlow`
	if got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
	if w.asked[spot{0, 5}] == 0 || w.asked[spot{0, 1}] > 1 {
		t.Errorf("asked for addresses: %v", w.asked)
	}
	n, err := w.s.found().Network()
	if err != nil {
		t.Fatal(err)
	}
	names, err := naming.New(n)
	if err != nil {
		t.Fatal(err)
	}
	h1, _ := n.NodeByName("h1")
	s3, _ := n.NodeByName("s3")
	if ip, _ := names.IP(h1); names.DPID(s3) != 0x100 || ip != 0x0a000001 || n.LinkCount() != 4 {
		t.Errorf("modelled as %#x, %v, %d links", names.DPID(s3), ip, n.LinkCount())
	}
	var text strings.Builder
	if err := descriptors.Encode(&text, n); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`dpid="0x100"`, `mac="0a:00:00:00:00:01"`, `from="s2:3"`} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the descriptor lacks %s:\n%s", part, text.String())
		}
	}
}

// A ring of four real switches that nobody has described, with two hosts, one of whom
// only answers.
func TestARealNetworkIsFoundAndLeftAsItWas(t *testing.T) {
	ovstest.Needs(t)
	s, v := ovstest.Start(t, "discover-test", t.TempDir(), ovs.Options{Datapath: ovs.Netdev})
	l, err := s.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inside := shell.Elsewhere(s.Command, s.Enter()...)
	if _, err := inside.Run(t.Context(), shell.Cmd{Argv: []string{"bash", "-ec", `for i in 1 2 3 4; do j=$((i%4+1)); ip link add s$i-eth1 type veth peer name s$j-eth2; ip link set s$i-eth1 up; ip link set s$j-eth2 up; done
for i in 1 3; do ip netns add h$i; ip link add s$i-eth3 type veth peer name eth0 netns h$i; ip link set s$i-eth3 up
ip -n h$i link set eth0 address 0a:00:00:00:00:0$i up; ip -n h$i addr add 10.0.0.$i/24 dev eth0; done`}}); err != nil {
		t.Fatal(err)
	}
	args := []string{"show"}
	for i := 1; i <= 4; i++ {
		b := fmt.Sprintf("s%d", i)
		args = append(args, "--", "add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols=OpenFlow13", fmt.Sprintf("other_config:datapath-id=%016x", 16*i),
			"other_config:disable-in-band=true", "--", "set-controller", b, "tcp:"+l.Addr().String())
		for p := 1; p <= 2+i%2; p++ {
			args = append(args, "--", "add-port", b, fmt.Sprintf("%s-eth%d", b, p), "--", "set", "interface", fmt.Sprintf("%s-eth%d", b, p), fmt.Sprintf("ofport_request=%d", p))
		}
	}
	if _, err := v.Vsctl(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
	ofctl := func(args ...string) string {
		out, err := exec.Command("ovs-ofctl", append([]string{"-O", "OpenFlow13"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	ofctl("add-flow", v.BridgeSocket("s2"), "priority=7,tcp,tcp_flags=+syn,actions=drop") // no word for it here
	talk, quiet := context.WithCancel(t.Context())
	defer quiet()
	go inside.Run(talk, shell.Cmd{Argv: []string{"ip", "netns", "exec", "h1", "ping", "-i", "0.2", "10.0.0.77"}}) //nolint:errcheck // it ends with the test
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	f, err := Look(ctx, l, Options{Switches: 4, Key: [32]byte{5}, Quiet: 2 * model.Second, Interval: 300 * model.Millisecond, Ask: []packet.IPv4{0x0a000003}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `s1 0x10
s2 0x20
s3 0x30
s4 0x40
s1:1 s2:2
s1:2 s4:1
s2:1 s3:2
s3:1 s4:2
s1:3 0a:00:00:00:00:01 10.0.0.1
s3:3 0a:00:00:00:00:03 10.0.0.3
`
	if got := f.text(); got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
	for i := 1; i <= 4; i++ {
		lines := slices.Collect(strings.Lines(ofctl("--no-stats", "dump-flows", v.BridgeSocket(fmt.Sprintf("s%d", i)))))
		if want := map[bool]int{true: 1}[i == 2]; len(lines) != want {
			t.Errorf("s%d is left with %q", i, lines)
		}
	}
}
