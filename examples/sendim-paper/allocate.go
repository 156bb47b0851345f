package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The two ways to get the case of resource allocation done.
const (
	withSendim = "with SENDIM"
	byHand     = "by hand"
)

// way is one of them: the files that are written for it, and what is done then.
type way struct {
	world  string
	files  []string // in the folder allocation
	script string
	dir    string // in the folder allocation, where it is carried out
	parts  []part
}

// part is a piece of work: lines of a script.
type part struct {
	name    string
	text    string
	actions int // lines that a person types
}

// ways reads both.
func ways(files string) ([]way, error) {
	all := []way{
		{world: withSendim, files: []string{"network.xml", "simulation.xml", "mininet.xml", "allocate.py"}, script: "with.sh", dir: "."},
		{world: byHand, files: []string{"by-hand/network.py", "by-hand/controller.py"}, script: "without.sh", dir: "by-hand"},
	}
	for i := range all {
		text, err := os.ReadFile(filepath.Join(files, "allocation", all[i].script))
		if err != nil {
			return nil, err
		}
		all[i].parts = partsOf(string(text))
	}
	return all, nil
}

// partsOf cuts a script at its lines "#: NAME". An action is a line that is not blank, no
// comment and no wait.
func partsOf(script string) []part {
	var out []part
	for line := range strings.SplitSeq(script, "\n") {
		if name, ok := strings.CutPrefix(line, "#: "); ok {
			out = append(out, part{name: name})
			continue
		}
		if len(out) == 0 {
			continue
		}
		p := &out[len(out)-1]
		p.text += line + "\n"
		if l := strings.TrimSpace(line); l != "" && !strings.HasPrefix(l, "#") && !strings.HasSuffix(l, "# wait") {
			p.actions++
		}
	}
	return out
}

// allocation counts what the case of resource allocation needs in both ways, carries both
// out, and notes what rates users got.
func (l *lab) allocation(ctx context.Context) error {
	all, err := ways(l.files)
	if err != nil {
		return err
	}
	source := filepath.Join(l.files, "allocation")
	for _, w := range all {
		total := 0
		for _, f := range w.files {
			n, _, err := count(filepath.Join(source, f))
			if err != nil {
				return err
			}
			total += n
			l.allocated(w.world, "lines of "+filepath.Base(f), float64(n), "lines")
		}
		l.allocated(w.world, "lines", float64(total), "lines")
	}
	script := filepath.Join(l.work, "allocation.py")
	if _, err := l.sendimIn(ctx, "", "convert", "mininet", filepath.Join(source, "network.xml"), "-o", script); err != nil {
		return err
	}
	n, _, err := count(script)
	if err != nil {
		return err
	}
	l.allocated("generated script", "lines", float64(n), "lines")
	for _, w := range all {
		for _, p := range w.parts {
			l.allocated(w.world, "actions, "+p.name, float64(p.actions), "actions")
		}
		if err := l.tryOut(ctx, w, source); err != nil {
			return err
		}
	}
	return nil
}

// tryOut carries a way out, each time in a copy of its folder: a machine that has other
// things to do may not carry what was asked for, and is asked again.
func (l *lab) tryOut(ctx context.Context, w way, source string) error {
	const attempts = 3
	for attempt := 1; ; attempt++ {
		dir := filepath.Join(l.work, w.script)
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			return err
		}
		before := len(l.rows)
		part, why, err := l.carryOut(ctx, w, filepath.Join(dir, w.dir))
		if err != nil || why == "" {
			return err
		}
		if attempt == attempts {
			l.leave("allocation", w.world+", "+part, 0, 0, 1, why)
			return nil
		}
		l.say("once more: %s", why)
		l.rows = l.rows[:before]
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
}

// allocated notes a figure of the case.
func (l *lab) allocated(world, metric string, value float64, unit string) {
	l.add(row{experiment: "allocation", world: world, repetition: 1, metric: metric, value: value, unit: unit})
}

// carryOut does what a way's script says, part by part, as far as this machine can. Where
// a part did not give what it should, why is what it said of that.
func (l *lab) carryOut(ctx context.Context, w way, dir string) (failed, why string, err error) {
	for _, p := range w.parts {
		if p.actions == 0 {
			continue
		}
		if why := l.cannot(w, p); why != "" {
			l.leave("allocation", w.world+", "+p.name, 0, 0, 1, why)
			continue
		}
		l.say("allocation, %s, %s: %d actions", w.world, p.name, p.actions)
		argv := []string{"/bin/bash", "-c", "set -euo pipefail -m\n" + p.text}
		if w.world == byHand {
			argv = append([]string{filepath.Join(l.files, "sandbox.sh")}, argv...)
		}
		out, err := l.run(ctx, dir, argv...)
		if err != nil {
			return "", "", err
		}
		switch {
		case out.exit == 3 && w.world == withSendim:
			l.leave("allocation", w.world+", "+p.name, 0, 0, 1, refusal(out.stderr))
			continue
		case out.exit == 1: // tests failed
			return p.name, disbelief(w, out), nil
		case out.exit != 0:
			l.leave("allocation", w.world+", "+p.name, 0, 0, 1, failure(out))
			return "", "", nil
		}
		l.allocated(w.world, "seconds, "+p.name, out.wall, "s")
		if p.name == "change" {
			continue
		}
		if err := l.rates(w.world+", "+p.name, dir, p.name); err != nil {
			return "", "", err
		}
	}
	return "", "", nil
}

// disbelief is what a part whose tests failed says of the reason: sendim of its machine,
// the script written by hand in its last line.
func disbelief(w way, out outcome) string {
	const what = "users did not get what they should"
	for line := range strings.SplitSeq(out.stdout, "\n") {
		if text, ok := strings.CutPrefix(line, "INVALID "); ok {
			text, _, _ = strings.Cut(text, ";")
			return what + ": " + text
		}
	}
	if w.world == byHand {
		return what + "; the last line was " + strconv.Quote(refusal(out.stderr))
	}
	return what
}

// cannot says why a part is not carried out here.
func (l *lab) cannot(w way, p part) string {
	switch {
	case p.name == "simulation":
		return ""
	case !l.root:
		return "networks are emulated by root"
	case w.world == byHand && !osKen():
		return "osken-manager is missing (apt-get install python3-os-ken)"
	case l.quick && (w.world == byHand || p.name == "change"):
		return "it takes more time than -quick gives"
	}
	return ""
}

// osKen says whether the controller framework that the work by hand uses is there.
func osKen() bool {
	_, err := os.Stat("/usr/bin/osken-manager")
	return err == nil
}

// rates notes what arrived at users: from a run's flows.csv, or from what the script
// written by hand prints.
func (l *lab) rates(world, dir, part string) error {
	if text, err := os.ReadFile(filepath.Join(dir, part+".json")); err == nil {
		return l.handRates(world, text)
	}
	name := map[string]string{"simulation": "simulated", "emulation": "emulated"}[part]
	f, err := os.Open(filepath.Join(dir, "runs", name, "flows.csv"))
	if err != nil {
		return err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	at := map[string]int{}
	for i, column := range lines[0] {
		at[column] = i
	}
	for _, line := range lines[1:] {
		rate, err := strconv.ParseFloat(line[at["rate_bps"]], 64)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
		l.allocated(world, "rate to "+line[at["to"]], rate/1e6, "Mbit/s")
	}
	return nil
}

// handRates notes the rates that the script written by hand has printed.
func (l *lab) handRates(world string, text []byte) error {
	var got struct {
		Flows []struct {
			To   string
			Mbps float64
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return fmt.Errorf("what network.py printed: %w", err)
	}
	for _, f := range got.Flows {
		l.allocated(world, "rate to "+f.To, f.Mbps, "Mbit/s")
	}
	return nil
}
