package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sendim/cmd/sendim/internal/live"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/integrators/labtest"
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
		Setup: func(e *testscript.Env) error {
			goCaches(e)
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/.cache")
			return stopWhatWasLeft(e)
		},
		Condition: has,
		Cmds:      commands(),
	})
}

// has answers the conditions [go], [python] and [idle]: scripts that need more than this program
// are skipped by name, or fail where CI=true or SENDIM_LAB=1 say that all must be there.
func has(what string) (bool, error) {
	var err error
	switch what {
	case "go":
		_, err = exec.LookPath("go")
	case "python":
		err = labtest.Python()
	case "idle":
		return idle(), nil // whether others are at work is nobody's failure
	default:
		return false, fmt.Errorf("there is no condition %s", what)
	}
	if err != nil && labtest.Must() {
		return false, fmt.Errorf("%s must be there: %w", what, err)
	}
	return err == nil, nil
}

// idle says whether this machine has time: it waits up to half a minute until tasks had
// to wait for a core in less than a twentieth of the last ten seconds.
func idle() bool {
	for range 30 {
		text, _ := os.ReadFile("/proc/pressure/cpu")
		var share float64
		if _, err := fmt.Sscanf(string(text), "some avg10=%f", &share); err == nil && share < 5 {
			return true
		}
		time.Sleep(time.Second)
	}
	return false
}

// goCaches lets the Go tool of a script, which has no home, use what has been fetched and
// built.
func goCaches(e *testscript.Env) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if dirs := strings.Fields(string(out)); err == nil && len(dirs) == 2 {
		e.Setenv("GOCACHE", dirs[0])
		e.Setenv("GOMODCACHE", dirs[1])
	}
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
		// killrun RUN kills the process of a run with SIGKILL and waits for its end.
		"killrun": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) != 1 {
				ts.Fatalf("usage: killrun RUN")
			}
			r, err := record.Find(ts.MkAbs("runs"), args[0])
			ts.Check(err)
			ts.Check(syscall.Kill(r.Manifest.PID, syscall.SIGKILL))
			for range 1200 {
				if !live.Alive(r.Dir) && !record.Written(r.Dir) {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			ts.Fatalf("run %s goes on", args[0])
		},
		"typed": typed,
		"try": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Exec(args[0], args[1:]...) //nolint:errcheck // the code is not asked for
		},
		"retry": func(ts *testscript.TestScript, _ bool, args []string) {
			for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); { // a busy machine may take its time
				if ts.Exec(args[0], args[1:]...) == nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			ts.Fatalf("%s never succeeded", strings.Join(args, " "))
		},
		// await REGEXP COMMAND... repeats a command until its output matches; a busy machine
		// may take its time.
		"await": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < 2 {
				ts.Fatalf("usage: await REGEXP COMMAND...")
			}
			want, err := regexp.Compile(args[0])
			ts.Check(err)
			for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
				if ts.Exec(args[1], args[2:]...) == nil && want.MatchString(ts.ReadFile("stdout")) {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			ts.Fatalf("%s never wrote %s", strings.Join(args[1:], " "), args[0])
		},
	}
}
