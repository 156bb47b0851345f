package apprpc

import (
	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
	pb "sendim/plugins/apprpc/proto"
)

func encodeProperty(p *model.Property) *pb.Property {
	return &pb.Property{Name: text(p.Name), Value: text(p.Value)}
}

func decodeProperty(p *pb.Property) model.Property {
	return model.Property{Name: p.GetName(), Value: p.GetValue()}
}

func encodePort(p app.Port) *pb.Port {
	return &pb.Port{Switch: int32(p.Switch), Port: uint32(p.Port)}
}

func decodePort(p *pb.Port) app.Port { return port(p.GetSwitch(), p.GetPort()) }

func port(sw int32, no uint32) app.Port {
	return app.Port{Switch: model.NodeID(sw), Port: model.PortNo(no)}
}

func encodeSwitch(s *app.SwitchInfo) *pb.SwitchInfo {
	return &pb.SwitchInfo{Id: int32(s.ID), Name: text(s.Name), Up: s.Up, Properties: each(s.Properties, encodeProperty)}
}

func decodeSwitch(p *pb.SwitchInfo) app.SwitchInfo {
	return app.SwitchInfo{ID: model.NodeID(p.GetId()), Name: p.GetName(), Up: p.GetUp(), Properties: eachOf(p.GetProperties(), decodeProperty)}
}

func encodeLink(l *app.LinkInfo) *pb.LinkInfo {
	return &pb.LinkInfo{Id: int32(l.ID), A: encodePort(l.A), B: encodePort(l.B), Rate: int64(l.Rate), Delay: int64(l.Delay),
		Weight: l.Weight, Spare: l.Spare, Up: l.Up}
}

func decodeLink(p *pb.LinkInfo) app.LinkInfo {
	return app.LinkInfo{ID: model.LinkID(p.GetId()), A: decodePort(p.GetA()), B: decodePort(p.GetB()), Rate: model.Rate(p.GetRate()),
		Delay: model.Time(p.GetDelay()), Weight: p.GetWeight(), Spare: p.GetSpare(), Up: p.GetUp()}
}

func encodeHost(h *app.HostInfo) *pb.HostInfo {
	return &pb.HostInfo{Id: int32(h.ID), Name: text(h.Name), Mac: uint64(h.MAC), Ip: uint32(h.IP), At: encodePort(h.At), Rate: int64(h.Rate), Up: h.Up}
}

func decodeHost(p *pb.HostInfo) app.HostInfo {
	return app.HostInfo{ID: model.NodeID(p.GetId()), Name: p.GetName(), MAC: packet.MAC(p.GetMac()), IP: packet.IPv4(p.GetIp()),
		At: decodePort(p.GetAt()), Rate: model.Rate(p.GetRate()), Up: p.GetUp()}
}

// column makes one column of a list's rows.
func column[Row, Cell any](rows []Row, cell func(*Row) Cell) []Cell { return each(rows, cell) }

func encodeTopology(t *app.Topology) *pb.Topology {
	p := &pb.Topology{Last: t.Last}
	if len(t.Switches) > 0 {
		p.Switches = encodeSwitches(t.Switches)
	}
	if l := t.Links; len(l) > 0 {
		p.Links = &pb.LinkColumns{
			Id:      column(l, func(l *app.LinkInfo) int32 { return int32(l.ID) }),
			ASwitch: column(l, func(l *app.LinkInfo) int32 { return int32(l.A.Switch) }),
			APort:   column(l, func(l *app.LinkInfo) uint32 { return uint32(l.A.Port) }),
			BSwitch: column(l, func(l *app.LinkInfo) int32 { return int32(l.B.Switch) }),
			BPort:   column(l, func(l *app.LinkInfo) uint32 { return uint32(l.B.Port) }),
			Rate:    column(l, func(l *app.LinkInfo) int64 { return int64(l.Rate) }),
			Delay:   column(l, func(l *app.LinkInfo) int64 { return int64(l.Delay) }),
			Weight:  column(l, func(l *app.LinkInfo) int64 { return l.Weight }),
			Spare:   column(l, func(l *app.LinkInfo) bool { return l.Spare }),
			Up:      column(l, func(l *app.LinkInfo) bool { return l.Up }),
		}
	}
	if h := t.Hosts; len(h) > 0 {
		p.Hosts = &pb.HostColumns{
			Id:       column(h, func(h *app.HostInfo) int32 { return int32(h.ID) }),
			Name:     column(h, func(h *app.HostInfo) string { return text(h.Name) }),
			Mac:      column(h, func(h *app.HostInfo) uint64 { return uint64(h.MAC) }),
			Ip:       column(h, func(h *app.HostInfo) uint32 { return uint32(h.IP) }),
			AtSwitch: column(h, func(h *app.HostInfo) int32 { return int32(h.At.Switch) }),
			AtPort:   column(h, func(h *app.HostInfo) uint32 { return uint32(h.At.Port) }),
			Rate:     column(h, func(h *app.HostInfo) int64 { return int64(h.Rate) }),
			Up:       column(h, func(h *app.HostInfo) bool { return h.Up }),
		}
	}
	return p
}

func encodeSwitches(s []app.SwitchInfo) *pb.SwitchColumns {
	p := &pb.SwitchColumns{
		Id:   column(s, func(s *app.SwitchInfo) int32 { return int32(s.ID) }),
		Name: column(s, func(s *app.SwitchInfo) string { return text(s.Name) }),
		Up:   column(s, func(s *app.SwitchInfo) bool { return s.Up }),
	}
	total := 0
	for i := range s {
		total += len(s[i].Properties)
	}
	if total > 0 {
		p.PropertiesPerSwitch = column(s, func(s *app.SwitchInfo) uint32 { return uint32(len(s.Properties)) })
		p.Properties = make([]*pb.Property, 0, total)
		for i := range s {
			p.Properties = append(p.Properties, each(s[i].Properties, encodeProperty)...)
		}
	}
	return p
}

func (d *decoder) topology(p *pb.Topology) *app.Topology {
	t := &app.Topology{Last: p.GetLast(), Switches: d.switches(p.GetSwitches())}
	if l := p.GetLinks(); len(l.GetId()) > 0 {
		n := len(l.Id)
		if d.columns("links", n, len(l.ASwitch), len(l.APort), len(l.BSwitch), len(l.BPort), len(l.Rate), len(l.Delay), len(l.Weight), len(l.Spare), len(l.Up)) {
			t.Links = make([]app.LinkInfo, n)
			for i := range t.Links {
				t.Links[i] = app.LinkInfo{ID: model.LinkID(l.Id[i]), A: port(l.ASwitch[i], l.APort[i]), B: port(l.BSwitch[i], l.BPort[i]),
					Rate: model.Rate(l.Rate[i]), Delay: model.Time(l.Delay[i]), Weight: l.Weight[i], Spare: l.Spare[i], Up: l.Up[i]}
			}
		}
	}
	if h := p.GetHosts(); len(h.GetId()) > 0 {
		n := len(h.Id)
		if d.columns("hosts", n, len(h.Name), len(h.Mac), len(h.Ip), len(h.AtSwitch), len(h.AtPort), len(h.Rate), len(h.Up)) {
			t.Hosts = make([]app.HostInfo, n)
			for i := range t.Hosts {
				t.Hosts[i] = app.HostInfo{ID: model.NodeID(h.Id[i]), Name: h.Name[i], MAC: packet.MAC(h.Mac[i]), IP: packet.IPv4(h.Ip[i]),
					At: port(h.AtSwitch[i], h.AtPort[i]), Rate: model.Rate(h.Rate[i]), Up: h.Up[i]}
			}
		}
	}
	return t
}

func (d *decoder) switches(p *pb.SwitchColumns) []app.SwitchInfo {
	n := len(p.GetId())
	if n == 0 || !d.columns("switches", n, len(p.Name), len(p.Up)) {
		return nil
	}
	per := p.PropertiesPerSwitch
	if len(per) > 0 && !d.columns("switches", n, len(per)) {
		return nil
	}
	out, rest := make([]app.SwitchInfo, n), p.Properties
	for i := range out {
		out[i] = app.SwitchInfo{ID: model.NodeID(p.Id[i]), Name: p.Name[i], Up: p.Up[i]}
		if len(per) == 0 {
			continue
		}
		if uint64(per[i]) > uint64(len(rest)) {
			d.bad("the topology has fewer properties of switches than it says")
			return nil
		}
		out[i].Properties, rest = eachOf(rest[:per[i]], decodeProperty), rest[per[i]:]
	}
	return out
}

func (d *decoder) columns(of string, n int, lengths ...int) bool {
	for _, l := range lengths {
		if l != n {
			d.bad("the topology's columns of %s differ in length", of)
			return false
		}
	}
	return true
}
