package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sendim/core/fault"
)

// here are the words that are carried out where the user is, and not where the run is.
func here() []command {
	return []command{
		{"sh", "sh COMMAND...", "a command on this machine, outside the network", nil, nil},
		{"source", "source FILE", "carry out the lines of a file", nil, []argument{aFile}},
		{"history", "history [N]", "the last lines", nil, nil},
		{"xterm", "xterm NODE...", "a shell on a node in a window of its own (gterm: GNOME's), where there is a display", nil, []argument{aNode}},
		{"gterm", "gterm NODE...", "as xterm", nil, []argument{aNode}},
		{"x", "x NODE [COMMAND...]", "Mininet's tunnel for X11: named, and not there", nil, []argument{aNode}},
		{"noecho", "noecho NODE COMMAND...", "the same as without noecho: programs have a terminal of their own", nil, []argument{aLine}},
		{"py", "py EXPRESSION", "Mininet's Python: named, and not there (also px)", nil, nil},
		{"px", "px STATEMENT", "as py", nil, nil},
	}
}

// Here carries out a user's own words and hands on all others. It is not safe for
// concurrent use.
type Here struct {
	Executor
	// Again is how this program is told to carry a line out in the same run, for windows
	// of their own: sendim --runs DIR exec RUN. Nil: it cannot be.
	Again []string
	// History gives the lines of before, the oldest first; nil: there are none.
	History func() []string
	sources int // that are being read, one in the other
}

// mostSources bounds how deep files may name each other.
const mostSources = 20

// Do carries out a line.
func (h *Here) Do(ctx context.Context, l Line) error {
	word, rest := first(l.Text)
	switch word {
	case "sh":
		return h.sh(ctx, &l, rest)
	case "source":
		return h.source(ctx, l, rest)
	case "history":
		return h.history(&l, rest)
	case "noecho":
		if rest == "" {
			return fmt.Errorf("say what to do, as in noecho h1 bash")
		}
		l.Text = rest
		return h.Do(ctx, l)
	case "time":
		if rest != "" {
			l.Text = rest
			return h.timed(ctx, l)
		}
	case "xterm", "gterm":
		return h.windows(ctx, word, strings.Fields(rest))
	case "x":
		return fault.New(fault.NotYet, fault.Place{}, "x makes a tunnel for X11, which is not done here; a program of a host that draws can be started by NODE env DISPLAY=... COMMAND where it can reach a display")
	case "py", "px":
		return fault.New(fault.NotYet, fault.Place{}, "%s is Mininet's door to its own Python objects, which are not here; a script drives a run by lines of this prompt (sendim exec RUN ..., sendim shell RUN < FILE), an app by its events", word)
	}
	return h.Executor.Do(ctx, l)
}

// Complete knows the files of where the user is.
func (h *Here) Complete(ctx context.Context, text string) ([]string, error) {
	words := strings.Fields(text)
	begin := ""
	if n := len(words); n > 0 && !strings.HasSuffix(text, " ") {
		words, begin = words[:n-1], words[n-1]
	}
	if n := len(words); n > 0 {
		switch {
		case words[0] == "sh", words[n-1] == "-w", n == 1 && (words[0] == "source" || words[0] == "restore" || words[0] == "checkpoint"):
			return files(begin), nil
		}
	}
	return h.Executor.Complete(ctx, text)
}

// files are those whose names begin so.
func files(begin string) []string {
	found, err := filepath.Glob(strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(begin) + "*")
	if err != nil {
		return nil
	}
	for i, f := range found {
		if info, err := os.Stat(f); err == nil && info.IsDir() {
			found[i] += "/"
		}
	}
	return found
}

// sh runs a command on this machine.
func (h *Here) sh(ctx context.Context, l *Line, text string) error {
	if text == "" {
		return fmt.Errorf("say what to run, as in sh ls")
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", text)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Second
	cmd.Dir, cmd.Stdout, cmd.Stderr = l.Dir, l.Out, l.Err
	if l.Terminal != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr // it may want the terminal itself
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit):
		return fmt.Errorf("it ended with code %d", exit.ExitCode())
	case errors.Is(err, exec.ErrWaitDelay): // something of it goes on in the background
		return nil
	}
	return err
}

func (h *Here) source(ctx context.Context, l Line, rest string) error {
	words, err := Split(rest)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return fmt.Errorf("name one file, as in source commands.txt")
	}
	if h.sources >= mostSources {
		return fmt.Errorf("%d files name one another: one of them seems to name itself", h.sources)
	}
	file, err := os.Open(l.file(words[0]))
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	defer file.Close()
	h.sources++
	defer func() { h.sources-- }()
	l.In, l.Terminal = nil, nil
	failed, err := h.lines(ctx, file, l)
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d lines of %s failed", failed, words[0])
	}
	return err
}

// lines carries out line after line with what else belongs to one. Lines that fail are
// told and counted.
func (h *Here) lines(ctx context.Context, in io.Reader, l Line) (failed int, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l.Text = lines.Text()
		err := h.Do(ctx, l)
		switch {
		case err == nil:
		case errors.Is(err, ErrLeave):
			return failed, ErrLeave
		case ctx.Err() != nil:
			return failed, ctx.Err()
		default:
			failed++
			fmt.Fprintf(l.Err, "*** %s: %v\n", strings.TrimSpace(l.Text), err)
			if errors.Is(err, ErrGone) {
				return failed, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return failed, fmt.Errorf("read the lines: %w", err)
	}
	return failed, nil
}

func (h *Here) history(l *Line, rest string) error {
	if h.History == nil {
		return fmt.Errorf("only a prompt on a terminal keeps a history")
	}
	list := h.History()
	most := len(list)
	if rest != "" {
		if _, err := fmt.Sscanf(rest, "%d", &most); err != nil || most < 0 {
			return fmt.Errorf("say how many lines, as in history 20")
		}
	}
	from := max(0, len(list)-most)
	for i, text := range list[from:] {
		fmt.Fprintf(l.Out, "%5d  %s\n", from+i+1, text)
	}
	return nil
}

// timed says how long a line took, on this machine's clock and on a simulation's.
func (h *Here) timed(ctx context.Context, l Line) error {
	clock, _ := h.Executor.(interface {
		Status(context.Context) (Status, error)
	})
	now := func() (s Status, err error) {
		if clock != nil {
			s, err = clock.Status(ctx)
		}
		return s, err
	}
	before, err := now()
	if err != nil {
		return err
	}
	began := time.Now()
	err = h.Do(ctx, l)
	took := time.Since(began).Seconds()
	if errors.Is(err, ErrLeave) {
		return err
	}
	virtual := ""
	if after, err := now(); err == nil && after.Virtual {
		virtual = fmt.Sprintf(", %.6g s of the network's time", after.Now-before.Now)
	}
	fmt.Fprintf(l.Out, "*** Elapsed time: %.6f secs%s\n", took, virtual)
	return err
}

// windows opens a terminal's window for each node.
func (h *Here) windows(ctx context.Context, word string, nodes []string) error {
	program := map[string]string{"xterm": "xterm", "gterm": "gnome-terminal"}[word]
	instead := "from another terminal, sendim shell RUN, then NODE bash, or sendim exec RUN NODE bash"
	switch {
	case len(nodes) == 0:
		return fmt.Errorf("say on which nodes, as in %s h1 h2", word)
	case h.Again == nil:
		return fault.New(fault.MissingCapability, fault.Place{}, "a window of its own needs a run that others can reach; NODE bash does the same here")
	case os.Getenv("DISPLAY") == "":
		return fault.New(fault.MissingCapability, fault.Place{}, "%s needs a display of X11 (DISPLAY is not set); without one: %s", word, instead)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return fault.New(fault.MissingCapability, fault.Place{}, "%s is not installed; without it: %s", program, instead)
	}
	for _, n := range nodes { // a window that ends at once could not say why
		if known, err := h.Complete(ctx, word+" "+n); err == nil && !slices.Contains(known, n) {
			return fault.New(fault.UnknownNode, fault.Place{}, "there is no node %q", n)
		}
		if can, err := h.Complete(ctx, n+" "); err == nil && !slices.Contains(can, "bash") {
			return fault.New(fault.MissingCapability, fault.Place{}, "%s cannot run a shell: nodes of this world are models, not machines", n)
		}
	}
	for _, n := range nodes {
		cmd := exec.Command(path, window(word, n, h.Again)...)
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("open a window: %w", err)
		}
		go cmd.Wait() //nolint:errcheck // it ends with its window
	}
	return nil
}

// window is what a terminal's program is told, for a shell on a node.
func window(word, node string, again []string) []string {
	argv := []string{"-title", "Node: " + node, "-e"}
	if word == "gterm" {
		argv = []string{"--title", "Node: " + node, "--"}
	}
	return slices.Concat(argv, again, []string{node, "bash"})
}
