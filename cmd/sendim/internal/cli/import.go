package cli

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors"
)

// Importer reads one foreign format.
type Importer struct {
	Name    string
	Aliases []string
	Doc     string
	// Is looks at a file's content; Read reads files that belong together.
	Is   func(draft.File) bool
	Read func([]draft.File) (*draft.Network, error)
}

// maxImport bounds a file, also when it is unpacked.
const maxImport = 1 << 30

func (c *cli) importCommand() *cobra.Command {
	var from, file, hosts, rate, delay, hostRate, hostDelay, until, factor, show string
	var o draft.Options
	var kinds strings.Builder
	for _, i := range c.wiring.Importers {
		fmt.Fprintf(&kinds, "  %-14s%s\n", strings.Join(append([]string{i.Name}, i.Aliases...), ", ")+" ", i.Doc)
	}
	cmd := &cobra.Command{
		Use:   "import FILE... [--from KIND] [-o SYSTEM.xml]",
		Short: "Make a system descriptor of another tool's network",
		Long: `Make a system descriptor of another tool's network. The kind of file is told by its
content unless --from names it. Several files are read together where they belong together
(a topology and its demands, weights and latencies). Files may be packed by gzip or bzip2.

What the file holds, what was left out and which rule gave every rate and delay is told
on standard error; --summary json tells it to programs.

Kinds:
` + kinds.String() + `  xsdn          networks, flows and policies of xSDN, and the prototype's system descriptor
`,
		Example: "  sendim import Abilene.graphml -o abilene.xml --hosts per-switch=1\n" +
			"  sendim import germany50.xml demandMatrix-*.xml -o germany50.xml --delay 1ms",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var faults fault.List
			quantity(&faults, "--rate", rate, model.ParseRate, &o.Rate)
			quantity(&faults, "--delay", delay, model.ParseTime, &o.Delay)
			quantity(&faults, "--host-rate", hostRate, model.ParseRate, &o.HostSpec.Rate)
			quantity(&faults, "--host-delay", hostDelay, model.ParseTime, &o.HostSpec.Delay)
			quantity(&faults, "--until", until, model.ParseTime, &o.Span)
			quantity(&faults, "--route-factor", factor, draft.Number, &o.RouteFactor)
			quantity(&faults, "--hosts", hosts, parseHosts, &o.Hosts)
			if o.RouteFactor < 0 {
				faults.Addf(fault.OutOfRange, fault.Place{Attribute: "--route-factor"}, "%v is negative", o.RouteFactor)
			}
			if o.Name != "" {
				if err := model.CheckID(o.Name); err != nil {
					faults.Addf(fault.BadName, fault.Place{Attribute: "--name"}, "%v", err)
				}
			}
			if show != "text" && show != "json" {
				faults.Add(fault.New(fault.BadChoice, fault.Place{Attribute: "--summary"}, "%q is neither text nor json", show).Suggest(show, []string{"text", "json"}))
			}
			if err := faults.Err(); err != nil {
				return err
			}
			return c.importFiles(args, from, file, show, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "kind of file (default: told by its content)")
	f.StringVarP(&file, "output", "o", "", "file to write (default: standard output)")
	f.StringVar(&hosts, "hosts", "", "per-switch=N attaches N hosts to every switch, none attaches none (default: one where demands need it)")
	f.StringVar(&rate, "rate", "", "rate of links for which the file gives none (default: unlimited)")
	f.StringVar(&delay, "delay", "", "delay of links for which nothing gives one (default: 0s)")
	f.StringVar(&hostRate, "host-rate", "", "rate of the links to attached hosts (default: unlimited)")
	f.StringVar(&hostDelay, "host-delay", "", "delay of the links to attached hosts (default: 0s)")
	f.StringVar(&factor, "route-factor", "", "how much longer routes are than the great circle (default: 1)")
	f.StringVar(&until, "until", "", "how long demands hold that do not say it (default: 10s)")
	f.StringVar(&o.Name, "name", "", "name of the network (default: the file's)")
	f.BoolVar(&o.Largest, "largest-component", false, "keep the largest component only")
	f.StringVar(&show, "summary", "text", "text or json")
	cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions(c.importKinds(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	return cmd
}

// quantity reads an option's value.
func quantity[T any](faults *fault.List, option, text string, parse func(string) (T, error), into *T) {
	if text == "" {
		return
	}
	v, err := parse(text)
	if err != nil {
		faults.Addf(fault.BadUnit, fault.Place{Attribute: option}, "%v", err)
		return
	}
	*into = v
}

// parseHosts reads "per-switch=N" or "none".
func parseHosts(s string) (draft.Hosts, error) {
	if s == "none" {
		return draft.Hosts{None: true}, nil
	}
	count, ok := strings.CutPrefix(s, "per-switch=")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 1 || n > 1_000_000 {
		return draft.Hosts{}, fmt.Errorf("%q is neither per-switch=N, with N from 1 on, nor none", s)
	}
	return draft.Hosts{PerSwitch: n}, nil
}

func (c *cli) importKinds() (names []string) {
	for _, i := range c.wiring.Importers {
		names = append(append(names, i.Name), i.Aliases...)
	}
	return append(names, "xsdn")
}

func (c *cli) importFiles(args []string, from, file, show string, o draft.Options) error {
	var files []draft.File
	for _, name := range args {
		f, err := c.readImport(name)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	imp, err := c.importer(files[0], from)
	if err != nil {
		return err
	}
	if imp == nil {
		return c.importOwn(args, file, o)
	}
	n, err := imp.Read(files)
	if err != nil {
		return few(err)
	}
	if n.Name == "" {
		base := filepath.Base(files[0].Name)
		base, _, _ = strings.Cut(base, ".")
		n.Name = base
	}
	r, err := draft.Build(n, o)
	if err != nil {
		return few(err)
	}
	c.warnings(&r.Warnings)
	if err := c.writeFile(file, func(w io.Writer) error { return descriptors.Encode(w, r.Model) }); err != nil {
		return err
	}
	if show == "json" {
		enc := json.NewEncoder(c.errs)
		enc.SetEscapeHTML(false)
		return enc.Encode(r.Summary)
	}
	_, err = io.WriteString(c.errs, r.Summary.Text())
	return err
}

// few keeps the first faults of a foreign file and counts the others: nobody mends such a
// file line by line.
func few(err error) error {
	const enough = 10
	var list *fault.List
	if errors.As(err, &list) && len(list.Faults) > enough {
		return &fault.List{Faults: list.Faults[:enough], Total: list.Total}
	}
	return err
}

// importer finds who reads a file; nil stands for our own decoder, which reads xSDN's.
func (c *cli) importer(f draft.File, from string) (*Importer, error) {
	if from == "xsdn" {
		return nil, nil
	}
	for i := range c.wiring.Importers {
		imp := &c.wiring.Importers[i]
		if from == imp.Name {
			return imp, nil
		}
		for _, a := range imp.Aliases {
			if from == a {
				return imp, nil
			}
		}
	}
	if from != "" {
		return nil, fault.New(fault.BadChoice, fault.Place{Attribute: "--from"}, "there is no kind %q; there are %s", from, strings.Join(c.importKinds(), ", ")).Suggest(from, c.importKinds())
	}
	if isOwn(f) {
		return nil, nil
	}
	if err := notATopology(f); err != nil {
		return nil, err
	}
	for i := range c.wiring.Importers {
		if imp := &c.wiring.Importers[i]; imp.Is(f) {
			return imp, nil
		}
	}
	return nil, fault.New(fault.BadChoice, fault.Place{File: f.Name}, "%s; --from names the kind if it is one of %s", whatItIs(f), strings.Join(c.importKinds(), ", "))
}

// importOwn rewrites what the descriptors' decoder reads itself.
func (c *cli) importOwn(args []string, file string, o draft.Options) error {
	sys, warnings, err := descriptors.Load(descriptors.Options{}, args...)
	c.warnings(warnings)
	var list *fault.List
	if errors.As(err, &list) {
		for i := range list.Faults {
			if list.Faults[i].Place.File == "" {
				list.Faults[i].Place.File = args[0]
			}
		}
	}
	if err != nil {
		return err
	}
	if o.Name != "" {
		sys.Model.Name = o.Name
	}
	if o.Hosts.PerSwitch > 0 || o.Largest {
		fmt.Fprintf(c.errs, "note: --hosts and --largest-component do nothing here: the network keeps the hosts it has\n")
	}
	if err := c.writeFile(file, func(w io.Writer) error { return descriptors.Encode(w, sys.Model) }); err != nil {
		return err
	}
	n := sys.Model
	fmt.Fprintf(c.errs, "%s: %d switches, %d hosts, %d links, %d flows\n", args[0], len(n.NodesOfKind(model.Switch)), len(n.NodesOfKind(model.Host)), n.LinkCount(), len(n.Flows))
	return nil
}

// readImport reads a file whole, unpacking it if it is packed. "-" is standard input.
func (c *cli) readImport(name string) (draft.File, error) {
	var in io.Reader = c.in
	if name != "-" {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return draft.File{}, fault.New(fault.FileMissing, fault.Place{File: name}, "there is no such file")
		}
		if err != nil {
			return draft.File{}, fault.New(fault.FileMissing, fault.Place{File: name}, "cannot read the file: %v", err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return draft.File{}, fault.New(fault.FileMissing, fault.Place{File: name}, "it is a folder; name the files in it")
		}
		in = f
	}
	data, err := readAll(in)
	switch {
	case err == nil && bytes.HasPrefix(data, []byte("\x1f\x8b")):
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = readAll(z)
		}
		name = strings.TrimSuffix(name, ".gz")
	case err == nil && bytes.HasPrefix(data, []byte("BZh")):
		data, err = readAll(bzip2.NewReader(bytes.NewReader(data)))
		name = strings.TrimSuffix(name, ".bz2")
	}
	if err != nil {
		return draft.File{}, fault.New(fault.Limit, fault.Place{File: name}, "cannot read the file: %v", err)
	}
	return draft.File{Name: name, Data: draft.Plain(data)}, nil
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxImport+1))
	if err == nil && len(data) > maxImport {
		err = fmt.Errorf("it has more than %d MiB", maxImport>>20)
	}
	return data, err
}
