package embedded

import (
	"io"
	"net"
	"syscall"
	"unsafe"
)

// line reads from and writes to a connection what can be at once. The calls that do it do
// not wait, and so need not tell Go's scheduler, which would wake a thread that looks
// whether they do: at one packet at a time that is a third of what a packet costs.
type line struct {
	raw     syscall.RawConn
	buffer  []byte // of the Read or Write under way
	moved   int
	problem error
	reading bool
	attempt func(fd uintptr) bool
}

// lineOf is nil where a connection is none of the system's.
func lineOf(nc net.Conn) *line {
	c, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	l := &line{raw: raw}
	l.attempt = l.try // once, and not with every call
	return l
}

func (l *line) try(fd uintptr) bool {
	number := uintptr(syscall.SYS_WRITE)
	if l.reading {
		number = syscall.SYS_READ
	}
	for {
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(l.buffer))), uintptr(len(l.buffer)))
		switch errno {
		case 0:
			l.moved = int(n)
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return !l.reading // who writes does not wait
		default:
			l.problem = errno
		}
		return true
	}
}

// Read waits until there is something. It is for one goroutine.
func (l *line) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	l.buffer, l.moved, l.problem, l.reading = b, 0, nil, true
	err := l.raw.Read(l.attempt)
	l.buffer = nil
	switch {
	case err != nil:
		return 0, err
	case l.problem != nil:
		return 0, l.problem
	case l.moved == 0:
		return 0, io.EOF
	}
	return l.moved, nil
}

// write writes what the connection takes without waiting, and says how much that was.
// What is wrong with it, whoever writes the rest finds out.
func (l *line) write(b []byte) int {
	l.buffer, l.moved, l.problem, l.reading = b, 0, nil, false
	if len(b) > 0 && l.raw.Write(l.attempt) != nil {
		l.moved = 0
	}
	l.buffer = nil
	return l.moved
}
