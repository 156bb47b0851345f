package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// meter finds out what processor time a command and all that it starts take. Processes of
// an emulated network end in a namespace of their own, where nobody waits for them, so
// that the kernel's account of a process and its children misses them; a control group's
// does not.
type meter struct {
	group string // a control group of this program's own; "": there is none
	count int
}

// openMeter makes the control group, where that is allowed (version 2, as root).
func openMeter() (*meter, error) {
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		group := filepath.Join(root, "sendim-paper-"+strconv.Itoa(os.Getpid()))
		if os.Mkdir(group, 0o755) != nil {
			continue
		}
		if _, err := usage(group); err == nil {
			return &meter{group: group}, nil
		}
		if err := os.Remove(group); err != nil {
			return nil, err
		}
	}
	return &meter{}, nil
}

func (m *meter) close() {
	if m.group != "" {
		_ = os.Remove(m.group)
	}
}

// whole says that the figures hold for all processes.
func (m *meter) whole() bool { return m.group != "" }

// usage reads user and system time of a control group, in seconds.
func usage(group string) (cpu [2]float64, err error) {
	text, err := os.ReadFile(filepath.Join(group, "cpu.stat"))
	if err != nil {
		return cpu, err
	}
	found := 0
	for _, line := range strings.Split(string(text), "\n") {
		for i, name := range []string{"user_usec ", "system_usec "} {
			if v, ok := strings.CutPrefix(line, name); ok {
				n, err := strconv.ParseFloat(v, 64)
				if err != nil {
					return cpu, err
				}
				cpu[i] = n / 1e6
				found++
			}
		}
	}
	if found != 2 {
		return cpu, fmt.Errorf("%s/cpu.stat does not tell user and system time", group)
	}
	return cpu, nil
}

// outcome is what a command did and took.
type outcome struct {
	stdout, stderr string
	exit           int
	wall           float64    // seconds
	cpu            [2]float64 // user and system seconds
	peak           float64    // MiB of the command itself
}

// run carries out a command in a folder and measures it. An exit code is no error.
func (l *lab) run(ctx context.Context, dir string, argv ...string) (outcome, error) {
	var out outcome
	group, ours := "", argv[0] == l.sendim
	if l.meter.whole() {
		l.meter.count++
		group = filepath.Join(l.meter.group, strconv.Itoa(l.meter.count))
		if err := os.Mkdir(group, 0o755); err != nil {
			return out, err
		}
		defer remove(group)
		// The shell moves itself before it becomes the command, so that no child is missed.
		argv = append([]string{"/bin/sh", "-c", `echo $$ > "$0"/cgroup.procs && exec "$@"`, group}, argv...)
	}
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stdout, stderr bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = dir, &stdout, &stderr
	c.Env = append(os.Environ(), "PATH="+filepath.Dir(l.sendim)+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8")
	if ours { // it takes away what it has built
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
	}
	c.WaitDelay = 20 * time.Second
	began := time.Now()
	err := c.Run()
	out.wall = time.Since(began).Seconds()
	out.stdout, out.stderr = stdout.String(), stderr.String()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return out, fmt.Errorf("%s: %w", strings.Join(argv, " "), errors.Join(err, ctx.Err()))
	}
	out.exit = c.ProcessState.ExitCode()
	out.cpu = [2]float64{c.ProcessState.UserTime().Seconds(), c.ProcessState.SystemTime().Seconds()}
	if r, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.peak = float64(r.Maxrss) / 1024
	}
	if group != "" {
		if out.cpu, err = usage(group); err != nil {
			return out, err
		}
	}
	return out, nil
}

// remove takes a control group away. What is in it may take a moment to end.
func remove(group string) {
	for range 100 {
		if os.Remove(group) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// sendimIn runs sendim in a folder of the work and wants it to succeed.
func (l *lab) sendimIn(ctx context.Context, dir string, argv ...string) (outcome, error) {
	if dir == "" {
		dir = l.work
	}
	out, err := l.run(ctx, dir, append([]string{l.sendim}, argv...)...)
	if err == nil && out.exit != 0 {
		err = fmt.Errorf("sendim %s: exit code %d: %s", strings.Join(argv, " "), out.exit, strings.TrimSpace(out.stderr))
	}
	return out, err
}
