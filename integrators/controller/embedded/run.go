package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/trace"
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

// accept serves every switch that dials. It ends with the listener.
func (c *Controller) accept(ctx context.Context, wg *sync.WaitGroup) error {
	var served atomic.Int64
	for {
		nc, err := c.cfg.Listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
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

// arrival is what a connection has for the runtime.
type arrival struct {
	from *conn
	up   control.Upcall
}

// post hands an upcall to the goroutine that owns the runtime; it waits while that one
// is behind.
func (c *Controller) post(ctx context.Context, from *conn, u control.Upcall) {
	u.Switch, u.At = from.node, c.cfg.Clock.Elapsed()
	select {
	case c.inbox <- arrival{from, u}:
	case <-ctx.Done():
	}
}

// drive owns the runtime: no other goroutine touches it.
func (c *Controller) drive(ctx context.Context, accepted <-chan error) error {
	d := driver{Controller: c, active: map[model.NodeID]*conn{}, seq: map[model.NodeID]uint64{}}
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	defer func() {
		if d.starting != nil {
			d.starting <- fmt.Errorf("starting the apps: %w", ErrClosed)
		}
	}()
	for ctx.Err() == nil {
		wait := time.Hour
		if d.started {
			if due := c.cfg.Driver.Due(); due < c.cfg.Clock.Elapsed()+model.Time(time.Hour)*model.Nanosecond {
				wait = time.Duration((due - c.cfg.Clock.Elapsed() + model.Nanosecond - 1) / model.Nanosecond)
			}
		}
		if wait > 0 {
			alarm.Reset(wait)
			select {
			case a := <-c.inbox:
				d.take(a)
			case reply := <-c.starts:
				d.start(reply)
			case visit := <-c.visits:
				visit()
			case err := <-accepted:
				if err != nil {
					return err
				}
				accepted = nil
			case <-alarm.C:
			case <-ctx.Done():
				return nil
			}
		}
		d.drain()
		if !d.started {
			continue
		}
		if err := d.react(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return nil
}

// driver is the state of the goroutine that owns the runtime.
type driver struct {
	*Controller
	active   map[model.NodeID]*conn // as the runtime knows them
	seq      map[model.NodeID]uint64
	held     []control.Upcall // from before the start
	started  bool
	starting chan<- error // until t=0
	floor    model.Time   // everything before it was delivered
}

// batch bounds how much is taken in before the runtime reacts.
const batch = 4096

func (d *driver) drain() {
	for range batch {
		select {
		case a := <-d.inbox:
			d.take(a)
		default:
			return
		}
	}
}

func (d *driver) take(a arrival) {
	u := a.up
	switch u.Kind {
	case control.SwitchConnected:
		d.active[u.Switch] = a.from
	case control.SwitchLost:
		delete(d.active, u.Switch)
	}
	d.seq[u.Switch]++
	u.Seq = d.seq[u.Switch]
	if !d.started {
		if u.Kind != control.PacketIn { // nobody is there to look at it
			d.held = append(d.held, u)
		}
		return
	}
	// Readers run side by side: one may have looked at the clock before the last reaction
	// and been overtaken since, or before the clock was started anew.
	u.At = max(min(u.At, d.cfg.Clock.Elapsed()), d.floor)
	d.cfg.Driver.Up(u)
}

// start gives the runtime everything that came before, so that the apps' first view has
// the switches that are there, and starts them.
func (d *driver) start(reply chan<- error) {
	if d.started {
		reply <- errors.New("starting the apps: they were started before")
		return
	}
	for len(d.inbox) > 0 { // every switch that somebody has waited for is in it
		d.take(<-d.inbox)
	}
	d.cfg.Clock.Restart()
	for i := range d.held {
		d.held[i].At = 0
		d.cfg.Driver.Up(d.held[i])
	}
	d.held = nil
	if err := d.cfg.Driver.Start(1); err != nil {
		reply <- fmt.Errorf("starting the apps: %w", err)
		return
	}
	d.started, d.starting, d.floor = true, reply, 2
}

func (d *driver) react(ctx context.Context) error {
	before := max(d.cfg.Clock.Elapsed()+1, d.floor)
	d.floor, d.reached = before, before
	down, err := d.cfg.Driver.React(ctx, before)
	d.parcel(down)
	if err != nil {
		if d.starting != nil {
			d.starting <- fmt.Errorf("starting the apps: %w", err)
			d.starting = nil
		}
		return err
	}
	if d.starting != nil && d.cfg.Driver.Settled() {
		d.cfg.Clock.Zero()
		d.starting <- nil
		d.starting = nil
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

func (c *Controller) warn(node, text string) {
	c.cfg.Clock.Emit(&trace.Entry{At: c.cfg.Clock.Elapsed(), Kind: trace.Warning, Node: node, Text: text})
}
