package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"sendim/converters/containerlab"
	"sendim/converters/dot"
	"sendim/converters/flowlist"
	"sendim/converters/mermaid"
	"sendim/converters/miniedit"
	"sendim/converters/mininet"
	"sendim/converters/topologyzoo"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/workload"
	"sendim/descriptors"
)

// exporter writes one format.
type exporter struct {
	name    string
	aliases []string
	doc     string
	// write tells what the format cannot hold.
	write func(w io.Writer, n *model.Network, o exportOptions) (lost []string, err error)
}

// exportOptions are the command's flags.
type exportOptions struct {
	seed  uint64 // of the traffic that is drawn
	image string // of containers
}

// exporters lists the formats that are written.
func exporters() []exporter {
	return []exporter{
		{name: "mininet", doc: "a Python script that stands alone: sudo python3 FILE starts the network in\nMininet 2.3, carries its flows and prints results as JSON", write: writeMininet},
		{name: "containerlab", aliases: []string{"clab"}, doc: "a lab of containers and Open vSwitch: containerlab deploy -t FILE; the file says\nwhat to run before and after", write: writeContainerlab},
		{name: "miniedit", doc: "a file for Mininet's editor MiniEdit", write: writeMiniEdit},
		{name: "graphml", doc: "a graph for networkx, yEd, Gephi and others", write: plain(topologyzoo.Write)},
		{name: "dot", aliases: []string{"graphviz"}, doc: "a picture by Graphviz: dot -Tsvg FILE", write: plain(dot.Write)},
		{name: "mermaid", doc: "a picture in Markdown: put it into a ```mermaid block", write: plain(mermaid.Write)},
		{name: "flows", doc: "the list of flows that a run would carry (--seed), as CSV; run --flows and\n<flows href> read it back", write: writeFlows},
		{name: "resolved", doc: "a system descriptor with everything worked out: generators, defaults and\nincludes, addresses, datapath ids and ports; it is the same network", write: writeResolved},
	}
}

// convertCommand writes a network in a foreign format.
func (c *cli) convertCommand() *cobra.Command {
	var file string
	var o exportOptions
	var list strings.Builder
	for _, e := range exporters() {
		name := strings.Join(append([]string{e.name}, e.aliases...), ", ")
		fmt.Fprintf(&list, "  %-20s%s\n", name, strings.ReplaceAll(e.doc, "\n", "\n"+strings.Repeat(" ", 22)))
	}
	cmd := &cobra.Command{
		Use:   "convert FORMAT SYSTEM.xml...",
		Short: "Write a network in another tool's format (" + strings.Join(formats(false), ", ") + ")",
		Long: `Write a network in another tool's format. What the format cannot hold is told on
standard error.

Formats:
` + strings.TrimSuffix(list.String(), "\n"),
		Example: "  sendim convert mininet abilene.xml -o abilene.py\n" +
			"  sendim convert dot abilene.xml | dot -Tsvg > abilene.svg",
		Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			e, err := exporterOf(args[0])
			if err != nil {
				return err
			}
			sys, warnings, err := descriptors.Load(descriptors.Options{}, args[1:]...)
			c.warnings(warnings)
			if err != nil {
				return err
			}
			var lost []string
			err = c.writeFile(file, func(w io.Writer) (err error) {
				lost, err = e.write(w, sys.Model, o)
				return err
			})
			for _, l := range lost {
				fmt.Fprintf(c.errs, "warning: not in %s: %s\n", e.name, l)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().Uint64Var(&o.seed, "seed", 0, "mininet, flows: seed from which traffic is drawn")
	cmd.Flags().StringVar(&o.image, "image", "", "containerlab: image of the hosts' containers (default: "+containerlab.DefaultImage+")")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return formats(false), cobra.ShellCompDirectiveNoFileComp
		}
		return xmlFiles(cmd, args, "")
	}
	return cmd
}

// formats lists names, and the other names by which they are known.
func formats(aliases bool) (names []string) {
	for _, e := range exporters() {
		names = append(names, e.name)
		if aliases {
			names = append(names, e.aliases...)
		}
	}
	return names
}

func exporterOf(name string) (exporter, error) {
	for _, e := range exporters() {
		for _, n := range append([]string{e.name}, e.aliases...) {
			if n == name {
				return e, nil
			}
		}
	}
	return exporter{}, fault.New(fault.BadChoice, fault.Place{}, "there is no format %q to convert to; there are %s", name, strings.Join(formats(false), ", ")).Suggest(name, formats(true))
}

// plain makes an exporter of a function that needs no options.
func plain(write func(io.Writer, *model.Network) ([]string, error)) func(io.Writer, *model.Network, exportOptions) ([]string, error) {
	return func(w io.Writer, n *model.Network, _ exportOptions) ([]string, error) { return write(w, n) }
}

// writeMininet writes a script that carries the same flows as every world. What Mininet
// cannot do stands in the script.
func writeMininet(w io.Writer, n *model.Network, o exportOptions) ([]string, error) {
	flows, err := workload.Concrete(n, o.seed)
	if err != nil {
		return nil, err
	}
	return nil, mininet.Write(w, n, mininet.Options{Flows: flows})
}

func writeContainerlab(w io.Writer, n *model.Network, o exportOptions) ([]string, error) {
	return containerlab.Write(w, n, containerlab.Options{Image: o.image})
}

func writeMiniEdit(w io.Writer, n *model.Network, _ exportOptions) ([]string, error) {
	return miniedit.Write(w, n, nil)
}

func writeResolved(w io.Writer, n *model.Network, _ exportOptions) ([]string, error) {
	names, err := naming.New(n)
	if err != nil {
		return nil, err
	}
	return nil, descriptors.EncodeResolved(w, n, names)
}

// writeFlows writes what core/workload makes of the traffic.
func writeFlows(w io.Writer, n *model.Network, o exportOptions) ([]string, error) {
	flows, err := workload.Concrete(n, o.seed)
	if err != nil {
		return nil, err
	}
	return nil, flowlist.Write(w, n, flows)
}
