package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/scaffold"
)

func (c *cli) appNewCommand() *cobra.Command {
	var dir, lang, sdk string
	var vendor bool
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make the folder of a new application",
		Long: `Make the folder NAME with an application that works: a switch that learns, in about forty
lines, with its tests, a small network, and deployment descriptors for the simulation and
for Mininet.

An app in Go is built with SENDIM's source on this machine, from what the Go tool has
already fetched, without network. The source is looked for where --sdk or the environment
variable SENDIM_SDK say, else where this program was built, else beside it. --vendor copies
everything into the folder, which then stands alone.`,
		Example: `  sendim app new my-switch
  sendim app new my-switch --lang python`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := scaffold.Request{Name: args[0], Dir: dir, Lang: lang, Python: c.wiring.Python}
			if r.Dir == "" {
				r.Dir = args[0]
			}
			if lang == "go" {
				var err error
				if r.SDK, err = scaffold.FindSDK(sdk); err != nil {
					return err
				}
			}
			if vendor {
				if lang != "go" {
					return fail(WrongInput, "--vendor is for apps in Go; one in Python has its package beside it anyway")
				}
				r.Vendor = func(dir string) error { return goTool(cmd, dir, "mod", "vendor") }
			}
			files, err := scaffold.Write(r)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "made %s:\n", r.Dir)
			for _, f := range files {
				if !strings.HasPrefix(f, "sendim/") {
					fmt.Fprintf(c.out, "  %s\n", f)
				}
			}
			if lang == "python" {
				fmt.Fprintf(c.out, "  sendim/\n")
			}
			fmt.Fprintf(c.out, "next: cd %s && sendim app build && sendim app test && sendim run simulation.xml\n", r.Dir)
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "go", "language: go or python")
	cmd.Flags().StringVar(&dir, "dir", "", "folder to make (default: NAME)")
	cmd.Flags().StringVar(&sdk, "sdk", "", "folder of SENDIM's source (Go)")
	cmd.Flags().BoolVar(&vendor, "vendor", false, "copy everything that the app is built of into its folder (Go)")
	cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(scaffold.Languages(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	cmd.MarkFlagDirname("sdk")                                                                                               //nolint:errcheck // the flag exists
	return cmd
}

// goTool runs the Go tool in a folder, with what has been fetched already; only its
// errors are told.
func goTool(cmd *cobra.Command, dir string, args ...string) error {
	tool, err := exec.LookPath("go")
	if err != nil {
		return fail(NotHere, "an app in Go needs the Go tool (go.dev/dl), and there is none in PATH; one in Python needs no compiler: --lang python")
	}
	run := exec.CommandContext(cmd.Context(), tool, args...)
	run.Dir = dir
	run.Env = goEnvironment(dir)
	out, err := run.CombinedOutput()
	if err == nil {
		return nil
	}
	said := strings.TrimSpace(string(out))
	if strings.Contains(said, "GOPROXY=off") {
		said += "\nNothing is fetched here: if the app uses a module of its own, \"go get MODULE\" in its folder fetches it."
	}
	return fail(Failed, "go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, said)
}

// goEnvironment keeps the Go tool to what is on this machine, unless the user has said
// otherwise: what an app needs, SENDIM itself needed.
func goEnvironment(dir string) []string {
	env := os.Environ()
	if os.Getenv("GOPROXY") == "" {
		env = append(env, "GOPROXY=off", "GONOSUMDB=*", "GOTOOLCHAIN=local")
	}
	if _, err := os.Stat(filepath.Join(dir, "vendor", "modules.txt")); err != nil {
		env = append(env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -mod=mod"))
	}
	return append(env, "GOWORK=off")
}
