package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// plot is a chart with logarithmic axes: lines with error bars for what was measured,
// diamonds for what was published.
type plot struct {
	name, title, across, up string
	curves                  []curve
	points                  []point // published
	note                    string
}

type curve struct {
	name string
	at   []point
}

type point struct {
	x, y, half float64
	label      string // in full
	short      string // in the legend
}

// plots draws what was measured.
func (l *lab) plots(papers []published) []plot {
	var out []plot
	if l.does("construction") {
		build := plot{name: "construction", title: "Construction of a chain of switches with a host each", across: "nodes", up: "seconds until it is up"}
		cpu := plot{name: "construction-cpu", title: "Processor time of construction and removal, all processes", across: "nodes", up: "processor seconds"}
		for _, w := range l.worlds() {
			build.curve(l.rows, names()[w.name], "construction", w.name, 0, "build_s", 1)
			cpu.curve(l.rows, names()[w.name], "construction", w.name, 0, "cpu_s", 1)
		}
		build.publish(papers, "construction", "build_s", 1)
		out = append(out, build, cpu)
	}
	if l.does("conversion") {
		took := plot{name: "conversion", title: "Conversion of a random network to a Mininet script", across: "nodes", up: "seconds"}
		size := plot{name: "conversion-size", title: "What is converted, and what it becomes", across: "nodes", up: "MB"}
		_, degrees := l.converted()
		for _, d := range degrees {
			took.curve(l.rows, fmt.Sprintf("%d links a node", d), "conversion", "conversion", d, "convert_s", 1)
			size.curve(l.rows, fmt.Sprintf("descriptor, %d links a node", d), "conversion", "conversion", d, "descriptor_bytes", 1e-6)
			size.curve(l.rows, fmt.Sprintf("script, %d links a node", d), "conversion", "conversion", d, "script_bytes", 1e-6)
		}
		took.publish(papers, "conversion", "convert_s", 1)
		size.publish(papers, "conversion", "descriptor_bytes", 1e-6)
		size.publish(papers, "conversion", "script_bytes", 1e-6)
		out = append(out, took, size)
	}
	if l.does("lines") {
		lines := plot{name: "lines", title: "Lines for a chain of switches with a host each", across: "nodes", up: "lines that are not blank"}
		for _, w := range distinct(l.rows, func(r *row) (string, bool) { return r.world, r.experiment == "lines" }) {
			lines.curve(l.rows, w, "lines", w, 0, "lines", 1)
		}
		out = append(out, lines)
	}
	return out
}

// curve adds the estimates of a metric against size, if there are any.
func (p *plot) curve(rows []row, name, experiment, world string, degree int, metric string, scale float64) {
	sizes := distinct(rows, func(r *row) (int, bool) {
		return r.size, r.experiment == experiment && r.world == world && r.degree == degree && r.metric == metric
	})
	slices.Sort(sizes)
	c := curve{name: name}
	for _, size := range sizes {
		e := of(rows, experiment, world, size, degree, metric)
		if e.mean > 0 {
			c.at = append(c.at, point{x: float64(size), y: e.mean * scale, half: e.half * scale, label: e.text()})
		}
	}
	if len(c.at) > 0 {
		p.curves = append(p.curves, c)
	}
}

// publish adds the papers' figures: points where there are numbers, words below the plot
// where there are words.
func (p *plot) publish(papers []published, experiment, metric string, scale float64) {
	for _, f := range papers {
		if f.experiment != experiment || f.metric != metric {
			continue
		}
		if !math.IsNaN(f.value) {
			name := strings.TrimSuffix(f.metric, "_bytes")
			if name == f.metric {
				name = names()[f.world]
			}
			p.points = append(p.points, point{x: float64(f.size), y: f.value * scale, label: what(f.row) + " (" + f.source + ")", short: name + ", " + number(float64(f.size)) + " nodes"})
			continue
		}
		if p.note != "" {
			p.note += "; "
		}
		p.note += fmt.Sprintf("published without a number: %s nodes, %q (%s)", number(float64(f.size)), f.said, f.source)
	}
}

// What a plot measures, in units of its own.
const (
	width, left, right, top, bottom = 900.0, 70.0, 600.0, 40.0, 400.0
)

// scale maps a span of values to a span of places, by logarithms. The ends are powers of ten.
type scale struct{ low, high, from, to float64 }

func newScale(values []float64, from, to float64) scale {
	low, high := slices.Min(values), slices.Max(values)
	s := scale{math.Floor(math.Log10(low) + 1e-9), math.Ceil(math.Log10(high) - 1e-9), from, to}
	if s.high <= s.low {
		s.high = s.low + 1
	}
	return s
}

func (s scale) at(v float64) float64 {
	return s.from + (s.to-s.from)*(math.Log10(v)-s.low)/(s.high-s.low)
}

func colour(i int) string {
	colours := [...]string{"#1f6feb", "#1a7f37", "#d1242f", "#9a6700", "#8250df", "#57606a"}
	return colours[i%len(colours)]
}

// svg draws the plot.
func (p *plot) svg() string {
	var b strings.Builder
	legend := len(p.curves) + len(p.points)
	height := max(bottom+70, top+float64(legend)*20+20)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12" role="img" aria-label="%s">`+"\n", width, height, html.EscapeString(p.title))
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" fill="white"/><text x="%.0f" y="22" font-size="15">%s</text>`+"\n", width, height, left, html.EscapeString(p.title))
	var xs, ys []float64
	for _, c := range append(slices.Clone(p.curves), curve{at: p.points}) {
		for _, v := range c.at {
			xs, ys = append(xs, v.x), append(ys, v.y)
		}
	}
	if len(xs) == 0 {
		fmt.Fprintf(&b, `<text x="%.0f" y="%.0f">Nothing was measured.</text></svg>`+"\n", left, top+20)
		return b.String()
	}
	x, y := newScale(xs, left, right), newScale(ys, bottom, top)
	p.axes(&b, x, y)
	for i, c := range p.curves {
		c.draw(&b, x, y, colour(i))
		fmt.Fprintf(&b, `<rect x="%.0f" y="%.0f" width="14" height="4" fill="%s"/><text x="%.0f" y="%.0f">%s</text>`+"\n",
			right+20, top+float64(i)*20+6, colour(i), right+40, top+float64(i)*20+12, html.EscapeString(c.name))
	}
	for i, v := range p.points {
		at := top + float64(len(p.curves)+i)*20 + 8
		for _, d := range [][2]float64{{x.at(v.x), y.at(v.y)}, {right + 27, at}} {
			fill := [...]string{"black", "white"}[i%2]
			fmt.Fprintf(&b, `<path d="M%.1f %.1fl6 6l-6 6l-6 -6z" fill="%s" stroke="black"><title>%s: %s</title></path>`, d[0], d[1]-6, fill, html.EscapeString(v.label), number(v.y))
		}
		fmt.Fprintf(&b, `<text x="%.0f" y="%.0f">published: %s</text>`+"\n", right+40, at+4, html.EscapeString(v.short))
	}
	if p.note != "" {
		for i, line := range strings.Split(p.note, "; ") {
			fmt.Fprintf(&b, `<text x="%.0f" y="%.0f" font-size="11" fill="#57606a">%s</text>`+"\n", left, bottom+52+float64(i)*14, html.EscapeString(line))
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// axes draws the grid, at powers of ten, and what it means.
func (p *plot) axes(b *strings.Builder, x, y scale) {
	for e := x.low; e <= x.high; e++ {
		at := x.at(math.Pow(10, e))
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.0f" y2="%.0f" stroke="#d0d7de"/><text x="%.1f" y="%.0f" text-anchor="middle">%s</text>`+"\n",
			at, at, top, bottom, at, bottom+16, number(math.Pow(10, e)))
	}
	for e := y.low; e <= y.high; e++ {
		at := y.at(math.Pow(10, e))
		fmt.Fprintf(b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" stroke="#d0d7de"/><text x="%.0f" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, right, at, at, left-6, at+4, number(math.Pow(10, e)))
	}
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" text-anchor="middle">%s</text><text transform="translate(16 %.0f) rotate(-90)" text-anchor="middle">%s</text>`+"\n",
		(left+right)/2, bottom+34, html.EscapeString(p.across), (top+bottom)/2, html.EscapeString(p.up))
}

// draw draws a curve with its error bars.
func (c *curve) draw(b *strings.Builder, x, y scale, colour string) {
	pen, path := "M", ""
	for _, v := range c.at {
		path += fmt.Sprintf("%s%.1f %.1f", pen, x.at(v.x), y.at(v.y))
		pen = "L"
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"/>`, path, colour)
	for _, v := range c.at {
		if v.half > 0 {
			fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s"/>`, x.at(v.x), x.at(v.x),
				min(bottom, y.at(max(v.y-v.half, math.Pow(10, y.low)))), max(top, y.at(v.y+v.half)), colour)
		}
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s, %s: %s</title></circle>`, x.at(v.x), y.at(v.y), colour, html.EscapeString(c.name), number(v.x), v.label)
	}
	b.WriteString("\n")
}
