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

// mostRows bounds the rows of a table in the report; flows.csv has all of them.
const mostRows = 5000

// WriteHTML writes report.html: one file that needs nothing else, no network and no
// script but a few lines of its own that sort tables.
func (r *Results) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"rate": RateText, "time": TimeText, "bytes": BytesText, "seconds": Seconds,
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
	step, throughput, utilisation := r.curves()
	type row struct {
		Switch                string
		Rules, Groups, Meters int
	}
	var tables []row
	for _, t := range r.Tables[:min(len(r.Tables), mostRows)] {
		tables = append(tables, row{t.Switch, len(t.Rules), len(t.Groups), len(t.Meters)})
	}
	return t.Execute(w, map[string]any{
		"R": r, "World": World(r.Manifest.Backend), "Manifest": string(manifest), "Drawing": r.drawing(),
		"Throughput": chart(step, throughput, "", 0), "Utilisation": chart(step, utilisation, "share of the link's rate, %", 100),
		"Flows": r.Flows[:min(len(r.Flows), mostRows)], "MoreFlows": max(0, len(r.Flows)-mostRows),
		"Links": r.Links[:min(len(r.Links), mostRows)], "MoreLinks": max(0, len(r.Links)-mostRows),
		"Tables": tables, "Passed": r.Passed(),
	})
}
