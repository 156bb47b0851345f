package control

import (
	"iter"

	"sendim/core/flow"
	"sendim/core/model"
)

// Timed yields the wanted rules that have a timeout, switch by switch in canonical order,
// each with its age at a time: what a world must look after whose switches count time in
// which the network stands still.
func (r *Runtime) Timed(at model.Time) iter.Seq2[model.NodeID, flow.RuleStat] {
	return func(yield func(model.NodeID, flow.RuleStat) bool) {
		for sw, p := range r.plants {
			if p == nil {
				continue
			}
			for s := range p.wanted.Rules(int64(at)) {
				if (s.Rule.Idle != 0 || s.Rule.Hard != 0) && !yield(model.NodeID(sw), s) {
					return
				}
			}
		}
	}
}
