package backendtest

import (
	"cmp"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// follower is an app that keeps a rule for every host on every switch as the network
// changes: along paths of fewest links, of equal ones by the link of the lowest id.
type follower struct {
	view app.View
	sent map[route]model.PortNo
}

type route struct {
	sw model.NodeID
	to packet.IPv4
}

func (f *follower) Manifest() app.Manifest {
	return app.Manifest{Name: "follower", Version: "1", Tables: 1, Services: []app.Service{app.ServiceARP}}
}

func (f *follower) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindFailed {
		out.Log("error", e.Failed.Reason)
	}
	if !f.view.Take(e) || !f.view.Ready() {
		return
	}
	now := f.routes()
	order := func(m map[route]model.PortNo) []route {
		var out []route
		for r := range m {
			out = append(out, r)
		}
		slices.SortFunc(out, func(a, b route) int { return cmp.Or(cmp.Compare(a.sw, b.sw), cmp.Compare(a.to, b.to)) })
		return out
	}
	rule := func(r route, port model.PortNo) flow.Rule {
		return flow.Rule{Priority: 10, Match: flow.Match{}.IPv4To(r.to, 32), Apply: []flow.Action{flow.Out(uint32(port))}}
	}
	for _, r := range order(now) {
		if f.sent[r] != now[r] {
			out.Install(r.sw, rule(r, now[r]))
		}
	}
	for _, r := range order(f.sent) {
		if _, ok := now[r]; !ok {
			out.Remove(r.sw, rule(r, 0))
		}
	}
	f.sent = now
}

// routes works all of them out, from every host's switch outwards.
func (f *follower) routes() map[route]model.PortNo {
	out := map[route]model.PortNo{}
	for _, h := range f.view.Hosts() {
		if _, known := f.view.SwitchNumber(h.At.Switch); !known {
			continue
		}
		out[route{h.At.Switch, h.IP}] = h.At.Port
		for todo := []model.NodeID{h.At.Switch}; len(todo) > 0; todo = todo[1:] {
			for _, l := range f.view.Links() {
				near, far := l.A, l.B
				if near.Switch != todo[0] {
					near, far = far, near
				}
				if _, seen := out[route{far.Switch, h.IP}]; near.Switch == todo[0] && l.Up && !seen {
					out[route{far.Switch, h.IP}] = far.Port
					todo = append(todo, far.Switch)
				}
			}
		}
	}
	return out
}
