package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sendim/core"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/descriptors"
	"sendim/descriptors/generate"
)

// runOptions are the flags of run.
type runOptions struct {
	systems, apps, params []string
	flows                 []string
	maps                  []string
	series, captures      []string
	interval              string
	topo, on, name, test  string
	arp                   bool
	until, format         string
	workers               string
	seed                  uint64
	repeat                int
	detach, keep, prompt  bool
	degrade               bool
	scale                 string
	detached              bool // this is the background process
	checkpoint            checkpointFlags
}

func (c *cli) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [flags] [DESCRIPTOR.xml]",
		Short: "Run a network and its applications",
		Long: `Run a network and its applications in a world: what a deployment descriptor says, or a
system descriptor (with -t, or alone), or a shape (--topo). Options win over the
descriptor.

What the network has to do by itself (flows, scenario, tests, --test) is done, and the
run ends. A network with nothing to do gets Mininet's prompt on a terminal; when the
input is no terminal, commands are read from it, and at its end the run ends. --prompt
asks for the prompt in any case. In the simulation time passes only while a command
lasts; "run 5s" at the prompt lets it pass.

Results are in runs/ID/ (runs/latest): report.html, flows.csv, links.csv, ...

` + exitHelp,
		Example: `  sendim run --topo linear,4 --test pingall
  sendim run --topo tree,2,3,rate=10Mbps --app shortest-path --on mininet
  sendim run examples/abilene/simulation.xml
  sendim run -t network.xml --app shortest-path --param ecmp=group --repeat 6
  sendim run -t network.xml --app shortest-path --flows runs/latest/flows.csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			descriptor := ""
			if len(args) > 0 {
				descriptor = args[0]
			}
			return c.run(cmd.Context(), o, descriptor, cmd.Flags().Changed)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.systems, "topology", "t", nil, "system descriptor (repeat for several files)")
	f.StringVar(&o.topo, "topo", "", "shape of the network, as Mininet writes it: linear,4 or fat-tree,k=4,rate=10Mbps")
	f.BoolVar(&o.arp, "arp", false, "hosts know each other's Ethernet addresses from the start, as with Mininet's --arp")
	f.StringArrayVar(&o.flows, "flows", nil, "list of flows to carry instead of the network's own traffic: the flows.csv or trace.jsonl of a run, a CSV, an htsim, HPCC or coflow list, nfdump's output, a pcap; FILE[,NAME=VALUE,...] with attributes of <flows> (repeat for several)")
	f.StringArrayVar(&o.maps, "map", nil, "with --flows of logs: which hosts an address or a prefix stands for, as 10.1.0.0/16=dc-h* (repeat for several; the first that holds an address counts)")
	f.StringArrayVar(&o.series, "series", nil, "follow over time: flows, links, queues, switches or all, each with the ids meant if not all, as queues=s1--s2 (repeat for several); see --interval")
	f.StringVar(&o.interval, "interval", "", "interval of what is followed over time, as 10ms")
	f.StringArrayVar(&o.captures, "capture", nil, "capture frames as pcap: s1:2, s1:*, a node or a link (repeat for several); in runs/ID/captures/")
	f.StringArrayVar(&o.apps, "app", nil, "application: a name, a path or builtin:NAME (repeat for several, in order)")
	f.StringVar(&o.on, "on", "", "world to run in; wins over the descriptor")
	f.StringVar(&o.test, "test", "", "pingall, pingpair, iperf, iperfudp or none")
	f.StringVar(&o.name, "name", "", "name of the run (default: time and network)")
	f.IntVar(&o.repeat, "repeat", 1, "run so many times, with rising seeds, and give means and confidence intervals")
	f.BoolVar(&o.detach, "detach", false, "leave the run in the background once it has started")
	f.BoolVar(&o.keep, "keep", false, "keep the network alive after its work, until sendim stop (implied by --detach when there is no work)")
	f.BoolVar(&o.prompt, "prompt", false, "ask for the prompt although the network has work of its own")
	f.BoolVar(&o.degrade, "degrade", false, "go on, with a warning, without what this world cannot do (delays, loss, rates, queues)")
	f.StringVar(&o.scale, "scale", "", "multiply quantities of the network: rate=1/100,size=1/100,delay=1,time=1, or 1/100 for rates and sizes")
	f.StringVar(&o.until, "until", "", "when to end at the latest, as 30s")
	f.Uint64Var(&o.seed, "seed", 0, "seed of everything that is drawn")
	f.StringVar(&o.workers, "workers", "", "simulation: how many threads work on the network, or auto; the result does not depend on it")
	f.StringArrayVar(&o.params, "param", nil, "parameter of an app: NAME=VALUE or APP.NAME=VALUE")
	f.StringVarP(&o.format, "format", "f", "table", "of the summary: table, json (result.json) or csv (flows.csv)")
	f.BoolVar(&o.detached, "detached", false, "")
	o.checkpoint.register(cmd)
	f.MarkHidden("detached") //nolint:errcheck // the flag exists
	complete := func(flag string, values ...string) {
		cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	}
	complete("on", c.worlds()...)
	complete("test", "pingall", "pingpair", "iperf", "iperfudp", "none")
	complete("format", "table", "json", "csv")
	complete("series", model.SeriesNames()...)
	var kinds []string
	for _, k := range generate.Kinds() {
		kinds = append(kinds, k.Name)
	}
	complete("topo", kinds...)
	cmd.RegisterFlagCompletionFunc("app", c.completeApps) //nolint:errcheck // the flag exists
	cmd.ValidArgsFunction = xmlFiles
	cmd.MarkFlagFilename("topology", "xml") //nolint:errcheck // the flag exists
	cmd.MarkFlagFilename("flows")           //nolint:errcheck // the flag exists
	return cmd
}

// completeApps offers the apps that a name finds, those that are linked in, and files.
func (c *cli) completeApps(_ *cobra.Command, _ []string, begin string) ([]string, cobra.ShellCompDirective) {
	if strings.ContainsRune(begin, '/') {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var apps []string
	for _, b := range c.wiring.Builtins {
		apps = append(apps, b.Name, "builtin:"+b.Name)
	}
	if c.wiring.Found != nil {
		for _, b := range c.wiring.Found() {
			apps = append(apps, b.Name)
		}
	}
	slices.Sort(apps)
	return slices.Compact(apps), cobra.ShellCompDirectiveNoFileComp
}

func xmlFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"xml"}, cobra.ShellCompDirectiveFilterFileExt
}

func (c *cli) worlds() []string {
	var out []string
	for _, b := range c.wiring.Backends("") {
		out = append(out, b.Name())
	}
	return out
}

// input makes of the flags what the conductor reads.
func (c *cli) input(o runOptions, descriptor string, given func(string) bool) (in job.Input, notice string, err error) {
	in = job.Input{Descriptor: descriptor, Systems: o.systems, Topology: o.topo, Flows: o.flows, Maps: o.maps, On: o.on, Degrade: o.degrade}
	if descriptor != "" && isSystem(descriptor) { // the mistake of a first day: it is meant as -t
		in.Descriptor, in.Systems = "", append([]string{descriptor}, o.systems...)
	}
	var bad fault.List
	wrong := func(flag, format string, args ...any) {
		bad.Addf(fault.BadChoice, fault.Place{Attribute: flag}, format, args...)
	}
	if o.topo != "" && len(in.Systems) > 0 {
		wrong("--topo", "a shape and a system descriptor (-t) exclude each other")
	}
	if len(o.maps) > 0 && len(o.flows) == 0 {
		wrong("--map", "says what the addresses of --flows stand for, and there is no --flows")
	}
	if o.on != "" {
		worlds := append(c.worlds(), string(deployment.Physical))
		known := false
		for _, w := range worlds {
			known = known || w == o.on
		}
		if !known {
			bad.Add(fault.New(fault.BadChoice, fault.Place{Attribute: "--on"}, "there is no world %q; there are %s", o.on, strings.Join(c.worlds(), ", ")).Suggest(o.on, worlds))
		}
	}
	if given("seed") {
		in.Seed = &o.seed
	}
	if given("workers") {
		n, err := strconv.Atoi(o.workers)
		if o.workers != "auto" && (err != nil || n < 1 || n > 4096) {
			wrong("--workers", "%q is neither auto nor a number of threads from 1 to 4096", o.workers)
		}
		in.Workers = &n
	}
	if o.until != "" {
		t, err := model.ParseTime(o.until)
		if err != nil || t == 0 {
			wrong("--until", "%q is not a time above zero; write it like 30s", o.until)
		}
		in.Until = &t
	}
	if o.scale != "" {
		s, err := deployment.ParseScale(o.scale)
		if err != nil {
			wrong("--scale", "%v", err)
		}
		in.Scale = &s
	}
	names := map[string]int{}
	for _, plugin := range o.apps {
		name := strings.TrimPrefix(filepath.Base(strings.TrimPrefix(plugin, "builtin:")), "sendim-app-")
		if names[name]++; names[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, names[name])
		}
		in.Apps = append(in.Apps, deployment.Application{Name: name, Plugin: plugin})
	}
	for _, p := range o.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			wrong("--param", "%q: write NAME=VALUE or APP.NAME=VALUE", p)
			continue
		}
		a, param, ok := strings.Cut(name, ".")
		if !ok {
			a, param = "", name
		}
		in.Params = append(in.Params, job.AppParam{App: a, Name: param, Value: value})
	}
	if o.repeat < 1 || o.repeat > 10_000 {
		wrong("--repeat", "%d is outside 1..10000", o.repeat)
	}
	switch o.test {
	case "", "none", "build", "iperf", "iperfudp", "pingpair":
	case "pingall":
		in.Tests = []model.Test{{Kind: model.TestReachable, From: "*", To: "*"}}
	default:
		bad.Add(fault.New(fault.BadChoice, fault.Place{Attribute: "--test"}, "there is no test %q; there are pingall, pingpair, iperf, iperfudp, none", o.test).
			Suggest(o.test, []string{"pingall", "pingpair", "iperf", "iperfudp", "none"}))
	}
	in.StaticARP = o.arp
	in.Watches, in.Interval = watches(o, &bad)
	in.Default, notice = c.defaultApp()
	if in.Descriptor != "" || len(o.apps) > 0 {
		notice = ""
	}
	if err := checkFormat(o.format); err != nil {
		return in, notice, err
	}
	return in, notice, bad.Err()
}

func (c *cli) run(ctx context.Context, o runOptions, descriptor string, given func(string) bool) error {
	var in job.Input
	var notice string
	var err error
	var from *core.Checkpoint
	if o.checkpoint.restore != "" {
		from, err = c.fromCheckpoint(o, descriptor, given)
	} else {
		in, notice, err = c.input(o, descriptor, given)
	}
	if err != nil {
		return err
	}
	if o.detach {
		return c.detach(ctx, o)
	}
	var j *job.Job
	if from != nil {
		j = from.Job
	} else if j, err = job.Load(in); err != nil {
		return err
	}
	sparing(j.Model.NodeCount())
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	spec := core.RunSpec{Job: j, Backends: c.wiring.Backends(self), Launch: c.launcher(c.errs), Root: c.runs, Name: o.name,
		Version: version(), Command: os.Args[1:], Hash: c.hash, From: from, Costs: c.costs()}
	if notice != "" {
		spec.Notices = append(spec.Notices, notice)
	}
	if o.repeat > 1 {
		if len(o.checkpoint.at) > 0 {
			return fault.New(fault.BadChoice, fault.Place{Attribute: "--checkpoint-at"}, "runs that are repeated leave no checkpoints; leave --repeat out")
		}
		return c.repeat(ctx, o, in, spec)
	}
	s := &session{cli: c, o: o}
	if o.detached {
		s.background()
	}
	if err := s.checkpoints(&spec); err != nil {
		return err
	}
	res, err := s.carryOut(ctx, spec)
	if err == nil && res != nil && res.Manifest.State == report.Finished {
		s.untaken()
	}
	return s.outcome(res, err)
}

// isSystem says whether a file is a system descriptor.
func isSystem(file string) bool {
	dir, name := filepath.Split(filepath.Clean(file))
	if dir == "" {
		dir = "."
	}
	kind, err := descriptors.Detect(os.DirFS(dir), name)
	return err == nil && kind != descriptors.KindDeployment
}
