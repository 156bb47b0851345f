package netns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// EnlargeStreams gives the unix streams that a process inside has open room for so many bytes
// that their other ends have not read yet, and returns how many streams there are. pid is as
// counted inside. Where that is not permitted they stay as they are.
func (s *Sandbox) EnlargeStreams(ctx context.Context, pid, bytes int) (streams int, err error) {
	r, err := s.ask(ctx, message{Op: opEnlarge, PID: pid, Bytes: bytes})
	if err != nil {
		return 0, fmt.Errorf("enlarging the streams of process %d of sandbox %q: %w", pid, s.label, err)
	}
	return r.Count, nil
}

// SetStill has a process that Command has started, with its group, stand still, or go on, and
// returns when it does. One that stands still does not hear, where that can be had, what the kernel tells of interfaces
// meanwhile: when it goes on it hears that it has missed something, and asks what there is,
// where it would have gone through thousands of news, one after the other. pid is as counted inside;
// os.ErrProcessDone when it has ended.
func (s *Sandbox) SetStill(ctx context.Context, pid int, still bool) error {
	_, err := s.ask(ctx, message{Op: opStill, PID: pid, Up: !still})
	switch {
	case errors.Is(err, syscall.ESRCH), errors.Is(err, ErrGone):
		return os.ErrProcessDone
	case err != nil:
		return fmt.Errorf("having process %d of sandbox %q stand still, or go on: %w", pid, s.label, err)
	}
	return nil
}

// What a process that subscribes to news of interfaces has room for, in bytes: while it stands
// still the least that the kernel gives, else what Open vSwitch takes.
const (
	deaf    = 0
	hearing = 4 << 20
)

// adjust answers a request about a process.
func (in *initProcess) adjust(m message) {
	r := message{Op: opReply, ID: m.ID}
	var err error
	if m.Op == opStill {
		err = in.setStill(m.PID, !m.Up)
	} else {
		r.Count, err = enlargeStreams(m.PID, m.Bytes)
	}
	if err != nil {
		r.fail(err)
	}
	_ = in.wire.send(r)
}

func (in *initProcess) setStill(pid int, still bool) error {
	if !still {
		_ = eachSocket(pid, func(fd int) { resizeSubscription(fd, hearing) })
		return in.signalTo(pid, syscall.SIGCONT)
	}
	if err := in.signalTo(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	_ = eachSocket(pid, func(fd int) { resizeSubscription(fd, deaf) })
	wait := 100 * time.Microsecond
	for deadline := time.Now().Add(freezing); stirs(pid); wait = min(2*wait, 5*time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("it runs after %v: %w", freezing, syscall.ETIMEDOUT), in.signalTo(pid, syscall.SIGCONT))
		}
		time.Sleep(wait)
	}
	return nil
}

// signalTo signals the group of a process that was started here and has not ended.
func (in *initProcess) signalTo(pid int, sig syscall.Signal) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.byPID[pid] == nil {
		return syscall.ESRCH
	}
	return syscall.Kill(-pid, sig)
}

// eachSocket shows a share in each socket of a process.
func eachSocket(pid int, visit func(fd int)) error {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(process)
	for _, e := range entries {
		number, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err != nil || !strings.HasPrefix(to, "socket:") {
			continue
		}
		if fd, err := unix.PidfdGetfd(process, number, 0); err == nil { // else closed meanwhile
			visit(fd)
			_ = unix.Close(fd)
		}
	}
	return nil
}

func enlargeStreams(pid, bytes int) (streams int, err error) {
	err = eachSocket(pid, func(fd int) {
		if has(fd, unix.SO_DOMAIN, unix.AF_UNIX) && has(fd, unix.SO_TYPE, unix.SOCK_STREAM) && has(fd, unix.SO_ACCEPTCONN, 0) {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, bytes)
			streams++
		}
	})
	return streams, err
}

// resizeSubscription sets how much may wait to be read at a socket, if it is one at which the
// kernel tells of interfaces, addresses or routes.
func resizeSubscription(fd, bytes int) {
	at, err := unix.Getsockname(fd)
	if n, ok := at.(*unix.SockaddrNetlink); err == nil && ok && n.Groups != 0 && has(fd, unix.SO_PROTOCOL, unix.NETLINK_ROUTE) {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes)
	}
}

func has(socket, option, want int) bool {
	is, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, option)
	return err == nil && is == want
}
