package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sendim/core/control"
	"sendim/core/model"
)

// life is the state of Run and Close.
type life struct {
	state  sync.Mutex
	ran    bool
	closed bool
	cancel context.CancelFunc
}

// Run serves switches and drives the runtime. See controller.Controller.
func (c *Controller) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.state.Lock()
	if c.ran || c.closed {
		c.state.Unlock()
		return fmt.Errorf("embedded controller: %w: it was run or closed before", ErrClosed)
	}
	c.ran, c.cancel = true, cancel
	c.state.Unlock()
	defer close(c.done)

	stop := context.AfterFunc(ctx, func() { c.cfg.Listener.Close() })
	defer stop()
	c.desk.open(c, ctx)
	var wg sync.WaitGroup
	accepted := make(chan error, 1)
	wg.Go(func() { accepted <- c.accept(ctx, &wg) })
	err := c.drive(ctx, accepted)
	cancel()
	c.cfg.Listener.Close()
	wg.Wait()
	return err
}

// Close ends everything. See controller.Controller.
func (c *Controller) Close() error {
	c.state.Lock()
	first := !c.closed
	c.closed = true
	ran, cancel := c.ran, c.cancel
	c.state.Unlock()
	if ran {
		cancel()
		<-c.done
		return nil
	}
	if !first {
		return nil
	}
	close(c.done)
	return c.cfg.Listener.Close()
}

// strangers is how many connections are served at once where nobody has said how many
// switches there are.
const strangers = 8192

// places is how many connections are served at once: strangers may dial as well, but not
// without bound.
func (c *Controller) places() int64 {
	places := 2*int64(len(*c.dpids.Load())) + 64
	if c.cfg.Unknown != nil {
		places += strangers
	}
	return places
}

// shortage is how long whoever dials waits when there is no room for one more.
const shortage = 100 * time.Millisecond

// scarce says that a connection could not be taken for lack of what others give back, files
// above all, or because it has gone again: no reason to let go of all switches.
func scarce(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// accept serves every switch that dials. It ends with the listener.
func (c *Controller) accept(ctx context.Context, wg *sync.WaitGroup) error {
	var served atomic.Int64
	for {
		nc, err := c.cfg.Listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			if scarce(err) {
				c.warn("", fmt.Sprintf("no connection can be taken now: %v", err))
				select {
				case <-time.After(shortage):
				case <-ctx.Done():
				}
				continue
			}
			return fmt.Errorf("accepting switches at %s: %w", c.cfg.Listener.Addr(), err)
		}
		if served.Add(1) > c.places() {
			served.Add(-1)
			nc.Close()
			continue
		}
		wg.Go(func() {
			c.serve(ctx, nc)
			served.Add(-1)
		})
	}
}

// post hands upcalls to whoever has the runtime next; it waits while that one is behind.
func (c *Controller) post(ctx context.Context, from *conn, u control.Upcall) {
	u.Switch, u.At = from.node, c.cfg.Clock.Elapsed()
	c.inbox.put(ctx, arrival{from, u})
	c.inbox.ring()
}

// drive looks after the runtime: what it is time for, what is asked for from outside, and
// what readers leave to it. See desk.
func (c *Controller) drive(ctx context.Context, accepted <-chan error) error {
	d := &c.desk
	defer d.leave()
	for ctx.Err() == nil {
		select {
		case <-c.inbox.bell:
		case reply := <-c.starts:
			d.with(ctx, func() { d.start(reply) })
			continue
		case visit := <-c.visits:
			d.with(ctx, visit)
			continue
		case err := <-accepted:
			if err != nil {
				return err
			}
			accepted = nil
		case <-d.alarm.C:
			d.with(ctx, func() { d.armed = model.Forever })
			continue
		case err := <-d.broken:
			return err
		case <-ctx.Done():
			return nil
		}
		d.with(ctx, nil)
	}
	return nil
}

// StartApps starts the apps and returns at t=0. See controller.Controller.
func (c *Controller) StartApps(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case c.starts <- reply:
	case <-ctx.Done():
		return fmt.Errorf("starting the apps: %w", ctx.Err())
	case <-c.done:
		return fmt.Errorf("starting the apps: %w", ErrClosed)
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return fmt.Errorf("starting the apps: their first answers are not in force yet: %w", ctx.Err())
	}
}
