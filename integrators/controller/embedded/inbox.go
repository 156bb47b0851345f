package embedded

import (
	"context"
	"sync"

	"sendim/core/control"
)

// arrival is what a connection has for the runtime.
type arrival struct {
	from *conn
	up   control.Upcall
}

// inbox is what waits for whoever has the runtime. Of what waits together the runtime
// makes one reaction.
type inbox struct {
	waitMu sync.Mutex
	items  []arrival
	room   chan struct{} // closed when there is room again; nil while nobody waits for it
	bell   chan struct{} // has room for one: the goroutine that owns the runtime is to look
}

func newInbox() inbox { return inbox{bell: make(chan struct{}, 1)} }

// inboxMost is how much waits before readers do.
const inboxMost = 4096

// put adds arrivals; it waits while too many wait already, until ctx ends.
func (b *inbox) put(ctx context.Context, list ...arrival) {
	b.waitMu.Lock()
	for len(b.items) >= inboxMost {
		if b.room == nil {
			b.room = make(chan struct{})
		}
		room := b.room
		b.waitMu.Unlock()
		b.ring()
		select {
		case <-room:
		case <-ctx.Done():
			return
		}
		b.waitMu.Lock()
	}
	b.items = append(b.items, list...)
	b.waitMu.Unlock()
}

// force adds an arrival without waiting: for whoever has the runtime and makes the room.
func (b *inbox) force(a arrival) {
	b.waitMu.Lock()
	defer b.waitMu.Unlock()
	b.items = append(b.items, a)
}

// take gives all that waits; spare is used for what comes next.
func (b *inbox) take(spare []arrival) []arrival {
	b.waitMu.Lock()
	defer b.waitMu.Unlock()
	out := b.items
	b.items = spare[:0]
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
	return out
}

// waits says that there is something.
func (b *inbox) waits() bool {
	b.waitMu.Lock()
	defer b.waitMu.Unlock()
	return len(b.items) > 0
}

func (b *inbox) ring() {
	select {
	case b.bell <- struct{}{}:
	default:
	}
}
