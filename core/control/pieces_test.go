package control_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

// A switch that says that all of its ports are up is one that lists them, and what comes
// of more arrivals than are worked through together is what comes of fewer at a time.
func TestManySwitchesAreAnsweredAlikeHoweverTheyComeAndHoweverManyAtATime(t *testing.T) {
	const n = 20_000
	links := make([]string, n-1)
	for i := range links {
		links[i] = fmt.Sprintf("s%d s%d", i, i+1)
	}
	net := network(t, links...)
	run := func(brief bool, pause int) (out []control.Downcall, seen []app.Event) {
		s := &scripted{react: func(e *app.Event, out *app.Commands) {
			if e.Kind == app.KindTopology {
				for _, s := range e.Topology.Switches {
					out.Install(s.ID, flow.Rule{Priority: 5, Apply: []flow.Action{flow.Out(1)}})
				}
			}
		}}
		d := newDesk(t, net, s)
		for i := range n {
			u := control.Upcall{Kind: control.SwitchConnected, Switch: model.NodeID(i), At: 1, AllUp: brief}
			if !brief {
				u.Ports = ports(net, u.Switch)
			}
			d.up(u)
			if pause > 0 && i%pause == 0 {
				out = append(out, d.react(2)...)
			}
		}
		if err := d.r.Start(2); err != nil {
			t.Fatal(err)
		}
		pieces, err := d.r.Answer(context.Background(), 3)
		if err != nil {
			t.Fatal(err)
		}
		answered := slices.Concat(pieces...)
		d.barriers(answered)
		out = append(append(out, answered...), d.react(model.Second)...)
		if !d.r.Settled() {
			t.Error("something is not acknowledged")
		}
		return out, s.seen
	}
	want, told := run(false, 0)
	if len(want) != 2*n {
		t.Fatalf("%d messages", len(want))
	}
	for _, c := range []struct {
		brief bool
		pause int
	}{{true, 0}, {true, 500}, {false, 3000}} {
		if got, seen := run(c.brief, c.pause); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(seen, told) {
			t.Errorf("brief %v, asked every %d: %d messages, %d events", c.brief, c.pause, len(got), len(seen))
		}
	}
}
