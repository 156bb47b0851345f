package emulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sendim/core/model"
)

// RemovedError says that something needed a node or a link that was removed from the
// living network.
type RemovedError struct {
	// What is its name.
	What string
}

// Error names it.
func (e *RemovedError) Error() string { return e.What + " was removed" }

// removal is why a context of needing ended, nil if that was for another reason.
func removal(ctx context.Context) error {
	var r *RemovedError
	if errors.As(context.Cause(ctx), &r) {
		return r
	}
	return nil
}

// here is an error for a node that has been removed.
func (w *world) here(id model.NodeID) error {
	if n := w.net(); n.Gone(id) {
		return &RemovedError{n.NodeName(id)}
	}
	return nil
}

// dependents is what goes on that ends when nodes or links are removed.
type dependents struct {
	mu   sync.Mutex
	last int
	of   map[int]*dependent
}

// dependent is one flow, action or capture.
type dependent struct {
	nodes []model.NodeID
	link  model.LinkID // or NoLink
	end   context.CancelCauseFunc
	done  chan struct{}
}

// ending says why it must end now.
func (d *dependent) ending(n *model.Network) error {
	for _, id := range d.nodes {
		if n.Gone(id) {
			return &RemovedError{n.NodeName(id)}
		}
	}
	if d.link != model.NoLink && n.LinkGone(d.link) {
		return &RemovedError{n.LinkName(d.link)}
	}
	return nil
}

// needing gives a context that ends when one of some nodes, or a link, is removed: at once
// if that has happened. done must be called when what needs them has ended and told of it.
func (w *world) needing(ctx context.Context, link model.LinkID, nodes ...model.NodeID) (_ context.Context, done func()) {
	ctx, end := context.WithCancelCause(ctx)
	d := &dependent{nodes: slices.DeleteFunc(nodes, func(id model.NodeID) bool { return id == model.NoNode }), link: link, end: end, done: make(chan struct{})}
	w.reliant.mu.Lock()
	w.reliant.last++
	key := w.reliant.last
	if w.reliant.of == nil {
		w.reliant.of = map[int]*dependent{}
	}
	w.reliant.of[key] = d
	w.reliant.mu.Unlock()
	if err := d.ending(w.net()); err != nil { // removed before it was noted
		end(err)
	}
	return ctx, func() {
		w.reliant.mu.Lock()
		delete(w.reliant.of, key)
		w.reliant.mu.Unlock()
		close(d.done)
		end(nil)
	}
}

// relinquish ends whatever needs what the network no longer has, and returns when that has
// told how far it came, or has had the time for it.
func (w *world) relinquish(n *model.Network) {
	w.reliant.mu.Lock()
	var ending []*dependent
	for _, d := range w.reliant.of {
		if err := d.ending(n); err != nil {
			d.end(err)
			ending = append(ending, d)
		}
	}
	w.reliant.mu.Unlock()
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	for _, d := range ending {
		select {
		case <-d.done:
		case <-timer.C:
			return
		}
	}
}

// stations are the hosts that a flow cannot do without. Of a service's pool none is one.
func (w *world) stations(f *model.Flow) []model.NodeID {
	if f.Service != "" {
		return []model.NodeID{f.From}
	}
	return []model.NodeID{f.From, f.To}
}

// removedOr prefers the removal that ended a context to what came of it.
func removedOr(ctx context.Context, what string, err error) error {
	if gone := removal(ctx); gone != nil {
		return fmt.Errorf("%s: %w", what, gone)
	}
	return err
}
