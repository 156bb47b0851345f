package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sendim/cmd/sendim/internal/live"
	"sendim/core/record"
	"sendim/core/report"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sendim": main, "sendim-app-bad": badApp})
}

// The scripts are what a user types and sees. "exits N sendim ..." asserts an exit code,
// "try sendim ..." does not,
// "retry sendim ..." waits until a command succeeds.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup:         stopWhatWasLeft,
		Cmds:          commands(),
	})
}

// stopWhatWasLeft ends the background runs of a script that failed before it could.
func stopWhatWasLeft(e *testscript.Env) error {
	e.Defer(func() {
		runs, err := record.List(filepath.Join(e.WorkDir, "runs"))
		if err != nil {
			return
		}
		for _, r := range runs {
			if r.Manifest.State == report.Running && live.Alive(r.Dir) {
				syscall.Kill(r.Manifest.PID, syscall.SIGTERM) //nolint:errcheck // it may have ended meanwhile
			}
		}
	})
	return nil
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < 2 {
				ts.Fatalf("usage: exits CODE COMMAND...")
			}
			want, err := strconv.Atoi(args[0])
			ts.Check(err)
			err = ts.Exec(args[1], args[2:]...)
			code := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				ts.Fatalf("%v", err)
			}
			if code != want {
				ts.Fatalf("%s exits with %d, want %d\n%s%s", strings.Join(args[1:], " "), code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
			}
		},
		"try": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Exec(args[0], args[1:]...) //nolint:errcheck // the code is not asked for
		},
		"retry": func(ts *testscript.TestScript, _ bool, args []string) {
			for range 200 {
				if ts.Exec(args[0], args[1:]...) == nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			ts.Fatalf("%s never succeeded", strings.Join(args, " "))
		},
	}
}
