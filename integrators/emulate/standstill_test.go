package emulate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
)

// pausing is for how long a network stands still in tests that look at what time does then.
const pausing = 3 * time.Second

// running are the processes of a run that do not stand still, but for its helper.
func running(t *testing.T, run string) (out []string) {
	t.Helper()
	left, err := netns.Leftovers(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range left {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
		_, rest, _ := strings.Cut(string(text), ") ")
		if rest != "" && rest[0] != 'T' && rest[0] != 'Z' && !strings.Contains(string(text), "(exe)") && !strings.Contains(strings.Join(strings.Fields(commandOf(p.PID)), " "), netns.Subcommand) {
			out = append(out, commandOf(p.PID)+" "+string(text))
		}
	}
	return out
}

func commandOf(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(string(text), "\x00", " ")
}

func TestANetworkThatStoodStillGoesOnAsIfNothingHadBeen(t *testing.T) {
	inBoth(t, aNetworkThatStoodStillGoesOnAsIfNothingHadBeen)
}

// Flows of all kinds, pings and a program are under way when the network is paused. None of
// them notices, and nobody takes anybody for dead.
func aNetworkThatStoodStillGoesOnAsIfNothingHadBeen(t *testing.T, b emulate.Backend) {
	lab(t)
	l := open(t, b, wire(t, "s1 s2 20Mbps", "h1 s1", "h2 s2"), apps("shortest-path"))
	h1, h2 := node(t, l.n, "h1"), node(t, l.n, "h2")
	if got := l.ping("h1", "h2"); got != 2 {
		t.Fatalf("%d of 2 echoes", got)
	}
	start := l.Now()
	actions := map[string]backend.Action{
		"udp":  {Flow: &model.Flow{ID: "udp", From: h1, To: h2, Transport: model.UDP, Rate: 1e6, Duration: 3 * model.Second, SrcPort: 2001, DstPort: 2001}},
		"tcp":  {Flow: &model.Flow{ID: "tcp", From: h2, To: h1, Transport: model.TCP, Rate: 1e6, Duration: 3 * model.Second, SrcPort: 2002, DstPort: 2002}},
		"ping": {Ping: &backend.Ping{From: h1, To: h2, Count: 15, Interval: 200 * model.Millisecond, Timeout: 20 * model.Second}},
		"exec": {Exec: &backend.Exec{Node: h1, Argv: []string{"sh", "-c", "for i in 1 2 3 4 5 6; do sleep 0.5; echo $i; done"}}},
	}
	handles := map[string]backend.Handle{}
	for what, a := range actions {
		h, err := l.Do(t.Context(), a)
		if err != nil {
			t.Fatal(what, err)
		}
		handles[what] = h
	}
	l.until("a second has passed", func() bool { return l.Now() > start+model.Second })
	for range 2 { // pausing what stands still is nothing new
		if err := l.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	at := l.Now()
	if moves := running(t, label(t, b)); len(moves) > 0 {
		t.Errorf("these go on: %s", moves)
	}
	for what, err := range map[string]error{
		"a look": func() error {
			for _, err := range l.Snapshot(t.Context(), backend.Everything()) {
				return err
			}
			return nil
		}(),
		"a ping": func() error {
			_, err := l.Do(t.Context(), backend.Action{Ping: &backend.Ping{From: h1, To: h2}})
			return err
		}(),
		"an edit": l.try(nil, "+h9", "+h9 s1"),
		"a run":   func() error { _, err := l.Run(t.Context(), at+model.Second); return err }(),
	} {
		if !fault.Is(err, fault.NotYet) || !strings.Contains(err.Error(), "stands still") {
			t.Errorf("%s: %v", what, err)
		}
	}
	time.Sleep(pausing)
	if now := l.Now(); now != at {
		t.Errorf("the clock has gone from %s to %s", at, now)
	}
	for range 2 {
		if err := l.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for what, h := range handles {
		l.until(what+" has ended", h.Done)
		if err := h.Outcome().Err; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	still := model.Time(pausing) * model.Nanosecond
	if f := handles["udp"].Outcome().Flow; f.Lost > 0 || f.LatencyMax >= still || f.Finish-f.Start < 2900*model.Millisecond || f.Error != "" {
		t.Errorf("udp: %+v", f)
	}
	if f := handles["tcp"].Outcome().Flow; f.Bytes == 0 || f.Bytes != f.Offered || f.Error != "" {
		t.Errorf("tcp: %+v", f)
	}
	if p := handles["ping"].Outcome().Ping; p.Received != p.Sent || p.Max >= still {
		t.Errorf("ping: %+v", p)
	}
	if x := handles["exec"].Outcome().Exec; x.ExitCode != 0 || x.Output != "1\n2\n3\n4\n5\n6\n" {
		t.Errorf("exec: %+v", x)
	}
	for _, e := range l.diary.find(func(e *trace.Entry) bool {
		return e.Kind == trace.DaemonLost || e.Kind == trace.SwitchDown || e.Kind == trace.Warning && !strings.HasPrefix(e.Text, "TCP is the kernel's") || e.Kind == trace.MachineLoad && (e.Load.Gap > 0 || e.Load.Slip >= still)
	}) {
		t.Errorf("taken for a failure: %+v %+v", e, e.Load)
	}
}

func TestWhatStandsStillEndsAndLeavesNothing(t *testing.T) {
	inBoth(t, whatStandsStillEndsAndLeavesNothing)
}

func whatStandsStillEndsAndLeavesNothing(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	n.Flows = []model.Flow{{ID: "f", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Hour, Rate: 1e6, Transport: model.UDP}}
	n.Processes = []model.Process{{Node: node(t, n, "h1"), Command: "sleep 1000"}}
	l := open(t, b, n, apps("shortest-path"))
	l.until("the flow has begun", func() bool { return len(l.diary.kind(trace.FlowStart)) > 0 })
	l.until("it goes on", func() bool { return l.Now() > 2*model.Second })
	if err := l.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	gone(t, label(t, b))
	ended := l.diary.kind(trace.FlowEnd)
	if len(ended) != 1 || ended[0].Result.Received == 0 || ended[0].Result.Error != "" {
		t.Errorf("of the flow it is told: %+v", ended)
	}
	if _, err := os.Stat(l.dir + "/standstill"); err == nil {
		t.Error("the agents' clock is left")
	}
}

func TestADaemonThatIsKilledWhileAllStandStillIsStartedAgainWhenTheyGoOn(t *testing.T) {
	lab(t)
	b := emulate.Backend{Native: true}
	l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), apps("shortest-path"))
	if err := l.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	slay(t, label(t, b), "ovs-vswitchd")
	time.Sleep(500 * time.Millisecond) // in which nothing is to happen
	if lost := l.diary.kind(trace.DaemonLost); len(lost) > 0 {
		t.Errorf("it is missed while all stand still: %+v", lost)
	}
	if err := l.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.until("it is back", func() bool { return len(l.diary.kind(trace.DaemonBack)) == 1 })
	if got := l.ping("h1", "h2"); got != 2 {
		t.Errorf("%d of 2 echoes", got)
	}
}

// fading is an app whose rules run out: of what goes to three ports of UDP.
type fading struct{}

// The seconds after which they do.
const fadesAfter = 5

func (fading) Manifest() app.Manifest {
	return app.Manifest{Name: "fading", Version: "1", Tables: 1, Chains: true}
}

func (fading) React(e *app.Event, out *app.Commands) {
	switch {
	case e.Kind == app.KindTopology:
		for _, s := range e.Topology.Switches {
			out.OnMiss(s.ID, 0, app.MissNext)
			rule := func(port uint64) flow.Rule {
				return flow.Rule{Priority: 500, SendRemoved: true, Match: flow.Match{}.With(flow.EthType, uint64(packet.EthTypeIPv4)).
					With(flow.IPProto, uint64(packet.ProtoUDP)).With(flow.UDPDst, port)}
			}
			idle, hard, used := rule(7001), rule(7002), rule(7003)
			idle.Idle, hard.Hard, used.Idle = fadesAfter, fadesAfter, fadesAfter
			out.Install(s.ID, idle)
			out.Install(s.ID, hard)
			out.Install(s.ID, used)
		}
	case e.Kind == app.KindFlowRemoved:
		v, _ := e.FlowRemoved.Rule.Match.Field(flow.UDPDst)
		out.Report("faded", float64(v.Value.Lo))
		if e.FlowRemoved.Rule.Idle+e.FlowRemoved.Rule.Hard != fadesAfter {
			out.Log("error", fmt.Sprintf("a rule ended with timeouts of %d and %d s", e.FlowRemoved.Rule.Idle, e.FlowRemoved.Rule.Hard))
		}
	}
}

// A network stands still for longer than its rules' timeouts. They are still there after,
// say what they said, and run out when so much time has passed as they were given; one that
// is used has its timeout back.
func TestRulesDoNotRunOutWhileANetworkStandsStill(t *testing.T) {
	lab(t)
	b := emulate.Backend{Native: true}
	l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), apps("fading", "shortest-path"))
	rules := func() (out []string) {
		for i, err := range l.Snapshot(t.Context(), backend.Selector{Node: node(t, l.n, "s1"), Rules: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if r := i.Rule.Rule; r.Priority == 500 {
				out = append(out, r.String())
			}
		}
		return out
	}
	before := rules()
	if len(before) != 3 {
		t.Skipf("the machine is so slow that rules have run out already: %s", before)
	}
	for round := range 2 {
		if err := l.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		at := l.Now()
		if at > fadesAfter*model.Second/2 {
			t.Skipf("it is %s already, and rules run out soon", at)
		}
		time.Sleep((fadesAfter + 1) * time.Second)
		if err := l.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := rules(); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("after standstill %d there are\n%s\nwant\n%s", round+1, strings.Join(after, "\n"), strings.Join(before, "\n"))
		}
	}
	h, err := l.Do(t.Context(), backend.Action{Flow: &model.Flow{ID: "use", From: node(t, l.n, "h1"), To: node(t, l.n, "h2"), Transport: model.UDP, Rate: 100e3, Duration: model.Minute, DstPort: 7003}})
	if err != nil {
		t.Fatal(err)
	}
	faded := func() []trace.Entry {
		return l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.AppMetric && e.Name == "faded" && *e.Value != 7003 })
	}
	l.until("the unused rules have run out", func() bool { return len(faded()) == 4 })
	sent := l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.RuleMod && e.Rule.Rule.Priority == 500 })
	if len(sent) == 0 {
		t.Fatal("the diary has none of the rules")
	}
	for _, e := range faded() {
		if e.At < sent[0].At+(fadesAfter-1)*model.Second {
			t.Errorf("the rule of port %v, sent at %s, ran out at %s", *e.Value, sent[0].At, e.At)
		}
	}
	l.until("the rule that is used has its timeout back", func() bool {
		text := inside(t, label(t, b), "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "s1")
		return strings.Contains(text, "idle_timeout=5,") && !strings.Contains(text, "idle_timeout=17,")
	})
	if err := h.Stop(); err != nil {
		t.Error(err)
	}
	l.until("it runs out, too", func() bool {
		return len(l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.AppMetric && e.Name == "faded" })) >= 6
	})
	for _, e := range l.diary.kind(trace.AppLog) {
		if e.App == "fading" {
			t.Error(e.Text)
		}
	}
}

// A program wants its connection given up when nobody answers for a second, and does not
// notice a standstill that is longer, while data are under way.
func TestConnectionsAreNotGivenUpBecauseANetworkStandsStill(t *testing.T) {
	lab(t)
	b := emulate.Backend{Native: true}
	l := open(t, b, wire(t, "s1 s2 10Mbps", "h1 s1", "h2 s2"), apps("shortest-path"))
	if got := l.ping("h1", "h2"); got != 2 {
		t.Fatalf("%d of 2 echoes", got)
	}
	python := func(host, text string) backend.Handle {
		h, err := l.Do(t.Context(), backend.Action{Exec: &backend.Exec{Node: node(t, l.n, host), Argv: []string{"/usr/bin/python3", "-c", text}}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	begun := l.dir + "/begun"
	server := python("h2", `import socket
s = socket.create_server(("", 5000)); open("`+begun+`-server", "w").close(); c, _ = s.accept(); n = 0
while True:
    b = c.recv(65536)
    if not b: break
    n += len(b)
    if n > 100000: open("`+begun+`", "w").close()
print(n)`)
	there := func(file string) func() bool {
		return func() bool { _, err := os.Stat(file); return err == nil }
	}
	l.until("somebody listens", there(begun+"-server"))
	client := python("h1", `import socket
c = socket.socket(); c.setsockopt(socket.IPPROTO_TCP, 18, 1000) # TCP_USER_TIMEOUT
c.connect(("10.0.0.2", 5000)); c.sendall(b"x" * 3000000); c.shutdown(socket.SHUT_WR); print(c.recv(1))`)
	l.until("data are under way", there(begun))
	if err := l.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(pausing)
	if err := l.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, h := range map[string]backend.Handle{"server": server, "client": client} {
		l.until(what+" has ended", h.Done)
		if o := h.Outcome(); o.Err != nil || o.Exec.ExitCode != 0 {
			t.Errorf("%s: %v %+v", what, o.Err, o.Exec)
		}
	}
	if got := server.Outcome().Exec.Output; got != "3000000\n" {
		t.Errorf("what has come: %s", got)
	}
}
