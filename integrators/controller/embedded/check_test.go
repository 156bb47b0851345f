package embedded_test

import (
	"testing"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
)

func TestASwitchIsAskedAgainAndAgainWhatItHolds(t *testing.T) {
	inBoth(t, aSwitchIsAskedAgainAndAgainWhatItHolds)
}

func aSwitchIsAskedAgainAndAgainWhatItHolds(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, func(c *embedded.Config) { c.Check, c.Echo = time.Millisecond, 20*time.Millisecond })
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	for n := range 3 {
		rule := flow.Rule{Priority: uint16(n + 1)}
		p.answer(p.next(wire.TypeMultipartRequest), false, ruleEntry(t, p.of, rule)...)
		for range 2 {
			p.answer(p.next(wire.TypeMultipartRequest), false)
		}
		if u := s.await(t, "what it holds", kind(control.Holdings)); len(u.Stats.Rules) != 1 || u.Stats.Rules[0].Rule.Priority != rule.Priority {
			t.Errorf("it holds %v", u.Stats.Rules)
		}
	}
}
