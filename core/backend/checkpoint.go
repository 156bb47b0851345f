package backend

import (
	"context"
	"io"

	"sendim/core/model"
	"sendim/core/trace"
)

// Checkpoints is the capability of worlds whose sessions are Checkpointers and that are
// Restorers themselves.
const Checkpoints Capability = "checkpoint"

// Checkpointer is a Session whose whole state can be written down while time stands still.
type Checkpointer interface {
	Session
	// RunTo is Run(until), but time stands still at the moment stop if that comes first,
	// and stopped is true. Unlike Run(stop) it leaves no mark: going on with Run(until) gives
	// the very bytes that a single Run(until) would have given.
	RunTo(ctx context.Context, stop, until model.Time) (reached model.Time, stopped bool, err error)
	// Checkpoint writes all that a Restorer needs to go on from here.
	Checkpoint(w io.Writer) error
}

// Restorer is a Backend that can open a session as a Checkpointer has left it.
type Restorer interface {
	Backend
	// Restore opens a session in the state that was written to r. The spec's model and
	// deployment must be those of then, but for what changes no result; its apps are
	// started anew and brought to where they were.
	Restore(ctx context.Context, spec Spec, sink trace.Sink, r io.Reader) (Session, error)
}
