package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sendim/core/app"
)

func (c *cli) appBuildCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "build [FOLDER]",
		Short: "Build an application, and ask it who it is",
		Long: `Build the application of a folder (this one, unless named) as the program
sendim-app-NAME in it, where its descriptors name it as ./sendim-app-NAME. Put it beside
sendim or into PATH, and plugin="NAME" finds it from anywhere. An app in Python is not
compiled, but read and made executable. Then it is started once and asked who it is.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			info, err := os.Stat(dir)
			if err != nil || !info.IsDir() {
				return fail(WrongInput, "%s is not a folder; sendim app build takes the folder of an application", dir)
			}
			s, err := folder(dir)
			if err != nil {
				return err
			}
			if out != "" {
				s.program = rooted(out)
			}
			m, err := c.build(cmd, &s)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "built %s: %s\n", strings.TrimPrefix(s.program, "./"), introduce(m))
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "program to write (Go; default: FOLDER/sendim-app-NAME)")
	return cmd
}

// build makes the program of a folder and gives its manifest.
func (c *cli) build(cmd *cobra.Command, s *subject) (app.Manifest, error) {
	if s.lang == "Python" {
		if err := readPython(cmd.Context(), s.program); err != nil {
			return app.Manifest{}, err
		}
	} else if err := buildGo(cmd, s); err != nil {
		return app.Manifest{}, err
	}
	i, err := c.start(cmd.Context(), *s, c.errs)
	if err != nil {
		return app.Manifest{}, err
	}
	defer i.Close() //nolint:errcheck // it has told who it is
	return i.Manifest(), nil
}

// buildGo compiles the command of a folder: plugin/ where there is one. The program
// appears whole or not at all.
func buildGo(cmd *cobra.Command, s *subject) error {
	target := "."
	if info, err := os.Stat(filepath.Join(s.dir, "plugin")); err == nil && info.IsDir() {
		target = "./plugin"
	}
	abs, err := filepath.Abs(s.program)
	if err != nil {
		return fmt.Errorf("build %s: %w", s.dir, err)
	}
	draft := filepath.Join(filepath.Dir(abs), "."+filepath.Base(abs)+".new")
	defer os.Remove(draft) //nolint:errcheck // it is gone when all went well
	if err := goTool(cmd, s.dir, "build", "-o", draft, target); err != nil {
		return err
	}
	if err := os.Rename(draft, abs); err != nil {
		return fmt.Errorf("build %s: %w", s.dir, err)
	}
	return nil
}

// readPython has Python read a program without running it, and makes it executable.
func readPython(ctx context.Context, path string) error {
	argv := strings.Fields(interpreter(path))
	if len(argv) == 0 {
		return fail(WrongInput, "%s does not begin with #!/usr/bin/python3", path)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	const read = "import ast,sys; f=sys.argv[1]\ntry: ast.parse(open(f,encoding='utf-8').read(),f)\nexcept SyntaxError as e: sys.exit(f'{f}:{e.lineno}:{e.offset}: {e.msg}')"
	said, err := exec.CommandContext(ctx, argv[0], append(argv[1:], "-c", read, strings.TrimPrefix(path, "./"))...).CombinedOutput()
	if err != nil && len(said) > 0 {
		return fail(Failed, "%s", strings.TrimSpace(string(said)))
	}
	if err != nil {
		return fail(NotHere, "%s cannot be read by %s: %w", path, argv[0], err)
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o111 == 0 {
		err = os.Chmod(path, info.Mode().Perm()|0o111&(info.Mode().Perm()>>2|0o100))
	}
	if err != nil {
		return fmt.Errorf("make %s executable: %w", path, err)
	}
	return nil
}
