package report

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// plot is a chart with one or more lines over a common axis.
type plot struct {
	about   string    // what it shows, for who does not see it
	x       []float64 // one more than values have for steps: the edges
	steps   bool      // a value holds between two edges
	logx    bool
	xunit   string
	xlabels []string // instead of numbers, one for each value
	unit    string   // of the values
	most    float64  // the least top of the vertical axis
	curves  []curve
}

// overTime is a chart of curves over the time of a grid.
func overTime(about string, g grid, curves []curve, unit string, most float64) template.HTML {
	p := plot{about: about, steps: true, xunit: "s", unit: unit, most: most, curves: curves}
	for i := range g.n + 1 {
		p.x = append(p.x, float64(i)*g.step.Seconds())
	}
	return p.html()
}

// What a plot measures, in units of its own.
const (
	plotWidth, plotHeight, plotLeft, plotRight, plotTop, plotBottom = 860.0, 240.0, 60.0, 850.0, 10.0, 240.0
)

func (p *plot) at(x float64) float64 {
	low, high := p.x[0], p.x[len(p.x)-1]
	if p.logx {
		low, high, x = math.Log(low), math.Log(high), math.Log(x)
	}
	if high == low {
		return plotLeft
	}
	return plotLeft + (plotRight-plotLeft)*(x-low)/(high-low)
}

func (p *plot) html() template.HTML {
	top := p.most
	for _, c := range p.curves {
		for _, v := range c.values {
			top = math.Max(top, v)
		}
	}
	if len(p.x) == 0 || top <= 0 {
		return `<p class="none">Nothing was carried.</p>`
	}
	top = nice(top)
	var b strings.Builder
	data := struct {
		X      []short    `json:"x"`
		At     []short    `json:"at"`
		Names  []string   `json:"names"`
		Values [][]short  `json:"values"`
		Labels []string   `json:"labels,omitempty"`
		Unit   string     `json:"unit"`
		XUnit  string     `json:"xunit"`
		Steps  bool       `json:"steps"`
		Span   [2]float64 `json:"span"`
	}{Unit: p.unit, XUnit: p.xunit, Steps: p.steps, Labels: p.xlabels, Span: [2]float64{plotTop, plotBottom}}
	for _, x := range p.x {
		data.X, data.At = append(data.X, short(x)), append(data.At, short(p.at(x)))
	}
	for _, c := range p.curves {
		data.Names = append(data.Names, c.name)
		values := make([]short, len(c.values))
		for i, v := range c.values {
			values[i] = short(v)
		}
		data.Values = append(data.Values, values)
	}
	text, _ := json.Marshal(data)
	fmt.Fprintf(&b, `<figure class="plot" tabindex="0" data-plot="%s"><svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s" class="chart">`,
		html.EscapeString(string(text)), plotWidth, plotHeight+24, html.EscapeString(p.about))
	for i := range 5 {
		y := plotBottom - (plotBottom-plotTop)*float64(i)/4
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" class="grid"/><text x="%.0f" y="%.1f" class="tick" text-anchor="end">%s</text>`,
			plotLeft, plotRight, y, y, plotLeft-6, y+4, plain(top*float64(i)/4))
	}
	p.ticks(&b)
	for i, c := range p.curves {
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"><title>%s</title></path>`, p.path(c.values, top), palette(i), html.EscapeString(c.name))
	}
	fmt.Fprintf(&b, `<line class="cursor" x1="0" x2="0" y1="%.0f" y2="%.0f" hidden="hidden"/></svg><figcaption class="legend">`, plotTop, plotBottom)
	for i, c := range p.curves {
		fmt.Fprintf(&b, `<span><i style="background:%s"></i>%s<b></b></span> `, palette(i), html.EscapeString(c.name))
	}
	fmt.Fprintf(&b, `<span>%s</span><output></output></figcaption></figure>`, html.EscapeString(p.unit))
	return template.HTML(b.String())
}

// ticks labels the horizontal axis.
func (p *plot) ticks(b *strings.Builder) {
	tick := func(x float64, text, anchor string) {
		fmt.Fprintf(b, `<text x="%.1f" y="%.0f" class="tick" text-anchor="%s">%s</text>`, x, plotBottom+18, anchor, html.EscapeString(text))
	}
	low, high := p.x[0], p.x[len(p.x)-1]
	switch {
	case p.xlabels != nil:
		every := (len(p.xlabels) + 9) / 10
		for i := 0; i < len(p.xlabels); i += every {
			tick((p.at(p.x[i])+p.at(p.x[i+1]))/2, p.xlabels[i], "middle")
		}
	case p.logx:
		for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
			for _, m := range []float64{1, 2, 5} {
				// Between few powers of ten there is room for what lies between them.
				if v := m * math.Pow(10, e); v >= low && v <= high && (m == 1 || high/low < 100) {
					tick(p.at(v), spanOrNumber(v, p.xunit), "middle")
				}
			}
		}
	default:
		step := nice((high - low) / 7)
		for i := math.Ceil(low / step); i*step <= high*(1+1e-9); i++ {
			anchor := "middle"
			if p.at(i*step) > plotRight-20 {
				anchor = "end"
			}
			tick(p.at(i*step), plain(i*step)+" "+p.xunit, anchor)
		}
	}
}

// plain writes a number of an axis without an exponent where that is readable.
func plain(v float64) string {
	if a := math.Abs(v); a >= 1e7 || a > 0 && a < 1e-6 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(math.Round(v*1e9)/1e9, 'f', -1, 64)
}

func spanOrNumber(v float64, unit string) string {
	if unit == "s" {
		return spanText(v)
	}
	return fmt.Sprintf("%.3g %s", v, unit)
}

func (p *plot) path(values []float64, top float64) string {
	var b strings.Builder
	pen := "M"
	for i, v := range values {
		y := plotBottom - (plotBottom-plotTop)*v/top
		if p.steps {
			fmt.Fprintf(&b, "%s%.1f %.1fL%.1f %.1f", pen, p.at(p.x[i]), y, p.at(p.x[i+1]), y)
		} else {
			fmt.Fprintf(&b, "%s%.1f %.1f", pen, p.at(p.x[i]), y)
		}
		pen = "L"
	}
	return b.String()
}

// short is a number with as many digits as people read off a chart.
type short float64

// MarshalJSON writes four digits.
func (s short) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'g', 4, 64), nil
}

// completionPlots are the distribution of completion times and the slowdowns by size.
func (r *Results) completionPlots() (distribution, slowdown template.HTML) {
	if len(r.Completions) < leastCompletions {
		return "", ""
	}
	var took []float64
	for i := range r.Completions {
		took = append(took, r.Completions[i].Took.Seconds())
	}
	quantiles(took) // sorts
	x, share := cumulative(took, columns)
	if len(x) > 0 && x[0] < x[len(x)-1] {
		for i := range share {
			share[i] *= 100
		}
		p := plot{about: "share of flows that took no longer than a time", x: x, logx: true, xunit: "s", unit: "% of flows took no longer", most: 100, curves: []curve{{"flows of a size", share}}}
		distribution = p.html()
	}
	bins := r.bySize(20)
	if len(bins) < 2 {
		return distribution, ""
	}
	p := plot{about: "slowdown by size of the flow", steps: true, unit: "times as long as alone, by size of the flow (as many flows in each step)", most: 1,
		curves: []curve{{name: "median"}, {name: "95 %"}, {name: "99 %"}}}
	for i, b := range bins {
		p.x = append(p.x, float64(i))
		p.xlabels = append(p.xlabels, b.Name)
		for k, v := range []float64{b.Slowdown.P50, b.Slowdown.P95, b.Slowdown.P99} {
			p.curves[k].values = append(p.curves[k].values, v)
		}
	}
	p.x = append(p.x, float64(len(bins)))
	return distribution, p.html()
}
