package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/cost"
	"sendim/core/deployment"
	"sendim/core/fault"
)

// Wiring is what main hands in: the visible lists of what there is.
type Wiring struct {
	// Backends lists the worlds; self is the path of this program, for those that start
	// it again inside.
	Backends func(self string) []backend.Backend
	// Builtins lists the apps that are linked in.
	Builtins []Builtin
	// Find gives the path of an app's binary by its name.
	Find func(name string) (path string, err error)
	// Found lists the binaries of apps that Find finds by name.
	Found func() []Binary
	// Python is the package for apps in Python, as files.
	Python fs.FS
	// Start starts the binary of an app that may use what its descriptor says, and whose
	// checksum must fit unless it is "".
	Start func(ctx context.Context, path string, a deployment.Application, log io.Writer) (app.Instance, error)
	// Importers lists the foreign formats that are read, in the order they are tried.
	Importers []Importer
	// Hidden lists subcommands by which the program starts itself.
	Hidden []Hidden
	// Doctor lists what this machine can do.
	Doctor func(ctx context.Context) []Finding
	// Measure finds out what networks take in a world of real hosts; say hears what it
	// is at.
	Measure func(ctx context.Context, b backend.Backend, say func(string)) (*cost.Figures, error)
}

// Builtin is an app that is linked in.
type Builtin struct {
	Name string
	Make func() app.App
}

// Hidden is a subcommand that is of no use by hand.
type Hidden struct {
	Name string
	Main func(ctx context.Context, args []string) int
}

// Version is set when a release is built.
var Version = "" //nolint:gochecknoglobals // -ldflags -X needs a variable

// cli is the program under way.
type cli struct {
	wiring Wiring
	out    io.Writer
	errs   io.Writer
	in     *os.File
	runs   string // folder of runs
}

// Main carries out a command line and gives the exit code.
func Main(w Wiring, args []string) int {
	c := &cli{wiring: w, out: os.Stdout, errs: os.Stderr, in: os.Stdin}
	for _, h := range w.Hidden { // these live by their own rules, signals included
		if len(args) > 1 && args[1] == h.Name {
			return h.Main(context.Background(), args[2:])
		}
	}
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // else it is nohup(1) that called
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second ^C ends at once
	root := c.root()
	root.SetArgs(args[1:])
	err := root.ExecuteContext(ctx)
	told := err
	if err == context.Canceled { //nolint:errorlint // one that says more is told as it is
		told = errors.New("interrupted")
	}
	explain(c.errs, told)
	code := exitCode(err)
	if errors.Is(err, context.Canceled) {
		code = Interrupted
	}
	return code
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "sendim",
		Short: "Run one network and its applications in a simulator and in Mininet",
		Long: `sendim runs a network and its applications in a simulator or in Mininet, and compares
what came out. A first run, no file needed:

  sendim run --topo linear,4 --test pingall

` + exitHelp,
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.SetOut(c.out)
	root.SetErr(c.errs)
	root.SetFlagErrorFunc(wrongFlag)
	root.PersistentFlags().StringVar(&c.runs, "runs", "runs", "folder of runs")
	for _, cmd := range slices.Concat(c.timeCommands(), c.lineCommands(), []*cobra.Command{c.runCommand(), c.validateCommand(), c.importCommand(), c.discoverCommand(), c.serveCommand(), c.generateCommand(), c.appCommand(), c.convertCommand(), c.compareCommand(),
		c.runsCommand(), c.statusCommand(), c.checkpointCommand(), c.shellCommand(), c.stopCommand(), c.traceCommand(), c.doctorCommand(), c.gcCommand(), c.versionCommand()}) {
		root.AddCommand(wrongArguments(cmd))
	}
	return wrongArguments(root)
}

// wrongArguments gives a command's complaint about its arguments the code of wrong input.
func wrongArguments(cmd *cobra.Command) *cobra.Command {
	check := cmd.Args
	if check == nil && !cmd.HasParent() && cmd.Name() == "sendim" {
		check = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			var names []string
			for _, sub := range cmd.Commands() {
				names = append(names, sub.Name())
			}
			return fault.Fault{Code: fault.BadChoice, What: "there is no command " + strings.TrimSpace(args[0]), Nearest: fault.Nearest(args[0], names)}
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err == nil || exitCode(err) == WrongInput {
				return err
			}
			return fail(WrongInput, "%w; the usage is: %s", err, cmd.UseLine())
		}
	}
	return cmd
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		_, err := io.WriteString(c.out, "sendim "+version()+"\n")
		return err
	}}
}

// version is the release's, or the commit that was built.
func version() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if revision == "" {
		return "development"
	}
	return revision + dirty
}

// launcher starts apps: linked in by "builtin:NAME", others as processes of their own.
func (c *cli) launcher(log io.Writer) backend.Launcher {
	return func(ctx context.Context, a deployment.Application) (app.Instance, error) {
		if name, ok := strings.CutPrefix(a.Plugin, "builtin:"); ok {
			var names []string
			for _, b := range c.wiring.Builtins {
				if b.Name == name {
					return app.Local(b.Make()), nil
				}
				names = append(names, b.Name)
			}
			return nil, fault.New(fault.UnknownApp, fault.Place{}, "no application %q is linked in; there are %s", name, strings.Join(names, ", ")).Suggest(name, names)
		}
		path, err := c.wiring.Find(a.Plugin)
		if err != nil {
			return nil, c.hint(a.Plugin, err)
		}
		return c.wiring.Start(ctx, path, a, log)
	}
}

// hint adds to the fault of an app that is not found what would help.
func (c *cli) hint(name string, err error) error {
	var f fault.Fault
	if !errors.As(err, &f) {
		return err
	}
	for _, b := range c.wiring.Builtins {
		if b.Name == name {
			f.What += "; make build puts it beside sendim, and plugin=\"builtin:" + name + "\" uses the one that is linked in"
			f.Nearest = ""
		}
	}
	return f
}

// defaultApp is what runs when nobody names an app: the binary where there is one.
func (c *cli) defaultApp() (a deployment.Application, notice string) {
	const name = "learning-switch"
	if _, err := c.wiring.Find(name); err == nil {
		return deployment.Application{Name: name, Plugin: name}, ""
	}
	return deployment.Application{Name: name, Plugin: "builtin:" + name}, "no application was named, and no binary of " + name + " was found: the one that is linked in ran"
}
