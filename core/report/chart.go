package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"sendim/core/model"
)

func palette(i int) string {
	colors := [...]string{"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a"}
	return colors[i%len(colors)]
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
