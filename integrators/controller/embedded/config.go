package embedded

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/model"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded/wire"
)

// Config says whom the controller serves. What is marked so may be left zero.
type Config struct {
	// Listener is where switches dial in; New takes it over. It may have been opened in
	// another network namespace.
	Listener net.Listener
	// TLS is how switches are spoken with; nil means in the clear. Whom it does not let in
	// is refused. Optional.
	TLS *tls.Config
	// Driver is the run's control runtime. Its sink should be Clock.
	Driver control.Driver
	// Clock gives the runtime its time, and takes the diary.
	Clock *controller.Clock
	// DPIDs says which node a datapath id is. Others are refused. Enlist and Dismiss
	// change it.
	DPIDs map[uint64]model.NodeID
	// Unknown is asked for those that are not in DPIDs; it may be called from several
	// goroutines at once. Optional.
	Unknown func(dpid uint64) (model.NodeID, bool)
	// Keep leaves rules alone that there are no words for: who only looks deletes nothing.
	Keep bool
	// OpenFlow is the one version that is spoken, as 1.3 or 1.5. Optional: with each switch
	// the highest that both have.
	OpenFlow string
	// Name gives a node's name, for the diary. Optional.
	Name func(model.NodeID) string
	// LimitPort limits what leaves a port, which OpenFlow cannot; it is called in the
	// order of the switch's other downcalls. Optional: without it apps are refused.
	LimitPort func(ctx context.Context, sw model.NodeID, r app.PortRate) error

	// Echo is how long a switch may say nothing before it is asked for an echo, and
	// Silence before it is lost. Optional: a third of Silence, and 15 s.
	Echo, Silence time.Duration
	// Handshake is how long a switch may take to introduce itself, and as long again for
	// TLS before. Optional: 10 s.
	Handshake time.Duration
	// Backlog is how many messages may wait for a switch before its packet-ins are
	// dropped, and Limit before it is given up. Optional: 16,384 and 4,194,304.
	Backlog, Limit int
	// Standby says that the controller serves no switch until Lead is called: switches may
	// connect, are kept as a slave keeps them, and are served at once when it is.
	Standby bool
	// Check is how often a switch is asked what it holds while it is connected, so that what
	// somebody else changes there is found and put right; seldom where that takes it long.
	// Optional: never, but when it connects.
	Check time.Duration
	// Answers is how many bytes the answers to questions (what a switch holds, statistics)
	// may take together while they are put together. A switch that needs more than an
	// equal share is cut off when the others' need it. Optional: 256 MiB, some two million
	// rules; decoded they take about four times as much.
	Answers int64
}

// The errors that callers may look for.
var (
	// ErrNotConnected says that a switch is not, or no longer, connected.
	ErrNotConnected = errors.New("the switch is not connected")
	// ErrSuperseded says that another controller has become a switch's master.
	ErrSuperseded = errors.New("another controller is its master")
	// ErrClosed says that the controller does not run, or no longer.
	ErrClosed = errors.New("the controller does not run")
)

// Controller is a controller.Controller that switches dial.
type Controller struct {
	cfg    Config
	inbox  inbox
	desk   desk
	starts chan chan error
	visits chan func()   // of the goroutine that owns the runtime
	done   chan struct{} // closed when Run has returned
	began  time.Time
	budget *budget
	// versions are those offered; the lowest first.
	versions []wire.Version
	said     notes
	registry
	life
	office
	members
}

var _ controller.Controller = (*Controller)(nil)

// New takes the listener over; Close closes it even where Run was never called.
func New(c Config) (*Controller, error) {
	if c.Listener == nil || c.Driver == nil || c.Clock == nil {
		return nil, errors.New("embedded controller: the configuration lacks the listener, the driver or the clock")
	}
	if c.Silence == 0 {
		c.Silence = 15 * time.Second
	}
	if c.Echo == 0 {
		c.Echo = c.Silence / 3
	}
	if c.Echo >= c.Silence {
		return nil, fmt.Errorf("embedded controller: a switch is lost after %v of silence and asked for an echo after %v, which is no sooner", c.Silence, c.Echo)
	}
	if c.Handshake == 0 {
		c.Handshake = 10 * time.Second
	}
	if c.Backlog == 0 {
		c.Backlog = 16384
	}
	if c.Limit == 0 {
		c.Limit = 1 << 22
	}
	if c.Answers == 0 {
		c.Answers = 256 << 20
	}
	if c.Name == nil {
		names := make(map[model.NodeID]string, len(c.DPIDs))
		for dpid, node := range c.DPIDs {
			names[node] = fmt.Sprintf("dpid %#x", dpid)
		}
		c.Name = func(n model.NodeID) string { return names[n] }
	}
	versions, err := versionsOf(c.OpenFlow)
	if err != nil {
		return nil, err
	}
	part := wire.RoleEqual
	if c.Standby {
		part = wire.RoleSlave
	}
	made := &Controller{
		office:   office{part: part},
		cfg:      c,
		inbox:    newInbox(),
		starts:   make(chan chan error),
		visits:   make(chan func()),
		done:     make(chan struct{}),
		began:    time.Now(),
		versions: versions,
		budget:   newBudget(c.Answers, len(c.DPIDs)),
		registry: newRegistry(),
	}
	made.dpids.Store(&c.DPIDs)
	return made, nil
}
