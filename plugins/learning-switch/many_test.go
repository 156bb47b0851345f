package learningswitch

import (
	"slices"
	"testing"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// TestAPortWithThousandsOfStationsGoesDown: what is known of it goes in one go, in the order
// in which it always went, and what is known of others stays.
func TestAPortWithThousandsOfStationsGoesDown(t *testing.T) {
	a := New().(*learning)
	var out app.Commands
	see := func(src, dst packet.MAC, port model.PortNo) {
		a.React(&app.Event{Kind: app.KindPacketIn, PacketIn: &app.PacketIn{Port: app.Port{Switch: 3, Port: port}, Header: packet.Header{EthSrc: src, EthDst: dst}}}, &out)
	}
	const many = 20000
	see(2, 0xffffffffffff, 1)
	see(4, 2, 1)
	for i := range packet.MAC(many) {
		see(1000+2*i, 2, 2)
		see(2, 1000+2*i, 1)
	}
	out = app.Commands{}
	a.React(&app.Event{Kind: app.KindPort, Port: &app.PortChange{Port: app.Port{Switch: 3, Port: 2}}}, &out)
	if n := len(out.List); n != 2*many {
		t.Fatalf("%d commands", n)
	}
	var order []uint64
	for _, c := range out.List {
		m, _ := c.Rule.Rule.Match.Field(flow.EthDst)
		if m.Mask != (flow.Value{}) {
			order = append(order, m.Value.Lo)
		}
	}
	if len(order) != many || !slices.IsSorted(order) {
		t.Errorf("%d destinations, in order: %v", len(order), slices.IsSorted(order))
	}
	if seen := a.State.Seen[3]; len(seen) != 2 || len(seen[2].To) != 0 {
		t.Errorf("%d stations are known, the first of which has rules to %d", len(seen), len(seen[2].To))
	}
}

func TestStationsWithoutEndAreNotAllLearned(t *testing.T) {
	a := New().(*learning)
	var out app.Commands
	for i := range packet.MAC(stationsMost + 1000) {
		out.List = out.List[:0]
		a.React(&app.Event{Kind: app.KindPacketIn, PacketIn: &app.PacketIn{Port: app.Port{Port: 1}, Header: packet.Header{EthSrc: 2 * (i + 1), EthDst: 0xffffffffffff}}}, &out)
	}
	if n := len(a.State.Seen[0]); n != stationsMost {
		t.Errorf("%d stations are learned", n)
	}
}
