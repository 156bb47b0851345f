package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sendim/core"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/descriptors"
)

func (c *cli) validateCommand() *cobra.Command {
	var here bool
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Say everything that is wrong with descriptors",
		Long: `Read descriptors and say everything that is wrong with them, one line for each fault:
file:line:column, the element, what was expected and the nearest valid choice. A
deployment descriptor is read with the system descriptors it names, and its parameters
are held against the applications' manifests. --here also asks whether its world can do
on this machine what the network asks for and has room for it; where a deployment may come
to another world (fallback, prefer), both are asked.`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: xmlFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			var worst error
			for _, file := range args {
				if err := c.validate(cmd.Context(), file, here); err != nil {
					explain(c.errs, err)
					if worst == nil || exitCode(err) > exitCode(worst) {
						worst = silent(exitCode(err))
					}
				}
			}
			return worst
		},
	}
	cmd.Flags().BoolVar(&here, "here", false, "also ask whether this machine can do what is asked")
	return cmd
}

func (c *cli) validate(ctx context.Context, file string, here bool) error {
	dir, name := filepath.Split(filepath.Clean(file))
	if dir == "" {
		dir = "."
	}
	kind, err := descriptors.Detect(os.DirFS(dir), name)
	var f fault.Fault
	if errors.As(err, &f) {
		f.Place.File = file
		return f
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.FileMissing, fault.Place{File: file}, "there is no such file")
	}
	// What is not even XML is reported by the reader itself, with its place.
	if err != nil || kind != descriptors.KindDeployment {
		sys, warnings, err := descriptors.Load(descriptors.Options{}, file)
		c.warnings(warnings)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: valid, %s: %d nodes, %d links, %d flows, %d tests\n", file, kind, sys.Model.NodeCount(), sys.Model.LinkCount(), len(sys.Model.Flows), len(sys.Model.Tests))
		c.distributions(sys.Model)
		return c.failures(sys.Model, 0)
	}
	j, err := job.Load(job.Input{Descriptor: file})
	if err != nil {
		return err
	}
	var prospects []core.Prospect
	if here {
		prospects, err = c.here(ctx, j)
	} else {
		_, err = job.Check(ctx, j, nil, c.launcher(c.errs))
	}
	warnings := j.Warnings
	for i := range prospects {
		if p := &prospects[i]; p.Err == nil {
			warnings = p.Warnings // the others' are of worlds that it does not come to
			break
		}
	}
	for _, w := range warnings {
		fmt.Fprintf(c.errs, "warning: %s\n", w)
	}
	if err != nil {
		return err
	}
	apps := "1 application"
	if n := len(j.Deployment.Applications); n != 1 {
		apps = fmt.Sprintf("%d applications", n)
	}
	fmt.Fprintf(c.out, "%s: valid, %s: %s in %s, %s, %d nodes, %d links\n", file, kind, j.Title(), job.WorldOf(j.Deployment),
		apps, j.Model.NodeCount(), j.Model.LinkCount())
	c.prospects(prospects)
	c.distributions(j.Model)
	return c.failures(j.Model, j.Deployment.Seed())
}

// here asks whether this machine can do what is asked, in every world that a run may come to.
func (c *cli) here(ctx context.Context, j *job.Job) ([]core.Prospect, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return core.Preflight(ctx, core.RunSpec{Job: j, Backends: c.wiring.Backends(self), Launch: c.launcher(c.errs), Costs: c.costs()})
}

// prospects tells of each world whether a run can be carried out in it, and what it takes.
func (c *cli) prospects(list []core.Prospect) {
	for _, p := range list {
		switch {
		case p.Err != nil:
			why, _, _ := strings.Cut(p.Err.Error(), "\n")
			fmt.Fprintf(c.out, "  not in %s: %s\n", p.World, why)
		case p.Bill == nil:
			fmt.Fprintf(c.out, "  in %s: yes\n", p.World)
		default:
			n := p.Bill.Needs
			fmt.Fprintf(c.out, "  in %s: %s; it takes about %s of memory, %.0f processes and %.0f open files in one\n", p.World, p.Reason, report.BytesText(int64(n.Memory)), n.Processes, n.Files)
		}
	}
}

// distributions tells the means of sizes, by which percent taken for fractions, or
// packets for bytes, are seen at once.
func (c *cli) distributions(n *model.Network) {
	for _, d := range n.Distributions {
		fmt.Fprintf(c.out, "  sizes %s: %d points, up to %s, mean %s\n", d.ID, len(d.Points), d.Points[len(d.Points)-1].Size, report.BytesText(int64(model.MeanSize(d.Points))))
	}
}

func (c *cli) warnings(l *fault.List) {
	if l == nil {
		return
	}
	for _, f := range l.Faults {
		fmt.Fprintf(c.errs, "warning: %s\n", f.Error())
	}
}
