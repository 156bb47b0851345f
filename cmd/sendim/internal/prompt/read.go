package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/chzyer/readline"

	"sendim/core/model"
	"sendim/core/naming"
)

// Executor carries out lines: a Console, or one at the other end of a socket.
type Executor interface {
	Execute(ctx context.Context, line string, out io.Writer) error
	Words(ctx context.Context) ([]string, error)
}

// Read carries out the lines of a script until its end, "exit" or the first error that
// is not the network's answer but the end of the run. It gives the number of lines that
// failed; their errors go to errs.
func Read(ctx context.Context, e Executor, in io.Reader, out, errs io.Writer) (failed int, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		err := e.Execute(ctx, lines.Text(), out)
		switch {
		case err == nil:
		case errors.Is(err, ErrLeave):
			return failed, nil
		case ctx.Err() != nil:
			return failed, ctx.Err()
		default:
			failed++
			fmt.Fprintf(errs, "*** %s: %v\n", strings.TrimSpace(lines.Text()), err)
		}
	}
	return failed, lines.Err()
}

// Interact reads lines from a terminal, with editing, history and completion. ^C ends
// the command under way, not the run; ^D leaves.
func Interact(ctx context.Context, e Executor, banner string, out, errs io.Writer) error {
	words, err := e.Words(ctx)
	if err != nil {
		return err
	}
	items := make([]readline.PrefixCompleterInterface, len(words))
	for i, w := range words {
		items[i] = readline.PcItem(w)
	}
	rl, err := readline.NewEx(&readline.Config{Prompt: "sendim> ", AutoComplete: readline.NewPrefixCompleter(items...)})
	if err != nil {
		return fmt.Errorf("open the terminal: %w", err)
	}
	defer rl.Close()
	fmt.Fprintln(out, banner)
	go func() { // the run may end while the prompt waits
		<-ctx.Done()
		rl.Close()
	}()
	for {
		line, err := rl.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case err != nil || ctx.Err() != nil:
			return nil
		}
		err = interruptible(ctx, func(ctx context.Context) error { return e.Execute(ctx, line, out) })
		switch {
		case errors.Is(err, ErrLeave):
			return nil
		case errors.Is(err, context.Canceled):
			fmt.Fprintln(errs, "*** interrupted")
		case err != nil:
			fmt.Fprintf(errs, "*** %v\n", err)
		}
	}
}

func interruptible(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return f(ctx)
}

// addresses puts hosts' addresses in the place of their names in a program's arguments,
// as Mininet does.
func (c *call) addresses(argv []string) []string {
	names, err := naming.New(c.Model)
	if err != nil {
		return argv
	}
	out := append([]string(nil), argv...)
	for i := 1; i < len(out); i++ {
		words := strings.Fields(out[i])
		if argv[0] != "sh" {
			words = []string{out[i]}
		}
		for k, w := range words {
			if id, ok := c.Model.NodeByName(w); ok && c.Model.NodeKindOf(id) == model.Host {
				ip, _ := names.IP(id)
				words[k] = ipText(ip)
				out[i] = strings.Join(words, " ")
			}
		}
	}
	return out
}
