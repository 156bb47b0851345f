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
	known   int           // of them, announced
	changed chan struct{} // closed and replaced at every change
}

func newRegistry() registry {
	return registry{conns: map[model.NodeID]*conn{}, changed: make(chan struct{})}
}

// get gives the connection of a switch that has been announced, or nil.
func (r *registry) get(sw model.NodeID) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.conns[sw]; c != nil && c.announced {
		return c
	}
	return nil
}

// enter takes the switch's place. Where an earlier connection has it, nothing changes
// and that one is returned: the caller ends it and tries again.
func (r *registry) enter(c *conn) (earlier *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.conns[c.node]; old != nil {
		return old
	}
	r.conns[c.node] = c
	return nil
}

// announce makes a connection known. Its SwitchConnected is on its way to the runtime
// before: whoever has waited for a switch and starts the apps then shows it to them.
func (r *registry) announce(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.announced = true
	r.known++
	r.tell()
}

func (r *registry) leave(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c.node)
	if c.announced {
		r.known--
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
	out := make([]model.NodeID, 0, r.known)
	for n, c := range r.conns {
		if c.announced {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// WaitConnected returns when n switches are connected.
func (c *Controller) WaitConnected(ctx context.Context, n int, progress func(connected int)) error {
	for told := -1; ; {
		c.mu.Lock()
		have, changed := c.known, c.changed
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
