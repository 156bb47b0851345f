package embedded

import "context"

// Settled says that all that was sent to switches has been acknowledged, and that nothing
// that they said waits for an answer; false when ctx or the controller ends.
func (c *Controller) Settled(ctx context.Context) bool {
	answer := make(chan bool, 1)
	select {
	case c.visits <- func() { answer <- !c.inbox.waits() && c.cfg.Driver.Settled() }:
		return <-answer
	case <-ctx.Done():
	case <-c.done:
	}
	return false
}
