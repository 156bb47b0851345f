package core

import (
	"context"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
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
	return nil
}
