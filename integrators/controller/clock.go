package controller

import (
	"sync"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
)

// unset is what a clock shows when it is made. The run's time is negative until its zero
// is known, however long a start takes.
const unset = -24 * model.Hour

// Clock is the clock of a run in real time. It has two readings. Elapsed counts from when
// the apps were started, without the time for which the clock was stopped, and never jumps:
// the control runtime lives in it, and with it everything that is stamped before t=0 is
// known. Now is the time of the run.
//
// A Clock is also where the run's diary waits for t=0: it is a trace.Sink that takes
// entries stamped with Elapsed and passes them on with the time of the run. All methods
// are safe for concurrent use.
type Clock struct {
	now func() time.Time

	mu    sync.Mutex
	start time.Time
	set   bool
	zero  model.Time // Elapsed at t=0
	sink  trace.Sink
	held  []trace.Entry

	stopped bool
	at      time.Time     // when it was stopped
	stood   time.Duration // for how long in all, before that
}

// NewClock is a clock that is not set yet, with the sink that its diary goes to. now is
// time.Now or, in tests, another clock; its times must not go back.
func NewClock(now func() time.Time, sink trace.Sink) *Clock {
	return &Clock{now: now, start: now(), sink: sink}
}

// Elapsed is the time since Restart, or since the clock was made.
func (c *Clock) Elapsed() model.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.elapsed()
}

func (c *Clock) elapsed() model.Time {
	now := c.at
	if !c.stopped {
		now = c.now()
	}
	return model.Time(now.Sub(c.start)-c.stood) * model.Nanosecond
}

// Stop has both readings stand still; stopping what is stopped does nothing.
func (c *Clock) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped {
		c.stopped, c.at = true, c.now()
	}
}

// Continue is the counterpart of Stop. before, if not nil, hears for how long the clock has
// stood still in all, before anybody can see that it goes.
func (c *Clock) Continue(before func(stood time.Duration)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		c.stood += c.now().Sub(c.at)
		c.stopped = false
	}
	if before != nil {
		before(c.stood)
	}
}

// Stopped says whether the clock stands still.
func (c *Clock) Stopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// Now is the time of the run: negative before t=0, by no particular amount.
func (c *Clock) Now() model.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.set {
		return unset + c.elapsed()
	}
	return c.elapsed() - c.zero
}

// Start is the moment of t=0 by the clock given to NewClock, for as long as this one was
// never stopped; false while it is not known.
func (c *Clock) Start() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start.Add(time.Duration(c.zero / model.Nanosecond)), c.set
}

// Restart makes Elapsed count from now. It is for whoever starts the apps, once, before
// t=0; entries held until then keep their distance.
func (c *Clock) Restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set {
		return
	}
	back := c.elapsed()
	c.start, c.stood = c.now(), 0
	for i := range c.held {
		c.held[i].At -= back
	}
}

// Zero makes this moment t=0 and lets the diary go. Later calls do nothing.
func (c *Clock) Zero() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set {
		return
	}
	c.set, c.zero = true, c.elapsed()
	c.release(c.zero)
}

// Flush lets the diary of a start that failed go, as if this moment were t=0. It does
// nothing after Zero.
func (c *Clock) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release(c.elapsed())
}

func (c *Clock) release(zero model.Time) {
	for i := range c.held {
		c.held[i].At -= zero
		c.sink.Emit(&c.held[i])
	}
	c.held = nil
}

// Emit takes an entry stamped with Elapsed. It is shifted for as long as the sink has it,
// and not copied: there is one for every packet.
func (c *Clock) Emit(e *trace.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.set {
		c.held = append(c.held, *e)
		return
	}
	e.At -= c.zero
	c.sink.Emit(e)
	e.At += c.zero
}
