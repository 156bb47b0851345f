package apptest

import (
	"context"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

// Subject is an app to be examined, wherever it runs: New starts a life of it, in this
// process or another. The laws begin and end as many lives as they need.
type Subject struct {
	New    func() (app.Instance, error)
	Params map[string]string
	// Swaps is how often SaveRestoreChangesNothing puts a new life in the old one's place;
	// 0: about a hundred times. A life that is a process takes a while to start.
	Swaps int
	// Together has the bench gather as many events as it may before it asks the app, as a
	// simulation does; otherwise it asks about one moment at a time.
	Together bool
}

// Linked examines an app that is linked in.
func Linked(fresh func() app.App, params map[string]string) Subject {
	return Subject{New: func() (app.Instance, error) { return app.Local(fresh()), nil }, Params: params}
}

// life begins a life; end it with Close.
func (s Subject) life(t T) app.Instance {
	t.Helper()
	i, err := s.New()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// bench puts a life on a bench. An app that hands packets on is followed by one that
// sends them to everybody, along the tree.
func (s Subject) bench(t T, i app.Instance, net *model.Network) *Bench {
	t.Helper()
	m := i.Manifest()
	c := Config{Model: net, Apps: []control.Application{{Name: m.Name, Instance: i, Params: s.Params, FailRun: true}}}
	if m.Chains {
		c.Apps = append(c.Apps, control.Application{Name: "everybody", Instance: app.Local(everybody{})})
	}
	if s.Together {
		c.Window = 2 * model.Millisecond
	}
	return Start(t, c)
}

// everybody is what stands behind an app that hands packets on: each goes everywhere, so
// whoever it is meant for has it once.
type everybody struct{}

func (everybody) Manifest() app.Manifest {
	return app.Manifest{Name: "everybody", Version: "1.0.0", Tables: 1, Services: []app.Service{app.ServiceFlood}}
}

func (everybody) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindTopology {
		for _, s := range e.Topology.Switches {
			out.Install(s.ID, flow.Rule{Priority: 1, Apply: []flow.Action{flow.FloodTree()}})
		}
	}
}

// recorder is an instance that remembers what its app was told and what it answered.
type recorder struct {
	app.Instance
	events  []app.Event
	answers [][]app.Command
}

func (r *recorder) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	first := len(r.events)
	r.events = append(r.events, events...)
	r.answers = append(r.answers, make([][]app.Command, len(events))...)
	return r.Instance.Handle(ctx, events, func(i int, commands []app.Command) {
		r.answers[first+i] = append(r.answers[first+i], commands...)
		emit(i, commands)
	})
}
