package job

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
)

const network = `<system name="net">
  <class id="gold" min="100Mbps" max="1Gbps" priority="1"/>
  <node id="s1" type="switch"/>
  <node id="h1" type="host"><link to="s1" rate="10Gbps" delay="10ms" queue="50p"/></node>
  <node id="h2" type="host"><link to="s1" rate="10Gbps" delay="10ms" queue="50p"/></node>
  <flow id="f" from="h1" to="h2" start="4s" size="10MB" transport="tcp"/>
  <flow id="g" from="h1" to="h2" start="0s" duration="8s" rate="1Gbps" transport="udp"/>
  <demands start="0s" until="20s"><demand from="h1" to="h2" rate="500Mbps"/></demands>
  <scenario><at time="2s"><rate link="h1--s1" value="1Gbps"/></at></scenario>
  <test><throughput flow="g" min="900Mbps"/><completion flow="f" max="10s"/></test>
</system>`

func files(t *testing.T, deploy string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"net.xml": network, "d.xml": deploy} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "d.xml")
}

func TestScaleMultipliesEverythingAlike(t *testing.T) {
	d := files(t, `<deployment realization="simulation"><system href="net.xml"/><scale rate="1/100" size="1/10" delay="1/2" time="1/4"/></deployment>`)
	j, err := Load(Input{Descriptor: d})
	if err != nil {
		t.Fatal(err)
	}
	n := j.Model
	s := n.ArcSpec(0)
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"link rate", s.Rate, model.Rate(100e6)}, {"link delay", s.Delay, 5 * model.Millisecond}, {"queue", s.Queue, model.QueueLimit{Packets: 50}},
		{"class", n.Classes[0].Max, model.Rate(10e6)}, {"flow size", n.Flows[0].Size, model.Size(1e6)}, {"flow start", n.Flows[0].Start, model.Second},
		{"flow rate", n.Flows[1].Rate, model.Rate(10e6)}, {"flow duration", n.Flows[1].Duration, 2 * model.Second},
		{"demand", n.Demands[0].Demands[0].Rate, model.Rate(5e6)}, {"demands until", n.Demands[0].Until, 5 * model.Second},
		{"scenario time", n.Scenario[0].At, model.Second / 2}, {"scenario rate", n.Scenario[0].Changes[0].Rate, model.Rate(10e6)},
		{"test rate", n.Tests[0].MinRate, model.Rate(9e6)}, {"test time", n.Tests[1].Max, model.Time(2.5 * float64(model.Second))},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestTheCommandLineWins(t *testing.T) {
	d := files(t, `<deployment realization="simulation"><system href="net.xml"/><application name="a" plugin="x"><param name="p" value="1"/></application><simulation seed="7" until="30s"/></deployment>`)
	j, err := Load(Input{Descriptor: d, On: "mininet", Params: []AppParam{{"", "p", "2"}, {"a", "q", "3"}}})
	if err != nil {
		t.Fatal(err)
	}
	if WorldOf(j.Deployment) != "mininet" || j.Deployment.Seed() != 7 || j.Deployment.Until() != 30*model.Second {
		t.Errorf("another world does not keep seed and end: %+v", j.Deployment)
	}
	if p := j.Deployment.Applications[0].Params; len(p) != 2 || p[0].Value != "2" || p[1].Name != "q" {
		t.Errorf("parameters: %v", p)
	}
	_, err = Load(Input{Descriptor: d, Params: []AppParam{{"b", "p", "2"}}})
	if !fault.Is(err, fault.UnknownApp) {
		t.Errorf("%v", err)
	}
	seed, until := uint64(9), model.Second
	j, err = Load(Input{Descriptor: d, Seed: &seed, Until: &until, Topology: "linear,3", Tests: []model.Test{{Kind: model.TestReachable}}})
	if err != nil || j.Deployment.Seed() != 9 || j.Deployment.Until() != until || j.Model.NodeCount() != 6 || len(j.Model.Tests) != 1 {
		t.Errorf("%v %+v", err, j)
	}
}

func TestADefaultAppRunsOnlyWhereNobodyWroteADescriptor(t *testing.T) {
	def := deployment.Application{Name: "d", Plugin: "d"}
	j, err := Load(Input{Topology: "minimal", Default: def})
	if err != nil || len(j.Deployment.Applications) != 1 {
		t.Errorf("%v", err)
	}
	j, err = Load(Input{Descriptor: files(t, `<deployment realization="simulation"><system href="net.xml"/></deployment>`), Default: def})
	if err != nil || len(j.Deployment.Applications) != 0 {
		t.Errorf("%v", err)
	}
}

// described is an app that is nothing but its manifest.
type described struct{ m app.Manifest }

func (d described) Manifest() app.Manifest        { return d.m }
func (described) React(*app.Event, *app.Commands) {}

func TestManifestsHoldParametersAndOrder(t *testing.T) {
	manifests := map[string]app.Manifest{
		"typed": {Name: "typed", Tables: 1, Parameters: []app.Parameter{{Name: "count", Type: app.Int}, {Name: "share", Type: app.Float}, {Name: "on", Type: app.Bool},
			{Name: "span", Type: app.Duration}, {Name: "rate", Type: app.RateType}, {Name: "mode", Type: app.Choice, Choices: []string{"fast", "slow"}}, {Name: "text", Type: app.String},
			{Name: "priority", Type: app.Int, Least: "1", Most: "65534"}, {Name: "idle", Type: app.Duration, Most: "65535s"}}},
		"strict": {Name: "strict", Tables: 1, Parameters: []app.Parameter{{Name: "must", Type: app.String, Required: true, Doc: "what for"}}},
		"gate":   {Name: "gate", Tables: 2, Chains: true},
		"huge":   {Name: "huge", Tables: 300},
	}
	launch := func(_ context.Context, a deployment.Application) (app.Instance, error) {
		m, ok := manifests[a.Plugin]
		if !ok {
			return nil, fault.New(fault.UnknownApp, fault.Place{}, "no app %q", a.Plugin)
		}
		return app.Local(described{m}), nil
	}
	a := func(plugin string, params ...string) deployment.Application {
		out := deployment.Application{Name: plugin, Plugin: plugin}
		for i := 0; i < len(params); i += 2 {
			out.Params = append(out.Params, deployment.Param{Name: params[i], Value: params[i+1]})
		}
		return out
	}
	for _, c := range []struct {
		name string
		apps []deployment.Application
		want []string // one for each fault; nil: none
	}{
		{"every type as it should be", []deployment.Application{a("typed", "count", "3", "share", "0.5", "on", "true", "span", "5ms", "rate", "1Mbps", "mode", "fast", "text", "x")}, nil},
		{"every type as it should not be", []deployment.Application{a("typed", "count", "3.5", "share", "NaN", "on", "yes", "span", "5", "rate", "fast", "mode", "fats")},
			[]string{"not a whole number", "not a finite number", "neither true nor false", "has no unit", "is not a rate", `did you mean "fast"`}},
		{"what is outside its bounds", []deployment.Application{a("typed", "priority", "70000", "idle", "20h")}, []string{`"70000" is outside 1..65534`, `"20h" is above 65535s`}},
		{"a parameter twice", []deployment.Application{a("typed", "count", "1", "count", "2")}, []string{"given twice"}},
		{"a parameter that must be given", []deployment.Application{a("strict")}, []string{"must be given: what for"}},
		{"an app that hands on to nobody", []deployment.Application{a("typed"), a("gate")}, []string{"none follows"}},
		{"an app that hands on", []deployment.Application{a("gate"), a("typed")}, nil},
		{"more tables than a switch has", []deployment.Application{a("huge")}, []string{"300 tables"}},
		{"an unknown app beside a faulty one", []deployment.Application{a("nobody"), a("typed", "on", "1")}, []string{"no app", "neither true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, err := Load(Input{Topology: "minimal", Apps: c.apps})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Check(t.Context(), j, nil, launch)
			if len(c.want) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("%d faults, want %d:\n%v", len(lines), len(c.want), err)
			}
			for i, want := range c.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("%q does not say %q", lines[i], want)
				}
			}
		})
	}
}

func TestProductionAsksForChecksums(t *testing.T) {
	j, err := Load(Input{Topology: "minimal", Apps: []deployment.Application{{Name: "x", Plugin: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	j.Deployment.Environment = deployment.Production
	launch := func(context.Context, deployment.Application) (app.Instance, error) {
		return app.Local(described{app.Manifest{Name: "x", Tables: 1}}), nil
	}
	if _, err := Check(t.Context(), j, nil, launch); !fault.Is(err, fault.ChecksumMissing) {
		t.Errorf("%v", err)
	}
}

func TestSamplingFollowsTheLengthOfTheRun(t *testing.T) {
	for _, c := range []struct {
		until model.Time
		want  model.Time
	}{{100 * model.Second, model.Second}, {5 * model.Second, 100 * model.Millisecond}, {100 * model.Millisecond, model.Millisecond}} {
		j, err := Load(Input{Topology: "minimal", Until: &c.until})
		if err != nil {
			t.Fatal(err)
		}
		SetSampling(j)
		if got := j.Model.Watches[0].Sample; got != c.want {
			t.Errorf("until %v: every %v, want %v", c.until, got, c.want)
		}
	}
}

func TestAnAppNamedByAPathIsRelativeToTheDescriptor(t *testing.T) {
	d := files(t, `<deployment realization="simulation"><system href="net.xml"/><application plugin="./app.py"/><application plugin="/abs/app"/>
		<application plugin="shortest-path"/><application plugin="builtin:learning-switch"/></deployment>`)
	j, err := Load(Input{Descriptor: d})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{filepath.Join(filepath.Dir(d), "app.py"), "/abs/app", "shortest-path", "builtin:learning-switch"} {
		if got := j.Deployment.Applications[i].Plugin; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	t.Chdir(filepath.Dir(d))
	if j, err = Load(Input{Descriptor: filepath.Base(d)}); err != nil || j.Deployment.Applications[0].Plugin != "./app.py" {
		t.Errorf("%v %+v", err, j)
	}
}
