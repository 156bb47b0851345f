package control

import (
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
		out := app.VirtualService{ID: v.ID, IP: packet.IPv4(v.IP), Proto: v.Proto, Port: v.Port}
		for _, m := range v.Members {
			out.Members = append(out.Members, app.ServiceMember{Node: m.Node, IP: a.HostIP(m.Node), MAC: a.HostMAC(m.Node), Weight: m.Weight})
		}
		s.Services = append(s.Services, out)
	}
	for _, t := range n.Tenants {
		s.Tenants = append(s.Tenants, app.Tenant{ID: t.ID, VLAN: t.VLAN, Quota: t.Quota, Members: ips(t.Members)})
	}
	return s
}
