package sim

import (
	"sendim/core/model"
	"sendim/core/trace"
)

// shifted is the control runtime's sink. It keeps entries from before t=0 is known, and
// gives them on with times counted from there, as all that follow.
type shifted struct {
	sink   trace.Sink
	origin model.Time
	open   bool
	kept   [][]trace.Entry // in pieces, which need not be moved to grow
}

const keptPiece = 256

func (s *shifted) Emit(e *trace.Entry) {
	if s.open {
		e.At -= s.origin
		s.sink.Emit(e)
		e.At += s.origin
		return
	}
	if n := len(s.kept); n == 0 || len(s.kept[n-1]) == keptPiece {
		s.kept = append(s.kept, make([]trace.Entry, 0, keptPiece))
	}
	last := &s.kept[len(s.kept)-1]
	*last = append(*last, *e)
}

func (s *shifted) release(origin model.Time) {
	s.origin, s.open = origin, true
	for _, piece := range s.kept {
		for i := range piece {
			s.Emit(&piece[i])
		}
	}
	s.kept = nil
}
