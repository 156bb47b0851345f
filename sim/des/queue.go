package des

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

const (
	radixBits = 8 // of the time, per level
	slots     = 1 << radixBits
	levels    = 64 / radixBits
	blockLen  = 63 // events per block: with its header a block is 2 KiB
	slabLen   = 32 // blocks allocated at once
	spillMin  = 64 // size at which the near heap may be worth spreading out
)

// Queue holds pending events and gives them back in the order of Compare. The
// zero value is not ready; use NewQueue.
//
// It is a radix queue (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for
// the shortest path problem", J. ACM 37(2), 1990, section 2) over the bytes of
// the time, whose last levels are one calendar (Brown, "Calendar queues", CACM
// 31(10), 1988) and a sorted front. An event waits in a bucket named by the
// highest byte in which its time differs from cur and by that byte's value. The
// lowest bucket is spread over the lower levels until few enough events are
// left in it, which then lie in the fan: lists by slots of the bucket's time,
// from which the next few are sorted and become the front. What is put in for a
// time that the front already covers goes to a small heap beside it.
type Queue struct {
	run  []Event // the front: sorted, of which run[next:] is still to come
	next int
	near []Event // 4-ary heap of events at or before last
	last uint64  // the latest key the front covers
	cur  uint64  // all bucketed events are later than last >= cur
	now  int64
	size int

	spillAt   int // size of near at which to spread it out
	peeked    bool
	peekedMin int64 // earliest event neither in the front nor in near, if peeked
	taken     Event // what Next took from near

	fan fan

	occupied [levels]bitmap
	live     uint8 // bit l is set if level l has an event
	bucket   [levels][slots]bucket
	free     *block
}

type bitmap [slots / 64]uint64

// bucket is a list of blocks, of which all but the first are full. The count of
// the first is kept here, so that filing an event reads nothing of the block.
type bucket struct {
	first  *block
	n      uint32
	blocks uint32
}

// block holds some events of one bucket. Its only pointer comes first, so that
// the garbage collector does not read the events.
type block struct {
	next *block
	_    [3]uint64
	ev   [blockLen]Event
}

// PastError is what Push panics with when an event is put in for a time before
// the clock: the simulator would have to change what it has already done.
type PastError struct {
	Event Event
	Now   int64 // the clock, in picoseconds
}

// Error says which event came too late and by how much.
func (e *PastError) Error() string {
	return fmt.Sprintf("event for node %d of kind %d at %d ps is in the past: the clock stands at %d ps",
		e.Event.Target, e.Event.Kind, e.Event.At, e.Now)
}

// SkipError is what AdvanceTo panics with when an event is still to come before
// the time asked for.
type SkipError struct {
	To   int64 // the time asked for, in picoseconds
	Next int64 // the earliest pending event, in picoseconds
}

// Error says which event would have been skipped.
func (e *SkipError) Error() string {
	return fmt.Sprintf("advance to %d ps would skip an event at %d ps", e.To, e.Next)
}

// NewQueue returns an empty queue whose clock stands at start, in picoseconds.
func NewQueue(start int64) *Queue {
	q := new(Queue)
	q.Reset(start)
	return q
}

// Reset empties the queue and sets its clock to start. It keeps the memory.
func (q *Queue) Reset(start int64) {
	for l := range q.bucket {
		for w, word := range q.occupied[l] {
			for ; word != 0; word &= word - 1 {
				s := w*64 + bits.TrailingZeros64(word)
				for b := q.bucket[l][s].first; b != nil; {
					b = q.release(b)
				}
				q.bucket[l][s] = bucket{}
			}
		}
		q.occupied[l] = bitmap{}
	}
	q.fan.clear()
	q.run, q.next, q.near = q.run[:0], 0, q.near[:0]
	q.live, q.size, q.peeked = 0, 0, false
	q.now = start
	q.cur = key(start)
	q.last = q.cur
	q.spillAt = spillMin
}

// Len returns the number of pending events.
func (q *Queue) Len() int { return q.size }

// Now returns the clock: the time of the event taken out last, or where
// NewQueue, Reset or AdvanceTo put it if that is later.
func (q *Queue) Now() int64 { return q.now }

// AdvanceTo moves the clock to t if t is later, as at the end of a run during
// which nothing more happened. It panics with a *SkipError if an event is
// pending before t.
func (q *Queue) AdvanceTo(t int64) {
	if t <= q.now {
		return
	}
	if at, ok := q.PeekTime(); ok && at < t {
		panic(&SkipError{To: t, Next: at})
	}
	q.now = t
}

// key maps times to unsigned numbers in the same order.
func key(at int64) uint64 { return uint64(at) ^ 1<<63 }

// Push puts e in. Its time may be that of the clock, even if that places it
// before the event taken out last; if it is earlier, Push panics with a
// *PastError.
func (q *Queue) Push(e Event) {
	if e.At < q.now {
		panic(&PastError{Event: e, Now: q.now})
	}
	q.size++
	k := key(e.At)
	if k <= q.last {
		q.pushNear(e)
		return
	}
	if q.peeked && e.At < q.peekedMin {
		q.peekedMin = e.At
	}
	// Written field by field where it will lie: a copy of what was just written in
	// pieces would have to wait for them.
	var place *Event
	if k-q.fan.low < q.fan.width {
		place = q.fan.put(k)
	} else {
		place = q.file(k)
	}
	*place = e
}

// file makes room for an event later than last in its bucket.
func (q *Queue) file(k uint64) *Event {
	l := uint(63-bits.LeadingZeros64(k^q.cur|1)) / radixBits
	s := uint(k>>(l*radixBits)) % slots
	b := &q.bucket[l%levels][s]
	if b.first == nil || b.n == blockLen {
		q.extend(l%levels, s)
	}
	b.n++
	return &b.first.ev[b.n-1]
}

// extend puts an empty block at the head of a bucket.
func (q *Queue) extend(l, s uint) {
	if q.free == nil {
		slab := make([]block, slabLen)
		for i := range slab {
			q.release(&slab[i])
		}
	}
	b := q.free
	q.free = b.next
	b.next = q.bucket[l][s].first
	q.bucket[l][s] = bucket{first: b, blocks: q.bucket[l][s].blocks + 1}
	q.occupied[l][s/64] |= 1 << (s % 64)
	q.live |= 1 << l
}

// release frees a block and returns the one after it.
func (q *Queue) release(b *block) (next *block) {
	next = b.next
	b.next = q.free
	q.free = b
	return next
}

// PopNext takes out the first event if its time is at or before limit. Use
// math.MaxInt64 for no limit. The clock moves to the event's time; it does not
// move if there is none.
func (q *Queue) PopNext(limit int64) (e Event, ok bool) {
	if p := q.Next(limit); p != nil {
		return *p, true
	}
	return Event{}, false
}

// Next is PopNext without a copy: the event lies in the queue's own memory and
// stays as it is until the next call of Next, PopNext or Reset. It is nil if there is none.
func (q *Queue) Next(limit int64) *Event {
	if q.next == len(q.run) && len(q.near) == 0 && !q.advance(limit) {
		return nil
	}
	var e *Event
	if q.next < len(q.run) {
		e = &q.run[q.next]
	}
	if len(q.near) > 0 && (e == nil || before(&q.near[0], e)) {
		if q.near[0].At > limit {
			return nil
		}
		q.taken = q.near[0]
		q.popNear()
		e = &q.taken
	} else {
		if e.At > limit {
			return nil
		}
		q.next++
	}
	q.now = e.At
	q.size--
	return e
}

// PeekTime returns the time of the first event, and false if there is none.
func (q *Queue) PeekTime() (at int64, ok bool) {
	if q.size == 0 {
		return 0, false
	}
	at = math.MaxInt64
	if q.next < len(q.run) {
		at = q.run[q.next].At
	}
	if len(q.near) > 0 {
		at = min(at, q.near[0].At)
	}
	if q.next < len(q.run) || len(q.near) > 0 {
		return at, true
	}
	// Looking must not move cur: what is put in next may be much earlier.
	if !q.peeked {
		q.peeked, q.peekedMin = true, math.MaxInt64
		if q.fan.n > 0 {
			q.peekedMin = q.fan.earliest()
			return q.peekedMin, true
		}
		l, s := q.lowest()
		n := q.bucket[l][s].n
		for b := q.bucket[l][s].first; b != nil; b = b.next {
			for i := range b.ev[:n] {
				q.peekedMin = min(q.peekedMin, b.ev[i].At)
			}
			n = blockLen
		}
	}
	return q.peekedMin, true
}

// AppendPending appends all pending events to dst, in order, and returns it: for
// checkpoints and for handing events to other workers.
func (q *Queue) AppendPending(dst []Event) []Event {
	from := len(dst)
	dst = append(dst, q.run[q.next:]...)
	dst = append(dst, q.near...)
	dst = q.fan.append(dst)
	for l := range q.bucket {
		for s := range q.bucket[l] {
			n := q.bucket[l][s].n
			for b := q.bucket[l][s].first; b != nil; b = b.next {
				dst = append(dst, b.ev[:n]...)
				n = blockLen
			}
		}
	}
	sortEvents(dst[from:])
	return dst
}

func sortEvents(ev []Event) {
	slices.SortFunc(ev, func(a, b Event) int { return Compare(&a, &b) })
}

// lowest returns the bucket with the earliest events; there must be one.
func (q *Queue) lowest() (l, s uint) {
	l = uint(bits.TrailingZeros8(q.live)) % levels
	for w, word := range &q.occupied[l] {
		if word != 0 {
			return l, uint(w*64+bits.TrailingZeros64(word)) % slots
		}
	}
	panic("des: a level is marked as occupied and is not")
}

// advance makes the first few events the new front, for which it opens the
// lowest bucket unless the fan has some. It returns false if there is nothing at
// or before limit.
func (q *Queue) advance(limit int64) bool {
	q.run, q.next = q.run[:0], 0
	for {
		if q.fan.n > 0 {
			if opened, crowded := q.unfold(limit); !crowded || opened {
				return opened
			}
			continue
		}
		if q.live == 0 {
			return false
		}
		l, s := q.lowest()
		low := q.cur>>(l*radixBits)&^(slots-1) | uint64(s) // the time's bytes from l up
		low <<= l * radixBits
		if low > key(limit) {
			return false
		}
		q.peeked = false
		b, n, few := q.bucket[l][s].first, q.bucket[l][s].n, q.bucket[l][s].blocks <= fanMax/blockLen
		q.bucket[l][s] = bucket{}
		q.occupied[l][s/64] &^= 1 << (s % 64)
		if q.occupied[l] == (bitmap{}) {
			q.live &^= 1 << l
		}
		q.cur, q.last = low, low-1
		q.spillAt = spillMin
		if l < 2 || few {
			q.fan.cover(low, l)
			for b != nil {
				for i := range b.ev[:n] {
					*q.fan.put(key(b.ev[i].At)) = b.ev[i]
				}
				b, n = q.release(b), blockLen
			}
			continue
		}
		q.fan.width = 0
		for b != nil {
			for i := range b.ev[:n] {
				*q.file(key(b.ev[i].At)) = b.ev[i]
			}
			b, n = q.release(b), blockLen
		}
	}
}
