package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/prompt"
	"sendim/core"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
)

// checkpointFlags are those of run that make checkpoints and go on from one.
type checkpointFlags struct {
	at      []string
	restore string
	all     bool
}

func (o *checkpointFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&o.at, "checkpoint-at", nil, "simulation: write the whole run as it is at these times, as 5s,10s, to runs/ID/checkpoints/5s.ckpt; it goes on from there with --restore")
	f.StringVar(&o.restore, "restore", "", "simulation: go on from a checkpoint instead of reading descriptors; with --until, --workers, --name")
	f.BoolVar(&o.all, "checkpoints", false, "simulation: remember all that apps are told, however much, so that a checkpoint can be made at any time")
	cmd.MarkFlagFilename("restore", "ckpt") //nolint:errcheck // the flag exists
}

// times reads --checkpoint-at.
func (o *checkpointFlags) times(bad *fault.List) []model.Time {
	var out []model.Time
	for _, text := range o.at {
		t, err := model.ParseTime(text)
		if err != nil || t < 0 {
			bad.Addf(fault.BadChoice, fault.Place{Attribute: "--checkpoint-at"}, "%q is not a time; write it like 5s", text)
			continue
		}
		out = append(out, t)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checkpoints puts what the flags say into a run.
func (s *session) checkpoints(spec *core.RunSpec) error {
	var bad fault.List
	for _, t := range s.o.checkpoint.times(&bad) {
		spec.Stops = append(spec.Stops, core.Stop{At: t, Do: func(w *core.World) error {
			name := filepath.Join(s.dir, "checkpoints", t.String()+".ckpt")
			if s.dir == "" {
				return errors.New("a checkpoint needs the folder of a run to lie in")
			}
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return fmt.Errorf("make a folder for checkpoints: %w", err)
			}
			if err := w.CheckpointFile(name); err != nil {
				return err
			}
			s.taken = append(s.taken, t)
			return nil
		}})
	}
	spec.Remember = s.o.checkpoint.all || len(spec.Stops) > 0
	return bad.Err()
}

// untaken tells of the checkpoints that were asked for and not made.
func (s *session) untaken() {
	var bad fault.List
	for _, t := range s.o.checkpoint.times(&bad) {
		if !slices.Contains(s.taken, t) {
			s.warn(fmt.Sprintf("there is no checkpoint at %s: the run's traffic had ended by then", t))
		}
	}
}

// fromCheckpoint reads the checkpoint of --restore; what else was given must go with it.
func (c *cli) fromCheckpoint(o runOptions, descriptor string, given func(string) bool) (*core.Checkpoint, error) {
	var bad fault.List
	for _, flag := range []string{"topology", "topo", "flows", "map", "series", "interval", "capture", "app", "param", "on", "test", "seed", "scale", "degrade", "repeat"} {
		if given(flag) {
			bad.Addf(fault.BadChoice, fault.Place{Attribute: "--" + flag}, "a checkpoint has all this already; with --restore there are --until, --workers, --name, --prompt, --keep, --checkpoint-at")
		}
	}
	if descriptor != "" {
		bad.Addf(fault.BadChoice, fault.Place{File: descriptor}, "a checkpoint has its network already; leave the descriptor out")
	}
	o.repeat = 1
	in, _, err := c.input(o, "", func(flag string) bool { return flag == "workers" && given(flag) })
	if err := errors.Join(bad.Err(), err); err != nil {
		return nil, err
	}
	file, err := os.Open(o.checkpoint.restore)
	if err != nil {
		return nil, fault.New(fault.UnknownReference, fault.Place{File: o.checkpoint.restore, Attribute: "--restore"}, "the checkpoint cannot be opened: %v", errors.Unwrap(err))
	}
	defer file.Close()
	cp, err := core.ReadCheckpoint(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.checkpoint.restore, err)
	}
	return cp, overrule(cp, in)
}

// overrule has flags win over what the run was begun with.
func overrule(cp *core.Checkpoint, in job.Input) error {
	d := cp.Job.Deployment
	if in.Until != nil {
		if *in.Until < cp.At {
			return fault.New(fault.OutOfRange, fault.Place{Attribute: "--until"}, "%s is before the checkpoint, which is at %s", *in.Until, cp.At)
		}
		d.Simulation.Until = *in.Until
	}
	if in.Workers != nil {
		d.Simulation.Workers = *in.Workers
	}
	return nil
}

func (c *cli) checkpointCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "checkpoint [RUN]", Short: "Write a living simulation as it is to a file", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeLiving,
		Long: `Write the whole of a living simulation as it is now to a file, from which
"sendim run --restore FILE" goes on; the run itself goes on as if nothing had happened.`,
		Example: "  sendim checkpoint latest -o five.ckpt\n  sendim run --restore five.ckpt",
	}
	cmd.Flags().StringVarP(&to, "output", "o", "", "file (default: in runs/ID/checkpoints/, called by the time)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		_, client, err := c.reach(args)
		if err != nil {
			return err
		}
		defer client.Close()
		words := []string{"checkpoint"}
		if to != "" {
			if to, err = filepath.Abs(to); err != nil {
				return fmt.Errorf("find the file's folder: %w", err)
			}
			words = append(words, to)
		}
		return client.Execute(cmd.Context(), prompt.Quote(words), c.out)
	}
	return cmd
}

// timeCommands are words of the prompt that a living run hears from other terminals.
func (c *cli) timeCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, w := range []struct{ name, short string }{
		{"pause", "Have a living run stand still"},
		{"resume", "Have a living run that stands still go on"},
	} {
		out = append(out, &cobra.Command{
			Use: w.name + " [RUN]", Short: w.short, Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeLiving,
			RunE: func(cmd *cobra.Command, args []string) error {
				_, client, err := c.reach(args)
				if err != nil {
					return err
				}
				defer client.Close()
				return client.Execute(cmd.Context(), w.name, c.out)
			},
		})
	}
	return out
}
