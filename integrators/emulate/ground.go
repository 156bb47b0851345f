package emulate

import (
	"context"
	"fmt"
	"io"

	"sendim/core/model"
	"sendim/integrators/shell"
)

// ground is a network that stands, whoever made it: how its hosts are entered and how it
// is changed. Its methods may be called side by side.
type ground interface {
	// inside runs programs in a host. An external node or a switch is an error.
	inside(host model.NodeID) (shell.Runner, error)
	// devices is a host's /proc/net/dev.
	devices(ctx context.Context, host model.NodeID) (io.ReadCloser, error)
	// setLinks takes ends of links down or up; a host's route goes and comes with them.
	setLinks(ctx context.Context, ends []model.Endpoint, up bool) error
	// limit changes what leaves by a port: by c.Kind LinkRate, LinkDelay or LinkLoss.
	limit(ctx context.Context, at model.Endpoint, c model.Change) error
	// setSwitch takes a switch from its controller and empties it, or gives it back.
	setSwitch(ctx context.Context, sw model.NodeID, up bool) error
	// setControl cuts switches off from their controller, with the tables they have, or
	// connects them again.
	setControl(ctx context.Context, switches []model.NodeID, up bool) error
	// grow makes nodes and links of p.to, the links down and the switches without a
	// controller. What it cannot make it takes away again, to the last bit.
	grow(ctx context.Context, p *edit) error
	// shrink takes nodes and links of p.from away, with every process in the hosts. What is
	// not there is no error.
	shrink(ctx context.Context, p *edit) error
	// introduce tells hosts of each other.
	introduce(ctx context.Context, i *introduction) error
	// done is closed when it has ended by itself; err then says why. Nil: it cannot.
	done() <-chan struct{}
	err() error
	// wait returns when nothing of it runs any more; its place is closed.
	wait()
}

// raise makes the network.
func (s *Session) raise(ctx context.Context, w *world, controller string) (ground, error) {
	if s.native {
		g, err := buildNative(ctx, w, controller)
		if err != nil {
			return nil, fmt.Errorf("building the network: %w", err)
		}
		return g, nil
	}
	g, err := runScript(ctx, w, controller)
	s.phases.end(phaseMininet)
	if err != nil {
		return nil, err // and not a ground that is not there
	}
	return g, nil
}
