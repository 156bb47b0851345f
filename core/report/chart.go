package report

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"sendim/core/model"
)

// curve is one line of a chart over time.
type curve struct {
	name   string
	color  string
	values []float64 // one a column
}

// columns is how many steps a chart has at most.
const columns = 200

func palette(i int) string {
	colors := [...]string{"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a"}
	return colors[i%len(colors)]
}

// curves makes the two charts' lines: what hosts received, and how full links were.
func (r *Results) curves() (step model.Time, throughput, utilisation []curve) {
	if len(r.Series) == 0 {
		return 0, nil, nil
	}
	last, span := model.Time(0), model.Forever
	var before model.Time = -1
	for i := range r.Series {
		at := r.Series[i].At
		last = max(last, at)
		if before >= 0 && at > before {
			span = min(span, at-before)
		}
		before = max(before, at)
	}
	if last <= 0 {
		return 0, nil, nil
	}
	step = max((last+columns-1)/columns, 1)
	if span != model.Forever {
		step = max(step, span)
	}
	n := int((last + step - 1) / step)
	isHost := map[string]bool{}
	for _, v := range r.Topology.Nodes {
		if v.Kind == model.Host {
			isHost[v.Name] = true
		}
	}
	type key struct{ link, from string }
	received, full := map[key]*mean{}, map[key]*mean{}
	var order []key
	for i := range r.Series {
		p := &r.Series[i]
		col := min(max(int((p.At-1)/step), 0), n-1)
		k := key{p.Link, p.From}
		if full[k] == nil {
			full[k] = newMean(n)
			order = append(order, k)
			if isHost[p.To] {
				received[k] = newMean(n)
			}
		}
		full[k].add(col, p.Utilisation)
		if m := received[k]; m != nil {
			m.add(col, p.Rate)
		}
	}
	total := make([]float64, n)
	for _, k := range order {
		if m := received[k]; m != nil {
			for col := range total {
				total[col] += m.at(col)
			}
		}
	}
	throughput = []curve{{"received by all hosts, Mbit/s", palette(0), scaled(total, 1e-6)}}
	slices.SortStableFunc(order, func(a, b key) int { return cmp.Compare(full[b].peak, full[a].peak) })
	for i, k := range order {
		if i == 5 || full[k].peak == 0 {
			break
		}
		values := make([]float64, n)
		for col := range values {
			values[col] = 100 * full[k].at(col)
		}
		utilisation = append(utilisation, curve{k.link + " from " + k.from, palette(i), values})
	}
	return step, throughput, utilisation
}

type mean struct {
	sum, count []float64
	peak       float64
}

func newMean(n int) *mean { return &mean{sum: make([]float64, n), count: make([]float64, n)} }

func (m *mean) add(col int, v float64) {
	m.sum[col], m.count[col], m.peak = m.sum[col]+v, m.count[col]+1, math.Max(m.peak, v)
}

func (m *mean) at(col int) float64 {
	if m.count[col] == 0 { // what carries nothing is not sampled
		return 0
	}
	return m.sum[col] / m.count[col]
}

func scaled(values []float64, by float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v * by
	}
	return out
}

// chart draws curves as an SVG; most is the least top of the vertical axis.
func chart(step model.Time, curves []curve, unit string, most float64) template.HTML {
	const w, h, left, bottom = 860.0, 240.0, 60.0, 24.0
	n, top := 0, most
	for _, c := range curves {
		n = max(n, len(c.values))
		for _, v := range c.values {
			top = math.Max(top, v)
		}
	}
	if n == 0 || top <= 0 {
		return `<p class="none">Nothing was carried.</p>`
	}
	top = nice(top)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" class="chart">`, w, h+bottom)
	for i := range 5 {
		y := h - (h-10)*float64(i)/4
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" class="grid"/><text x="%.0f" y="%.1f" class="tick" text-anchor="end">%.4g</text>`, left, w, y, y, left-6, y+4, top*float64(i)/4)
	}
	end := (model.Time(n) * step).Seconds()
	for i := range 6 {
		x := left + (w-left-10)*float64(i)/5
		anchor := "middle"
		if i == 5 {
			anchor = "end"
		}
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" class="tick" text-anchor="%s">%.3g s</text>`, x, h+18, anchor, end*float64(i)/5)
	}
	for _, c := range curves {
		pen := "M"
		var path strings.Builder
		for i, v := range c.values {
			y := h - (h-10)*v/top
			x := func(i int) float64 { return left + (w-left-10)*float64(i)/float64(n) }
			fmt.Fprintf(&path, "%s%.1f %.1fL%.1f %.1f", pen, x(i), y, x(i+1), y)
			pen = "L"
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"><title>%s</title></path>`, path.String(), c.color, html.EscapeString(c.name))
	}
	b.WriteString(`</svg><p class="legend">`)
	for _, c := range curves {
		fmt.Fprintf(&b, `<span><i style="background:%s"></i>%s</span> `, c.color, html.EscapeString(c.name))
	}
	fmt.Fprintf(&b, `<span>%s</span></p>`, html.EscapeString(unit))
	return template.HTML(b.String())
}

// nice rounds up to 1, 2, 2.5, 5 or 10 times a power of ten.
func nice(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return v
}

// drawing draws the topology; links are as thick and as red as they were full.
func (r *Results) drawing() template.HTML {
	t := &r.Topology
	if len(t.Nodes) == 0 {
		return `<p class="none">The network is too large to be drawn.</p>`
	}
	const w, h, margin = 860.0, 480.0, 40.0
	at := t.place()
	x := func(i int) float64 { return margin + (w-2*margin)*at[i].x }
	y := func(i int) float64 { return margin + (h-2*margin)*at[i].y }
	full := map[string]float64{}
	for i := range r.Links {
		full[r.Links[i].Name] = math.Max(full[r.Links[i].Name], r.Links[i].Utilisation)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" class="topology">`, w, h)
	for _, l := range t.Links {
		u := math.Min(1, full[l.Name])
		rate := "no limit"
		if l.Rate > 0 {
			rate = l.Rate.String()
		}
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="hsl(%.0f,70%%,45%%)" stroke-width="%.1f"><title>%s: %s, %.1f %% full</title></line>`,
			x(l.A), y(l.A), x(l.B), y(l.B), 210*(1-u), 1.2+3*u, html.EscapeString(l.Name), rate, 100*u)
	}
	size := 9.0
	if len(t.Nodes) > 100 {
		size = 4
	}
	for i, n := range t.Nodes {
		name := html.EscapeString(n.Name)
		if n.Kind == model.Host {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="%.1f" class="host"><title>%s</title></circle>`, x(i), y(i), size*0.6, name)
		} else {
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="switch"><title>%s</title></rect>`, x(i)-size, y(i)-size*0.7, 2*size, 1.4*size, name)
		}
		if len(t.Nodes) <= 100 {
			above := -size - 2 // switches are named above, hosts below: fewer names meet
			if n.Kind == model.Host {
				above = size + 9
			}
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" class="name">%s</text>`, x(i), y(i)+above, name)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}
