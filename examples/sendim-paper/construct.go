package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// world is a way to bring a network up.
type world struct {
	name  string
	sizes []int // nodes: a chain of switches with a host at each
	root  bool
	form  func(nodes float64) float64 // how time grows with size, for those that sendim does not estimate
	run   func(l *lab, ctx context.Context, size, repetition int) error
}

// worlds lists what is constructed in, and how large.
func (l *lab) worlds() []world {
	simulated := []int{10, 50, 100, 200, 400, 800, 1800, 10_000, 100_000, 1_000_000}
	emulated := simulated[:8]
	chosen := []int{10, 100, 200, 400, 1800, 10_000, 100_000}
	if l.quick {
		simulated, emulated, chosen = []int{10, 100, 1000, 10_000}, []int{10, 50}, []int{10, 1000}
	}
	return []world{
		{"simulation", simulated, false, linear, (*lab).simulated},
		{"native", emulated, true, unknown, emulatedBy("native")},
		{"mininet", emulated, true, unknown, emulatedBy("mininet")},
		{"mininet-alone", emulated, true, mininetForm, (*lab).alone},
		{"adaptive", chosen, false, unknown, (*lab).adapted}, // without root it has its answer, too
	}
}

// linear is how commands take that emulate nothing: their start takes as long as some
// thousand nodes.
func linear(nodes float64) float64 { return 3000 + nodes }

// unknown grows to nothing: what sendim estimates by itself it also refuses by itself.
func unknown(nodes float64) float64 { return 1 / nodes }

// mininetForm is how chains of 100 to 800 nodes took in Mininet alone.
func mininetForm(nodes float64) float64 { return nodes * (1 + nodes*nodes/450/450) }

// construction brings every size up in every world, once.
func (l *lab) construction(ctx context.Context, repetition int) error {
	for _, w := range l.worlds() {
		for _, size := range w.sizes {
			if w.root && !l.root {
				l.leave("construction", w.name, size, 0, repetition, "networks are emulated by root")
			}
			if !l.due("construction", w.name, size, 0, repetition, w.form) {
				continue
			}
			l.say("construction, %s, %d nodes (%d of %d)", w.name, size, repetition, l.repetitions)
			if err := w.run(l, ctx, size, repetition); err != nil {
				return err
			}
		}
	}
	return nil
}

// chain gives the descriptor of a chain, made once.
func (l *lab) chain(ctx context.Context, size int) (string, error) {
	name := fmt.Sprintf("chain-%d.xml", size)
	if _, err := os.Stat(filepath.Join(l.work, name)); err == nil {
		return name, nil
	}
	_, err := l.sendimIn(ctx, "", "generate", "linear", "--k", fmt.Sprint(size/2), "-o", name)
	return name, err
}

// deployment writes a deployment descriptor of a chain and names it.
func (l *lab) deployment(ctx context.Context, size int, attributes, details string) (string, error) {
	chain, err := l.chain(ctx, size)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf(`<deployment name="chain" %s>
  <system href="%s"/>
  <application plugin="builtin:learning-switch"/>
  %s
</deployment>
`, attributes, chain, details)
	return "deployment.xml", os.WriteFile(filepath.Join(l.work, "deployment.xml"), []byte(text), 0o644)
}

// manifest is what is read of a run's manifest.json.
type manifest struct {
	Backend string  `json:"backend"`
	Build   float64 `json:"build_s"`
}

// construct carries a deployment out and notes what it took. A machine that has no room,
// or no time, is no error: why says so.
func (l *lab) construct(ctx context.Context, world, deployment string, size, repetition int) (why string, err error) {
	out, err := l.run(ctx, l.work, l.sendim, "run", deployment, "--test", "none", "--name", "chain")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(l.work, "runs")
	defer os.RemoveAll(dir)
	if out.exit == 3 {
		return refusal(out.stderr), nil
	}
	if out.exit != 0 {
		return failure(out), nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "chain", "manifest.json"))
	if err != nil {
		return "", err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return "", fmt.Errorf("manifest.json of %s, %d nodes: %w", world, size, err)
	}
	l.constructed(world, size, repetition, m.Build, out)
	if world == "adaptive" {
		emulated := 0.0
		if m.Backend != "simulation" {
			emulated = 1
		}
		l.add(row{experiment: "construction", world: world, size: size, repetition: repetition, metric: "emulated", value: emulated, unit: "1: yes"})
	}
	return "", nil
}

// constructed notes what a construction took.
func (l *lab) constructed(world string, size, repetition int, build float64, out outcome) {
	at := row{experiment: "construction", world: world, size: size, repetition: repetition}
	for _, f := range []struct {
		metric string
		value  float64
		unit   string
	}{{"build_s", build, "s"}, {"command_s", out.wall, "s"}} {
		r := at
		r.metric, r.value, r.unit = f.metric, f.value, f.unit
		l.add(r)
	}
	l.processor(at, out)
	l.done(world, size, 0, out.wall)
}

// processor notes the processor time of a command, where all of it is known.
func (l *lab) processor(at row, out outcome) {
	if !l.meter.whole() && at.world != "simulation" && at.experiment == "construction" {
		return
	}
	for i, metric := range []string{"cpu_user_s", "cpu_system_s"} {
		r := at
		r.metric, r.value, r.unit = metric, out.cpu[i], "s"
		l.add(r)
	}
	r := at
	r.metric, r.value, r.unit = "cpu_s", out.cpu[0]+out.cpu[1], "s"
	l.add(r)
}

// failure is what a command says that broke down. What else is measured does not depend on it.
func failure(out outcome) string {
	return fmt.Sprintf("exit code %d: %s", out.exit, refusal(out.stderr))
}

// refusal is why a run was not carried out: its last line without place and code.
func refusal(stderr string) string {
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	text := lines[len(lines)-1]
	if _, after, ok := strings.Cut(text, ">: "); ok {
		text = after
	}
	if i := strings.LastIndex(text, " ["); i > 0 && strings.HasSuffix(text, "]") {
		text = text[:i]
	}
	return text
}

func (l *lab) simulated(ctx context.Context, size, repetition int) error {
	d, err := l.deployment(ctx, size, `realization="simulation"`, "")
	if err != nil {
		return err
	}
	why, err := l.construct(ctx, "simulation", d, size, repetition)
	if why != "" {
		l.leave("construction", "simulation", size, 0, repetition, why)
	}
	return err
}

// emulatedBy brings a network up in an emulator, within what time there is: sendim itself
// refuses what would take longer on this machine, or has no room there.
func emulatedBy(emulator string) func(*lab, context.Context, int, int) error {
	return func(l *lab, ctx context.Context, size, repetition int) error {
		budget := min(l.each, l.rest()).Truncate(time.Second)
		if budget < time.Second {
			l.leave("construction", emulator, size, 0, repetition, fmt.Sprintf("the time for everything (%v) is used up", l.budget))
			return nil
		}
		d, err := l.deployment(ctx, size, `realization="emulation"`, fmt.Sprintf(`<emulation emulator="%s" budget="%.0fs"/>`, emulator, budget.Seconds()))
		if err != nil {
			return err
		}
		why, err := l.construct(ctx, emulator, d, size, repetition)
		if why != "" {
			l.leave("construction", emulator, size, 0, repetition, why)
		}
		return err
	}
}

// adapted lets the machine choose: Mininet where it is up within the budget, else the simulator.
func (l *lab) adapted(ctx context.Context, size, repetition int) error {
	d, err := l.deployment(ctx, size, `realization="simulation" prefer="emulation"`, fmt.Sprintf(`<emulation emulator="mininet" budget="%.0fs"/>`, l.adaptive.Seconds()))
	if err != nil {
		return err
	}
	why, err := l.construct(ctx, "adaptive", d, size, repetition)
	if why != "" {
		l.leave("construction", "adaptive", size, 0, repetition, why)
	}
	return err
}

// alone starts the same chain in Mininet without sendim, as mn --topo linear does.
func (l *lab) alone(ctx context.Context, size, repetition int) error {
	within, cancel := context.WithTimeout(ctx, min(l.each, l.rest()))
	defer cancel()
	out, err := l.run(within, l.work, filepath.Join(l.files, "sandbox.sh"), filepath.Join(l.files, "mininet_alone.py"), fmt.Sprint(size/2))
	if within.Err() != nil && ctx.Err() == nil {
		l.leave("construction", "mininet-alone", size, 0, repetition, fmt.Sprintf("it was not up within %v", min(l.each, l.budget)))
		return nil
	}
	if err != nil {
		return err
	}
	var m manifest
	if out.exit != 0 || json.Unmarshal([]byte(out.stdout), &m) != nil {
		l.leave("construction", "mininet-alone", size, 0, repetition, failure(out))
		return nil
	}
	l.constructed("mininet-alone", size, repetition, m.Build, out)
	return nil
}
