package shelltest

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"sendim/integrators/shell"
)

// Answer is what one program does.
type Answer struct {
	Stdout, Stderr string
	// Exit is the exit status.
	Exit int
	// Err is a failure to start; it wins over Exit.
	Err error
	// Stays makes a started program run until it is stopped or its context
	// ends. Run ignores it.
	Stays bool
}

// Fake records and answers. The zero value answers every command with success
// and no output. Safe for concurrent use.
type Fake struct {
	// Answers maps the beginning of a command line (program and arguments as
	// shell.Cmd.Line renders them) to its answer; the longest beginning wins.
	Answers map[string]Answer

	mu    sync.Mutex
	cmds  []shell.Cmd
	lines []string
}

// Lines are the command lines so far, in order.
func (f *Fake) Lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.lines...)
}

// Cmds are the commands so far, in order, with what was on their input read.
func (f *Fake) Cmds() []shell.Cmd {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]shell.Cmd(nil), f.cmds...)
}

func (f *Fake) take(c shell.Cmd) Answer {
	if c.Stdin != nil {
		text, _ := io.ReadAll(c.Stdin)
		c.Stdin = bytes.NewReader(text)
	}
	line := c.Line()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cmds, f.lines = append(f.cmds, c), append(f.lines, line)
	var best string
	var answer Answer
	for begin, a := range f.Answers {
		if strings.HasPrefix(line, begin) && len(begin) >= len(best) {
			best, answer = begin, a
		}
	}
	return answer
}

func (a Answer) error(c shell.Cmd) error {
	if a.Exit == 0 && a.Err == nil {
		return nil
	}
	return &shell.Error{Line: c.Line(), Exit: a.Exit, Stdout: []byte(a.Stdout), Stderr: []byte(a.Stderr), Err: a.Err}
}

// Run implements shell.Runner.
func (f *Fake) Run(ctx context.Context, c shell.Cmd) (shell.Result, error) {
	a := f.take(c)
	if err := context.Cause(ctx); err != nil {
		return shell.Result{Exit: -1}, &shell.Error{Line: c.Line(), Exit: -1, Err: err}
	}
	res := shell.Result{Stderr: []byte(a.Stderr), Exit: a.Exit}
	if a.Err != nil {
		res.Exit = -1
	}
	if c.Stdout != nil {
		if _, err := io.WriteString(c.Stdout, a.Stdout); err != nil {
			return res, err
		}
	} else {
		res.Stdout = []byte(a.Stdout)
	}
	return res, a.error(c)
}

// Start implements shell.Runner.
func (f *Fake) Start(ctx context.Context, c shell.Cmd) (shell.Process, error) {
	a := f.take(c)
	if a.Err != nil {
		return nil, a.error(c)
	}
	p := &process{done: make(chan struct{}), out: io.NopCloser(strings.NewReader(a.Stdout)), err: a.error(c)}
	if !a.Stays {
		close(p.done)
		return p, nil
	}
	p.end = sync.OnceFunc(func() { close(p.done) })
	p.release = context.AfterFunc(ctx, p.end)
	return p, nil
}

type process struct {
	done    chan struct{}
	out     io.ReadCloser
	err     error
	end     func()
	release func() bool
}

func (p *process) PID() int              { return os.Getpid() }
func (p *process) Stdin() io.WriteCloser { return discard{} }
func (p *process) Stdout() io.ReadCloser { return p.out }
func (p *process) Done() <-chan struct{} { return p.done }
func (p *process) Wait() error           { <-p.done; return p.err }

func (p *process) Stop(time.Duration) error {
	if p.end != nil {
		p.release()
		p.end()
	}
	return nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) Close() error                { return nil }
