package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/record"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
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
		labtest.Lacks(t, err)
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
		for _, p := range processes(ts, r.Manifest.ID, r.Manifest.PID) {
			comm, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "comm"))
			if strings.TrimSpace(string(comm)) == args[1] {
				ts.Check(syscall.Kill(p.PID, syscall.SIGKILL))
				return
			}
		}
		ts.Fatalf("run %s has no process %s", args[0], args[1])
	}
	// halt RUN PROGRAM stops the process of an app of a living run with SIGSTOP.
	all["halt"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: halt RUN PROGRAM")
		}
		r, err := record.Find(ts.MkAbs("runs"), args[0])
		ts.Check(err)
		files, err := filepath.Glob("/proc/[0-9]*/stat")
		ts.Check(err)
		for _, file := range files {
			text, _ := os.ReadFile(file)
			pid, rest, _ := strings.Cut(string(text), " (")
			name, rest, _ := strings.Cut(rest, ") ")
			if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(r.Manifest.PID) && name == args[1][:min(15, len(args[1]))] {
				number, err := strconv.Atoi(pid)
				ts.Check(err)
				ts.Check(syscall.Kill(number, syscall.SIGSTOP))
				return
			}
		}
		ts.Fatalf("run %s has no process %s of its own", args[0], args[1])
	}
	// interrupt DELAY RUN COMMAND... sends a command that makes a run the signal of Ctrl-C after
	// a while, and checks that it ends as one that was interrupted and leaves nothing, wherever
	// it was by then. murder sends it SIGKILL, and checks that no process of it is left.
	all["interrupt"] = func(ts *testscript.TestScript, neg bool, args []string) {
		code, pid, said := signalled(ts, neg, args, os.Interrupt)
		if code != 130 {
			ts.Fatalf("interrupted after %s it exits with %d:\n%s", args[0], code, said)
		}
		if left := processes(ts, args[1], pid); len(left) > 0 {
			ts.Fatalf("interrupted after %s it leaves %v", args[0], left)
		}
		entries, err := os.ReadDir(ts.Getenv("TMPDIR"))
		ts.Check(err)
		if len(entries) > 0 {
			ts.Fatalf("interrupted after %s it leaves %s in %s", args[0], entries[0].Name(), ts.Getenv("TMPDIR"))
		}
	}
	all["murder"] = func(ts *testscript.TestScript, neg bool, args []string) {
		_, pid, _ := signalled(ts, neg, args, os.Kill)
		for range 600 { // the kernel's work
			if len(processes(ts, args[1], pid)) == 0 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		ts.Fatalf("killed after %s it leaves %v", args[0], processes(ts, args[1], pid))
	}
	return all
}

// processes lists those of a run that a process has made: others may have a run of that name.
func processes(ts *testscript.TestScript, run string, maker int) []netns.Leftover {
	list, err := netns.Leftovers(run)
	ts.Check(err)
	return slices.DeleteFunc(list, func(p netns.Leftover) bool { return !strings.HasPrefix(p.Owner, strconv.Itoa(maker)+":") })
}

// signalled runs a command and sends it a signal after a while.
func signalled(ts *testscript.TestScript, neg bool, args []string, sig os.Signal) (code, pid int, said string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt|murder DELAY RUN COMMAND...")
	}
	delay, err := time.ParseDuration(args[0])
	ts.Check(err)
	var out bytes.Buffer
	program := args[2]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) { // the script's, not ours
		if path := filepath.Join(dir, args[2]); program == args[2] {
			if _, err := os.Stat(path); err == nil {
				program = path
			}
		}
	}
	cmd := exec.Command(program, args[3:]...)
	cmd.WaitDelay = time.Minute // for what it has left and that writes where it wrote
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = ts.MkAbs("."), &out, &out, os.Environ()
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	// It is somebody who types nothing, and not the end of what is typed: a network that
	// stands before the signal comes would else be ended by that, and well.
	typed, err := cmd.StdinPipe()
	ts.Check(err)
	defer typed.Close()
	ts.Check(cmd.Start())
	time.Sleep(delay)
	_ = cmd.Process.Signal(sig) // it may have ended
	late := time.AfterFunc(time.Minute, func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // it says where it stands
	})
	_ = cmd.Wait()
	if !late.Stop() {
		ts.Fatalf("it does not end with the signal\n%s", out.String())
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGINT {
		return 130, cmd.Process.Pid, out.String() // it came before the program could take it, and is told by a shell so
	}
	return cmd.ProcessState.ExitCode(), cmd.Process.Pid, out.String()
}

func examples(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/../../examples"
}
