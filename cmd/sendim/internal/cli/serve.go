package cli

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/descriptors"
	"sendim/integrators/controller/credentials"
	"sendim/integrators/serve"
)

// serveOptions are the flags of serve that run has not.
type serveOptions struct {
	listen   string
	openflow string
	ask      []string
	files    credentials.Files
	switches int
	age      time.Duration
	leave    bool
}

func (c *cli) serveCommand() *cobra.Command {
	var o runOptions
	var so serveOptions
	cmd := &cobra.Command{
		Use: "serve", Short: "Run applications on switches that dial in, in a network that nobody described", Args: cobra.NoArgs,
		Example: `  sendim serve --app shortest-path
  sudo mn --controller remote --topo tree,2,3             in another terminal

  sendim serve --listen 192.0.2.1:6653 --app throttle --app shortest-path --switches 4
  ovs-vsctl set-controller s1 tcp:192.0.2.1:6653          at each switch`,
		Long: `Listen for OpenFlow switches and run applications on them, as other controllers do.
Nothing need be described: switches are served as they dial, links are found by LLDP,
hosts when they first speak, and applications hear of what comes, goes and moves, as in
any other run. Results are in runs/ID/ (runs/latest), with the network as it was found at
the end (network.xml).

On a terminal there is Mininet's prompt (nodes, net, links, dpctl dump-flows, flows);
without one the run lasts until ^C or "sendim stop". It takes its switches over whole:
rules that others have put there are removed. At the end the switches hold nothing of
the run, unless they are to --keep it.

` + exitHelp,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd, o, so) },
	}
	f := cmd.Flags()
	f.StringVar(&so.listen, "listen", "127.0.0.1:6653", "where switches find the controller, as HOST:PORT")
	f.StringArrayVar(&o.apps, "app", nil, "application: a name, a path or builtin:NAME (repeat for several, in order)")
	f.StringArrayVar(&o.params, "param", nil, "parameter of an app: NAME=VALUE or APP.NAME=VALUE")
	openflowFlag(f, &so.openflow)
	f.IntVar(&so.switches, "switches", 0, "wait until so many are there, and their links found, before anything else")
	f.StringArrayVar(&so.ask, "ask", nil, "address or prefix (10.0.0.0/24) that hosts may have; ask for it where nobody is known")
	f.DurationVar(&so.age, "age", 5*time.Minute, "how long a host may be silent before it is asked whether it is still there")
	f.StringVar(&so.files.CA, "ca", "", "speak TLS: authority of the switches' certificates (PEM file; with --cert and --key)")
	f.StringVar(&so.files.Cert, "cert", "", "the controller's certificate (PEM file)")
	f.StringVar(&so.files.Key, "key", "", "its private key (PEM file)")
	f.BoolVar(&so.leave, "keep", false, "leave the switches at the end as they are: known hosts go on reaching each other")
	f.StringVar(&o.name, "name", "", "name of the run (default: time and network)")
	f.StringVar(&o.until, "until", "", "when to end at the latest, as 30s")
	f.BoolVar(&o.prompt, "prompt", false, "read commands from the input although it is no terminal; the run ends with it")
	f.BoolVar(&o.detach, "detach", false, "leave the run in the background once it has started")
	f.StringVarP(&o.format, "format", "f", "table", "of the summary: table, json (result.json) or csv (flows.csv)")
	f.BoolVar(&o.detached, "detached", false, "")
	f.MarkHidden("detached") //nolint:errcheck // the flag exists
	cmd.MarkFlagsRequiredTogether("ca", "cert", "key")
	var apps []string
	for _, b := range c.wiring.Builtins {
		apps = append(apps, b.Name, "builtin:"+b.Name)
	}
	cmd.RegisterFlagCompletionFunc("app", cobra.FixedCompletions(apps, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	return cmd
}

// servedJob is a network of which nothing is known, with its apps.
func (c *cli) servedJob(cmd *cobra.Command, o runOptions) (*job.Job, string, error) {
	in, notice, err := c.input(runOptions{apps: o.apps, params: o.params, until: o.until, format: o.format, repeat: 1}, "", cmd.Flags().Changed)
	if err != nil {
		return nil, "", err
	}
	if len(in.Apps) == 0 {
		in.Apps = []deployment.Application{in.Default}
	}
	n, faults := model.NewBuilder("served").Build(nil)
	if err := faults.Err(); err != nil {
		return nil, "", err
	}
	d := &deployment.Deployment{Realization: serve.Realization, Environment: deployment.Development, Applications: in.Apps}
	if in.Until != nil {
		d.Simulation.Until = *in.Until // which is where Until looks
	}
	j := &job.Job{Deployment: d, Model: n}
	return j, notice, j.SetParams(in.Params)
}

func (c *cli) serve(cmd *cobra.Command, o runOptions, so serveOptions) error {
	ctx := cmd.Context()
	j, notice, err := c.servedJob(cmd, o)
	if err != nil {
		return err
	}
	if so.switches < 0 || so.age < time.Second {
		return fault.New(fault.BadChoice, fault.Place{}, "--switches must not be less than 0, and --age not less than 1s")
	}
	if err := openflowKnown(so.openflow); err != nil {
		return err
	}
	var ask []packet.IPv4
	if ask, err = addressesOf(so.ask); err != nil {
		return err
	}
	secured, err := tlsOf(so.files)
	if err != nil {
		return fail(WrongInput, "%w", err)
	}
	if o.detach {
		return c.detach(ctx, o)
	}
	l, err := net.Listen("tcp", so.listen)
	if err != nil {
		return fail(WrongInput, "--listen: %w", err)
	}
	defer l.Close()
	fmt.Fprintf(c.errs, "listening at %s\n", l.Addr())
	b := serve.Backend{Listener: l, TLS: secured, OpenFlow: so.openflow, Switches: so.switches, Ask: ask, Age: model.Time(so.age) * model.Nanosecond, Keep: so.leave,
		Say: func(n int) { fmt.Fprintf(c.errs, "%d of %d switches\n", n, so.switches) }}
	s := &session{cli: c, o: o}
	b.Found = s.leaveNetwork
	spec := core.RunSpec{Job: j, Backends: []backend.Backend{b}, Launch: c.launcher(c.errs), Root: c.runs, Name: o.name, Version: version(), Command: os.Args[1:], Hash: c.hash}
	if notice != "" {
		spec.Notices = append(spec.Notices, notice)
	}
	s.o.repeat, s.o.keep = 1, o.until == ""
	s.o.prompt = o.prompt || terminal(c.in) && !o.detached
	if o.detached {
		s.background()
	}
	res, err := s.carryOut(ctx, spec)
	return s.outcome(res, err)
}

// leaveNetwork writes down what a served network was found to be.
func (s *session) leaveNetwork(n *model.Network) {
	if s.dir == "" {
		return
	}
	path := filepath.Join(s.dir, "network.xml")
	if err := s.writeFile(path, func(w io.Writer) error { return descriptors.Encode(w, n) }); err != nil {
		fmt.Fprintf(s.errs, "sendim: the network as it was found is not written down: %v\n", err)
	}
}
