package emulate

import (
	"slices"
	"sync"

	"sendim/core/model"
)

// pools are the hosts that serve, or may come to serve, each service. Programs that
// listen are there before a server joins, and stay when it leaves: who is sent to them is
// the apps' business.
type pools struct {
	mu     sync.Mutex
	joined []model.Change // beyond the model's scenario
}

// note remembers who joins a pool while the network lives.
func (p *pools) note(c *model.Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Kind == model.MemberJoin {
		p.joined = append(p.joined, *c)
	}
}

// of lists the hosts that are, were or will be members of a service.
func (p *pools) of(n *model.Network, service string) (out []model.NodeID) {
	add := func(id model.NodeID) {
		if !slices.Contains(out, id) && !n.Gone(id) {
			out = append(out, id)
		}
	}
	for _, s := range n.Services {
		if s.ID == service {
			for _, m := range s.Members {
				add(m.Node)
			}
		}
	}
	join := func(c *model.Change) {
		if c.Kind == model.MemberJoin && c.Service == service {
			add(c.Node)
		}
	}
	for _, s := range n.Scenario {
		for i := range s.Changes {
			join(&s.Changes[i])
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.joined {
		join(&p.joined[i])
	}
	return out
}

// receivers lists the hosts at which a flow may arrive: for a service those of its pool,
// and those of the pool of the sender's profile where that stands at the same protocol
// and port.
func (w *world) receivers(f *model.Flow) []model.NodeID {
	if f.Service == "" {
		return []model.NodeID{f.To}
	}
	n := w.net()
	var asked *model.Service
	for i := range n.Services {
		if n.Services[i].ID == f.Service {
			asked = &n.Services[i]
		}
	}
	if asked == nil {
		return nil
	}
	out := w.pools.of(n, f.Service)
	for _, s := range n.Services {
		if s.Proto != asked.Proto || s.Port != asked.Port || s.ID == asked.ID {
			continue
		}
		for _, p := range n.Profiles {
			if p.Pool == s.ID && slices.Contains(p.Members, f.From) {
				for _, id := range w.pools.of(n, s.ID) {
					if !slices.Contains(out, id) {
						out = append(out, id)
					}
				}
			}
		}
	}
	return slices.DeleteFunc(out, func(id model.NodeID) bool { return id == f.From })
}
