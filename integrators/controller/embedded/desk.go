package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sendim/core/control"
	"sendim/core/model"
)

// desk is where the runtime is worked at: by one goroutine at a time, which has the seat.
// That is the controller's own, or, where the apps answer at once, the reader of the
// connection that has brought something: a packet is then read, answered and written
// without waking anybody. Whoever leaves the seat looks whether more has come meanwhile,
// so that nothing is left behind by somebody who found it taken.
type desk struct {
	*Controller
	ctx    context.Context // of Run
	prompt bool            // whether the apps answer at once
	broken chan error      // why the runtime has given up; has room for one
	alarm  *time.Timer

	seat     sync.Mutex
	over     bool
	active   map[model.NodeID]*conn // as the runtime knows them
	seq      map[model.NodeID]uint64
	held     []control.Upcall // from before the start
	started  bool
	starting chan<- error // until t=0
	floor    model.Time   // everything before it was delivered
	armed    model.Time   // when the alarm rings
	spare    []arrival
	touched  []*conn // told something in the turn under way
	owing    []*conn // that have not been asked yet to acknowledge packets
}

// prompt is a Driver that knows whether its apps are linked in: control.Runtime is one.
type prompt interface{ Prompt() bool }

// open readies the desk.
func (d *desk) open(c *Controller, ctx context.Context) {
	d.Controller, d.ctx, d.broken = c, ctx, make(chan error, 1)
	d.active, d.seq, d.armed = map[model.NodeID]*conn{}, map[model.NodeID]uint64{}, model.Forever
	d.alarm = time.NewTimer(time.Hour)
	if p, ok := c.cfg.Driver.(prompt); ok {
		d.prompt = p.Prompt()
	}
}

// leave ends the work for good.
func (d *desk) leave() {
	d.seat.Lock()
	defer d.seat.Unlock()
	d.over = true
	d.alarm.Stop()
	if d.starting != nil {
		d.starting <- fmt.Errorf("starting the apps: %w", ErrClosed)
		d.starting = nil
	}
}

// with does something at the desk, and whatever there is to do besides.
func (d *desk) with(ctx context.Context, do func()) {
	d.seat.Lock()
	if do != nil {
		do()
	}
	d.turn()
	over := d.over
	d.seat.Unlock()
	for !over && ctx.Err() == nil && d.inbox.waits() { // what comes when it is over stays there
		d.seat.Lock()
		d.turn()
		over = d.over
		d.seat.Unlock()
	}
}

// turns is how long a reader works for others before its own switch is read again.
const turns = 8

// work does what there is to do, if nobody else does. It is for readers.
func (d *desk) work() {
	if !d.prompt {
		d.inbox.ring()
		return
	}
	for n := 0; d.inbox.waits(); n++ {
		if n == turns {
			d.inbox.ring()
			return
		}
		if !d.seat.TryLock() {
			return
		}
		d.turn()
		d.seat.Unlock()
	}
}

// turn takes in what has arrived, has the runtime react, and hands on what it answers.
// The seat is the caller's.
func (d *desk) turn() {
	if d.over || d.ctx.Err() != nil {
		return
	}
	d.takeIn()
	if !d.started {
		return
	}
	if err := d.react(d.ctx); err != nil {
		d.over = true
		if d.ctx.Err() == nil {
			d.broken <- err
		}
		return
	}
	d.arm()
}

func (d *desk) takeIn() {
	list := d.inbox.take(d.spare)
	now := d.cfg.Clock.Elapsed()
	for i := range list {
		d.take(&list[i], now)
	}
	clear(list)
	if d.spare = list; cap(list) > 4*inboxMost {
		d.spare = nil
	}
}

// arm sets the alarm to when there is something to do next by the clock.
func (d *desk) arm() {
	due := d.cfg.Driver.Due()
	for _, k := range d.owing {
		due = min(due, k.owed.since+leisure)
	}
	if due >= d.armed {
		return // it is looked at again when it rings
	}
	d.armed = due
	wait := time.Hour
	if left := due - d.cfg.Clock.Elapsed(); left < model.Time(time.Hour)*model.Nanosecond {
		wait = max(0, time.Duration((left+model.Nanosecond-1)/model.Nanosecond))
	} else {
		d.armed = model.Forever
	}
	d.alarm.Reset(wait)
}

func (d *desk) take(a *arrival, now model.Time) {
	u := &a.up
	switch u.Kind {
	case control.SwitchConnected:
		d.active[u.Switch] = a.from
	case control.SwitchLost:
		delete(d.active, u.Switch)
	}
	d.seq[u.Switch]++
	u.Seq = d.seq[u.Switch]
	if !d.started {
		switch a.from.early++; {
		case u.Kind == control.PacketIn: // nobody is there to look at it
		case a.from.early > thenMost && u.Kind != control.SwitchLost:
			a.from.end(fmt.Errorf("it says more than %d things before the apps are started", thenMost))
		default:
			d.held = append(d.held, *u)
		}
		return
	}
	// Readers run side by side: one may have looked at the clock before the last reaction
	// and been overtaken since, or before the clock was started anew.
	u.At = max(min(u.At, now), d.floor)
	d.cfg.Driver.Up(*u)
}

// start gives the runtime everything that came before, so that the apps' first view has
// the switches that are there, and starts them.
func (d *desk) start(reply chan<- error) {
	if d.started {
		reply <- errors.New("starting the apps: they were started before")
		return
	}
	d.takeIn() // every switch that somebody has waited for is in it
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

func (d *desk) react(ctx context.Context) error {
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
