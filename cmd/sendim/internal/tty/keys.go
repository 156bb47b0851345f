package tty

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Keys reads from a terminal or a pipe until its end or Close, which ends a Read that
// waits. What it has not handed out is left to the next reader of the file.
type Keys struct {
	from   *os.File
	most   int // bytes a Read hands out
	asleep [2]int
	mu     sync.Mutex // held while descriptors are in use
	closed bool
	once   sync.Once
}

// NewKeys reads from a file; at most so many bytes at once, 0 for no bound.
func NewKeys(from *os.File, most int) (*Keys, error) {
	k := &Keys{from: from, most: most}
	if err := unix.Pipe2(k.asleep[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return k, nil
}

// Read gives io.EOF at the end of the file and after Close. One Read at a time.
func (k *Keys) Read(p []byte) (n int, err error) {
	if k.most > 0 && len(p) > k.most {
		p = p[:k.most]
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return 0, io.EOF
	}
	err = control(k.from, func(fd int) error {
		for {
			wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(k.asleep[0]), Events: unix.POLLIN}}
			if _, err := unix.Poll(wait, -1); err == unix.EINTR {
				continue
			} else if err != nil {
				return err
			}
			if wait[1].Revents != 0 {
				return io.EOF
			}
			n, err = unix.Read(fd, p)
			switch {
			case err == unix.EINTR || err == unix.EAGAIN:
			case err == unix.EIO, err == nil && n <= 0: // the terminal is gone, the file at its end
				n = 0
				return io.EOF
			default:
				return err
			}
		}
	})
	return max(n, 0), err
}

// Close ends a Read that waits, and returns when it has ended.
func (k *Keys) Close() error {
	k.once.Do(func() {
		_, _ = unix.Write(k.asleep[1], []byte{0})
		k.mu.Lock()
		defer k.mu.Unlock()
		k.closed = true
		_ = unix.Close(k.asleep[0])
		_ = unix.Close(k.asleep[1])
	})
	return nil
}
