package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/live"
	"sendim/cmd/sendim/internal/prompt"
	"sendim/core/record"
	"sendim/core/report"
)

// completeRuns offers the names of runs.
func (c *cli) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	runs, err := record.List(c.runs)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	out := []string{record.Latest}
	for _, r := range runs {
		out = append(out, filepath.Base(r.Dir))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeLiving offers the names of runs that live.
func (c *cli) completeLiving(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	runs, err := record.List(c.runs)
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, r := range runs {
		if r.Manifest.State == report.Running && live.Alive(r.Dir) {
			out = append(out, filepath.Base(r.Dir))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeLine offers the names of living runs, and then what the run says that a line may
// go on with.
func (c *cli) completeLine(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return c.completeLiving(cmd, args, begin)
	}
	_, client, err := c.reach(args[:1])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer client.Close()
	text := prompt.Quote(args[1:])
	if text != "" {
		text += " "
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Second)
	defer cancel()
	words, err := client.Complete(ctx, text+begin)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if len(words) == 0 {
		return nil, cobra.ShellCompDirectiveDefault // files
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// lost is the state of a run whose process is gone without a word.
const lost = "lost"

// state is where a run stands; one whose process is gone without a word is lost.
func state(r record.Found) string {
	if r.Manifest.State == report.Running && !live.Alive(r.Dir) && !processAlive(r.Manifest.PID) {
		return lost
	}
	return string(r.Manifest.State)
}

func (c *cli) runsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "runs", Short: "List the runs there are", Args: cobra.NoArgs}
	f := format(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		runs, err := record.List(c.runs)
		if err != nil {
			return err
		}
		type row struct {
			ID      string `json:"id"`
			Network string `json:"network"`
			World   string `json:"world"`
			State   string `json:"state"`
			Started string `json:"started"`
			Nodes   int    `json:"nodes"`
			Tests   string `json:"tests"` // passed/all
			Flows   string `json:"flows"` // finished/all
		}
		list, values := make([][]string, 0, len(runs)), []row{}
		for _, r := range runs {
			m := r.Manifest
			v := row{filepath.Base(r.Dir), m.Network, m.Backend, state(r), m.Started, m.Nodes, "", ""}
			if o, err := readOutcome(r.Dir); err == nil {
				v.Tests = fmt.Sprintf("%d/%d", o.Passed, len(o.Tests))
				v.Flows = fmt.Sprintf("%d/%d", o.Flows-o.Unfinished, o.Flows)
			}
			values = append(values, v)
			list = append(list, []string{v.ID, v.Network, v.World, v.State, v.Started, strconv.Itoa(v.Nodes), v.Tests, v.Flows})
		}
		return rows(c.out, *f, []string{"id", "network", "world", "state", "started", "nodes", "tests", "flows"}, list, values)
	}
	return cmd
}

func readOutcome(dir string) (report.Outcome, error) {
	var o report.Outcome
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	return o, err
}

// one finds the run that is meant: by name, or the only one that lives.
func (c *cli) one(args []string) (record.Found, error) {
	if len(args) > 0 {
		return record.Find(c.runs, args[0])
	}
	runs, err := record.List(c.runs)
	if err != nil {
		return record.Found{}, err
	}
	var alive []record.Found
	for _, r := range runs {
		if r.Manifest.State == report.Running && live.Alive(r.Dir) {
			alive = append(alive, r)
		}
	}
	switch len(alive) {
	case 1:
		return alive[0], nil
	case 0:
		return record.Found{}, fail(WrongInput, "no run lives in %s; sendim runs lists those that ended", c.runs)
	}
	var ids []string
	for _, r := range alive {
		ids = append(ids, r.Manifest.ID)
	}
	return record.Found{}, fail(WrongInput, "several runs live: %s; name one", strings.Join(ids, ", "))
}

// reach connects to the run that is meant.
func (c *cli) reach(args []string) (record.Found, *live.Client, error) {
	r, err := c.one(args)
	if err != nil {
		return r, nil, err
	}
	client, err := live.Dial(r.Dir)
	if errors.Is(err, live.ErrOthers) {
		return r, nil, fail(NotHere, "%w", err)
	}
	if err != nil {
		is := state(r)
		if is == lost {
			is += ": its process ended without a word, and sendim gc removes what it left"
		}
		return r, nil, fail(WrongInput, "run %s does not live any more; it is %s", r.Manifest.ID, is)
	}
	return r, client, nil
}

func (c *cli) statusCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "status [RUN]", Short: "Say where a living run stands", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeRuns}
	f := format(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		r, err := c.one(args)
		if err != nil {
			return err
		}
		v := struct {
			State string `json:"state"`
			prompt.Status
		}{state(r), prompt.Status{Run: r.Manifest.ID, Network: r.Manifest.Network, World: r.Manifest.Backend, Nodes: r.Manifest.Nodes, Links: r.Manifest.LinkCount}}
		client, err := live.Dial(r.Dir)
		switch {
		case err == nil:
			defer client.Close()
			if v.Status, err = client.Status(cmd.Context()); err != nil {
				return err
			}
			if *f == "table" {
				return client.Execute(cmd.Context(), "status", c.out)
			}
		case errors.Is(err, live.ErrOthers):
			return fail(NotHere, "%w", err)
		case *f == "table":
			_, err = fmt.Fprintf(c.out, "run %s is %s\n", v.Run, v.State)
			return err
		}
		return rows(c.out, *f, []string{"run", "state", "world", "now_s", "nodes", "links", "flows_started", "flows_ended"}, [][]string{{v.Run, v.State, v.World,
			strconv.FormatFloat(v.Now, 'f', -1, 64), strconv.Itoa(v.Nodes), strconv.Itoa(v.Links), strconv.Itoa(v.Started), strconv.Itoa(v.Ended)}}, v)
	}
	return cmd
}

func (c *cli) shellCommand() *cobra.Command {
	return &cobra.Command{
		Use: "shell [RUN]", Short: "Mininet's prompt on a living run", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeLiving,
		Long: "Open the prompt on a living run. exit leaves the prompt; the run goes on (sendim stop ends it).",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, client, err := c.reach(args)
			if err != nil {
				return err
			}
			defer client.Close()
			if terminal(c.in) && terminal(c.out) {
				ctx, over := context.WithCancel(cmd.Context())
				defer over()
				go func() {
					if awaitEnd(ctx, r.Dir, time.Second) == nil {
						over()
					}
				}()
				err := prompt.Interact(ctx, client, prompt.Screen{In: c.in, Out: c.out, Errs: c.errs, Again: again(r.Dir),
					Banner: "run " + r.Manifest.ID + "; exit leaves the prompt, the run goes on."})
				if ctx.Err() != nil && cmd.Context().Err() == nil {
					fmt.Fprintf(c.errs, "*** run %s has ended\n", r.Manifest.ID)
				}
				return err
			}
			failed, err := prompt.Read(cmd.Context(), client, c.in, c.out, c.errs)
			if err == nil && failed > 0 {
				err = silent(Failed)
			}
			return err
		},
	}
}

// again is how this program reaches a run from a window of its own.
func again(dir string) []string {
	self, err := os.Executable()
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil
	}
	return []string{self, "--runs", filepath.Dir(dir), "exec", filepath.Base(dir)}
}

func (c *cli) stopCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stop [RUN]", Short: "End a living run; its results are kept", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeLiving,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, client, err := c.reach(args)
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.Stop(cmd.Context()); err != nil {
				return err
			}
			return awaitEnd(cmd.Context(), r.Dir, 20*time.Millisecond)
		},
	}
}
