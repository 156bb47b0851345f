package emulate

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

// What a network takes of the machine, measured on Linux 6.18 with Open vSwitch 3.1 and
// rounded up. A shell is what Mininet runs for each node.
const (
	hostMemory   = 250 << 10 // a network namespace
	linkMemory   = 700 << 10 // a pair of interfaces, and two ports' buffers
	switchMemory = 400 << 10
	shellMemory  = 2 << 20
	baseMemory   = 128 << 20 // the daemons, Mininet, and this program's own growth

	bridgeFiles = 8 // of ovs-vswitchd: its interface, its listeners, its controller
	portFiles   = 2
	baseFiles   = 256

	agentThreads = 12 // of the agent in a host that has flows
	baseProcess  = 64
)

// sandboxFiles is the number of open files that processes inside may have: the sandbox
// raises it so far as root.
const sandboxFiles = 1 << 16

// needs is what a network takes.
type needs struct {
	nodes, memory int64
	processes     int64 // and threads: each has a number
	namespaces    int64
	switchFiles   int64 // of ovs-vswitchd
	ownFiles      int64 // of this process, or of the sandbox's first: the larger
}

// needsOf counts. Hosts with flows have an agent each.
func needsOf(n *model.Network, flows []model.Flow, native bool) needs {
	var w needs
	var hosts, switches, ports int64
	for i := range n.NodeCount() {
		if n.NodeKindOf(model.NodeID(i)) != model.Switch {
			hosts++
			continue
		}
		switches++
		ports += int64(len(n.Arcs(model.NodeID(i))))
	}
	busy := map[model.NodeID]bool{}
	for i := range flows {
		busy[flows[i].From] = true
		if flows[i].Service == "" {
			busy[flows[i].To] = true
		}
	}
	agents := int64(len(busy))
	w.nodes, w.namespaces = hosts+switches, hosts
	w.memory = baseMemory + hosts*hostMemory + switches*switchMemory + int64(n.LinkCount())*linkMemory + agents*shellMemory
	w.processes = baseProcess + agents*agentThreads
	w.switchFiles = baseFiles + switches*bridgeFiles + ports*portFiles
	w.ownFiles = baseFiles + max(switches+agents*4, 2*hosts)
	if !native {
		w.memory += (hosts + switches) * shellMemory
		w.processes += hosts + switches
	}
	return w
}

// room is what the machine has left; -1 is unknown.
type room struct{ memory, processes, namespaces, insideFiles, ownFiles int64 }

// readRoom looks below the root of a file system.
func readRoom(root string) room {
	number := func(path string) int64 {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return -1
		}
		first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\t")
		v, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return -1 // "max"
		}
		return v
	}
	r := room{memory: -1, processes: -1, namespaces: number("proc/sys/user/max_net_namespaces"), insideFiles: sandboxFiles, ownFiles: -1}
	text, _ := os.ReadFile(filepath.Join(root, "proc/meminfo"))
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
			if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				r.memory = kb << 10
			}
		}
	}
	// loadavg: "0.1 0.2 0.3 running/all last"
	text, _ = os.ReadFile(filepath.Join(root, "proc/loadavg"))
	threads := int64(0)
	if f := strings.Fields(string(text)); len(f) == 5 {
		_, all, _ := strings.Cut(f[3], "/")
		threads, _ = strconv.ParseInt(all, 10, 64)
	}
	least := func(limit, used int64) {
		if limit >= 0 && (r.processes < 0 || limit-used < r.processes) {
			r.processes = max(0, limit-used)
		}
	}
	least(number("proc/sys/kernel/pid_max"), threads)
	least(number("proc/sys/kernel/threads-max"), threads)
	group := "/"
	text, _ = os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	for line := range strings.Lines(string(text)) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 && (f[1] == "pids" || f[1] == "" && group == "/") {
			group = f[2]
		}
	}
	for _, dir := range []string{"sys/fs/cgroup/pids" + group, "sys/fs/cgroup" + group} { // version 1, version 2
		least(number(dir+"/pids.max"), max(0, number(dir+"/pids.current")))
	}
	if open := number("proc/sys/fs/nr_open"); open >= 0 {
		r.insideFiles = min(r.insideFiles, open)
	}
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		r.ownFiles = int64(min(l.Max, 1<<40))
	}
	return r
}

// lacks names what is not enough, each with what would help.
func (r room) lacks(w needs) (out []string) {
	short := func(has, takes int64, text string, args ...any) {
		if has >= 0 && takes > has {
			out = append(out, fmt.Sprintf(text, args...))
		}
	}
	mb := func(v int64) int64 { return v >> 20 }
	short(r.memory, w.memory, "memory: some %d MB, and %d MB are free", mb(w.memory), mb(r.memory))
	short(r.processes, w.processes, "processes: %d, and %d more may be started (sysctl kernel.pid_max, the control group's pids.max)", w.processes, r.processes)
	short(r.namespaces, w.namespaces, "network namespaces: %d, and there may be %d (sysctl user.max_net_namespaces)", w.namespaces, r.namespaces)
	short(r.insideFiles, w.switchFiles, "open files of ovs-vswitchd: %d, and it may have %d", w.switchFiles, r.insideFiles)
	short(r.ownFiles, w.ownFiles, "open files: %d, and there may be %d (ulimit -n)", w.ownFiles, r.ownFiles)
	return out
}

// fits says what of the machine a network would not fit into, before anything of it is
// made: a start that runs out of something half-way takes minutes to fail.
func (s *Session) fits(n *model.Network, names *naming.Names, flows []model.Flow) error {
	faults := &fault.List{}
	w := needsOf(n, flows, s.native)
	for _, what := range readRoom("/").lacks(w) {
		faults.Addf(fault.MissingCapability, fault.Place{}, "this machine has no room for %d nodes and %d links: %s", w.nodes, n.LinkCount(), what)
	}
	// core/naming keeps apart all names but those that Open vSwitch has for itself.
	for _, sw := range n.NodesOfKind(model.Switch) {
		if name := names.Technical(sw); name == "ovs-netdev" || name == "ovs-system" {
			faults.Addf(fault.BadName, fault.Place{}, "Open vSwitch has an interface %s of its own: rename the switch", name)
		}
	}
	return faults.Err()
}
