package report

import "sendim/core/freeze"

// Freezing adds to a plan how a Collector is written into a checkpoint.
func Freezing(p *freeze.Plan) {
	freeze.Skip[Collector](p, "mu", "nobody holds it while time stands still")
}

// Become has a Collector know what another one knows, which must not be used any more.
func (c *Collector) Become(other *Collector) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.collected = other.collected
}
