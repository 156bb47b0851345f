package flow

import (
	"cmp"
	"slices"
)

const second = 1_000_000_000_000 // picoseconds

// deadline is when a rule ends unless it is hit before, and why: the idle timeout runs
// from the last packet, the hard timeout from the installation. Of both at once the
// hard one counts.
func (e *entry) deadline() (at int64, reason RemovedReason) {
	at = Never
	if e.rule.Hard != 0 {
		at, reason = e.created+int64(e.rule.Hard)*second, RemovedHard
	}
	if e.rule.Idle != 0 {
		if idle := e.last + int64(e.rule.Idle)*second; idle < at {
			return idle, RemovedIdle
		}
	}
	return at, reason
}

// NextExpiry is the time at which the next rule ends if no packet comes before, or
// [Never]. Packets only postpone it: whoever has set an alarm for it need ask again when
// the alarm rings and when [Switch.Version] has changed, not for every packet.
func (s *Switch) NextExpiry() int64 {
	if s.state == nil {
		return Never
	}
	if e := s.state.expiring(); e != nil {
		return e.due
	}
	return Never
}

// expiring brings the rule with the earliest true deadline to the top of the heap. Hits
// only move deadlines back, so that the keys in the heap are never late.
func (st *state) expiring() *entry {
	for len(st.expiry) > 0 {
		e := st.expiry[0]
		at, _ := e.deadline()
		if at == e.due {
			return e
		}
		e.due = at
		st.sink(0)
	}
	return nil
}

// Expire ends all rules whose time has come by now, in the order of their deadlines and
// then in canonical order. A rule works until it is expired: whoever drives the switch
// calls Expire at [Switch.NextExpiry].
func (s *Switch) Expire(now int64) []Removed {
	if s.state == nil || len(s.state.expiry) == 0 || s.state.expiry[0].due > now {
		return nil
	}
	var ended []*entry
	for e := s.state.expiring(); e != nil && e.due <= now; e = s.state.expiring() {
		s.state.unwatch(e)
		ended = append(ended, e)
	}
	if len(ended) == 0 {
		return nil
	}
	slices.SortFunc(ended, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.due, b.due), CompareRules(a.rule, b.rule))
	})
	out := make([]Removed, len(ended))
	for i, e := range ended {
		_, reason := e.deadline()
		out[i] = s.drop(e, reason, now)
	}
	return out
}

// drop takes an installed rule out for good.
func (s *Switch) drop(e *entry, reason RemovedReason, now int64) Removed {
	s.state.unwatch(e)
	s.state.tables[e.rule.Table].remove(e)
	e.gone = true
	e.trail = nil
	s.changedRules()
	return Removed{*e.rule, reason, Counters{e.packets, e.bytes}, now - e.created}
}

func (st *state) watch(e *entry) {
	if e.rule.Idle == 0 && e.rule.Hard == 0 {
		e.heap = -1
		return
	}
	e.due, _ = e.deadline()
	e.heap = int32(len(st.expiry))
	st.expiry = append(st.expiry, e)
	st.rise(int(e.heap))
}

func (st *state) unwatch(e *entry) {
	if e.heap < 0 {
		return
	}
	at, last := int(e.heap), len(st.expiry)-1
	e.heap = -1
	moved := st.expiry[last]
	st.expiry[last] = nil
	st.expiry = st.expiry[:last]
	if at < last {
		st.expiry[at], moved.heap = moved, int32(at)
		st.rise(at)
		st.sink(int(moved.heap))
	}
}

func (st *state) rise(i int) {
	h := st.expiry
	for i > 0 && h[i].due < h[(i-1)/2].due {
		st.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (st *state) sink(i int) {
	h := st.expiry
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].due < h[child].due {
			child++
		}
		if h[i].due <= h[child].due {
			return
		}
		st.swap(i, child)
		i = child
	}
}

func (st *state) swap(i, j int) {
	h := st.expiry
	h[i], h[j] = h[j], h[i]
	h[i].heap, h[j].heap = int32(i), int32(j)
}
