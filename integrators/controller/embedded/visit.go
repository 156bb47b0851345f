package embedded

import "context"

// Visit has the goroutine that owns the Driver do something with it, between two of its
// reactions, and returns when it is done. It is false when ctx or the controller ends first.
func (c *Controller) Visit(ctx context.Context, do func()) bool {
	done := make(chan struct{})
	select {
	case c.visits <- func() { do(); close(done) }:
		<-done
		return true
	case <-ctx.Done():
	case <-c.done:
	}
	return false
}
