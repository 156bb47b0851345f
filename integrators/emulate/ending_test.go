package emulate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sendim/core/change"
	"sendim/core/model"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// gone waits until nothing of a run is left on this machine.
func gone(t *testing.T, run string) {
	t.Helper()
	labtest.Await(t, "no process of "+run, func() bool {
		left, err := netns.Leftovers(run)
		return err == nil && len(left) == 0
	})
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), run) {
		t.Errorf("a mount is left:\n%s", mounts)
	}
	res, err := shell.Local().Run(context.Background(), shell.Cmd{Argv: []string{"ip", "-o", "link"}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(res.Stdout), "-eth") {
		t.Errorf("an interface is left:\n%s", res.Stdout)
	}
}

// doomedParent brings a network up and waits to be killed.
func doomedParent(dir, emulator, run string) int {
	t := &testing.T{}
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	n.Flows = []model.Flow{{ID: "f", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Minute, Rate: 1e6, Transport: model.UDP}}
	d := apps("shortest-path")
	s, err := emulate.Backend{Native: emulator == "native"}.Open(context.Background(), specOf(n, d, run, dir), nil)
	if err == nil {
		err = s.Apply(context.Background(), change.FromNothing(change.State{Model: n, Deployment: d}), nil)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("up")
	_, _ = s.Run(context.Background(), model.Minute)
	return 0
}

func TestNothingIsLeftWhenTheProgramIsKilled(t *testing.T) {
	inBothAtOnce(t, nothingIsLeftWhenTheProgramIsKilled)
}

func nothingIsLeftWhenTheProgramIsKilled(t *testing.T, b emulate.Backend) {
	lab(t)
	run := label(t, b)
	cmd := exec.Command(os.Args[0], "doomed-parent", t.TempDir(), b.Name(), run)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if left, err := netns.Leftovers(run); err != nil || len(left) < 5 {
		t.Errorf("up are only %v (%v)", left, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if line != "up\n" {
		t.Fatal(line)
	}
	gone(t, run)
}

func TestNothingIsLeftOfAStartThatIsInterrupted(t *testing.T) {
	inBothAtOnce(t, nothingIsLeftOfAStartThatIsInterrupted)
}

func nothingIsLeftOfAStartThatIsInterrupted(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	d := apps("shortest-path")
	for _, after := range []time.Duration{50 * time.Millisecond, 400 * time.Millisecond, 900 * time.Millisecond} {
		s, err := b.Open(t.Context(), specOf(n, d, label(t, b), t.TempDir()), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), after)
		err = s.Apply(ctx, change.FromNothing(change.State{Model: n, Deployment: d}), nil)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", after, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		gone(t, label(t, b))
	}
}

func TestClosingInterruptsWhatWaits(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	l := open(t, emulate.Backend{}, n, apps("shortest-path"))
	ended := make(chan error)
	go func() {
		_, err := l.Run(context.Background(), model.Hour)
		ended <- err
	}()
	time.Sleep(100 * time.Millisecond) // so that it most likely waits already; either way it must end
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, emulate.ErrClosed) {
		t.Error(err)
	}
}

func TestTheScriptRunsByHand(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	n.Flows = []model.Flow{{ID: "f", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Second, Rate: 2e6, Transport: model.UDP}}
	n.Tests = []model.Test{{Kind: model.TestReachable, From: "*", To: "*"}, {Kind: model.TestThroughput, Flow: "f", MinRate: 1e6}}
	l := open(t, emulate.Backend{}, n, apps("shortest-path"))
	script := l.dir + "/net.py"
	// Another place, without anything of ours but the script.
	sandbox, err := netns.Open(t.Context(), netns.Options{Label: "by-hand", RunDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.Close()
	v, err := ovs.Start(t.Context(), sandbox, ovs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := shell.Elsewhere(sandbox.Command, sandbox.Enter()...).Run(t.Context(), shell.Cmd{Argv: []string{"/usr/bin/python3", script, "--standalone"}})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(res.Stdout); !strings.Contains(text, `"passed": true`) || strings.Count(text, "\n") != 1 {
		t.Errorf("%s", text)
	}
	if err := v.Stop(time.Second); err != nil {
		t.Error(err)
	}
}
