package sim

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/random"
	"sendim/core/trace"
	"sendim/core/workload"
	"sendim/sim/des"
)

// Session is one simulated world. Besides backend.Session's methods it has Digest.
type Session struct {
	backend Backend
	spec    backend.Spec
	sink    trace.Sink
	origin  model.Time

	mu     sync.Mutex // held by whatever works; Close cancels life to get it
	life   context.Context
	kill   context.CancelFunc
	world  *world
	pulse  pulse
	apps   []app.Instance
	closed bool
}

// longest is how much virtual time apps may take for their first answers.
const longest = model.Hour

// Apply brings the network up from nothing and starts the apps. Later changesets add and
// remove nodes and links; others are refused as fault.NotYet.
func (s *Session) Apply(ctx context.Context, c *change.Changeset, progress func(step, done int)) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, stop := s.living(ctx)
	defer stop()
	switch {
	case s.closed:
		return errClosed
	case s.world != nil && c.Living && c.Old.Model != c.New.Model: // also one that leaves tombstones only
		return s.edit(ctx, c, progress)
	case c.Empty() && s.world != nil:
		return nil
	case s.world != nil || !c.FromNothing():
		return fault.New(fault.NotYet, fault.Place{}, "the simulation cannot be changed by this changeset (%s): it does not come of edits of the network that lives; start a new run", backend.LiveChange)
	case c.New.Model == nil:
		return errors.New("the changeset has no model")
	}
	w, err := s.build(c.New.Model)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.closeApps()
		}
	}()
	if progress == nil {
		progress = func(int, int) {}
	}
	for i, step := range c.Steps {
		if step.Kind == change.Nodes || step.Kind == change.Links {
			progress(i, step.Count)
		}
	}
	if err := s.startApps(ctx, w, c.New.Deployment); err != nil {
		return err
	}
	for i, step := range c.Steps {
		if step.Kind == change.Apps || step.Kind == change.Flows {
			progress(i, step.Count)
		}
	}
	s.begin(w, c.New.Deployment)
	s.world = w
	return nil
}

// living ties a context to the session's life.
func (s *Session) living(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// build makes the world of a model and refuses what it cannot do.
func (s *Session) build(n *model.Network) (*world, error) {
	if list := n.NodesOfKind(model.External); len(list) > 0 && !slices.Contains(s.spec.Allowed, backend.ExternalNode) {
		return nil, fault.New(fault.MissingCapability, fault.Place{Element: "node"}, "node %s is external (%s); a simulated network has no outside", n.NodeName(list[0]), backend.ExternalNode)
	}
	names, err := naming.New(n)
	if err != nil {
		return nil, err
	}
	w := compile(n, names, random.New(s.spec.Seed))
	w.tcp, w.sink, w.control.eager = s.backend.tcp(), s.sink, s.backend.eager
	w.pulse = &s.pulse
	if n.StaticARP {
		w.introduce()
	}
	if w.watch, w.series, err = newWatch(n); err != nil {
		return nil, err
	}
	if w.follows, err = newFollow(n, len(w.switches), w.slot); err != nil {
		return nil, err
	}
	w.watched = w.watch != nil
	w.classify()
	w.discipline()
	list, err := workload.Concrete(n, s.spec.Seed)
	if err != nil {
		return nil, err
	}
	faults := &fault.List{}
	for i := range list {
		var f fault.Fault
		if err := w.admit(&list[i]); errors.As(err, &f) {
			faults.Add(f)
		} else if err != nil {
			return nil, err
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	w.list = list
	s.pulse.flows.Store(int64(len(list)))
	return w, nil
}

// startApps launches the apps, connects the switches and lets virtual time pass until
// everything the apps asked for is in force.
func (s *Session) startApps(ctx context.Context, w *world, d *deployment.Deployment) error {
	if err := w.connect(d); err != nil {
		return err
	}
	if d == nil || len(d.Applications) == 0 {
		return nil
	}
	started, err := s.spec.StartApps(ctx, d)
	var apps []control.Application
	for _, a := range started {
		instance := s.mind(a.Instance)
		s.apps = append(s.apps, instance)
		apps = append(apps, control.Application{Name: a.Application.Name, Instance: instance, Params: a.Params, FailRun: a.Application.FailsRun()})
	}
	if err != nil {
		return err
	}
	caps, _ := s.backend.Capabilities(ctx, s.spec)
	before := &shifted{sink: s.sink}
	runtime, err := control.New(control.Config{Model: w.net, Address: w.address, Apps: apps, Granted: caps.Grant(), Seed: s.spec.Seed,
		Delays:   w.controlDelays,
		Sink:     before,
		Settings: control.Settings(w.net, control.Named{Names: w.names})})
	if err != nil {
		return err
	}
	w.control.driver = runtime
	w.sink = before
	if err := w.shakeHands(ctx); err != nil {
		before.release(0)
		return err
	}
	w.origin = w.queue.Now()
	w.sink = s.sink
	before.release(model.Time(w.origin))
	return nil
}

// shakeHands connects all switches, starts the apps once they are, and runs until
// everything is acknowledged. It asks for every arrival by itself, so that the end does
// not depend on how arrivals are gathered.
func (w *world) shakeHands(ctx context.Context) error {
	latest := int64(0)
	for i := range w.switches {
		s := &w.switches[i]
		latest = max(latest, w.delayOf(s.id))
		w.hello(s, 0)
	}
	if err := w.control.driver.Start(model.Time(latest + 1)); err != nil {
		return err
	}
	for !w.control.driver.Settled() {
		due := w.control.driver.Due()
		next, ok := w.queue.PeekTime()
		switch {
		case due == model.Forever && !ok:
			return errors.New("the apps' first answers are not acknowledged, and nothing is under way that could be")
		case min(int64(due), next) > int64(longest) && ok, due > longest && !ok:
			return fmt.Errorf("the apps' first answers are not acknowledged after %s of virtual time", longest)
		}
		if err := w.pass(ctx, int64(due)); err != nil {
			return err
		}
		if due := w.control.driver.Due(); int64(due) <= w.queue.Now() {
			if err := w.react(ctx, int64(due)+1); err != nil {
				return err
			}
		}
	}
	if c := &w.control.downs; len(c.free) == c.used {
		*c = downcalls{} // there will hardly be so many again
	}
	if w.queue.Len() < len(w.switches) {
		old := w.queue
		w.queue = des.NewQueue(old.Now())
		for _, e := range old.AppendPending(nil) {
			w.queue.Push(e)
		}
	}
	return nil
}

// pass lets the network alone go on until a time, or until a message was sent to the
// controller that arrives earlier.
func (w *world) pass(ctx context.Context, until int64) error {
	c := &w.control
	for n := 1; ; n++ {
		e, ok := w.queue.PopNext(until)
		if !ok {
			break
		}
		w.handle(&e)
		if c.fresh {
			c.fresh = false
			until = min(until, w.arrivalOr(until))
		}
		if n&4095 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if until < math.MaxInt64 {
		w.queue.AdvanceTo(until)
	}
	return ctx.Err()
}

func (w *world) arrivalOr(until int64) int64 {
	return min(until, int64(w.control.driver.Due()))
}

// begin is t=0.
func (s *Session) begin(w *world, d *deployment.Deployment) {
	now := w.queue.Now()
	w.emit(&trace.Entry{At: 0, Kind: trace.RunStart})
	interval := w.series
	if interval == 0 && d != nil && d.Until() > 0 {
		interval = max(1, d.Until()/100)
	}
	if interval > 0 {
		w.startSampling(interval, now)
	}
	if len(w.list) > 0 {
		w.schedule(w.origin+max(0, int64(w.list[0].Start)), w.everywhere(), onStart, 0, 0)
	}
	asked := 0
	if d != nil {
		asked = d.Simulation.Workers
	}
	w.employ(asked)
}

// ready gives the world, if there is one.
func (s *Session) ready() (*world, error) {
	switch {
	case s.closed:
		return nil, errClosed
	case s.world == nil:
		return nil, errEmpty
	}
	return s.world, nil
}

// Run lets virtual time pass. With model.Forever it returns when flows and actions have
// ended, or when nothing can happen any more.
func (s *Session) Run(ctx context.Context, until model.Time) (model.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return 0, err
	}
	ctx, stop := s.living(ctx)
	defer stop()
	limit := int64(math.MaxInt64)
	if until < model.Forever-model.Time(w.origin) {
		limit = w.origin + int64(until)
	}
	w.counted = nil
	err = w.advance(ctx, s.life, limit)
	return s.Now(), err
}

// advance lets the network and the apps go on until a time; math.MaxInt64 is until all
// flows and actions have ended. The end of ctx lets time stand still between two events;
// what an app has been asked it answers first, for it cannot be asked again. Only the end
// of life, the session's, cuts it short.
func (w *world) advance(ctx, life context.Context, until int64) error {
	c, forever := &w.control, until == math.MaxInt64
	defer w.rest()
	for {
		c.fresh = false
		horizon := w.horizon()
		limit := w.upTo(until, horizon)
		n := 1
		for ; w.part == nil; n++ {
			if forever && w.idle() {
				return ctx.Err()
			}
			e := w.queue.Next(limit)
			if e == nil {
				break
			}
			at := e.At
			if e.Kind == onFrame {
				w.arrive(e.A, int32(e.B), at)
			} else {
				w.handle(e)
			}
			if c.fresh {
				c.fresh = false
				horizon = w.horizon()
				limit = w.upTo(until, horizon)
			}
			if n%beats == 0 {
				w.pulse.beat(w.outside(at), beats)
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
		}
		for w.part != nil {
			if forever && w.idle() {
				w.lanes.stand()
				return ctx.Err()
			}
			if !w.lanes.goOn(limit, forever) {
				break
			}
			if c.fresh {
				c.fresh = false
				horizon = w.horizon()
				limit = w.upTo(until, horizon)
			}
			if w.lanes.events >= beats {
				w.pulse.beat(w.outside(w.queue.Now()), w.lanes.events)
				w.lanes.events = 0
				if ctx.Err() != nil {
					w.lanes.stand()
					return ctx.Err()
				}
			}
		}
		w.pulse.beat(w.outside(w.queue.Now()), (n-1)%beats)
		if err := ctx.Err(); err != nil {
			return err
		}
		if limit < math.MaxInt64 {
			w.setClock(limit)
		}
		if w.halts(min(until, horizon)) {
			return nil
		}
		if c.driver == nil || int64(c.driver.Due()) > until || horizon == math.MaxInt64 {
			return nil
		}
		before := int64(c.driver.Due()) + 1
		if !c.eager {
			before = max(before, horizon+1+c.up)
			if !forever {
				before = min(before, until+1)
			}
		}
		if err := w.react(life, before); err != nil {
			return err
		}
	}
}

// Workers is how many threads work on the world; the answer does not depend on it.
func (s *Session) Workers() int {
	if s.world == nil {
		return 0
	}
	return len(s.world.everyone())
}

// Now is the session's clock.
func (s *Session) Now() model.Time {
	if s.world == nil {
		return 0
	}
	return s.world.outside(s.world.queue.Now())
}

// Pause and Resume have nothing to do: time passes only within Run.
func (s *Session) Pause(context.Context) error { return nil }

// Resume is the counterpart of Pause.
func (s *Session) Resume(context.Context) error { return nil }

// Close tells of what has not ended and of the links, and closes the apps. It may be
// called while another method works, which then returns early.
func (s *Session) Close() error {
	s.kill()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if w := s.world; w != nil {
		now := w.queue.Now()
		w.finishUnfinished(now)
		w.totals(now)
		w.emit(&trace.Entry{At: w.outside(now), Kind: trace.RunEnd, Text: "digest " + s.Digest()})
	}
	return s.closeApps()
}

func (s *Session) closeApps() error {
	var errs []error
	for _, a := range s.apps {
		errs = append(errs, a.Close())
	}
	s.apps = nil
	return errors.Join(errs...)
}

// Digest is a hash over the chains of all nodes, in which everything that has happened to
// them stands: equal digests mean equal runs.
func (s *Session) Digest() string {
	if s.world == nil {
		return ""
	}
	w := s.world
	h := sha256.New()
	var b [8]byte
	for _, slot := range w.slot {
		d := uint64(0)
		if slot >= 0 {
			d = w.switches[slot].digest
		} else {
			d = w.hosts[^slot].digest
		}
		binary.LittleEndian.PutUint64(b[:], d)
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// later starts a flow of an action, now or at its time.
func (s *Session) later(spec model.Flow, h *handle, now int64) {
	w := s.world
	if at := w.origin + int64(spec.Start); at > now {
		w.deferred = append(w.deferred, deferred{spec, h})
		w.waiters++
		w.together(at)
		w.schedule(at, spec.From, onLaunch, uint32(len(w.deferred)-1), 0)
		h.stop = stopEarly{}
		return
	}
	f := w.launch(spec, h, now)
	h.stop = stopFlow{w, f}
}
