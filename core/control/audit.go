package control

import (
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// audit compares what a switch says that it holds with what is wanted there, and puts right
// what somebody else has changed. It does nothing while a change is on its way: what the
// switch says may then be from before it, and it is asked again. Rules with timeouts that
// are not there have ended, or their app will put them back with the next packet.
func (r *Runtime) audit(sw model.NodeID, at model.Time, held *app.Stats) {
	p := r.plants[sw]
	if held == nil || p == nil || !r.running || !r.live.has(sw) || p.gathering || len(p.late) > 0 || p.wanted.Empty() || p.changing() {
		return
	}
	s := syncing{Runtime: r, plant: p, sw: sw, at: at, first: r.xid, lasting: true}
	extraGroups, extraMeters := s.fill(held)
	s.rules(held.Rules)
	slices.Reverse(extraGroups)
	for _, g := range extraGroups {
		s.group(flow.Delete, flow.Group{Number: g.Number}, runtimeApp)
	}
	for _, number := range extraMeters {
		s.meter(flow.Delete, flow.Meter{Number: number}, runtimeApp)
	}
	if n := (r.xid - s.first) / 2; n > 0 && r.diary.sink != nil {
		r.diary.sink.Emit(&trace.Entry{At: at, Kind: trace.Warning, Node: r.net.NodeName(sw),
			Text: fmt.Sprintf("it does not hold what it was told to, somebody else has changed it: %d rules, groups and meters are put right", n)})
	}
}

// changing says that something that changes what the switch holds is on its way.
func (p *plant) changing() bool {
	return slices.ContainsFunc(p.sent[p.head:], func(e sent) bool { return e.what != nil })
}
