package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setup furnishes the namespaces: what a process inside finds.
func setup(runDir string) error {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := furnishRun(runDir); err != nil {
		return err
	}
	if err := furnishSys(); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		return fmt.Errorf("bringing up the loopback interface: %w", err)
	}
	return nil
}

// furnishRun puts an empty /run in place, so that what programs leave there
// (locks, names of namespaces, sockets) goes with the sandbox and the machine's
// own daemons are out of reach, and in it the run's own /run/openvswitch.
func furnishRun(runDir string) error {
	run, err := filepath.EvalSymlinks("/run")
	if err != nil {
		return fmt.Errorf("looking for /run: %w", err)
	}
	binds := []struct{ from, to string }{{filepath.Join(runDir, SwitchDir), filepath.Join(run, "openvswitch")}}
	if strings.HasPrefix(runDir, run+"/") {
		binds = append(binds, struct{ from, to string }{runDir, runDir})
	}
	// Opened before /run is covered, reached by number afterwards.
	fds := make([]int, len(binds))
	for i, b := range binds {
		if fds[i], err = unix.Open(b.from, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return fmt.Errorf("opening %s: %w", b.from, err)
		}
		defer unix.Close(fds[i])
	}
	if err := mount("tmpfs", run, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(run, "lock"), 0o1777); err != nil {
		return err
	}
	for i, b := range binds {
		if err := os.MkdirAll(b.to, 0o755); err != nil {
			return err
		}
		if err := mount(fmt.Sprintf("/proc/self/fd/%d", fds[i]), b.to, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

// furnishSys shows the sandbox's own interfaces below /sys/class/net, keeping
// the control groups where they were.
func furnishSys() error {
	const groups = "/sys/fs/cgroup"
	fd, err := unix.Open(groups, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(fd)
	} else {
		fd = -1
	}
	if err := mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if fd < 0 {
		return nil
	}
	return mount(fmt.Sprintf("/proc/self/fd/%d", fd), groups, "", unix.MS_BIND|unix.MS_REC, "")
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mounting %s %s: %w", kind, target, err)
	}
	return nil
}

// raiseFileLimit lets a switch daemon hold the ports of a large network open.
// Set through syscall and not unix: only then do processes started later
// inherit it.
func raiseFileLimit() error {
	const wanted = 1 << 16
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	more := syscall.Rlimit{Cur: max(l.Cur, wanted), Max: max(l.Max, wanted)}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &more) == nil {
		return nil
	}
	l.Cur = l.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("raising the limit of open files: %w", err)
	}
	return nil
}
