package traffic

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"

	"sendim/core/model"
	"sendim/core/random"
)

// udpPaced sends the packets of a schedule, each when it is due: the same packets as in
// every other world.
func udpPaced(ctx context.Context, j *job) (Measured, error) {
	var m Measured
	pacer, err := j.Schedule.Pacer(random.New(j.Seed))
	if err != nil {
		return m, err
	}
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
	packet := make([]byte, 1<<16)
	binary.BigEndian.PutUint32(packet, j.Tag)
	for k := uint32(0); ; k++ {
		at, size, ok := pacer.Next()
		if !ok {
			return m, nil
		}
		if due := start + int64(at/model.Nanosecond); j.agent.now() < due {
			if j.agent.sleepUntil(ctx, due) != nil {
				return m, nil // ended early, as told
			}
		} else if k&63 == 0 && ctx.Err() != nil {
			return m, nil
		}
		send := packet[:max(size, header)]
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
