package emulate

import (
	"context"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

// gate is between the controller and the runtime, so that the apps hear nothing while the
// network stands still. What arrives meanwhile they hear later. Whoever has the runtime has
// the gate.
type gate struct {
	*control.Runtime
	timers *timers

	shut bool
	gone []control.Upcall // rules that ran out, of which the apps have not heard yet
}

// Up takes in what has happened.
func (g *gate) Up(u control.Upcall) {
	if g.shut && u.Kind == control.RuleRemoved && (u.Removed.Reason == flow.RemovedIdle || u.Removed.Reason == flow.RemovedHard) {
		g.gone = append(g.gone, u)
	}
	if u.Kind == control.RuleRemoved {
		gone := *u.Removed
		g.timers.asWanted(u.Switch, &gone.Rule)
		u.Removed = &gone
	}
	g.Runtime.Up(u)
}

// Due is when there is something to do next.
func (g *gate) Due() model.Time {
	if g.shut {
		return model.Forever
	}
	return g.Runtime.Due()
}

// React has the apps react.
func (g *gate) React(ctx context.Context, before model.Time) ([]control.Downcall, error) {
	if g.shut {
		return nil, ctx.Err()
	}
	return g.Runtime.React(ctx, before)
}

// Answer is React in pieces.
func (g *gate) Answer(ctx context.Context, before model.Time) ([][]control.Downcall, error) {
	if g.shut {
		return nil, ctx.Err()
	}
	return g.Runtime.Answer(ctx, before)
}
