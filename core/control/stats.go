package control

import (
	"cmp"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// asked is a statistics request that waits for its reply.
type asked struct {
	xid     uint64
	command uint64
	sw      model.NodeID
	app     int32
	what    app.StatsRequest
}

// unanswered forgets the requests to one switch and gives them in order.
func (r *Runtime) unanswered(sw model.NodeID) (out []asked) {
	for _, q := range r.asked {
		if q.sw == sw {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b asked) int { return cmp.Compare(a.xid, b.xid) })
	for _, q := range out {
		delete(r.asked, q.xid)
	}
	return out
}

// translate leaves of a reply what is the asking app's own, in its own numbering.
func (r *Runtime) translate(q *asked, s *app.Stats) *app.Stats {
	a, p := r.apps[q.app], r.plants[q.sw]
	out := &app.Stats{Request: q.command, Switch: q.sw}
	if q.what.Rules {
		for _, x := range s.Rules {
			if owner, ok := ownerOf(x.Rule.Cookie); ok && owner == q.app {
				x.Rule = p.theirRule(a, x.Rule)
				out.Rules = append(out.Rules, x)
			}
		}
	}
	if q.what.Groups {
		for _, x := range s.Groups {
			if l, ok := p.groups.label(x.Group.Number); ok && l.app == q.app {
				x.Group.Number, x.Group.Name = 0, l.name
				x.Group.Buckets = slices.Clone(x.Group.Buckets)
				for i := range x.Group.Buckets {
					b := &x.Group.Buckets[i]
					b.Actions = p.theirActions(b.Actions)
					if watched, ok := p.groups.label(b.WatchGroup); ok && watched.app == q.app {
						b.WatchGroup, b.WatchName = 0, watched.name
					}
				}
				out.Groups = append(out.Groups, x)
			}
		}
	}
	if q.what.Meters {
		for _, x := range s.Meters {
			if l, ok := p.meters.label(x.Meter.Number); ok && l.app == q.app {
				x.Meter.Number, x.Meter.Name = 0, l.name
				out.Meters = append(out.Meters, x)
			}
		}
	}
	if q.what.Ports {
		for _, x := range s.Ports {
			if x.Port <= flow.PortMax {
				out.Ports = append(out.Ports, x)
			}
		}
	}
	return out
}

// theirRule is a whole rule in its app's numbering: the inverse of lowering.
func (p *plant) theirRule(a *application, r flow.Rule) flow.Rule {
	table := r.Table
	r = a.theirs(r)
	r.Apply, r.Write = p.theirActions(r.Apply), p.theirActions(r.Write)
	if l, ok := p.meters.label(r.Meter); ok && r.Meter != 0 {
		r.Meter, r.MeterName = 0, l.name
	}
	if r.HasGoto {
		if r.Goto -= a.base; r.Goto >= a.tables || r.Goto <= table-a.base {
			r.HasGoto, r.Goto = false, 0
			r.Apply = append(slices.Clip(r.Apply), flow.Next())
		}
	}
	return r
}

func (p *plant) theirActions(actions []flow.Action) []flow.Action {
	out := actions
	for i, x := range actions {
		if x.Type != flow.ToGroup {
			continue
		}
		if &out[0] == &actions[0] {
			out = slices.Clone(actions)
		}
		if l, ok := p.groups.label(x.Arg); ok {
			out[i] = flow.InGroup(l.name)
		} else if x.Arg == floodGroup {
			out[i] = flow.FloodTree()
		}
	}
	return out
}
