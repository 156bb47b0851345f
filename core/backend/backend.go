package backend

import (
	"context"
	"io"
	"iter"

	"sendim/core/app"
	"sendim/core/change"
	"sendim/core/cost"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// Backend is one kind of world.
type Backend interface {
	// Name is "simulation", "mininet", ...; results carry it.
	Name() string
	// Capabilities says what this world can do here and now; it probes the machine and
	// does not assume. It has no lasting effect.
	Capabilities(ctx context.Context, spec Spec) (Capabilities, error)
	// Open brings an empty world up. Nothing of the model exists before Session.Apply.
	Open(ctx context.Context, spec Spec, sink trace.Sink) (Session, error)
}

// Spec is what a world must know to open a session.
type Spec struct {
	Run        string // id of the run: the label on everything the session creates
	Dir        string // the run's directory, for logs and sockets; "" when nothing may be written
	Deployment *deployment.Deployment
	Model      *model.Network // what the first Apply will ask for; scaled
	Seed       uint64
	Launch     Launcher
	// Allowed lists capabilities that the model asks for and this run goes without.
	Allowed []Capability
	// Checkpoints says that some will be asked for: whatever they need must be remembered,
	// also where that takes much memory.
	Checkpoints bool
	// Costs is what worlds of real hosts take of this machine, as measured; nil when nobody
	// has.
	Costs *cost.Book
}

// Launcher starts an application. The caller closes the instance.
type Launcher func(ctx context.Context, a deployment.Application) (app.Instance, error)

// Session is one living world. Methods are called by one goroutine at a time, except
// Close, which may interrupt any of them.
type Session interface {
	// Apply carries out a changeset. The first one comes from nothing; it starts the
	// apps and returns at t=0: when their answers to Start and Topology are
	// acknowledged. progress, if not nil, hears how many objects of a step are done. A
	// failed Apply leaves the session as it was.
	//
	// Later ones come where the world has LiveChange, between two Runs. They are Living
	// (change.Changeset): their new model came of the session's by model.Network.Edit, so
	// that ids, names and addresses of what is there stay. The session has accepted that
	// naming.New gives the new model names. Apply emits trace.Edited and returns when the
	// data plane is as the new model has it, new switches are on their way to the controller
	// or connected, and the control runtime has been told (control.Editable); what the apps
	// make of it comes while time runs. Flows, pings and captures that need a removed node
	// end at once, with an outcome that names it; those of the model that have not started
	// fail at their start. Steps about anything but nodes and links to be created or deleted
	// are refused as fault.NotYet, before anything is changed.
	Apply(ctx context.Context, c *change.Changeset, progress func(step, done int)) error
	// Run lets time pass until the given time. With model.Forever it returns when
	// every flow and action has ended. It gives the time reached.
	Run(ctx context.Context, until model.Time) (model.Time, error)
	// Now is the session's clock; before t=0 it is negative.
	Now() model.Time
	// Do starts an action; its outcome enters the sink while time runs.
	Do(ctx context.Context, a Action) (Handle, error)
	// Snapshot yields what the world really has, asked at the time of the call.
	Snapshot(ctx context.Context, what Selector) iter.Seq2[Item, error]
	// Pause and Resume stop and restart time, where the capabilities say so.
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	// Close ends everything the session made and is safe to call twice.
	Close() error
}

// Action is one thing to do in a living world. Exactly one part is set.
type Action struct {
	Ping    *Ping
	Flow    *model.Flow
	Exec    *Exec
	Capture *Capture
	Change  *model.Change
}

// Ping sends echoes between two hosts.
type Ping struct {
	From, To model.NodeID
	Count    int        // 0: 1
	Interval model.Time // 0: 1 s
	Timeout  model.Time // for each echo; 0: 1 s
	Size     int        // payload bytes; 0: 56
}

// Exec runs a program in a host.
type Exec struct {
	Node           model.NodeID
	Argv           []string
	Stdin          io.Reader // may be nil
	Stdout, Stderr io.Writer // may be nil: kept in the result, bounded
}

// Capture writes the frames at a port as pcap until the handle is stopped.
type Capture struct {
	At        model.Endpoint
	Writer    io.Writer
	Count     int             // 0: no bound; Run does not wait for such a capture to end
	Direction model.Direction // seen from the port's node
	Snap      int             // bytes kept of each frame; 0: all
}

// Handle follows one action.
type Handle interface {
	// Done says whether the outcome is known.
	Done() bool
	// Outcome is the outcome, once Done.
	Outcome() Outcome
	// Stop ends an action early.
	Stop() error
}

// Outcome is what became of an action; the part of the action's kind is set.
type Outcome struct {
	Err  error
	Ping *trace.PingResult
	Flow *trace.FlowResult
	Exec *trace.ExecResult
}

// Selector says what a snapshot should have.
type Selector struct {
	Node   model.NodeID // NoNode: all
	Rules  bool
	Groups bool
	Meters bool
	Ports  bool
	// Used may leave out hosts, and ports that have carried nothing: what a large network
	// has most of.
	Used bool
}

// Everything selects all there is.
func Everything() Selector {
	return Selector{Node: model.NoNode, Rules: true, Groups: true, Meters: true, Ports: true}
}

// Item is one object of a snapshot. Rules come in canonical order per switch. What it
// points to is not written to; switches that hold the same may share it.
type Item struct {
	Node  model.NodeID
	Rule  *flow.RuleStat
	Group *flow.GroupStat
	Meter *flow.MeterStat
	Port  *flow.PortStat
}
