package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed report.html.tmpl
var page string

//go:embed report.js
var script string

// mostRows bounds the rows of a table in the report; flows.csv has all of them.
const mostRows = 5000

// WriteHTML writes report.html: one file that needs nothing else, no network and no
// script but its own, which sorts tables, tells the values of charts and draws the heat
// map. Its size is bounded, however large the network and long the run.
func (r *Results) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"rate": RateText, "time": TimeText, "bytes": BytesText, "seconds": Seconds,
		"span": spanText, "times": timesText,
		"percent": func(v float64) string { return fmt.Sprintf("%.2f", 100*v) },
		"join":    func(v []string) string { return strings.Join(v, " ") },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("report template: %w", err)
	}
	manifest, err := json.MarshalIndent(r.Manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("report manifest: %w", err)
	}
	g, throughput, utilisation, queues := r.curves()
	queueGrid, followed := r.queueCurves()
	queueUnit := "packets waiting, at most"
	if len(followed) == 0 {
		queueGrid, followed, queueUnit = g, queues, "packets waiting, on average"
	}
	flowGrid, flows := r.flowCurves()
	upGrid, up := r.switchCurves()
	distribution, slowdown := r.completionPlots()
	bins := r.CompletionBins()
	if len(bins) == 2 {
		bins = bins[:1]
	}
	h, heatData := r.heat(), []byte(nil)
	if h != nil {
		if heatData, err = json.Marshal(h); err != nil {
			return fmt.Errorf("report heat map: %w", err)
		}
	}
	maybe := func(about string, g grid, curves []curve, unit string) template.HTML {
		if len(curves) == 0 {
			return ""
		}
		return overTime(about, g, curves, unit, 0)
	}
	return t.Execute(w, map[string]any{
		"R": r, "World": World(r.Manifest.Backend), "Manifest": string(manifest), "Drawing": r.drawing(),
		"Throughput": overTime("what all hosts received", g, throughput, "Mbit/s", 0), "Utilisation": overTime("how full the fullest links were", g, utilisation, "% of the link's rate", 100),
		"FlowRates": maybe("what the largest flows received", flowGrid, flows, "Mbit/s"), "Queues": maybe("the longest queues", queueGrid, followed, queueUnit),
		"Upcalls": maybe("what switches sent to the controller", upGrid, up, "packets a second"),
		"Heat":    h, "HeatData": string(heatData), "Bins": bins, "Distribution": distribution, "Slowdown": slowdown, "Script": template.JS(script),
		"Flows": flowRows(r.Flows[:min(len(r.Flows), mostRows)]), "MoreFlows": max(0, len(r.Flows)-mostRows),
		"Links": linkRows(r.Links[:min(len(r.Links), mostRows)]), "MoreLinks": max(0, len(r.Links)-mostRows),
		"Tables": tableRows(r.Tables[:min(len(r.Tables), mostRows)]), "Passed": r.Passed(),
	})
}
