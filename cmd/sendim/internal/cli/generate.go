package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sendim/core/fault"
	"sendim/core/graph"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/descriptors"
	"sendim/descriptors/generate"
)

// generateCommand has a subcommand for each kind, with the kind's own options as flags.
func (c *cli) generateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "generate KIND",
		Short:   "Write a system descriptor of a well-known shape",
		Example: "  sendim generate fat-tree --k 8 --rate 10Gbps -o fat-tree.xml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("name a kind of network")
			}
			_, err := generate.Parse(args[0])
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, k := range generate.Kinds() {
		cmd.AddCommand(c.generateKind(k))
	}
	return cmd
}

func (c *cli) generateKind(k generate.Kind) *cobra.Command {
	var file, name string
	cmd := &cobra.Command{Use: k.Name, Short: k.Short, Long: k.Short + ".\n\n" + k.Doc, Args: cobra.NoArgs}
	if k.Source != "" {
		cmd.Long += "\n\nSource: " + k.Source + "."
	}
	cmd.Flags().SortFlags = false // the kind's own options come first
	for _, o := range k.All() {
		doc := o.Doc
		if len(o.Values) > 0 && !o.Switch() {
			doc += ": " + strings.Join(o.Values, ", ")
		}
		if o.Models != nil {
			doc += "; only with --model " + strings.Join(o.Models, ", ")
		}
		if o.Initial != "" {
			doc += " (default " + o.Initial + ")"
		}
		for i, name := range []string{o.Name, o.Alias} {
			if name == "" {
				continue
			}
			if i > 0 {
				doc = "the same as --" + o.Name
			}
			cmd.Flags().String(name, "", doc)
			if o.Switch() {
				cmd.Flags().Lookup(name).NoOptDefVal = "true"
			}
			if len(o.Values) > 0 {
				cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(o.Values, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
			}
		}
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().StringVar(&name, "name", k.Name, "name of the network")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		r := generate.Request{Kind: k.Name}
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if f.Name != "output" && f.Name != "name" && f.Name != "runs" {
				r.Options = append(r.Options, generate.Option{Name: f.Name, Value: f.Value.String(), Place: fault.Place{Attribute: "--" + f.Name}})
			}
		})
		if err := model.CheckID(name); err != nil {
			return fault.New(fault.BadName, fault.Place{Attribute: "--name"}, "%v", err)
		}
		b := model.NewBuilder(name)
		if err := generate.Build(r, b); err != nil {
			return err
		}
		n, faults := b.Build(nil)
		if err := faults.Err(); err != nil {
			return err
		}
		err := c.writeFile(file, func(w io.Writer) error { return descriptors.Encode(w, n) })
		if err == nil && file != "" {
			fmt.Fprintf(c.errs, "%s: %d nodes, %d links%s\n", file, n.NodeCount(), n.LinkCount(), apart(n, k))
		}
		return err
	}
	return wrongArguments(cmd)
}

// apart says that a network is in parts, and what helps.
func apart(n *model.Network, k generate.Kind) string {
	if !slices.ContainsFunc(k.Options, func(o generate.OptionDoc) bool { return o.Name == "connected" }) {
		return ""
	}
	a, b := n.EndColumns()
	g, err := graph.New(n.NodeCount(), nodeNumbers(a), nodeNumbers(b))
	if err != nil {
		return ""
	}
	_, parts := graph.NewWorkspace(g).Components(graph.NewSet(2*n.LinkCount()), nil)
	if parts == 1 {
		return ""
	}
	return fmt.Sprintf(", in %d parts that no link joins; --connected joins them", parts)
}

func nodeNumbers(ids []model.NodeID) []int32 {
	out := make([]int32, len(ids))
	for i, id := range ids {
		out[i] = int32(id)
	}
	return out
}

// writeFile writes a file as a whole, or to standard output when it has no name.
func (c *cli) writeFile(name string, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		buf := bufio.NewWriter(c.out)
		return errors.Join(write(buf), buf.Flush())
	}
	err := record.WriteFile(name, write)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fail(WrongInput, "%w", err)
	}
	return err
}
