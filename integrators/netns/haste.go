package netns

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// atOnce is how many packet sockets are closed side by side: all that begin to close within
// one grace period wait for the same next one.
const atOnce = 512

// packetSockets takes a share in every packet socket that is open inside.
//
// A switch in user space holds one for each port, and the kernel waits for an
// RCU grace period (some 10 ms) in closing each. A dying process closes one
// after the other: 100 ports, more than a second. With a share taken the
// process closes none for good, and the shares are closed together, when one
// grace period serves many. Whatever cannot be shared is merely slow.
func (s *Sandbox) packetSockets() []int {
	pids, err := s.PIDs()
	if err != nil {
		return nil
	}
	var shares []int
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		f, err := os.Open(dir)
		if err != nil {
			continue
		}
		names, _ := f.Readdirnames(-1)
		_ = f.Close()
		process := -1
		for _, name := range names {
			to, err := os.Readlink(filepath.Join(dir, name))
			if err != nil || !strings.HasPrefix(to, "socket:") {
				continue
			}
			if process < 0 {
				if process, err = unix.PidfdOpen(pid, 0); err != nil {
					break
				}
			}
			number, err := strconv.Atoi(name)
			if err != nil {
				continue
			}
			share, err := unix.PidfdGetfd(process, number, 0)
			if err != nil {
				continue
			}
			if domain, err := unix.GetsockoptInt(share, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && domain == unix.AF_PACKET {
				shares = append(shares, share)
			} else {
				_ = unix.Close(share)
			}
		}
		if process >= 0 {
			_ = unix.Close(process)
		}
	}
	return shares
}

// closeTogether closes descriptors many at a time.
func closeTogether(fds []int) {
	var wg sync.WaitGroup
	next := make(chan int, len(fds))
	for _, fd := range fds {
		next <- fd
	}
	close(next)
	for range min(atOnce, len(fds)) {
		wg.Go(func() {
			for fd := range next {
				_ = unix.Close(fd)
			}
		})
	}
	wg.Wait()
}
