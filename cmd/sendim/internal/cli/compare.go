package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sendim/core/record"
	"sendim/core/report"
)

func (c *cli) compareCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "compare [RUN RUN]",
		Short: "Set two runs beside each other: flows, links, tables, reachability",
		Long: `Compare two runs, by default the last two that ended: flows by their mean rates (10 %),
loss and completion; links by what they carried; tables as sets of rules, without
counters and cookies; reachability by pings. Only what differs is listed unless --all.
The last line is the verdict.`,
		Args:              argsNoneOrTwo,
		ValidArgsFunction: c.completeRuns,
	}
	f := format(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "list also what is the same")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		a, b, err := c.two(args)
		if err != nil {
			return err
		}
		x := report.Compare(a, b, report.DefaultTolerance())
		if err := c.writeComparison(x, *f, all); err != nil {
			return err
		}
		if !x.Agree || !x.Believed && !x.Unjudged {
			return silent(Failed)
		}
		return nil
	}
	return cmd
}

// mostListed bounds the differences of one kind that are listed unasked.
const mostListed = 20

func argsNoneOrTwo(_ *cobra.Command, args []string) error {
	if len(args) != 0 && len(args) != 2 {
		return fmt.Errorf("name two runs, or none for the last two")
	}
	return nil
}

func (c *cli) two(args []string) (a, b *report.Results, err error) {
	var dirs []string
	if len(args) == 0 {
		runs, err := record.List(c.runs)
		if err != nil {
			return nil, nil, err
		}
		single := map[string]bool{} // runs that are part of a repetition
		for _, r := range runs {
			for _, m := range r.Manifest.Members {
				single[m] = true
			}
		}
		for _, r := range runs {
			if (r.Manifest.State == report.Finished || r.Manifest.State == report.Interrupted) && !single[r.Manifest.ID] {
				dirs = append(dirs, r.Dir)
			}
		}
		if len(dirs) < 2 {
			return nil, nil, fail(WrongInput, "there are %d runs that have ended in %s; a comparison needs two", len(dirs), c.runs)
		}
		dirs = dirs[len(dirs)-2:]
	}
	for _, name := range args {
		r, err := record.Find(c.runs, name)
		if err != nil {
			return nil, nil, err
		}
		if r.Manifest.State == report.Running && state(r) != string(report.Running) {
			return nil, nil, fail(WrongInput, "run %s was lost: its process is gone without a word, and there are no results", r.Manifest.ID)
		}
		if r.Manifest.State == report.Running {
			return nil, nil, fail(WrongInput, "run %s has not ended", r.Manifest.ID)
		}
		dirs = append(dirs, r.Dir)
	}
	if a, err = report.Read(os.DirFS(dirs[0])); err == nil {
		b, err = report.Read(os.DirFS(dirs[1]))
	}
	return a, b, err
}

func (c *cli) writeComparison(x *report.Comparison, format string, all bool) error {
	if format == "json" {
		return rows(c.out, format, nil, nil, x)
	}
	var list [][]string
	for _, s := range []struct {
		kind string
		s    report.Section
	}{{"flow", x.Flows}, {"link", x.Links}, {"table", x.Tables}, {"ping", x.Pings}} {
		listed := 0
		for _, r := range s.s.Rows {
			if all || format == "csv" || r.Verdict == report.Different && listed < mostListed {
				list = append(list, []string{s.kind, r.Name, r.Verdict, r.A, r.B, r.Why})
				listed++
			}
		}
		if more := s.s.Total - s.s.Same - listed; more > 0 && !all && format != "csv" {
			list = append(list, []string{s.kind, fmt.Sprintf("... and %d more", more), report.Different, "", "", "--all lists them"})
		}
	}
	if len(list) > 0 || format == "csv" {
		if err := rows(c.out, format, []string{"kind", "name", "verdict", x.RunA, x.RunB, "why"}, list, nil); err != nil {
			return err
		}
	}
	if format == "csv" {
		return nil
	}
	for _, n := range x.Notes {
		fmt.Fprintf(c.out, "note: %s\n", n)
	}
	_, err := fmt.Fprintln(c.out, x.Verdict)
	return err
}
