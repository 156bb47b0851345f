package apprpc

import (
	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
	pb "sendim/plugins/apprpc/proto"
)

func encodeStart(s *app.Start) *pb.Start {
	p := &pb.Start{Granted: texts(s.Granted), Seed: s.Seed, Settings: encodeSettings(&s.Settings), Last: s.Last}
	if len(s.Parameters) > 0 {
		p.Parameters = make(map[string]string, len(s.Parameters))
		for name, value := range s.Parameters {
			p.Parameters[text(name)] = text(value)
		}
	}
	return p
}

func (d *decoder) start(p *pb.Start) *app.Start {
	return &app.Start{Parameters: p.GetParameters(), Granted: fromTexts[app.Need](p.GetGranted()), Seed: p.GetSeed(), Settings: d.settings(p.GetSettings()), Last: p.GetLast()}
}

func encodeSettings(s *app.Settings) *pb.Settings {
	return &pb.Settings{
		Classes: each(s.Classes, func(c *model.Class) *pb.Class {
			return &pb.Class{Id: text(c.ID), Min: int64(c.Min), Max: int64(c.Max), Priority: c.Priority}
		}),
		Profiles: each(s.Profiles, func(p *app.Profile) *pb.Profile {
			return &pb.Profile{Id: text(p.ID), Class: text(p.Class), Rate: int64(p.Rate), Pool: text(p.Pool), Members: each(p.Members, encodeIPv4)}
		}),
		Services: each(s.Services, func(s *app.VirtualService) *pb.VirtualService {
			return &pb.VirtualService{Id: text(s.ID), Ip: uint32(s.IP), Mac: uint64(s.MAC), Proto: pb.Transport(s.Proto), Port: uint32(s.Port),
				Members: each(s.Members, func(m *app.ServiceMember) *pb.ServiceMember {
					return &pb.ServiceMember{Node: int32(m.Node), Ip: uint32(m.IP), Mac: uint64(m.MAC), Weight: m.Weight}
				})}
		}),
		Tenants: each(s.Tenants, func(t *app.Tenant) *pb.Tenant {
			return &pb.Tenant{Id: text(t.ID), Vlan: uint32(t.VLAN), Quota: int64(t.Quota), Members: each(t.Members, encodeIPv4)}
		}),
		Policies: each(s.Policies, func(p *model.Policy) *pb.Policy {
			return &pb.Policy{Profile: text(p.Profile), Maximize: p.Maximize, Property: text(p.Property), Priority: p.Priority}
		}),
	}
}

func (d *decoder) settings(s *pb.Settings) app.Settings {
	return app.Settings{
		Classes: eachOf(s.GetClasses(), func(c *pb.Class) model.Class {
			return model.Class{ID: c.GetId(), Min: model.Rate(c.GetMin()), Max: model.Rate(c.GetMax()), Priority: c.GetPriority()}
		}),
		Profiles: eachOf(s.GetProfiles(), func(p *pb.Profile) app.Profile {
			return app.Profile{ID: p.GetId(), Class: p.GetClass(), Rate: model.Rate(p.GetRate()), Pool: p.GetPool(), Members: each(p.GetMembers(), decodeIPv4)}
		}),
		Services: eachOf(s.GetServices(), func(s *pb.VirtualService) app.VirtualService {
			return app.VirtualService{ID: s.GetId(), IP: packet.IPv4(s.GetIp()), MAC: packet.MAC(s.GetMac()), Port: d.u16(s.GetPort(), "port"),
				Proto: choice[model.Transport](d, s.GetProto(), pb.Transport_TRANSPORT_AUTO, pb.Transport_TRANSPORT_ICMP, "transport"),
				Members: eachOf(s.GetMembers(), func(m *pb.ServiceMember) app.ServiceMember {
					return app.ServiceMember{Node: model.NodeID(m.GetNode()), IP: packet.IPv4(m.GetIp()), MAC: packet.MAC(m.GetMac()), Weight: m.GetWeight()}
				})}
		}),
		Tenants: eachOf(s.GetTenants(), func(t *pb.Tenant) app.Tenant {
			return app.Tenant{ID: t.GetId(), VLAN: d.u16(t.GetVlan(), "vlan"), Quota: model.Rate(t.GetQuota()), Members: each(t.GetMembers(), decodeIPv4)}
		}),
		Policies: eachOf(s.GetPolicies(), func(p *pb.Policy) model.Policy {
			return model.Policy{Profile: p.GetProfile(), Maximize: p.GetMaximize(), Property: p.GetProperty(), Priority: p.GetPriority()}
		}),
	}
}

func encodeIPv4(a *packet.IPv4) uint32 { return uint32(*a) }
func decodeIPv4(a *uint32) packet.IPv4 { return packet.IPv4(*a) }
