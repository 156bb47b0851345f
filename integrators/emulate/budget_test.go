package emulate_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/core"
	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/report"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
	learningswitch "sendim/plugins/learning-switch"
	"sendim/sim"
)

// An emulated network whose budget ends in the middle of its start, whatever is being made
// just then, is taken away, and the simulator carries the run.
func TestANetworkThatIsNotUpInTimeLeavesNothingAndIsSimulated(t *testing.T) {
	lab(t)
	var system strings.Builder
	system.WriteString(`<system name="row">`)
	for i := 1; i <= 30; i++ {
		fmt.Fprintf(&system, `<node id="s%d" type="switch">`, i)
		if i > 1 {
			fmt.Fprintf(&system, `<link to="s%d"/>`, i-1)
		}
		fmt.Fprintf(&system, `</node><node id="h%d" type="host"><link to="s%d"/></node>`, i, i)
	}
	system.WriteString(`<flow id="f" from="h1" to="h3" start="0s" size="20KB" transport="udp" rate="10Mbps"/></system>`)
	for _, e := range []emulate.Backend{{Native: true}, {}} {
		budgets := []time.Duration{20, 60, 120, 180, 250, 320, 60000}
		if !e.Native {
			budgets = []time.Duration{50, 150, 400, 800, 1200, 60000}
		}
		fell := 0
		for _, budget := range budgets {
			budget *= time.Millisecond
			t.Run(fmt.Sprint(e.Name(), " within ", budget), func(t *testing.T) {
				dir := t.TempDir()
				for name, text := range map[string]string{"net.xml": system.String(),
					"d.xml": fmt.Sprintf(`<deployment name="t" realization="emulation"><system href="net.xml"/><application name="a" plugin="learning-switch"/>
						<emulation emulator="%s" budget="%dms" fallback="simulation"/></deployment>`, e.Name(), budget.Milliseconds())} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				j, err := job.Load(job.Input{Descriptor: filepath.Join(dir, "d.xml")})
				if err != nil {
					t.Fatal(err)
				}
				run := "overrun-" + e.Name() + "-" + fmt.Sprint(budget.Milliseconds(), "-", os.Getpid())
				if err := netns.MachineNeighbours().Restore(); err != nil { // what others have left who were killed
					t.Fatal(err)
				}
				began := time.Now()
				res, err := core.Run(t.Context(), core.RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}, e}, Root: dir, Name: run,
					Launch: func(context.Context, deployment.Application) (app.Instance, error) {
						return app.Local(learningswitch.New()), nil
					}}, core.Hooks{})
				if err != nil {
					t.Fatal(err)
				}
				m := res.Manifest
				if m.State != report.Finished || len(res.Flows) != 1 || !res.Flows[0].Finished() {
					t.Errorf("%s in %s: %+v", m.State, m.Backend, res.Flows)
				}
				sum := 0.0
				for _, p := range m.Build {
					sum += p.Seconds
				}
				if enough := budget == time.Minute; enough != (m.Backend == e.Name()) && (enough || m.BuildSeconds > budget.Seconds()+0.2) { // what was up a moment late is kept
					t.Errorf("it is carried out in %s: %+v", m.Backend, m.Choice)
				} else if enough && (len(m.Build) < 5 || sum > m.BuildSeconds || sum < m.BuildSeconds/2) {
					t.Errorf("its start took %v s: %+v", m.BuildSeconds, m.Build)
				}
				if m.Backend == "simulation" {
					fell++
					if m.Choice == nil || !strings.Contains(m.Choice.Reason, e.Name()+" was not up when its budget") {
						t.Errorf("%+v", m.Choice)
					}
				}
				if left, err := netns.Leftovers(run); err != nil || len(left) > 0 {
					t.Errorf("it left %v %v", left, err)
				}
				if netns.MachineNeighbours().Left() {
					t.Error("it left the bounds on neighbours raised")
				}
				t.Logf("in %s after %v", m.Backend, time.Since(began).Round(time.Millisecond))
			})
		}
		if fell < 2 { // the last may be enough on a quick machine
			t.Errorf("%s fell back %d times", e.Name(), fell)
		}
	}
}
