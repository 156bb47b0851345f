package emulate

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sendim/core/trace"
)

// nap is how often a thing is due by which slip is measured.
const nap = 10 * time.Millisecond

// oversleep notes in worst, in nanoseconds, how late this process wakes up at most. Its
// thread has the niceness of the agents that send: what is late here is late there.
func (w *world) oversleep(worst *atomic.Int64) {
	runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine
	nice, _ := strconv.Atoi(agentNice)
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), nice) // where it is not permitted they are not faster either
	for w.session.life.Err() == nil {
		due := time.Now().Add(nap)
		span := unix.NsecToTimespec(int64(nap))
		_ = unix.Nanosleep(&span, nil) // a signal wakes it early, which is not late
		if late := int64(time.Since(due)); late > worst.Load() {
			worst.Store(late)
		}
	}
}

// outside writes what was lost in the whole run where no link loses: frames that Open
// vSwitch's sockets had no room for, and datagrams that receivers' sockets had none for.
func (w *world) outside() {
	if w.place.sandbox.Err() != nil {
		return
	}
	lost := w.place.overrun() + w.place.shares.missed()
	pids, _ := w.place.sandbox.PIDs()
	seen := map[string]bool{}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		ns, err := os.Readlink(filepath.Join(dir, "ns/net"))
		if err != nil || seen[ns] {
			continue
		}
		seen[ns] = true
		text, _ := os.ReadFile(filepath.Join(dir, "net/snmp"))
		lost += fullBuffers(string(text))
	}
	if lost > 0 {
		w.session.emit(&trace.Entry{At: w.now(), Kind: trace.MachineLoad, Load: &trace.Load{Pressure: -1, Lost: lost}})
	}
}

// fullBuffers reads from a file in the form of /proc/net/snmp how many datagrams found
// the buffer of their socket full.
func fullBuffers(text string) int64 {
	var names []string
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "Udp:")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names {
			if name == "RcvbufErrors" && i < len(fields) {
				v, _ := strconv.ParseInt(fields[i], 10, 64)
				return v
			}
		}
	}
	return 0
}

// overrun is how many frames the packet sockets of ovs-vswitchd had no room for.
func (p *place) overrun() (lost int64) {
	pids, err := p.vswitchd()
	if err != nil {
		return 0
	}
	for _, pid := range pids {
		process, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			to, err := os.Readlink(filepath.Join(dir, e.Name()))
			number, nerr := strconv.Atoi(e.Name())
			if err != nil || nerr != nil || !strings.HasPrefix(to, "socket:") {
				continue
			}
			fd, err := unix.PidfdGetfd(process, number, 0)
			if err != nil {
				continue // closed meanwhile
			}
			if domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && domain == unix.AF_PACKET {
				lost += socketDrops(fd)
			}
			_ = unix.Close(fd)
		}
		_ = unix.Close(process)
	}
	return lost
}
