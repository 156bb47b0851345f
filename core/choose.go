package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
	"sendim/core/workload"
)

// way is one world a job may be carried out in.
type way struct {
	deployment *deployment.Deployment
	budget     time.Duration // of bringing it up; 0: none
}

// waysOf lists the worlds of a job in the order in which they are tried: an emulation and
// what it falls back to, or the emulation that is preferred and the simulation. Most
// jobs have one.
func waysOf(j *job.Job) []way {
	d := j.Deployment
	budget := time.Duration(d.Emulation.Budget/model.Nanosecond) * time.Nanosecond
	switch {
	case d.Realization == deployment.Emulation && d.Emulation.Fallback == deployment.Simulation:
		return []way{{d, budget}, {inWorld(d, deployment.Simulation), 0}}
	case d.Realization == deployment.Emulation:
		return []way{{d, budget}}
	case d.Realization == deployment.Simulation && d.Prefer == deployment.Emulation:
		if budget == 0 {
			budget = time.Duration(deployment.DefaultBudget / model.Nanosecond)
		}
		return []way{{inWorld(d, deployment.Emulation), budget}, {d, 0}}
	}
	return []way{{d, 0}}
}

// inWorld is a deployment in another world. What only the other world's details say, the
// seed and the end, holds there, too.
func inWorld(d *deployment.Deployment, to deployment.Realization) *deployment.Deployment {
	out := *d
	out.Realization = to
	until, seed := d.Until(), d.Seed()
	switch {
	case to == deployment.Simulation:
		out.Simulation.Until, out.Simulation.Seed = or(out.Simulation.Until, until), or(out.Simulation.Seed, seed)
	case to == deployment.Emulation:
		out.Emulation.Until, out.Emulation.Seed = or(out.Emulation.Until, until), or(out.Emulation.Seed, seed)
	}
	return &out
}

func or[T comparable](v, other T) T {
	var none T
	if v != none {
		return v
	}
	return other
}

// choose takes the first of the ways left that this machine can go, with all that is to
// be known about it before anything is built. Because says why another was left; "" when
// none was.
func (r *run) choose(ctx context.Context, because string) error {
	first := r.asked
	if r.choice == nil && (len(r.ways) > 1 || r.ways[0].budget > 0) {
		r.choice = &report.Choice{Asked: job.WorldOf(r.ways[0].deployment), Budget: r.ways[0].budget.Seconds()}
	}
	for len(r.ways) > 0 {
		w := r.ways[0]
		r.ways = r.ways[1:]
		j := first // the same where nothing is to be chosen
		if r.choice != nil {
			j = &job.Job{}
			*j = *first
			j.Deployment, j.Warnings = w.deployment, slices.Clone(first.Warnings)
		}
		err := r.take(ctx, j, w.budget)
		if err == nil {
			if r.choice != nil {
				if r.choice.Taken = r.backend.Name(); because != "" {
					r.choice.Reason = because
				}
			}
			return nil
		}
		if len(r.ways) == 0 || !passable(err) || ctx.Err() != nil {
			return err
		}
		because = plain(err)
	}
	return errors.New("no world is left to carry the run out in")
}

// passable says that an error is about this machine and not about what was asked.
func passable(err error) bool {
	return fault.Is(err, fault.MissingCapability) || fault.Is(err, fault.NotYet) || fault.Is(err, fault.OverBudget)
}

// plain is the first of an error's faults without its place.
func plain(err error) string {
	var f fault.Fault
	var l *fault.List
	switch {
	case errors.As(err, &l) && len(l.Faults) > 0:
		return l.Faults[0].What
	case errors.As(err, &f):
		return f.What
	}
	return err.Error()
}

// take makes a way the run's, if this machine can go it.
func (r *run) take(ctx context.Context, j *job.Job, budget time.Duration) error {
	p, err := examine(ctx, &r.spec, j, budget)
	if c := r.choice; c != nil && p.Bill != nil {
		c.Estimate, c.Memory, c.Reason = p.Bill.Needs.Seconds, p.Bill.Needs.Memory, p.Reason
	}
	if err != nil {
		return err
	}
	if r.spec.From == nil {
		job.SetSampling(j)
	}
	r.spec.Job, r.backend, r.found, r.budget = j, p.backend, p.found, budget
	return nil
}

func seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f s", s)
}

// errBudget is why a build ends that takes too long.
var errBudget = errors.New("the budget of bringing the world up is used up")

// bringUp opens a session and builds the network in it. When that takes longer than the
// budget, or the world finds only now that it cannot, all of it is taken away again and
// the next way is gone, if there is one; the spec is then that of the next.
func (r *run) bringUp(ctx context.Context, spec *backend.Spec) (backend.Session, error) {
	for {
		began := time.Now()
		session, err := r.build(ctx, *spec)
		if err == nil {
			r.manifest.BuildSeconds = time.Since(began).Seconds()
			if p, ok := session.(backend.Phased); ok {
				for _, phase := range p.Phases() {
					r.manifest.Build = append(r.manifest.Build, report.Phase(phase))
				}
			}
			return session, r.tellManifest()
		}
		if errors.Is(err, errBudget) {
			place := fault.Place{File: r.spec.Job.Descriptor, Element: "emulation", Attribute: "budget"}
			err = fault.New(fault.OverBudget, place, "%s was not up when its budget of %v was used up", r.backend.Name(), r.budget)
		}
		if len(r.ways) == 0 || !passable(err) || ctx.Err() != nil {
			return nil, err
		}
		r.progress("give "+r.backend.Name()+" up", 1, 1)
		if err := r.choose(ctx, plain(err)); err != nil {
			return nil, err
		}
		id, started := r.manifest.ID, r.manifest.Started
		r.manifest = r.describe()
		r.manifest.ID, r.manifest.Started = id, started
		d := r.spec.Job.Deployment
		spec.Deployment, spec.Seed, spec.Allowed = d, d.Seed(), r.found.Without
		if r.scenario, err = workload.Scenario(r.spec.Job.Model, d.Seed()); err != nil {
			return nil, err
		}
	}
}

// build is one attempt. Of one that may be given up nothing enters the diary until it
// has succeeded.
func (r *run) build(ctx context.Context, spec backend.Spec) (backend.Session, error) {
	if len(r.ways) > 0 {
		held := &holding{to: r.sink, holds: true}
		r.sink = held
		defer func() { r.sink = held.to }()
		session, err := r.attempt(ctx, spec)
		if err == nil {
			held.release()
		}
		return session, err
	}
	return r.attempt(ctx, spec)
}

func (r *run) attempt(ctx context.Context, spec backend.Spec) (backend.Session, error) {
	j := r.spec.Job
	for _, w := range j.Warnings {
		r.sink.Emit(&trace.Entry{At: -1, Kind: trace.Warning, Text: w})
	}
	if c := r.choice; c != nil && c.Taken != c.Asked {
		r.sink.Emit(&trace.Entry{At: -1, Kind: trace.Warning, Text: fmt.Sprintf("the run is carried out in %s and not in %s: %s", c.Taken, c.Asked, c.Reason)})
	}
	if r.budget > 0 {
		within, cancel := context.WithTimeoutCause(ctx, r.budget, errBudget)
		defer cancel()
		ctx = within
	}
	session, err := r.open(ctx, spec)
	if err != nil {
		return nil, late(ctx, err)
	}
	if r.spec.From != nil {
		return session, nil // it is built as it is opened
	}
	c := change.FromNothing(change.State{Model: j.Model, Deployment: j.Deployment})
	err = session.Apply(ctx, c, func(step, done int) {
		r.progress("build "+string(c.Steps[step].Kind)+"s", done, c.Steps[step].Count)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bring the network up in %s: %w", r.backend.Name(), late(ctx, err)), session.Close())
	}
	return session, nil
}

// late gives an error its true cause when the budget was it.
func late(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errBudget) && !errors.Is(err, errBudget) {
		return fmt.Errorf("%w: %w", errBudget, err)
	}
	return err
}

// tellManifest writes the manifest anew while the run goes on.
func (r *run) tellManifest() error {
	if r.record == nil || r.choice == nil {
		return nil // what else is known by now waits for the end
	}
	return r.record.Write("manifest.json", r.manifest.Write)
}

// holding keeps entries back until they are known to count.
type holding struct {
	mu    sync.Mutex
	to    trace.Sink
	holds bool
	kept  []trace.Entry
}

// Emit passes an entry on, or keeps it.
func (h *holding) Emit(e *trace.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holds {
		h.kept = append(h.kept, *e)
		return
	}
	h.to.Emit(e)
}

func (h *holding) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.kept {
		h.to.Emit(&h.kept[i])
	}
	h.holds, h.kept = false, nil
}
