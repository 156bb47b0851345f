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
	bytes  int           // of packets
	room   chan struct{} // closed when there is room again; nil while nobody waits for it
	bell   chan struct{} // has room for one: the goroutine that owns the runtime is to look
}

func newInbox() inbox { return inbox{bell: make(chan struct{}, 1)} }

// inboxMost is how much waits before readers do, and inboxBytes how many bytes of packets.
// Of one switch no more than what its reader brings at once, and once more that: whoever
// says much does not stand before everybody else.
const (
	inboxMost  = 4096
	inboxBytes = 32 << 20
)

// full says that a switch's reader has to wait. The lock is the caller's.
func (b *inbox) full(from *conn) bool {
	return len(b.items) >= inboxMost || b.bytes >= inboxBytes || from.waiting >= batchMost || from.waitingBytes >= batchBytes
}

// put adds arrivals; it waits while too many wait already, until ctx ends.
func (b *inbox) put(ctx context.Context, list ...arrival) {
	b.waitMu.Lock()
	for len(list) > 0 && b.full(list[0].from) {
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
	for i := range list {
		b.add(list[i])
	}
	b.waitMu.Unlock()
}

// force adds an arrival without waiting: for whoever has the runtime and makes the room.
func (b *inbox) force(a arrival) {
	b.waitMu.Lock()
	defer b.waitMu.Unlock()
	b.add(a)
}

func (b *inbox) add(a arrival) {
	b.items = append(b.items, a)
	a.from.waiting++
	if a.up.Packet != nil && a.up.Packet.Bytes != nil {
		n := len(a.up.Packet.Bytes())
		b.bytes += n
		a.from.waitingBytes += n
	}
}

// take gives all that waits; spare is used for what comes next.
func (b *inbox) take(spare []arrival) []arrival {
	b.waitMu.Lock()
	defer b.waitMu.Unlock()
	out := b.items
	b.items, b.bytes = spare[:0], 0
	for i := range out {
		out[i].from.waiting, out[i].from.waitingBytes = 0, 0
	}
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
