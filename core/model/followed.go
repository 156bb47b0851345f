package model

import (
	"fmt"
	"path"
	"slices"
)

// Followed is what a network's Watches ask to be followed over time, the same in every
// world.
type Followed struct {
	Links    []bool   // by link: of which there are samples; nil: of all
	Queues   []bool   // by link; nil: none
	Flows    []string // ids and globs
	Switches []NodeID // in order
}

// Followed gathers the series that Watches ask for; ok says that there are any besides the
// samples of all links.
func (n *Network) Followed() (f Followed, ok bool, err error) {
	for _, x := range n.Watches {
		if x.Series == SeriesNone {
			continue
		}
		ok = true
		if x.Series.Has(SeriesFlows) {
			pattern := x.Flows
			if pattern == "" {
				pattern = "*"
			}
			if _, err := path.Match(pattern, ""); err != nil {
				return f, ok, fmt.Errorf("trace: flows %q: %w", pattern, err)
			}
			f.Flows = append(f.Flows, pattern)
		}
		if x.Series.Has(SeriesLinks) && x.Links != "" {
			if err := n.markLinks(x.Links, &f.Links); err != nil {
				return f, ok, err
			}
		}
		if x.Series.Has(SeriesQueues) {
			of := x.Links
			if of == "" {
				of = "*"
			}
			if err := n.markLinks(of, &f.Queues); err != nil {
				return f, ok, err
			}
		}
		if x.Series.Has(SeriesSwitches) {
			of := x.Nodes
			if of == "" {
				of = "type=switch"
			}
			ids, err := n.SelectNodes(of, 0)
			if err != nil {
				return f, ok, fmt.Errorf("trace: %w", err)
			}
			for _, id := range ids {
				if n.NodeKindOf(id) == Switch {
					f.Switches = append(f.Switches, id)
				}
			}
		}
	}
	slices.Sort(f.Switches)
	f.Switches = slices.Compact(f.Switches)
	return f, ok, nil
}

// Link says whether there are samples of a link.
func (f *Followed) Link(l LinkID) bool { return f.Links == nil || int(l) < len(f.Links) && f.Links[l] }

// Queue says whether the queues of a link are followed.
func (f *Followed) Queue(l LinkID) bool { return int(l) < len(f.Queues) && f.Queues[l] }

// Flow says whether a flow is followed.
func (f *Followed) Flow(id string) bool {
	return slices.ContainsFunc(f.Flows, func(pattern string) bool { ok, _ := path.Match(pattern, id); return ok })
}

func (n *Network) markLinks(of Selector, to *[]bool) error {
	if *to == nil {
		*to = make([]bool, n.LinkCount())
	}
	ids, err := n.SelectLinks(of)
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	for _, id := range ids {
		(*to)[id] = true
	}
	return nil
}
