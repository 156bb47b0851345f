package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"sendim/cmd/sendim/internal/tty"
	"sendim/core"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

// onNode is a line that begins with the name of a node: what follows is for its shell.
func (c *Console) onNode(ctx context.Context, l *Line, name, text string) error {
	var id model.NodeID
	program := false
	err := c.call(ctx, l, nil, func(k *call) (err error) {
		if id, err = k.speaker(name); err != nil {
			return err
		}
		if text == "" {
			return fmt.Errorf("say what %s is to do, as in %s ping h2", name, name)
		}
		program = k.Capabilities.Has(backend.Processes)
		// An echo to a host of the network is the same in every world, and ends. One to
		// elsewhere, one that is to do more, and one that somebody can watch and end by ^C, is
		// a program's business.
		words, err := Split(text)
		switch {
		case err == nil && len(words) == 0: // a comment
			program = false
			return nil
		case err != nil && !program:
			return err
		}
		if err == nil && words[0] == "ping" && (!program || l.Terminal == nil && k.canPing(words[1:])) {
			program = false
			return k.ping(id, words[1:])
		}
		if !program {
			return k.noPrograms(id, text)
		}
		text = k.addresses(text)
		return nil
	}, "")
	if err != nil || !program {
		return err
	}
	s := shell{Console: c, line: l, node: id, name: name}
	return s.run(ctx, text)
}

// speaker is the node at the beginning of a line.
func (c *call) speaker(name string) (model.NodeID, error) {
	id, err := c.node(name)
	if err == nil {
		return id, nil
	}
	var verbs []string
	for _, cmd := range commands() {
		if cmd.name != "" {
			verbs = append(verbs, cmd.name)
		}
	}
	near := fault.Nearest(name, verbs)
	var f fault.Fault
	if near == "" && errors.As(err, &f) {
		near = f.Nearest
	}
	if near != "" {
		return id, fault.Fault{Code: fault.BadChoice, What: fmt.Sprintf("%q is neither a command nor a node", name), Nearest: near}
	}
	return id, fmt.Errorf("%q is neither a command nor a node; help lists the commands", name)
}

func (c *call) noPrograms(id model.NodeID, text string) error {
	reason := c.Capabilities.Missing[backend.Processes]
	if reason == "" {
		reason = "its nodes are models, not machines"
	}
	program, _ := first(text)
	return fault.New(fault.MissingCapability, fault.Place{}, "%s cannot run %q in this world: %s; it can ping", c.Model.NodeName(id), program, reason)
}

// addresses puts hosts' addresses in the place of their names in a command, as Mininet
// does. The command's own first word stays.
func (c *call) addresses(text string) string {
	names, err := naming.New(c.Model)
	if err != nil {
		return text
	}
	program, rest := first(text)
	if rest == "" {
		return text
	}
	at := between
	if slices.Contains([]string{"sh", "bash", "dash"}, program) {
		at = betweenQuotes
	}
	return program + " " + replaceWords(rest, at, func(w string) (string, bool) {
		id, ok := c.Model.NodeByName(w)
		if !ok || c.Model.NodeKindOf(id) != model.Host {
			return "", false
		}
		ip, _ := names.IP(id)
		return ipText(ip), true
	})
}

// exec runs a program on a node until its end. Other requests are carried out meanwhile.
func (c *Console) exec(ctx context.Context, e backend.Exec) (code int, err error) {
	var h backend.Handle
	err = c.access.Do(ctx, func(w *core.World) (err error) {
		h, err = w.Session.Do(ctx, backend.Action{Exec: &e})
		return err
	})
	if err == nil {
		err = c.access.Await(ctx, h)
	}
	if err != nil {
		return 0, err
	}
	o := h.Outcome()
	switch {
	case o.Err != nil:
		return 0, o.Err
	case o.Exec != nil:
		code = o.Exec.ExitCode
	}
	return code, nil
}

// shell carries out commands on a node as if a shell sat there: what was said to it before
// still holds.
type shell struct {
	*Console
	line *Line
	node model.NodeID
	name string
}

// interpreter carries out a command's text.
const interpreter = "/bin/bash"

// run carries out a command.
func (s *shell) run(ctx context.Context, text string) error {
	program, rest := first(text)
	if text, ok := background(text); ok {
		return s.leave(ctx, text)
	}
	switch {
	case program == "jobs" && rest == "":
		return s.listJobs(ctx)
	case program == "kill" || program == "wait" || program == "fg" || program == "bg":
		var err error
		if text, err = s.meant(program, rest); err != nil {
			return err
		}
	case lasting(text):
		return s.remember(ctx, text)
	}
	argv := []string{interpreter, "-c", s.before() + text}
	code, err := s.carry(ctx, argv)
	if err != nil {
		return err
	}
	if code != 0 {
		return &ExitError{Node: s.name, Program: program, Code: code}
	}
	return nil
}

// carry runs a program with the line's input and output.
func (s *shell) carry(ctx context.Context, argv []string) (int, error) {
	e := backend.Exec{Node: s.node, Argv: argv, Stdout: s.line.Out, Stderr: s.line.Err}
	switch {
	case s.line.Terminal != nil && s.line.In != nil:
		return s.onTerminal(ctx, e)
	case s.line.In != nil:
		return s.withInput(ctx, e)
	}
	return s.exec(ctx, e)
}

// withInput feeds a program through a pipe.
func (s *shell) withInput(ctx context.Context, e backend.Exec) (int, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("open a pipe: %w", err)
	}
	defer r.Close()
	if err := tty.Block(r); err != nil {
		return 0, fmt.Errorf("open a pipe: %w", err)
	}
	e.Stdin = r
	in := s.line.In()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = io.Copy(w, in) // a program need not read all there is
		_ = w.Close()
	}()
	code, err := s.exec(ctx, e)
	_ = in.Close()
	_ = r.Close()
	<-fed
	return code, err
}

// drained is how long the last words of a program on a terminal may take.
const drained = 200 * time.Millisecond

// onTerminal gives a program a terminal.
func (s *shell) onTerminal(ctx context.Context, e backend.Exec) (int, error) {
	master, slave, err := tty.Open()
	if err != nil {
		return 0, err
	}
	defer master.Close()
	defer slave.Close()
	t := s.line.Terminal
	_ = tty.SetSize(master, t.Size)
	if t.Name != "" {
		e.Argv = slices.Concat([]string{"env", "TERM=" + t.Name}, e.Argv)
	}
	e.Stdin, e.Stdout, e.Stderr = slave, slave, slave
	ended := make(chan struct{})
	in, typed, said := s.line.In(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(typed)
		_, _ = io.Copy(master, in)
	}()
	go func() {
		defer close(said)
		_, _ = io.Copy(s.line.Out, master)
	}()
	go func() {
		for {
			select {
			case size := <-t.Sizes:
				_ = tty.SetSize(master, size)
			case <-ended:
				return
			}
		}
	}()
	code, err := s.exec(ctx, e)
	close(ended)
	if left := tty.Unread(slave); s.line.Left != nil && len(left) > 0 {
		s.line.Left(left)
	}
	_ = slave.Close()
	_ = master.SetReadDeadline(time.Now().Add(drained)) // what it left in the background may hold the other side
	<-said
	_ = in.Close()
	_ = master.Close()
	<-typed
	return code, err
}

// output is what a program on the node writes, for a small one of ours.
func (s *shell) output(ctx context.Context, text string) (string, error) {
	var out, errs bytes.Buffer
	code, err := s.exec(ctx, backend.Exec{Node: s.node, Argv: []string{interpreter, "-c", text}, Stdout: &out, Stderr: &errs})
	if err == nil && code != 0 {
		if s.line.Err != nil {
			_, _ = s.line.Err.Write(errs.Bytes())
		}
		program, _ := first(text)
		err = &ExitError{Node: s.name, Program: program, Code: code}
	}
	return strings.TrimSuffix(out.String(), "\n"), err
}

// ExitError says that a program on a node ended with another code than 0.
type ExitError struct {
	Node    string
	Program string
	Code    int // -1: a signal ended it
}

func (e *ExitError) Error() string {
	if e.Code < 0 {
		return fmt.Sprintf("%s on %s was ended by a signal", e.Program, e.Node)
	}
	return fmt.Sprintf("%s on %s ended with code %d", e.Program, e.Node, e.Code)
}

// Ended is the code with which the program ended; below 0 it was by a signal.
func (e *ExitError) Ended() int { return e.Code }
