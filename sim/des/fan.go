package des

import (
	"math/bits"
	"slices"
)

const (
	fanBits  = 10
	fanSlots = 1 << fanBits
	fanMax   = 4096 // events of a bucket that the fan takes over: what the second cache holds
	crowd    = 64   // events in a slot that are too many to sort at once
	frontLen = 8    // events that are enough for a front

	placeBits = 6 // for a place in a crowd
)

// fan holds the events of the bucket at work by slots of its time: as lists, so
// that the events of many slots lie close together. Places are used again in the
// order last in, first out, for the same reason.
type fan struct {
	low   uint64 // the first key that it covers
	width uint64 // how many; 0: not in use
	shift uint   // a slot is 1<<shift keys
	n     int

	words    uint64 // bit w is set if occupied[w] is not 0
	occupied [fanSlots / 64]uint64
	heads    [fanSlots]uint32
	ev       []Event // by place; 0 is none
	link     []uint32
	free     uint32 // first of the free places
}

// cover makes the empty fan that of a bucket of level l.
func (f *fan) cover(low uint64, l uint) {
	f.low, f.width = low, 1<<(l*radixBits)
	f.shift = max(l*radixBits, fanBits) - fanBits
}

// put makes room for an event that the fan covers.
func (f *fan) put(k uint64) *Event {
	if f.free == 0 {
		f.grow()
	}
	s := uint(k-f.low) >> (f.shift & 63) % fanSlots
	i := f.free
	link := &f.link[i]
	f.free, *link = *link, f.heads[s]
	f.heads[s] = i
	f.occupied[s/64] |= 1 << (s % 64)
	f.words |= 1 << (s / 64)
	f.n++
	return &f.ev[i]
}

func (f *fan) grow() {
	from := max(1, len(f.ev))
	to := max(64, 2*len(f.ev))
	f.ev, f.link = slices.Grow(f.ev, to-len(f.ev))[:to], slices.Grow(f.link, to-len(f.link))[:to]
	for i := to - 1; i >= from; i-- {
		f.link[i] = f.free
		f.free = uint32(i)
	}
}

// first is the first slot with events; there must be one.
func (f *fan) first() uint {
	w := uint(bits.TrailingZeros64(f.words)) % (fanSlots / 64)
	return w*64 + uint(bits.TrailingZeros64(f.occupied[w]))
}

// take moves the events of a slot to the end of dst, the latest put in first.
func (f *fan) take(s uint, dst []Event) []Event {
	i := f.heads[s%fanSlots]
	f.heads[s%fanSlots] = 0
	w := s / 64 % (fanSlots / 64)
	f.occupied[w] &^= 1 << (s % 64)
	if f.occupied[w] == 0 {
		f.words &^= 1 << w
	}
	for i != 0 {
		dst = append(dst, f.ev[i])
		link := &f.link[i]
		i, f.free, *link = *link, i, f.free
		f.n--
	}
	return dst
}

// earliest is the time of the first event; there must be one.
func (f *fan) earliest() int64 {
	i := f.heads[f.first()%fanSlots]
	at := f.ev[i].At
	for i = f.link[i]; i != 0; i = f.link[i] {
		at = min(at, f.ev[i].At)
	}
	return at
}

// append appends all events to dst, in no order.
func (f *fan) append(dst []Event) []Event {
	for _, i := range f.heads {
		for ; i != 0; i = f.link[i] {
			dst = append(dst, f.ev[i])
		}
	}
	return dst
}

// clear empties the fan and ends its use.
func (f *fan) clear() {
	*f = fan{ev: f.ev[:0], link: f.link[:0]}
}

// unfold makes the first slots of the fan the front. It returns false if there is
// nothing at or before limit, and crowded if the fan was given up because too many
// events lie in the next slot.
func (q *Queue) unfold(limit int64) (opened, crowded bool) {
	f := &q.fan
	q.peeked = false
	for f.n > 0 && len(q.run) < frontLen {
		s := f.first()
		low := f.low + uint64(s)<<(f.shift&63)
		if low > key(limit) {
			break
		}
		n := len(q.run)
		q.run = f.take(s, q.run)
		slot := q.run[n:]
		if len(slot) > crowd && f.shift > 0 {
			q.cur, q.last = low, low-1
			for i := range slot {
				*q.file(key(slot[i].At)) = slot[i]
			}
			q.run = q.run[:n]
			q.dissolve()
			return n > 0, true
		}
		q.last = low + (1<<(f.shift&63) - 1)
		if len(slot) > 1 {
			q.sort(slot, low)
		}
	}
	return len(q.run) > 0, false
}

// dissolve puts the fan's events into the buckets below its own, and ends its use.
func (q *Queue) dissolve() {
	f := &q.fan
	for f.n > 0 {
		s := f.first()
		i := f.heads[s]
		f.heads[s] = 0
		f.occupied[s/64] &^= 1 << (s % 64)
		if f.occupied[s/64] == 0 {
			f.words &^= 1 << (s / 64)
		}
		for i != 0 {
			*q.file(key(f.ev[i].At)) = f.ev[i]
			link := &f.link[i]
			i, f.free, *link = *link, i, f.free
			f.n--
		}
	}
	f.width = 0
}

// sort sorts the events of a slot that starts at low, the latest put in first.
func (q *Queue) sort(ev []Event, low uint64) {
	switch n := len(ev); {
	case n <= 6:
		insertionSort(ev)
	case n <= crowd:
		// Sort eight bytes for each event, its time within the slot and its place,
		// then move the events once. Those of one time come out in the order in
		// which they were put in, which the second sort puts right.
		var order [crowd]uint64
		var sorted [crowd]Event
		for i := range ev {
			k := (key(ev[i].At)-low)<<placeBits | uint64(crowd-1-i)
			j := i
			for ; j > 0 && order[j-1] > k; j-- {
				order[j] = order[j-1]
			}
			order[j] = k
		}
		for i, k := range order[:n] {
			sorted[i] = ev[crowd-1-k%crowd]
		}
		copy(ev, sorted[:n])
		insertionSort(ev)
	default: // of one time
		slices.Reverse(ev)
		sortEvents(ev)
	}
}

func insertionSort(ev []Event) {
	for i := 1; i < len(ev); i++ {
		if !before(&ev[i], &ev[i-1]) {
			continue
		}
		e := ev[i]
		j := i
		for ; j > 0 && before(&e, &ev[j-1]); j-- {
			ev[j] = ev[j-1]
		}
		ev[j] = e
	}
}
