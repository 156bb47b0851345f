package core

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/core/trace"
)

// World is one session with its scenario: what a request may use. Its methods are
// called by the conductor only, inside Live.Do or a hook.
type World struct {
	Session      backend.Session
	Model        *model.Network
	Capabilities backend.Capabilities
	Results      *report.Collector // what is known so far
	Captures     *Captures
	scenario     []model.ScenarioStep // by time, what failures add in it
	stops        []Stop               // by time
	testing      bool                 // the tests of reachability are under way
	tested       bool                 // they have been made

	// for checkpoints
	job     *job.Job
	about   report.Manifest
	entries func() int64   // of the trace; nil when nothing is recorded
	record  *record.Record // nil when nothing is recorded
	counted *kinds
	reopen  func(context.Context, *Checkpoint) (backend.Session, error)
	marks   []mark
	swap    sync.Mutex // held to change Session, and to look at it from other goroutines
	held    bool       // time stands still until somebody says otherwise
	sink    trace.Sink // of the diary; nil: nobody reads
	warned  map[string]bool

	// hear serves who asks something while the conductor waits; nil: it is being served.
	hear func(context.Context) error
}

// session is Session, for any goroutine.
func (w *World) session() backend.Session {
	w.swap.Lock()
	defer w.swap.Unlock()
	return w.Session
}

func newWorld(s backend.Session, n *model.Network, caps backend.Capabilities, results *report.Collector, scenario []model.ScenarioStep) *World {
	return &World{Session: s, Model: n, Capabilities: caps, Results: results, scenario: scenario}
}

// Virtual says that time stands still unless somebody lets it pass.
func (w *World) Virtual() bool { return w.Capabilities.Has(backend.VirtualTime) }

// Advance lets time pass, with the scenario in it; with model.Forever until the
// scenario and every flow and action have ended.
func (w *World) Advance(ctx context.Context, until model.Time) error {
	for len(w.scenario) > 0 && w.scenario[0].At <= until {
		// Real time may have passed already, and somebody waits for this to end: first the step.
		if w.Virtual() || w.Session.Now() < w.scenario[0].At {
			if err := w.let(ctx, w.scenario[0].At); err != nil {
				return err
			}
		}
		if err := w.act(ctx); err != nil {
			return err
		}
	}
	return w.let(ctx, until)
}

// act carries out the scenario's next step, the whole of it, whoever may interrupt the
// stretch of time in which it comes.
func (w *World) act(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	step := w.scenario[0]
	w.scenario = w.scenario[1:]
	for i := range step.Changes {
		if w.Model.Edited() {
			if err := w.Model.Check(&step.Changes[i]); err != nil {
				w.warn(err.Error(), fmt.Sprintf("a step of the scenario at %s is left out: %s", step.At, err))
				continue
			}
		}
		if _, err := w.Session.Do(ctx, backend.Action{Change: &step.Changes[i]}); err != nil {
			return fmt.Errorf("scenario at %v: %s: %w", step.At, step.Changes[i].Kind, err)
		}
	}
	return nil
}

// warn writes a warning into the diary, the first for each cause: failures that are drawn
// may be many.
func (w *World) warn(cause, text string) {
	if w.sink == nil || w.warned[cause] {
		return
	}
	if w.warned == nil {
		w.warned = map[string]bool{}
	}
	w.warned[cause] = true
	w.sink.Emit(&trace.Entry{At: w.Session.Now(), Kind: trace.Warning, Text: text})
}

// Tick is how finely time passes while an outcome is awaited.
const Tick = 10 * model.Millisecond

// heed serves whoever asks something, where the conductor itself is at work for long.
func (w *World) heed(ctx context.Context) error {
	if w.hear == nil {
		return nil
	}
	return w.hear(ctx)
}

// Wait lets time pass until all actions have their outcomes.
func (w *World) Wait(ctx context.Context, handles ...backend.Handle) error {
	for _, h := range handles {
		for !h.Done() {
			if err := w.heed(ctx); err != nil {
				return err
			}
			if err := w.Advance(ctx, w.Session.Now()+Tick); err != nil {
				return err
			}
		}
	}
	return nil
}

// Do carries out an action and lets time pass until its outcome is known.
func (w *World) Do(ctx context.Context, a backend.Action) (backend.Outcome, error) {
	h, err := w.Session.Do(ctx, a)
	if err != nil {
		return backend.Outcome{}, err
	}
	if err := w.Wait(ctx, h); err != nil {
		return backend.Outcome{}, err
	}
	o := h.Outcome()
	return o, o.Err
}

// Tables asks every switch what it has. Ports that have carried nothing are left out;
// switches that hold the very same share the list.
func (w *World) Tables(ctx context.Context) ([]report.Table, error) {
	ids := w.Model.NodesOfKind(model.Switch)
	var out []report.Table // nil without switches
	if len(ids) > 0 {
		out = make([]report.Table, len(ids))
	}
	for i, id := range ids {
		out[i].Switch = w.Model.NodeName(id)
	}
	// Items come node by node. The lists of a node lie in slabs for many of them: a large
	// network has a million lists of a few items each.
	var rules slab[flow.RuleStat]
	var ports slab[flow.PortStat]
	var met, last, often []*flow.RuleStat
	same, usual := 0, 0 // the switch with the last rules, and with those that several had
	at, of := 0, model.NodeID(model.NoNode)
	keep := func() {
		switch {
		case of == model.NoNode:
			return
		case len(met) > 0 && slices.Equal(met, often):
			out[at].Rules = out[usual].Rules
		case len(met) > 0 && slices.Equal(met, last):
			out[at].Rules = out[same].Rules
			often, usual = slices.Clone(last), same
		default:
			for _, r := range met {
				rules.add(*r)
			}
			rules.cut(&out[at].Rules)
			met, last, same = last, met, at
		}
		met = met[:0]
		ports.cut(&out[at].Ports)
	}
	what := backend.Everything()
	what.Used = true
	for item, err := range w.Session.Snapshot(ctx, what) {
		if err != nil {
			keep()
			return out, fmt.Errorf("ask the switches what they have: %w", err)
		}
		if item.Node != of {
			keep()
			i, ok := slices.BinarySearch(ids, item.Node)
			if at, of = i, item.Node; !ok {
				of = model.NoNode
			}
		}
		switch {
		case of == model.NoNode:
		case item.Rule != nil:
			met = append(met, item.Rule)
		case item.Group != nil:
			out[at].Groups = append(out[at].Groups, *item.Group)
		case item.Meter != nil:
			out[at].Meters = append(out[at].Meters, *item.Meter)
		case item.Port != nil && item.Port.Used():
			ports.add(*item.Port)
		}
	}
	keep()
	return out, nil
}
