package sim

import "sendim/core/backend"

// Eager is a backend that asks the apps about every arrival by itself.
func Eager(b Backend) Backend { b.eager = true; return b }

// Strayed lists the frames lost on each channel's wire, OnWire counts those travelling, of
// chunks with what has been sent of those that are being sent, Overtaken the datagrams that came before an earlier one.
func Strayed(s *Session) (out []uint64) {
	for i := range s.world.odds {
		out = append(out, s.world.odds[i].strayed)
	}
	return out
}

func OnWire(s *Session) (n int) {
	s.world.travelling(func(f *frame) {
		n++
	})
	for a := range s.world.arcs {
		waiting, _ := s.world.waiting(&s.world.arcs[a], s.world.queue.Now())
		n -= int(waiting)
	}
	s.world.chunksTravelling(func(_ int32, packets, _ int64) { n += int(packets) })
	return n
}

func Overtaken(s *Session) (n int64) {
	for _, w := range s.world.everyone() {
		n += w.overtaken
	}
	return n
}

// Apart is how many windows the workers of a session's world have had.
func Apart(s *Session) int {
	if s.world.lanes == nil {
		return 0
	}
	return s.world.lanes.windows
}

// Book is what has become of the packets that a flow's chunks stand for.
type Book struct {
	Flow                           string
	Sent, Received, Lost, UnderWay int64
	Waiting                        int
}

// Books lists the flows under way that are followed chunk by chunk.
func Books(s *Session) (out []Book) {
	for i, f := range s.world.flows {
		if f == nil || f.chunks == nil {
			continue
		}
		b := Book{Flow: f.spec.ID, Sent: f.sent, Received: f.received, Lost: f.lost, Waiting: f.chunks.parked}
		for _, p := range s.world.chunks.pieces {
			if int(p.flow) == i && p.copies > 0 && !p.delivered {
				b.UnderWay += p.packets
			}
		}
		out = append(out, b)
	}
	return out
}

// SpecOf is what a session was opened with.
func SpecOf(s *Session) backend.Spec { return s.spec }
