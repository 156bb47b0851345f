package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/live"
	"sendim/cmd/sendim/internal/prompt"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/core/trace"
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

// state is where a run stands; one whose process is gone without a word is lost.
func state(r record.Found) string {
	if r.Manifest.State == report.Running && !live.Alive(r.Dir) && !processAlive(r.Manifest.PID) {
		return "lost"
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
	if err != nil {
		return r, nil, fail(WrongInput, "run %s does not live any more; it is %s", r.Manifest.ID, state(r))
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
		Use: "shell [RUN]", Short: "Mininet's prompt on a living run", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeRuns,
		Long: "Open the prompt on a living run. exit leaves the prompt; the run goes on (sendim stop ends it).",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, client, err := c.reach(args)
			if err != nil {
				return err
			}
			defer client.Close()
			if terminal(c.in) {
				return prompt.Interact(cmd.Context(), client, "run "+r.Manifest.ID+"; exit leaves the prompt, the run goes on.", c.out, c.errs)
			}
			failed, err := prompt.Read(cmd.Context(), client, c.in, c.out, c.errs)
			if err == nil && failed > 0 {
				err = silent(Failed)
			}
			return err
		},
	}
}

func (c *cli) execCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "exec RUN NODE COMMAND...", Short: "Carry out one line of the prompt in a living run", Args: cobra.MinimumNArgs(2), ValidArgsFunction: c.completeRuns,
		Example: "  sendim exec latest h1 ping -c3 h2\n  sendim exec latest dpctl dump-flows s1",
		RunE: func(cmd *cobra.Command, args []string) error {
			_, client, err := c.reach(args[:1])
			if err != nil {
				return err
			}
			defer client.Close()
			err = client.Execute(cmd.Context(), quoted(args[1:]), c.out)
			var remote *live.RemoteError
			if errors.As(err, &remote) && remote.Code > 0 {
				return &coded{err: err, code: remote.Code}
			}
			return err
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows belongs to the command
	return cmd
}

// quoted makes a line of words that the prompt takes apart into the same words.
func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if w == "" || strings.ContainsAny(w, " \t\r\n'\"") {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
		}
	}
	return strings.Join(out, " ")
}

func (c *cli) stopCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stop [RUN]", Short: "End a living run; its results are kept", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, client, err := c.reach(args)
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.Stop(cmd.Context()); err != nil {
				return err
			}
			return awaitEnd(cmd.Context(), r.Dir)
		},
	}
}

func (c *cli) traceCommand() *cobra.Command {
	var node, kind, flow, link, from, until string
	cmd := &cobra.Command{
		Use: "trace RUN", Short: "Print a run's diary, filtered", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeRuns,
		Long: "Print a run's diary: one line for each entry as a table, or the entries themselves as JSON lines (-f json).",
	}
	f := format(cmd)
	cmd.Flags().StringVar(&node, "node", "", "only entries about this node")
	cmd.Flags().StringVar(&kind, "kind", "", "only entries of these kinds, as flow-end,ping")
	cmd.Flags().StringVar(&flow, "flow", "", "only entries about this flow")
	cmd.Flags().StringVar(&link, "link", "", "only entries about this link")
	cmd.Flags().StringVar(&from, "from", "", "only entries at or after this time, as 1.5s")
	cmd.Flags().StringVar(&until, "until", "", "only entries before this time")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		first, last := model.Time(-model.Forever), model.Forever
		for _, t := range []struct {
			text string
			to   *model.Time
		}{{from, &first}, {until, &last}} {
			if t.text != "" {
				v, err := model.ParseTime(t.text)
				if err != nil {
					return fail(WrongInput, "%w", err)
				}
				*t.to = v
			}
		}
		kinds, err := kindsOf(kind)
		if err != nil {
			return err
		}
		name := record.Latest
		if len(args) > 0 {
			name = args[0]
		}
		r, err := record.Find(c.runs, name)
		if err != nil {
			return err
		}
		return c.printTrace(cmd.Context(), r.Dir, *f, func(e *trace.Entry) bool {
			return e.At >= first && e.At < last && (len(kinds) == 0 || kinds[e.Kind]) && (node == "" || about(e, node)) &&
				(flow == "" || e.Flow == flow || e.Result != nil && e.Result.ID == flow) && (link == "" || e.Link == link)
		})
	}
	return cmd
}

func kindsOf(text string) (map[trace.Kind]bool, error) {
	if text == "" {
		return nil, nil
	}
	var names []string
	for _, k := range traceKinds() {
		names = append(names, string(k))
	}
	out := map[trace.Kind]bool{}
	for _, k := range strings.Split(text, ",") {
		k = strings.TrimSpace(k)
		known := false
		for _, n := range names {
			known = known || n == k
		}
		if !known {
			return nil, fault.New(fault.BadChoice, fault.Place{Attribute: "--kind"}, "there are no entries of kind %q; there are %s", k, strings.Join(names, ", ")).Suggest(k, names)
		}
		out[trace.Kind(k)] = true
	}
	return out, nil
}

// about says whether an entry names a node anywhere.
func about(e *trace.Entry, node string) bool {
	switch {
	case e.Node == node:
		return true
	case e.Result != nil && (e.Result.From == node || e.Result.To == node):
		return true
	case e.Ping != nil && (e.Ping.From == node || e.Ping.To == node):
		return true
	case e.Sample != nil && (e.Sample.From == node || e.Sample.To == node):
		return true
	}
	return false
}

func (c *cli) printTrace(ctx context.Context, dir, format string, wanted func(*trace.Entry) bool) error {
	f, err := os.Open(filepath.Join(dir, "trace.jsonl"))
	if err != nil {
		return fail(WrongInput, "read the diary: %w", err)
	}
	defer f.Close()
	out := bufio.NewWriter(c.out)
	defer out.Flush()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if format == "csv" {
		fmt.Fprintln(out, "at_s,kind,node,link,flow,text")
	}
	for e, err := range trace.Read(bufio.NewReaderSize(f, 1<<16)) {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // the run lives, or was killed in the middle of a line
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !wanted(e) {
			continue
		}
		switch format {
		case "json":
			err = enc.Encode(e)
		case "csv":
			err = rows(out, "csv", []string{report.Seconds(e.At), string(e.Kind), e.Node, e.Link, e.Flow, describe(e)}, nil, nil)
		default:
			_, err = fmt.Fprintf(out, "%14s  %-13s %s\n", clock(e.At), e.Kind, strings.TrimSpace(strings.Join([]string{e.Node, e.Link, e.App, e.Flow, describe(e)}, " ")))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func clock(t model.Time) string { return strconv.FormatFloat(t.Seconds(), 'f', 9, 64) }

// describe is what an entry says, in words.
func describe(e *trace.Entry) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if e.Port != nil {
		add("port %d", *e.Port)
	}
	if e.Rule != nil {
		add("%s %s", e.Rule.Command, e.Rule.Rule)
	}
	if e.Group != nil {
		add("%s group %d %s %s", e.Group.Command, e.Group.Group.Number, e.Group.Group.Name, e.Group.Group.Type)
	}
	if e.Meter != nil {
		add("%s meter %d %s at %d", e.Meter.Command, e.Meter.Meter.Number, e.Meter.Meter.Name, e.Meter.Meter.Rate)
	}
	if e.Header != nil {
		add("%s", e.Header)
	}
	if r := e.Result; r != nil {
		add("%s -> %s, %s at %s", r.From, r.To, report.BytesText(r.Bytes), report.RateText(r.Rate))
	}
	if p := e.Ping; p != nil {
		add("%s -> %s, %d of %d answered", p.From, p.To, p.Received, p.Sent)
	}
	if s := e.Sample; s != nil {
		add("%s -> %s, %s, %d dropped", s.From, s.To, report.BytesText(s.Bytes), s.Drops)
	}
	if t := e.Test; t != nil {
		verdict := "failed"
		if t.Passed {
			verdict = "passed"
		}
		add("%s: %s", verdict, t.Measured)
	}
	if e.Value != nil {
		add("%s = %v", e.Name, *e.Value)
	} else if e.Name != "" {
		add("%s", e.Name)
	}
	if e.Load != nil {
		add("%.0f %% busy, %.0f %% stolen", 100*e.Load.Busy, 100*e.Load.Steal)
	}
	if e.Reason != "" {
		add("%s", e.Reason)
	}
	if e.Text != "" {
		add("%s", e.Text)
	}
	return strings.Join(parts, ", ")
}
