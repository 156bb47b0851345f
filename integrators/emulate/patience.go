package emulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"sendim/core/model"
	"sendim/core/trace"
)

// patience keeps the TCP connections of stopped processes. The kernel goes on to send what
// is not acknowledged while the network stands still, and would give a connection up after
// a quarter of an hour, or as soon as its program has asked (TCP_USER_TIMEOUT, tcp(7)). So
// connections that stand still are given all the time there is, and what they had when they
// move again.
type patience struct {
	mu   sync.Mutex
	kept map[uint64]connection // by inode
	told bool
}

// connection is one end of a connection, in a process.
type connection struct {
	timeout int    // that it had, in milliseconds; 0: the kernel's own
	sent    uint32 // segments sent again
}

// most is the longest time after which a connection may be given up, in milliseconds: 24
// days.
const most = math.MaxInt32

// lend gives connections time. Nobody moves meanwhile.
func (p *patience) lend(w *world) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[uint64]connection{}
	}
	w.connections(func(inode uint64, fd int, is *unix.TCPInfo) {
		timeout, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		if err != nil {
			return
		}
		if was, known := p.kept[inode]; known {
			timeout = was.timeout // it has not had it back yet
		}
		if unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, most) == nil {
			p.kept[inode] = connection{timeout, is.Total_retrans}
		}
	})
}

// tell says, once, that connections have noticed. Nobody has moved yet.
func (p *patience) tell(w *world) {
	p.mu.Lock()
	defer p.mu.Unlock()
	noticed := 0
	if len(p.kept) > 0 && !p.told {
		w.connections(func(inode uint64, _ int, is *unix.TCPInfo) {
			if was, ok := p.kept[inode]; ok && is.Total_retrans > was.sent {
				noticed++
			}
		})
	}
	if noticed == 0 {
		return
	}
	p.told = true
	w.session.emit(&trace.Entry{At: w.now(), Kind: trace.Warning,
		Text: fmt.Sprintf("TCP is the kernel's, which cannot stand still: at %d ends of connections it sent again what nobody carried, and they go on as after a loss", noticed)})
}

// giveBack gives connections back what they had, each when nothing of it waits to be
// acknowledged after all.
func (p *patience) giveBack(ctx context.Context, w *world) {
	for left := true; left && w.wait(ctx, w.now()+model.Second); {
		p.mu.Lock()
		if !w.still.on() {
			seen := map[uint64]bool{}
			w.connections(func(inode uint64, fd int, is *unix.TCPInfo) {
				was, ok := p.kept[inode]
				switch {
				case !ok:
				case is.Retransmits > 0:
					seen[inode] = true
				case unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, was.timeout) == nil:
					delete(p.kept, inode)
				}
			})
			for inode := range p.kept {
				if !seen[inode] { // it has ended
					delete(p.kept, inode)
				}
			}
		}
		left = len(p.kept) > 0
		p.mu.Unlock()
	}
}

// connections visits the ends of TCP connections that the run's processes have, those of
// Open vSwitch aside.
func (w *world) connections(visit func(inode uint64, fd int, is *unix.TCPInfo)) {
	pids, _ := w.place.sandbox.PIDs()
	seen := map[uint64]bool{}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		name, _ := os.ReadFile(filepath.Join(dir, "comm"))
		if is := strings.TrimSpace(string(name)); pid == w.place.sandbox.PID() || is == "ovs-vswitchd" || is == "ovsdb-server" {
			continue
		}
		process, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		entries, _ := os.ReadDir(filepath.Join(dir, "fd"))
		for _, e := range entries {
			to, err := os.Readlink(filepath.Join(dir, "fd", e.Name()))
			number, nerr := strconv.Atoi(e.Name())
			inode, ierr := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]"), 10, 64)
			if errors.Join(err, nerr, ierr) != nil || seen[inode] {
				continue
			}
			seen[inode] = true
			fd, err := unix.PidfdGetfd(process, number, 0)
			if err != nil {
				continue // closed meanwhile
			}
			if protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL); err == nil && protocol == unix.IPPROTO_TCP {
				if is, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil && is.State != unix.BPF_TCP_LISTEN {
					visit(inode, fd, is)
				}
			}
			_ = unix.Close(fd)
		}
		_ = unix.Close(process)
	}
}
