package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// write leaves everything in the results' folder and prints the tables.
func (l *lab) write(papers []published) error {
	all := slices.Clone(l.rows)
	for _, p := range papers {
		r := p.row
		if math.IsNaN(r.value) {
			r.source += ": " + p.said
		}
		all = append(all, r)
	}
	var rows, left bytes.Buffer
	if err := writeRows(&rows, all); err != nil {
		return err
	}
	c := csv.NewWriter(&left)
	lines := [][]string{{"experiment", "world", "size", "degree", "repetitions", "why"}}
	for _, o := range l.left {
		lines = append(lines, []string{o.experiment, o.world, some(o.size), some(o.degree), fmt.Sprint(o.repetitions), o.why})
	}
	if err := c.WriteAll(lines); err != nil {
		return err
	}
	text := l.text(papers)
	files := map[string][]byte{"results.csv": rows.Bytes(), "left-out.csv": left.Bytes(), "results.md": []byte(text)}
	for _, p := range l.plots(papers) {
		files[p.name+".svg"] = []byte(p.svg())
	}
	made := []string{l.out}
	for name, content := range files {
		path := filepath.Join(l.out, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
		made = append(made, path)
	}
	fmt.Print(text)
	l.say("results are in %s", l.out)
	return giveBack(made...)
}

// text is results.md.
func (l *lab) text(papers []published) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The papers' experiments, measured here\n\n%s, %s. ", time.Now().UTC().Format(time.DateOnly), machine())
	fmt.Fprintf(&b, "Load of the machine before anything was measured: %s. ", l.load)
	if l.repetitions > 1 {
		fmt.Fprintf(&b, "Up to %d repetitions, what takes longer than %v once: mean ± half the 95 %% confidence interval (Student's t).\n", l.repetitions, l.again)
	} else {
		b.WriteString("Everything was measured once.\n")
	}
	if l.does("construction") {
		l.constructionText(&b)
	}
	if l.does("conversion") {
		l.conversionText(&b)
	}
	if l.does("lines") {
		l.linesText(&b)
	}
	if l.does("allocation") {
		l.allocationText(&b)
	}
	l.paperText(&b, papers)
	if len(l.left) > 0 {
		b.WriteString("\n## What was left out\n\n")
		var lines [][]string
		for _, o := range l.left {
			what := o.what()
			if o.degree > 0 {
				what += fmt.Sprintf(", %d links a node", o.degree)
			}
			lines = append(lines, []string{what, some(o.size), fmt.Sprint(o.repetitions), o.why})
		}
		table(&b, []string{"what", "nodes", "repetitions done", "why"}, lines)
	}
	return b.String()
}

// table writes a table as Markdown has it.
func table(b *strings.Builder, head []string, lines [][]string) {
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	for _, line := range append([][]string{head, rule}, lines...) {
		fmt.Fprintf(b, "| %s |\n", strings.Join(line, " | "))
	}
}

// names gives the worlds of construction as tables and plots call them.
func names() map[string]string {
	return map[string]string{"simulation": "simulator", "native": "native emulator", "mininet": "Mininet, by sendim", "mininet-alone": "Mininet alone", "adaptive": "adaptive"}
}

func (l *lab) constructionText(b *strings.Builder) {
	var worlds []string
	for _, w := range l.worlds() {
		worlds = append(worlds, w.name)
	}
	sizes := distinct(l.rows, func(r *row) (int, bool) { return r.size, r.experiment == "construction" })
	slices.Sort(sizes)
	for _, t := range []struct{ metric, title string }{
		{"build_s", "Construction: seconds until a chain of switches, with a host at each, is up"},
		{"cpu_s", "Construction: processor seconds of the whole command, all its processes, from its start to the network's removal"},
	} {
		fmt.Fprintf(b, "\n## %s\n\n", t.title)
		head := []string{"nodes"}
		for _, w := range worlds {
			head = append(head, names()[w])
		}
		var lines [][]string
		for _, size := range sizes {
			line := []string{number(float64(size))}
			for _, w := range worlds {
				text := of(l.rows, "construction", w, size, 0, t.metric).text()
				if e := of(l.rows, "construction", w, size, 0, "emulated"); w == "adaptive" && e.n > 0 && text != "" {
					text += map[bool]string{true: " (Mininet)", false: " (simulator)"}[e.mean > 0.5]
				}
				line = append(line, text)
			}
			lines = append(lines, line)
		}
		table(b, head, lines)
	}
	fmt.Fprintf(b, "\nAdaptive: Mininet where it is up within %v, else the simulator.\n", l.adaptive)
	if !l.meter.whole() {
		b.WriteString("\nWithout control groups (version 2, as root) processor time of emulated networks is not known: their processes end where nobody waits for them.\n")
	}
}

func (l *lab) conversionText(b *strings.Builder) {
	b.WriteString("\n## Conversion: a descriptor of a random network becomes a Mininet script\n\n")
	type cell struct{ size, degree int }
	cells := distinct(l.rows, func(r *row) (cell, bool) { return cell{r.size, r.degree}, r.experiment == "conversion" })
	var lines [][]string
	for _, c := range cells {
		get := func(metric string) estimate { return of(l.rows, "conversion", "conversion", c.size, c.degree, metric) }
		mb := func(metric string) string { return number(get(metric).mean / 1e6) }
		lines = append(lines, []string{number(float64(c.size)), fmt.Sprint(c.degree), get("convert_s").text(), get("cpu_s").text(), number(get("peak_mib").mean),
			number(get("descriptor_lines").mean), number(get("script_lines").mean), mb("descriptor_bytes"), mb("script_bytes"), get("py_compile_s").text()})
	}
	table(b, []string{"nodes", "links a node", "seconds", "processor s", "peak MiB", "lines of descriptor", "lines of script", "descriptor MB", "script MB", "py_compile s"}, lines)
}

func (l *lab) linesText(b *strings.Builder) {
	b.WriteString("\n## Lines of descriptor, and of the Mininet script it becomes (a chain; blank lines not counted)\n\n")
	worlds := distinct(l.rows, func(r *row) (string, bool) { return r.world, r.experiment == "lines" })
	sizes := distinct(l.rows, func(r *row) (int, bool) { return r.size, r.experiment == "lines" })
	var lines [][]string
	for _, size := range sizes {
		line := []string{number(float64(size))}
		for _, w := range worlds {
			line = append(line, of(l.rows, "lines", w, size, 0, "lines").text())
		}
		lines = append(lines, line)
	}
	table(b, append([]string{"nodes"}, worlds...), lines)
}

func (l *lab) allocationText(b *strings.Builder) {
	get := func(world, metric string) string { return of(l.rows, "allocation", world, 0, 0, metric).text() }
	metrics := func(prefix string) []string {
		return distinct(l.rows, func(r *row) (string, bool) {
			return r.metric, r.experiment == "allocation" && strings.HasPrefix(r.metric, prefix)
		})
	}
	b.WriteString("\n## Resource allocation: lines to be written\n\n")
	var lines [][]string
	for _, m := range metrics("lines of ") {
		name := strings.TrimPrefix(m, "lines of ")
		lines = append(lines, []string{name, get(withSendim, m), get(byHand, m)})
	}
	lines = append(lines, []string{"all", get(withSendim, "lines"), get(byHand, "lines")})
	table(b, []string{"file", withSendim, byHand}, lines)
	fmt.Fprintf(b, "\nThe Mininet script that sendim generates of this network has %s lines, and no controller in it.\n", get("generated script", "lines"))

	b.WriteString("\n## Resource allocation: actions of a person\n\n")
	lines = nil
	for _, m := range metrics("actions, ") {
		part := strings.TrimPrefix(m, "actions, ")
		cell := func(world string) string {
			if of(l.rows, "allocation", world, 0, 0, m).mean == 0 {
				return "not possible"
			}
			if s := get(world, "seconds, "+part); s != "" {
				return get(world, m) + " (in " + s + " s)"
			}
			return get(world, m) + " (not carried out)"
		}
		lines = append(lines, []string{part, cell(withSendim), cell(byHand)})
	}
	table(b, []string{"part", withSendim, byHand}, lines)

	b.WriteString("\n## Resource allocation: what users got, in Mbit/s\n\n")
	worlds := distinct(l.rows, func(r *row) (string, bool) { return r.world, strings.HasPrefix(r.metric, "rate to ") })
	lines = nil
	for _, m := range metrics("rate to ") {
		line := []string{strings.TrimPrefix(m, "rate to ")}
		for _, w := range worlds {
			line = append(line, get(w, m))
		}
		lines = append(lines, line)
	}
	table(b, append([]string{"user"}, worlds...), lines)
}

// paperText sets what was published beside what was measured.
func (l *lab) paperText(b *strings.Builder, papers []published) {
	var lines [][]string
	for _, p := range papers {
		if !l.does(p.experiment) {
			continue
		}
		said := p.said
		if !math.IsNaN(p.value) {
			said = strings.TrimSpace(number(p.value) + " " + p.unit)
			if p.said != "" {
				said += " (" + p.said + ")"
			}
		}
		lines = append(lines, []string{what(p.row), said, p.source, l.ours(p.row)})
	}
	if len(lines) > 0 {
		b.WriteString("\n## Beside what was published\n\n")
		table(b, []string{"figure", "published", "source", "here"}, lines)
	}
}

// what names a figure.
func what(r row) string {
	name := r.world
	if n := names()[r.world]; n != "" {
		name = n
	}
	text := fmt.Sprintf("%s, %s nodes, %s", name, number(float64(r.size)), strings.ReplaceAll(r.metric, "_", " "))
	return strings.TrimSuffix(text, " s")
}

// ours gives what was measured for a published figure: the same size, or the largest below.
func (l *lab) ours(p row) string {
	best := -1
	for _, r := range l.rows {
		if r.experiment == p.experiment && r.world == p.world && r.metric == p.metric && r.size <= p.size && r.size > best {
			best = r.size
		}
	}
	if best < 0 {
		return "not measured"
	}
	at := ""
	if best != p.size {
		at = " (" + number(float64(best)) + " nodes)"
	}
	degrees := distinct(l.rows, func(r *row) (int, bool) {
		return r.degree, r.experiment == p.experiment && r.world == p.world && r.metric == p.metric && r.size == best
	})
	var parts []string
	for _, d := range degrees {
		text := of(l.rows, p.experiment, p.world, best, d, p.metric).text() + " " + p.unit
		if d > 0 {
			text += fmt.Sprintf(" at %d links a node", d)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ") + at
}
