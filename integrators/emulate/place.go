package emulate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// place is where a network is: the sandbox and its Open vSwitch.
type place struct {
	sandbox *netns.Sandbox
	vswitch *ovs.Instance
	run     shell.Runner // runs programs inside

	wide    sync.Mutex      // of what follows
	widened map[uint64]bool // packet sockets whose buffers are large, by inode
	shares  shares
}

func openPlace(ctx context.Context, s *Session) (*place, error) {
	s.phases = phases{since: time.Now()}
	defer s.phases.end(phasePlace)
	label := s.spec.Run
	if label == "" {
		label = "run"
	}
	// What an attempt that failed has left.
	if err := os.RemoveAll(filepath.Join(s.dir, netns.SwitchDir)); err != nil {
		return nil, err
	}
	sandbox, err := netns.Open(ctx, netns.Options{Label: label, RunDir: s.dir, Self: []string{s.self, netns.Subcommand}})
	if err != nil {
		return nil, err
	}
	vswitch, err := ovs.Start(ctx, sandbox, ovs.Options{Datapath: ovs.Datapath(s.caps.Facts["datapath"]), Config: daemonConfig(), Nice: switchNice, Later: s.native})
	if err != nil {
		err = errors.Join(err, sandbox.Close())
		tidy(sandbox)
		return nil, err
	}
	if !s.native { // whose ovs-vswitchd starts later
		vswitch.Roomy(ctx)
	}
	return &place{sandbox: sandbox, vswitch: vswitch, run: shell.Elsewhere(sandbox.Command, sandbox.Enter()...), widened: map[uint64]bool{}}, nil
}

// daemonConfig is how ovs-vswitchd is set up.
func daemonConfig() map[string]string {
	return map[string]string{
		// Rules learn what they counted when datapath flows are looked through: a tenth of a
		// second apart, and not half a second, is how old counters may be.
		"max-revalidator": "100",
		// The thread that carries packets between ports also writes what each port counted
		// into the database, every five seconds, where nobody looks: an hour, in ms.
		"stats-update-interval": "3600000",
	}
}

// close ends everything inside at once. Logs and the database stay in the run's
// directory; sockets, locks and pid files mean nothing any more.
func (p *place) close() error {
	err := p.sandbox.Close()
	<-p.vswitch.Done()
	p.shares.drop()
	tidy(p.sandbox)
	return err
}

// tidy takes away what means nothing any more when daemons have ended.
func tidy(sandbox *netns.Sandbox) {
	dir := filepath.Join(sandbox.RunDir(), netns.SwitchDir)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); e.Type()&os.ModeSocket != 0 || strings.HasSuffix(name, ".pid") || strings.HasSuffix(name, ".~lock~") {
			_ = os.Remove(filepath.Join(dir, name)) // whoever has taken it away was quicker
		}
	}
}

// proc is a file of the sandbox's process 1: its network namespace is the switches'.
func (p *place) proc(name string) string {
	return filepath.Join("/proc", strconv.Itoa(p.sandbox.PID()), name)
}

// The niceness of what carries packets, below that of everything else on the machine: a
// switch or a sender that waits for a core loses packets that no link would have lost.
const (
	switchNice = -15
	agentNice  = "-10"
)

// hasten puts all threads of ovs-vswitchd before other processes. Where that is not
// permitted the switch is merely slower.
func (p *place) hasten() error {
	pids, err := p.vswitchd()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
		if err != nil {
			continue
		}
		for _, t := range threads {
			if id, err := strconv.Atoi(t.Name()); err == nil {
				_ = unix.Setpriority(unix.PRIO_PROCESS, id, switchNice)
			}
		}
	}
	return nil
}

// vswitchd gives the processes of ovs-vswitchd, as this process counts.
func (p *place) vswitchd() ([]int, error) {
	pids, err := p.sandbox.PIDs()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pids, func(pid int) bool {
		name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
		return strings.TrimSpace(string(name)) != "ovs-vswitchd"
	}), nil
}

// packetBuffer is the size of a packet socket's buffers, in bytes. Open vSwitch sends to
// all ports through one socket: with the kernel's 208 KB one full queue would starve
// every other port, and queues of more than some 90 packets could not fill at all.
const packetBuffer = 64 << 20

// widen gives the packet sockets of ovs-vswitchd large buffers; those done before are
// passed over. It returns whether the one that sends is among them: it is made when
// the first packet is sent.
func (p *place) widen() (sender bool, err error) {
	p.wide.Lock()
	defer p.wide.Unlock()
	pids, err := p.vswitchd()
	if err != nil {
		return false, err
	}
	for _, pid := range pids {
		found, err := p.widenProcess(pid, filepath.Join("/proc", strconv.Itoa(pid), "fd"))
		if err != nil {
			return sender, fmt.Errorf("enlarging the buffers of Open vSwitch: %w", err)
		}
		sender = sender || found
	}
	return sender, nil
}

// unbound says that a packet socket belongs to no interface: those that receive are bound to
// theirs, the one that sends serves all. (SO_PROTOCOL is that of the socket's making, which is
// 0 for all of them.)
func unbound(fd int) bool {
	at, err := unix.Getsockname(fd)
	ll, ok := at.(*unix.SockaddrLinklayer)
	return err == nil && ok && ll.Ifindex == 0
}

func (p *place) widenProcess(pid int, dir string) (sender bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(process)
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || !strings.HasPrefix(to, "socket:[") {
			continue
		}
		inode, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]"), 10, 64)
		if isSender, known := p.widened[inode]; known {
			sender = sender || isSender
			continue
		}
		number, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		fd, err := unix.PidfdGetfd(process, number, 0)
		if err != nil {
			continue // closed meanwhile
		}
		if domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && domain == unix.AF_PACKET {
			sends := unbound(fd)
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, packetBuffer)
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, packetBuffer)
			p.widened[inode] = sends
			sender = sender || sends
			if p.shares.keep(fd) {
				continue
			}
		} else {
			p.widened[inode] = false
		}
		_ = unix.Close(fd)
	}
	return sender, nil
}
