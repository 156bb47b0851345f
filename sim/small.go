package sim

import (
	"math"

	"sendim/sim/des"
)

// small keeps a flow's share of its own host's queue small, as Linux's TCP small queues do
// (tcp_small_queue_check): a host lets a flow have smallSegments on the link, or as many
// as make the link busy for smallTime. It knows when the last of them will have left.
type small struct {
	left  [smallSegments]int64 // oldest at next
	next  uint8
	waits int32 // segments in a class's queue, for which nobody knows yet
}

const (
	smallSegments = 3
	smallTime     = des.Second / 1000
)

// leaves takes note of a segment whose last bit is sent at a time.
func (s *small) leaves(at int64) {
	s.left[s.next] = at
	s.next = (s.next + 1) % smallSegments
}

// opens is when a flow may send again, at the earliest; not after now: it may.
func (s *small) opens(c *channel, now int64) int64 {
	if c.flags&isDown != 0 { // what is sent is lost, and takes no room
		return now
	}
	switch n := s.waits; {
	case n >= smallSegments: // when one of them is sent
		return math.MaxInt64
	case n > 0:
		return s.left[(int(s.next)+int(n))%smallSegments]
	}
	return min(s.left[s.next], c.busy-smallTime)
}

// room is how many segments of so many bytes a flow may send now.
func (s *small) room(c *channel, bytes uint32, now int64) int {
	one := transmissionTime(bytes, c.rate)
	if one == 0 || c.flags&isDown != 0 {
		return math.MaxInt
	}
	free := 0
	for _, at := range s.left {
		if min(at, c.busy) <= now {
			free++
		}
	}
	if s.waits > 0 { // how long the queue will take depends on the other classes
		return max(0, free-int(s.waits))
	}
	spare := smallTime - max(0, c.busy-now)
	return max(free, int((spare+one)/one))
}
