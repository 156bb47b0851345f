package core

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sendim/core/backend"
	"sendim/core/cost"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/workload"
)

// Prospect is one of the worlds that a job may be carried out in, as this machine stands.
type Prospect struct {
	World string
	// Bill is what the network takes there; nil in a world of virtual time, and where the
	// question did not arise.
	Bill *cost.Bill
	// Reason says why the world can be taken, where that is not plain.
	Reason string
	// Err is why it cannot.
	Err error
	// Warnings are what a run there would begin by saying.
	Warnings []string

	backend backend.Backend
	found   job.Findings
}

// Preflight asks of every world that a job may come to, in the order in which they are
// tried, whether this machine can carry it. Of the spec only Job, Backends, Launch and Costs
// matter. The first without an Err is the one that a run would begin in; an error says that
// there is none.
func Preflight(ctx context.Context, spec RunSpec) ([]Prospect, error) {
	var out []Prospect
	ways := waysOf(spec.Job)
	for _, w := range ways {
		j := spec.Job
		if len(ways) > 1 {
			other := *spec.Job
			other.Deployment, other.Warnings = w.deployment, slices.Clone(spec.Job.Warnings)
			j = &other
		}
		p, err := examine(ctx, &spec, j, w.budget)
		p.World, p.Err, p.Warnings = job.WorldOf(w.deployment), err, j.Warnings
		out = append(out, p)
		if err != nil && !passable(err) || ctx.Err() != nil {
			return out, err
		}
	}
	for _, p := range out {
		if p.Err == nil {
			return out, nil
		}
	}
	return out, out[len(out)-1].Err
}

// examine asks whether a job can be carried out in its world on this machine.
func examine(ctx context.Context, spec *RunSpec, j *job.Job, budget time.Duration) (p Prospect, err error) {
	if p.backend, err = job.Pick(j.Deployment, j.Descriptor, spec.Backends); err != nil {
		return p, err
	}
	if p.found, err = job.Check(ctx, j, p.backend, spec.Launch); err != nil {
		return p, err
	}
	if !p.found.Capabilities.Has(backend.VirtualTime) {
		err = p.room(spec.Costs, j, budget)
	}
	return p, err
}

// room asks whether this machine has room for a network of real hosts and switches, and
// time within the budget.
func (p *Prospect) room(costs *cost.Book, j *job.Job, budget time.Duration) error {
	if _, err := naming.New(j.Model); err != nil { // its interfaces and bridges must have names
		return err
	}
	flows, err := workload.Concrete(j.Model, j.Deployment.Seed())
	if err != nil {
		return err
	}
	world := p.backend.Name()
	bill := costs.Account(world, cost.SizeOf(j.Model, flows), cost.Machine())
	p.Bill = &bill
	place := fault.Place{File: j.Descriptor, Element: "emulation"}
	if err := bill.Err(); err != nil {
		return fault.New(fault.MissingCapability, place, "%v", err)
	}
	if budget == 0 {
		p.Reason = "this machine has room for it"
		return nil
	}
	place.Attribute = "budget"
	switch {
	case !bill.Timed:
		p.Reason = "how long " + world + " takes here was never measured (sendim doctor --measure does it), so that the clock alone keeps the budget"
	case bill.Needs.Seconds > budget.Seconds():
		return fault.New(fault.OverBudget, place, "%s would take about %s to bring up %s on this machine; the budget is %v", world, seconds(bill.Needs.Seconds), sizeText(j.Model), budget)
	default:
		p.Reason = fmt.Sprintf("%s takes about %s to bring up; the budget is %v", world, seconds(bill.Needs.Seconds), budget)
	}
	return nil
}

func sizeText(n *model.Network) string {
	return fmt.Sprintf("%d nodes and %d links", n.LiveNodes(), n.LiveLinks())
}
