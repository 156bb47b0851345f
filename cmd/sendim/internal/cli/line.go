package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/live"
	"sendim/cmd/sendim/internal/prompt"
	"sendim/cmd/sendim/internal/tty"
)

// lineCommands are exec, and the words of the prompt that have a command of their own
// because other tools of this field have one.
func (c *cli) lineCommands() []*cobra.Command {
	out := []*cobra.Command{c.execCommand()}
	for _, w := range []struct{ name, args, short, example string }{
		{"flows", "[PATTERN]", "List the flows of a living run: ended, under way, to come", "  sendim flows latest 'web-*'"},
		{"capture", "[PORT -w FILE | stop PORT]", "Capture on an interface of a living run", "  sendim capture latest h1-eth0 -w h1.pcap\n  sendim capture latest stop h1-eth0"},
		{"link", "LINK up|down | set|add|del ...", "Change a link of a living run", "  sendim link latest s1--s2 down\n  sendim link latest set h1--s1 --rate 10Mbps"},
		{"node", "add|del NODE ...", "Add a node to a living run, or remove one", "  sendim node latest add h9 host"},
	} {
		cmd := &cobra.Command{
			Use: w.name + " RUN " + w.args, Short: w.short, Example: w.example, Args: cobra.MinimumNArgs(1),
			Long: w.short + ".\nThis is the prompt's word " + w.name + ": sendim exec RUN help " + w.name + " says all it can.",
			ValidArgsFunction: func(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
				if len(args) == 0 {
					return c.completeLiving(cmd, args, begin)
				}
				return c.completeLine(cmd, append([]string{args[0], w.name}, args[1:]...), begin)
			},
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.carryLine(cmd.Context(), args[0], prompt.Quote(append([]string{w.name}, args[1:]...)))
			},
		}
		cmd.Flags().SetInterspersed(false) // what follows is the word's
		out = append(out, cmd)
	}
	return out
}

func (c *cli) execCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "exec RUN NODE COMMAND...", Short: "Carry out one line of the prompt in a living run", Args: cobra.MinimumNArgs(2), ValidArgsFunction: c.completeLine,
		Long: `Carry out one line of the prompt in a living run: a command on a node, or any other word
(sendim exec RUN help). A command on a node has this command's input, output and exit
code, and a terminal where this one has one. COMMAND may be one word in quotes, for the
node's shell; so may the whole line.`,
		Example: "  sendim exec latest h1 ping -c3 h2\n  sendim exec latest h1 'ip route | head -1'\n  sendim exec latest 'link set s1 s2 rate=10Mbps'\n  sendim exec latest dpctl dump-flows s1",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.carryLine(cmd.Context(), args[0], words(args[1:]))
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows belongs to the command
	return cmd
}

// carryLine has a living run carry out a line, with this command's input, output and terminal.
func (c *cli) carryLine(ctx context.Context, run, text string) error {
	r, client, err := c.reach([]string{run})
	if err != nil {
		return err
	}
	defer client.Close()
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working directory: %w", err)
	}
	line := prompt.Line{Text: text, Dir: dir, Out: c.out, Err: c.errs}
	switch {
	case terminal(c.in) && !tty.Foreground(c.in): // in the background of a shell: it would be stopped
	case terminal(c.in) && terminal(c.out):
		line = prompt.WithTerminal(line, c.in)
	default:
		line.In = func() io.ReadCloser { return io.NopCloser(c.in) }
	}
	err = (&prompt.Here{Executor: client, Again: again(r.Dir)}).Do(ctx, line)
	var remote *live.RemoteError
	switch {
	case errors.Is(err, prompt.ErrLeave):
		return fail(WrongInput, "there is no prompt to leave; sendim stop %s ends the run", r.Manifest.ID)
	case errors.As(err, &remote) && remote.Code > 0: // the program has said what was wrong
		return silent(remote.Code)
	case errors.As(err, &remote) && remote.Code < 0 && line.Terminal != nil: // it was ^C
		return silent(Interrupted)
	}
	return err
}

// words makes a line of a command's words. One word alone is a line as it stands, so that a
// line may be in quotes; a command of one word that is none is the text of a shell.
func words(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	if len(args) == 2 && strings.ContainsAny(args[1], " \t|&;<>") {
		return args[0] + " " + args[1]
	}
	return prompt.Quote(args)
}
