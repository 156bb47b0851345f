package cost

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// spare is the share of the free memory that one run may take: the rest of the machine
// goes on living.
const spare = 0.9

// Machine asks this machine what it has left.
func Machine() Limits { return machine("/").limits() }

// machine is the folder below which proc and sys are looked for.
type machine string

func (m machine) limits() Limits {
	own := m.own()
	return Limits{Memory: m.memory(), Processes: m.processes(), Files: m.files(own), Own: own, Terminals: m.terminals(),
		Namespaces: parse(m.read("proc/sys/user/max_net_namespaces")), Handles: m.handles()}
}

func (m machine) memory() float64 {
	free := -1.0
	for line := range strings.Lines(m.read("proc/meminfo")) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
			free = parse(f[1]) * 1024
		}
	}
	free = least(free, m.group("memory", "memory.max", "memory.current"))
	free = least(free, m.group("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"))
	if free < 0 {
		return free
	}
	return spare * free
}

func (m machine) processes() float64 {
	now := -1.0
	if f := strings.Fields(m.read("proc/loadavg")); len(f) >= 4 { // "running/all"
		_, all, _ := strings.Cut(f[3], "/")
		now = parse(all)
	}
	free := -1.0
	for _, file := range []string{"proc/sys/kernel/pid_max", "proc/sys/kernel/threads-max"} {
		if most := parse(m.read(file)); most >= 0 && now >= 0 {
			free = least(free, max(0, most-now))
		}
	}
	return least(free, m.group("pids", "pids.max", "pids.current"))
}

// own is how many files this process may open.
func (m machine) own() float64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return -1
	}
	return float64(l.Max)
}

// files is how many files a process of the run may open: root's sandbox raises the limit
// to 65,536 (integrators/netns) where the kernel lets it.
func (m machine) files(own float64) float64 {
	if own < 0 || own >= 1<<16 || os.Geteuid() != 0 {
		return own
	}
	return max(own, least(1<<16, parse(m.read("proc/sys/fs/nr_open"))))
}

// handles is how many files all processes may still open. proc/sys/fs/file-nr: in use, free, most.
func (m machine) handles() float64 {
	f := strings.Fields(m.read("proc/sys/fs/file-nr"))
	if len(f) != 3 {
		return -1
	}
	now, most := parse(f[0]), parse(f[2])
	if now < 0 || most < 0 {
		return -1
	}
	return max(0, most-now)
}

func (m machine) terminals() float64 {
	most, now := parse(m.read("proc/sys/kernel/pty/max")), parse(m.read("proc/sys/kernel/pty/nr"))
	if most < 0 || now < 0 {
		return -1
	}
	return max(0, most-now)
}

// group is what is left in this process's control group and all above it, of both
// versions; -1 where nothing is limited.
func (m machine) group(controller, most, now string) float64 {
	free := -1.0
	for line := range strings.Lines(m.read("proc/self/cgroup")) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) < 3 {
			continue
		}
		root := "sys/fs/cgroup" // version 2 has one hierarchy, without names
		if part[1] != "" {
			if !strings.Contains(","+part[1]+",", ","+controller+",") {
				continue
			}
			root = filepath.Join(root, controller)
		}
		for dir := filepath.Clean(part[2]); ; dir = filepath.Dir(dir) {
			limit := parse(m.read(filepath.Join(root, dir, most)))
			if used := parse(m.read(filepath.Join(root, dir, now))); limit >= 0 && limit < 1<<60 && used >= 0 {
				free = least(free, max(0, limit-used))
			}
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	return free
}

func (m machine) read(file string) string {
	text, _ := os.ReadFile(filepath.Join(string(m), file))
	return strings.TrimSpace(string(text))
}

// parse reads a number; what is none ("max", or no file) is -1.
func parse(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) {
		return -1
	}
	return v
}

// least is the smaller of two numbers that are known.
func least(a, b float64) float64 {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}
