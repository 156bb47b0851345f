package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/record"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
)

// TestLab runs the scripts that need Mininet side by side. Without it they are skipped by name, or
// fail where CI=true or SENDIM_LAB=1 say that it must be there.
func TestLab(t *testing.T) { lab(t, "testdata/lab") }

// TestQuietLab runs the scripts that want a machine to themselves: after the others, and
// none if somebody else is at work.
func TestQuietLab(t *testing.T) { lab(t, "testdata/quiet") }

func lab(t *testing.T, scripts string) {
	_, err := emulate.Backend{}.Capabilities(t.Context(), backend.Spec{Deployment: &deployment.Deployment{}})
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("SENDIM_LAB") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	bin := t.TempDir()
	for _, name := range []string{"learning-switch", "load-balancer", "shortest-path", "throttle"} {
		out, err := exec.Command("go", "build", "-o", bin+"/sendim-app-"+name, "sendim/plugins/"+name+"/plugin").CombinedOutput()
		if err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:       scripts,
		Cmds:      labCommands(),
		Condition: has,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+":"+e.Getenv("PATH"))
			e.Setenv("EXAMPLES", examples(t))
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/.cache")
			return stopWhatWasLeft(e)
		},
	})
}

// labCommands adds "slay RUN PROGRAM" to the commands, which kills a process of a run, known
// by what it bears and not by its name alone, with SIGKILL.
func labCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := commands()
	all["slay"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: slay RUN PROGRAM")
		}
		r, err := record.Find(ts.MkAbs("runs"), args[0])
		ts.Check(err)
		list, err := netns.Leftovers(r.Manifest.ID)
		ts.Check(err)
		for _, p := range list {
			comm, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "comm"))
			if strings.TrimSpace(string(comm)) == args[1] && strings.HasPrefix(p.Owner, strconv.Itoa(r.Manifest.PID)+":") {
				ts.Check(syscall.Kill(p.PID, syscall.SIGKILL))
				return
			}
		}
		ts.Fatalf("run %s has no process %s", args[0], args[1])
	}
	return all
}

func examples(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/../../examples"
}
