package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"sendim/cmd/sendim/internal/live"
	"sendim/cmd/sendim/internal/prompt"
	"sendim/core"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/report"
)

// session is one run from the command line's point of view.
type session struct {
	*cli
	o      runOptions
	server *live.Server
	failed int // lines of a script, or a last test
	bars   *bars
	line   *progressLine        // nil: no terminal, or a prompt
	ready  func(id, dir string) // tells whoever detached that t=0 has come
	dir    string
	id     string
	warned map[string]bool

	interactive bool // somebody types, or a script does
	taken       []model.Time
}

// idle says that a job has nothing to do by itself.
func idle(j *job.Job, o runOptions) bool {
	n := j.Model
	return o.test == "" && len(n.Flows)+len(n.Demands)+len(n.Traffic)+len(n.Tests)+len(n.Scenario)+len(n.Processes) == 0 && j.Deployment.Until() == 0
}

func (s *session) carryOut(ctx context.Context, spec core.RunSpec) (*core.Result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.bars = newBars(s.errs)
	var console *prompt.Console
	end := func() { stop() } // what "sendim stop" does: a run under way is interrupted
	hooks := core.Hooks{
		Progress: func(stage string, done, total int) {
			s.line.clear() // time has passed when tests are made
			s.bars.show(stage, done, total)
		},
		Recorded: func(id, dir string) {
			s.id, s.dir = id, dir
			s.recorded()
			for _, w := range spec.Job.Warnings { // before the wait, not after it
				s.warn(w)
			}
		},
		Live: func(l *core.Live) {
			s.bars.clear()
			console = prompt.New(l)
			s.watch(ctx, l)
			if l.Dir == "" {
				return
			}
			server, err := live.Serve(ctx, l.Dir, console, func() { end() })
			if err != nil {
				fmt.Fprintf(s.errs, "sendim: other terminals cannot reach this run: %v\n", err)
				return
			}
			s.server = server
			if s.ready != nil {
				s.ready(s.id, s.dir)
			}
		},
	}
	switch nothing := idle(spec.Job, s.o); {
	case s.o.detached && (nothing || s.o.keep), s.o.keep && !s.o.prompt:
		asked := make(chan struct{})
		end = sync.OnceFunc(func() { close(asked) })
		hooks.Keep = func(ctx context.Context, _ *core.Live) error {
			select {
			case <-asked:
			case <-ctx.Done():
			}
			return nil
		}
	case s.o.prompt || nothing && !s.o.detached:
		s.interactive = true
		asked, leave := context.WithCancel(ctx)
		defer leave()
		end = leave // as exit does
		hooks.Interact = func(_ context.Context, l *core.Live) error { return s.untilAsked(ctx, asked, l, console) }
		if terminal(s.in) { // ^C is the prompt's
			signal.Reset(os.Interrupt)
			signal.Ignore(os.Interrupt)
			defer signal.Reset(os.Interrupt)
		}
	}
	switch s.o.test {
	case "pingpair", "iperf", "iperfudp":
		hooks.Last = func(ctx context.Context, w *core.World) error {
			err := prompt.On(w).Execute(ctx, s.o.test, s.out)
			if err != nil && ctx.Err() == nil {
				fmt.Fprintf(s.errs, "*** %s: %v\n", s.o.test, err)
				s.failed++
				return nil
			}
			return err
		}
	}
	res, err := core.Run(ctx, spec, hooks)
	s.line.clear()
	s.bars.clear()
	if s.server != nil {
		s.server.Close()
	}
	return res, err
}

// watch shows on a terminal how far a run is, while it does its work.
func (s *session) watch(ctx context.Context, l *core.Live) {
	if s.bars == nil || s.interactive {
		return
	}
	s.line = &progressLine{w: s.errs}
	go s.line.follow(ctx, l)
}

// restored is how long a prompt that is told to end may take to give the terminal back.
const restored = 2 * time.Second

// untilAsked is the prompt, until its user leaves it or somebody elsewhere asks for the end.
func (s *session) untilAsked(ctx, asked context.Context, l *core.Live, console *prompt.Console) error {
	left := make(chan error, 1)
	go func() { left <- s.interact(asked, l, console) }()
	select {
	case err := <-left:
		if asked.Err() != nil && ctx.Err() == nil {
			return nil
		}
		return err
	case <-asked.Done():
	}
	select { // input that never comes, and is no terminal, is left to its goroutine
	case <-left:
	case <-time.After(restored):
	}
	return ctx.Err()
}

// interact is the prompt, or a script in its place.
func (s *session) interact(ctx context.Context, l *core.Live, console *prompt.Console) error {
	err := l.Do(ctx, func(w *core.World) error { console.Remember(w); return nil })
	if err != nil {
		return err
	}
	if !terminal(s.in) || !terminal(s.out) {
		failed, err := prompt.Read(ctx, console, s.in, s.out, s.errs)
		s.failed += failed
		return err
	}
	banner := fmt.Sprintf("%d nodes and %d links in %s; help lists the commands, exit ends the run.", l.Manifest.Nodes, l.Manifest.LinkCount, report.World(l.Manifest.Backend))
	screen := prompt.Screen{In: s.in, Out: s.out, Errs: s.errs, Banner: banner, Stays: l.Manifest.Backend != "simulation"}
	if s.server != nil {
		screen.Again = again(s.dir)
	}
	return prompt.Interact(ctx, console, screen)
}

// warn says a thing once.
func (s *session) warn(text string) {
	if s.warned == nil {
		s.warned = map[string]bool{}
	}
	if !s.warned[text] {
		s.warned[text] = true
		fmt.Fprintf(s.errs, "warning: %s\n", text)
	}
}
