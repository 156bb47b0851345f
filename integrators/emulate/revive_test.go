package emulate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// label is the run of a test's session.
func label(t *testing.T, b emulate.Backend) string {
	return labtest.Label(t) + "-" + b.Name()
}

// process gives the process of a run whose program is called so.
func process(t *testing.T, run, program string) int {
	t.Helper()
	left, err := netns.Leftovers(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range left {
		if name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "comm")); strings.TrimSpace(string(name)) == program {
			return p.PID
		}
	}
	t.Fatalf("there is no %s among %v", program, left)
	return 0
}

// slay kills a process of a run with signal 9 and waits until it is gone.
func slay(t *testing.T, run, program string) {
	t.Helper()
	pid := process(t, run, program)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	labtest.Await(t, program+" is dead", func() bool { return syscall.Kill(pid, 0) != nil })
}

// inside runs a program where the switches are.
func inside(t *testing.T, run string, argv ...string) string {
	t.Helper()
	res, err := shell.Local().Run(t.Context(), shell.Cmd{Argv: append([]string{"nsenter", "-t", strconv.Itoa(process(t, run, "ovsdb-server")), "-a", "--"}, argv...)})
	if err != nil {
		t.Fatal(err)
	}
	return string(res.Stdout)
}

var counted = regexp.MustCompile(`\(.*\)| backlog .*`)

// ground is what the kernel and the database have of a network: queueing disciplines,
// interfaces, and the numbers of ports.
func ground(t *testing.T, run string) string {
	t.Helper()
	var devices []string
	for line := range strings.Lines(inside(t, run, "ip", "-o", "link")) {
		f := strings.Fields(line)
		if strings.Contains(f[1], "-eth") { // the others are made by ovs-vswitchd
			devices = append(devices, f[1]+" "+f[2]+" "+strings.Join(f[3:7], " "))
		}
	}
	slices.Sort(devices)
	ports := strings.Fields(inside(t, run, "ovs-vsctl", "--bare", "--columns=name,ofport", "--format=csv", "list", "Interface"))
	slices.Sort(ports)
	return counted.ReplaceAllString(inside(t, run, "tc", "qdisc"), "") + inside(t, run, "tc", "class", "show", "dev", "s1-eth2") + strings.Join(devices, "\n") + strings.Join(ports, "\n")
}

// holds is what the switches hold, without counters.
func (l *living) holds() string {
	l.t.Helper()
	var lines []string
	for i, err := range l.Snapshot(l.t.Context(), backend.Selector{Node: model.NoNode, Rules: true, Groups: true}) {
		switch {
		case err != nil:
			l.t.Fatal(err)
		case i.Rule != nil:
			lines = append(lines, fmt.Sprintf("%d %s", i.Node, i.Rule.Rule))
		case i.Group != nil:
			lines = append(lines, fmt.Sprintf("%d group %+v", i.Node, i.Group.Group))
		}
	}
	return strings.Join(lines, "\n")
}

func TestANetworkSurvivesTheDeathOfItsDaemons(t *testing.T) {
	inBothAtOnce(t, aNetworkSurvivesTheDeathOfItsDaemons)
}

// ovs-vswitchd, ovsdb-server and both die in the middle of TCP and UDP. The network comes
// back as it was: ports by their numbers, rates, a link that is down, rules; what sends goes
// on, and the diary and the verdict tell.
func aNetworkSurvivesTheDeathOfItsDaemons(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "h1 s1 20Mbps", "s1 s2 10Mbps", "h2 s2 20Mbps", "h3 s2", "s1 s3", "s3 s2")
	n.Flows = []model.Flow{
		{ID: "tcp", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: 5 * model.Second, Transport: model.TCP},
		{ID: "udp", From: node(t, n, "h2"), To: node(t, n, "h1"), Duration: 5 * model.Second, Rate: 1e6, Packet: 500, Transport: model.UDP},
	}
	l := open(t, b, n, apps("shortest-path"))
	run := label(t, b)
	wait := func(until model.Time) {
		t.Helper()
		if _, err := l.Run(t.Context(), until); err != nil {
			t.Fatal(err)
		}
	}
	if h, err := l.Do(t.Context(), backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: model.LinkID(4)}}); err != nil || h.Outcome().Err != nil {
		t.Fatal(err)
	}
	wait(model.Second)
	before, rules := ground(t, run), l.holds()
	if !strings.Contains(before, "s1-eth2") || !strings.Contains(before, "10Mbit") || strings.Count(rules, "\n") < 3 {
		t.Fatalf("not worth killing for:\n%s\n%s", before, rules)
	}
	back := func(times int) {
		t.Helper()
		l.until("the daemons are back", func() bool { return len(l.diary.kind(trace.DaemonBack)) >= times })
	}
	for i, victims := range [][]string{{"ovs-vswitchd"}, {"ovsdb-server"}, {"ovsdb-server", "ovs-vswitchd"}} {
		for _, v := range victims {
			slay(t, run, v)
		}
		back(i + 1)
		if after := ground(t, run); after != before {
			t.Errorf("after the death of %v there is\n%s\nand not\n%s", victims, after, before)
		}
		if after := l.holds(); after != rules {
			t.Errorf("after the death of %v switches hold\n%s\nand not\n%s", victims, after, rules)
		}
		if nice, _ := unix.Getpriority(unix.PRIO_PROCESS, process(t, run, "ovs-vswitchd")); nice != 20+15 { // as the system call has it
			t.Errorf("the new ovs-vswitchd has priority %d", nice)
		}
		if got := l.ping("h1", "h2"); got != 2 {
			t.Errorf("after the death of %v %d of 2 echoes", victims, got)
		}
	}
	// Switches that have no daemon are told what to do when they have one.
	slay(t, run, "ovs-vswitchd")
	for _, c := range []model.Change{{Kind: model.LinkUp, Link: 4}, {Kind: model.NodeDown, Node: node(t, n, "s3")}, {Kind: model.NodeUp, Node: node(t, n, "s3")}} {
		if h, err := l.Do(t.Context(), backend.Action{Change: &c}); err != nil || h.Outcome().Err != nil {
			t.Fatal(c.Kind, err)
		}
	}
	back(4)
	if _, err := l.Run(t.Context(), model.Forever); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, e := range l.diary.kind(trace.FlowEnd) {
		r := e.Result
		t.Logf("%s: %s to %s, %d of %d bytes, lost %d of %d", r.ID, r.From, r.To, r.Bytes, r.Offered, r.Lost, r.Sent)
		switch {
		case r.Error != "" || r.Finish < 0:
			t.Errorf("%s did not end well: %+v", r.ID, r)
		case r.ID == "tcp" && r.Bytes < 1e6:
			t.Errorf("TCP carried %d bytes", r.Bytes)
		case r.ID == "udp" && (r.Received == 0 || r.Lost == 0):
			t.Errorf("of UDP %d datagrams arrived, %d were lost", r.Received, r.Lost)
		}
	}
	for _, e := range l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.DaemonLost || e.Kind == trace.DaemonBack }) {
		t.Logf("%.3f %s %s: %s", e.At.Seconds(), e.Kind, e.Name, e.Text)
	}
	if lost := l.diary.kind(trace.DaemonLost); len(lost) != 5 || !strings.Contains(lost[0].Text, "killed") {
		t.Errorf("noted are %+v", lost)
	}
	if b := l.diary.kind(trace.DaemonBack); !strings.Contains(b[0].Text, "rules were sent") || !strings.Contains(b[0].Text, "3 switches") || !strings.Contains(b[1].Text, "nothing had to be sent") {
		t.Errorf("noted are %+v", b)
	}
	gap := model.Time(0)
	for _, e := range l.diary.kind(trace.MachineLoad) {
		gap += e.Load.Gap
	}
	if gap < 10*model.Millisecond {
		t.Errorf("switches were away for %v", gap)
	}
}

func TestADaemonThatDiesAgainAndAgainEndsTheRun(t *testing.T) {
	inBothAtOnce(t, aDaemonThatDiesAgainAndAgainEndsTheRun)
}

func aDaemonThatDiesAgainAndAgainEndsTheRun(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	l := open(t, b, n, apps("shortest-path"))
	for i := range 4 {
		slay(t, label(t, b), "ovs-vswitchd")
		if i < 3 {
			l.until("the daemon is back", func() bool { return len(l.diary.kind(trace.DaemonBack)) > i })
		}
	}
	_, err := l.Run(t.Context(), l.Now()+model.Minute)
	if err == nil || !strings.Contains(err.Error(), "ovs-vswitchd died 4 times within 30s") {
		t.Error(err)
	}
}

func TestARunMayEndWhileADaemonIsBeingStartedAgain(t *testing.T) {
	inBothAtOnce(t, aRunMayEndWhileADaemonIsBeingStartedAgain)
}

func aRunMayEndWhileADaemonIsBeingStartedAgain(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	for i, after := range []time.Duration{0, 15, 60, 150} {
		l := open(t, b, n, apps("shortest-path"))
		slay(t, label(t, b), []string{"ovs-vswitchd", "ovsdb-server"}[i%2])
		time.Sleep(after * time.Millisecond)
		if i == 0 { // what is asked now is answered when there is somebody to answer
			if rules := l.holds(); strings.Count(rules, "\n") < 3 {
				t.Errorf("switches hold\n%s", rules)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		gone(t, label(t, b))
	}
}
