package emulate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"sendim/core/model"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
)

// grow makes what an edit adds: hosts and links at once, bridges and ports in one
// transaction, rates then.
func (g *native) grow(ctx context.Context, p *edit) (err error) {
	if err := g.vacant(ctx, p); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.shrink(ctx, p.reversed()))
		}
	}()
	is, sandbox := p.to, g.world.place.sandbox
	var hosts []string
	bridge := map[model.NodeID]*ovs.Bridge{}
	var order []model.NodeID
	for _, id := range p.nodes {
		if is.net.NodeKindOf(id) == model.Switch {
			bridge[id] = &ovs.Bridge{Name: is.names.Technical(id), DPID: is.names.DPID(id)}
			order = append(order, id)
		} else {
			hosts = append(hosts, is.names.Technical(id))
		}
	}
	count := len(order)
	var links []netns.Link
	var shapes []netns.Shaping
	shaped := map[model.Endpoint]*netns.Shaping{}
	for _, id := range p.links {
		a, b := is.net.Ends(id)
		var link netns.Link
		for k, e := range [2]model.Endpoint{a, b} {
			spec := is.net.ArcSpec(model.Arc(2*int(id) + k))
			link[k] = g.endOf(is, e, int(spec.MTU))
			link[k].Down = true
			if is.net.NodeKindOf(e.Node) == model.Switch {
				at := bridge[e.Node]
				if at == nil { // one that is there
					at = &ovs.Bridge{Name: is.names.Technical(e.Node)}
					bridge[e.Node] = at
					order = append(order, e.Node)
				}
				at.Ports = append(at.Ports, ovs.Port{Interface: link[k].Name, Number: uint32(e.Port)})
			}
			if s := g.shapingOf(is, e, spec); s.Rate > 0 || s.Delay > 0 || s.Jitter > 0 || s.Loss > 0 {
				shaped[e] = &s
				shapes = append(shapes, s)
			}
		}
		links = append(links, link)
	}
	if err := sandbox.MakeHosts(ctx, hosts); err != nil {
		return err
	}
	if err := sandbox.MakeLinks(ctx, links); err != nil {
		return err
	}
	var e ovs.Edit
	for i, id := range order {
		if i < count {
			e.Bridges = append(e.Bridges, *bridge[id])
		} else {
			e.Ports = append(e.Ports, *bridge[id])
		}
	}
	if err := g.world.place.vswitch.Edit(ctx, e); err != nil {
		return err
	}
	if err := sandbox.Shape(ctx, shapes); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for at, s := range shaped {
		g.shapes[at] = s
	}
	return nil
}

// vacant says that an interface is there already which an edit is to make: somebody's own,
// made by hand.
func (g *native) vacant(ctx context.Context, p *edit) error {
	here := map[model.NodeID]map[string]device{} // by host; the switches' under NoNode
	for _, id := range p.links {
		a, b := p.to.net.Ends(id)
		for _, e := range [2]model.Endpoint{a, b} {
			at := e.Node
			if p.to.net.NodeKindOf(at) == model.Switch {
				at = model.NoNode
			}
			if here[at] == nil {
				here[at] = map[string]device{}
				if at == model.NoNode {
					here[at] = devices(g.world.place.proc("net/dev"))
				} else if slices.Contains(p.nodes, at) {
					continue
				} else if text, err := g.world.place.sandbox.Devices(ctx, p.to.names.Technical(at)); err == nil {
					here[at] = parseDevices(text)
					_ = text.Close()
				}
			}
			name := p.to.names.Interface(e.Node, e.Port)
			if _, there := here[at][name]; there {
				return fmt.Errorf("making the link %s: interface %s is there already", p.to.net.LinkName(id), name)
			}
		}
	}
	return nil
}

// shrink takes away what an edit removes; a port is taken from its switch before its
// interface goes.
func (g *native) shrink(ctx context.Context, p *edit) error {
	is, sandbox := p.from, g.world.place.sandbox
	var e ovs.Edit
	var hosts []string
	gone := map[model.NodeID]bool{}
	for _, id := range p.goneNodes {
		gone[id] = true
		if is.net.NodeKindOf(id) == model.Switch {
			e.GoneBridges = append(e.GoneBridges, is.names.Technical(id))
		} else {
			hosts = append(hosts, is.names.Technical(id))
		}
	}
	var ends []netns.End
	g.mu.Lock()
	for _, id := range p.goneLinks {
		a, b := is.net.Ends(id)
		for _, at := range [2]model.Endpoint{a, b} {
			delete(g.shapes, at)
			if is.net.NodeKindOf(at.Node) == model.Switch && !gone[at.Node] {
				e.GonePorts = append(e.GonePorts, is.names.Interface(at.Node, at.Port))
			}
		}
		ends = append(ends, g.endOf(is, a, 0))
	}
	g.mu.Unlock()
	return errors.Join(g.world.place.vswitch.Edit(ctx, e), sandbox.RemoveLinks(ctx, ends), sandbox.RemoveHosts(ctx, hosts))
}

func (g *native) introduce(ctx context.Context, i *introduction) error {
	is, sandbox := g.world.is.Load(), g.world.place.sandbox
	ends := func(list []model.Endpoint) (out []netns.End) {
		for _, e := range list {
			out = append(out, g.endOf(is, e, 0))
		}
		return out
	}
	var errs []error
	if len(i.gone) > 0 {
		var all []string
		for id := range model.NodeID(is.net.NodeCount()) {
			if is.net.NodeKindOf(id) != model.Switch && !is.net.Gone(id) {
				all = append(all, is.names.Technical(id))
			}
		}
		errs = append(errs, sandbox.Forget(ctx, all, i.gone))
	}
	fresh, known := ends(i.fresh), ends(i.known)
	errs = append(errs, sandbox.IntroduceTo(ctx, known, fresh), sandbox.IntroduceTo(ctx, fresh, slices.Concat(known, fresh, ends(i.others))))
	return errors.Join(errs...)
}

// prefixOf is a host's address, with the length of its network's prefix.
func (is *network) prefixOf(host model.NodeID) netip.Prefix {
	ip, bits := is.names.IP(host)
	return netip.PrefixFrom(ipv4(ip), int(bits))
}
