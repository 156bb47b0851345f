package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sendim/core/backend"
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
