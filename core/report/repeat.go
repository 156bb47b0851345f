package report

import (
	"fmt"
	"math"
	"slices"

	"sendim/core/model"
	"sendim/core/trace"
)

// Summarise makes one set of results of repetitions: the mean of every number and, for
// flow rates and bytes of links, half the width of the 95 % confidence interval
// (Student's t). A flow counts as finished when it finished every time; a test passed
// when it passed every time; a pair reached each other when it did every time; tables are
// those of the last run, and a warning says where others had other ones. The argument must
// not be empty.
func Summarise(runs []*Results) *Results {
	last := runs[len(runs)-1]
	out := &Results{Manifest: last.Manifest, Topology: last.Topology, Series: last.Series, Followed: last.Followed, Tables: last.Tables, Metrics: last.Metrics,
		Pings: summarisePings(runs), Belief: summariseBeliefs(runs)}
	out.Manifest.Members, out.Manifest.Digest = nil, ""
	warned := map[string]bool{}
	for _, r := range runs {
		out.Manifest.Members = append(out.Manifest.Members, r.Manifest.ID)
		out.Load = append(out.Load, r.Load...)
		out.Completions = append(out.Completions, r.Completions...)
		out.End = max(out.End, r.End)
		for _, w := range r.Warnings {
			if !warned[w] {
				warned[w] = true
				out.Warnings = append(out.Warnings, w)
			}
		}
	}
	if w := unsteady(runs); w != "" {
		out.Warnings = append(out.Warnings, w)
	}
	out.Flows = summariseFlows(runs)
	out.Links = summariseLinks(runs)
	out.Tests = summariseTests(runs)
	return out
}

// summariseBeliefs is the worst that is said of any run, with all reasons for it.
func summariseBeliefs(runs []*Results) Belief {
	out := Belief{Verdict: Believed}
	for _, verdict := range []string{Disbelieved, Unjudged} {
		for _, r := range runs {
			if r.Belief.Verdict != verdict {
				continue
			}
			out.Verdict = verdict
			for _, reason := range r.Belief.Reasons {
				out.Reasons = append(out.Reasons, r.Manifest.ID+": "+reason)
			}
		}
		if out.Verdict != Believed {
			break
		}
	}
	return out
}

func summariseFlows(runs []*Results) []Flow {
	at := map[string]int{}
	var all [][]*Flow
	for _, r := range runs {
		for i := range r.Flows {
			f := &r.Flows[i]
			k, ok := at[f.ID]
			if !ok {
				k = len(all)
				at[f.ID] = k
				all = append(all, nil)
			}
			all[k] = append(all[k], f)
		}
	}
	out := make([]Flow, 0, len(all))
	for _, fs := range all {
		f := *fs[0]
		f.Runs = len(fs)
		var finished bool
		f.Rate, f.RateError = Mean(fs, func(f *Flow) float64 { return f.Rate })
		mean := func(of func(*Flow) int64) int64 {
			m, _ := Mean(fs, func(f *Flow) float64 { return float64(of(f)) })
			return int64(math.Round(m))
		}
		f.Bytes, f.Offered = mean(func(f *Flow) int64 { return f.Bytes }), mean(func(f *Flow) int64 { return f.Offered })
		f.Sent, f.Received = mean(func(f *Flow) int64 { return f.Sent }), mean(func(f *Flow) int64 { return f.Received })
		f.Lost, f.Retransmits = mean(func(f *Flow) int64 { return f.Lost }), mean(func(f *Flow) int64 { return f.Retransmits })
		f.LatencyMean = model.Time(mean(func(f *Flow) int64 { return int64(f.LatencyMean) }))
		finish := model.Time(mean(func(f *Flow) int64 { return int64(f.Finish) }))
		finished = len(fs) == len(runs)
		for _, one := range fs {
			f.LatencyMin, f.LatencyMax = min(f.LatencyMin, one.LatencyMin), max(f.LatencyMax, one.LatencyMax)
			finished = finished && one.Finished()
		}
		if f.Finish = trace.Unfinished; finished {
			f.Finish = finish
		}
		out = append(out, f)
	}
	return out
}

func summariseLinks(runs []*Results) []Link {
	var out []Link
	for i := range runs[0].Links {
		l := runs[0].Links[i]
		var same []*Link
		for _, r := range runs {
			if i < len(r.Links) && r.Links[i].Name == l.Name && r.Links[i].From == l.From {
				same = append(same, &r.Links[i])
			}
		}
		mean := func(of func(*Link) float64) float64 { m, _ := Mean(same, of); return m }
		var bytes float64
		bytes, l.BytesError = Mean(same, func(l *Link) float64 { return float64(l.Bytes) })
		l.Bytes = int64(math.Round(bytes))
		l.Packets = int64(math.Round(mean(func(l *Link) float64 { return float64(l.Packets) })))
		l.Drops = int64(math.Round(mean(func(l *Link) float64 { return float64(l.Drops) })))
		l.Utilisation, l.Peak = mean(func(l *Link) float64 { return l.Utilisation }), mean(func(l *Link) float64 { return l.Peak })
		out = append(out, l)
	}
	return out
}

// summarisePings has a pair's answer from the last run, unless it had none in another one.
func summarisePings(runs []*Results) []trace.PingResult {
	last := runs[len(runs)-1]
	silent := map[[2]string]trace.PingResult{}
	for _, r := range runs {
		for _, p := range r.Pings {
			if p.Received == 0 {
				silent[[2]string{p.From, p.To}] = p
			}
		}
	}
	out := slices.Clone(last.Pings)
	for i, p := range out {
		if s, ok := silent[[2]string{p.From, p.To}]; ok {
			out[i] = s
		}
	}
	return out
}

// unsteady names the switches whose tables were not the same in all runs. Of more switches
// than are spelled out it says nothing.
func unsteady(runs []*Results) string {
	last := runs[len(runs)-1]
	if len(last.Tables) > Spelled {
		return ""
	}
	changed := map[string]bool{}
	for _, r := range runs[:len(runs)-1] {
		c := Comparison{}
		c.compareTables(r, last)
		for _, row := range c.Tables.Rows {
			changed[row.Name] = changed[row.Name] || row.Verdict == Different
		}
	}
	var names []string
	for i := range last.Tables {
		if name := last.Tables[i].Switch; changed[name] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	what := "the tables of " + names[0]
	if n := len(names); n > 1 {
		what += fmt.Sprintf(" and %d more switches", n-1)
	}
	return what + " were not the same in all repetitions; those of the last one are kept"
}

func summariseTests(runs []*Results) []trace.Verdict {
	var out []trace.Verdict
	for i := range runs[0].Tests {
		t := runs[0].Tests[i]
		passed := 0
		for _, r := range runs {
			if i < len(r.Tests) && r.Tests[i].Passed {
				passed++
			}
		}
		t.Passed = passed == len(runs)
		t.Measured = fmt.Sprintf("passed in %d of %d runs; first: %s", passed, len(runs), t.Measured)
		out = append(out, t)
	}
	return out
}

// Mean gives the mean of a number over samples and half the width of its 95 %
// confidence interval; that is 0 for fewer than two samples, where there is none.
func Mean[T any](samples []T, of func(T) float64) (mean, half float64) {
	n := float64(len(samples))
	if n == 0 {
		return 0, 0
	}
	for _, s := range samples {
		mean += of(s)
	}
	mean /= n
	if n < 2 {
		return mean, 0
	}
	var squares float64
	for _, s := range samples {
		d := of(s) - mean
		squares += float64(d * d)
	}
	return mean, student95(len(samples)-1) * math.Sqrt(squares/(n-1)/n)
}

// student95 is the 97.5 % quantile of Student's t distribution. Up to 30 degrees of
// freedom it is the usual table; above, the expansion of Cornish and Fisher in 1/df
// (Abramowitz and Stegun 26.7.5), whose error is below the fourth digit there.
func student95(df int) float64 {
	table := [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
		2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042}
	if df <= len(table) {
		return table[df-1]
	}
	const z = 1.959964
	n := float64(df)
	return z + (z*z*z+z)/(4*n) + (5*z*z*z*z*z+16*z*z*z+3*z)/(96*n*n)
}
