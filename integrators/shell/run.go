package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// straggle is how long the pipes of a program that has ended stay open for
// what its own children may still write: daemons that it left behind keep
// them open for ever.
const straggle = time.Second

// Started is a process as a start function hands it over: the leader of a
// process group (or session) of its own.
type Started interface {
	PID() int
	// Signal signals the whole group; os.ErrProcessDone when it has ended. A
	// group asked to end (SIGTERM, SIGKILL) does not outlive its leader.
	Signal(syscall.Signal) error
	// Wait waits for the leader's end and reaps it. It is called once.
	Wait() (syscall.WaitStatus, error)
}

// Elsewhere is a Runner whose processes are started by start, which gets an
// absolute program path, the whole environment and three open files that stay
// the caller's. ctx bounds the starting, not the life. enter is what one types
// before a command to run it in that place; it appears in errors only.
func Elsewhere[P Started](start func(ctx context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (P, error), enter ...string) Runner {
	return &runner{enter: enter, start: func(ctx context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (Started, error) {
		return start(ctx, argv, dir, env, stdio)
	}}
}

type runner struct {
	start func(ctx context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (Started, error)
	enter []string
}

// Run implements Runner.
func (r *runner) Run(ctx context.Context, c Cmd) (Result, error) {
	if c.Stdin == nil {
		c.Stdin = bytes.NewReader(nil)
	}
	out := &capture{limit: limit(c)}
	if c.Stdout == nil {
		c.Stdout = out
	}
	p, err := r.launch(ctx, c)
	if err != nil {
		return Result{Exit: -1}, err
	}
	err = p.Wait()
	res := Result{Exit: p.exit}
	res.Stderr, _ = p.stderr.bytes()
	var dropped int64
	res.Stdout, dropped = out.bytes()
	var failed *Error
	if errors.As(err, &failed) {
		failed.Stdout = res.Stdout
	} else if dropped > 0 {
		err = &Error{Line: p.line, Exit: p.exit, Stderr: res.Stderr, Err: ErrTooLong}
	}
	return res, err
}

// Start implements Runner.
func (r *runner) Start(ctx context.Context, c Cmd) (Process, error) {
	p, err := r.launch(ctx, c)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func limit(c Cmd) int {
	if c.Limit > 0 {
		return c.Limit
	}
	return DefaultLimit
}

// launch opens the pipes, starts the program and sees to its end.
func (r *runner) launch(ctx context.Context, c Cmd) (*process, error) {
	p := &process{line: c.line(r.enter), done: make(chan struct{}), exit: -1,
		stderr: &capture{limit: limit(c), tail: true}}
	fail := func(err error) (*process, error) {
		return nil, &Error{Line: p.line, Exit: -1, Err: err}
	}
	if len(c.Argv) == 0 {
		return fail(errors.New("no program named"))
	}
	if err := context.Cause(ctx); err != nil {
		return fail(err)
	}
	path, err := Find(c.Argv[0])
	if err != nil {
		return fail(err)
	}
	pl := &plumbing{}
	stdio, err := pl.connect(c, p)
	if err != nil {
		pl.abandon()
		return fail(err)
	}
	argv := append([]string{path}, c.Argv[1:]...)
	p.started, err = r.start(ctx, argv, c.Dir, environment(c.Env), stdio)
	if err != nil {
		pl.abandon()
		return fail(err)
	}
	pl.flow()
	stopWatching := context.AfterFunc(ctx, func() { _ = p.started.Signal(syscall.SIGKILL) })
	go func() {
		status, err := p.started.Wait()
		stopWatching()
		pl.drain()
		p.finish(status, err, context.Cause(ctx))
	}()
	return p, nil
}

// plumbing is the pipes between a program and this process.
type plumbing struct {
	theirs []*os.File // ends handed to the program: closed here after its start
	ours   []*os.File // ends read or written here
	out    []*os.File // those of ours that the copying below reads
	in     *os.File   // that of ours that feed writes
	feed   func()     // copies the caller's input; nil without one
	fed    chan struct{}
	copies []func()
	wg     sync.WaitGroup
}

func (pl *plumbing) connect(c Cmd, p *process) (stdio [3]*os.File, err error) {
	switch in := c.Stdin.(type) {
	case *os.File:
		stdio[0] = in
	case nil:
		r, w, err := os.Pipe()
		if err != nil {
			return stdio, err
		}
		block(r)
		pl.theirs, pl.ours = append(pl.theirs, r), append(pl.ours, w)
		stdio[0], p.stdin = r, w
	default:
		r, w, err := os.Pipe()
		if err != nil {
			return stdio, err
		}
		block(r)
		pl.theirs, pl.ours, pl.in = append(pl.theirs, r), append(pl.ours, w), w
		stdio[0] = r
		pl.fed = make(chan struct{})
		pl.feed = func() { _, _ = io.Copy(w, in); _ = w.Close(); close(pl.fed) }
	}
	if stdio[1], err = pl.output(c.Stdout, p); err != nil {
		return stdio, err
	}
	errs := c.Stderr
	if errs == nil {
		errs = p.stderr
	} else if _, file := errs.(*os.File); !file {
		errs = io.MultiWriter(errs, p.stderr)
	}
	stdio[2], err = pl.output(errs, p)
	return stdio, err
}

func (pl *plumbing) output(w io.Writer, p *process) (*os.File, error) {
	if f, ok := w.(*os.File); ok {
		return f, nil
	}
	r, end, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	block(end)
	pl.theirs, pl.ours = append(pl.theirs, end), append(pl.ours, r)
	if w == nil {
		p.stdout = r
		return end, nil
	}
	pl.out = append(pl.out, r)
	pl.copies = append(pl.copies, func() {
		// A writer that fails must not stop the program: the rest is discarded.
		if _, err := io.Copy(w, r); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			_, _ = io.Copy(io.Discard, r)
		}
		_ = r.Close()
	})
	return end, nil
}

// block makes the program's end of a pipe wait, as programs expect: Go's own ends do not,
// and a start function that hands the file over as it is would hand that over too.
func block(end *os.File) {
	if raw, err := end.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.SetNonblock(int(fd), false) })
	}
}

func (pl *plumbing) abandon() {
	for _, f := range append(pl.theirs, pl.ours...) {
		_ = f.Close()
	}
}

func (pl *plumbing) flow() {
	for _, f := range pl.theirs {
		_ = f.Close()
	}
	for _, c := range pl.copies {
		pl.wg.Go(c)
	}
	if pl.feed != nil {
		go pl.feed()
	}
}

// drain waits for what is still in the pipes of a program that has ended.
func (pl *plumbing) drain() {
	for _, f := range pl.out {
		_ = f.SetReadDeadline(time.Now().Add(straggle))
	}
	pl.wg.Wait()
	if pl.feed == nil {
		return
	}
	// Input whose source hangs must not keep a program that has ended.
	_ = pl.in.SetWriteDeadline(time.Now())
	timer := time.NewTimer(straggle)
	defer timer.Stop()
	select {
	case <-pl.fed:
	case <-timer.C:
	}
}
