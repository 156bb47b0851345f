package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/integrators/emulate"
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
		Cmds:      commands(),
		Condition: has,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+":"+e.Getenv("PATH"))
			e.Setenv("EXAMPLES", examples(t))
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/.cache")
			return stopWhatWasLeft(e)
		},
	})
}

func examples(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/../../examples"
}
