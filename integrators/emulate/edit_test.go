package emulate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
	"sendim/sim"
)

// edits reads lines "+h9", "-h9", "+h9 s1 [RATE]", "-h9 s1"; names that begin with s are
// switches.
func edits(t testing.TB, lines ...string) (out []model.Edit) {
	t.Helper()
	for _, line := range lines {
		f := strings.Fields(line[1:])
		e := model.Edit{Kind: model.AddNode, Node: f[0], NodeKind: model.Host}
		if f[0][0] == 's' {
			e.NodeKind = model.Switch
		}
		if len(f) > 1 {
			e = model.Edit{Kind: model.AddLink, A: model.LinkEnd{Node: f[0], Port: model.AutoPort}, B: model.LinkEnd{Node: f[1], Port: model.AutoPort}}
		}
		if len(f) > 2 {
			rate, err := model.ParseRate(f[2])
			if err != nil {
				t.Fatal(err)
			}
			e.Spec.Rate, e.Back.Rate = rate, rate
		}
		if line[0] == '-' {
			e.Kind++ // the removal of the same
		}
		out = append(out, e)
	}
	return out
}

// try applies edits; the living network is theirs afterwards, unless they fail.
func (l *living) try(d *deployment.Deployment, lines ...string) error {
	l.t.Helper()
	n, err := l.n.Edit(edits(l.t, lines...))
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.Apply(l.t.Context(), change.Diff(change.State{Model: l.n, Deployment: d}, change.State{Model: n, Deployment: d}), nil); err != nil {
		return err
	}
	l.n = n
	return nil
}

func (l *living) edit(lines ...string) {
	l.t.Helper()
	if err := l.try(nil, lines...); err != nil {
		l.t.Fatal(err)
	}
}

// settle lets half a second pass.
func (l *living) settle() {
	l.t.Helper()
	if _, err := l.Run(l.t.Context(), l.Now()+500*model.Millisecond); err != nil {
		l.t.Fatal(err)
	}
}

// reach waits until a host answers another: apps and switches may be at it still.
func (l *living) reach(from, to string) {
	l.t.Helper()
	l.until(from+" reaches "+to, func() bool { return l.ping(from, to) == 2 })
}

// objects counts what a run has of the machine: interfaces and processes inside, open files
// of this process and of the sandbox's first, goroutines.
func (l *living) objects() map[string]int {
	l.t.Helper()
	out := map[string]int{"goroutines": runtime.NumGoroutine()}
	count := func(what, dir string) {
		list, err := os.ReadDir(dir)
		if err != nil {
			l.t.Fatal(err)
		}
		out[what] = len(list)
	}
	count("own files", "/proc/self/fd")
	init := 0
	run := labtest.Label(l.t)
	processes, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		l.t.Fatal(err)
	}
	for _, path := range processes {
		text, _ := os.ReadFile(path)
		if bytes.Contains(text, []byte(run)) {
			out["processes"]++
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if init == 0 || pid < init {
				init = pid
			}
		}
	}
	if init == 0 {
		l.t.Fatal("the run has no process")
	}
	dir := filepath.Join("/proc", strconv.Itoa(init))
	count("files inside", filepath.Join(dir, "fd"))
	text, err := os.ReadFile(filepath.Join(dir, "net/dev"))
	if err != nil {
		l.t.Fatal(err)
	}
	out["interfaces"] = bytes.Count(text, []byte("\n"))
	return out
}

func TestNodesAndLinksComeAndGoInTheMiddleOfTraffic(t *testing.T) {
	inBothAtOnce(t, nodesAndLinksComeAndGoInTheMiddleOfTraffic)
}

func nodesAndLinksComeAndGoInTheMiddleOfTraffic(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2 50Mbps", "h1 s1", "h2 s2")
	h1, h2 := node(t, n, "h1"), node(t, n, "h2")
	n.Flows = []model.Flow{{ID: "through", From: h1, To: h2, Duration: model.Minute, Rate: 1e6, Packet: 500, Transport: model.UDP}}
	d := apps("shortest-path")
	l := open(t, b, n, d)
	pinging, err := l.Do(t.Context(), backend.Action{Ping: &backend.Ping{From: h1, To: h2, Count: 50_000, Interval: 20 * model.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	l.edit("+h9", "+h9 s1 10Mbps")
	l.reach("h9", "h2")
	l.reach("h1", "h9")
	f := model.Flow{ID: "shaped", From: h1, To: node(t, l.n, "h9"), Duration: model.Second, Rate: 20e6, Packet: 1042, Transport: model.UDP}
	if o := l.do(backend.Action{Flow: &f}); o.Err != nil {
		t.Error(o.Err)
	} else {
		held(t, "the rate of a link that was added", o.Flow.Rate, 10e6*1000/1042)
	}
	// A switch with two links is a second way, and the only one a moment later.
	l.edit("+s3", "+s3 s1", "+s3 s2", "+h8", "+h8 s3")
	l.reach("h8", "h9")
	l.edit("-s1 s2")
	l.reach("h1", "h2")
	l.comesTo(open(t, sim.Backend{}, l.n, d).tables()) // those of a simulation that begins so
	// What needs h9 ends by its name, what does not goes on.
	var file bytes.Buffer
	var ending []backend.Handle
	for _, a := range []backend.Action{
		{Ping: &backend.Ping{From: h1, To: node(t, l.n, "h9"), Count: 10_000, Interval: 50 * model.Millisecond}},
		{Flow: &model.Flow{ID: "into", From: h1, To: node(t, l.n, "h9"), Duration: model.Hour, Transport: model.TCP}},
		{Flow: &model.Flow{ID: "out of", From: node(t, l.n, "h9"), To: h2, Duration: model.Hour, Rate: 1e6, Transport: model.UDP}},
		{Exec: &backend.Exec{Node: node(t, l.n, "h9"), Argv: []string{"sleep", "3600"}}},
		{Capture: &backend.Capture{At: model.Endpoint{Node: node(t, l.n, "h9")}, Writer: &file}},
	} {
		h, err := l.Do(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		ending = append(ending, h)
	}
	l.settle()
	h9 := node(t, l.n, "h9")
	l.edit("-h9")
	for i, h := range ending {
		l.until("what needs h9 ends", h.Done)
		o := h.Outcome()
		text := ""
		if o.Err != nil {
			text = o.Err.Error()
		} else if o.Flow != nil {
			text = o.Flow.Error
		}
		if !strings.Contains(text, "h9 was removed") {
			t.Errorf("action %d ends: %+v", i, o)
		}
	}
	if pinging.Done() {
		t.Errorf("what does not need it has ended: %+v", pinging.Outcome())
	}
	if file.Len() < 100 {
		t.Errorf("captured %d bytes", file.Len())
	}
	for what, a := range map[string]backend.Action{
		"ping":    {Ping: &backend.Ping{From: h1, To: h9}},
		"exec":    {Exec: &backend.Exec{Node: h9, Argv: []string{"true"}}},
		"flow":    {Flow: &model.Flow{ID: "late", From: h9, To: h1, Duration: model.Second, Rate: 1e6}},
		"capture": {Capture: &backend.Capture{At: model.Endpoint{Node: h9}, Writer: &file}},
		"change":  {Change: &model.Change{Kind: model.NodeDown, Node: h9, Link: model.NoLink}},
	} {
		if _, err := l.Do(t.Context(), a); err == nil || !strings.Contains(err.Error(), "h9") {
			t.Errorf("%s: %v", what, err)
		}
	}
	l.comesTo(open(t, sim.Backend{}, l.n, d).tables())
	// It comes back as the same station, at another switch.
	l.edit("+h9", "+h9 s3")
	l.reach("h1", "h9")
	if got := l.told("h9", "sh", "-c", "ip -o -4 addr show h9-eth0 | awk '{print $4}'; ip route show default"); got != "10.0.0.3/8 default dev h9-eth0 scope link" {
		t.Errorf("h9 is %s", got)
	}
	if err := pinging.Stop(); err != nil {
		t.Fatal(err)
	}
	if o := pinging.Outcome(); o.Ping == nil || o.Ping.Received < 100 {
		t.Errorf("the ping that went on: %+v %v", o.Ping, o.Err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	totals := map[string]int64{}
	for _, e := range l.diary.kind(trace.LinkTotal) {
		totals[e.Link] += e.Sample.Packets
	}
	for _, link := range []string{"s1--s2", "h9--s1", "h9--s3", "s3--s1", "h1--s1"} {
		if totals[link] <= 0 {
			t.Errorf("of %s the diary says that it carried %d packets", link, totals[link])
		}
	}
	steps := l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.ChangeStep && e.Node == "h9" })
	if len(steps) != 3 {
		t.Errorf("the diary says of h9: %+v", steps)
	}
	for _, e := range l.diary.kind(trace.FlowEnd) {
		if e.Flow == "through" && (e.Result.Error != "" || e.Result.Received < e.Result.Sent/2) {
			t.Errorf("the flow that went on: %+v", e.Result)
		}
	}
	for _, e := range l.diary.kind(trace.Warning) {
		if !strings.Contains(e.Text, "fidelity") {
			t.Errorf("a warning: %s %s", e.Node, e.Text)
		}
	}
}

// TestRoundsOfEditsLeaveNothing adds and removes the same again and again.
func TestRoundsOfEditsLeaveNothing(t *testing.T) { inBoth(t, roundsOfEditsLeaveNothing) }

func roundsOfEditsLeaveNothing(t *testing.T, b emulate.Backend) {
	lab(t)
	l := open(t, b, wire(t, "s1 s2 10Mbps", "h1 s1", "h2 s2"), apps("shortest-path"))
	l.reach("h1", "h2") // its agent is there from now on
	f := model.Flow{ID: "f", From: node(t, l.n, "h1"), To: node(t, l.n, "h2"), Duration: model.Second, Rate: 20e6, Packet: 1042, Transport: model.UDP}
	if o := l.do(backend.Action{Flow: &f}); o.Err != nil {
		t.Fatal(o.Err)
	}
	var before map[string]int
	for round := range 13 {
		l.edit("+s9", "+s9 s1", "+s9 s2 10Mbps", "+h9", "+h9 s9")
		if round%5 == 0 {
			l.reach("h9", "h1")
		}
		l.edit("-h9", "-s9")
		if round == 4 {
			l.settle()
			before = l.objects()
		}
	}
	l.settle()
	after := l.objects()
	for what, was := range before {
		if is := after[what]; is > was+map[string]int{"goroutines": 3}[what] {
			t.Errorf("%s: %d after 5 rounds, %d after 13", what, was, is)
		}
	}
	if o := l.do(backend.Action{Flow: &f}); o.Err != nil {
		t.Error(o.Err)
	} else {
		held(t, "the rate of a link that was there all the time", o.Flow.Rate, 10e6*1000/1042)
	}
}

func TestEverythingInOneEdit(t *testing.T) { inBothAtOnce(t, everythingInOneEdit) }

// everythingInOneEdit removes and makes by the same names and ports at once.
func everythingInOneEdit(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2", "h3 s2")
	n.StaticARP = true
	d := apps("shortest-path")
	l := open(t, b, n, d)
	l.reach("h1", "h3")
	l.edit("-h3", "-s2", "+s2", "+s2 s1", "+h3", "+h3 s2", "+h2 s1", "+h4", "+h5", "+h5 s2", "-h5")
	for _, to := range []string{"h2", "h3"} {
		l.reach("h1", to)
	}
	l.comesTo(open(t, sim.Backend{}, l.n, d).tables())
	if got := l.told("h1", "sh", "-c", "ip neigh | grep -c PERMANENT"); got != "2" {
		t.Errorf("h1 knows %s", l.told("h1", "ip", "neigh"))
	}
	if got := l.told("h3", "sh", "-c", "ip neigh | grep -c PERMANENT"); got != "2" {
		t.Errorf("h3 knows %s", l.told("h3", "ip", "neigh"))
	}
	l.edit("+h4 s1")
	l.reach("h4", "h3")
	if got := l.told("h3", "sh", "-c", "ip neigh | grep -c PERMANENT"); got != "3" {
		t.Errorf("h3 knows %s", l.told("h3", "ip", "neigh"))
	}
}

// TestAHostThatWasAddedIsAsMininetsIs compares what such a host sees of itself in both worlds.
func TestAHostThatWasAddedIsAsMininetsIs(t *testing.T) {
	lab(t)
	var worlds []*living
	for _, b := range []emulate.Backend{{}, {Native: true}} {
		l := open(t, b, wire(t, "s1 s2", "h1 s1"), apps("shortest-path"))
		l.edit("+h9", "+h9 s2 30Mbps", "+h9 h1")
		worlds = append(worlds, l)
	}
	for _, host := range []string{"h9", "h1"} {
		for _, script := range []string{
			"ip -o addr | sed 's/^[0-9]*://; s/@if[0-9]*//'",
			"ip route",
			// A carrier may come up to a second late.
			"ip -o link | sed 's/^[0-9]*://; s/@if[0-9]*//; s/NO-CARRIER,//; s/link-netns[^ ]* [^ ]*//' | grep -o '^.*mtu [0-9]*\\|link/ether [0-9a-f:]*'",
			// How many queues an interface has (refcnt) follows the cores in one of them.
			"tc qdisc | sed 's/ refcnt [0-9]*//'; tc class show dev h9-eth0 2>/dev/null; ls /sys/class/net",
			"for i in /sys/class/net/h*; do ethtool -k ${i##*/}; done | grep 'checksumming\\|segmentation-offload:\\|generic-receive\\|scatter'",
			"cat /proc/sys/net/ipv4/neigh/h*/base_reachable_time_ms /proc/sys/net/ipv4/neigh/h*/gc_stale_time /proc/sys/net/ipv4/conf/all/arp_ignore",
		} {
			if want, got := worlds[0].told(host, "sh", "-c", script), worlds[1].told(host, "sh", "-c", script); got != want {
				t.Errorf("%s: %s:\n%s\nMininet's:\n%s", host, script, got, want)
			}
		}
	}
	for _, l := range worlds {
		l.reach("h9", "h1")
	}
}

func TestAnEditThatCannotBeLeavesTheNetworkAsItWas(t *testing.T) {
	inBoth(t, anEditThatCannotBeLeavesTheNetworkAsItWas)
}

func anEditThatCannotBeLeavesTheNetworkAsItWas(t *testing.T, b emulate.Backend) {
	lab(t)
	d := apps("shortest-path")
	l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), d)
	l.reach("h1", "h2")
	l.reach("h2", "h1") // both have an agent
	tables, before := l.tables(), l.objects()
	wrong := func(what string, c *change.Changeset, ctx context.Context, is func(error) bool) {
		t.Helper()
		if err := l.Apply(ctx, c, nil); err == nil || !is(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	code := func(k fault.Code) func(error) bool {
		return func(err error) bool {
			var f fault.Fault
			return errors.As(err, &f) && f.Code == k
		}
	}
	next, err := l.n.Edit(edits(t, "+s9", "+s9 s1", "+h9", "+h9 s9", "-h2"))
	if err != nil {
		t.Fatal(err)
	}
	is := change.State{Model: l.n, Deployment: d}
	wrong("another app", change.Diff(is, change.State{Model: next, Deployment: apps("shortest-path", "limiter")}), t.Context(), code(fault.NotYet))
	wrong("another network", change.Diff(is, change.State{Model: wire(t, "s1 s2", "h1 s1", "h2 s2", "h3 s1"), Deployment: d}), t.Context(), code(fault.NotYet))
	wrong("a network without a model", change.Diff(is, change.State{Deployment: d}), t.Context(), func(error) bool { return true })
	own, err := l.n.Edit([]model.Edit{{Kind: model.AddNode, Node: "ovs-netdev", NodeKind: model.Switch}})
	if err != nil {
		t.Fatal(err)
	}
	wrong("a name of Open vSwitch's own", change.Diff(is, change.State{Model: own, Deployment: d}), t.Context(), code(fault.BadName))
	much, err := l.n.Edit([]model.Edit{{Kind: model.AddNode, Node: "sy", NodeKind: model.Switch}, {Kind: model.AddLink, A: model.LinkEnd{Node: "sy", Port: 0xff00}, B: model.LinkEnd{Node: "s1", Port: model.AutoPort}}})
	if err != nil {
		t.Fatal(err)
	}
	wrong("a port that Open vSwitch does not number", change.Diff(is, change.State{Model: much, Deployment: d}), t.Context(), code(fault.MissingCapability))
	crowd := make([]model.Edit, 300_000)
	for i := range crowd {
		crowd[i] = model.Edit{Kind: model.AddNode, Node: fmt.Sprint("x", i), NodeKind: model.Host}
	}
	full, err := l.n.Edit(crowd)
	if err != nil {
		t.Fatal(err)
	}
	wrong("more than the machine has room for", change.Diff(is, change.State{Model: full, Deployment: d}), t.Context(), code(fault.MissingCapability))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	wrong("a caller that has given up", change.Diff(is, change.State{Model: next, Deployment: d}), gone, func(err error) bool { return errors.Is(err, context.Canceled) })

	// Somebody has an interface of that name in the run's own namespace already: links fail
	// half-way, after nodes were made.
	l.inside("ip link add s1-eth3 type veth peer name odd")
	wrong("an interface that is there", change.Diff(is, change.State{Model: next, Deployment: d}), t.Context(), func(err error) bool { return strings.Contains(err.Error(), "s1-eth3") })
	compare := func() {
		t.Helper()
		l.comesTo(tables)
		l.reach("h1", "h2")
		l.reach("h2", "h1")
	}
	compare()
	// A host that is to go, since another of its name is to come, is made again.
	again, err := l.n.Edit(edits(t, "-h2", "+h2", "+h2 s1"))
	if err != nil {
		t.Fatal(err)
	}
	wrong("an interface that is there, too late", change.Diff(is, change.State{Model: again, Deployment: d}), t.Context(), func(err error) bool { return strings.Contains(err.Error(), "s1-eth3") })
	l.inside("ip link del odd")
	compare()
	if got := l.told("h2", "sh", "-c", "ip route show default; ip -o -4 addr show h2-eth0 | awk '{print $4}'"); got != "default dev h2-eth0 scope link 10.0.0.2/8" {
		t.Errorf("h2 is %s", got)
	}
	after := l.objects()
	for what, was := range before {
		// This process may have a socket of the switches more or less in hand.
		if is := after[what]; is != was && what != "goroutines" && (what != "own files" || is > was+2) {
			t.Errorf("%s: %d before, %d after", what, was, is)
		}
	}
	l.reach("h1", "h2")
	if entries := l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.ChangeStep }); len(entries) > 0 {
		t.Errorf("the diary tells of what was not done: %+v", entries)
	}
	// And then it can be.
	l.edit("+h9", "+h9 s1")
	l.reach("h9", "h2")
}

// switches is the process of the run's ovs-vswitchd.
func (l *living) switches() int {
	l.t.Helper()
	processes, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range processes {
		text, _ := os.ReadFile(path)
		comm, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "comm"))
		if bytes.Contains(text, []byte(labtest.Label(l.t))) && strings.TrimSpace(string(comm)) == "ovs-vswitchd" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	l.t.Error("the run has no ovs-vswitchd")
	return 0
}

// inside runs a script among the switches.
func (l *living) inside(script string) {
	l.t.Helper()
	if out, err := nsenter(strconv.Itoa(l.switches()), script); err != nil {
		l.t.Fatalf("%s: %v: %s", script, err, out)
	}
}

// TestFlowsOfTheModelThatLackTheirHostFailAtTheirStart removes hosts before flows begin.
func TestFlowsOfTheModelThatLackTheirHostFailAtTheirStart(t *testing.T) {
	inBothAtOnce(t, flowsOfTheModelThatLackTheirHostFailAtTheirStart)
}

func flowsOfTheModelThatLackTheirHostFailAtTheirStart(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2", "h3 s2")
	h1, h2, h3 := node(t, n, "h1"), node(t, n, "h2"), node(t, n, "h3")
	n.Flows = []model.Flow{
		{ID: "early", From: h1, To: h2, Start: 4 * model.Second, Duration: model.Second, Rate: 1e6, Transport: model.UDP},
		{ID: "late", From: h2, To: h1, Start: 5 * model.Second, Duration: model.Second, Rate: 1e6, Transport: model.UDP},
		{ID: "well", From: h1, To: h3, Start: 5 * model.Second, Duration: 500 * model.Millisecond, Rate: 1e6, Transport: model.UDP},
	}
	n.Processes = []model.Process{{Node: h2, At: 4500 * model.Millisecond, Command: "true"}, {Node: h2, At: 0, Command: "sleep 3600"}}
	l := open(t, b, n, apps("shortest-path"))
	l.edit("-h2")
	if at := l.Now(); at > 3900*model.Millisecond {
		t.Skipf("the machine is too slow: it is %v already", at)
	}
	if _, err := l.Run(t.Context(), model.Forever); err != nil {
		t.Fatal(err)
	}
	results := map[string]*trace.FlowResult{}
	for _, e := range l.diary.kind(trace.FlowEnd) {
		results[e.Flow] = e.Result
	}
	for id, start := range map[string]model.Time{"early": 4 * model.Second, "late": 5 * model.Second} {
		if r := results[id]; r == nil || !strings.Contains(r.Error, "h2 was removed") || r.Start < start || r.Start > start+model.Second || r.Finish != trace.Unfinished {
			t.Errorf("%s: %+v", id, r)
		}
	}
	if r := results["well"]; r == nil || r.Error != "" || r.Received == 0 {
		t.Errorf("well: %+v", r)
	}
	warned := 0
	for _, e := range l.diary.kind(trace.Warning) {
		if e.Node == "h2" && strings.Contains(e.Text, "h2 was removed") {
			warned++
		}
	}
	if warned != 2 {
		t.Errorf("%d warnings of programs that h2 was to run", warned)
	}
}

// TestASwitchThatIsAddedWhileTheControllerIsAwayIsFoundLater cuts all channels, edits, and
// lets them be again.
func TestASwitchThatIsAddedWhileTheControllerIsAwayIsFoundLater(t *testing.T) {
	inBothAtOnce(t, aSwitchThatIsAddedWhileTheControllerIsAwayIsFoundLater)
}

func aSwitchThatIsAddedWhileTheControllerIsAwayIsFoundLater(t *testing.T, b emulate.Backend) {
	lab(t)
	l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), apps("shortest-path"))
	set := func(c model.Change) {
		t.Helper()
		if o := l.do(backend.Action{Change: &c}); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	set(model.Change{Kind: model.ControllerDown, Node: model.NoNode, Link: model.NoLink})
	set(model.Change{Kind: model.NodeDown, Node: node(t, l.n, "s2"), Link: model.NoLink})
	began := time.Now()
	l.edit("+s3", "+s3 s1", "+s3 s2", "+h9", "+h9 s3")
	if span := time.Since(began); span > 20*time.Second {
		t.Errorf("it waited for the controller: %v", span)
	}
	set(model.Change{Kind: model.NodeUp, Node: node(t, l.n, "s2"), Link: model.NoLink})
	set(model.Change{Kind: model.ControllerUp, Node: model.NoNode, Link: model.NoLink})
	l.reach("h9", "h2")
	l.edit("-s1 s2")
	l.reach("h1", "h2")
	if got := fmt.Sprint(len(l.diary.kind(trace.SwitchUp))); got == "0" {
		t.Error("no switch was told")
	}
}

// TestAnEditOutlivesTheSwitchesDaemon kills ovs-vswitchd just before an edit, and while it
// is made.
func TestAnEditOutlivesTheSwitchesDaemon(t *testing.T) {
	inBothAtOnce(t, anEditOutlivesTheSwitchesDaemon)
}

func anEditOutlivesTheSwitchesDaemon(t *testing.T, b emulate.Backend) {
	lab(t)
	l := open(t, b, wire(t, "s1 s2 20Mbps", "h1 s1", "h2 s2"), apps("shortest-path"))
	kill := func(after time.Duration) {
		pid := l.switches()
		time.Sleep(after)
		if pid <= 1 {
			return
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	kill(0)
	l.edit("+s9", "+s9 s1 10Mbps", "+h9", "+h9 s9")
	done := make(chan struct{})
	go func() { kill(20 * time.Millisecond); close(done) }()
	l.edit("+s8", "+s8 s2", "+s8 s9", "-s1 s2")
	<-done
	for _, to := range []string{"h9", "h2"} {
		l.reach("h1", to)
	}
	l.edit("-h9", "+s1 s2", "-s8")
	l.reach("h1", "h2")
	f := model.Flow{ID: "shaped", From: node(t, l.n, "h1"), To: node(t, l.n, "h2"), Duration: model.Second, Rate: 5e6, Packet: 1042, Transport: model.UDP}
	if o := l.do(backend.Action{Flow: &f}); o.Err != nil || o.Flow.Received < o.Flow.Sent/2 {
		t.Errorf("%+v %v", o.Flow, o.Err)
	}
}

// TestFlowsToAServiceGoOnWithoutAMember removes a server of two.
func TestFlowsToAServiceGoOnWithoutAMember(t *testing.T) {
	inBothAtOnce(t, flowsToAServiceGoOnWithoutAMember)
}

func flowsToAServiceGoOnWithoutAMember(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2", "h3 s2")
	h1 := node(t, n, "h1")
	n.Services = []model.Service{{ID: "web", IP: 10<<24 | 9<<16 | 9<<8 | 9, Proto: model.UDP, Port: 80,
		Members: []model.Member{{Node: node(t, n, "h2"), Weight: 1}, {Node: node(t, n, "h3"), Weight: 1}}}}
	l := open(t, b, n, apps("load-balancer"))
	ask := func(id string, port uint16) *trace.FlowResult {
		t.Helper()
		o := l.do(backend.Action{Flow: &model.Flow{ID: id, From: h1, To: model.NoNode, Service: "web", SrcPort: port, Duration: 300 * model.Millisecond, Rate: 1e6, Packet: 500, Transport: model.UDP}})
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		return o.Flow
	}
	first := ask("both", 2000)
	if len(first.Servers) != 1 {
		t.Fatalf("served by %+v", first.Servers)
	}
	gone, left := first.Servers[0].Node, "h3"
	if gone == "h3" {
		left = "h2"
	}
	going, err := l.Do(t.Context(), backend.Action{Flow: &model.Flow{ID: "through", From: h1, To: model.NoNode, Service: "web", SrcPort: 2000, Duration: model.Hour, Rate: 1e6, Packet: 500, Transport: model.UDP}})
	if err != nil {
		t.Fatal(err)
	}
	l.settle()
	l.edit("-" + gone)
	l.settle()
	for i := range 3 {
		r := ask(fmt.Sprint("one-", i), uint16(2000+37*i))
		if len(r.Servers) != 1 || r.Servers[0].Node != left || r.Received < r.Sent/2 || r.Error != "" {
			t.Errorf("without %s: %+v", gone, r)
		}
	}
	if err := going.Stop(); err != nil {
		t.Fatal(err)
	}
	if o := going.Outcome(); o.Flow == nil || len(o.Flow.Servers) != 2 || o.Flow.Received < o.Flow.Sent/2 || o.Flow.Error != "stopped" {
		t.Errorf("the flow that had %s: %+v %v", gone, o.Flow, o.Err)
	}
}
