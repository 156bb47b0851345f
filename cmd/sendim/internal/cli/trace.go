package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/core/trace"
)

// traceOptions are the flags of trace.
type traceOptions struct {
	kinds      []string
	from, to   string
	filter     trace.Filter
	limit, end int // 0: all
	follow     bool
	format     string
}

func (c *cli) traceCommand() *cobra.Command {
	var o traceOptions
	cmd := &cobra.Command{
		Use: "trace [RUN]", Short: "Print a run's diary, filtered", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeRuns,
		Long: `Print a run's diary: one line for each entry as a table, or the entries themselves as
JSON lines (-f json). The diary may be of any length, and packed (trace.jsonl.gz).`,
		Example: `  sendim trace latest --node s3 --type packet-in
  sendim trace latest --flow f1 --from 1s --to 2s -f json
  sendim trace -F --type flow-end`,
	}
	format := format(cmd)
	f := cmd.Flags()
	f.StringVar(&o.filter.Node, "node", "", "only entries that name this node")
	f.StringSliceVar(&o.kinds, "type", nil, "only entries of these types, as flow-end,ping")
	f.StringSliceVar(&o.kinds, "kind", nil, "the same as --type")
	f.StringVar(&o.filter.Flow, "flow", "", "only entries about this flow")
	f.StringVar(&o.filter.Link, "link", "", "only entries about this link")
	f.StringVar(&o.filter.App, "app", "", "only entries about this application")
	f.StringVar(&o.from, "from", "", "only entries at or after this time, as 1.5s")
	f.StringVar(&o.to, "to", "", "only entries before this time")
	f.StringVar(&o.to, "until", "", "the same as --to")
	f.IntVarP(&o.limit, "limit", "n", 0, "no more than the first so many")
	f.IntVar(&o.end, "tail", 0, "no more than the last so many")
	f.BoolVarP(&o.follow, "follow", "F", false, "wait for more while the run lives")
	f.MarkHidden("kind")                                                                                            //nolint:errcheck // the flag exists
	f.MarkHidden("until")                                                                                           //nolint:errcheck // the flag exists
	cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(kindNames(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.format = *format
		if err := o.check(); err != nil {
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
		printed, err := c.printTrace(cmd.Context(), r, &o)
		if err == nil && printed == 0 {
			err = o.unknown(r)
		}
		return err
	}
	return cmd
}

func kindNames() (out []string) {
	for _, k := range trace.Kinds() {
		out = append(out, string(k))
	}
	return out
}

// check reads the options.
func (o *traceOptions) check() error {
	if err := checkFormat(o.format); err != nil {
		return err
	}
	for _, t := range []struct {
		text string
		to   **model.Time
	}{{o.from, &o.filter.From}, {o.to, &o.filter.To}} {
		if t.text != "" {
			v, err := model.ParseTime(t.text)
			if err != nil {
				return fail(WrongInput, "%w", err)
			}
			*t.to = &v
		}
	}
	for _, k := range o.kinds {
		k = strings.TrimSpace(k)
		if !slices.Contains(trace.Kinds(), trace.Kind(k)) {
			return fault.New(fault.BadChoice, fault.Place{Attribute: "--type"}, "there are no entries of type %q; there are %s", k, strings.Join(kindNames(), ", ")).Suggest(k, kindNames())
		}
		o.filter.Kinds = append(o.filter.Kinds, trace.Kind(k))
	}
	switch {
	case o.limit < 0, o.end < 0, o.end > mostTail:
		return fault.New(fault.OutOfRange, fault.Place{Attribute: "--limit, --tail"}, "so many entries cannot be printed; --tail takes up to %d", mostTail)
	case o.end > 0 && (o.follow || o.limit > 0):
		return fault.New(fault.BadChoice, fault.Place{Attribute: "--tail"}, "the last entries cannot be had with --limit or --follow")
	}
	return nil
}

// mostTail bounds what is kept in memory.
const mostTail = 100_000

// openTrace opens the diary of a run, packed or not.
func openTrace(dir string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, "trace.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		if packed, err2 := os.Open(filepath.Join(dir, "trace.jsonl.gz")); err2 == nil {
			return packed, nil
		}
	}
	if err != nil {
		return nil, fail(WrongInput, "read the diary: %w", err)
	}
	return f, nil
}

// printTrace prints what is wanted and says how many entries that was.
func (c *cli) printTrace(ctx context.Context, r record.Found, o *traceOptions) (printed int, err error) {
	f, err := openTrace(r.Dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	out := bufio.NewWriterSize(c.out, 1<<16)
	defer func() {
		if e := out.Flush(); err == nil {
			err = e
		}
	}()
	var in io.Reader = f
	if o.follow {
		in = &growing{ctx: ctx, file: f, lives: func() bool { return c.lives(r.Dir) }, wait: out.Flush}
	}
	if in, err = trace.Unpack(in); err != nil {
		return 0, err
	}
	if o.format == "csv" {
		fmt.Fprintln(out, "at_s,kind,node,link,flow,text")
	}
	var last []string // of --tail, a ring
	for line, err := range trace.Select(in, o.filter) {
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF): // the run lives, or was killed in the middle of a line
			return printed, writeTail(out, last, printed)
		case err != nil:
			return printed, err
		case ctx.Err() != nil:
			return printed, ctx.Err()
		}
		printed++
		if o.end > 0 {
			var text strings.Builder
			if err := writeEntry(&text, o.format, line); err != nil {
				return printed, err
			}
			if len(last) < o.end {
				last = append(last, text.String())
			} else {
				last[(printed-1)%o.end] = text.String()
			}
			continue
		}
		if err := writeEntry(out, o.format, line); err != nil {
			return printed, err
		}
		if printed == o.limit {
			break
		}
	}
	return printed, writeTail(out, last, printed)
}

func writeTail(w io.Writer, last []string, printed int) error {
	for i := range last {
		if _, err := io.WriteString(w, last[(printed+i)%len(last)]); err != nil {
			return err
		}
	}
	return nil
}

func writeEntry(w io.Writer, format string, line trace.Line) (err error) {
	e := line.Entry
	switch format {
	case "json":
		_, err = fmt.Fprintf(w, "%s\n", line.Text)
	case "csv":
		err = rows(w, "csv", []string{report.Seconds(e.At), string(e.Kind), e.Node, e.Link, e.Flow, describe(e)}, nil, nil)
	default:
		words := slices.DeleteFunc([]string{e.Node, e.Link, e.App, e.Flow, describe(e)}, func(s string) bool { return s == "" })
		_, err = fmt.Fprintf(w, "%14s  %-13s %s\n", clock(e.At), e.Kind, strings.Join(words, " "))
	}
	return err
}

// lives says whether a run goes on.
func (c *cli) lives(dir string) bool {
	r, err := record.Find(filepath.Dir(dir), filepath.Base(dir))
	return err == nil && state(r) == string(report.Running)
}

// growing reads a file that a living run writes: at its end it waits for more.
type growing struct {
	ctx   context.Context
	file  *os.File
	lives func() bool
	wait  func() error // before each wait
}

func (g *growing) Read(b []byte) (int, error) {
	for {
		over := !g.lives() // what it wrote last is read after it has ended
		n, err := g.file.Read(b)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) || over {
			return n, err
		}
		if err := g.wait(); err != nil {
			return 0, err
		}
		select {
		case <-g.ctx.Done():
			return 0, g.ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// unknown explains why nothing was printed, if a name is asked for that the run does not
// know at all.
func (o *traceOptions) unknown(r record.Found) error {
	f := &o.filter
	if f.Node == "" && f.Link == "" && f.Flow == "" && f.App == "" {
		return nil
	}
	known, err := namesOf(r.Dir)
	if err != nil {
		return err
	}
	var faults fault.List
	for _, x := range []struct {
		flag, name string
		code       fault.Code
		of         names
	}{{"--node", f.Node, fault.UnknownNode, known.nodes}, {"--link", f.Link, fault.UnknownLink, known.links},
		{"--flow", f.Flow, fault.UnknownReference, known.flows}, {"--app", f.App, fault.UnknownApp, known.apps}} {
		if x.name != "" && !x.of.has[x.name] {
			faults.Add(fault.New(x.code, fault.Place{Attribute: x.flag}, "the run's diary never names %q", x.name).Suggest(x.name, x.of.list))
		}
	}
	return faults.Err()
}

// names are some that a diary has, in the order of their first mention.
type names struct {
	has  map[string]bool
	list []string
}

// mostNames bounds what is kept of a diary for the nearest name.
const mostNames = 200_000

func (n *names) add(list ...string) {
	if n.has == nil {
		n.has = map[string]bool{}
	}
	for _, name := range list {
		if name != "" && !n.has[name] && len(n.list) < mostNames {
			n.has[name] = true
			n.list = append(n.list, name)
		}
	}
}

type knownNames struct{ nodes, links, flows, apps names }

// namesOf goes through a diary for the names in it.
func namesOf(dir string) (out knownNames, err error) {
	f, err := openTrace(dir)
	if err != nil {
		return out, err
	}
	defer f.Close()
	in, err := trace.Unpack(f)
	if err != nil {
		return out, err
	}
	for line, err := range trace.Select(in, trace.Filter{}) {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return out, err
		}
		e := line.Entry
		out.nodes.add(e.Node)
		out.links.add(e.Link)
		out.flows.add(e.Flow)
		out.apps.add(e.App)
		if e.Result != nil {
			out.nodes.add(e.Result.From, e.Result.To)
			out.flows.add(e.Result.ID)
		}
		if e.Ping != nil {
			out.nodes.add(e.Ping.From, e.Ping.To)
		}
		if e.Sample != nil {
			out.nodes.add(e.Sample.From, e.Sample.To)
		}
		if e.Queue != nil {
			out.nodes.add(e.Queue.From, e.Queue.To)
		}
	}
	return out, nil
}
