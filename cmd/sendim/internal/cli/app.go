package cli

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/scaffold"
	"sendim/core/app"
	"sendim/core/deployment"
	"sendim/core/fault"
)

// Binary is an app's binary that can be found by name.
type Binary struct{ Name, Path string }

// programPrefix begins the file name of every app's binary.
const programPrefix = "sendim-app-"

func (c *cli) appCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Write, build, test and list applications",
		Long: `Write, build, test and list applications: the logic of a network, in Go or in Python.

  sendim app new my-switch       a folder with an app that works, its tests and a network
  sendim app build               in it: the program sendim-app-my-switch
  sendim app test                in it: the laws that every app should keep, and its own tests
  sendim app list                what can be found, and what it asks for`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return fault.New(fault.BadChoice, fault.Place{}, "there is no command app %s; there are %s", args[0], strings.Join(names, ", ")).Suggest(args[0], names)
	}
	for _, sub := range []*cobra.Command{c.appNewCommand(), c.appBuildCommand(), c.appTestCommand(), c.appListCommand()} {
		cmd.AddCommand(wrongArguments(sub))
	}
	return cmd
}

// subject is an app that somebody works on: a folder, a program, or one that is linked in.
type subject struct {
	dir     string // its folder; "" when only the program is known
	program string // path to start; "" for one that is linked in, or not yet built
	builtin string // its name
	lang    string // Go, Python or ?
	module  string // Go: last part of the module's path
}

// find makes a subject of what a user names: a folder, a program, a name or builtin:NAME.
func (c *cli) find(what string) (s subject, err error) {
	if name, ok := strings.CutPrefix(what, "builtin:"); ok {
		return subject{builtin: name, lang: "Go"}, nil
	}
	info, err := os.Stat(what)
	switch {
	case err == nil && info.IsDir():
		return folder(what)
	case err == nil:
		s.program = what
	default:
		if s.program, err = c.wiring.Find(what); err != nil {
			return s, c.hint(what, err)
		}
	}
	if !strings.ContainsRune(s.program, filepath.Separator) {
		s.program = "." + string(filepath.Separator) + s.program
	}
	s.lang = language(s.program)
	return s, nil
}

// folder is the app of a folder: a Go module, or one program in Python.
func folder(dir string) (subject, error) {
	s := subject{dir: dir}
	if name := scaffold.ModuleName(dir); name != "" {
		s.lang, s.module = "Go", name
		s.program = rooted(filepath.Join(dir, programPrefix+name))
		return s, nil
	}
	scripts := pythonApps(dir)
	switch len(scripts) {
	case 0:
		return s, fault.New(fault.FileMissing, fault.Place{File: dir}, "holds no application: no go.mod, and no program in Python that begins with #!/usr/bin/python3 and uses the package sendim; sendim app new makes one")
	case 1:
		s.lang, s.program = "Python", rooted(scripts[0])
		return s, nil
	}
	var names []string
	for _, p := range scripts {
		names = append(names, filepath.Base(p))
	}
	return s, fault.New(fault.BadChoice, fault.Place{File: dir}, "holds several applications, %s: name one", strings.Join(names, ", "))
}

// rooted writes a path so that it is a path and not a name.
func rooted(path string) string {
	if strings.ContainsRune(path, filepath.Separator) {
		return path
	}
	return "." + string(filepath.Separator) + path
}

// pythonApps lists the programs in Python of a folder that are apps.
func pythonApps(dir string) []string {
	all, _ := filepath.Glob(filepath.Join(dir, "*.py")) // the pattern is right
	var out []string
	for _, path := range all {
		if name := filepath.Base(path); strings.HasPrefix(name, "test_") || strings.HasSuffix(name, "_test.py") || interpreter(path) == "" {
			continue
		}
		if text, err := os.ReadFile(path); err == nil && (strings.Contains(string(text), "from sendim import") || strings.Contains(string(text), "import sendim")) {
			out = append(out, path)
		}
	}
	return out
}

// interpreter is the program that a file's first line hands it to, if that is Python:
// its words; "" otherwise.
func interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	words, ok := strings.CutPrefix(strings.TrimSpace(line), "#!")
	if !ok || !strings.Contains(words, "python") {
		return ""
	}
	return strings.TrimSpace(words)
}

// language says what a program is written in, as far as one can see.
func language(path string) string {
	if interpreter(path) != "" {
		return "Python"
	}
	if _, err := buildinfo.ReadFile(path); err == nil {
		return "Go"
	}
	return "?"
}

// start begins a life of the subject.
func (c *cli) start(ctx context.Context, s subject, log io.Writer) (app.Instance, error) {
	plugin := s.program
	if s.builtin != "" {
		plugin = "builtin:" + s.builtin
	}
	i, err := c.launcher(log)(ctx, deployment.Application{Name: filepath.Base(plugin), Plugin: plugin})
	return i, c.unfound(s, err)
}

// unfound says of a program that is not there yet how it comes to be.
func (c *cli) unfound(s subject, err error) error {
	var f fault.Fault
	if errors.As(err, &f) && f.Code == fault.UnknownApp && s.dir != "" {
		return fault.New(fault.UnknownApp, fault.Place{File: s.dir}, "%s is not there yet: sendim app build makes it", s.program)
	}
	return err
}

// introduce says what an app is in one line.
func introduce(m app.Manifest) string {
	tables := "1 table"
	if m.Tables != 1 {
		tables = fmt.Sprintf("%d tables", m.Tables)
	}
	return strings.TrimSpace(m.Name+" "+m.Version) + ", " + tables
}
