package cli

import (
	"context"
	"syscall"
	"time"

	"sendim/cmd/sendim/internal/live"
)

// processAlive says whether a process exists.
func processAlive(pid int) bool {
	return pid > 0 && syscall.Kill(pid, 0) != syscall.ESRCH
}

// awaitEnd returns when nobody answers in a run's directory any more.
func awaitEnd(ctx context.Context, dir string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for live.Alive(dir) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
