package core

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/cost"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/report"
	"sendim/core/trace"
	"sendim/sim"
)

// real poses as an emulation: it is called mininet, has no virtual time, and may be slow.
type real struct {
	sim.Backend
	slow   bool
	refuse bool
	full   bool // it finds out as it opens
	closed *int
}

func (real) Name() string { return "mininet" }

func (r real) Capabilities(ctx context.Context, s backend.Spec) (backend.Capabilities, error) {
	if r.refuse {
		return backend.Capabilities{}, fault.New(fault.MissingCapability, fault.Place{}, "emulation needs root")
	}
	c, err := r.Backend.Capabilities(ctx, s)
	c.Can = slices.DeleteFunc(slices.Clone(c.Can), func(c backend.Capability) bool { return c == backend.VirtualTime })
	return c, err
}

func (r real) Open(ctx context.Context, s backend.Spec, sink trace.Sink) (backend.Session, error) {
	if r.full {
		return nil, fault.New(fault.MissingCapability, fault.Place{}, "there is no room")
	}
	inner, err := r.Backend.Open(ctx, s, sink)
	return slowly{inner, r, sink}, err
}

type slowly struct {
	backend.Session
	real
	sink trace.Sink
}

func (s slowly) Apply(ctx context.Context, c *change.Changeset, progress func(int, int)) error {
	if !s.slow {
		return s.Session.Apply(ctx, c, progress)
	}
	s.sink.Emit(&trace.Entry{At: -1, Kind: trace.Warning, Text: "of the attempt"})
	<-ctx.Done()
	return ctx.Err()
}

func (s slowly) Close() error { *s.closed++; return s.Session.Close() }

// priced says that a node takes so long to bring up.
func priced(seconds float64) *cost.Book {
	return &cost.Book{Worlds: map[string]*cost.Figures{"mininet": {Measured: time.Now(), Host: cost.Usage{Seconds: seconds}, Switch: cost.Usage{Seconds: seconds}}}}
}

// loaded reads a deployment of two hosts at a switch.
func loaded(t *testing.T, dir, attributes, emulation, on string) *job.Job {
	t.Helper()
	write(t, dir, "net.xml", `<system name="pair"><node id="s1" type="switch"/><node id="h1" type="host"><link to="s1"/></node><node id="h2" type="host"><link to="s1"/></node>
  <flow id="f" from="h1" to="h2" start="0s" size="100KB" transport="udp" rate="10Mbps"/></system>`)
	write(t, dir, "d.xml", `<deployment name="t" `+attributes+`><system href="net.xml"/><application name="a" plugin="learning-switch"/>`+emulation+`</deployment>`)
	j, err := job.Load(job.Input{Descriptor: filepath.Join(dir, "d.xml"), On: on})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// chosen runs a deployment and gives its results and the text of its diary.
func chosen(t *testing.T, attributes, emulation string, world real, book *cost.Book, on string) (*Result, string, int, error) {
	t.Helper()
	dir := t.TempDir()
	j := loaded(t, dir, attributes, emulation, on)
	closed := 0
	world.closed = &closed
	res, err := Run(t.Context(), RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}, world}, Launch: launch, Root: filepath.Join(dir, "runs"), Name: "x", Costs: book}, Hooks{})
	text, _ := os.ReadFile(filepath.Join(dir, "runs", "x", "trace.jsonl"))
	return res, string(text), closed, err
}

func TestTheWorldIsTheOneThatTheMachineAndTheBudgetAllow(t *testing.T) {
	const falls = `<emulation budget="200ms" fallback="simulation" seed="5"/>`
	for _, c := range []struct {
		name, attributes, emulation, on string
		world                           real
		book                            *cost.Book
		taken, reason                   string
	}{
		{name: "an emulation within its budget", attributes: `realization="emulation"`, emulation: `<emulation budget="10s" fallback="simulation"/>`, book: priced(0.001),
			taken: "mininet", reason: "mininet takes about 0.0 s to bring up; the budget is 10s"},
		{name: "an estimate beyond the budget", attributes: `realization="emulation"`, emulation: falls, book: priced(1),
			taken: "simulation", reason: "mininet would take about 3.0 s to bring up 3 nodes and 2 links on this machine; the budget is 200ms"},
		{name: "a build that takes longer than was thought", attributes: `realization="emulation"`, emulation: falls, book: priced(0.001), world: real{slow: true},
			taken: "simulation", reason: "mininet was not up when its budget of 200ms was used up"},
		{name: "a machine that nobody measured", attributes: `realization="emulation"`, emulation: falls, world: real{slow: true},
			taken: "simulation", reason: "was not up when its budget"},
		{name: "a machine without what emulation needs", attributes: `realization="emulation"`, emulation: falls, world: real{refuse: true},
			taken: "simulation", reason: "emulation needs root"},
		{name: "a machine that turns out to be too small", attributes: `realization="emulation"`, emulation: `<emulation fallback="simulation"/>`, world: real{full: true},
			taken: "simulation", reason: "there is no room"},
		{name: "a fallback without a budget", attributes: `realization="emulation"`, emulation: `<emulation fallback="simulation"/>`,
			taken: "mininet", reason: "has room for it"},
		{name: "an emulation that is preferred and fits", attributes: `realization="simulation" prefer="emulation"`, emulation: `<emulation budget="10s"/>`, book: priced(0.001),
			taken: "mininet", reason: "the budget is 10s"},
		{name: "one that is preferred without more", attributes: `realization="simulation" prefer="emulation"`, book: priced(0.001),
			taken: "mininet", reason: "the budget is 1m0s"},
		{name: "one that is preferred and too slow", attributes: `realization="simulation" prefer="emulation"`, emulation: `<emulation budget="1s"/>`, book: priced(1),
			taken: "simulation", reason: "the budget is 1s"},
		{name: "one that is preferred and not possible", attributes: `realization="simulation" prefer="emulation"`, world: real{refuse: true},
			taken: "simulation", reason: "emulation needs root"},
		{name: "a preference overruled", attributes: `realization="simulation" prefer="emulation"`, on: "simulation", taken: "simulation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, diary, closed, err := chosen(t, c.attributes, c.emulation, c.world, c.book, c.on)
			if err != nil {
				t.Fatal(err)
			}
			m := res.Manifest
			if m.Backend != c.taken || m.State != report.Finished || len(res.Flows) != 1 || !res.Flows[0].Finished() {
				t.Errorf("in %s, %s, %+v", m.Backend, m.State, res.Flows)
			}
			if c.reason == "" {
				if m.Choice != nil {
					t.Errorf("%+v", m.Choice)
				}
				return
			}
			if m.Choice == nil || m.Choice.Asked != "mininet" || m.Choice.Taken != c.taken || !strings.Contains(m.Choice.Reason, c.reason) || m.BuildSeconds <= 0 {
				t.Fatalf("%+v", m.Choice)
			}
			if told := strings.Contains(diary, "carried out in simulation and not in mininet"); told != (c.taken == "simulation") {
				t.Errorf("the diary tells: %v\n%s", told, diary)
			}
			if strings.Contains(diary, "of the attempt") || c.world.slow && closed != 1 || strings.Count(diary, `"run-start"`) > 1 {
				t.Errorf("the attempt was closed %d times; its diary is mixed with the run's:\n%s", closed, diary)
			}
			if strings.Contains(c.emulation, `seed="5"`) && m.Seed != 5 {
				t.Errorf("the seed has become %d", m.Seed)
			}
		})
	}
}

func TestABudgetWithoutAFallbackEndsTheRun(t *testing.T) {
	_, _, _, err := chosen(t, `realization="emulation"`, `<emulation budget="1s"/>`, real{}, priced(1), "")
	if !fault.Is(err, fault.OverBudget) || !strings.Contains(err.Error(), "would take about 3.0 s") {
		t.Error(err)
	}
	res, _, closed, err := chosen(t, `realization="emulation"`, `<emulation budget="100ms"/>`, real{slow: true}, nil, "")
	if !fault.Is(err, fault.OverBudget) || closed != 1 || res.Manifest.State != report.Failed {
		t.Error(err, closed)
	}
}

func TestANetworkThatDoesNotFitIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	book := &cost.Book{Worlds: map[string]*cost.Figures{"mininet": {Measured: time.Now(), Host: cost.Usage{Terminals: 1e9}}}}
	_, diary, closed, err := chosen(t, `realization="emulation"`, "", real{}, book, "")
	if !fault.Is(err, fault.MissingCapability) || !strings.Contains(err.Error(), "needs about 2000000000 pseudo-terminals") || closed != 0 || diary != "" {
		t.Error(err, closed, diary)
	}
}

func TestEveryWorldThatAJobMayComeToIsAskedBeforehand(t *testing.T) {
	const falls = `<emulation budget="200ms" fallback="simulation"/>`
	for _, c := range []struct {
		name, attributes, emulation, on string
		world                           real
		book                            *cost.Book
		want                            []string // a world and why, or why not
		fails                           string
	}{
		{name: "one world", attributes: `realization="simulation"`, want: []string{"simulation yes: "}},
		{name: "an emulation and what it falls back to", attributes: `realization="emulation"`, emulation: `<emulation budget="10s" fallback="simulation"/>`, book: priced(0.001),
			want: []string{"mininet yes: mininet takes about 0.0 s to bring up; the budget is 10s", "simulation yes: "}},
		{name: "one that would take too long, which is no fault where there is another", attributes: `realization="emulation"`, emulation: falls, book: priced(1),
			want: []string{"mininet no: mininet would take about 3.0 s", "simulation yes: "}},
		{name: "one that would take too long, and no other", attributes: `realization="emulation"`, emulation: `<emulation budget="200ms"/>`, book: priced(1),
			want: []string{"mininet no: mininet would take about 3.0 s"}, fails: "the budget is 200ms"},
		{name: "a preference that this machine cannot follow", attributes: `realization="simulation" prefer="emulation"`, world: real{refuse: true},
			want: []string{"mininet no: emulation needs root", "simulation yes: "}},
		{name: "a network without room", attributes: `realization="emulation"`, emulation: `<emulation fallback="simulation"/>`,
			book: &cost.Book{Worlds: map[string]*cost.Figures{"mininet": {Measured: time.Now(), Host: cost.Usage{Terminals: 1e9}}}},
			want: []string{"mininet no: this machine has no room for 3 nodes and 2 links in mininet: it needs about 2000000000 pseudo-terminals", "simulation yes: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := loaded(t, t.TempDir(), c.attributes, c.emulation, c.on)
			list, err := Preflight(t.Context(), RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}, c.world}, Launch: launch, Costs: c.book})
			if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v, want %q", err, c.fails)
			}
			var got []string
			for _, p := range list {
				text := p.World + " yes: " + p.Reason
				if p.Err != nil {
					text = p.World + " no: " + plain(p.Err)
				} else if (p.Bill == nil) != (p.World == "simulation") {
					t.Errorf("%s: %+v", p.World, p.Bill)
				}
				got = append(got, text)
			}
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
