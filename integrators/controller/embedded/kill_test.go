package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
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
	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs/ovstest"
	"sendim/integrators/shell"
)

// mortal is an Open vSwitch in a sandbox whose daemons can be killed and started again,
// as by an init system, and a controller.
type mortal struct {
	*bench
	t       testing.TB
	sandbox *netns.Sandbox
	run     shell.Runner
	dir     string
}

const (
	databaseDaemon = "ovsdb-server"
	switchDaemon   = "ovs-vswitchd"
	daemonDir      = "/run/openvswitch"
)

func newMortal(t testing.TB) *mortal {
	t.Helper()
	ovstest.Needs(t)
	label := labtest.Label(t)
	t.Cleanup(func() { // once it is closed
		if left, err := netns.Leftovers(label); err != nil || len(left) > 0 {
			t.Errorf("left over: %v %v", left, err)
		}
	})
	s := netnstest.Open(t, label, t.TempDir())
	m := &mortal{t: t, sandbox: s, run: shell.Elsewhere(s.Command, s.Enter()...), dir: filepath.Join(s.RunDir(), netns.SwitchDir)}
	m.inside("ovsdb-tool", "create", daemonDir+"/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
	m.start(databaseDaemon)
	m.vsctl("--no-wait", "init")
	m.start(switchDaemon)
	return m
}

func (m *mortal) inside(argv ...string) string {
	m.t.Helper()
	res, err := m.run.Run(m.t.Context(), shell.Cmd{Argv: argv})
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

func (m *mortal) vsctl(args ...string) {
	m.t.Helper()
	m.inside(append([]string{"ovs-vsctl", "--db=unix:" + daemonDir + "/db.sock"}, args...)...)
}

func (m *mortal) start(daemon string) {
	m.t.Helper()
	argv := []string{daemon, "--pidfile", "--no-chdir", "--detach", "--log-file=" + daemonDir + "/" + daemon + ".log", "-vconsole:emer", "-vsyslog:off"}
	if daemon == databaseDaemon {
		argv = append(argv, daemonDir+"/conf.db", "--remote=punix:"+daemonDir+"/db.sock")
	} else {
		argv = append(argv, "unix:"+daemonDir+"/db.sock")
	}
	if _, err := m.run.Run(m.t.Context(), shell.Cmd{Argv: argv, Env: []string{"OVS_RUNDIR=" + daemonDir, "OVS_LOGDIR=" + daemonDir, "OVS_DBDIR=" + daemonDir}}); err != nil {
		m.t.Fatal(err)
	}
}

// kill ends a daemon with signal 9.
func (m *mortal) kill(daemon string) {
	m.t.Helper()
	pids, err := m.sandbox.PIDs()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, pid := range pids {
		if name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm")); strings.TrimSpace(string(name)) == daemon {
			if p, err := os.FindProcess(pid); err != nil || p.Kill() != nil {
				m.t.Fatalf("killing %s: %v", daemon, err)
			}
			for range 20000 { // the lock on its pid file goes with its last file
				if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid))); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
			m.t.Fatalf("%s does not die", daemon)
		}
	}
	m.t.Fatalf("there is no %s", daemon)
}

// bridges makes bridges with these datapath ids that dial the controller; more is added
// to the same transaction.
func (m *mortal) bridges(n int, more ...string) {
	m.t.Helper()
	args := []string{"--no-wait"}
	for i := 1; i <= n; i++ {
		b := fmt.Sprintf("s%d", i)
		args = append(args, "--", "add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols="+protocol(m.t),
			fmt.Sprintf("other_config:datapath-id=%016x", i), "other_config:disable-in-band=true", "--", "set-controller", b, "tcp:"+m.addr)
	}
	m.vsctl(append(args, more...)...)
}

// hosts makes s1 and s2, each with a host, h1 and h2, that know each other, and has them dial
// the controller.
func (m *mortal) hosts() {
	m.t.Helper()
	m.inside("sh", "-ec", `ip link add s1-eth1 type veth peer name s2-eth1; ip link set s1-eth1 up; ip link set s2-eth1 up
for i in 1 2; do ip netns add h$i; ip link add s$i-eth2 type veth peer name eth0 netns h$i; ip link set s$i-eth2 up
ip -n h$i link set eth0 address 02:00:00:00:00:0$i up; ip -n h$i addr add 10.0.0.$i/24 dev eth0; done
for i in 1 2; do ip -n h$i neigh replace 10.0.0.$((3-i)) lladdr 02:00:00:00:00:0$((3-i)) dev eth0 nud permanent; done`)
	var ports []string
	for _, p := range []string{"s1-eth1", "s1-eth2", "s2-eth1", "s2-eth2"} {
		ports = append(ports, "--", "add-port", p[:2], p, "--", "set", "interface", p, "ofport_request="+p[len(p)-1:])
	}
	m.bridges(2, ports...)
}

// holds is what all switches hold, without counters.
func (b *bench) holds(t testing.TB) string {
	t.Helper()
	items, err := b.Ask(t.Context(), backend.Selector{Node: model.NoNode, Rules: true, Groups: true, Meters: true})
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, i := range items {
		switch {
		case i.Rule != nil:
			lines = append(lines, fmt.Sprintf("%d %s", i.Node, i.Rule.Rule))
		case i.Group != nil:
			lines = append(lines, fmt.Sprintf("%d group %+v", i.Node, i.Group.Group))
		case i.Meter != nil:
			lines = append(lines, fmt.Sprintf("%d meter %+v", i.Node, i.Meter.Meter))
		}
	}
	return strings.Join(lines, "\n")
}

// right waits until the switches hold what they should.
func (m *mortal) right(after string, n int, want string) {
	m.t.Helper()
	began := time.Now()
	for len(m.Connected()) < n || m.holds(m.t) != want {
		if time.Since(began) > 60*time.Second {
			m.t.Fatalf("%s: %d of %d switches are there, which hold\n%.2000s\nwant\n%.2000s\ndiary %v", after, len(m.Connected()), n, m.holds(m.t), want, m.flushed())
		}
		time.Sleep(5 * time.Millisecond)
	}
	m.t.Logf("%s: right again after %v", after, time.Since(began).Round(time.Millisecond))
}

// Open vSwitch's daemons die in the middle of traffic, in turn, and are started again.
// Without ovsdb-server the datapath in user space stands still, and OpenFlow with it (3.1
// does nothing while it does not hold the database's lock); with ovs-vswitchd goes the
// datapath, and the controller puts back into the new one what is wanted.
func TestDaemonsThatAreKilledComeBackToWhatIsWanted(t *testing.T) {
	inBoth(t, daemonsThatAreKilledComeBackToWhatIsWanted)
}

func daemonsThatAreKilledComeBackToWhatIsWanted(t *testing.T) {
	m := newMortal(t)
	listener, err := m.sandbox.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixed{}
	m.bench = run(t, nil, 2, listener, driven(t, chain(t), "fixed", f))
	m.hosts()
	m.wait(t, 2)
	m.startApps(t)
	want := m.holds(t)
	if n := strings.Count(want, "\n") + 1; n != 46 {
		t.Fatalf("%d things are there:\n%s", n, want)
	}
	ping := func(count int, args ...string) (received int) {
		res, _ := m.run.Run(t.Context(), shell.Cmd{Argv: append([]string{"ip", "netns", "exec", "h1", "ping", "-q", "-W", "1", "-c", strconv.Itoa(count), "10.0.0.2"}, args...)})
		if i := strings.Index(string(res.Stdout), "transmitted, "); i >= 0 {
			fmt.Sscanf(string(res.Stdout)[i:], "transmitted, %d received", &received)
		}
		return received
	}
	through := make(chan int, 1)
	for _, daemon := range []string{databaseDaemon, switchDaemon, switchDaemon} {
		go func() { through <- ping(500, "-i", "0.002") }()
		time.Sleep(200 * time.Millisecond)
		m.kill(daemon)
		m.start(daemon)
		if daemon == databaseDaemon {
			m.vsctl("set", "Open_vSwitch", ".", "external_ids:back=true") // returns when ovs-vswitchd has it
		}
		m.right(daemon+" killed", 2, want)
		t.Logf("%s killed: %d of 500 echoes", daemon, <-through)
		if got := ping(20, "-i", "0.01", "-W", "10"); got != 20 {
			t.Errorf("after the death of %s %d of 20 echoes", daemon, got)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if len(f.failed) > 0 {
		t.Errorf("told to have failed: %+v", f.failed)
	}
}

// street is many switches in a row; nothing is connected, for who only looks at tables.
func street(t testing.TB, switches int) *model.Network {
	t.Helper()
	b := model.NewBuilder("street")
	for i := range switches {
		b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// everywhere is an app that wants the same number of rules at every switch.
type everywhere struct{ rules int }

func (everywhere) Manifest() app.Manifest {
	return app.Manifest{Name: "everywhere", Version: "1", Tables: 1}
}

func (w everywhere) React(e *app.Event, out *app.Commands) {
	if e.Kind != app.KindTopology {
		return
	}
	for _, s := range e.Topology.Switches {
		for i := range w.rules {
			out.Install(s.ID, flow.Rule{Priority: 5, Match: flow.Match{}.IPv4To(packet.IPv4(i), 32), Apply: []flow.Action{flow.Out(1)}})
		}
	}
}

func TestTwoHundredSwitchesConnectAtOnceAndAgainAfterTheirDaemonWasKilled(t *testing.T) {
	const switches, rules = 200, 20
	m := newMortal(t)
	listener, err := m.sandbox.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.bench = run(t, nil, switches, listener, driven(t, street(t, switches), "everywhere", everywhere{rules}))
	began := time.Now()
	m.bridges(switches)
	m.wait(t, switches)
	connected := time.Now()
	m.startApps(t)
	t.Logf("%d bridges made and connected in %v, started with %d rules each in %v", switches, connected.Sub(began), rules, time.Since(connected))
	want := m.holds(t)
	if n := strings.Count(want, "\n") + 1; n != switches*rules {
		t.Fatalf("%d rules", n)
	}
	m.kill(switchDaemon)
	m.start(switchDaemon)
	m.right("ovs-vswitchd killed", switches, want)
	lost := 0
	m.clock.Flush()
	m.diary.mu.Lock()
	for _, e := range m.diary.list {
		if e.Kind == trace.SwitchDown {
			lost++
		}
	}
	m.diary.mu.Unlock()
	if lost != switches {
		t.Errorf("%d switches were noted as lost", lost)
	}
}

// mortalApp is lost with the first event after it was told to die, as one whose process
// was killed.
type mortalApp struct {
	app.Instance
	dead atomic.Bool
}

func (m *mortalApp) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	if m.dead.Load() {
		return errors.New("signal: killed")
	}
	return m.Instance.Handle(ctx, events, emit)
}

// An app dies, and then the switches lose everything: what it wanted is what they get.
func TestTheRulesOfAnAppThatDiedOutliveTheirSwitch(t *testing.T) {
	const switches = 5
	m := newMortal(t)
	listener, err := m.sandbox.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &mortalApp{Instance: app.Local(everywhere{rules: 30})}
	n := street(t, switches)
	m.bench = run(t, nil, switches, listener, func(cfg *embedded.Config) {
		if cfg.Driver, err = control.New(control.Config{Model: n, Address: addresses{n}, Apps: []control.Application{{Name: "everywhere", Instance: a}},
			Delays: func(model.NodeID) (up, down model.Time) { return 1, 1 }, Sink: cfg.Clock}); err != nil {
			t.Fatal(err)
		}
	})
	m.bridges(switches)
	m.wait(t, switches)
	m.startApps(t)
	want := m.holds(t)
	if n := strings.Count(want, "\n") + 1; n != switches*30 {
		t.Fatalf("%d rules", n)
	}
	a.dead.Store(true)
	for range 2 { // at the first the app is lost, at the second there is none
		m.kill(switchDaemon)
		m.start(switchDaemon)
		m.right("app and ovs-vswitchd killed", switches, want)
	}
}
