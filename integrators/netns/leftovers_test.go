package netns

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

func TestOnlyWhatHasLostItsOwnerIsEnded(t *testing.T) {
	dead := exec.Command("sleep", "60")
	if err := dead.Start(); err != nil {
		t.Fatal(err)
	}
	gone := identity(dead.Process.Pid)
	_ = dead.Process.Kill()
	_ = dead.Wait()
	for _, c := range []struct {
		name, owner string
		orphan      bool
	}{{"its owner lives", identity(os.Getpid()), false}, {"nobody is named", "", false}, {"its owner is gone", gone, true},
		{"the number is another's by now", strconv.Itoa(os.Getpid()) + ":1:" + counting(), true},
		{"it is counted elsewhere", "999999:1:pid:[1]", false}} {
		t.Run(c.name, func(t *testing.T) {
			label := "orphans-" + strconv.Itoa(os.Getpid())
			cmd := exec.Command("sleep", "60")
			cmd.Env = []string{labelVariable + "=" + label, ownerVariable + "=" + c.owner}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			list, err := Leftovers(label)
			if err != nil || len(list) != 1 || list[0].PID != cmd.Process.Pid || list[0].Orphan() != c.orphan {
				t.Fatalf("%v, %v", list, err)
			}
			if err := list[0].End(); err != nil {
				t.Fatal(err)
			}
			if !c.orphan {
				if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
					t.Errorf("it has been ended: %v", err)
				}
				return
			}
			_ = cmd.Wait()
			if err := list[0].End(); err != nil {
				t.Errorf("once more: %v", err)
			}
		})
	}
}
