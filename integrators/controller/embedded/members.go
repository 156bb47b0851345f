package embedded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"sendim/core/control"
	"sendim/core/model"
)

// members are the switches of the run by datapath id. The map is replaced and never
// written to: whoever greets a switch reads it as it is then.
type members struct {
	changing sync.Mutex // one change at a time
	dpids    atomic.Pointer[map[uint64]model.NodeID]
	reached  model.Time // before which the runtime has reacted; of the goroutine that owns it
}

// member says which node a datapath id is.
func (m *members) member(dpid uint64) (model.NodeID, bool) {
	node, ours := (*m.dpids.Load())[dpid]
	return node, ours
}

// errDismissed ends the connection of a switch that is none of the run's any more.
var errDismissed = errors.New("it was removed from the network")

// dismissed says that a switch which was the run's when it introduced itself is none of
// its any more. It is asked when the switch is in the registry, where Dismiss finds it.
func (k *conn) dismissed() bool {
	node, ours := k.owner.member(k.dpid)
	return k.owner.cfg.Unknown == nil && (!ours || node != k.node)
}

// Enlist makes switches the run's, by datapath id: they are served when they dial. A
// datapath id that was another node's is the new one's from now on.
func (c *Controller) Enlist(switches map[uint64]model.NodeID) {
	c.changing.Lock()
	defer c.changing.Unlock()
	next := maps.Clone(*c.dpids.Load())
	if next == nil {
		next = map[uint64]model.NodeID{}
	}
	maps.Copy(next, switches)
	c.dpids.Store(&next)
}

// Dismiss lets go of switches: their connections are ended, and they are refused from now
// on. It returns when the runtime has been told that they are lost; a switch that was
// never there is no error.
func (c *Controller) Dismiss(ctx context.Context, switches []model.NodeID) error {
	going := make(map[model.NodeID]bool, len(switches))
	for _, sw := range switches {
		going[sw] = true
	}
	c.changing.Lock()
	next := maps.Clone(*c.dpids.Load())
	maps.DeleteFunc(next, func(_ uint64, sw model.NodeID) bool { return going[sw] })
	c.dpids.Store(&next)
	c.changing.Unlock()
	for _, sw := range switches {
		for {
			c.registry.mu.Lock()
			k := c.conns[sw]
			c.registry.mu.Unlock()
			if k == nil {
				break
			}
			k.end(errDismissed)
			select {
			case <-k.ended:
			case <-ctx.Done():
				return fmt.Errorf("letting go of %s: %w", c.cfg.Name(sw), context.Cause(ctx))
			case <-c.done:
				return fmt.Errorf("letting go of %s: %w", c.cfg.Name(sw), ErrClosed)
			}
		}
	}
	return nil
}

// WaitFor returns when all of some switches have introduced themselves. When ctx ends
// first, the error names one that has not.
func (c *Controller) WaitFor(ctx context.Context, switches []model.NodeID) error {
	for {
		c.registry.mu.Lock()
		changed := c.changed
		missing := model.NoNode
		for _, sw := range switches {
			if k := c.conns[sw]; k == nil || !k.announced {
				missing = sw
				break
			}
		}
		c.registry.mu.Unlock()
		if missing == model.NoNode {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to connect: %w", c.cfg.Name(missing), context.Cause(ctx))
		case <-c.done:
			return fmt.Errorf("waiting for %s to connect: %w", c.cfg.Name(missing), ErrClosed)
		}
	}
}

// Edit tells the runtime of the network as it is now, which descends from the one before,
// and of its addresses. New switches are not served before Enlist. The error is the
// runtime's, and then nothing has changed, or says that the controller does not run.
func (c *Controller) Edit(ctx context.Context, n *model.Network, a control.Addressing) error {
	driver, ok := c.cfg.Driver.(control.Editable)
	if !ok {
		return errors.New("telling the apps of an edit: this control runtime takes none")
	}
	answer := make(chan error, 1)
	select {
	case c.visits <- func() { answer <- driver.Edit(max(c.cfg.Clock.Elapsed(), c.reached), n, a) }:
		return <-answer
	case <-ctx.Done():
		return fmt.Errorf("telling the apps of an edit: %w", context.Cause(ctx))
	case <-c.done:
		return fmt.Errorf("telling the apps of an edit: %w", ErrClosed)
	}
}
