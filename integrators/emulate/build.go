package emulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
	"sendim/core/workload"
	"sendim/integrators/controller"
	"sendim/integrators/traffic"
)

// Apply brings the network up from nothing and starts the apps; it returns at t=0. After
// that it takes living changesets: nodes and links that come and go. After a failed Apply
// nothing is left of what it made; the first may be called again.
func (s *Session) Apply(ctx context.Context, c *change.Changeset, progress func(step, done int)) error {
	s.working.Lock()
	defer s.working.Unlock()
	ctx, stop := s.living(ctx)
	defer stop()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	switch {
	case s.life.Err() != nil:
		return context.Cause(s.life)
	case c.Empty() && s.world != nil && (c.New.Model == nil || c.New.Model == s.world.net()):
		return nil
	case s.world == nil && !c.FromNothing():
		return ErrEmpty
	case c.New.Model == nil:
		return errors.New("the changeset has no model")
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	if s.world != nil {
		if err := s.world.goes(); err != nil {
			return err
		}
		return s.edit(ctx, c, progress)
	}
	if s.place == nil {
		var err error
		if s.place, err = openPlace(ctx, s); err != nil {
			return err
		}
	}
	if err := s.build(ctx, abort, c, progress); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return errors.Join(err, s.discard())
	}
	return nil
}

// build makes the world.
func (s *Session) build(ctx context.Context, abort context.CancelCauseFunc, c *change.Changeset, progress func(step, done int)) (err error) {
	s.phases.begin()
	n := c.New.Model
	names, err := naming.New(n)
	if err != nil {
		return err
	}
	if err := s.refuse(n); err != nil {
		return err
	}
	w := &world{session: s, place: s.place, abort: abort}
	w.revival.tally.Sink = s.sink
	w.meter.world, w.meter.told = w, make(chan struct{})
	w.clock = controller.NewClock(time.Now, &w.revival.tally)
	w.is.Store(&network{n, names, n.NodesOfKind(model.Switch)})
	w.processes, w.stop = context.WithCancel(context.WithoutCancel(s.life))
	w.hosts.drivers = map[model.NodeID]*driver{}
	w.links.make(w)
	if err := errors.Join(w.links.follow.make(n), w.still.make(s.dir)); err != nil {
		w.stop()
		return errors.Join(err, w.still.forget())
	}
	s.world = w
	if w.list, err = workload.Concrete(n, s.spec.Seed); err != nil {
		return err
	}
	if err := w.admitAll(); err != nil {
		return err
	}
	if err := s.fits(n, names, w.list); err != nil {
		return err
	}
	apps, err := s.launch(ctx, c.New.Deployment)
	if err != nil {
		return err
	}
	listener, err := s.place.sandbox.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	secured, err := s.secure(ctx, c.New.Deployment)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if w.ctl, err = s.serve(listener, secured, openflow(c.New.Deployment), apps, w.clock); err != nil {
		return err
	}
	w.work.Go(func() {
		if err := w.ctl.Run(w.processes); err != nil {
			w.fail(err)
		}
	})
	s.phases.end(phaseApps)
	if w.ground, err = s.raise(ctx, w, target(listener, secured != nil)); err != nil {
		return err
	}
	w.work.Go(w.watch)
	for i, step := range c.Steps {
		if step.Kind == change.Nodes || step.Kind == change.Links {
			progress(i, step.Count)
		}
	}
	if err := w.ctl.WaitConnected(ctx, len(w.switches()), nil); err != nil {
		return fmt.Errorf("waiting for the switches: %w", err)
	}
	s.phases.end(phaseChannels)
	if err := w.prepare(ctx); err != nil {
		return err
	}
	s.phases.end(phaseAgents)
	if err := w.ctl.StartApps(ctx); err != nil {
		return err
	}
	s.phases.end(phaseRules)
	w.begun.Store(true)
	w.zero = traffic.Monotonic() - int64(w.clock.Now()/model.Nanosecond)
	w.meter.again()
	s.emit(&trace.Entry{Kind: trace.RunStart})
	if lacks := w.links.follow.lacks(); lacks != "" {
		s.emit(&trace.Entry{Kind: trace.Warning, Text: lacks})
	}
	for _, watch := range n.Watches {
		if watch.Packets {
			s.emit(&trace.Entry{Kind: trace.Warning, Text: "an emulated network's diary has no single packets; capture them at a port"})
			break
		}
	}
	if hosts := hostCount(n); hosts > 1 {
		if err := s.makeNeighbourRoom(hosts); err != nil && hosts*(hosts-1) > 900 {
			s.emit(&trace.Entry{Kind: trace.Warning, Text: "some hosts may not learn each other's addresses: " + err.Error()})
		}
	}
	w.keepAlive(target(listener, secured != nil))
	w.begin(c)
	for i, step := range c.Steps {
		if step.Kind == change.Apps || step.Kind == change.Flows {
			progress(i, step.Count)
		}
	}
	return nil
}

// refuse names what the model asks for and this machine cannot do, unless it was allowed
// to go without.
func (s *Session) refuse(n *model.Network) error {
	faults := &fault.List{}
	asked := func(c backend.Capability, what string, args ...any) {
		for _, a := range s.spec.Allowed {
			if a == c {
				return
			}
		}
		if !s.caps.Has(c) {
			faults.Addf(fault.MissingCapability, fault.Place{Element: "link"}, "%s (%s): %s", fmt.Sprintf(what, args...), c, s.caps.Missing[c])
		}
	}
	if list := n.NodesOfKind(model.External); len(list) > 0 {
		asked(backend.ExternalNode, "node %s is external", n.NodeName(list[0]))
	}
	seen := map[*model.LinkSpec]bool{}
	for i := range 2 * n.LinkCount() {
		spec := n.ArcSpec(model.Arc(i))
		if seen[spec] {
			continue
		}
		seen[spec] = true
		name := n.LinkName(model.Arc(i).Link())
		if spec.Rate > 0 {
			asked(backend.LinkRate, "link %s has a rate", name)
		}
		if spec.Delay > 0 {
			asked(backend.LinkDelay, "link %s has a delay", name)
		}
		if spec.Jitter > 0 {
			asked(backend.LinkJitter, "link %s has jitter", name)
		}
		if spec.Loss > 0 {
			asked(backend.LinkLoss, "link %s loses frames", name)
		}
	}
	return faults.Err()
}

// prepare does what must not fall into the run's time: large buffers, agents where
// flows begin and end, receivers of the first flows.
func (w *world) prepare(ctx context.Context) error {
	if err := w.enlarge(ctx); err != nil {
		return err
	}
	if err := w.place.hasten(); err != nil {
		return err
	}
	if err := w.hosts.start(ctx, w); err != nil {
		return err
	}
	w.early = map[int]*traffic.Transfer{}
	for i := range w.list {
		if w.list[i].Start >= model.Second || len(w.early) >= 1000 {
			break
		}
		t, err := w.transfer(ctx, &w.list[i])
		if err != nil {
			return err
		}
		w.early[i] = t
	}
	return nil
}

// begin is t=0: what goes on by itself from now on.
func (w *world) begin(c *change.Changeset) {
	s := w.session
	s.begin(len(w.list))
	w.work.Go(w.runFlows)
	for _, p := range w.net().Processes {
		w.work.Go(func() { w.runProcess(p) })
	}
	w.links.start()
	interval := model.Second
	if c.New.Deployment != nil && c.New.Deployment.Until() > 0 {
		interval = min(interval, c.New.Deployment.Until()/10)
	}
	for _, watch := range w.net().Watches {
		if watch.Sample > 0 {
			interval = min(interval, watch.Sample)
		}
	}
	w.work.Go(func() { w.sample(max(interval, 200*model.Millisecond)) })
	w.work.Go(w.load)
}
