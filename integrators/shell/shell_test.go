package shell_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"sendim/integrators/labtest"
	"sendim/integrators/shell"
	"sendim/integrators/shell/shelltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sh(script string) shell.Cmd { return shell.Cmd{Argv: []string{"sh", "-c", script}} }

func TestRunGivesWhatTheProgramPrinted(t *testing.T) {
	res, err := shell.Local().Run(t.Context(), shell.Cmd{
		Argv:  []string{"sh", "-c", `cat; echo "$A in $PWD" >&2`},
		Dir:   "/",
		Env:   []string{"A=first", "A=second"},
		Stdin: strings.NewReader("hello"),
	})
	if err != nil || string(res.Stdout) != "hello" || string(res.Stderr) != "second in /\n" || res.Exit != 0 {
		t.Fatalf("%+v %v", res, err)
	}
}

func TestErrorShowsTheCommandAsOneCouldPasteItAndWhatItPrinted(t *testing.T) {
	c := sh("echo out; echo 'it broke' >&2; exit 3")
	c.Dir, c.Env = "/tmp", []string{"NAME=a b"}
	res, err := shell.Local().Run(t.Context(), c)
	want := `command failed: cd /tmp && NAME='a b' sh -c 'echo out; echo '\''it broke'\'' >&2; exit 3': exit status 3
  stderr:
    it broke
  stdout:
    out`
	if err == nil || err.Error() != want || res.Exit != 3 {
		t.Errorf("exit %d, error\n%v\nwant\n%s", res.Exit, err, want)
	}
	var failed *shell.Error
	if !errors.As(err, &failed) || failed.Exit != 3 {
		t.Errorf("%#v", err)
	}
}

func TestErrorShowsOnlyTheEndOfMuchOutput(t *testing.T) {
	_, err := shell.Local().Run(t.Context(), sh("seq 1 100000 >&2; exit 1"))
	if s := err.Error(); len(s) > 5000 || !strings.HasSuffix(s, "100000") || !strings.Contains(s, "the last 2048 bytes") {
		t.Errorf("%d bytes: %s", len(s), s)
	}
}

func TestAProgramThatIsMissingIsNamedWithItsPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := shell.Local().Run(t.Context(), shell.Cmd{Argv: []string{"mnexec-none/mn"}})
	var missing *shell.MissingError
	if !errors.As(err, &missing) || missing.Error() != "mnexec-none/mn not found: apt-get install mininet" {
		t.Error(err)
	}
	got := shell.Missing("virsh-of-nobody", "sh-of-nobody")
	if len(got) != 2 || got[0].Error() != "virsh-of-nobody not found" {
		t.Error(got)
	}
}

func TestOutputBeyondTheLimitIsAnErrorAndNotHalfATable(t *testing.T) {
	c := sh("seq 1 1000; seq 1 1000 >&2")
	c.Limit = 100
	res, err := shell.Local().Run(t.Context(), c)
	if !errors.Is(err, shell.ErrTooLong) || len(res.Stdout) != 100 || len(res.Stderr) != 100 {
		t.Errorf("%d %d %v", len(res.Stdout), len(res.Stderr), err)
	}
	if !strings.HasPrefix(string(res.Stdout), "1\n2\n") || !strings.HasSuffix(string(res.Stderr), "999\n1000\n") {
		t.Errorf("kept %q and %q", res.Stdout, res.Stderr)
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	labtest.Await(t, fmt.Sprint("the end of process ", pid), func() bool { return !alive(pid) })
}

// child starts a shell that has a child in its group and returns both ids.
func child(t *testing.T, ctx context.Context, script string) (shell.Process, int) {
	t.Helper()
	p, err := shell.Local().Start(ctx, sh(script))
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(p.Stdout()).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return p, pid
}

func TestCancellingKillsTheWholeGroup(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	p, grandchild := child(t, ctx, "trap '' TERM; sleep 100 & echo $!; wait")
	defer p.Stdout().Close()
	why := errors.New("the user left")
	cancel(why)
	err := p.Wait()
	var failed *shell.Error
	if !errors.Is(err, why) || !errors.As(err, &failed) || failed.Signal != syscall.SIGKILL {
		t.Error(err)
	}
	waitGone(t, grandchild)
	waitGone(t, p.PID())
}

func TestStopEndsAnObedientProgramAndWhatItLeftInItsGroup(t *testing.T) {
	p, grandchild := child(t, t.Context(), "trap 'exit 0' TERM; (trap '' TERM; exec sleep 100) & echo $!; wait")
	if err := p.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	waitGone(t, grandchild)
	if err := p.Stop(0); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
}

func TestStopKillsADisobedientProgramAfterItsGrace(t *testing.T) {
	p, grandchild := child(t, t.Context(), "trap '' TERM; sleep 100 & echo $!; wait; sleep 100")
	if err := p.Stop(20 * time.Millisecond); err != nil {
		t.Error(err)
	}
	waitGone(t, grandchild)
}

func TestAKeptProgramIsTalkedToThroughItsPipes(t *testing.T) {
	p, err := shell.Local().Start(t.Context(), sh("while read x; do echo got $x; done"))
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(p.Stdout())
	for _, word := range []string{"one", "two"} {
		if _, err := io.WriteString(p.Stdin(), word+"\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := out.ReadString('\n'); line != "got "+word+"\n" {
			t.Fatalf("%q %v", line, err)
		}
	}
	_ = p.Stdin().Close()
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%q %v", rest, err)
	}
	_ = p.Stdout().Close()
}

func TestADaemonLeftBehindDoesNotHoldUpRun(t *testing.T) {
	res, err := shell.Local().Run(t.Context(), sh("sleep 30 & echo $!"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(res.Stdout)))
	if err != nil || !alive(pid) {
		t.Fatalf("%q %v", res.Stdout, err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func TestInputThatNobodyReadsDoesNotHoldUpRun(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	c := sh("exit 0")
	c.Stdin = r
	if _, err := shell.Local().Run(t.Context(), c); err != nil {
		t.Error(err)
	}
	_ = r.Close()
}

func TestAFileIsWrittenByTheProgramItself(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := sh("echo out; echo err >&2")
	c.Stdout, c.Stderr = f, f
	p, err := shell.Local().Start(t.Context(), c)
	if err != nil || p.Stdout() != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(f.Name()); string(text) != "out\nerr\n" {
		t.Errorf("%q", text)
	}
}

func TestAnEndedContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := shell.Local().Run(ctx, sh("exit 0")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type refused struct{ shell.Started }

func TestElsewhereNamesTheWayIntoThePlace(t *testing.T) {
	r := shell.Elsewhere(func(context.Context, []string, string, []string, [3]*os.File) (refused, error) {
		return refused{}, errors.New("the place is gone")
	}, "nsenter", "-t", "7", "-a", "--")
	_, err := r.Run(t.Context(), shell.Cmd{Argv: []string{"true", "a b"}, Dir: "/x", Env: []string{"A=1"}})
	want := "command failed: nsenter -t 7 -a -- env -C /x A=1 true 'a b': the place is gone"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestAPastedLineGivesTheSameArguments(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		args := rapid.SliceOfN(rapid.StringOf(rapid.RuneFrom([]rune("a'\"\\ $`!\n\t*?[]{}()<>|&;~#=é%"))), 1, 5).Draw(rt, "args")
		line := shell.Cmd{Argv: append([]string{"printf", `%s\0`}, args...)}.Line()
		res, err := shell.Local().Run(t.Context(), sh(line))
		if want := strings.Join(args, "\x00") + "\x00"; err != nil || string(res.Stdout) != want {
			rt.Fatalf("%s\ngave %q, want %q (%v)", line, res.Stdout, want, err)
		}
	})
}

func TestTheFakeRecordsAndAnswersByTheLongestBeginning(t *testing.T) {
	fake := &shelltest.Fake{Answers: map[string]shelltest.Answer{
		"ovs-vsctl":        {Stdout: "any"},
		"ovs-vsctl add-br": {Stderr: "no", Exit: 1},
		"ovs-vswitchd":     {Stays: true},
	}}
	var r shell.Runner = fake
	if res, err := r.Run(t.Context(), shell.Cmd{Argv: []string{"ovs-vsctl", "show"}}); err != nil || string(res.Stdout) != "any" {
		t.Error(res, err)
	}
	if _, err := r.Run(t.Context(), shell.Cmd{Argv: []string{"ovs-vsctl", "add-br", "s 1"}}); err == nil {
		t.Error("no error")
	}
	p, err := r.Start(t.Context(), shell.Cmd{Argv: []string{"ovs-vswitchd"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Stop(0)
	<-p.Done()
	if got := strings.Join(fake.Lines(), "|"); got != "ovs-vsctl show|ovs-vsctl add-br 's 1'|ovs-vswitchd" {
		t.Error(got)
	}
}
