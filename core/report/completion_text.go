package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"sendim/core/model"
)

// leastCompletions is how many flows percentiles need before people are shown them.
const leastCompletions = 20

// WriteCompletions writes for people how long flows took and how many times longer than
// alone, by size; nothing when there are too few for percentiles.
func (r *Results) WriteCompletions(w io.Writer) error {
	bins := r.CompletionBins()
	if len(bins) == 0 || bins[0].Flows < leastCompletions {
		return nil
	}
	if len(bins) == 2 { // all of one size class: it says the same
		bins = bins[:1]
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "fct     flows\tnumber\tp50\tp90\tp95\tp99\tp99.9\tslowdown p50\tp90\tp95\tp99\tp99.9")
	for _, b := range bins {
		fmt.Fprintf(t, "        %s\t%d", b.Name, b.Flows)
		for _, v := range []float64{b.Time.P50, b.Time.P90, b.Time.P95, b.Time.P99, b.Time.P999} {
			fmt.Fprintf(t, "\t%s", spanText(v))
		}
		for _, v := range []float64{b.Slowdown.P50, b.Slowdown.P90, b.Slowdown.P95, b.Slowdown.P99, b.Slowdown.P999} {
			fmt.Fprintf(t, "\t%s", timesText(v))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// spanText writes seconds for people.
func spanText(s float64) string { return TimeText(model.Time(s * float64(model.Second))) }

// timesText writes a slowdown for people.
func timesText(v float64) string {
	if v == 0 {
		return "-"
	}
	if v < 10 {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.4g", v)
}
