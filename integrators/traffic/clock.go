package traffic

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// Monotonic reads CLOCK_MONOTONIC, in nanoseconds: the clock of all orders and reports, less
// what a Standstill says.
func Monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // cannot fail for this clock
	return t.Nano()
}

// longSleep is the span from which a context is listened to while waiting.
const longSleep = int64(20 * time.Millisecond)

// now is Monotonic less the time for which the network stood still.
func (a *agent) now() int64 { return Monotonic() - a.still.read() }

// sleepUntil returns at a time of the agent's clock, or when ctx ends. The caller has locked
// its thread: the last stretch is slept in the kernel, by absolute time. Who slept while the
// network stood still sleeps on for what was left.
func (a *agent) sleepUntil(ctx context.Context, at int64) error {
	for left := at - a.now(); left > longSleep; left = at - a.now() {
		timer := time.NewTimer(time.Duration(left - longSleep/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
	for a.now() < at && ctx.Err() == nil {
		deadline := unix.NsecToTimespec(at + a.still.read())
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &deadline, nil) // EINTR: again
	}
	return ctx.Err()
}

// alarm rings at a time of the agent's clock.
type alarm struct {
	agent *agent
	at    int64
	C     <-chan time.Time
}

// after is time.After by the agent's clock; rings says of what came whether it is time.
func (a *agent) after(span time.Duration) *alarm {
	return &alarm{a, a.now() + int64(span), time.After(span)}
}

func (r *alarm) rings() bool {
	left := r.at - r.agent.now()
	if left > 0 {
		r.C = time.After(time.Duration(left))
	}
	return left <= 0
}
