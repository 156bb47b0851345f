package embedded

import (
	"sync"

	"sendim/core/control"
)

// item is something for the writer: bytes of our own, a downcall, or downcalls that come
// into force together.
type item struct {
	raw    []byte
	down   control.Downcall
	bundle []control.Downcall
}

// count is how many messages an item is.
func (it *item) count() int { return max(1, len(it.bundle)) }

// size is what an item holds, in bytes, of what a switch can have its controller say. Rules
// and the like do not count: the runtime has them anyway.
func (it *item) size() int {
	switch {
	case it.down.Packet != nil:
		return itself + len(it.down.Packet.Frame)
	case it.raw != nil:
		return itself + len(it.raw)
	}
	return 0
}

// itself is what an item takes in the queue: more than the shortest echo by far.
const itself = 256

// A switch may cause its controller to say a lot: every packet can be answered with one
// of its size, and every echo is. What waits for it is bounded in bytes as well.
const (
	backlogBytes = 16 << 20 // of it packet-ins are dropped
	limitBytes   = 64 << 20 // of it the switch is given up
)

// queue is what waits for a switch. push never waits, and wakes nobody.
type queue struct {
	limit    int
	overflow func() // called once, when a limit is passed

	mu         sync.Mutex
	items      []item
	count      int // of messages
	bytes      int
	taken      int // handed to the writer and not written yet
	takenBytes int
	full       bool
	signal     chan struct{} // has room for one
}

func newQueue(limit int, overflow func()) *queue {
	return &queue{limit: limit, overflow: overflow, signal: make(chan struct{}, 1)}
}

func (q *queue) push(it item) {
	q.mu.Lock()
	if q.full {
		q.mu.Unlock()
		return
	}
	q.items = append(q.items, it)
	q.count += it.count()
	q.bytes += it.size()
	q.full = q.count+q.taken > q.limit || q.bytes+q.takenBytes > limitBytes
	full := q.full
	q.mu.Unlock()
	if full {
		q.overflow()
	}
}

// ring has the writer look.
func (q *queue) ring() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// dashMost and dashBytes are how much is written without waking the writer.
const (
	dashMost  = 256
	dashBytes = 32 << 10
)

// little gives everything that waits, if that is little and can be encoded without
// waiting for anybody.
func (q *queue) little(spare []item) ([]item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.full || q.taken > 0 || q.count > dashMost || q.bytes > dashBytes {
		return spare, false
	}
	for i := range q.items {
		it := &q.items[i]
		if it.bundle != nil || it.raw == nil && (it.down.Kind == control.AskStats || it.down.Kind == control.LimitPort) {
			return spare, false
		}
	}
	out := q.items
	q.items, q.count, q.taken = spare[:0], 0, q.count
	q.bytes, q.takenBytes = 0, q.bytes
	return out, true
}

// take gives everything that waits; spare is used for what comes next.
func (q *queue) take(spare []item) []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.items
	q.items, q.count, q.taken = spare[:0], 0, q.count
	q.bytes, q.takenBytes = 0, q.bytes
	return out
}

// written says that what was taken is on the line.
func (q *queue) written() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken, q.takenBytes = 0, 0
}

// behind says that more than so many messages wait, or too many bytes.
func (q *queue) behind(most int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count+q.taken > most || q.bytes+q.takenBytes > backlogBytes
}
