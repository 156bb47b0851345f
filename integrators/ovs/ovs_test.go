package ovs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
	"sendim/integrators/ovs/ovstest"
	"sendim/integrators/shell"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case netns.Subcommand:
			os.Exit(netns.SandboxMain(os.Args[2:]))
		case "doomed-parent":
			os.Exit(doomedParent(os.Args[2], os.Args[3]))
		}
	}
	goleak.VerifyTestMain(m)
}

func need(t testing.TB, programs ...string) {
	t.Helper()
	ovstest.Needs(t, append(programs, "ping", "ethtool")...)
}

func start(t testing.TB, label, dir string) (*netns.Sandbox, *ovs.Instance) {
	t.Helper()
	return ovstest.Start(t, label, dir, ovs.Options{})
}

// bridge makes a bridge br0 with two hosts on it.
const bridge = `ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev fail_mode=standalone
	for i in 1 2; do
		ip netns add h$i
		ip link add s1-eth$i type veth peer name eth0 netns h$i
		ip link set s1-eth$i up
		ip -n h$i addr add 10.0.0.$i/24 dev eth0
		ip -n h$i link set eth0 up
		ip netns exec h$i ethtool -K eth0 tx off >/dev/null
		ovs-vsctl add-port br0 s1-eth$i
	done
`

func TestTwoHostsReachEachOtherThroughABridgeOfItsOwn(t *testing.T) {
	need(t)
	s, v := start(t, "bridge", t.TempDir())
	netnstest.Inside(t, s, bridge)
	if got := netnstest.Inside(t, s, "ip netns exec h1 ping -c3 -i0.05 -W10 10.0.0.2 | grep -o '[0-9]* received'"); got != "3 received" {
		t.Error(got)
	}
	if got, err := v.Vsctl(t.Context(), "list-ports", "br0"); err != nil || got != "s1-eth1\ns1-eth2" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := v.Vsctl(t.Context(), "get", "Open_vSwitch", ".", "external_ids:sendim-run"); err != nil || got != "bridge" && got != `"bridge"` {
		t.Errorf("label %q %v", got, err)
	}
	if got, err := v.Appctl(t.Context(), "dpif/show"); err != nil || !strings.Contains(got, "br0") {
		t.Errorf("%q %v", got, err)
	}
	if out, err := exec.Command("ovs-ofctl", "show", v.BridgeSocket("br0")).CombinedOutput(); err != nil {
		t.Errorf("%s %v", out, err)
	}
	_, err := v.Vsctl(t.Context(), "add-br", "br0")
	if err == nil || !strings.Contains(err.Error(), "command failed: ovs-vsctl --db=unix:") || !strings.Contains(err.Error(), "already exists") {
		t.Error(err)
	}
	if !strings.Contains(v.Version(), ".") {
		t.Errorf("version %q", v.Version())
	}
	if err := v.Stop(5 * time.Second); err != nil || v.Err() != nil {
		t.Error(err, v.Err())
	}
	if found, _ := s.PIDs(); len(found) != 1 {
		t.Errorf("after Stop: %d processes", len(found))
	}
}

func TestClosingASandboxWithPortsLeavesNoFileOpen(t *testing.T) {
	need(t)
	files := func() (open []string) {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if to, err := os.Readlink("/proc/self/fd/" + name.Name()); err == nil {
				open = append(open, to)
			}
		}
		return open
	}
	// Once to open what the runtime keeps open for itself.
	for round := range 2 {
		before := files()
		s, v := start(t, "files", t.TempDir())
		netnstest.Inside(t, s, bridge)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		<-v.Done()
		if err := v.Err(); !errors.Is(err, netns.ErrGone) {
			t.Error(err)
		}
		if after := files(); round == 1 && len(after) > len(before) {
			t.Errorf("open before %q\nafter %q", before, after)
		}
	}
}

func TestADeepDirectoryIsReachedAllTheSame(t *testing.T) {
	need(t)
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	_, v := start(t, "deep", dir)
	path := strings.TrimPrefix(v.Database(), "unix:")
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, err := v.Vsctl(t.Context(), "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev"); err != nil {
		t.Error(err)
	}
}

func TestTwoInstancesOfTheSameNamesDoNotMeet(t *testing.T) {
	need(t)
	a, va := start(t, "a", t.TempDir())
	b, vb := start(t, "b", t.TempDir())
	netnstest.Inside(t, a, bridge)
	netnstest.Inside(t, b, bridge)
	if _, err := va.Vsctl(t.Context(), "del-br", "br0"); err != nil {
		t.Fatal(err)
	}
	if got, err := vb.Vsctl(t.Context(), "list-br"); err != nil || got != "br0" {
		t.Errorf("%q %v", got, err)
	}
	netnstest.Inside(t, b, "ip netns exec h1 ping -c1 -W10 10.0.0.2")
}

func TestADaemonThatDiesIsNoticedAndQuoted(t *testing.T) {
	need(t)
	s, v := start(t, "dies", t.TempDir())
	netnstest.Inside(t, s, "kill -9 $(cat /run/openvswitch/ovs-vswitchd.pid)")
	<-v.Done()
	if err := v.Err(); err == nil || !strings.Contains(err.Error(), "ovs-vswitchd ended") || !strings.Contains(err.Error(), "killed") {
		t.Error(err)
	}
	// What would wait for the dead daemon does not.
	if _, err := v.Vsctl(t.Context(), "add-br", "br0"); err == nil {
		t.Error("no error")
	}
}

func TestStartingTwiceInOneDirectoryIsRefused(t *testing.T) {
	need(t)
	s, _ := start(t, "twice", t.TempDir())
	if _, err := ovs.Start(t.Context(), s, ovs.Options{}); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Error(err)
	}
}

// impatient gives up when somebody first speaks with the database, which is when one daemon
// is up and the other is not.
type impatient struct {
	shell.Runner
	giveUp func()
}

func (r impatient) Run(ctx context.Context, c shell.Cmd) (shell.Result, error) {
	if c.Argv[0] == "ovs-vsctl" {
		r.giveUp()
	}
	return r.Runner.Run(ctx, c)
}

func TestAnImpatientStartLeavesNoDaemon(t *testing.T) {
	need(t)
	s := netnstest.Open(t, "impatient", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := ovs.Start(ctx, s, ovs.Options{Datapath: ovs.Netdev, Tools: impatient{shell.Local(), cancel}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if found, _ := s.PIDs(); len(found) != 1 {
		t.Errorf("%d processes are left", len(found))
	}
}

func TestTheBetterDatapathIsTakenAndNoneIsAnError(t *testing.T) {
	for _, c := range []struct {
		f    netns.Features
		want ovs.Datapath
		err  error
	}{
		{netns.Features{SwitchDatapath: true, Tap: true}, ovs.System, nil},
		{netns.Features{Tap: true}, ovs.Netdev, nil},
		{netns.Features{Veth: true}, "", ovs.ErrNoDatapath},
	} {
		if got, err := ovs.DatapathFor(c.f); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%+v: %q %v", c.f, got, err)
		}
	}
}

func TestMininetRunsInsideUnchanged(t *testing.T) {
	need(t, "mn", "/usr/bin/python3")
	s, v := start(t, labtest.Label(t), t.TempDir())
	script, err := filepath.Abs("testdata/two.py")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	res, err := shell.Elsewhere(s.Command, s.Enter()...).Run(t.Context(), shell.Cmd{Argv: []string{"/usr/bin/python3", script}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("Mininet, start to stop: %v", time.Since(began))
	if got := strings.TrimSpace(string(res.Stdout)); got != "loss 0" {
		t.Errorf("%q; stderr %s", got, res.Stderr)
	}
	if got, err := v.Vsctl(t.Context(), "list-br"); err != nil || got != "" {
		t.Errorf("bridges left: %q %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if found, err := netns.Leftovers(s.Label()); err != nil || len(found) > 0 {
		t.Errorf("left: %v %v", found, err)
	}
}

// doomedParent brings up a network and waits to be killed.
func doomedParent(dir, label string) int {
	ctx := context.Background()
	s, err := netns.Open(ctx, netns.Options{Label: label, RunDir: dir})
	if err == nil {
		_, err = ovs.Start(ctx, s, ovs.Options{})
	}
	if err == nil {
		_, err = shell.Elsewhere(s.Command).Run(ctx, shell.Cmd{Argv: []string{"sh", "-ec", bridge +
			"ip netns exec h1 setsid sleep 1000 >/dev/null 2>&1 & ip netns exec h1 ping -c1 -W10 10.0.0.2"}})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.PID())
	select {}
}

func TestKillingTheParentTakesTheWholeNetworkAlong(t *testing.T) {
	need(t, "setsid")
	dir := t.TempDir()
	label := labtest.Label(t)
	parent := exec.Command("/proc/self/exe", "doomed-parent", dir, label)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer parent.Process.Kill()
	line := make([]byte, 4096)
	n, _ := out.Read(line)
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatalf("the parent said %q", line[:n])
	}
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		t.Fatal(err)
	}
	members := func() (pids []string) {
		links, _ := filepath.Glob("/proc/[0-9]*/ns/pid")
		for _, link := range links {
			if name, err := os.Readlink(link); err != nil || name != space {
				continue
			}
			// A dead helper is a zombie until the machine's init has the time.
			stat, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(link)), "stat"))
			if err == nil && !bytes.Contains(stat, []byte(") Z ")) {
				pids = append(pids, link)
			}
		}
		return pids
	}
	if got := members(); len(got) < 4 {
		t.Fatalf("before: %v", got)
	}

	killed := time.Now()
	_ = parent.Process.Kill()
	_ = parent.Wait()
	labtest.Await(t, "no process of the sandbox's", func() bool { return len(members()) == 0 })
	t.Logf("all gone after %v", time.Since(killed))

	if found, err := netns.Leftovers(label); err != nil || len(found) > 0 {
		t.Errorf("left: %v %v", found, err)
	}
	for _, name := range []string{"s1-eth1", "s1-eth2", "br0", "ovs-netdev"} {
		if _, err := net.InterfaceByName(name); err == nil {
			t.Errorf("interface %s is left", name)
		}
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || bytes.Contains(mounts, []byte(dir)) {
		t.Errorf("a mount is left: %s %v", mounts, err)
	}
	if c, err := net.Dial("unix", filepath.Join(dir, netns.SwitchDir, "db.sock")); !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a database answers: %v %v", c, err)
	}
}
