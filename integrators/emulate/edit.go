package emulate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/control"
	"sendim/core/cost"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
)

// edit is what makes one network of another that lives.
type edit struct {
	from, to *network

	nodes     []model.NodeID // to be made
	links     []model.LinkID
	goneNodes []model.NodeID // to be taken away, and links with them
	goneLinks []model.LinkID
}

// editOf compares two networks, the second of which descends from the first. What came
// and went in between is in neither list.
func editOf(from, to *network) *edit {
	p := &edit{from: from, to: to}
	for id := range model.NodeID(to.net.NodeCount()) {
		is := !to.net.Gone(id)
		was := int(id) < from.net.NodeCount() && !from.net.Gone(id)
		switch {
		case is && !was:
			p.nodes = append(p.nodes, id)
		case was && !is:
			p.goneNodes = append(p.goneNodes, id)
		}
	}
	for id := range model.LinkID(to.net.LinkCount()) {
		is := !to.net.LinkGone(id)
		was := int(id) < from.net.LinkCount() && !from.net.LinkGone(id)
		switch {
		case is && !was:
			p.links = append(p.links, id)
		case was && !is:
			p.goneLinks = append(p.goneLinks, id)
		}
	}
	return p
}

// reversed is the edit that takes away what this one makes and makes what it takes away.
func (p *edit) reversed() *edit {
	return &edit{from: p.to, to: p.from, nodes: p.goneNodes, links: p.goneLinks, goneNodes: p.nodes, goneLinks: p.links}
}

// making is the part of an edit that makes things, removing the other.
func (p *edit) making() *edit { return &edit{from: p.from, to: p.to, nodes: p.nodes, links: p.links} }

func (p *edit) removing() *edit {
	return &edit{from: p.from, to: p.to, goneNodes: p.goneNodes, goneLinks: p.goneLinks}
}

// clashes says that something is made by the name, or with the address, of something that
// goes: that has to go first.
func (p *edit) clashes() bool {
	gone := map[string]bool{}
	for _, id := range p.goneNodes {
		gone[p.from.names.Technical(id)] = true
	}
	ports := func(is *network, ids []model.LinkID, each func(name string)) {
		for _, id := range ids {
			a, b := is.net.Ends(id)
			each(is.names.Interface(a.Node, a.Port))
			each(is.names.Interface(b.Node, b.Port))
		}
	}
	ports(p.from, p.goneLinks, func(name string) { gone[name] = true })
	clash := false
	ports(p.to, p.links, func(name string) { clash = clash || gone[name] })
	for _, id := range p.nodes {
		clash = clash || gone[p.to.names.Technical(id)]
	}
	return clash
}

// sorted sorts nodes.
func (is *network) sorted(ids []model.NodeID) (hosts, switches []model.NodeID) {
	for _, id := range ids {
		if is.net.NodeKindOf(id) == model.Switch {
			switches = append(switches, id)
		} else {
			hosts = append(hosts, id)
		}
	}
	return hosts, switches
}

// first says whether an end of a link is where a host has its addresses.
func (is *network) first(e model.Endpoint) bool {
	if is.net.NodeKindOf(e.Node) == model.Switch {
		return false
	}
	arcs := is.net.Arcs(e.Node)
	return len(arcs) > 0 && is.net.ArcFrom(arcs[0]).Port == e.Port
}

// attached lists the hosts that have a link and are not gone, with the port at which they
// have their address.
func (is *network) attached() (ends []model.Endpoint) {
	for id := range model.NodeID(is.net.NodeCount()) {
		if is.net.NodeKindOf(id) == model.Switch || is.net.Gone(id) {
			continue
		}
		if arcs := is.net.Arcs(id); len(arcs) > 0 {
			ends = append(ends, is.net.ArcFrom(arcs[0]))
		}
	}
	return ends
}

// edit carries out a living changeset; see backend.Session. Everything that could fail
// is done before anybody hears of the change: the links are made down, and the control
// runtime is told last. What was made until then is taken away again.
func (s *Session) edit(ctx context.Context, c *change.Changeset, progress func(step, done int)) error {
	w := s.world
	p, err := s.plan(c)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	// What has been begun is brought to an end, so that it is known what there is: who gives
	// an edit up is asked before it counts.
	caller := ctx
	ctx, stop := s.living(context.WithoutCancel(ctx))
	defer stop()
	early := p.clashes()
	if early {
		err = w.remove(ctx, p)
	}
	if err == nil {
		err = w.ground.grow(ctx, p.making())
	}
	if err == nil {
		if err = context.Cause(caller); err == nil {
			err = w.commit(ctx, p)
		}
		if err != nil {
			err = errors.Join(err, w.ground.shrink(ctx, p.making().reversed()))
		}
	}
	if err != nil {
		err = fmt.Errorf("editing the network: %w", err)
		if early {
			err = errors.Join(err, w.restore(p))
		}
		return err
	}
	// From here on the network is the new one, whatever happens.
	w.told(p)
	if !early {
		err = w.remove(ctx, p)
	}
	if err = errors.Join(err, w.arise(ctx, p)); err != nil {
		s.emit(&trace.Entry{At: w.now(), Kind: trace.Warning, Text: "editing the network: " + err.Error()})
	}
	for i, step := range c.Steps {
		progress(i, step.Count)
	}
	return nil
}

// plan says what a changeset does, or what of it cannot be done, before anything is done.
func (s *Session) plan(c *change.Changeset) (*edit, error) {
	w := s.world
	faults := &fault.List{}
	for _, step := range c.Steps {
		if (step.Kind != change.Nodes && step.Kind != change.Links) || (step.Op != change.Create && step.Op != change.Delete) {
			faults.Addf(fault.NotYet, fault.Place{}, "a network that lives cannot take %q (%s); start a new run", c.Describe(step), backend.LiveChange)
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	from, to := w.is.Load(), c.New.Model
	if to == nil || !c.Living || to != from.net && !to.DescendsFrom(from.net) {
		return nil, fault.New(fault.NotYet, fault.Place{}, "an emulated network that lives takes edits of itself only (%s); start a new run", backend.LiveChange)
	}
	names, err := naming.New(to)
	if err != nil {
		return nil, err
	}
	if err := s.refuse(to); err != nil {
		return nil, err
	}
	if err := s.fitsMore(from.net, to, names); err != nil {
		return nil, err
	}
	return editOf(from, &network{to, names, to.NodesOfKind(model.Switch)}), nil
}

// fitsMore says what of the machine a living network would not fit into when it has grown.
func (s *Session) fitsMore(from, to *model.Network, names *naming.Names) error {
	faults := &fault.List{}
	bill := s.spec.Costs.Growth(Backend{Native: s.native}.Name(), cost.SizeOf(from, nil), cost.SizeOf(to, nil), cost.Machine())
	if err := bill.Err(); err != nil {
		faults.Addf(fault.MissingCapability, fault.Place{}, "%v", err)
	}
	unfit(to, names, faults)
	return faults.Err()
}

// commit tells the control runtime and puts the new network in the place of the old one.
func (w *world) commit(ctx context.Context, p *edit) error {
	if err := w.ctl.Edit(ctx, p.to.net, control.Named{Names: p.to.names}); err != nil {
		return err
	}
	w.links.edited(p, func() { w.is.Store(p.to) })
	return nil
}

// remove takes away what the network is to lose: first what needs it ends.
func (w *world) remove(ctx context.Context, p *edit) error {
	w.relinquish(p.to.net)
	w.links.retire(p.goneLinks)
	hosts, switches := p.from.sorted(p.goneNodes)
	agents := w.hosts.leave(hosts)
	err := errors.Join(w.ground.shrink(ctx, p.removing()), w.place.narrow())
	for _, d := range agents {
		if d.process != nil {
			_ = d.process.Stop(0) // it has ended with its host
		}
		d.over()
	}
	for _, id := range p.goneNodes {
		delete(w.channels.cut, id)
		delete(w.channels.down, id)
	}
	return errors.Join(err, w.ctl.Dismiss(ctx, switches))
}

// arise takes up what the network has gained: its links, its switches' channels, and what
// hosts know of each other.
func (w *world) arise(ctx context.Context, p *edit) error {
	_, switches := p.to.sorted(p.nodes)
	dpids, cut, dial := map[uint64]model.NodeID{}, []model.NodeID(nil), []model.NodeID(nil)
	for _, sw := range switches {
		dpids[p.to.names.DPID(sw)] = sw
		if w.channels.isCut(sw) {
			cut = append(cut, sw)
		} else {
			dial = append(dial, sw)
		}
	}
	w.ctl.Enlist(dpids)
	var errs []error
	for i, list := range [2][]model.NodeID{cut, dial} {
		if len(list) > 0 {
			errs = append(errs, w.ground.setControl(ctx, list, i == 1))
		}
	}
	errs = append(errs, w.introduce(ctx, p))
	if ends := w.links.standing(p.to.net, p.links); len(ends) > 0 {
		errs = append(errs, w.ground.setLinks(ctx, ends, true))
	}
	if hosts := hostCount(p.to.net); len(p.nodes) > 0 && hosts > 1 {
		if err := w.session.makeNeighbourRoom(hosts); err != nil && hosts*(hosts-1) > 900 {
			errs = append(errs, fmt.Errorf("some hosts may not learn each other's addresses: %w", err))
		}
	}
	if len(p.links) > 0 {
		_, err := w.place.widen() // the sockets of new ports
		errs = append(errs, err)
	}
	if len(dial) > 0 {
		waiting, cancel := context.WithTimeout(ctx, dialling)
		errs = append(errs, w.ctl.WaitFor(waiting, dial))
		cancel()
		errs = append(errs, w.place.hasten())
	}
	return errors.Join(errs...)
}

// introduce has hosts forget what is no longer so of others' addresses and, where all know
// each other from the start, know those that have come.
func (w *world) introduce(ctx context.Context, p *edit) error {
	var i introduction
	here := map[netip.Addr]station{}
	for _, id := range p.nodes {
		if p.to.net.NodeKindOf(id) != model.Switch {
			here[p.to.station(id).ip] = p.to.station(id)
		}
	}
	for id := range model.NodeID(p.from.net.NodeCount()) {
		if p.from.net.NodeKindOf(id) == model.Switch || !p.to.net.Gone(id) {
			continue
		}
		was := p.to.station(id)
		if is, again := here[was.ip]; again && is.mac != was.mac || p.to.net.StaticARP && !p.from.net.Gone(id) {
			i.gone = append(i.gone, was.ip)
		}
	}
	if p.to.net.StaticARP {
		fresh := map[model.NodeID]bool{}
		for _, id := range p.links {
			a, b := p.to.net.Ends(id)
			for _, e := range [2]model.Endpoint{a, b} {
				fresh[e.Node] = fresh[e.Node] || p.to.first(e)
			}
		}
		for _, e := range p.to.attached() {
			if fresh[e.Node] {
				i.fresh = append(i.fresh, e)
			} else {
				i.known = append(i.known, e)
			}
		}
	}
	if len(i.gone)+len(i.fresh) == 0 {
		return nil
	}
	return w.ground.introduce(ctx, &i)
}

// introduction is what hosts are to know of each other: those that are fresh of all, those
// that are known of the fresh ones. All forget the addresses that are gone first.
type introduction struct {
	gone         []netip.Addr
	fresh, known []model.Endpoint // of a host, where it has its address
	others       []model.Endpoint // know the fresh ones already
}

// station is a host as others see it.
type station struct {
	ip  netip.Addr
	mac uint64
}

func (is *network) station(host model.NodeID) station {
	ip, _ := is.names.IP(host)
	return station{ipv4(ip), is.names.MAC(host)}
}

// dialling is how long new switches have to reach the controller before an edit goes on
// without them; they may still come.
const dialling = 10 * time.Second

// restore makes what was taken away for an edit that then failed.
func (w *world) restore(p *edit) error {
	ctx, cancel := context.WithTimeout(w.session.life, time.Minute)
	defer cancel()
	back := p.reversed().making()
	if err := w.ground.grow(ctx, back); err != nil {
		err = fmt.Errorf("what was removed for it cannot be made again: %w", err)
		w.session.end(err)
		return err
	}
	w.links.restored(p.goneLinks)
	return w.arise(ctx, back)
}

// leave takes the agents of hosts that are about to go out, and ends each: it tells what
// it has measured until then, where somebody still asks for that.
func (h *hosts) leave(ids []model.NodeID) (all []*driver) {
	h.mu.Lock()
	for _, id := range ids {
		if d := h.drivers[id]; d != nil {
			all = append(all, d)
			delete(h.drivers, id)
		}
	}
	h.mu.Unlock()
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	for _, d := range all {
		<-d.started
		if d.Driver != nil {
			_ = d.Close()
		}
	}
	for _, d := range all {
		if d.Driver == nil {
			continue
		}
		select {
		case <-d.Done():
		case <-timer.C:
			return all
		}
	}
	return all
}
