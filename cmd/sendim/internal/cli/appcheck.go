package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sendim/core/app"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors"
	"sendim/plugins/apptest"
)

// checkOptions are the flags of app test.
type checkOptions struct {
	seed            uint64
	networks        int
	topo            string
	skip, params    []string
	scripts, traces []string
	format          string
}

// check is one thing that is asked of an app, and what came out.
type check struct {
	Name   string `json:"name"`
	Result string `json:"result"` // ok, FAILED, skipped
	Note   string `json:"note,omitempty"`
	Why    string `json:"why,omitempty"` // of a failure, in several lines
}

const (
	checkOK      = "ok"
	checkFailed  = "FAILED"
	checkSkipped = "skipped"
)

// The laws, by the names that --skip takes.
const (
	lawSame  = "same-commands"
	lawSaved = "save-restore"
	lawLeft  = "nothing-left"
	lawLoops = "no-loop"
)

func lawNames() []string { return []string{lawSame, lawSaved, lawLeft, lawLoops} }

func (c *cli) appTestCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "test [FOLDER | PROGRAM | NAME]",
		Short: "Hold an application against the laws of apps, and run its own tests",
		Long: `Hold an application, in whatever language, against the laws that every app should keep,
in a network in memory that obeys OpenFlow:

  same-commands  told the same events, it answers the same, however they are divided
  save-restore   saved and restored elsewhere at any moment, it answers as if nothing had been
  nothing-left   its rules do not pile up, and nothing is left when it is stopped
  no-loop        on random networks whose links fail and come back, every pair of hosts that a
                 path connects reaches each other, once, and no packet runs in circles

Of a folder (this one, unless another is named) the program is built first, the scripts
*.script are played, and go test or Python's unit tests are run. With --script or --trace
only these are tried: a script says in plain lines what happens and what is expected; a
trace is the diary of a run, whose events the app is told, and whose commands its own are
compared with.

A script, line by line:

` + scriptHelp,
		Example: `  sendim app test
  sendim app test shortest-path --networks 100 --seed 7
  sendim app test --script learns.script
  sendim app test --trace runs/latest/trace.jsonl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			what := "."
			if len(args) > 0 {
				what = args[0]
			}
			return c.check(cmd, what, o)
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.seed, "seed", 1, "seed of the random networks")
	f.IntVar(&o.networks, "networks", 20, "how many random networks")
	f.StringVar(&o.topo, "topo", "torus,3,3", "network for the first three laws")
	f.StringArrayVar(&o.skip, "skip", nil, "law to leave out: "+strings.Join(lawNames(), ", ")+" (repeat for several)")
	f.StringArrayVar(&o.params, "param", nil, "parameter of the app: NAME=VALUE (repeat for several)")
	f.StringArrayVar(&o.scripts, "script", nil, "play this script, and nothing else (repeat for several)")
	f.StringArrayVar(&o.traces, "trace", nil, "replay this run's trace.jsonl, and nothing else (repeat for several)")
	f.StringVarP(&o.format, "format", "f", "table", "table, json or csv")
	cmd.RegisterFlagCompletionFunc("skip", cobra.FixedCompletions(lawNames(), cobra.ShellCompDirectiveNoFileComp))                         //nolint:errcheck // the flag exists
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	cmd.MarkFlagFilename("script", "script")                                                                                               //nolint:errcheck // the flag exists
	cmd.MarkFlagFilename("trace", "jsonl")                                                                                                 //nolint:errcheck // the flag exists
	return cmd
}

// scriptHelp is the language of scripts; apptest.Script has it for authors in Go.
const scriptHelp = `  # a comment
  network linear,3              a shape as sendim run --topo has it, or a file; first of all
  param idle 5s                 a parameter of the app; before anything happens
  packet h1 -> h3 tcp 80        one packet: tcp, udp (destination port, source port) or icmp
  packet h1 -> 10.9.9.9 udp 53  the same to an address of no host; h1 asks for it by ARP
  ping h1 -> h3                 an echo and its answer; pingall: between all hosts
  link down s1--s2              and: link up
  switch down s2                it loses its controller; switch up: restarted, and empty
  advance 5s                    time passes
  expect delivered              the last packet reached whom it was for, once; delivered h2: h2
  expect lost                   it reached nobody
  expect answered               the last ping or pingall was; expect unanswered: it was not
  expect path s1 s2 s3          the switches on the last packet's way
  expect rule s1 eth_dst=h3 output:2     a rule of s1 has all these parts; expect no rule: none
  expect rules s1 2             so many rules of apps, table-miss entries among them
  expect log TEXT               a line that the app wrote into the diary
  expect metric NAME 3          its newest value
  expect refused                a switch refused something

Parts of rules are written as sendim prints them; the name of a host stands for its
addresses, that of a node after output: or in_port= for the port that leads to it, and
that of the app's own group or meter after group: or meter: for its number.`

func (o *checkOptions) validate() (params map[string]string, err error) {
	var bad fault.List
	for _, s := range o.skip {
		if !slices.Contains(lawNames(), s) {
			bad.Add(fault.New(fault.BadChoice, fault.Place{Attribute: "--skip"}, "there is no law %q; there are %s", s, strings.Join(lawNames(), ", ")).Suggest(s, lawNames()))
		}
	}
	if o.networks < 1 || o.networks > 100_000 {
		bad.Addf(fault.OutOfRange, fault.Place{Attribute: "--networks"}, "%d is outside 1..100000", o.networks)
	}
	for _, p := range o.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			bad.Addf(fault.BadParameter, fault.Place{Attribute: "--param"}, "%q: write NAME=VALUE", p)
			continue
		}
		if params == nil {
			params = map[string]string{}
		}
		params[name] = value
	}
	if err := checkFormat(o.format); err != nil {
		return nil, err
	}
	return params, bad.Err()
}

// fits says what of --param does not fit the app. What scripts and traces need, they have
// of their own.
func (o *checkOptions) fits(m app.Manifest, params map[string]string) error {
	if len(o.scripts)+len(o.traces) > 0 {
		m.Parameters = slices.Clone(m.Parameters)
		for i := range m.Parameters {
			m.Parameters[i].Required = false
		}
	}
	_, faults := m.Resolve(params)
	for i := range faults.Faults {
		faults.Faults[i].Place = fault.Place{File: "--param"}
	}
	return faults.Err()
}

func (c *cli) check(cmd *cobra.Command, what string, o checkOptions) error {
	params, err := o.validate()
	if err != nil {
		return err
	}
	s, err := c.find(what)
	if err != nil {
		return err
	}
	if s.dir != "" {
		if _, err := c.build(cmd, &s); err != nil {
			return err
		}
	}
	first, err := c.start(cmd.Context(), s, c.errs)
	if err != nil {
		return err
	}
	m := first.Manifest()
	_ = first.Close() // it has told who it is
	if err := o.fits(m, params); err != nil {
		return err
	}
	e := &examination{cli: c, cmd: cmd, o: o, s: s, manifest: m}
	e.subject = apptest.Subject{Params: params, New: func() (app.Instance, error) {
		i, err := c.start(cmd.Context(), s, io.Discard)
		return interruptible{i, cmd.Context()}, err
	}}
	if s.builtin == "" { // a process takes a while to start and to be asked
		e.subject.Swaps, e.subject.Together = 9, true
	}
	if err := e.all(); err != nil {
		return err
	}
	return e.tell()
}

// interruptible is an app that answers no more once the command has been interrupted.
type interruptible struct {
	app.Instance
	ctx context.Context
}

func (i interruptible) Handle(_ context.Context, events []app.Event, emit func(int, []app.Command)) error {
	if err := i.ctx.Err(); err != nil {
		return err
	}
	return i.Instance.Handle(i.ctx, events, emit)
}

// examination is an app being tested.
type examination struct {
	*cli
	cmd      *cobra.Command
	o        checkOptions
	s        subject
	manifest app.Manifest
	subject  apptest.Subject
	checks   []check
}

func (e *examination) add(name, note string, err error) {
	c := check{Name: name, Result: checkOK, Note: note}
	if err != nil {
		c.Result, c.Why = checkFailed, err.Error()
		c.Note, _, _ = strings.Cut(c.Why, "\n")
		c.Note = clipped(c.Note)
	}
	e.checks = append(e.checks, c)
}

func (e *examination) all() error {
	if len(e.o.scripts)+len(e.o.traces) == 0 {
		if err := e.laws(); err != nil {
			return err
		}
		e.own()
		return e.cmd.Context().Err()
	}
	for _, file := range e.o.scripts {
		if err := e.play(file); err != nil {
			return err
		}
	}
	for _, file := range e.o.traces {
		if err := e.replay(file); err != nil {
			return err
		}
	}
	return e.cmd.Context().Err()
}

func (e *examination) laws() error {
	net, err := apptest.Shape(e.o.topo)
	if err != nil {
		return err
	}
	on := "on " + e.o.topo
	for _, law := range []struct {
		name, note, skip string
		hold             func(apptest.T)
	}{
		{lawSame, on, "", func(t apptest.T) { e.subject.SameEventsSameCommands(t, net) }},
		{lawSaved, on, e.stateless(), func(t apptest.T) { e.subject.SaveRestoreChangesNothing(t, net) }},
		{lawLeft, on, "", func(t apptest.T) { e.subject.NothingLeftBehind(t, net) }},
		{lawLoops, fmt.Sprintf("on %d random networks, seed %d", e.o.networks, e.o.seed), "", func(t apptest.T) { e.subject.NoLoopNoBlackHole(t, e.o.seed, e.o.networks) }},
	} {
		switch {
		case e.cmd.Context().Err() != nil:
			return e.cmd.Context().Err()
		case slices.Contains(e.o.skip, law.name):
			e.checks = append(e.checks, check{Name: law.name, Result: checkSkipped, Note: "as asked"})
		case law.skip != "":
			e.checks = append(e.checks, check{Name: law.name, Result: checkSkipped, Note: law.skip})
		default:
			e.add(law.name, law.note, apptest.Verdict(law.hold))
		}
	}
	return nil
}

func (e *examination) stateless() string {
	if !e.manifest.Stateful {
		return "it says that it keeps no state"
	}
	return ""
}

// own runs what the app's author wrote: scripts, and the tests of the language.
func (e *examination) own() {
	if e.s.dir == "" {
		return
	}
	scripts, _ := filepath.Glob(filepath.Join(e.s.dir, "*.script")) // the pattern is right
	for _, file := range scripts {
		if err := e.play(file); err != nil {
			e.add("script "+filepath.Base(file), "", err)
		}
	}
	if e.s.lang == "Go" {
		e.add("go test", "./...", goTool(e.cmd, e.s.dir, "test", "./..."))
		return
	}
	tests, _ := filepath.Glob(filepath.Join(e.s.dir, "test_*.py")) // the pattern is right
	if argv := strings.Fields(interpreter(e.s.program)); len(tests) > 0 && len(argv) > 0 {
		run := exec.CommandContext(e.cmd.Context(), argv[0], append(argv[1:], "-B", "-m", "unittest")...)
		run.Dir = e.s.dir
		out, err := run.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", strings.Join(run.Args, " "), err, strings.TrimSpace(string(out)))
		}
		e.add("unit tests", strings.Join(argv, " ")+" -m unittest", err)
	}
}

// play plays a script; the error is that of reading it.
func (e *examination) play(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fault.New(fault.FileMissing, fault.Place{File: file}, "cannot read the script: %v", pathless(err))
	}
	defer f.Close()
	script, err := apptest.ParseScript(f, file)
	if err != nil {
		return err
	}
	findings, err := e.subject.Play(script, func(name string) (*model.Network, error) { return network(filepath.Dir(file), name) })
	if err == nil && len(findings) > 0 {
		lines := make([]string, len(findings))
		for i, f := range findings {
			lines[i] = f.String()
		}
		err = errors.New(strings.Join(lines, "\n"))
	}
	e.add("script "+filepath.Base(file), "on "+script.Network, err)
	return nil
}

// network is the shape or the file, beside the script, that a script names.
func network(dir, name string) (*model.Network, error) {
	if !strings.HasSuffix(name, ".xml") {
		return apptest.Shape(name)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	sys, _, err := descriptors.Load(descriptors.Options{}, name)
	if err != nil {
		return nil, err
	}
	return sys.Model, nil
}

func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// tell writes what came out and gives the exit code.
func (e *examination) tell() error {
	failed := 0
	table := make([][]string, len(e.checks))
	for i, c := range e.checks {
		if c.Result == checkFailed {
			failed++
		}
		table[i] = []string{c.Name, c.Result, c.Note}
	}
	if e.o.format == "table" {
		what := "linked in"
		if e.s.builtin == "" {
			what = e.s.lang + ", as a process"
		}
		fmt.Fprintf(e.out, "%s; %s\n", introduce(e.manifest), what)
	}
	if err := rows(e.out, e.o.format, []string{"check", "result", "note"}, table, e.checks); err != nil {
		return err
	}
	if failed == 0 {
		return nil
	}
	if e.o.format == "table" {
		for _, c := range e.checks {
			if c.Result == checkFailed {
				fmt.Fprintf(e.out, "\n%s:\n  %s\n", c.Name, strings.ReplaceAll(c.Why, "\n", "\n  "))
			}
		}
	}
	fmt.Fprintf(e.errs, "%d of %d checks failed\n", failed, len(e.checks))
	return silent(Failed)
}

// clipped keeps a table readable; the whole text stands below it.
func clipped(s string) string {
	const most = 72
	if r := []rune(s); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return s
}
