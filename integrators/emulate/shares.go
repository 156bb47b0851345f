package emulate

import (
	"sync"

	"golang.org/x/sys/unix"
)

// shares are descriptors of ovs-vswitchd's packet sockets, one for each port. The kernel
// takes some 10 ms to close such a socket for good, and a process that dies closes one after
// the other: with 600 ports it would take six seconds to be dead, and could not be started
// again before. So this process has a share in each, and closes those of a dead one side
// by side. A share that is not had is merely slow.
type shares struct {
	mu   sync.Mutex
	held []int
	lost int64 // frames for which there was no room in those that are closed
}

// missed is how many frames sockets that are closed by now had no room for.
func (s *shares) missed() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// keep keeps a descriptor, unless half of those that this process may have are taken.
func (s *shares) keep(fd int) bool {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(len(s.held)) >= limit.Cur/2 {
		return false
	}
	s.held = append(s.held, fd)
	return true
}

// sideBySide is how many sockets are closed at once: all that begin to close within some
// 10 ms wait for the same event.
const sideBySide = 512

// drop closes what there is.
func (s *shares) drop() { s.retain(nil) }

// retain closes those of sockets that are not among some, by inode.
func (s *shares) retain(open map[uint64]bool) {
	s.mu.Lock()
	var held, kept []int
	for _, fd := range s.held {
		var is unix.Stat_t
		if unix.Fstat(fd, &is) == nil && open[is.Ino] {
			kept = append(kept, fd)
		} else {
			s.lost += socketDrops(fd)
			held = append(held, fd)
		}
	}
	s.held = kept
	s.mu.Unlock()
	var all sync.WaitGroup
	for k := range min(sideBySide, len(held)) {
		all.Go(func() {
			for i := k; i < len(held); i += sideBySide {
				_ = unix.Close(held[i])
			}
		})
	}
	all.Wait()
}
