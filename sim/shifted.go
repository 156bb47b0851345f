package sim

import (
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// shifted is the control runtime's sink. It keeps entries from before t=0 is known, and
// gives them on with times counted from there, as all that follow.
type shifted struct {
	sink   trace.Sink
	origin model.Time
	open   bool
	kept   [][]kept // in pieces, which need not be moved to grow
}

// kept is an entry that waits. Most of a large network's say a few things only, and an
// Entry has room for many.
type kept struct {
	at    model.Time
	kind  trace.Kind
	node  string
	app   string
	rule  *flow.RuleMod
	whole *trace.Entry // instead of the others
}

const keptPiece = 4096

func (s *shifted) Emit(e *trace.Entry) {
	if s.open {
		e.At -= s.origin
		s.sink.Emit(e)
		e.At += s.origin
		return
	}
	if n := len(s.kept); n == 0 || len(s.kept[n-1]) == cap(s.kept[n-1]) {
		s.kept = append(s.kept, make([]kept, 0, min(keptPiece, 64<<min(n, 6))))
	}
	k := kept{at: e.At, kind: e.Kind, node: e.Node, app: e.App, rule: e.Rule}
	if e.Kind != trace.SwitchUp && e.Kind != trace.RuleMod {
		whole := *e
		k = kept{whole: &whole}
	}
	last := &s.kept[len(s.kept)-1]
	*last = append(*last, k)
}

func (s *shifted) release(origin model.Time) {
	s.origin, s.open = origin, true
	var page trace.Entry // nobody keeps it
	for i, piece := range s.kept {
		for i := range piece {
			k := &piece[i]
			if k.whole == nil {
				page = trace.Entry{At: k.at, Kind: k.kind, Node: k.node, App: k.app, Rule: k.rule}
				k.whole = &page
			}
			s.Emit(k.whole)
			k.whole = nil
		}
		s.kept[i] = nil
	}
	s.kept = nil
}
