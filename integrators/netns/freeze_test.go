package netns_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// ticking starts a program that makes a file longer and longer, by a grandchild and with
// children that come and go, and returns when it has begun.
func ticking(t *testing.T, s *netns.Sandbox, name string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), name)
	run := shell.Elsewhere(s.Command, s.Enter()...)
	p, err := run.Start(t.Context(), shell.Cmd{Argv: []string{"sh", "-c", "sh -c 'while :; do echo x >>" + file + "; sleep 0.001; done'; true"}, Stdin: strings.NewReader("")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Wait() })
	grows(t, file)
	return file
}

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

// grows waits until a file is longer than it is.
func grows(t *testing.T, file string) {
	t.Helper()
	for was, until := size(file), time.Now().Add(time.Minute); size(file) == was; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%s does not grow", file)
		}
	}
}

// moving lists the processes of a sandbox, its helper aside, that do not stand still.
func moving(t *testing.T, s *netns.Sandbox) (out []string) {
	t.Helper()
	pids, err := s.PIDs()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if f := strings.Fields(string(text)); pid != s.PID() && len(f) > 2 && !strings.Contains("TZD", f[2]) { // D: until a child that stands still runs its program
			out = append(out, string(text))
		}
	}
	return out
}

func TestWhatIsFrozenStandsStillUntilItIsThawed(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "frost")
	one := ticking(t, s, "one")
	for range 2 { // the second time changes nothing
		if err := s.Freeze(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if still := moving(t, s); len(still) > 0 {
		t.Errorf("these go on: %s", still)
	}
	was := size(one)
	run := shell.Elsewhere(s.Command, s.Enter()...)
	late, err := run.Start(t.Context(), shell.Cmd{Argv: []string{"sleep", "0.01"}, Stdin: strings.NewReader("")})
	if err != nil {
		t.Fatal(err)
	}
	if still := moving(t, s); len(still) > 0 {
		t.Errorf("who came later goes on: %s", still)
	}
	select {
	case <-late.Done():
		t.Error("who came later has ended")
	case <-time.After(50 * time.Millisecond):
	}
	if now := size(one); now != was {
		t.Errorf("the file has grown from %d to %d", was, now)
	}
	for range 2 {
		if err := s.Thaw(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	grows(t, one)
	if err := late.Wait(); err != nil {
		t.Error(err)
	}
}

func TestWhatStoodStillBeforeIsNotWoken(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "frost-asleep")
	p, err := s.Command(t.Context(), []string{"/bin/sleep", "1000"}, "", nil, [3]*os.File{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for len(moving(t, s)) > 0 {
		time.Sleep(time.Millisecond)
	}
	other := ticking(t, s, "other")
	if err := s.Freeze(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Thaw(t.Context()); err != nil {
		t.Fatal(err)
	}
	grows(t, other)
	asleep := 0
	pids, _ := s.PIDs()
	for _, pid := range pids {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if f := strings.Fields(string(text)); len(f) > 2 && f[1] == "(sleep)" && f[2] == "T" {
			asleep++
		}
	}
	if asleep != 1 {
		t.Errorf("%d programs stand still, want the one that did before", asleep)
	}
}

func TestWhatIsFrozenEndsAsEverythingDoes(t *testing.T) {
	needRoot(t)
	for _, c := range []struct {
		name string
		end  func(s *netns.Sandbox) error
	}{
		{"closed", func(s *netns.Sandbox) error { return s.Close() }},
		{"stopped", func(s *netns.Sandbox) error { return s.Stop(t.Context(), 10*time.Second) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openSandbox(t, "frost-"+c.name)
			ticking(t, s, "file")
			pids, err := s.PIDs()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Freeze(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.end(s); err != nil {
				t.Fatal(err)
			}
			for _, pid := range pids {
				if text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ"); err == nil && strings.Contains(string(text), "SENDIM_SANDBOX=frost-"+c.name) {
					t.Errorf("process %d is left", pid)
				}
			}
		})
	}
}
