package traffic

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// Monotonic reads CLOCK_MONOTONIC, in nanoseconds: the clock of all orders and reports.
func Monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // cannot fail for this clock
	return t.Nano()
}

// longSleep is the span from which a context is listened to while waiting.
const longSleep = int64(20 * time.Millisecond)

// sleepUntil returns at a time of the clock, or when ctx ends. The caller has locked its
// thread: the last stretch is slept in the kernel, by absolute time.
func sleepUntil(ctx context.Context, at int64) error {
	if left := at - Monotonic(); left > longSleep {
		timer := time.NewTimer(time.Duration(left - longSleep/2))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	deadline := unix.NsecToTimespec(at)
	for {
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &deadline, nil)
		if err != unix.EINTR {
			return ctx.Err()
		}
	}
}
