package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/control"
	"sendim/core/fault"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/core/trace"
)

// edit applies a changeset to the network that lives: first all that can be wrong is looked
// at, then it is done. Time stands still, and one worker does it: the others come home and
// go out again into the network as it is then, with it divided anew.
func (s *Session) edit(ctx context.Context, c *change.Changeset, progress func(step, done int)) error {
	w := s.world
	if c.Old.Model != w.net {
		return errors.New("the changeset does not begin with the network that lives")
	}
	for _, step := range c.Steps {
		if step.Kind != change.Nodes && step.Kind != change.Links || step.Op != change.Create && step.Op != change.Delete {
			return fault.New(fault.NotYet, fault.Place{}, "the simulation cannot do this while the network lives: %s; start a new run", c.Describe(step))
		}
	}
	n := c.New.Model
	for id := model.NodeID(w.net.NodeCount()); int(id) < n.NodeCount(); id++ {
		if n.NodeKindOf(id) == model.External && !n.Gone(id) && !slices.Contains(s.spec.Allowed, backend.ExternalNode) {
			return fault.New(fault.MissingCapability, fault.Place{Element: "node"}, "node %s is external (%s); a simulated network has no outside", n.NodeName(id), backend.ExternalNode)
		}
	}
	names, err := naming.New(n)
	if err != nil {
		return err
	}
	driver, editable := w.control.driver.(control.Editable)
	if w.control.driver != nil && !editable {
		return fmt.Errorf("the controller (%T) bears no edits", w.control.driver)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	now := w.queue.Now()
	// Apps are asked before what they were told of is another network: about all that was sent
	// until now and arrives before anything that is sent from now on. Of the edit they hear after it.
	heard := now + w.control.up + 1
	if driver != nil && int64(driver.Due()) < heard {
		if err := w.react(s.life, heard); err != nil {
			return err
		}
	}
	workers, mixed := len(w.everyone()), w.lanes != nil && w.lanes.mixed
	if w.part != nil {
		w.join()
	}
	old := w.net
	for _, e := range trace.Edited(old, n, w.outside(now)) {
		w.emit(&e)
	}
	w.remove(n, now)
	w.become(n, names, now)
	if driver != nil {
		if err := driver.Edit(model.Time(heard), n, w.address); err != nil {
			return err
		}
		w.control.fresh = true
	}
	w.welcome(old, heard, now)
	w.counted, s.spec.Model = nil, n
	if workers > 1 && !w.alone() && w.fluid == nil && w.chunks == nil {
		w.employ(workers)
		if w.lanes != nil {
			w.lanes.mixed = w.lanes.mixed || mixed
		}
	}
	for i, step := range c.Steps {
		if progress != nil {
			progress(i, step.Count)
		}
	}
	return nil
}

// remove ends what happens at nodes and links that the new network has not any more.
func (w *world) remove(n *model.Network, now int64) {
	old := w.net
	for id := range model.LinkID(old.LinkCount()) {
		if !n.LinkGone(id) || old.LinkGone(id) {
			continue
		}
		w.endCaptures(id)
		w.setLinkOr(uint32(id)*2, linkIsDown, linkIsDown, true, true, now)
		x := w.spans[id]
		x.to = now
		w.span(id, x)
	}
	for id := range model.NodeID(old.NodeCount()) {
		if !n.Gone(id) || old.Gone(id) {
			continue
		}
		if slot := w.slot[id]; slot >= 0 {
			w.changeNode(id, true, now)
			continue
		}
		h := &w.hosts[^w.slot[id]]
		w.forgetNeighbours(h, now)
		why := old.NodeName(id) + " was removed"
		for _, p := range w.pings {
			if p != nil && (p.spec.From == id || p.spec.To == id) {
				p.reason = why
				w.endPing(p, now)
			}
		}
		for _, f := range w.flows {
			if f != nil && (f.spec.From == id || f.spec.Service == "" && f.spec.To == id) {
				w.account(f, now)
				f.reason = why
				w.end(f, now)
			}
		}
		if w.stations != nil && w.stations[w.address.HostIP(id)] == id {
			delete(w.stations, w.address.HostIP(id))
		}
	}
}

// endCaptures ends those at the ports of a link.
func (w *world) endCaptures(id model.LinkID) {
	for _, c := range w.captures { // endCapture makes a new list
		if arc := model.Arc(c.arc); arc.Link() == id {
			w.endCapture(c, nil)
		}
	}
}

// goneEnd is a host that a flow needs and that was removed, NoNode if there is none.
func (w *world) goneEnd(f *model.Flow) model.NodeID {
	switch {
	case w.net.Gone(f.From):
		return f.From
	case f.Service == "" && w.net.Gone(f.To):
		return f.To
	}
	return model.NoNode
}

func (w *world) span(id model.LinkID, x span) {
	if w.spans == nil {
		w.spans = map[model.LinkID]span{}
	}
	w.spans[id] = x
}

// lasted is how long a link has been there since t=0.
func (w *world) lasted(id model.LinkID, now int64) model.Time {
	x, ok := w.spans[id]
	if !ok {
		return w.outside(now)
	}
	return w.outside(min(x.to, now)) - max(0, w.outside(x.from))
}

// become puts another network, which descends from it, in the place of the world's. The
// columns grow; pointers into them are set anew.
func (w *world) become(n *model.Network, names *naming.Names, now int64) {
	old := w.net
	pending := w.queue.AppendPending(nil)
	before := w.everywhere()
	w.net, w.names, w.address = n, names, control.Named{Names: names}
	for id := model.NodeID(old.NodeCount()); int(id) < n.NodeCount(); id++ {
		if n.NodeKindOf(id) == model.Switch {
			w.slot = append(w.slot, int32(len(w.switches)))
			s := node{id: id, expiry: flow.Never, down: n.Gone(id)}
			s.Config = &w.config
			w.switches = append(w.switches, s)
		} else {
			w.slot = append(w.slot, ^int32(len(w.hosts)))
			w.hosts = append(w.hosts, host{id: id, arc: -1})
		}
	}
	w.at = nil
	first := uint32(len(w.arcs))
	w.arcs = append(w.arcs, make([]channel, 2*n.LinkCount()-len(w.arcs))...)
	for a := first; int(a) < len(w.arcs); a++ {
		w.wire(a)
		if w.classes != nil {
			w.arcs[a].flags |= isClassed
		}
		name := n.ArcSpec(model.Arc(a)).Discipline
		if i := slices.IndexFunc(n.Disciplines, func(d model.Discipline) bool { return d.ID == name }); i >= 0 && name != "" {
			w.disciplined(a, int32(i+1))
		}
		if id := model.Arc(a).Link(); n.LinkGone(id) {
			w.arcs[a].flags |= linkIsDown
		} else {
			w.span(id, span{now, flow.Never})
			w.foundDown(a)
		}
	}
	w.out = w.out[:0]
	for id := range model.NodeID(n.NodeCount()) {
		arcs := n.Arcs(id)
		base := uint32(len(w.out))
		w.out = append(w.out, arcs...)
		if slot := w.slot[id]; slot >= 0 {
			w.switches[slot].face(n, base, arcs)
		} else if len(arcs) > 0 { // of a host whose last link is gone it is the one that is down
			w.hosts[^slot].arc = int32(arcs[0])
		}
	}
	w.repoint()
	w.widen()
	w.queue.Reset(w.queue.Now())
	for _, e := range pending {
		if model.NodeID(e.Target) == before {
			e.Target = uint32(w.everywhere())
		}
		w.queue.Push(e)
	}
}

// foundDown has a new link be down for as long as a node at one of its ends is.
func (w *world) foundDown(a uint32) {
	arc := model.Arc(a)
	for _, end := range [2]struct {
		node  model.NodeID
		cause uint8
	}{{w.net.ArcFrom(arc).Node, fromIsDown}, {w.net.ArcTo(arc).Node, toIsDown}} {
		if w.isDownNode(end.node) {
			w.arcs[a].flags |= end.cause
		}
	}
}

// isDownNode says whether a node was taken down by a change. Of a host its links tell.
func (w *world) isDownNode(id model.NodeID) bool {
	slot := w.slot[id]
	if slot >= 0 {
		return w.switches[slot].down
	}
	a := w.hosts[^slot].arc
	return a >= 0 && w.arcs[a].flags&fromIsDown != 0
}

// repoint has all that points to a host point to where it is now.
func (w *world) repoint() {
	at := func(h *host) *host {
		if h == nil {
			return nil
		}
		return &w.hosts[^w.slot[h.id]]
	}
	for _, f := range w.flows {
		if f == nil {
			continue
		}
		f.from = at(f.from)
		if f.tcp != nil {
			f.tcp.peer = at(f.tcp.peer)
		}
	}
	for _, p := range w.pings {
		if p != nil {
			p.from = at(p.from)
		}
	}
}

// widen gives all other columns room for what is new.
func (w *world) widen() {
	if x := w.fluid; x != nil {
		x.resource = append(x.resource, make([]int32, len(w.arcs)-len(x.resource))...)
	}
	if v := w.watch; v != nil {
		if v.nodes != nil {
			v.nodes = append(v.nodes, make([]bool, len(w.slot)-len(v.nodes))...)
		}
		if v.links != nil {
			v.links = append(v.links, make([]bool, w.net.LinkCount()-len(v.links))...)
		}
		if again, _, err := newWatch(w.net); err == nil && again != nil { // selectors may mean new ones, too
			v.nodes, v.links = again.nodes, again.links
		}
	}
	if x := w.follows; x != nil {
		if again, asked, err := w.net.Followed(); err == nil && asked {
			x.what.Links, x.what.Queues = again.Links, again.Queues
		}
		if x.waits != nil {
			x.waits = append(x.waits, make([]queuePast, len(w.arcs)-len(x.waits))...)
		}
		if x.upcalls != nil {
			x.upcalls = append(x.upcalls, make([]uint32, len(w.switches)-len(x.upcalls))...)
			if again, asked, err := w.net.Followed(); err == nil && asked {
				for _, id := range again.Switches {
					if slot := w.slot[id]; !slices.Contains(x.switches, slot) {
						x.switches, x.counts = append(x.switches, slot), append(x.counts, switchPast{})
					}
				}
			}
		}
	}
	w.moreChannels()
}

// moreChannels gives new switches their channels to the controller. How far the network may
// go before the apps are asked may become less by it, and never more.
func (w *world) moreChannels() {
	c := &w.control
	first := len(w.switches)
	for first > 0 && int(w.switches[first-1].id) >= w.net.Founders() {
		first--
	}
	delays := slices.Repeat([]int64{c.delay}, len(w.switches)-first)
	for _, o := range c.special {
		ids, err := w.net.SelectNodes(o.Nodes, model.Switch)
		if err != nil { // it meant only what is gone
			continue
		}
		for _, id := range ids {
			if slot := int(w.slot[id]); slot >= first {
				delays[slot-first] = int64(o.Delay)
			}
		}
	}
	if c.delays == nil && slices.ContainsFunc(delays, func(d int64) bool { return d != c.delay }) {
		c.delays = slices.Repeat([]int64{c.delay}, first)
	}
	for slot := first; slot < len(w.switches); slot++ {
		d := delays[slot-first]
		if c.delays != nil && slot >= len(c.delays) {
			c.delays = append(c.delays, d)
		}
		c.up, c.down = min(c.up, d), min(c.down, d)
		if c.tethers != nil && slot >= len(c.tethers) {
			c.tethers = append(c.tethers, w.newTether(w.switches[slot].id))
		}
	}
}

// welcome has what is new take part: hosts are known to who should know them, switches
// introduce themselves and tell of their new ports, so that the controller hears of them no
// sooner than of the edit.
func (w *world) welcome(old *model.Network, heard, now int64) {
	n := w.net
	for id := model.NodeID(old.NodeCount()); int(id) < n.NodeCount(); id++ {
		if n.Gone(id) {
			continue
		}
		if slot := w.slot[id]; slot >= 0 {
			if w.control.tethers != nil && w.control.tethers[0].cut&controllerIsDown != 0 { // so it is for all
				w.control.tethers[slot].cut = controllerIsDown
			}
			w.hello(&w.switches[slot], max(now, heard-w.delayOf(id)))
			continue
		}
		w.introduceLate(id)
	}
	for id := model.LinkID(old.LinkCount()); int(id) < n.LinkCount(); id++ {
		if n.LinkGone(id) {
			continue
		}
		for _, a := range [2]uint32{uint32(id) * 2, uint32(id)*2 + 1} {
			from := n.ArcFrom(model.Arc(a)).Node
			slot := w.slot[from]
			switch {
			case slot < 0:
				w.detourHost(&w.hosts[^slot], now)
			case int(from) < old.NodeCount():
				w.portChanged(&w.switches[slot], a, max(now, heard-w.delayOf(from)))
				w.detour(&w.switches[slot], now, true)
			}
		}
	}
}

// introduceLate has a new host be known: where hosts know each other from the start by all,
// else by those who knew somebody else at its address, to whom it announces itself.
func (w *world) introduceLate(id model.NodeID) {
	ip, mac := w.address.HostIP(id), w.address.HostMAC(id)
	if w.stations != nil {
		w.stations[ip] = id
	}
	for i := range w.hosts {
		h := &w.hosts[i]
		if h.life == nil || h.id == id {
			continue
		}
		n := h.life.known[ip]
		if n == nil || n.mac == mac || n.mac == packet.MAC(0) && w.stations == nil {
			continue
		}
		n.mac = mac
		for _, f := range w.flows { // a flow to a service, or one that begins later, asks anew
			if f != nil && f.from == h && f.header.IPDst == ip && f.fluid == nil && f.chunks == nil {
				f.header.EthDst, f.resolved = 0, false
			}
		}
	}
}
