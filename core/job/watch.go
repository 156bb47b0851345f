package job

import (
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
)

// watch adds what the command line wants recorded to what the network asks for.
func (j *Job) watch(in Input, faults *fault.List) {
	if len(in.Watches) == 0 && in.Interval == 0 {
		return
	}
	n := *j.Model
	n.Watches = append(slices.Clone(n.Watches), in.Watches...)
	if in.Interval > 0 {
		for i := range n.Watches {
			n.Watches[i].Sample = 0
		}
		n.Watches = append(n.Watches, model.Watch{Sample: in.Interval})
	}
	for _, w := range in.Watches {
		flag := "--series"
		if w.Capture {
			flag = "--capture"
		}
		check := func(asked model.Selector, find func() error) {
			if asked == "" {
				return
			}
			if err := find(); err != nil {
				faults.Addf(fault.BadSelector, fault.Place{Attribute: flag}, "%v", err)
			}
		}
		check(w.Nodes, func() error { _, err := n.SelectNodes(w.Nodes, 0); return err })
		check(w.Links, func() error { _, err := n.SelectLinks(w.Links); return err })
		check(w.Ports, func() error { _, err := n.SelectPorts(w.Ports); return err })
	}
	j.Model = &n
}
