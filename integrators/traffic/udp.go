package traffic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// header is what a packet of ours carries: the flow's tag, the packet's number modulo
// 2^32 and when it was sent.
const header = 16

// Buffers of sockets, in bytes: large, so that it is the network that loses packets.
const (
	sendBuffer    = 8 << 20
	receiveBuffer = 8 << 20
)

// drain is how long a receiver waits, after the sender has ended, for a packet that may
// still be in a queue. A packet that comes prolongs it.
const drain = 500 * time.Millisecond

func preciseTimers() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // merely less exact without
}

// udpSend sends Packets packets of Payload bytes at Rate. Bytes, if set, shortens the
// last one.
func udpSend(ctx context.Context, j *job) (Measured, error) {
	if j.Schedule != nil {
		return udpPaced(ctx, j)
	}
	if j.Payload < header || j.Packets < 1 || j.Rate < 1 {
		return Measured{}, fmt.Errorf("cannot send %d packets of %d bytes at %d bit/s", j.Packets, j.Payload, j.Rate)
	}
	gap := float64(j.Payload) * 8e9 / float64(j.Rate)
	k := int64(-1)
	return udpTrain(ctx, j, j.Payload, func() (after int64, size int, ok bool) {
		k++
		size = j.Payload
		if j.Bytes > 0 && k == j.Packets-1 {
			if rest := j.Bytes - k*int64(j.Payload); rest < int64(j.Payload) {
				size = int(max(rest, header))
			}
		}
		return int64(float64(k) * gap), size, k < j.Packets
	})
}

// udpTrain sends packets of at most so many bytes, each when it is due: next says how many
// nanoseconds after the start that is, and how large it is.
func udpTrain(ctx context.Context, j *job, most int, next func() (after int64, size int, ok bool)) (Measured, error) {
	var m Measured
	conn, err := dialUDP(j.Source, j.Target)
	if err != nil {
		return m, fmt.Errorf("sending to %s: %w", j.Target, err)
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return m, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	preciseTimers()
	start := j.Start
	if start == 0 {
		start = j.agent.now()
	}
	packet := make([]byte, most)
	binary.BigEndian.PutUint32(packet, j.Tag)
	for k := uint32(0); ; k++ {
		after, size, ok := next()
		if !ok {
			return m, nil
		}
		if due := start + after; j.agent.now() < due {
			if j.agent.sleepUntil(ctx, due) != nil {
				return m, nil // ended early, as told
			}
		} else if k&63 == 0 && ctx.Err() != nil {
			return m, nil
		}
		send := packet[:size]
		binary.BigEndian.PutUint32(send[4:], k)
		now := j.agent.now()
		binary.BigEndian.PutUint64(send[8:], uint64(now))
		if err := write(raw, send); err != nil {
			return m, fmt.Errorf("sending to %s: %w", j.Target, err)
		}
		if m.First == 0 {
			m.First = now
		}
		m.Last = now
		m.Packets++
		m.Bytes += int64(len(send))
	}
}

// write sends one packet on a blocking path without the poller. What the network says
// about earlier packets (nobody listens, the way is down) is not the sender's trouble:
// such a packet is sent and lost.
func write(raw syscall.RawConn, packet []byte) error {
	var failed error
	err := raw.Write(func(fd uintptr) bool {
		for range 3 {
			_, failed = unix.Write(int(fd), packet)
			switch {
			case errors.Is(failed, unix.EAGAIN):
				return false
			case errors.Is(failed, unix.ECONNREFUSED), errors.Is(failed, unix.EINTR):
				continue // the packet itself was not sent: again
			case errors.Is(failed, unix.ENOBUFS), errors.Is(failed, unix.ENETDOWN), errors.Is(failed, unix.EHOSTUNREACH), errors.Is(failed, unix.ENETUNREACH):
				failed = nil
			}
			return true
		}
		failed = nil
		return true
	})
	return errors.Join(err, failed)
}

func dialUDP(source, target string) (*net.UDPConn, error) {
	from, err := net.ResolveUDPAddr("udp4", source)
	if err != nil {
		return nil, err
	}
	to, err := net.ResolveUDPAddr("udp4", target)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{LocalAddr: from, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			grow(int(fd), unix.SO_SNDBUFFORCE, unix.SO_SNDBUF, sendBuffer)
		})
	}}
	c, err := d.Dial("udp4", to.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// grow enlarges a socket's buffer, beyond the machine's limit where that is permitted.
func grow(fd, force, plain, size int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, size) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, plain, size)
	}
}

// udpPort is one listening socket; several flows may come in at it.
type udpPort struct {
	conn  *net.UDPConn
	users int

	mu    sync.Mutex
	flows map[uint32]*udpFlow
}

type udpFlow struct {
	m      Measured
	lat    latency
	signal chan struct{} // capacity 1: something came
}

// udpReceive counts the packets of a flow until it is told how many were sent and they
// have come, or nothing has come for a while.
func udpReceive(ctx context.Context, j *job) (Measured, error) {
	a := j.agent
	at, err := netip.ParseAddrPort(j.Target)
	if err != nil {
		return Measured{}, err
	}
	p, f, err := a.openUDP(at, j.Tag)
	if err != nil {
		return Measured{}, fmt.Errorf("receiving at %s: %w", j.Target, err)
	}
	j.ready()
	sent, limit := int64(-1), &alarm{} // which never rings
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case sent = <-j.finished:
			limit = a.after(drain)
		case <-f.signal:
			if limit.agent != nil {
				limit = a.after(drain)
			}
		case <-limit.C:
			done = limit.rings()
		}
		p.mu.Lock()
		done = done || sent >= 0 && f.m.Packets >= sent
		p.mu.Unlock()
	}
	a.closeUDP(at, p, j.Tag)
	p.mu.Lock()
	defer p.mu.Unlock()
	f.lat.into(&f.m)
	return f.m, nil
}

func (a *agent) openUDP(at netip.AddrPort, tag uint32) (*udpPort, *udpFlow, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.udp[at]
	if p == nil {
		lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { grow(int(fd), unix.SO_RCVBUFFORCE, unix.SO_RCVBUF, receiveBuffer) })
		}}
		c, err := lc.ListenPacket(context.Background(), "udp4", at.String())
		if err != nil {
			return nil, nil, err
		}
		p = &udpPort{conn: c.(*net.UDPConn), flows: map[uint32]*udpFlow{}}
		a.udp[at] = p
		a.wg.Go(func() { a.readUDP(p) })
	}
	p.users++
	f := &udpFlow{signal: make(chan struct{}, 1)}
	p.mu.Lock()
	p.flows[tag] = f
	p.mu.Unlock()
	return p, f, nil
}

func (a *agent) closeUDP(at netip.AddrPort, p *udpPort, tag uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p.mu.Lock()
	delete(p.flows, tag)
	p.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(a.udp, at)
		_ = p.conn.Close()
	}
}

func (a *agent) readUDP(p *udpPort) {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(buf)
		now := a.now()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n < header {
			continue
		}
		p.mu.Lock()
		if f := p.flows[binary.BigEndian.Uint32(buf)]; f != nil {
			if f.m.First == 0 {
				f.m.First = now
			}
			f.m.Last = now
			f.m.Packets++
			f.m.Bytes += int64(n)
			f.lat.add(now - int64(binary.BigEndian.Uint64(buf[8:])))
			select {
			case f.signal <- struct{}{}:
			default:
			}
		}
		p.mu.Unlock()
	}
}
