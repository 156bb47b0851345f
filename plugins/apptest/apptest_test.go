package apptest_test

import (
	"fmt"
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
	apptest.NoLoopNoBlackHole(t, fresh, nil)
}

// court is a testing.TB that says whether a law was found broken.
type court struct {
	testing.TB
	verdict string
}

func (c *court) Helper() {}
func (c *court) Fatalf(format string, args ...any) {
	c.verdict = fmt.Sprintf(format, args...)
	panic(c)
}

func judge(t *testing.T, law func(testing.TB)) (verdict string) {
	c := &court{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(c) {
			panic(r)
		}
		verdict = c.verdict
	}()
	law(c)
	return ""
}

func TestTheLawsFindWhoBreaksThem(t *testing.T) {
	lives := 0
	if v := judge(t, func(tb testing.TB) {
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
	if v := judge(t, func(tb testing.TB) {
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
