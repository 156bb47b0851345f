package report

import (
	"cmp"
	"slices"

	"sendim/core/model"
)

// Begun is a flow that has started: with its result, or without one yet.
type Begun struct {
	ID    string
	From  string
	Start model.Time
	Flow  *Flow // nil while it is under way
}

// Begun gives the flows that have started and whose id is wanted, the last ones if there
// are more than so many, in the order in which they started; of is how many there are.
func (c *Collector) Begun(wanted func(id string) bool, most int) (list []Begun, of int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	seen := func(id string) {
		if wanted(id) {
			ids = append(ids, id)
		}
	}
	for id := range c.started {
		seen(id)
	}
	for id := range c.flowAt {
		seen(id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(c.begun[a], c.begun[b]), cmp.Compare(a, b)) })
	of = len(ids)
	for _, id := range ids[max(0, of-most):] {
		b := Begun{ID: id}
		if at, ended := c.flowAt[id]; ended {
			f := c.r.Flows[at]
			b.From, b.Start, b.Flow = f.From, f.Start, &f
		} else {
			e := c.started[id]
			b.From, b.Start = e.Node, e.At
		}
		list = append(list, b)
	}
	return list, of
}
