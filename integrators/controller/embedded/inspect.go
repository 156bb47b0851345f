package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
)

// Inspection is what a switch is and what its tables and queues have counted: what only
// a real switch has to say.
type Inspection struct {
	wire.Description
	OpenFlow string           // the version that is spoken with it, as 1.3
	Tables   []flow.TableStat // that hold rules or have been looked into, by number
	Queues   []wire.QueueStat // by port and queue
}

// Inspect asks one switch about itself (sections 7.3.5.1, 7.3.5.3 and 7.3.5.10). A kind of
// statistics that it does not know is empty.
func (c *Controller) Inspect(ctx context.Context, sw model.NodeID) (Inspection, error) {
	wrong := func(err error) (Inspection, error) {
		return Inspection{}, fmt.Errorf("asking %s about itself: %w", c.cfg.Name(sw), err)
	}
	k := c.get(sw)
	if k == nil {
		return wrong(ErrNotConnected)
	}
	type result struct {
		answer *answer
		err    error
	}
	reply := make(chan result, 1)
	request, err := k.askParts([]wire.Part{wire.PartDescription, wire.PartTables, wire.PartQueues}, 0, func(a *answer, err error) { reply <- result{a, err} })
	if err != nil {
		return wrong(err)
	}
	k.tell(item{raw: request})
	select {
	case r := <-reply:
		if r.err != nil {
			return wrong(r.err)
		}
		about := r.answer.about
		about.OpenFlow = k.speaks.Version().String()
		return about, nil
	case <-ctx.Done():
		return wrong(ctx.Err())
	}
}

// add takes the body of one reply.
func (i *Inspection) add(d wire.Dialect, kind wire.Part, body []byte) (err error) {
	switch kind {
	case wire.PartDescription:
		i.Description, err = wire.DecodeDescription(body)
	case wire.PartTables:
		var more []flow.TableStat
		more, err = wire.DecodeTables(body)
		for _, t := range more {
			if t.Rules > 0 || t.Lookups > 0 {
				i.Tables = append(i.Tables, t)
			}
		}
		slices.SortStableFunc(i.Tables, func(a, b flow.TableStat) int { return cmp.Compare(a.Table, b.Table) })
	case wire.PartQueues:
		var more []wire.QueueStat
		more, err = d.DecodeQueues(body)
		i.Queues = append(i.Queues, more...)
		slices.SortStableFunc(i.Queues, func(a, b wire.QueueStat) int {
			return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Queue, b.Queue))
		})
	}
	return err
}
