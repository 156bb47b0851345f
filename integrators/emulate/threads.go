package emulate

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// threads remembers how long each thread of the switches has had something to do so far:
// has run on a core, or waited for one. Open vSwitch moves the packets of all its switches
// by one of them.
type threads map[string]time.Duration

// busiest is for how long the one was busy that was busy longest since the last call.
func (t *threads) busiest(p *place) (most time.Duration) {
	pids, err := p.vswitchd()
	if err != nil {
		return 0
	}
	is := threads{}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid), "task")
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			path := filepath.Join(dir, e.Name(), "schedstat")
			text, _ := os.ReadFile(path)
			is[path] = atWork(string(text))
			if was, known := (*t)[path]; known {
				most = max(most, is[path]-was)
			}
		}
	}
	*t = is
	return most
}

// atWork reads from a file in the form of /proc/PID/schedstat for how long a task has run
// and waited to run, which stand first, in nanoseconds.
func atWork(text string) (sum time.Duration) {
	for _, field := range strings.Fields(text)[:min(2, len(strings.Fields(text)))] {
		ns, _ := strconv.ParseInt(field, 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}
