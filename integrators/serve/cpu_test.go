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
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			continue // it has ended
		}
		// proc(5): the name in parentheses; behind it utime and stime are the 12th and 13th, in
		// hundredths of a second.
		open, shut := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[shut+1:]))
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		used := time.Duration(user+system) * 10 * time.Millisecond
		if name := string(text[open+1 : shut]); strings.HasPrefix(strings.TrimPrefix(by, "peer="), name) || strings.HasPrefix(name, "osken") {
			controller += used
		} else {
			others += used
		}
	}
	if by == ours {
		controller = cpuTime(p.t)
	}
	return controller, others
}
