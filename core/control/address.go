package control

import (
	"slices"

	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
)

// Names is the part of core/naming that knows addresses; *naming.Names has it.
type Names interface {
	IP(host model.NodeID) (ip uint32, prefix uint8)
	MAC(host model.NodeID) uint64
	PortMAC(node model.NodeID, port model.PortNo) uint64
}

// Named is the Addressing of every world: core/naming's addresses in the types of packets.
type Named struct{ Names Names }

// HostIP is a host's address.
func (a Named) HostIP(host model.NodeID) packet.IPv4 {
	ip, _ := a.Names.IP(host)
	return packet.IPv4(ip)
}

// HostMAC is a host's Ethernet address.
func (a Named) HostMAC(host model.NodeID) packet.MAC { return packet.MAC(a.Names.MAC(host)) }

// PortMAC is the Ethernet address of a port.
func (a Named) PortMAC(e model.Endpoint) packet.MAC {
	return packet.MAC(a.Names.PortMAC(e.Node, e.Port))
}

// Settings is what a model says about users, with their addresses, as apps are told.
func Settings(n *model.Network, a Addressing) app.Settings {
	s := app.Settings{Classes: n.Classes, Policies: n.Policies}
	ips := func(members []model.NodeID) []packet.IPv4 {
		out := make([]packet.IPv4, len(members))
		for i, m := range members {
			out[i] = a.HostIP(m)
		}
		return out
	}
	for _, p := range n.Profiles {
		s.Profiles = append(s.Profiles, app.Profile{ID: p.ID, Class: p.Class, Rate: p.Rate, Pool: p.Pool, Members: ips(p.Members)})
	}
	for _, v := range n.Services {
		out := app.VirtualService{ID: v.ID, IP: packet.IPv4(v.IP), MAC: VirtualMAC(packet.IPv4(v.IP)), Proto: v.Proto, Port: v.Port}
		for _, m := range v.Members {
			out.Members = append(out.Members, serviceMember(m, a))
		}
		s.Services = append(s.Services, out)
	}
	for _, t := range n.Tenants {
		s.Tenants = append(s.Tenants, app.Tenant{ID: t.ID, VLAN: t.VLAN, Quota: t.Quota, Members: ips(t.Members)})
	}
	return s
}

func serviceMember(m model.Member, a Addressing) app.ServiceMember {
	return app.ServiceMember{Node: m.Node, IP: a.HostIP(m.Node), MAC: a.HostMAC(m.Node), Weight: m.Weight}
}

// repool gives the services after a member has left or joined. Apps may still look at the
// list as it was, so that it is not changed.
func repool(services []app.VirtualService, c *model.Change, n *model.Network, a Addressing) []app.VirtualService {
	out := slices.Clone(services)
	if c.Node < 0 || int(c.Node) >= n.NodeCount() || n.NodeKindOf(c.Node) == model.Switch {
		return out
	}
	for i := range out {
		s := &out[i]
		if s.ID != c.Service {
			continue
		}
		s.Members = slices.Clone(s.Members)
		at := slices.IndexFunc(s.Members, func(m app.ServiceMember) bool { return m.Node == c.Node })
		switch {
		case c.Kind == model.MemberJoin && at >= 0:
			s.Members[at].Weight = c.Weight
		case c.Kind == model.MemberJoin:
			s.Members = append(s.Members, serviceMember(model.Member{Node: c.Node, Weight: c.Weight}, a))
		case at >= 0:
			s.Members = slices.Delete(s.Members, at, at+1)
		}
	}
	return out
}
