package core

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/report"
	"sendim/core/trace"
	learningswitch "sendim/plugins/learning-switch"
	"sendim/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// launch gives linked-in apps; "broken" fails when it is first told something.
func launch(_ context.Context, a deployment.Application) (app.Instance, error) {
	if a.Plugin == "broken" {
		return broken{app.Local(learningswitch.New())}, nil
	}
	return app.Local(learningswitch.New()), nil
}

type broken struct{ app.Instance }

func (broken) Handle(context.Context, []app.Event, func(int, []app.Command)) error {
	return errors.New("it broke")
}

// needy is an app that wants what this file's narrow world does not have.
type needy struct{ app.App }

func (n needy) Manifest() app.Manifest {
	m := n.App.Manifest()
	m.Needs = []app.Need{app.NeedMeters}
	return m
}

// narrow is the simulation without some of its capabilities.
type narrow struct {
	sim.Backend
	without []backend.Capability
	opened  *bool
}

func (n narrow) Capabilities(ctx context.Context, s backend.Spec) (backend.Capabilities, error) {
	c, err := n.Backend.Capabilities(ctx, s)
	var can []backend.Capability
	for _, have := range c.Can {
		keep := true
		for _, w := range n.without {
			keep = keep && w != have
		}
		if keep {
			can = append(can, have)
		}
	}
	c.Can = can
	if c.Missing == nil {
		c.Missing = map[backend.Capability]string{}
	}
	c.Missing[backend.LinkDelay] = "no netem"
	return c, err
}

func (n narrow) Open(ctx context.Context, s backend.Spec, sink trace.Sink) (backend.Session, error) {
	*n.opened = true
	return n.Backend.Open(ctx, s, sink)
}

const pair = `<system name="pair">
  <node id="s1" type="switch"/>
  <node id="h1" type="host"><link to="s1" rate="10Mbps" delay="1ms"/></node>
  <node id="h2" type="host"><link to="s1" rate="10Mbps" delay="1ms"/></node>
  <flow id="f" from="h1" to="h2" start="0s" duration="2s" rate="1Mbps" transport="udp"/>
  <scenario><at time="1s"><down link="h2--s1"/></at><at time="3s"><up link="h2--s1"/></at></scenario>
  <test><reachable from="*" to="*"/><loss flow="f" max="60%"/></test>
</system>`

func load(t testing.TB, system, plugin string, degrade deployment.Degrade) *job.Job {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "net.xml", system)
	write(t, dir, "d.xml", `<deployment name="t" realization="simulation" degrade="`+string(degrade)+`"><system href="net.xml"/><application name="a" plugin="`+plugin+`"/></deployment>`)
	j, err := job.Load(job.Input{Descriptor: filepath.Join(dir, "d.xml")})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func spec(j *job.Job, root string, b ...backend.Backend) RunSpec {
	if len(b) == 0 {
		b = []backend.Backend{sim.Backend{}}
	}
	return RunSpec{Job: j, Backends: b, Launch: launch, Root: root, Version: "test"}
}

func TestARunCarriesScenarioTrafficAndTests(t *testing.T) {
	root := t.TempDir()
	res, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), root), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Tests) != 2 || res.Passed() != 2 {
		t.Errorf("tests: %+v", res.Tests)
	}
	if f := res.Flows[0]; f.Loss() < 0.4 || f.Loss() > 0.6 {
		t.Errorf("the link was down for half of the flow, yet %v was lost", f.Loss())
	}
	if res.Manifest.State != report.Finished || res.Manifest.Digest == "" || len(res.Tables) != 1 {
		t.Errorf("%+v", res.Manifest)
	}
	back, err := report.Read(os.DirFS(res.Dir))
	if err != nil || len(back.Flows) != 1 || back.Manifest.State != report.Finished {
		t.Errorf("%v %+v", err, back)
	}
	if target, _ := os.Readlink(filepath.Join(root, "latest")); target != res.Manifest.ID {
		t.Errorf("latest is %q", target)
	}
}

func TestAnInterruptedRunLeavesItsResults(t *testing.T) {
	long := strings.Replace(pair, `duration="2s"`, `duration="100000s"`, 1)
	ctx, cancel := context.WithCancel(t.Context())
	res, err := Run(ctx, spec(load(t, long, "x", "refuse"), t.TempDir()), Hooks{Live: func(l *Live) {
		go func() {
			l.Do(context.Background(), func(*World) error { cancel(); return nil }) //nolint:errcheck // the run may be over
		}()
	}})
	if err != nil || res.Manifest.State != report.Interrupted {
		t.Fatalf("%v %v", err, res.Manifest.State)
	}
	if len(res.Flows) != 1 || res.Flows[0].Finished() {
		t.Errorf("flows: %+v", res.Flows)
	}
	if _, err := os.Stat(filepath.Join(res.Dir, "report.html")); err != nil {
		t.Error(err)
	}
}

func TestRequestsAreCarriedOutWhileTimePasses(t *testing.T) {
	long := strings.Replace(pair, `duration="2s"`, `duration="1000s"`, 1)
	answered := make(chan error, 1)
	_, err := Run(t.Context(), spec(load(t, long, "x", "refuse"), ""), Hooks{Live: func(l *Live) {
		go func() {
			answered <- l.Do(t.Context(), func(w *World) error {
				id, _ := w.Model.NodeByName("h1")
				other, _ := w.Model.NodeByName("h2")
				_, err := w.Do(t.Context(), backend.Action{Ping: &backend.Ping{From: id, To: other}})
				return err
			})
		}()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestRequestsDoNotChangeTheTraffic(t *testing.T) {
	quiet, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), ""), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	nosy, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), ""), Hooks{Live: func(l *Live) {
		go func() {
			for l.Do(context.Background(), func(w *World) error { w.Session.Now(); return nil }) == nil {
			}
		}()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if quiet.Manifest.Digest != nosy.Manifest.Digest {
		t.Error("looking at a run changed it")
	}
}

func TestARequestAfterTheEndIsToldSo(t *testing.T) {
	var l *Live
	if _, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), ""), Hooks{Live: func(live *Live) { l = live }}); err != nil {
		t.Fatal(err)
	}
	if err := l.Do(t.Context(), func(*World) error { return nil }); !errors.Is(err, ErrOver) {
		t.Error(err)
	}
}

func TestWhatAWorldCannotDoIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	opened := false
	world := narrow{without: []backend.Capability{backend.LinkDelay}, opened: &opened}
	root := filepath.Join(t.TempDir(), "runs")
	_, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), root, world), Hooks{})
	if !fault.Is(err, fault.MissingCapability) || !strings.Contains(err.Error(), "net.xml:3:") || !strings.Contains(err.Error(), "no netem") {
		t.Errorf("%v", err)
	}
	if _, serr := os.Stat(root); opened || serr == nil {
		t.Error("something was built")
	}
}

func TestWhatMayBeDegradedIsGoneWithoutAndSaid(t *testing.T) {
	opened := false
	world := narrow{without: []backend.Capability{backend.LinkDelay}, opened: &opened}
	res, err := Run(t.Context(), spec(load(t, pair, "x", "allow"), t.TempDir(), world), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Manifest.Degraded) != 1 || res.Manifest.Degraded[0].Capability != "link-delay" || len(res.Warnings) == 0 {
		t.Errorf("%+v %v", res.Manifest.Degraded, res.Warnings)
	}
}

func TestAnAppsNeedsAreHeldAgainstTheWorld(t *testing.T) {
	opened := false
	s := spec(load(t, pair, "x", "allow"), "", narrow{without: []backend.Capability{backend.Meters}, opened: &opened})
	s.Launch = func(context.Context, deployment.Application) (app.Instance, error) {
		return app.Local(needy{learningswitch.New()}), nil
	}
	if _, err := Run(t.Context(), s, Hooks{}); !fault.Is(err, fault.MissingCapability) || opened {
		t.Errorf("%v", err)
	}
}

func TestALostAppIsAWarningUnlessItFailsTheRun(t *testing.T) {
	res, err := Run(t.Context(), spec(load(t, pair, "broken", "refuse"), t.TempDir()), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Warnings) == 0 || !strings.Contains(strings.Join(res.Warnings, "\n"), "it broke") {
		t.Errorf("warnings: %q", res.Warnings)
	}
	j := load(t, pair, "broken", "refuse")
	j.Deployment.Applications[0].OnLoss = "fail"
	res, err = Run(t.Context(), spec(j, t.TempDir()), Hooks{})
	if err == nil || res == nil || res.Manifest.State != report.Failed {
		t.Fatalf("%v %+v", err, res)
	}
	if _, err := os.Stat(filepath.Join(res.Dir, "result.json")); err != nil {
		t.Error(err)
	}
}

func TestUnreachabilityIsATestOfItsOwn(t *testing.T) {
	apart := `<system name="apart"><node id="s1" type="switch"/><node id="s2" type="switch"/>
  <node id="h1" type="host"><link to="s1"/></node><node id="h2" type="host"><link to="s2"/></node>
  <test><unreachable from="h1" to="h2"/><reachable from="h2" to="h1"/></test></system>`
	res, err := Run(t.Context(), spec(load(t, apart, "x", "refuse"), ""), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Tests[0].Passed || res.Tests[1].Passed || !strings.Contains(res.Tests[1].Measured, "first: h2 -> h1") {
		t.Errorf("%+v", res.Tests)
	}
}
