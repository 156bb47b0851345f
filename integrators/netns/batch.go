package netns

import (
	"fmt"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// batch sends many requests to the kernel at once: one system call takes a crowd of them
// there, and their acknowledgements come back in the order in which they were made. It
// speaks to the namespace that its thread was in when it was opened.
type batch struct {
	fd      int
	buffer  []byte
	pending []pending
	first   error
}

// pending is a request whose acknowledgement is awaited.
type pending struct {
	seq     uint32
	what    string
	of      string
	lenient bool // that it cannot be done is no error
}

// crowd is how many requests are sent at once: so many acknowledgements fit into a
// socket's buffer of the usual size.
const crowd = 64

// patience is how long the kernel may think about one request, in seconds.
const patience = 30

func openBatch() (*batch, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("opening a netlink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("opening a netlink socket: %w", err)
	}
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: patience})
	// An error comes with the whole request otherwise.
	_ = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1)
	return &batch{fd: fd}, nil
}

func (b *batch) close() { _ = unix.Close(b.fd) }

// add adds a request: what it does, to what.
func (b *batch) add(what, of string, r *nl.NetlinkRequest) { b.append(what, of, r, false) }

// try adds a request that may fail.
func (b *batch) try(r *nl.NetlinkRequest) { b.append("", "", r, true) }

func (b *batch) append(what, of string, r *nl.NetlinkRequest, lenient bool) {
	r.Flags |= unix.NLM_F_REQUEST | unix.NLM_F_ACK
	b.buffer = append(b.buffer, r.Serialize()...)
	for len(b.buffer)%unix.NLMSG_ALIGNTO != 0 {
		b.buffer = append(b.buffer, 0)
	}
	b.pending = append(b.pending, pending{r.Seq, what, of, lenient})
	if len(b.pending) >= crowd {
		b.send()
	}
}

// flush sends what is left and returns the first error of all that were added.
func (b *batch) flush() error {
	b.send()
	err := b.first
	b.first = nil
	return err
}

func (b *batch) send() {
	if len(b.pending) == 0 {
		return
	}
	waiting := b.pending
	err := unix.Sendto(b.fd, b.buffer, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	b.buffer, b.pending = b.buffer[:0], b.pending[:0]
	if err != nil {
		b.fail(fmt.Errorf("asking the kernel: %w", err))
		return
	}
	answer := make([]byte, 1<<16)
	for len(waiting) > 0 {
		n, _, err := unix.Recvfrom(b.fd, answer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			b.fail(fmt.Errorf("%s %s: waiting for the kernel: %w", waiting[0].what, waiting[0].of, err))
			return
		}
		messages, err := syscall.ParseNetlinkMessage(answer[:n])
		if err != nil {
			b.fail(fmt.Errorf("%s %s: reading the kernel's answer: %w", waiting[0].what, waiting[0].of, err))
			return
		}
		for _, m := range messages {
			if len(waiting) == 0 || m.Header.Type != unix.NLMSG_ERROR || m.Header.Seq != waiting[0].seq || len(m.Data) < 4 {
				continue
			}
			w := waiting[0]
			waiting = waiting[1:]
			if code := int32(nl.NativeEndian().Uint32(m.Data)); code != 0 && !w.lenient {
				b.fail(fmt.Errorf("%s %s: %w", w.what, w.of, syscall.Errno(-code)))
			}
		}
	}
}

func (b *batch) fail(err error) {
	if b.first == nil {
		b.first = err
	}
}
