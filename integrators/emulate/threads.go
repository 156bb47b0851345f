package emulate

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// threads remembers how long each thread of the switches has run on a core so far. Open
// vSwitch moves the packets of all its switches by one of them.
type threads map[string]time.Duration

// busiest is for how long the one ran that ran longest since the last call.
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
			is[path] = onCore(string(text))
			if was, known := (*t)[path]; known {
				most = max(most, is[path]-was)
			}
		}
	}
	*t = is
	return most
}

// onCore reads from a file in the form of /proc/PID/schedstat for how long a task has run.
func onCore(text string) time.Duration {
	first, _, _ := strings.Cut(text, " ")
	ns, _ := strconv.ParseInt(first, 10, 64)
	return time.Duration(ns)
}
