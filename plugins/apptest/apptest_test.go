package apptest_test

import (
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/plugins/apptest"
)

// hub is the smallest useful app: every packet goes everywhere, along the tree.
type hub struct {
	broken func(*app.Event, *app.Commands)
}

func (h *hub) Manifest() app.Manifest {
	return app.Manifest{Name: "hub", Tables: 1, Services: []app.Service{app.ServiceFlood}}
}

func (h *hub) React(e *app.Event, out *app.Commands) {
	if h.broken != nil {
		h.broken(e, out)
	}
	if e.Kind == app.KindTopology {
		for _, s := range e.Topology.Switches {
			out.Install(s.ID, flow.Rule{Priority: 1, Apply: []flow.Action{flow.FloodTree()}})
		}
	}
}

func (h *hub) Save() ([]byte, error) { return []byte("{}"), nil }
func (h *hub) Restore([]byte) error  { return nil }

func TestAHubOnTheBench(t *testing.T) {
	b := apptest.New(t, &hub{}, "linear,3", nil)
	j := b.Ping("h1", "h3")
	if !j.Returned || j.Arrived != 1 || strings.Join(j.There, " ") != "s1 s2 s3" || strings.Join(j.Back, " ") != "s3 s2 s1" {
		t.Errorf("the ping: %+v", j)
	}
	want := "s1\n  table=0 priority=1 any apply(group:#1)\n  group=1 type=all (output:1) (output:2)\n"
	if got := b.Tables(); !strings.HasPrefix(got, want) {
		t.Errorf("tables:\n%s", got)
	}
	b.LinkDown("s1--s2")
	b.Settle()
	if j := b.Ping("h1", "h3"); j.Returned {
		t.Error("it went through a link that is down")
	}
	b.LinkUp("s1--s2")
	b.Lose("s2")
	b.Reconnect("s2", true)
	b.Settle()
	if j := b.Ping("h1", "h3"); !j.Returned {
		t.Error("s2 came back empty and has not got its rules again")
	}
}

func TestAHubKeepsTheLaws(t *testing.T) {
	fresh := func() app.App { return &hub{} }
	apptest.SameEventsSameCommands(t, fresh, "torus,3,3", nil)
	apptest.SaveRestoreChangesNothing(t, fresh, "torus,3,3", nil)
	apptest.NothingLeftBehind(t, fresh, "torus,3,3", nil)
	apptest.NoLoopNoBlackHole(t, fresh, nil)
	apptest.Linked(fresh, nil).NoLoopNoBlackHole(t, 7, 20)
}

func judge(law func(apptest.T)) string {
	if err := apptest.Verdict(law); err != nil {
		return err.Error()
	}
	return ""
}

func TestTheLawsFindWhoBreaksThem(t *testing.T) {
	lives := 0
	if v := judge(func(tb apptest.T) {
		apptest.SameEventsSameCommands(tb, func() app.App {
			lives++
			life := lives
			return &hub{broken: func(e *app.Event, out *app.Commands) {
				if e.Kind == app.KindStart {
					out.Report("lives", float64(life))
				}
			}}
		}, "linear,2", nil)
	}); !strings.Contains(v, "start: the app answered") {
		t.Errorf("an app with a memory outside itself: %q", v)
	}
	if v := judge(func(tb apptest.T) {
		apptest.SaveRestoreChangesNothing(tb, func() app.App {
			events := 0
			return &hub{broken: func(e *app.Event, out *app.Commands) {
				events++
				out.Report("events", float64(events))
			}}
		}, "linear,2", nil)
	}); !strings.Contains(v, "the app answered") {
		t.Errorf("an app that does not save what it counts: %q", v)
	}
}

func TestRulesThatPileUpAreFound(t *testing.T) {
	v := judge(func(tb apptest.T) {
		apptest.NothingLeftBehind(tb, func() app.App {
			rules := 0
			return &hub{broken: func(e *app.Event, out *app.Commands) {
				if e.Kind == app.KindLink && !e.Link.Link.Up {
					rules++
					out.Install(e.Link.Link.A.Switch, flow.Rule{Priority: uint16(10 + rules), Match: flow.Match{}.With(flow.InPort, uint64(e.Link.Link.A.Port))})
				}
			}}
		}, "linear,2", nil)
	})
	if !strings.Contains(v, "they pile up") {
		t.Error(v)
	}
}

func TestALawSaysOnWhichNetworkItWasBroken(t *testing.T) {
	v := judge(func(tb apptest.T) {
		apptest.Linked(func() app.App { return deaf{} }, nil).NoLoopNoBlackHole(tb, 3, 10)
	})
	if !strings.HasPrefix(v, "random network 1 of seed 3: at first, h1 cannot ping h2: did not arrive\nlinks: ") {
		t.Error(v)
	}
}

// deaf does nothing.
type deaf struct{}

func (deaf) Manifest() app.Manifest          { return app.Manifest{Name: "deaf", Tables: 1} }
func (deaf) React(*app.Event, *app.Commands) {}

func TestAnAppThatHandsPacketsOnIsFollowed(t *testing.T) {
	s := apptest.Linked(func() app.App { return through{} }, nil)
	s.NoLoopNoBlackHole(t, 1, 5)
	s.SameEventsSameCommands(t, apptest.Network(t, "linear,2"))
}

// through hands every packet on.
type through struct{}

func (through) Manifest() app.Manifest {
	return app.Manifest{Name: "through", Tables: 1, Chains: true}
}

func (through) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindTopology {
		for _, s := range e.Topology.Switches {
			out.OnMiss(s.ID, 0, app.MissNext)
		}
	}
}

func TestWhatASwitchRefusesIsListed(t *testing.T) {
	h := &hub{broken: func(e *app.Event, out *app.Commands) {
		if e.Kind == app.KindTopology {
			out.Send(e.Topology.Switches[0].ID, flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(flow.PortNormal)},
				Frame: make([]byte, 60)})
		}
	}}
	b := apptest.New(t, h, "linear,2", nil)
	b.Run(model.Second)
	if len(b.Refused) != 1 || !strings.HasPrefix(b.Refused[0], "s1: ") {
		t.Errorf("refused: %q", b.Refused)
	}
}
