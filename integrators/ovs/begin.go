package ovs

import (
	"context"
	"errors"
	"os"
)

// errBegun is why nothing is to be prepared any more.
var errBegun = errors.New("ovs-vswitchd runs already")

// errNotPrepared is why there is nobody yet who could make anything.
var errNotPrepared = errors.New("ovs-vswitchd was not started: Prepare comes first")

// Prepare starts the ovs-vswitchd of an instance that was started with Later, once, with the
// first of some bridges, if there is any, and without its ports; when it has come so far it
// stands still. Then the database is told of all of them, as by AddBridges. Interfaces need not
// be there yet.
//
// What a first datapath takes (a tenth of a second of sleep, by which it learns how fast the
// processor counts) is over then. And while interfaces are made nobody goes through bridges,
// and through all interfaces that there are, for every crowd of news, and keeps the kernel from
// making more meanwhile.
func (v *Instance) Prepare(ctx context.Context, bridges []Bridge, target string) error {
	return v.making(ctx, bridges, func(ctx context.Context, t *transactions) error {
		if v.begins() {
			return errBegun
		}
		var first []Bridge
		if len(bridges) > 0 {
			first = []Bridge{{Name: bridges[0].Name, DPID: bridges[0].DPID}}
		}
		if err := t.fill(ctx, first, v.datapath, ""); err != nil {
			return err
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
		v.Roomy(ctx)
		if err := v.rest(ctx, true); err != nil || len(bridges) == 0 {
			return err
		}
		t.there = bridges[0].Name
		return t.fill(ctx, bridges, v.datapath, target)
	})
}

// Begin lets ovs-vswitchd make the bridges that were prepared, and returns when it has:
// *PortError when it could not take their ports.
func (v *Instance) Begin(ctx context.Context, bridges []Bridge) error {
	return v.making(ctx, bridges, func(ctx context.Context, t *transactions) error {
		if !v.begins() {
			return errNotPrepared
		}
		if err := v.rest(ctx, false); err != nil {
			return err
		}
		if err := t.realised(ctx); err != nil {
			return err
		}
		return t.check(ctx, bridges)
	})
}

// rest has ovs-vswitchd stand still, or go on.
func (v *Instance) rest(ctx context.Context, still bool) error {
	_, vswitchd := v.daemons()
	err := v.sandbox.SetStill(ctx, vswitchd.PID(), still)
	if errors.Is(err, os.ErrProcessDone) {
		return nil // which is noticed, and told with its reason
	}
	return err
}

// room is what ovs-vswitchd may have written to the database before the database has read
// it, in bytes. What it has made of thousands of ports is one message of megabytes, and what
// the kernel's 208 KB do not hold waits until it has been round all its bridges again, and
// again.
const room = 64 << 20

// Roomy gives ovs-vswitchd room for what it has to say to the database. Where that is not
// permitted it is merely slower.
func (v *Instance) Roomy(ctx context.Context) {
	if _, vswitchd := v.daemons(); vswitchd != nil {
		_, _ = v.sandbox.EnlargeStreams(ctx, vswitchd.PID(), room)
	}
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
