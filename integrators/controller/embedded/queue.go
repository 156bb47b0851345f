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

// size is what an item holds beyond itself, in bytes. Rules and the like do not count: the
// runtime has them anyway.
func (it *item) size() int {
	if it.down.Packet != nil {
		return len(it.raw) + len(it.down.Packet.Frame)
	}
	return len(it.raw)
}

// A switch may cause its controller to say a lot: every packet can be answered with one
// of its size, and every echo is. What waits for it is bounded in bytes as well.
const (
	backlogBytes = 16 << 20 // of it packet-ins are dropped
	limitBytes   = 64 << 20 // of it the switch is given up
)

// queue is what waits for a switch. push never waits.
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
		return
	}
	select {
	case q.signal <- struct{}{}:
	default:
	}
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
