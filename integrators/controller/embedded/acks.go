package embedded

import (
	"fmt"
	"sync/atomic"
	"time"
)

// acks are the barriers on the line, and whether they are answered. A switch that keeps
// its connection alive and never answers one has whoever waits for it wait for ever, and
// all that it was sent is kept in mind until it does.
type acks struct {
	asked, answered atomic.Uint64 // the newest, by the runtime's number
	waited          atomic.Int64  // since when, as heard
}

// reluctance is how many times Silence a switch may take to answer anything that it is asked,
// while it says other things. Real ones write rules into hardware, a few hundred a second.
const reluctance = 4

func (a *acks) asking(xid uint64, now time.Duration) {
	if a.answered.Load() >= a.asked.Load() {
		a.waited.Store(int64(now))
	}
	a.asked.Store(xid)
}

func (a *acks) acknowledged(xid uint64, now time.Duration) {
	if xid > a.answered.Load() {
		a.answered.Store(xid)
		a.waited.Store(int64(now))
	}
}

// overdue says that a barrier has waited for too long.
func (a *acks) overdue(now, silence time.Duration) error {
	if a.asked.Load() <= a.answered.Load() || now-time.Duration(a.waited.Load()) < reluctance*silence {
		return nil
	}
	return fmt.Errorf("it has acknowledged nothing for %v", reluctance*silence)
}
