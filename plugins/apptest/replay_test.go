package apptest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/plugins/apptest"
	learningswitch "sendim/plugins/learning-switch"
	shortestpath "sendim/plugins/shortest-path"
)

// recorded is an app's diary of pings and failures on a bench, and what a replay needs.
func recorded(t *testing.T, apps []control.Application, topo string) apptest.Recording {
	t.Helper()
	var diary bytes.Buffer
	w := trace.NewWriter(&diary)
	net := apptest.Network(t, topo)
	b := apptest.Start(t, apptest.Config{Model: net, Apps: apps, Sink: w})
	b.PingAll()
	link := net.LinkName(model.LinkID(net.LinkCount() - 1))
	b.LinkDown(link)
	b.PingAll()
	b.LinkUp(link)
	first := net.NodeName(net.NodesOfKind(model.Switch)[0])
	b.Lose(first)
	b.Run(50 * model.Millisecond)
	b.Reconnect(first, true)
	b.PingAll()
	b.Run(3 * model.Minute)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return apptest.Recording{Model: net, Entries: trace.Read(&diary), Seed: 1, Granted: []app.Need{app.NeedMeters, app.NeedGroups, app.NeedSelect, app.NeedFastFailover, app.NeedPortRate},
		Delays: func(model.NodeID) (up, down model.Time) { return model.Millisecond, model.Millisecond }}
}

func TestARecordedRunIsReplayedWithTheSameAnswers(t *testing.T) {
	for name, fresh := range map[string]func() app.App{"learning-switch": learningswitch.New, "shortest-path": shortestpath.New} {
		t.Run(name, func(t *testing.T) {
			rec := recorded(t, []control.Application{{Instance: app.Local(fresh())}}, "torus,3,3")
			out, err := apptest.Linked(fresh, nil).Replay(rec)
			if err != nil || out.Difference != "" || out.Events < 10 || out.Commands < 30 || len(out.Remarks) > 0 {
				t.Errorf("%+v %v", out, err)
			}
		})
	}
}

func TestAReplayShowsWhereAnAppAnswersSomethingElse(t *testing.T) {
	rec := recorded(t, []control.Application{{Name: "switch", Instance: app.Local(learningswitch.New())}}, "linear,3")
	out, err := apptest.Linked(learningswitch.New, map[string]string{"priority": "7"}).Replay(rec)
	if err != nil || !strings.Contains(out.Difference, "\"Priority\":100") && !strings.Contains(out.Difference, "\"priority\":100") {
		t.Errorf("%+v %v", out, err)
	}
	rec = recorded(t, []control.Application{{Name: "switch", Instance: app.Local(learningswitch.New())}}, "linear,3")
	if out, err := apptest.Linked(newHub, nil).Replay(rec); err == nil || !strings.Contains(fmt.Sprint(err), `the run has no application "hub"; it had switch`) {
		t.Errorf("%+v %v", out, err)
	}
}

func TestTheSecondAppOfAChainIsReplayedByItself(t *testing.T) {
	rec := recorded(t, []control.Application{{Instance: app.Local(through{})}, {Instance: app.Local(learningswitch.New())}}, "linear,3")
	out, err := apptest.Linked(learningswitch.New, nil).Replay(rec)
	if err != nil || out.Difference != "" || out.Commands < 10 {
		t.Errorf("%+v %v", out, err)
	}
}

func TestAReplayGoesAsFarAsTheDiaryTells(t *testing.T) {
	fresh := func() app.App {
		return &hub{broken: func(e *app.Event, out *app.Commands) {
			switch e.Kind {
			case app.KindTopology:
				out.After("ask", model.Second)
			case app.KindTimer:
				out.AskStats(0, app.StatsRequest{Rules: true})
			case app.KindStats:
				out.Report("rules", float64(len(e.Stats.Rules)))
			}
		}}
	}
	rec := recorded(t, []control.Application{{Instance: app.Local(fresh())}}, "linear,2")
	out, err := apptest.Linked(fresh, nil).Replay(rec)
	if err != nil || out.Difference != "" || out.Commands != 2 || len(out.Remarks) != 1 || !strings.Contains(out.Remarks[0], "only up to command 2, before it was told statistics") {
		t.Errorf("%+v %v", out, err)
	}
}

func TestServersThatComeAndGoAreReplayed(t *testing.T) {
	fresh := func() app.App {
		return &hub{broken: func(e *app.Event, out *app.Commands) {
			if e.Kind == app.KindSettings {
				out.Report("weight", float64(e.Settings.Services[0].Members[0].Weight))
			}
		}}
	}
	b := model.NewBuilder("pool")
	s, _ := b.Declare([]byte("s1"), model.Switch)
	h, _ := b.Declare([]byte("h1"), model.Host)
	b.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort})
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	net.Services = []model.Service{{ID: "web", Members: []model.Member{{Node: h, Weight: 1}}}}
	net.Scenario = []model.ScenarioStep{{At: 2, Changes: []model.Change{{Kind: model.MemberJoin, Service: "web", Node: h, Weight: 7}}}}
	weight := 7.0
	rec := apptest.Recording{Model: net, Delays: func(model.NodeID) (up, down model.Time) { return 1, 1 }, Entries: func(yield func(*trace.Entry, error) bool) {
		for _, e := range []trace.Entry{{Kind: trace.AppStarted, App: "hub", Manifest: &app.Manifest{Name: "hub"}},
			{At: 2, Kind: trace.MemberCame, Node: "h1", Name: "web"}, {At: 3, Kind: trace.AppMetric, App: "hub", Name: "weight", Value: &weight}, {At: 9, Kind: trace.RunEnd}} {
			if !yield(&e, nil) {
				return
			}
		}
	}}
	out, err := apptest.Linked(fresh, nil).Replay(rec)
	if err != nil || out.Difference != "" || out.Events != 3 || out.Commands != 1 {
		t.Errorf("%+v %v", out, err)
	}
}
