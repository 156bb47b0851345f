package sim

// Eager is a backend that asks the apps about every arrival by itself.
func Eager(b Backend) Backend { b.eager = true; return b }

// Strayed lists the frames lost on each channel's wire, OnWire counts those travelling,
// Overtaken the datagrams that came before an earlier one.
func Strayed(s *Session) (out []uint64) {
	for i := range s.world.odds {
		out = append(out, s.world.odds[i].strayed)
	}
	return out
}

func OnWire(s *Session) (n int) {
	s.world.frames.travelling(func(f *frame) {
		n++
	})
	for a := range s.world.arcs {
		waiting, _ := s.world.waiting(&s.world.arcs[a], s.world.queue.Now())
		n -= int(waiting)
	}
	return n
}

func Overtaken(s *Session) int64 { return s.world.overtaken }
