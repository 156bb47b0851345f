package embedded

import (
	"context"
	"fmt"

	"sendim/core/model"
	"sendim/core/packet"
)

// pathfinder is a Driver that knows which way packets go; control.Runtime is one.
type pathfinder interface {
	Path(from model.NodeID, h packet.Header) []model.NodeID
}

// Path asks the runtime which way a packet goes. See controller.Controller.
func (c *Controller) Path(ctx context.Context, from model.NodeID, h packet.Header) []model.NodeID {
	finder, ok := c.cfg.Driver.(pathfinder)
	if !ok {
		return nil
	}
	answer := make(chan []model.NodeID, 1)
	select {
	case c.visits <- func() { answer <- finder.Path(from, h) }:
		return <-answer
	case <-ctx.Done():
	case <-c.done:
	}
	return nil
}

// Change tells the runtime of a change of who serves a service. See controller.Controller.
func (c *Controller) Change(ctx context.Context, change model.Change) error {
	select {
	case c.visits <- func() { c.cfg.Driver.Change(c.cfg.Clock.Elapsed(), change) }:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("telling the apps of a change: %w", context.Cause(ctx))
	case <-c.done:
		return fmt.Errorf("telling the apps of a change: %w", ErrClosed)
	}
}
