package python_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/labtest"
	"sendim/plugins/apptest"
)

// readmeSwitch writes the learning switch of README.md into a file.
func readmeSwitch(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, found := strings.Cut(string(readme), "```python\n")
	code, _, ended := strings.Cut(code, "```\n")
	if !found || !ended {
		t.Fatal("README.md has no code")
	}
	lines := 0
	for line := range strings.Lines(code) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines > 40 {
		t.Errorf("the learning switch has %d lines and is no longer small", lines)
	}
	return script(t, code)
}

func TestTheSwitchOfTheReadmeConnectsHostsAndOutlivesALink(t *testing.T) {
	for _, topo := range []string{"linear,4", "torus,3,3"} {
		t.Run(topo, func(t *testing.T) {
			b := apptest.Start(t, apptest.Config{Model: apptest.Network(t, topo),
				Apps: []control.Application{{Instance: launch(t, readmeSwitch(t)), Params: map[string]string{"idle": "30"}}}})
			if failed := b.PingAll(); len(failed) > 0 || b.Looped > 0 || len(b.Refused) > 0 {
				t.Errorf("%d pings failed, the first %+v; %d packets looped; refused: %v", len(failed), failed[0], b.Looped, b.Refused)
			}
			if topo != "torus,3,3" {
				return
			}
			for l := range b.Model.Links() {
				if name := b.Model.LinkName(l.ID); !strings.Contains(name, "h") {
					b.LinkDown(name)
					break
				}
			}
			b.Settle()
			if failed := b.PingAll(); len(failed) > 0 {
				t.Errorf("after a link has gone %d pings failed, the first %+v", len(failed), failed[0])
			}
		})
	}
}

// Every example and every event and command is used by a test; this is the monitor's.
func TestTheMonitorSaysHowBusyLinksWere(t *testing.T) {
	i := launch(t, "../../examples/python/monitor.py")
	if m := i.Manifest(); !m.Chains || !m.Stateful {
		t.Errorf("%+v", m)
	}
	events := []app.Event{
		{Kind: app.KindStart, Start: &app.Start{Parameters: map[string]string{"every": "1s", "busy": "0.5"}}},
		{Kind: app.KindTopology, Topology: &app.Topology{Last: true, Switches: []app.SwitchInfo{{ID: 0, Name: "s1", Up: true}, {ID: 1, Name: "s2", Up: true}},
			Links: []app.LinkInfo{{A: app.Port{Switch: 0, Port: 1}, B: app.Port{Switch: 1, Port: 2}, Rate: 8000, Up: true}}}},
		{Kind: app.KindTimer, At: 1e12, Timer: &app.Timer{Name: "ask"}},
		{Kind: app.KindStats, At: 1e12, Stats: &app.Stats{Switch: 0, Ports: ports(1, 250)}},
		{Kind: app.KindStats, At: 2e12, Stats: &app.Stats{Switch: 0, Ports: ports(1, 1000)}},
		{Kind: app.KindStats, At: 3e12, Stats: &app.Stats{Switch: 0, Ports: ports(1, 1100)}},
	}
	got := answers(t, i, events...)
	kinds := func(list []app.Command) (out []string) {
		for _, c := range list {
			out = append(out, c.Kind.String())
		}
		return out
	}
	for n, want := range []string{"", "miss miss set-timer", "stats-request stats-request set-timer", "metric", "metric log", ""} {
		if s := strings.Join(kinds(got[n]), " "); s != want {
			t.Errorf("event %d: %s, want %s", n, s, want)
		}
	}
	if m := got[4][0].Metric; m.Name != "peak s1->s2" || m.Value != 0.75 {
		t.Errorf("%+v", m)
	}
	state, err := i.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next := launch(t, "../../examples/python/monitor.py")
	if err := next.Restore(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	// 400 bytes since the last answer that it remembers: more than half, less than the peak.
	got = answers(t, next, app.Event{Kind: app.KindStats, At: 4e12, Stats: &app.Stats{Switch: 0, Ports: ports(1, 1500)}},
		app.Event{Kind: app.KindStats, At: 5e12, Stats: &app.Stats{Switch: 0, Ports: ports(1, 2400)}})
	if len(got[0]) > 0 || len(got[1]) != 2 || got[1][0].Metric.Value != 0.9 {
		t.Errorf("%+v", got)
	}
}

func ports(port uint32, sent uint64) []flow.PortStat {
	return []flow.PortStat{{Port: port, TxBytes: sent}}
}

func TestTheBenchOfTheReadmeWorks(t *testing.T) {
	labtest.NeedsPython(t)
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "## Testing an app\n\n```\n")
	code, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("README.md has no such code")
	}
	path := readmeSwitch(t)
	if err := os.Rename(path, strings.TrimSuffix(path, "app.py")+"switch.py"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(interpreter, "-c", code)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+strings.TrimSuffix(path, "app.py")+":.")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
