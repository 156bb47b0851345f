package des

// The near heap: events for times that the front already covers. It is small
// unless a wide bucket with few events became the front and the simulation then
// went on in steps much shorter than that bucket; spill puts that right.

func (q *Queue) pushNear(e Event) {
	if len(q.near) >= q.spillAt && q.last != key(q.now) {
		q.spill()
		if k := key(e.At); k > q.last {
			*q.file(k) = e
			return
		}
	}
	q.near = append(q.near, e)
	h := q.near
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !before(&e, &h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
}

func (q *Queue) popNear() {
	n := len(q.near) - 1
	e := q.near[n]
	q.near = q.near[:n]
	if n > 0 {
		siftDown(q.near, 0, &e)
	}
}

// siftDown places e into the hole at i of the heap h.
func siftDown(h []Event, i int, e *Event) {
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, len(h)); c++ {
			if before(&h[c], &h[least]) {
				least = c
			}
		}
		if !before(&h[least], e) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = *e
}

// spill gives up the front and the fan: their events and those of the near heap
// go into buckets finer than the one the fan came from. Those buckets are free,
// because everything below the fan's level has been emptied to get there.
// Events before the front, put in after a look beyond them, stay in the heap.
func (q *Queue) spill() {
	// Everything from cur to now has happened, so cur may follow the clock. It
	// stays within the front, relative to which the other buckets are named. If
	// the front has been given up already, or starts with the first of all times,
	// the heap must keep what it has.
	cur := max(q.cur, key(q.now))
	if q.last < q.cur || cur == 0 {
		q.spillAt = 2 * len(q.near)
		return
	}
	q.cur = cur
	q.last = q.cur - 1
	q.peeked = false
	for i := range q.run[q.next:] {
		*q.file(key(q.run[q.next+i].At)) = q.run[q.next+i]
	}
	q.dissolve()
	q.run, q.next = q.run[:0], 0
	kept := q.near[:0]
	for i := range q.near {
		if e := q.near[i]; key(e.At) > q.last {
			*q.file(key(e.At)) = e
		} else {
			kept = append(kept, e)
		}
	}
	q.near = kept
	for i := (len(kept) - 2) / 4; i >= 0 && len(kept) > 1; i-- {
		e := kept[i]
		siftDown(kept, i, &e)
	}
	q.spillAt = max(spillMin, 2*len(kept))
}
