package sim_test

import (
	"context"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
)

// hub sends everything out of every other port.
type hub struct{}

func (hub) Manifest() app.Manifest { return app.Manifest{Name: "hub", Version: "1", Tables: 1} }

func (hub) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindTopology {
		for _, s := range e.Topology.Switches {
			out.Install(s.ID, flow.Rule{Priority: 1, Apply: []flow.Action{flow.Out(flow.PortAll)}})
		}
	}
}

// A host answers for its address where it has it. Linux does so in the emulation, too,
// because its hosts are told not to answer from other interfaces.
func TestAHostWithSeveralLinksTakesPartThroughItsFirst(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "h1-s1", "h2-s1"}, model.LinkSpec{Rate: 1e9})
	b := start(t, n, hub{}, newDiary())
	if p := b.ping("h2", "h1", 1); p == nil || p.Received != 1 {
		t.Errorf("ping: %+v", p)
	}
	var sent []uint64
	for item, err := range b.s.Snapshot(context.Background(), backend.Selector{Node: b.node("s1"), Ports: true}) {
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, item.Port.RxPackets)
	}
	b.close()
	// Two frames each way: the address and the echo, once.
	if len(sent) != 3 || sent[0] != 2 || sent[1] != 0 || sent[2] != 2 {
		t.Errorf("h1 sent %v frames by its two links, and h2 the last; want [2 0 2]", sent)
	}
}
