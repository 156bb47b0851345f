package loadbalancer

import (
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// clientTag marks the rules by which clients reach their members.
const clientTag = 1

// key is who is served: a client of a service or, where connections are picked for by
// themselves, one of its ports.
type key struct {
	Service string      `json:"service"` // that it addresses
	Client  packet.IPv4 `json:"client"`
	Port    uint16      `json:"port,omitempty"`
}

// client is one that is served, and what its rules were made of.
type client struct {
	Pool   string            `json:"pool"` // whose member serves it
	Member app.ServiceMember `json:"member"`
	Switch model.NodeID      `json:"switch"` // where its rules are
	IP     packet.IPv4       `json:"ip"`     // of the service
	Port   uint16            `json:"port"`
	Protos []uint8           `json:"protos"` // by which it has come
}

// packet finds a client's member and sends its packet there.
func (a *balancer) packet(p *app.PacketIn, out *app.Commands) {
	h := &p.Header
	if h.EthType == packet.EthTypeARP {
		a.answer(p, out)
		return
	}
	if h.EthType != packet.EthTypeIPv4 || h.Proto != packet.ProtoTCP && h.Proto != packet.ProtoUDP {
		return
	}
	front := a.front(h.IPDst, h.Proto, h.L4Dst)
	host, known := a.view.HostByIP(h.IPSrc)
	if front == nil || !known {
		return
	}
	k := key{Service: front.ID, Client: h.IPSrc}
	if a.opt.per {
		k.Port = h.L4Src
	}
	c := a.clients[k]
	if c == nil {
		pool := a.pool(front, k.Client)
		m, ok := a.pick(k, pool, host.At.Switch)
		if !ok {
			a.refuse(k, front, h.Proto, p.Port.Switch, out)
			return
		}
		c = &client{Switch: host.At.Switch, IP: front.IP, Port: front.Port}
		a.clients[k] = c
		a.seat(c, pool.ID, m, 1, out)
	}
	if !slices.Contains(c.Protos, h.Proto) {
		c.Protos = append(c.Protos, h.Proto)
	}
	a.install(k, c, h.Proto, out)
	out.Send(p.Port.Switch, flow.PacketOut{InPort: uint32(p.Port.Port), Frame: p.Frame,
		Actions: append(toMember(c), flow.Out(flow.PortTable))})
}

// refuse drops a client's packets for a second: there is nobody who could serve it.
func (a *balancer) refuse(k key, front *app.VirtualService, proto uint8, sw model.NodeID, out *app.Commands) {
	out.Log("warn", fmt.Sprintf("nobody can serve %s for %s", k.Client, front.ID))
	c := &client{IP: front.IP, Port: front.Port}
	out.Install(sw, flow.Rule{Table: rewriting, Priority: a.opt.priority + 1, Match: there(k, c, proto), Hard: 1})
}

// seat gives a client its member, or takes it away, and counts.
func (a *balancer) seat(c *client, pool string, m app.ServiceMember, change int, out *app.Commands) {
	c.Pool, c.Member = pool, m
	at := seat{pool, m.Node}
	if a.served[at] += change; a.served[at] == 0 {
		delete(a.served, at)
	}
	name := fmt.Sprint(m.Node)
	if h, ok := a.view.Host(m.Node); ok {
		name = h.Name
	}
	out.Report(pool+"."+name+".clients", float64(a.served[at]))
}

// install sends a client's rules, first the one for the answers. Those keep the Ethernet
// address of the member they come from: an app that follows and learns where stations are
// must see it here, and no host looks at it.
func (a *balancer) install(k key, c *client, proto uint8, out *app.Commands) {
	out.Install(c.Switch, a.onward(flow.Rule{Table: rewriting, Priority: a.opt.priority + 1, Match: back(k, c, proto),
		Apply: []flow.Action{flow.Set(flow.IPv4Src, uint64(c.IP))}}))
	out.Install(c.Switch, a.onward(flow.Rule{Table: rewriting, Priority: a.opt.priority + 1, Match: there(k, c, proto), Cookie: clientTag,
		Idle: a.opt.idle, SendRemoved: a.opt.idle != 0, Apply: toMember(c)}))
}

// uninstall takes back the rules for a client that its member no longer needs; the one to
// the member stays where another takes its place.
func (a *balancer) uninstall(k key, c *client, proto uint8, both bool, out *app.Commands) {
	if both {
		out.Remove(c.Switch, flow.Rule{Table: rewriting, Priority: a.opt.priority + 1, Match: there(k, c, proto)})
	}
	out.Remove(c.Switch, flow.Rule{Table: rewriting, Priority: a.opt.priority + 1, Match: back(k, c, proto)})
}

// there matches what a client sends to its service.
func there(k key, c *client, proto uint8) flow.Match {
	m := flow.Match{}.IPv4From(k.Client, 32).IPv4To(c.IP, 32).With(flow.IPProto, uint64(proto)).With(destination(proto), uint64(c.Port))
	if k.Port != 0 {
		m = m.With(source(proto), uint64(k.Port))
	}
	return m
}

// back matches what its member answers.
func back(k key, c *client, proto uint8) flow.Match {
	m := flow.Match{}.IPv4From(c.Member.IP, 32).IPv4To(k.Client, 32).With(flow.IPProto, uint64(proto)).With(source(proto), uint64(c.Port))
	if k.Port != 0 {
		m = m.With(destination(proto), uint64(k.Port))
	}
	return m
}

func toMember(c *client) []flow.Action {
	return []flow.Action{flow.Set(flow.EthDst, uint64(c.Member.MAC)), flow.Set(flow.IPv4Dst, uint64(c.Member.IP))}
}

// settle goes through the clients after the network or a pool has changed.
func (a *balancer) settle(out *app.Commands) {
	for _, k := range sortedKeys(a.clients) {
		c := a.clients[k]
		host, known := a.view.HostByIP(k.Client)
		front := a.service(k.Service)
		if !known || front == nil || front.IP != c.IP || front.Port != c.Port {
			a.forget(k, c, out)
			continue
		}
		if host.At.Switch != c.Switch { // it has moved
			for _, proto := range c.Protos {
				a.uninstall(k, c, proto, true, out)
			}
			c.Switch = host.At.Switch
			for _, proto := range c.Protos {
				a.install(k, c, proto, out)
			}
		}
		pool := a.pool(front, k.Client)
		stays := !a.opt.move || slices.ContainsFunc(pool.Members, func(m app.ServiceMember) bool { return m.Node == c.Member.Node })
		if !stays || !a.usable(c.Member.Node, c.Switch) {
			a.move(k, c, pool, stays, out)
		}
	}
}

// move gives a client another member. When there is none it waits for its own, if that is
// still of the pool.
func (a *balancer) move(k key, c *client, pool *app.VirtualService, stays bool, out *app.Commands) {
	m, ok := a.pick(k, pool, c.Switch)
	if !ok {
		if !stays {
			a.forget(k, c, out)
		}
		return
	}
	if m == c.Member {
		return
	}
	old := *c
	a.seat(c, old.Pool, old.Member, -1, out)
	a.seat(c, pool.ID, m, 1, out)
	for _, proto := range c.Protos {
		a.install(k, c, proto, out)
		if old.Member.IP != m.IP {
			a.uninstall(k, &old, proto, false, out)
		}
	}
}

// forget takes a client's rules back.
func (a *balancer) forget(k key, c *client, out *app.Commands) {
	for _, proto := range c.Protos {
		a.uninstall(k, c, proto, true, out)
	}
	a.seat(c, c.Pool, c.Member, -1, out)
	delete(a.clients, k)
}

// ended forgets a client whose rule has run out. What was sent while the news was under
// way goes as well: its next packet comes here.
func (a *balancer) ended(f *app.FlowRemoved, out *app.Commands) {
	if f.Rule.Cookie != clientTag || f.Reason != flow.RemovedIdle {
		return
	}
	value := func(field flow.Field) uint64 { v, _ := f.Rule.Match.Field(field); return v.Value.Lo }
	proto := uint8(value(flow.IPProto))
	ip, port := packet.IPv4(value(flow.IPv4Dst)), uint16(value(destination(proto)))
	for i := range a.settings.Services {
		k := key{Service: a.settings.Services[i].ID, Client: packet.IPv4(value(flow.IPv4Src))}
		if a.opt.per {
			k.Port = uint16(value(source(proto)))
		}
		c := a.clients[k]
		if c == nil || c.IP != ip || c.Port != port || c.Switch != f.Switch || !slices.Contains(c.Protos, proto) {
			continue
		}
		a.uninstall(k, c, proto, true, out)
		c.Protos = slices.DeleteFunc(c.Protos, func(p uint8) bool { return p == proto })
		if len(c.Protos) == 0 {
			a.forget(k, c, out)
		}
	}
}
