package embedded

import (
	"sync"

	"sendim/core/control"
)

// item is something for the writer: bytes of our own, or a downcall.
type item struct {
	raw  []byte
	down control.Downcall
}

// queue is what waits for a switch. push never waits.
type queue struct {
	limit    int
	overflow func() // called once, when the limit is passed

	mu     sync.Mutex
	items  []item
	taken  int // handed to the writer and not written yet
	full   bool
	signal chan struct{} // has room for one
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
	q.full = len(q.items)+q.taken > q.limit
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
	q.items, q.taken = spare[:0], len(out)
	return out
}

// written says that what was taken is on the line.
func (q *queue) written() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = 0
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) + q.taken
}
