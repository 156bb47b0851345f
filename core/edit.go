package core

import (
	"context"
	"slices"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/report"
)

// Edit adds nodes and links to the living network and removes some, all of them or none.
// Worlds without the capability say so. What refers to something removed is told when it
// comes to it: a flow fails, a step of the scenario is left out with a warning, a test
// does not pass.
func (w *World) Edit(ctx context.Context, edits []model.Edit) error {
	if !w.Capabilities.Has(backend.LiveChange) {
		why := "its network stays as it was built"
		if m := w.Capabilities.Missing[backend.LiveChange]; m != "" {
			why = m
		}
		return fault.New(fault.MissingCapability, fault.Place{}, "nodes and links of this world cannot be added or removed while it lives (%s): %s", backend.LiveChange, why)
	}
	for i := range edits {
		if err := w.bears(&edits[i]); err != nil {
			return err
		}
	}
	n, err := w.Model.Edit(edits)
	if err != nil || n == w.Model {
		return err
	}
	if _, err := naming.New(n); err != nil { // addresses that only it knows may clash
		return err
	}
	c := change.Diff(change.State{Model: w.Model, Deployment: w.job.Deployment}, change.State{Model: n, Deployment: w.job.Deployment})
	if err := w.Session.Apply(ctx, c, nil); err != nil {
		return err
	}
	j := *w.job // others may be run of it
	j.Model = n
	w.Model, w.job = n, &j
	w.Results.Edited(n)
	if w.Captures != nil {
		return w.Captures.edited(n)
	}
	return nil
}

// bears says what this world cannot do of what is asked of a new link, as it would have been
// said before the run began.
func (w *World) bears(e *model.Edit) error {
	if e.Kind != model.AddLink {
		return nil
	}
	for _, s := range [2]*model.LinkSpec{&e.Spec, &e.Back} {
		for _, want := range [...]struct {
			asks bool
			cap  backend.Capability
		}{{s.Rate > 0, backend.LinkRate}, {s.Delay > 0, backend.LinkDelay}, {s.Jitter > 0, backend.LinkJitter}, {s.Loss > 0, backend.LinkLoss},
			{s.Queue != (model.QueueLimit{}) && s.Queue != model.DefaultQueue, backend.LinkQueue}, {s.Discipline != "", backend.Discipline}} {
			allowed := slices.ContainsFunc(w.about.Degraded, func(d report.Degraded) bool { return d.Capability == string(want.cap) })
			if want.asks && !w.Capabilities.Has(want.cap) && !allowed {
				return fault.New(fault.MissingCapability, fault.Place{}, "this world cannot do %s, which the link between %s and %s asks for: %s", want.cap, e.A, e.B, w.Capabilities.Missing[want.cap])
			}
		}
	}
	return nil
}
