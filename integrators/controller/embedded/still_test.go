package embedded_test

import (
	"testing"
	"time"

	"sendim/core/flow"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
)

func TestASwitchMayBeSilentWhileTheNetworkStandsStill(t *testing.T) {
	inBoth(t, func(t *testing.T) {
		s := newScript()
		const silence = 300 * time.Millisecond
		b := run(t, s, 1, nil, func(c *embedded.Config) {
			c.Echo, c.Silence = silence/3, silence
			c.Clock.Stop()
		})
		p := dial(t, b.addr)
		p.greet(1)
		b.wait(t, 1)
		time.Sleep(3 * silence)
		p.send(wire.TypeEchoRequest, 7)
		if m := p.next(wire.TypeEchoReply); m.Xid() != 7 {
			t.Errorf("an answer to %d", m.Xid())
		}
	})
}

func TestRulesThatTheRuntimeKnowsNothingOfReachTheirSwitchInOrder(t *testing.T) {
	inBoth(t, func(t *testing.T) {
		b := run(t, newScript(), 1, nil, nil)
		if err := b.Put(0, []flow.RuleMod{{Rule: flow.Rule{Priority: 1}}}); err == nil {
			t.Error("a switch that is not there took a rule")
		}
		p := dial(t, b.addr)
		p.greet(1)
		b.wait(t, 1)
		var mods []flow.RuleMod
		for i := range 3 {
			mods = append(mods, flow.RuleMod{Rule: flow.Rule{Priority: uint16(i), Idle: 5}})
		}
		if err := b.Put(0, mods); err != nil {
			t.Fatal(err)
		}
		var xids []uint32
		for range mods {
			xids = append(xids, p.next(wire.TypeFlowMod).Xid())
		}
		if xids[0] >= xids[1] || xids[1] >= xids[2] {
			t.Errorf("rules come with the numbers %v", xids)
		}
	})
}
