package prompt

import (
	"context"
	"fmt"

	"sendim/core"
	"sendim/core/model"
)

// run lets time pass, in stretches: between two of them others may look at the network,
// change it, or have time stand still.
func (c *call) run() error {
	until, err := c.horizon()
	if err != nil {
		return err
	}
	c.then = func() error {
		err := c.console.access.Stretches(c.ctx, func(ctx context.Context, w *core.World) (bool, error) {
			err := w.Advance(ctx, until)
			return err == nil, err
		})
		if err != nil {
			return err
		}
		return c.now()
	}
	return nil
}

// now says what the run's clock is when the conductor is free.
func (c *call) now() error {
	return c.console.access.Do(c.ctx, func(*core.World) error { return c.time() })
}

// horizon is the time that run is to reach.
func (c *call) horizon() (model.Time, error) {
	if len(c.args) != 1 {
		return 0, fmt.Errorf("say how long, as in run 5s, or run all")
	}
	if c.args[0] == "all" {
		return model.Forever, nil
	}
	span, err := model.ParseTime(c.args[0])
	if err != nil {
		return 0, err
	}
	if now := c.Session.Now(); span < model.Forever-now {
		return now + span, nil
	}
	return model.Forever, nil
}
