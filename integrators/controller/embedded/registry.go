package embedded

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"sendim/core/model"
)

// registry knows which switches are connected.
type registry struct {
	mu      sync.Mutex
	conns   map[model.NodeID]*conn
	changed chan struct{} // closed and replaced at every change
}

func newRegistry() registry {
	return registry{conns: map[model.NodeID]*conn{}, changed: make(chan struct{})}
}

func (r *registry) get(sw model.NodeID) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns[sw]
}

// enter puts a connection in the place of an earlier one of the same switch, which the
// caller must end first: it is returned, and nothing is changed.
func (r *registry) enter(c *conn) (earlier *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.conns[c.node]; old != nil {
		return old
	}
	r.conns[c.node] = c
	r.tell()
	return nil
}

func (r *registry) leave(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns[c.node] == c {
		delete(r.conns, c.node)
		r.tell()
	}
}

func (r *registry) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Connected lists the switches that are connected, in order.
func (r *registry) Connected() []model.NodeID {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]model.NodeID, 0, len(r.conns))
	for n := range r.conns {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// WaitConnected returns when n switches are connected.
func (c *Controller) WaitConnected(ctx context.Context, n int, progress func(connected int)) error {
	for told := -1; ; {
		c.mu.Lock()
		have, changed := len(c.conns), c.changed
		c.mu.Unlock()
		if have != told && progress != nil {
			progress(have)
		}
		if told = have; have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d switches to connect, %d are there: %w", n, have, ctx.Err())
		case <-c.done:
			return fmt.Errorf("waiting for %d switches to connect, %d are there: %w", n, have, ErrClosed)
		}
	}
}
