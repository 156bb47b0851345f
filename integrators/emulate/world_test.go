package emulate_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	loadbalancer "sendim/plugins/load-balancer"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/sim"
)

// diary keeps every entry.
type diary struct {
	mu      sync.Mutex
	entries []trace.Entry
}

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, *e)
}

func (d *diary) find(match func(*trace.Entry) bool) []trace.Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []trace.Entry
	for i := range d.entries {
		if match(&d.entries[i]) {
			out = append(out, d.entries[i])
		}
	}
	return out
}

func (d *diary) kind(k trace.Kind) []trace.Entry {
	return d.find(func(e *trace.Entry) bool { return e.Kind == k })
}

// wire makes a network of lines "a b" or "a b RATE"; names that begin with s are switches.
func wire(t testing.TB, lines ...string) *model.Network {
	t.Helper()
	b := model.NewBuilder("test")
	for _, line := range lines {
		for _, n := range strings.Fields(line)[:2] {
			kind := model.Host
			if n[0] == 's' {
				kind = model.Switch
			}
			b.Declare([]byte(n), kind)
		}
	}
	for _, line := range lines {
		f := strings.Fields(line)
		var spec model.LinkSpec
		if len(f) > 2 {
			rate, err := model.ParseRate(f[2])
			if err != nil {
				t.Fatal(err)
			}
			spec.Rate = rate
		}
		if len(f) > 3 {
			spec.Delay = model.Millisecond
		}
		id := b.SpecID(spec)
		b.Link(model.LinkDraft{A: b.Ref([]byte(f[0])), B: b.Ref([]byte(f[1])), APort: model.AutoPort, BPort: model.AutoPort, Spec: id, Back: id})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func node(t testing.TB, n *model.Network, name string) model.NodeID {
	t.Helper()
	id, ok := n.NodeByName(name)
	if !ok {
		t.Fatalf("no node %q", name)
	}
	return id
}

// launcher starts the apps of tests by the names of their plugins.
func launcher(_ context.Context, a deployment.Application) (app.Instance, error) {
	switch a.Plugin {
	case "shortest-path":
		return app.Local(shortestpath.New()), nil
	case "limiter":
		return app.Local(limiter{}), nil
	case "load-balancer":
		return app.Local(loadbalancer.New()), nil
	case "fading":
		return app.Local(fading{}), nil
	}
	return nil, fmt.Errorf("no app %q", a.Plugin)
}

// limiter limits what leaves s1 by its first port to 5 Mbit/s.
type limiter struct{}

func (limiter) Manifest() app.Manifest {
	return app.Manifest{Name: "limiter", Version: "1", Tables: 1, Chains: true, Needs: []app.Need{app.NeedPortRate}}
}

func (limiter) React(e *app.Event, out *app.Commands) {
	if e.Kind != app.KindTopology {
		return
	}
	for _, s := range e.Topology.Switches {
		out.OnMiss(s.ID, 0, app.MissNext)
		if s.Name == "s1" {
			out.LimitPort(s.ID, 1, 5e6)
		}
	}
}

func apps(names ...string) *deployment.Deployment {
	d := &deployment.Deployment{Name: "test", Realization: deployment.Emulation}
	for _, n := range names {
		d.Applications = append(d.Applications, deployment.Application{Name: n, Plugin: n})
	}
	return d
}

func specOf(n *model.Network, d *deployment.Deployment, run, dir string) backend.Spec {
	return backend.Spec{Run: run, Dir: dir, Deployment: d, Model: n, Seed: 1, Launch: launcher}
}

type living struct {
	t *testing.T
	backend.Session
	diary *diary
	n     *model.Network
	dir   string
}

// open brings a network up in a world.
func open(t *testing.T, b backend.Backend, n *model.Network, d *deployment.Deployment) *living {
	t.Helper()
	l := &living{t: t, diary: &diary{}, n: n, dir: t.TempDir()}
	run := labtest.Label(t) + "-" + b.Name()
	s, err := b.Open(t.Context(), specOf(n, d, run, l.dir), l.diary)
	if err != nil {
		t.Fatal(err)
	}
	l.Session = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, err := netns.Leftovers(run); err != nil || len(left) > 0 {
			t.Errorf("left: %v %v", left, err)
		}
	})
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *living) do(a backend.Action) backend.Outcome {
	l.t.Helper()
	h, err := l.Do(l.t.Context(), a)
	if err != nil {
		l.t.Fatal(err)
	}
	l.until("an action has its outcome", h.Done)
	return h.Outcome()
}

// until lets time pass until something is so, and ends the test if it never is.
func (l *living) until(what string, so func() bool) {
	l.t.Helper()
	for end := l.Now() + model.Minute; !so(); {
		if l.Now() > end {
			l.t.Fatalf("waited in vain: %s", what)
		}
		if _, err := l.Run(l.t.Context(), l.Now()+10*model.Millisecond); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *living) ping(from, to string) int {
	l.t.Helper()
	o := l.do(backend.Action{Ping: &backend.Ping{From: node(l.t, l.n, from), To: node(l.t, l.n, to), Count: 2, Interval: 50 * model.Millisecond}})
	if o.Err != nil {
		l.t.Fatal(o.Err)
	}
	return o.Ping.Received
}

// held asks whether a rate is one that a limit holds. No more than the limit is promised, but
// for the burst with which it begins; how much less comes through is the machine's matter, and
// only below a half of it something else must be the reason.
func held(t *testing.T, what string, got, limit float64) {
	t.Helper()
	if got < limit/2 || got > limit*1.1 {
		t.Errorf("%s is %.4g, held to %.4g", what, got, limit)
	}
}

// tables are the rules of all switches, without counters.
func (l *living) tables() string {
	l.t.Helper()
	var lines []string
	for i, err := range l.Snapshot(l.t.Context(), backend.Selector{Node: model.NoNode, Rules: true, Groups: true}) {
		switch {
		case err != nil:
			l.t.Fatal(err)
		case i.Rule != nil:
			lines = append(lines, l.n.NodeName(i.Node)+" "+i.Rule.Rule.String())
		case i.Group != nil:
			lines = append(lines, fmt.Sprintf("%s %v", l.n.NodeName(i.Node), i.Group.Group))
		}
	}
	return strings.Join(lines, "\n")
}

// comesTo waits until the rules of all switches are these.
func (l *living) comesTo(tables string) {
	l.t.Helper()
	for end := l.Now() + model.Minute; ; l.settle() {
		got := l.tables()
		if got == tables {
			return
		}
		if l.Now() > end {
			l.t.Fatalf("the tables:\n%s\nwant:\n%s", got, tables)
		}
	}
}

func TestTheSameAppLeavesTheSameTablesAsInTheSimulator(t *testing.T) {
	inBothAtOnce(t, theSameAppLeavesTheSameTablesAsInTheSimulator)
}

func theSameAppLeavesTheSameTablesAsInTheSimulator(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "s2 s3", "s3 s4", "s4 s1", "h1 s1", "h2 s2", "h3 s3", "h4 s4")
	d := apps("shortest-path")
	real := open(t, b, n, d)
	virtual := open(t, sim.Backend{}, n, d)
	want := virtual.tables()
	if got := real.tables(); got != want || want == "" {
		t.Errorf("emulated:\n%s\nsimulated:\n%s", got, want)
	}
	if got := real.ping("h1", "h3"); got != 2 {
		t.Errorf("%d of 2 echoes answered", got)
	}
	change := func(k model.ChangeKind) {
		for _, l := range []*living{real, virtual} {
			link, _ := n.LinkByName("s1--s2")
			if o := l.do(backend.Action{Change: &model.Change{Kind: k, Link: link, Node: model.NoNode}}); o.Err != nil {
				t.Fatal(o.Err)
			}
			l.settle()
		}
	}
	change(model.LinkDown)
	around := virtual.tables()
	if around == want {
		t.Errorf("after a link went down, simulated:\n%s", around)
	}
	real.comesTo(around)
	if got := real.ping("h1", "h2"); got != 2 {
		t.Errorf("%d of 2 echoes found the other way", got)
	}
	// A switch that was off comes back empty and is told everything again.
	for _, k := range []model.ChangeKind{model.NodeDown, model.NodeUp} {
		if o := real.do(backend.Action{Change: &model.Change{Kind: k, Link: model.NoLink, Node: node(t, n, "s3")}}); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	real.comesTo(around)
}

func TestTheModelsFlowsRunInTheirTimeAndAreMeasured(t *testing.T) {
	inBoth(t, theModelsFlowsRunInTheirTimeAndAreMeasured)
}

func theModelsFlowsRunInTheirTimeAndAreMeasured(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2 20Mbps", "h1 s1", "h2 s2", "h3 s1", "h4 s2")
	h1, h2, h3, h4 := node(t, n, "h1"), node(t, n, "h2"), node(t, n, "h3"), node(t, n, "h4")
	n.Flows = []model.Flow{
		{ID: "udp", From: h1, To: h2, Start: 200 * model.Millisecond, Duration: 2 * model.Second, Rate: 4e6, Packet: 1042, Transport: model.UDP},
		{ID: "tcp", From: h3, To: h4, Start: 2500 * model.Millisecond, Duration: 3 * model.Second, Transport: model.TCP},
		{ID: "echo", From: h2, To: h3, Start: model.Second, Count: 2, Transport: model.ICMP},
		{ID: "late", From: h4, To: h1, Start: 5 * model.Second, Duration: model.Minute, Rate: 1e6, Transport: model.UDP},
	}
	n.Processes = []model.Process{
		{Node: h1, At: 100 * model.Millisecond, Command: "ip -o -4 addr show h1-eth0"},
		{Node: h1, At: 600 * model.Millisecond, Command: "echo there is >&2; echo no such road >&2; exit 3"},
	}
	l := open(t, b, n, apps("shortest-path"))
	if _, err := l.Run(t.Context(), 6500*model.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	results := map[string]*trace.FlowResult{}
	for _, e := range l.diary.kind(trace.FlowEnd) {
		results[e.Flow] = e.Result
	}
	for id, from := range map[string]model.Time{"udp": 200 * model.Millisecond, "tcp": 2500 * model.Millisecond, "echo": model.Second, "late": 5 * model.Second} {
		r := results[id]
		if r == nil || r.Error != "" || r.Start < from || r.Start > from+model.Second || r.Bytes == 0 {
			t.Errorf("%s: %+v", id, r)
		}
	}
	if r := results["udp"]; r != nil {
		held(t, "the rate of udp", r.Rate, 4e6)
		if r.Sent != 1000 || r.Received < 500 || r.LatencyMean <= 0 {
			t.Errorf("%+v", r)
		}
	}
	if r := results["tcp"]; r != nil {
		held(t, "the rate of tcp", r.Rate, 20e6*1448/1514)
	}
	if r := results["late"]; r != nil && r.Finish != trace.Unfinished {
		t.Errorf("late has ended: %+v", r)
	}
	total := 0
	for _, e := range l.diary.kind(trace.LinkTotal) {
		if e.Link == "s1--s2" && e.Sample.From == "s1" {
			total++
			held(t, "what the saturated link carried", e.Sample.Measured, 20e6)
			if e.Sample.Bytes < 4e6 || e.Sample.Rate != 20e6 {
				t.Errorf("%+v", e.Sample)
			}
		}
	}
	load := l.diary.kind(trace.MachineLoad)
	if total != 1 || len(load) < 4 || load[0].Load.Busy <= 0 || len(l.diary.kind(trace.LinkSample)) == 0 {
		t.Errorf("%d totals of s1--s2, load %v", total, load)
	}
	if p := l.diary.kind(trace.ExecEnd); len(p) != 2 || !strings.Contains(p[0].Exec.Output, "10.0.0.1/8") {
		t.Errorf("processes: %+v", p)
	}
	if w := l.diary.kind(trace.Warning); !slices.ContainsFunc(w, func(e trace.Entry) bool {
		return e.Node == "h1" && strings.HasPrefix(e.Text, "echo there is") && strings.HasSuffix(e.Text, "ended with 3: no such road")
	}) {
		t.Errorf("a program that fails is not told of: %+v", w)
	}
	if first := l.diary.kind(trace.RunStart); len(first) != 1 || first[0].At != 0 || len(l.diary.kind(trace.RunEnd)) != 1 {
		t.Errorf("the diary begins with %+v", first)
	}
}

func TestProgramsRunInHostsAndPortsAreCaptured(t *testing.T) {
	inBothAtOnce(t, programsRunInHostsAndPortsAreCaptured)
}

func programsRunInHostsAndPortsAreCaptured(t *testing.T, b emulate.Backend) {
	lab(t, "tcpdump")
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	l := open(t, b, n, apps("shortest-path"))
	h1 := node(t, n, "h1")
	if o := l.do(backend.Action{Exec: &backend.Exec{Node: h1, Argv: []string{"sh", "-c", "cat; echo error >&2; exit 4"}, Stdin: strings.NewReader("typed\n")}}); o.Err != nil || o.Exec.ExitCode != 4 || !strings.Contains(o.Exec.Output, "typed\n") || !strings.Contains(o.Exec.Output, "error\n") {
		t.Errorf("%+v %v", o.Exec, o.Err)
	}
	var large bytes.Buffer
	if o := l.do(backend.Action{Exec: &backend.Exec{Node: h1, Argv: []string{"seq", "300000"}, Stdout: &large}}); o.Err != nil || o.Exec.ExitCode != 0 || large.Len() != 1988895 {
		t.Errorf("%+v %v, %d bytes", o.Exec, o.Err, large.Len())
	}
	h, err := l.Do(t.Context(), backend.Action{Exec: &backend.Exec{Node: h1, Argv: []string{"sleep", "3600"}}})
	if err != nil || h.Stop() != nil || !h.Done() || h.Outcome().Exec == nil {
		t.Errorf("%v: %+v", err, h.Outcome())
	}
	for _, at := range []model.Endpoint{{Node: node(t, n, "s1"), Port: 2}, {Node: h1, Port: 0}} {
		var file bytes.Buffer
		h, err := l.Do(t.Context(), backend.Action{Capture: &backend.Capture{At: at, Writer: &file}})
		if err != nil {
			t.Fatal(err)
		}
		before := l.Now()
		if got := l.ping("h1", "h2"); got != 2 {
			t.Errorf("%d of 2 echoes answered", got)
		}
		if err := h.Stop(); err != nil || h.Outcome().Err != nil {
			t.Error(err, h.Outcome().Err)
		}
		text := file.Bytes()
		if len(text) < 24+2*(16+98) {
			t.Fatalf("captured %d bytes", len(text))
		}
		seconds := model.Time(binary.BigEndian.Uint32(text[24:]))*model.Second + model.Time(binary.BigEndian.Uint32(text[28:]))*model.Nanosecond
		if seconds < before-50*model.Millisecond || seconds > l.Now() {
			t.Errorf("the first frame is of %v, captured between %v and %v", seconds, before, l.Now())
		}
	}
}

func TestAnAppMayLimitAPort(t *testing.T) { inBothAtOnce(t, anAppMayLimitAPort) }

func anAppMayLimitAPort(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2 20Mbps", "h1 s1", "h2 s2")
	l := open(t, b, n, apps("limiter", "shortest-path"))
	f := model.Flow{ID: "f", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: 2 * model.Second, Rate: 10e6, Packet: 1042, Transport: model.UDP}
	o := l.do(backend.Action{Flow: &f})
	if o.Err != nil {
		t.Fatal(o.Err)
	}
	held(t, "the rate", o.Flow.Rate, 5e6*1000/1042)
}

func TestTwoRunsOfTheSameNetworkLiveSideBySide(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	worlds := make([]*living, 2)
	var wg sync.WaitGroup
	for i := range worlds {
		worlds[i] = &living{t: t, diary: &diary{}, n: n, dir: t.TempDir()}
		wg.Go(func() {
			d := apps("shortest-path")
			s, err := emulate.Backend{Native: i == 1}.Open(t.Context(), specOf(n, d, fmt.Sprint("side-", i), worlds[i].dir), worlds[i].diary)
			if err != nil {
				t.Error(err)
				return
			}
			worlds[i].Session = s
			if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, w := range worlds {
		if w.Session == nil {
			continue
		}
		defer w.Close()
		if !t.Failed() && w.ping("h1", "h2") != 2 {
			t.Error("an echo was not answered")
		}
	}
	if t.Failed() {
		return
	}
	if err := worlds[0].Close(); err != nil {
		t.Error(err)
	}
	if worlds[1].ping("h2", "h1") != 2 {
		t.Error("the end of one run disturbed the other")
	}
}

func TestWhatTheKernelCannotDoIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	lab(t)
	b := emulate.Backend{}
	n := wire(t, "s1 s2 20Mbps delayed", "h1 s1", "h2 s2")
	d := apps("shortest-path")
	caps, err := b.Capabilities(t.Context(), specOf(n, d, "x", ""))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(caps.Can) || !caps.Has(backend.Meters) || caps.HighestRate == 0 || caps.Facts["mininet"] == "" || caps.Facts["openvswitch"] == "" {
		t.Errorf("%+v", caps)
	}
	if caps.Has(backend.LinkDelay) {
		t.Skip("this kernel has netem")
	}
	s, err := b.Open(t.Context(), specOf(n, d, "refused", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil)
	if !fault.Is(err, fault.MissingCapability) || !strings.Contains(err.Error(), "link s1--s2 has a delay (link-delay): this kernel has no netem") {
		t.Error(err)
	}
	// The session is as it was: it takes another network.
	n = wire(t, "s1 s2 20Mbps", "h1 s1", "h2 s2")
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		t.Fatal(err)
	}
	link, _ := n.LinkByName("s1--s2")
	if _, err := s.Do(t.Context(), backend.Action{Change: &model.Change{Kind: model.LinkDelay, Link: link, Delay: model.Millisecond}}); !fault.Is(err, fault.MissingCapability) {
		t.Error(err)
	}
	if err := s.Apply(t.Context(), change.Diff(change.State{Model: n, Deployment: d}, change.State{Model: wire(t, "s1 s2"), Deployment: d}), nil); !fault.Is(err, fault.NotYet) {
		t.Error(err)
	}
}

func TestWhatIsAllowedToBeMissingIsGoneWithout(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2 20Mbps delayed", "h1 s1", "h2 s2")
	d := apps("shortest-path")
	b := emulate.Backend{}
	spec := specOf(n, d, "allowed", "")
	if caps, err := b.Capabilities(t.Context(), spec); err != nil || caps.Has(backend.LinkDelay) {
		t.Skip("this kernel has netem")
	}
	spec.Allowed = []backend.Capability{backend.LinkDelay}
	s, err := b.Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		t.Fatal(err)
	}
	l := &living{t: t, Session: s, n: n}
	if got := l.ping("h1", "h2"); got != 2 {
		t.Errorf("%d of 2 echoes answered", got)
	}
}

func TestBeforeAndAfterItsLifeASessionSaysSo(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	d := apps("no such app")
	s, err := emulate.Backend{}.Open(t.Context(), specOf(n, d, "edges", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context(), model.Second); !errors.Is(err, emulate.ErrEmpty) {
		t.Error(err)
	}
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err == nil || !strings.Contains(err.Error(), "starting app no such app") {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Do(t.Context(), backend.Action{}); !errors.Is(err, emulate.ErrClosed) {
		t.Error(err)
	}
}
