package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sendim/core/backend"
	"sendim/core/cost"
)

// Finding is one thing that this machine can do or lacks.
type Finding struct {
	What   string `json:"what"`
	State  string `json:"state"` // ok, missing, limited
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // the command that brings it
}

func (c *cli) doctorCommand() *cobra.Command {
	var measure bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say what this machine can do, what is missing, and the command that fixes it", Args: cobra.NoArgs,
		Long: `Say what this machine can do, what is missing, and the command that fixes it.

Where networks can be emulated (as root), doctor also finds out what an emulated host,
switch, port and traffic agent take of this machine: it brings up half a dozen small
networks and a large one, which takes some 30 seconds, and keeps the figures in sendim/cost.json in the
user's cache directory ($XDG_CACHE_HOME, else ~/.cache). Runs with a budget are estimated by
them. That is done once; --measure does it anew, --measure=false not at all.`,
	}
	f := format(cmd)
	cmd.Flags().BoolVar(&measure, "measure", false, "measure anew what emulated networks take of this machine")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		findings := c.wiring.Doctor(cmd.Context())
		costs, err := c.measure(cmd.Context(), measure, measure || !cmd.Flags().Changed("measure"))
		if err != nil {
			return err
		}
		findings = append(findings, costs...)
		list := make([][]string, len(findings))
		for i, v := range findings {
			list[i] = []string{v.What, v.State, v.Detail, v.Fix}
		}
		return rows(c.out, *f, []string{"what", "state", "detail", "fix"}, list, findings)
	}
	return cmd
}

// costs is what is known about worlds' costs here; nothing known is no reason to stop.
func (c *cli) costs() *cost.Book {
	path, err := cost.Path()
	if err != nil {
		return nil
	}
	book, err := cost.Load(path)
	if err != nil {
		fmt.Fprintf(c.errs, "warning: %v\n", err)
	}
	return book
}

// measure finds out what the worlds of real hosts take here, those that were not measured
// yet or all, and tells what is known.
func (c *cli) measure(ctx context.Context, anew, may bool) ([]Finding, error) {
	if c.wiring.Measure == nil {
		return nil, nil
	}
	book, path := c.costs(), ""
	if book == nil {
		return []Finding{{What: "costs", State: "limited", Detail: "there is no cache directory to keep them in", Fix: "export XDG_CACHE_HOME=..."}}, nil
	}
	var out []Finding
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	for _, b := range c.wiring.Backends(self) {
		caps, err := b.Capabilities(ctx, backend.Spec{})
		if err != nil || caps.Has(backend.VirtualTime) {
			continue // not here, which the other findings tell, or nothing to measure
		}
		figures := book.World(b.Name())
		if may && (anew || !figures.Known()) {
			if path, err = cost.Path(); err != nil {
				return nil, err
			}
			if figures, err = c.wiring.Measure(ctx, b, func(text string) { fmt.Fprintln(c.errs, text) }); err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				out = append(out, Finding{What: b.Name() + " costs", State: "limited", Detail: err.Error()})
				continue
			}
			book.Worlds[b.Name()] = figures
			if err := book.Save(path); err != nil {
				return nil, err
			}
		}
		if !figures.Known() {
			out = append(out, Finding{What: b.Name() + " costs", State: "limited", Detail: "what a network takes was never measured; budgets are kept by the clock alone", Fix: "sudo sendim doctor --measure"})
			continue
		}
		out = append(out, Finding{What: b.Name() + " costs", State: "ok", Detail: costText(figures)}, room(book, b.Name()))
	}
	return out, nil
}

// room says how large a network this machine has room for.
func room(book *cost.Book, world string) Finding {
	switches, lack := book.Most(world, cost.Machine())
	f := Finding{What: world + " room", State: "ok", Detail: fmt.Sprintf("a chain of %d switches with a host each", switches)}
	if lack != "" {
		f.Detail += "; for one more " + lack
	}
	return f
}

func costText(f *cost.Figures) string {
	const ms, kib = 1000, 1.0 / 1024
	return fmt.Sprintf("%.1f s, and each host %.0f ms and %.0f KiB, switch %.0f ms and %.0f KiB, port %.1f ms and %.0f KiB, agent %.0f ms and %.0f KiB; measured %s",
		f.Base.Seconds, ms*f.Host.Seconds, kib*f.Host.Memory, ms*f.Switch.Seconds, kib*f.Switch.Memory, ms*f.Port.Seconds, kib*f.Port.Memory,
		ms*f.Agent.Seconds, kib*f.Agent.Memory, f.Measured.Format("2006-01-02 15:04"))
}
