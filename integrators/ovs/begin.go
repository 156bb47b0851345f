package ovs

import (
	"context"
	"errors"
)

// errBegun is why nothing is prepared any more.
var errBegun = errors.New("ovs-vswitchd runs already")

// Prepare puts bridges, as for AddBridges, into the database of an instance that was started
// with Later and has not begun. Their interfaces need not be there yet.
//
// An ovs-vswitchd that starts with all of it goes through its bridges once. One that runs
// while interfaces are made goes through them, and through all interfaces of the machine
// that it sees, for every crowd of news, and keeps the kernel from making more meanwhile.
func (v *Instance) Prepare(ctx context.Context, bridges []Bridge, target string) error {
	return v.making(ctx, bridges, func(ctx context.Context, t *transactions) error {
		if v.begins() {
			return errBegun
		}
		return t.fill(ctx, bridges, v.datapath, target)
	})
}

// Begin starts the ovs-vswitchd of an instance that was started with Later, once, and
// returns when it has made all that the database holds. bridges are those that were
// prepared: *PortError when it could not take their ports.
func (v *Instance) Begin(ctx context.Context, bridges []Bridge) error {
	return v.making(ctx, bridges, func(ctx context.Context, t *transactions) error {
		if v.begins() {
			return errBegun
		}
		p, err := v.daemonOf(SwitchDaemon)
		if err != nil {
			return err
		}
		v.mu.Lock()
		v.vswitchd = p
		v.mu.Unlock()
		close(v.begun)
		if err := t.realised(ctx); err != nil {
			return err
		}
		return t.check(ctx, bridges)
	})
}

// begins says whether ovs-vswitchd was started.
func (v *Instance) begins() bool {
	if v.begun == nil {
		return true
	}
	select {
	case <-v.begun:
		return true
	default:
		return false
	}
}

// attend is watch from before ovs-vswitchd is started.
func (v *Instance) attend() {
	select {
	case <-v.begun:
		v.watch()
	case <-v.server.Done():
		if v.stopping.Load() {
			v.end(errStopped)
		} else {
			v.end(v.obituary(ServerDaemon, v.server.Wait()))
		}
		close(v.done)
	}
}
