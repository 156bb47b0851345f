package controller

import (
	"context"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/packet"
)

// Controller runs one control.Driver over the switches of one run. All methods but Run
// may be called from any goroutine.
//
// The order of use: Run in a goroutine of its own, WaitConnected, StartApps once; then
// the run lives, and Ask looks into it, until Close or the end of Run's context.
type Controller interface {
	// Run serves switches and drives the runtime until ctx ends, Close is called or the
	// runtime gives up; only the last is an error. It may be called once.
	Run(ctx context.Context) error
	// WaitConnected returns when n of the run's switches have introduced themselves.
	// progress, if not nil, hears the number whenever it changes. When ctx ends first, the
	// error says how many are there.
	WaitConnected(ctx context.Context, n int, progress func(connected int)) error
	// StartApps starts the apps and returns at t=0: when everything they answered is
	// acknowledged. From then on the run's clock counts from that moment.
	StartApps(ctx context.Context) error
	// Ask asks one switch, or all connected ones where what.Node is NoNode, for what they
	// hold and have counted. Items come in the order of switches, then rules in canonical
	// order, groups, meters and ports by number. A switch that is not connected is an
	// error if it was named.
	Ask(ctx context.Context, what backend.Selector) ([]backend.Item, error)
	// Path says which way a packet of a host goes by the rules that the apps want now:
	// the nodes in order, nil if it arrives nowhere or a switch's own hash decides.
	Path(ctx context.Context, from model.NodeID, h packet.Header) []model.NodeID
	// Change tells the apps of a change of who serves a service; other kinds are ignored.
	Change(ctx context.Context, c model.Change) error
	// Connected lists the switches that are connected, in order.
	Connected() []model.NodeID
	// Close ends all connections and Run, and returns when nothing of them is left. It
	// may be called again.
	Close() error
}
