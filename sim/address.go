package sim

import (
	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
)

// addresses gives core/naming's addresses in the types of packets.
type addresses struct{ names *naming.Names }

func (a addresses) HostIP(host model.NodeID) packet.IPv4 {
	ip, _ := a.names.IP(host)
	return packet.IPv4(ip)
}

func (a addresses) HostMAC(host model.NodeID) packet.MAC { return packet.MAC(a.names.MAC(host)) }

func (a addresses) PortMAC(e model.Endpoint) packet.MAC {
	return packet.MAC(a.names.PortMAC(e.Node, e.Port))
}

// settings is what a model says about users, with their addresses, as apps are told.
func settings(n *model.Network, a addresses) app.Settings {
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
