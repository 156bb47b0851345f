package emulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/shell"
	"sendim/integrators/traffic"
)

// handle follows one action.
type handle struct {
	mu      sync.Mutex
	done    bool
	outcome backend.Outcome
	stop    context.CancelFunc
	ended   chan struct{}
	world   *world
}

func (h *handle) Done() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.done
}

func (h *handle) Outcome() backend.Outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.outcome
}

// Stop ends an action early and returns when its outcome, what has happened so far, is
// known, or cannot be known since the network stands still.
func (h *handle) Stop() error {
	h.stop()
	for h.world != nil && h.world.still.on() { // whoever is to tell may stand still
		select {
		case <-h.ended:
			return nil
		case <-h.world.still.goes():
		case <-time.After(farewell):
			return nil
		}
	}
	<-h.ended
	return nil
}

// action runs what an action does in a goroutine of its own.
func (w *world) action(what func(ctx context.Context) backend.Outcome) *handle {
	w.session.begin(1)
	return w.aside(what, w.session.done)
}

// aside is action for what a run does not wait for; after is called at its end.
func (w *world) aside(what func(ctx context.Context) backend.Outcome, after func()) *handle {
	s := w.session
	ctx, cancel := context.WithCancel(s.life)
	h := &handle{stop: cancel, ended: make(chan struct{}), world: w}
	w.work.Go(func() {
		defer cancel()
		o := what(ctx)
		h.mu.Lock()
		h.outcome, h.done = o, true
		h.mu.Unlock()
		close(h.ended)
		after()
	})
	return h
}

// Do starts an action. A flow whose start has passed starts at once; a change is carried
// out when Do returns.
func (s *Session) Do(ctx context.Context, a backend.Action) (backend.Handle, error) {
	s.working.Lock()
	defer s.working.Unlock()
	w, err := s.ready()
	if err != nil {
		return nil, err
	}
	ctx, stop := s.living(ctx)
	defer stop()
	switch {
	case a.Ping != nil:
		p := *a.Ping
		if err := errors.Join(w.isHost(p.From), w.isHost(p.To)); err != nil {
			return nil, fmt.Errorf("ping: %w", err)
		}
		return w.action(func(ctx context.Context) backend.Outcome { return w.ping(ctx, p) }), nil
	case a.Flow != nil:
		f := *a.Flow
		if err := w.admit(&f); err != nil {
			return nil, err
		}
		return w.action(func(ctx context.Context) backend.Outcome {
			r := w.runFlow(ctx, &f, nil)
			if r == nil {
				return backend.Outcome{Err: errors.New("the flow was stopped before it started")}
			}
			return backend.Outcome{Flow: r}
		}), nil
	case a.Change != nil:
		err := w.change(ctx, a.Change)
		h := &handle{done: true, outcome: backend.Outcome{Err: err}, stop: func() {}, ended: make(chan struct{})}
		close(h.ended)
		return h, err
	case a.Exec != nil:
		e := *a.Exec
		if _, err := w.runnerAt(e.Node); err != nil {
			return nil, fmt.Errorf("exec: %w", err)
		}
		if len(e.Argv) == 0 {
			return nil, errors.New("exec: no program named")
		}
		return w.action(func(ctx context.Context) backend.Outcome { return w.exec(ctx, e) }), nil
	case a.Capture != nil:
		return w.capture(ctx, *a.Capture)
	}
	return nil, errors.New("an action without a part")
}

func (w *world) ping(ctx context.Context, p backend.Ping) backend.Outcome {
	spec := traffic.PingSpec{Target: w.address(p.To), Count: max(1, p.Count), Size: p.Size,
		Interval: time.Duration(p.Interval / model.Nanosecond), Timeout: time.Duration(p.Timeout / model.Nanosecond)}
	if spec.Size <= 0 {
		spec.Size = 56
	}
	if spec.Interval <= 0 {
		spec.Interval = time.Second
	}
	if spec.Timeout <= 0 {
		spec.Timeout = time.Second
	}
	ctx, ended := w.needing(ctx, model.NoLink, p.From, p.To)
	defer ended()
	d, err := w.agent(ctx, p.From)
	var m traffic.Measured
	if err == nil {
		m, err = d.Ping(ctx, spec)
	}
	if err != nil && ctx.Err() == nil {
		return backend.Outcome{Err: fmt.Errorf("ping: %w", err)}
	}
	if gone := removal(ctx); gone != nil {
		return backend.Outcome{Err: fmt.Errorf("ping: %w", gone)}
	}
	ns := func(v int64) model.Time { return model.Time(v) * model.Nanosecond }
	r := &trace.PingResult{From: w.net().NodeName(p.From), To: w.net().NodeName(p.To), Sent: int(m.Sent), Received: int(m.Packets),
		Min: ns(m.Min), Mean: ns(m.Mean), Max: ns(m.Max)}
	w.session.emit(&trace.Entry{At: w.now(), Kind: trace.PingEnd, Ping: r})
	return backend.Outcome{Ping: r}
}

// keptOutput bounds what is kept of a program's output, in bytes.
const keptOutput = 64 << 10

// output keeps the beginning of what a program writes. Its two streams come through pipes
// of their own: each is in order, how they interleave is not known.
type output struct {
	mu   sync.Mutex
	kept []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p[:min(len(p), keptOutput-len(o.kept))]...)
	return len(p), nil
}

// runnerAt runs programs on a node: in a host, or where the switches are.
func (w *world) runnerAt(id model.NodeID) (shell.Runner, error) {
	if id >= 0 && int(id) < w.net().NodeCount() && w.net().NodeKindOf(id) == model.Switch {
		return w.place.run, nil
	}
	return w.ground.inside(id)
}

// grace is how long a program has to end once it is asked to.
const grace = time.Second

// exec runs a program on a node until it ends or ctx does: it is then asked to end, and
// made to if it does not.
func (w *world) exec(ctx context.Context, e backend.Exec) backend.Outcome {
	ctx, ended := w.needing(ctx, model.NoLink, e.Node)
	defer ended()
	run, err := w.runnerAt(e.Node)
	if err != nil {
		return backend.Outcome{Err: err}
	}
	out := &output{}
	writer := func(w io.Writer) io.Writer {
		if w == nil {
			return out
		}
		return w
	}
	stdin := e.Stdin
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	p, err := run.Start(w.processes, shell.Cmd{Argv: e.Argv, Stdin: stdin, Stdout: writer(e.Stdout), Stderr: writer(e.Stderr)})
	if err == nil {
		select {
		case <-p.Done():
		case <-ctx.Done():
			_ = p.Stop(grace)
		}
		err = p.Wait()
	}
	if gone := removal(ctx); gone != nil {
		return backend.Outcome{Err: fmt.Errorf("exec: %w", gone)}
	}
	r := &trace.ExecResult{Argv: e.Argv}
	var failed *shell.Error
	switch {
	case errors.As(err, &failed) && (failed.Exit >= 0 || failed.Signal != 0):
		r.ExitCode = failed.Exit // -1 when a signal ended it
	case err != nil && ctx.Err() == nil:
		return backend.Outcome{Err: fmt.Errorf("exec in %s: %w", w.net().NodeName(e.Node), err)}
	case err != nil:
		r.ExitCode = -1
	}
	out.mu.Lock()
	r.Output = string(out.kept)
	out.mu.Unlock()
	w.session.emit(&trace.Entry{At: w.now(), Kind: trace.ExecEnd, Node: w.net().NodeName(e.Node), Exec: r})
	return backend.Outcome{Exec: r}
}

// runProcess starts a program of the model in its time. It may run for ever: nobody waits
// for it but the end of the session.
func (w *world) runProcess(p model.Process) {
	if !w.wait(w.session.life, p.At) {
		return
	}
	o := w.exec(w.session.life, backend.Exec{Node: p.Node, Argv: []string{"/bin/sh", "-c", p.Command}})
	text := ""
	switch {
	case o.Err != nil:
		text = o.Err.Error()
	case o.Exec.ExitCode > 0:
		text = fmt.Sprintf("%s ended with %d", fault.Clip(p.Command), o.Exec.ExitCode)
		if said := strings.TrimSpace(o.Exec.Output); said != "" {
			text += ": " + fault.Clip(said[strings.LastIndexByte(said, '\n')+1:])
		}
	}
	if text != "" {
		w.session.emit(&trace.Entry{At: w.now(), Kind: trace.Warning, Node: w.net().NodeName(p.Node), Text: text})
	}
}
