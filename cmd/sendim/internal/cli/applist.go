package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sendim/core/app"
	"sendim/core/fault"
)

// listed is an app that was found.
type listed struct {
	Name      string   `json:"name"` // what a descriptor says as its plugin
	Version   string   `json:"version,omitempty"`
	Tables    int      `json:"tables,omitempty"`
	Chains    bool     `json:"chains,omitempty"`
	Needs     []string `json:"needs"`
	Language  string   `json:"language"`
	Transport string   `json:"transport"` // linked in, or process
	Path      string   `json:"path,omitempty"`
	Doc       string   `json:"doc,omitempty"`
	Broken    string   `json:"broken,omitempty"` // why it cannot be used
}

func (c *cli) appListCommand() *cobra.Command {
	var f *string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the applications that can be found",
		Long: `List the applications that can be found: those that are linked in (builtin:NAME), those
beside this program and in PATH (by name), and those in this folder (by path). Each is
started and asked who it is; of one that is broken the reason is told.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(*f); err != nil {
				return err
			}
			list := c.apps(cmd.Context())
			table := make([][]string, len(list))
			broken := 0
			for i, a := range list {
				state := "ok"
				if a.Broken != "" {
					state = a.Broken
					broken++
				}
				tables := "-"
				if a.Tables > 0 {
					tables = strconv.Itoa(a.Tables)
				}
				needs := strings.Join(a.Needs, " ")
				if a.Chains {
					needs = strings.TrimSpace(needs + " next-app")
				}
				table[i] = []string{a.Name, dash(a.Version), tables, dash(needs), a.Language, a.Transport, state}
			}
			return rows(c.out, *f, []string{"plugin", "version", "tables", "needs", "language", "transport", "state"}, table, list)
		},
	}
	f = format(cmd)
	return cmd
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// apps lists what can be found, in the order in which it is looked for.
func (c *cli) apps(ctx context.Context) []listed {
	var out []listed
	for _, b := range c.wiring.Builtins {
		a := listed{Name: "builtin:" + b.Name, Language: "Go", Transport: "linked in", Needs: []string{}}
		a.fill(b.Make().Manifest())
		out = append(out, a)
	}
	seen := map[string]bool{}
	add := func(name, path string) {
		abs, err := filepath.Abs(path)
		if err != nil || seen[abs] {
			return
		}
		seen[abs] = true
		out = append(out, listed{Name: name, Path: path, Language: language(path), Transport: "process", Needs: []string{}})
	}
	for _, b := range c.wiring.Found() {
		add(b.Name, b.Path)
	}
	here, _ := filepath.Glob(programPrefix + "*") // the pattern is right
	for _, path := range append(here, pythonApps(".")...) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			add(rooted(path), rooted(path))
		}
	}
	var all sync.WaitGroup
	room := make(chan struct{}, 4) // at a time: each is a process
	for i := range out {
		if out[i].Path == "" {
			continue
		}
		all.Add(1)
		go func(a *listed) {
			defer all.Done()
			room <- struct{}{}
			defer func() { <-room }()
			a.ask(ctx, c)
		}(&out[i])
	}
	all.Wait()
	return out
}

// ask starts an app and notes what it says, or why it does not.
func (a *listed) ask(ctx context.Context, c *cli) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	i, err := c.start(ctx, subject{program: a.Path}, io.Discard)
	if err != nil {
		a.Broken = strings.TrimPrefix(oneLine(err), "application "+a.Path+": ")
		if errors.Is(err, context.DeadlineExceeded) {
			a.Broken = "said nothing for 10 s"
		}
		return
	}
	defer i.Close() //nolint:errcheck // it has told who it is
	a.fill(i.Manifest())
}

// oneLine writes an error without its place and code.
func oneLine(err error) string {
	var f fault.Fault
	if errors.As(err, &f) {
		return f.What
	}
	return strings.Join(strings.Fields(fmt.Sprint(err)), " ")
}

func (a *listed) fill(m app.Manifest) {
	a.Version, a.Tables, a.Chains, a.Doc = m.Version, m.Tables, m.Chains, m.Doc
	for _, n := range m.Needs {
		a.Needs = append(a.Needs, string(n))
	}
}
