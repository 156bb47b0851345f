package serve_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpuTime is what this process has used of the machine's cores.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spent is what a controller has used of the machine's cores, and what everybody else of
// the place has. Unlike a rate it hardly depends on what else the machine does.
func (p *place) spent(by string) (controller, others time.Duration) {
	p.t.Helper()
	pids, err := p.sandbox.PIDs()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, pid := range pids {
		name, _, used := usedBy(pid)
		if by != ours && by != apart && (strings.HasPrefix(strings.TrimPrefix(by, "peer="), name) || strings.HasPrefix(name, "osken")) {
			controller += used
		} else {
			others += used
		}
	}
	switch by {
	case ours:
		controller = cpuTime(p.t)
	case apart:
		controller = cpuTime(p.t)
		dirs, _ := filepath.Glob("/proc/[0-9]*")
		for _, dir := range dirs {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			if name, parent, used := usedBy(pid); parent == os.Getpid() && strings.HasPrefix("learning-switch", name) {
				controller += used
			}
		}
	}
	return controller, others
}

// usedBy is what a process has used of the machine's cores, to a hundredth of a second;
// nothing of one that has ended.
func usedBy(pid int) (name string, parent int, used time.Duration) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", 0, 0
	}
	// proc_pid_stat(5): the name in parentheses; behind it the parent, utime and stime are
	// the 2nd, 12th and 13th.
	open, shut := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	fields := strings.Fields(string(text[shut+1:]))
	parent, _ = strconv.Atoi(fields[1])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return string(text[open+1 : shut]), parent, time.Duration(user+system) * 10 * time.Millisecond
}
