package emulate

import (
	"context"
	"slices"

	"sendim/core/model"
)

// channels is why control channels are down. A channel that is cut leads to an address
// where nobody listens: Open vSwitch closes the connection, keeps its tables (fail-mode
// secure) and dials again as soon as it is told the right address. Without any address it
// would empty itself.
type channels struct {
	controller bool
	cut        map[model.NodeID]bool
	down       map[model.NodeID]bool // switches that are down, and have no controller
}

func (c *channels) isCut(sw model.NodeID) bool { return c.controller || c.cut[sw] }

// changeControl cuts the channel of a switch, or of all with NoNode, or brings it back.
func (w *world) changeControl(ctx context.Context, sw model.NodeID, cut bool) error {
	c := &w.channels
	if c.cut == nil {
		c.cut = map[model.NodeID]bool{}
	}
	was := map[model.NodeID]bool{}
	for _, s := range w.switches() {
		was[s] = c.isCut(s)
	}
	if sw == model.NoNode {
		c.controller = cut
	} else {
		c.cut[sw] = cut
	}
	var changed []model.NodeID
	for _, s := range w.switches() {
		if c.isCut(s) != was[s] && !c.down[s] {
			changed = append(changed, s)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return w.ground.setControl(ctx, changed, !cut)
}

// changeNode takes all links of a node down or up; a switch loses its controller and its
// tables, too. A host's programs go on, cut off.
func (w *world) changeNode(ctx context.Context, id model.NodeID, down bool) error {
	isSwitch := w.net().NodeKindOf(id) == model.Switch
	if w.channels.down == nil {
		w.channels.down = map[model.NodeID]bool{}
	}
	w.channels.down[id] = down
	if isSwitch && down {
		if err := w.ground.setSwitch(ctx, id, false); err != nil {
			return err
		}
	}
	for _, arc := range w.net().Arcs(id) {
		if err := w.links.setDown(ctx, w, arc.Link(), id, down); err != nil {
			return err
		}
	}
	switch {
	case !isSwitch || down:
		return nil
	case w.channels.isCut(id):
		return w.ground.setControl(ctx, []model.NodeID{id}, false)
	}
	return w.ground.setSwitch(ctx, id, true)
}

// outages is why ends of links are down.
type outages struct {
	links map[model.LinkID]map[model.NodeID]bool // both ends: the link itself (NoNode), a node
	ports map[model.Endpoint]bool                // this one
}

// ends says which ends of a link are down.
func (o *outages) ends(a, b model.Endpoint, id model.LinkID) (down [2]bool) {
	both := len(o.links[id]) > 0
	return [2]bool{both || o.ports[a], both || o.ports[b]}
}

// setDown takes a link down or up for a reason; an end is up when no reason is left.
func (l *links) setDown(ctx context.Context, w *world, id model.LinkID, why model.NodeID, down bool) error {
	return l.setEnds(ctx, w, id, func(o *outages) {
		if o.links[id] == nil {
			o.links[id] = map[model.NodeID]bool{}
		}
		if down {
			o.links[id][why] = true
		} else {
			delete(o.links[id], why)
		}
	})
}

// setPort takes one end of a link down or up. The other end loses its carrier.
func (l *links) setPort(ctx context.Context, w *world, e model.Endpoint, down bool) error {
	arc, _ := w.net().ArcAtPort(e.Node, e.Port)
	return l.setEnds(ctx, w, arc.Link(), func(o *outages) {
		if down {
			o.ports[e] = true
		} else {
			delete(o.ports, e)
		}
	})
}

// setEnds changes the reasons and does what follows for the ends of a link.
func (l *links) setEnds(ctx context.Context, w *world, id model.LinkID, change func(*outages)) error {
	a, b := w.net().Ends(id)
	l.mu.Lock()
	was := l.outages.ends(a, b, id)
	change(&l.outages)
	is := l.outages.ends(a, b, id)
	l.mu.Unlock()
	var ends []model.Endpoint
	up := false
	for i, e := range [2]model.Endpoint{a, b} { // a reason goes or comes: all that change do alike
		if is[i] != was[i] {
			ends, up = append(ends, e), !is[i]
		}
	}
	if len(ends) == 0 {
		return nil
	}
	if up {
		if err := w.remind(ctx, ends); err != nil {
			return err
		}
	}
	return w.ground.setLinks(ctx, ends, up)
}

// remind tells hosts whose interfaces are down what they have known from the start: Linux
// forgets with an interface also what it has been told for good (neigh_ifdown).
func (w *world) remind(ctx context.Context, ends []model.Endpoint) error {
	is := w.is.Load()
	if !is.net.StaticARP {
		return nil
	}
	i := introduction{fresh: slices.DeleteFunc(slices.Clone(ends), func(e model.Endpoint) bool { return !is.first(e) })}
	if len(i.fresh) == 0 {
		return nil
	}
	i.others = slices.DeleteFunc(is.attached(), func(e model.Endpoint) bool { return slices.Contains(i.fresh, e) })
	return w.ground.introduce(ctx, &i)
}
