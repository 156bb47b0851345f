package netns_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	"sendim/integrators/shell"
)

// TestMain lets the test binary be its own helper, and its own parent to kill.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case netns.Subcommand:
			os.Exit(netns.SandboxMain(os.Args[2:]))
		case "doomed-parent":
			os.Exit(doomedParent(os.Args[2], os.Args[3]))
		case "open-and-close":
			os.Exit(openAndClose(os.Args[2]))
		}
	}
	goleak.VerifyTestMain(m)
}

func needRoot(t *testing.T) {
	t.Helper()
	labtest.Needs(t, "ip", "nsenter", "ping", "tc")
}

func openSandbox(t *testing.T, label string) *netns.Sandbox {
	t.Helper()
	return netnstest.Open(t, label, t.TempDir())
}

func TestInsideIsAPlaceOfItsOwn(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "own-place")
	for _, c := range []struct{ what, script, want string }{
		{"only loopback, below /sys too", "ls /sys/class/net", "lo"},
		{"loopback is up", "ip -o link show up | wc -l", "1"},
		{"processes are counted from 1", "tr '\\0' ' ' </proc/1/cmdline | grep -o 'sandbox-init own-place'", "sandbox-init own-place"},
		{"nobody else's process is seen", "ls /proc | grep -c '^[0-9]' >/tmp/$$; n=$(cat /tmp/$$); rm /tmp/$$; [ $n -lt 8 ] && echo few", "few"},
		{"the switch's directory is the run's", "echo hello >/run/openvswitch/x; cat " + s.RunDir() + "/openvswitch/x", "hello"},
		{"var/run is the same", "cat /var/run/openvswitch/x", "hello"},
		{"names of namespaces stay inside", "ip netns add n1; ip netns list", "n1"},
		{"as many files may be open as the machine lets", "n=$(ulimit -Sn); [ $n = $(ulimit -Hn) -o $n -ge 65536 ] && echo many || echo $n", "many"},
		{"control groups are where they were", "[ -d /sys/fs/cgroup ] && ls /sys/fs/cgroup | head -c 1 | wc -c", strconv.Itoa(min(1, len(entries("/sys/fs/cgroup"))))},
		{"the label is in the environment", "echo $SENDIM_SANDBOX", "own-place"},
	} {
		if got := netnstest.Inside(t, s, c.script); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if _, err := os.Stat("/run/netns/n1"); err == nil {
		t.Error("a namespace's name is seen outside")
	}
}

func entries(dir string) []os.DirEntry {
	e, _ := os.ReadDir(dir)
	return e
}

func TestEndingsAreReportedAsTheyWere(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "endings")
	run := func(script string) syscall.WaitStatus {
		p, err := s.Command(t.Context(), []string{"/bin/sh", "-c", script}, "", nil, [3]*os.File{})
		if err != nil {
			t.Fatal(err)
		}
		status, err := p.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("signalling what has ended: %v", err)
		}
		return status
	}
	if st := run("exit 7"); st.ExitStatus() != 7 {
		t.Error(st)
	}
	if st := run("kill -USR1 $$"); st.Signal() != syscall.SIGUSR1 {
		t.Error(st)
	}
	if _, err := s.Command(t.Context(), []string{"/no/such/program"}, "", nil, [3]*os.File{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	big := make([]string, 3000)
	for i := range big {
		big[i] = strings.Repeat("x", 100)
	}
	res, err := shell.Elsewhere(s.Command).Run(t.Context(), shell.Cmd{Argv: append([]string{"sh", "-c", "echo $#"}, big...)})
	if err != nil || string(res.Stdout) != "2999\n" {
		t.Errorf("long argument list: %.100s %v", res.Stdout, err)
	}
}

func TestManyProcessesAtOnceAreAllReaped(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "many")
	done := make(chan error)
	for i := range 40 {
		go func() {
			res, err := shell.Elsewhere(s.Command).Run(t.Context(), shell.Cmd{Argv: []string{"sh", "-c", fmt.Sprintf("(sleep 0.01 &) ; echo %d", i)}})
			if err == nil && strings.TrimSpace(string(res.Stdout)) != strconv.Itoa(i) {
				err = fmt.Errorf("%d printed %q", i, res.Stdout)
			}
			done <- err
		}()
	}
	for range 40 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	labtest.Await(t, "only the helper is left", func() bool {
		pids, err := s.PIDs()
		return err == nil && len(pids) == 1 && pids[0] == s.PID()
	})
}

func TestACancelledCommandTakesItsGroupAlong(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "cancelled")
	ctx, cancel := context.WithCancel(t.Context())
	p, err := shell.Elsewhere(s.Command).Start(ctx, shell.Cmd{Argv: []string{"sh", "-c", "sleep 100 & echo up; wait"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Stdout().Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.Wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	labtest.Await(t, "only the helper is left", func() bool {
		pids, err := s.PIDs()
		return err == nil && len(pids) == 1
	})
	_ = p.Stdout().Close()
}

func TestAListenerInsideIsServedOutside(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "listener")
	l, err := s.Listen(t.Context(), "tcp", "127.0.0.1:6653")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "hello from outside\n")
	}()
	if got := netnstest.Inside(t, s, `bash -c 'exec 5<>/dev/tcp/127.0.0.1/6653; head -1 <&5'`); got != "hello from outside" {
		t.Errorf("%q", got)
	}
	if c, err := net.Dial("tcp", "127.0.0.1:6653"); err == nil {
		_ = c.Close()
		t.Error("the listener is reached from outside")
	}
	if _, err := s.Listen(t.Context(), "tcp", "127.0.0.1:6653"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listening twice: %v", err)
	}
	other, err := s.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil || other.Addr().(*net.TCPAddr).Port == 0 {
		t.Fatal(other, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := other.Accept(); err == nil {
		t.Error("the listener outlived its sandbox")
	}
}

func TestTwoSandboxesHaveTheSameNamesSideBySide(t *testing.T) {
	needRoot(t)
	a, b := openSandbox(t, "a"), openSandbox(t, "b")
	for _, s := range []*netns.Sandbox{a, b} {
		netnstest.Inside(t, s, `ip netns add h1; ip link add s1-eth1 type veth peer name h1-eth0 netns h1
			ip addr add 10.0.0.1/24 dev s1-eth1; ip link set s1-eth1 up
			ip -n h1 addr add 10.0.0.2/24 dev h1-eth0; ip -n h1 link set h1-eth0 up
			ping -c1 -W10 10.0.0.2`)
	}
	if _, err := net.InterfaceByName("s1-eth1"); err == nil {
		t.Error("an interface is seen outside")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	netnstest.Inside(t, b, "ping -c1 -W10 10.0.0.2")
}

func TestStopLetsProcessesEndInOrder(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "stop")
	file := filepath.Join(s.RunDir(), "goodbye")
	p, err := shell.Elsewhere(s.Command).Start(t.Context(), shell.Cmd{Argv: []string{"sh", "-c", "trap 'echo bye >" + file + "; exit 0' TERM; echo up; while :; do sleep 0.01; done"}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = p.Stdout().Read(make([]byte, 3))
	if err := s.Stop(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(file); string(text) != "bye\n" {
		t.Errorf("%q", text)
	}
	_ = p.Wait()
	_ = p.Stdout().Close()
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestAHelperThatDiesIsNoticed(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "dies")
	p, err := s.Command(t.Context(), []string{"/bin/sleep", "100"}, "", nil, [3]*os.File{})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); !errors.Is(err, netns.ErrGone) {
		t.Error(err)
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, netns.ErrGone) || !strings.Contains(err.Error(), "killed") {
		t.Error(err)
	}
	if _, err := s.Command(t.Context(), []string{"/bin/true"}, "", nil, [3]*os.File{}); !errors.Is(err, netns.ErrGone) {
		t.Error(err)
	}
}

func TestAFailedOpeningSaysWhatWasWrong(t *testing.T) {
	needRoot(t)
	_, err := netns.Open(t.Context(), netns.Options{Label: "bad", RunDir: t.TempDir(), Self: []string{"/bin/sh", "-c", "echo nothing works >&2; exit 1"}})
	if !errors.Is(err, netns.ErrGone) || !strings.Contains(err.Error(), "nothing works") {
		t.Error(err)
	}
}

func TestTheHelperIsOfNoUseByHand(t *testing.T) {
	out, err := exec.Command("/proc/self/exe", netns.Subcommand, "label").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "of no use by hand") {
		t.Errorf("%s %v", out, err)
	}
}

func TestALabelAndADirectoryAreAskedFor(t *testing.T) {
	if _, err := netns.Open(t.Context(), netns.Options{RunDir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "no label") {
		t.Error(err)
	}
	if _, err := netns.Open(t.Context(), netns.Options{Label: "x"}); err == nil || !strings.Contains(err.Error(), "no run directory") {
		t.Error(err)
	}
}

func TestProbeTellsWhatTheKernelDoes(t *testing.T) {
	needRoot(t)
	f, err := netns.Probe()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", f)
	if f.HTB && !f.U32 {
		t.Error("classes but no filter into them: the probe is at fault, or this kernel is a strange one")
	}
	s := openSandbox(t, "probe")
	if g, err := s.Probe(t.Context()); err != nil || g != f {
		t.Errorf("inside %+v %v, outside %+v", g, err, f)
	}
	// The probe agrees with tc about what it found.
	for kind, has := range map[string]bool{"netem delay 1ms": f.Netem, "htb": f.HTB, "tbf rate 1mbit burst 10k latency 1ms": f.TBF} {
		got := netnstest.Inside(t, s, "tc qdisc replace dev lo root "+kind+" 2>/dev/null && echo true || echo false")
		if got != strconv.FormatBool(has) {
			t.Errorf("%s: probe says %v, tc %s", kind, has, got)
		}
	}
}

// doomedParent opens a sandbox, fills it, tells its process id and waits to be
// killed.
func doomedParent(dir, label string) int {
	s, err := netns.Open(context.Background(), netns.Options{Label: label, RunDir: dir})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, err = shell.Elsewhere(s.Command).Run(context.Background(), shell.Cmd{Argv: []string{"sh", "-ec",
		"ip netns add h1; ip link add s1-eth1 type veth peer name h1-eth0 netns h1; mount -t tmpfs none " + dir +
			"; setsid sleep 1000 >/dev/null 2>&1 & unshare -p -f sleep 1000 >/dev/null 2>&1 &"}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.PID())
	select {}
}

func TestKillingTheParentLeavesNothing(t *testing.T) {
	needRoot(t)
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
	all := namespacesOf(t, pid)
	if found, err := netns.Leftovers(label); err != nil || len(found) < 3 {
		t.Errorf("before: %v %v", found, err)
	}
	// A veth pair between the doomed namespace and one of ours: the kernel
	// takes our end away when, and only when, the doomed namespace is destroyed.
	witness := openSandbox(t, "witness")
	if text, err := exec.Command("nsenter", "-t", strconv.Itoa(witness.PID()), "-n", "ip", "link", "add", "witness", "type", "veth",
		"peer", "name", "doomed", "netns", strconv.Itoa(pid)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if got := netnstest.Inside(t, witness, "ls /sys/class/net | grep witness"); got != "witness" {
		t.Fatal(got)
	}

	_ = parent.Process.Kill()
	_ = parent.Wait()

	labtest.Await(t, "no process of the sandbox's namespaces", func() bool { return len(usersOf(all)) == 0 })
	labtest.Await(t, "the network namespace is destroyed", func() bool {
		return netnstest.Inside(t, witness, "ls /sys/class/net | grep witness || true") == ""
	})
	if found, err := netns.Leftovers(label); err != nil || len(found) > 0 {
		t.Errorf("left over: %v %v", found, err)
	}
	for _, name := range []string{"s1-eth1", "h1-eth0"} {
		if _, err := net.InterfaceByName(name); err == nil {
			t.Errorf("interface %s is left", name)
		}
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || bytes.Contains(mounts, []byte(dir)) {
		t.Errorf("a mount is left: %s %v", mounts, err)
	}
	if _, err := os.Stat("/run/netns/h1"); err == nil {
		t.Error("a named namespace is left")
	}
}

// namespacesOf lists the namespaces of the sandbox's helper.
func namespacesOf(t *testing.T, pid int) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, kind := range []string{"net", "mnt", "pid", "ipc"} {
		name, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = true
	}
	return all
}

// usersOf lists the processes that sit in one of the namespaces.
func usersOf(all map[string]bool) []string {
	var users []string
	links, _ := filepath.Glob("/proc/[0-9]*/ns/*")
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil && all[name] {
			users = append(users, link)
		}
	}
	return users
}

// openAndClose is what an unprivileged user does.
func openAndClose(dir string) int {
	s, err := netns.Open(context.Background(), netns.Options{Label: "user", RunDir: dir})
	if err != nil {
		var refused *netns.NotPermittedError
		if errors.As(err, &refused) {
			fmt.Println("refused:", refused)
			return 3
		}
		fmt.Println(err)
		return 1
	}
	defer s.Close()
	f, err := s.Probe(context.Background())
	if err != nil || !f.Veth {
		fmt.Println(f, err)
		return 1
	}
	res, err := shell.Elsewhere(s.Command).Run(context.Background(), shell.Cmd{Argv: []string{"sh", "-ec",
		"id -u; ip link add va type veth peer name vb; ls /sys/class/net; ls -d /run/openvswitch"}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("%s", res.Stdout)
	return 0
}

func TestAnOrdinaryUserGetsASandboxOrAReason(t *testing.T) {
	needRoot(t)
	dir, err := os.MkdirTemp("", "user")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	const nobody = 65534
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	// The test binary lies where only root can read: give a copy.
	program := filepath.Join(dir, "program")
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "open-and-close", filepath.Join(dir, "run"))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if want := "0\nlo\nva\nvb\n/run/openvswitch\n"; string(out) != want && !strings.HasPrefix(string(out), "refused:") {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}
