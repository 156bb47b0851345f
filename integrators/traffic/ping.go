package traffic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

// ping sends Count echoes of Payload bytes every Interval and waits for each answer up
// to Timeout. Packets is how many were answered, Sent how many there were. Several may run in one host: an answer
// is known by the order's number and a stamp.
func ping(ctx context.Context, j *job) (m Measured, err error) {
	to, err := net.ResolveIPAddr("ip4", j.Target)
	if err != nil {
		return m, err
	}
	conn, err := net.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return m, fmt.Errorf("pinging %s: %w", j.Target, err)
	}
	defer conn.Close()
	id := uint16(j.ID) ^ uint16(os.Getpid())
	p := &pinger{agent: j.agent, id: id, sent: map[uint16]int64{}, to: to.String(), all: make(chan struct{}), count: j.Count}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(conn) })
	err = p.send(ctx, conn, to, j)
	if err == nil {
		late := j.agent.after(time.Duration(j.Timeout))
		for over := false; !over; {
			select {
			case <-p.all:
				over = true
			case <-ctx.Done():
				over = true
			case <-late.C:
				over = late.rings()
			}
		}
	}
	_ = conn.Close()
	reading.Wait()
	m.Packets, m.Sent = p.lat.n, p.tries
	p.lat.into(&m)
	return m, err
}

type pinger struct {
	agent *agent
	id    uint16
	to    string
	count int

	mu    sync.Mutex
	sent  map[uint16]int64
	tries int64 // by send alone
	late  int64 // answers that came after Timeout count as lost
	lat   latency
	all   chan struct{}
}

func (p *pinger) send(ctx context.Context, conn net.PacketConn, to net.Addr, j *job) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.late = j.Timeout
	start := max(j.Start, p.agent.now())
	packet := make([]byte, 8+max(j.Payload, 0))
	for k := range j.Count {
		if p.agent.sleepUntil(ctx, start+int64(k)*j.Interval) != nil {
			return nil
		}
		packet[0] = 8 // echo request, RFC 792
		packet[2], packet[3] = 0, 0
		binary.BigEndian.PutUint16(packet[4:], p.id)
		binary.BigEndian.PutUint16(packet[6:], uint16(k))
		binary.BigEndian.PutUint16(packet[2:], checksum(packet))
		p.mu.Lock()
		p.sent[uint16(k)] = p.agent.now()
		p.mu.Unlock()
		p.tries++
		_, err := conn.WriteTo(packet, to)
		var no *net.OpError
		if errors.As(err, &no) && !errors.Is(err, net.ErrClosed) {
			continue // no way there now: the echo is lost
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pinger) read(conn net.PacketConn) {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(buf)
		now := p.agent.now()
		if err != nil {
			return
		}
		if n < 8 || buf[0] != 0 || binary.BigEndian.Uint16(buf[4:]) != p.id || from.String() != p.to {
			continue
		}
		k := binary.BigEndian.Uint16(buf[6:])
		p.mu.Lock()
		if at, ok := p.sent[k]; ok {
			delete(p.sent, k)
			if now-at <= p.late {
				p.lat.add(now - at)
				if p.lat.n == int64(p.count) {
					close(p.all)
				}
			}
		}
		p.mu.Unlock()
	}
}

// checksum is the Internet checksum, RFC 1071.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)&1 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
