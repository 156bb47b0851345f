package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"sendim/core"
	"sendim/core/report"
)

// outcome tells what came out and gives the exit code.
func (s *session) outcome(res *core.Result, err error) error {
	if res == nil {
		return err
	}
	for _, w := range res.Warnings {
		s.warn(w)
	}
	if werr := s.summary(res); werr != nil {
		return werr
	}
	switch {
	case err != nil:
		explain(s.errs, err)
		if code := exitCode(err); code == NotHere || code == WrongInput {
			return silent(code)
		}
		return silent(RunFailed)
	case res.Manifest.State == report.Interrupted:
		return silent(Interrupted)
	case res.Passed() < len(res.Tests), s.failed > 0:
		return silent(Failed)
	}
	return nil
}

func (s *session) summary(res *core.Result) error {
	switch s.o.format {
	case "json":
		return rows(s.out, "json", nil, nil, res.Outcome())
	case "csv":
		list := make([][]string, len(res.Flows))
		for i := range res.Flows {
			list[i] = res.Flows[i].Row()
		}
		return rows(s.out, "csv", report.FlowColumns(), list, nil)
	}
	return Summary(s.out, res.Results, res.Dir)
}

// Summary writes for people what came out of a run.
func Summary(w io.Writer, r *report.Results, dir string) error {
	m := r.Manifest
	fmt.Fprintf(w, "run     %s in %s, %s: %d nodes, %d links, %s of the network's time\n", m.ID, report.World(m.Backend), m.State, m.Nodes, m.LinkCount, report.TimeText(r.End))
	if len(m.Members) > 0 {
		fmt.Fprintf(w, "repeats %d runs; numbers are means, ± half the 95 %% confidence interval\n", len(m.Members))
	}
	for _, t := range r.Tests {
		verdict := "passed"
		if !t.Passed {
			verdict = "FAILED"
		}
		fmt.Fprintf(w, "test    %s  %s: %s (expected: %s)\n", verdict, t.Name, t.Measured, t.Expected)
	}
	if n := len(r.Flows); n > 0 {
		var bytes, sent, lost int64
		finished, failed := 0, ""
		gaveUp := 0
		for i := range r.Flows {
			f := &r.Flows[i]
			bytes, sent, lost = bytes+f.Bytes, sent+f.Sent, lost+f.Lost
			switch {
			case f.Error != "":
				gaveUp++
			case f.Finished():
				finished++
			}
		}
		if gaveUp > 0 {
			failed = fmt.Sprintf(" and %d failed", gaveUp)
		}
		share := 0.0
		if sent > 0 {
			share = 100 * float64(lost) / float64(sent)
		}
		fmt.Fprintf(w, "flows   %d of %d finished%s, %s received, %.3g %% of packets lost\n", finished, n, failed, report.BytesText(bytes), share)
		const few = 12
		if n <= few {
			for i := range r.Flows {
				f := &r.Flows[i]
				rate := report.RateText(f.Rate)
				if f.Runs > 1 {
					rate += " ± " + report.RateText(f.RateError)
				}
				end := "unfinished"
				if f.Finished() {
					end = "finished at " + report.TimeText(f.Finish)
				}
				fmt.Fprintf(w, "        %s: %s -> %s, %s at %s, %s\n", f.ID, f.From, f.To, report.BytesText(f.Bytes), rate, end)
			}
		}
	}
	if err := r.WriteCompletions(w); err != nil {
		return err
	}
	if c := m.Choice; c != nil {
		asked := "as was asked"
		if c.Taken != c.Asked {
			asked = "asked for was " + report.World(c.Asked)
		}
		fmt.Fprintf(w, "world   %s, %s: %s\n", report.World(c.Taken), asked, c.Reason)
	}
	for _, d := range m.Degraded {
		fmt.Fprintf(w, "without %s: %s\n", d.Capability, d.Reason)
	}
	basis := r.Measured()
	switch {
	case !r.Belief.Valid() && basis != "":
		fmt.Fprintf(w, "INVALID %s (%s)\n", strings.Join(r.Belief.Reasons, "; "), basis)
	case !r.Belief.Valid():
		fmt.Fprintf(w, "INVALID %s\n", strings.Join(r.Belief.Reasons, "; "))
	case !r.Belief.Judged() && basis != "":
		fmt.Fprintf(w, "belief  not known, %s (%s)\n", strings.Join(r.Belief.Reasons, "; "), basis)
	case !r.Belief.Judged():
		fmt.Fprintf(w, "belief  not known, %s\n", strings.Join(r.Belief.Reasons, "; "))
	case basis != "":
		fmt.Fprintf(w, "belief  the results can be believed: %s\n", basis)
	case m.Backend != "simulation":
		fmt.Fprintf(w, "belief  the results can be believed\n")
	}
	if dir != "" {
		fmt.Fprintf(w, "results %s\n", filepath.Join(dir, "report.html"))
	}
	return nil
}
