package loadbalancer

import (
	"slices"

	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
)

// seat is a member's place in a pool.
type seat struct {
	Pool string
	Node model.NodeID
}

func (a *balancer) service(id string) *app.VirtualService {
	for i := range a.settings.Services {
		if a.settings.Services[i].ID == id {
			return &a.settings.Services[i]
		}
	}
	return nil
}

// front is the service that a packet addresses, nil if that is none to be spread. Of
// several at one address and port the first is it; a port number of which no service has
// the packet's protocol is that of the service that has the other one.
func (a *balancer) front(ip packet.IPv4, proto uint8, port uint16) (found *app.VirtualService) {
	for i := range a.settings.Services {
		s := &a.settings.Services[i]
		if s.IP != ip || s.Port != port {
			continue
		}
		if (s.Proto == model.UDP) == (proto == packet.ProtoUDP) {
			found = s
			break
		}
		if found == nil {
			found = s
		}
	}
	if found != nil && !a.spread(found) {
		return nil
	}
	return found
}

// spread says whether a service is one that the app was asked to spread.
func (a *balancer) spread(s *app.VirtualService) bool {
	return a.opt.services == nil || slices.Contains(a.opt.services, s.ID)
}

// pool is the service whose members serve a client of another: that of the client's first
// profile with a pool at the same protocol and port, else the service itself.
func (a *balancer) pool(front *app.VirtualService, client packet.IPv4) *app.VirtualService {
	for i := range a.settings.Profiles {
		p := &a.settings.Profiles[i]
		if p.Pool == "" || !slices.Contains(p.Members, client) {
			continue
		}
		if s := a.service(p.Pool); s != nil && s.Proto == front.Proto && s.Port == front.Port {
			return s
		}
	}
	return front
}

// usable says whether a member stands and a path leads to it from a switch.
func (a *balancer) usable(member model.NodeID, from model.NodeID) bool {
	h, ok := a.view.Host(member)
	if !ok || !h.Up {
		return false
	}
	at, okA := a.view.SwitchNumber(h.At.Switch)
	client, okB := a.view.SwitchNumber(from)
	return okA && okB && a.view.Switches()[at].Up && a.parts[at] == a.parts[client]
}

// pick chooses a member for a client at a switch; false when nobody can serve it.
func (a *balancer) pick(k key, pool *app.VirtualService, from model.NodeID) (app.ServiceMember, bool) {
	var able []app.ServiceMember
	total := int64(0)
	for _, m := range pool.Members {
		if m.IP != k.Client && m.Weight > 0 && a.usable(m.Node, from) && !a.engaged(k, m.Node) {
			able = append(able, m)
			total += int64(m.Weight)
		}
	}
	if len(able) == 0 {
		return app.ServiceMember{}, false
	}
	if a.opt.mode != "round-robin" {
		at := int64(a.lot(k, pool) % uint64(total))
		for _, m := range able {
			if at -= int64(m.Weight); at < 0 {
				return m, true
			}
		}
	}
	// Smooth weighted round robin, as nginx has it: everyone gains its weight, the richest
	// is picked and pays for all.
	best := 0
	for i, m := range able {
		a.credit[seat{pool.ID, m.Node}] += int64(m.Weight)
		if a.credit[seat{pool.ID, m.Node}] > a.credit[seat{pool.ID, able[best].Node}] {
			best = i
		}
	}
	a.credit[seat{pool.ID, able[best].Node}] -= total
	return able[best], true
}

// lot is a number that belongs to a client, whoever came before it: its place among the
// hosts that are not of the pool, or a hash.
func (a *balancer) lot(k key, pool *app.VirtualService) uint64 {
	if a.opt.mode == "hash" {
		return scatter(uint64(k.Client)<<16 | uint64(k.Port))
	}
	rank := uint64(k.Port)
	for _, h := range a.view.Hosts() {
		if h.IP == k.Client {
			break
		}
		if !slices.ContainsFunc(pool.Members, func(m app.ServiceMember) bool { return m.Node == h.ID }) {
			rank++
		}
	}
	return rank
}

// engaged says that a member serves a client for another service at the same port number
// already: its answers could not be told apart.
func (a *balancer) engaged(k key, member model.NodeID) bool {
	mine := a.service(k.Service)
	for i := range a.settings.Services {
		s := &a.settings.Services[i]
		if s.ID == k.Service || s.Port != mine.Port {
			continue
		}
		if c := a.clients[key{s.ID, k.Client, k.Port}]; c != nil && c.Member.Node == member {
			return true
		}
	}
	return false
}

// scatter is the finalizer of splitmix64 (Steele, Lea and Flood, OOPSLA 2014): every bit
// of the result depends on every bit of x.
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
