package labtest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/integrators/shell"
)

// Must says whether everything that tests need must be there (CI=true or SENDIM_LAB=1).
func Must() bool { return os.Getenv("CI") == "true" || os.Getenv("SENDIM_LAB") == "1" }

// Lacks skips a test for want of something, or fails it where everything must be there.
func Lacks(t testing.TB, what any) {
	t.Helper()
	if Must() {
		t.Fatalf("this machine lacks %v", what)
	}
	t.Skipf("this machine lacks %v", what)
}

// Needs asks for root and for programs, and gives a test (a benchmark not) Patience.
func Needs(t testing.TB, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Lacks(t, "root")
	}
	if m := shell.Missing(programs...); len(m) > 0 {
		Lacks(t, m[0])
	}
	if _, measured := t.(*testing.B); !measured {
		Within(t, Patience)
	}
}

// Program finds a program.
func Program(t testing.TB, name string) (path string) {
	t.Helper()
	if m := shell.Missing(name); len(m) > 0 {
		Lacks(t, m[0])
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Python says why apps in Python cannot run here: nil where they can.
func Python() error {
	if out, err := exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").CombinedOutput(); err != nil {
		return fmt.Errorf("python3-grpcio: %w\n%s", err, out)
	}
	return nil
}

// NeedsPython asks for what apps in Python need.
func NeedsPython(t testing.TB) {
	t.Helper()
	if err := Python(); err != nil {
		Lacks(t, err)
	}
}

// Label is a name for what a test makes on this machine that no other test has, nor the same
// one in another process at the same time.
func Label(t testing.TB) string { return strings.ToLower(t.Name()) + "-" + strconv.Itoa(os.Getpid()) }

// Patience is how long a test that hangs may take; the slowest that does not takes a fifth of
// it on a machine of two cores.
const Patience = 5 * time.Minute

// Within ends the program, with the processes of the machine and the stacks of all
// goroutines, if a test is not over in time: whoever waits for another process may wait
// for ever, and what for is seen only while it does.
func Within(t testing.TB, limit time.Duration) {
	name := t.Name()
	alarm := time.AfterFunc(limit, func() {
		list, err := exec.Command("ps", "-eo", "pid,ppid,stat,wchan:24,etime,args", "--forest", "--width=200").Output()
		fmt.Fprintf(os.Stderr, "%s hangs; the processes are (%v)\n%s", name, err, list)
		debug.SetTraceback("all")
		panic(fmt.Sprintf("%s is not over after %v", name, limit))
	})
	t.Cleanup(func() { alarm.Stop() })
}

// soon is how long what a test waits for may take: what takes longer does not come.
const soon = time.Minute

// Await waits until something is so, and ends the test if it never is. It asks less and less
// often, so that whatever is waited for has the machine.
func Await(t testing.TB, what string, so func() bool) {
	t.Helper()
	pause := time.Millisecond
	for end := time.Now().Add(soon); !so(); time.Sleep(pause) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
		pause = min(2*pause, 20*time.Millisecond)
	}
}
