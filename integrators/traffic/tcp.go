package traffic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes of a transfer's pieces, in bytes: one write, and what may wait unsent in the
// sender's socket, so that a transfer bounded in time ends soon after.
const (
	chunk  = 64 << 10
	unsent = 128 << 10
)

// giveUp is after how many milliseconds without an answer a connection fails, or one that is
// not made yet: the kernel's own patience is a quarter of an hour, and a minute.
const giveUp = 30_000

func tcpControl(segment int) func(string, string, syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, giveUp)
			if segment > 0 {
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment)
			}
		})
	}
}

// info reads what the kernel knows of a connection.
func info(c *net.TCPConn) (*unix.TCPInfo, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var i *unix.TCPInfo
	var failed error
	if err := raw.Control(func(fd uintptr) { i, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); err != nil {
		return nil, err
	}
	return i, failed
}

// tcpSend connects and sends Bytes, or for Span, at Rate or as fast as it goes, and
// waits until the other side has everything.
func tcpSend(ctx context.Context, j *job) (m Measured, err error) {
	from, err := net.ResolveTCPAddr("tcp4", j.Source)
	if err != nil {
		return m, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	preciseTimers()
	if j.Start > 0 && j.agent.sleepUntil(ctx, j.Start) != nil {
		return m, nil
	}
	m.First = j.agent.now()
	d := net.Dialer{LocalAddr: from, Control: tcpControl(j.Segment)}
	conn, err := d.DialContext(ctx, "tcp4", j.Target)
	if err != nil {
		return m, fmt.Errorf("connecting to %s: %w", j.Target, err)
	}
	c := conn.(*net.TCPConn)
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })()
	err = stream(ctx, j, c, &m)
	if err == nil {
		// The end is when the other side has read everything and closes too.
		_ = c.CloseWrite()
		_, err = io.Copy(io.Discard, c)
	}
	if i, fail := info(c); fail == nil {
		m.Packets, m.Retransmits = int64(i.Data_segs_out), int64(i.Total_retrans)
	}
	m.Last = j.agent.now()
	if ctx.Err() != nil {
		return m, nil // ended early, as told
	}
	if err != nil {
		err = fmt.Errorf("sending to %s: %w", j.Target, err)
	}
	return m, err
}

func stream(ctx context.Context, j *job, c *net.TCPConn, m *Measured) error {
	buf := make([]byte, chunk)
	limit := func() {
		if j.Span > 0 {
			_ = c.SetWriteDeadline(time.Now().Add(time.Duration(m.First + j.Span - j.agent.now())))
		}
	}
	limit()
	for j.Bytes == 0 || m.Bytes < j.Bytes {
		now := j.agent.now()
		if ctx.Err() != nil || j.Span > 0 && now >= m.First+j.Span {
			return nil
		}
		piece := buf
		if j.Bytes > 0 {
			piece = piece[:min(int64(len(piece)), j.Bytes-m.Bytes)]
		}
		if j.Rate > 0 {
			// A limited application writes what is due every 10 ms at the most.
			piece = piece[:min(len(piece), max(1448, int(j.Rate/800)))]
			due := m.First + int64(float64(m.Bytes)*8e9/float64(j.Rate))
			if due > now {
				if j.Span > 0 && due >= m.First+j.Span {
					due = m.First + j.Span
				}
				if j.agent.sleepUntil(ctx, due) != nil || j.Span > 0 && due == m.First+j.Span {
					return nil
				}
			}
		}
		n, err := c.Write(piece)
		m.Bytes += int64(n)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			if ctx.Err() != nil || j.agent.now() >= m.First+j.Span {
				return nil
			}
			limit() // the network stood still meanwhile
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tcpPort is one listening socket; several flows may come in at it.
type tcpPort struct {
	listener *net.TCPListener
	waiting  []*tcpWaiter // guarded by the agent's lock
}

type tcpWaiter struct {
	from netip.AddrPort
	conn chan *net.TCPConn // capacity 1
}

// tcpReceive takes the connection from Source and reads it to its end.
func tcpReceive(ctx context.Context, j *job) (m Measured, err error) {
	a := j.agent
	at, err := netip.ParseAddrPort(j.Target)
	if err != nil {
		return m, err
	}
	from, err := netip.ParseAddrPort(j.Source)
	if err != nil {
		return m, err
	}
	w := &tcpWaiter{from: from, conn: make(chan *net.TCPConn, 1)}
	p, err := a.openTCP(at, w, j.Segment)
	if err != nil {
		return m, fmt.Errorf("receiving at %s: %w", j.Target, err)
	}
	j.ready()
	var c *net.TCPConn
	select {
	case c = <-w.conn:
		a.closeTCP(at, p, w)
	case <-ctx.Done():
		a.closeTCP(at, p, w)
		return m, nil
	case <-j.finished: // the sender gave up before it connected
		a.closeTCP(at, p, w)
		select {
		case c = <-w.conn:
		default:
			return m, nil
		}
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })()
	buf := make([]byte, 256<<10)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			m.Last = j.agent.now()
			if m.First == 0 {
				m.First = m.Last
			}
			m.Bytes += int64(n)
		}
		if err != nil {
			if i, fail := info(c); fail == nil {
				m.Packets = int64(i.Data_segs_in)
			}
		}
		switch {
		case errors.Is(err, io.EOF), err != nil && ctx.Err() != nil:
			return m, nil
		case err != nil:
			return m, fmt.Errorf("receiving at %s: %w", j.Target, err)
		}
	}
}

func (a *agent) openTCP(at netip.AddrPort, w *tcpWaiter, segment int) (*tcpPort, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.tcp[at]
	if p == nil {
		lc := net.ListenConfig{Control: tcpControl(segment)}
		l, err := lc.Listen(context.Background(), "tcp4", at.String())
		if err != nil {
			return nil, err
		}
		p = &tcpPort{listener: l.(*net.TCPListener)}
		a.tcp[at] = p
		a.wg.Go(func() { a.accept(p) })
	}
	p.waiting = append(p.waiting, w)
	return p, nil
}

func (a *agent) closeTCP(at netip.AddrPort, p *tcpPort, w *tcpWaiter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, other := range p.waiting {
		if other == w {
			p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
			break
		}
	}
	if len(p.waiting) == 0 && a.tcp[at] == p {
		delete(a.tcp, at)
		_ = p.listener.Close()
	}
}

// accept gives each connection to the flow it belongs to: by its source, else (an app
// may rewrite addresses) by the source's port.
func (a *agent) accept(p *tcpPort) {
	for {
		c, err := p.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors: later
			continue
		}
		from := c.RemoteAddr().(*net.TCPAddr).AddrPort()
		a.mu.Lock()
		var best *tcpWaiter
		for _, w := range p.waiting {
			if len(w.conn) == 0 && (w.from == from || best == nil && w.from.Port() == from.Port()) {
				best = w
			}
		}
		if best != nil {
			best.conn <- c
		} else {
			_ = c.Close()
		}
		a.mu.Unlock()
	}
}
