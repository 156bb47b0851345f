package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"sendim/cmd/sendim/internal/live"
)

// processAlive says whether a process exists and has not ended: one that nobody has
// asked about since its end (a zombie) is as dead as any.
func processAlive(pid int) bool {
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true // no /proc, or none of ours
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // proc(5): the state follows the name
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// awaitEnd returns when nobody answers in a run's directory any more, which it tries so often.
func awaitEnd(ctx context.Context, dir string, often time.Duration) error {
	tick := time.NewTicker(often)
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
