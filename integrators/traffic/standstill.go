package traffic

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Standstill is for how long a network has stood still so far, in a page of memory that its
// agents share with whoever stops and continues them: their clock is CLOCK_MONOTONIC less
// that. As the page says so before anybody goes on, no agent ever sees the time between.
// Its methods may be called from any goroutine; nil has never stood still.
type Standstill struct {
	page []byte
	span *atomic.Int64
}

// NewStandstill makes the file that agents are given; the caller removes it.
func NewStandstill(path string) (*Standstill, error) { return openStandstill(path, true) }

func openStandstill(path string, create bool) (*Standstill, error) {
	flags, access := os.O_RDONLY, unix.PROT_READ
	if create {
		flags, access = os.O_RDWR|os.O_CREATE|os.O_TRUNC, unix.PROT_READ|unix.PROT_WRITE
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the clock that agents share: %w", err)
	}
	defer f.Close()
	size := os.Getpagesize()
	if create {
		err = f.Truncate(int64(size))
	}
	var page []byte
	if err == nil {
		page, err = unix.Mmap(int(f.Fd()), 0, size, access, unix.MAP_SHARED)
	}
	if err != nil {
		return nil, fmt.Errorf("sharing the agents' clock: %w", err)
	}
	// A page begins where any integer may lie.
	return &Standstill{page, (*atomic.Int64)(unsafe.Pointer(&page[0]))}, nil
}

// Set says for how long the network has stood still in all, in nanoseconds: before it goes
// on.
func (s *Standstill) Set(span int64) { s.span.Store(span) }

func (s *Standstill) read() int64 {
	if s == nil {
		return 0
	}
	return s.span.Load()
}

// Close gives the page back; the file stays.
func (s *Standstill) Close() error { return unix.Munmap(s.page) }
