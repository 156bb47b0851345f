package prompt

import (
	"context"
	"fmt"
	"time"

	"sendim/core/model"
)

// stretch is how long a run that takes long keeps others waiting who ask it something.
const stretch = 200 * time.Millisecond

// run lets time pass, in stretches: between two of them others may look at the network,
// change it, or have time stand still.
func (c *Console) run(ctx context.Context, l *Line) error {
	words, err := Split(l.Text)
	if err != nil {
		return err
	}
	until, held, done := model.Time(-1), false, false
	for first := true; !done; first = false {
		err := c.call(ctx, l, words[1:], func(k *call) (err error) {
			switch {
			case first:
				if until, err = k.horizon(); err != nil {
					return err
				}
				held = k.Held()
			case k.Held() && !held:
				return nil // somebody has stopped it meanwhile
			}
			some, cut := context.WithCancel(ctx)
			timer := time.AfterFunc(stretch, cut)
			err = k.Advance(some, until)
			timer.Stop()
			cut()
			if err != nil && ctx.Err() == nil && some.Err() != nil {
				return nil
			}
			done = err == nil
			return err
		}, "time") // only the last one is remembered
		if err != nil {
			return err
		}
		if !done {
			select { // whoever asks something now is heard
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
	}
	return c.call(ctx, l, nil, (*call).time, "run")
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
