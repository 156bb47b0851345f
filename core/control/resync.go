package control

import (
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// shapes says that a downcall changes what a switch holds, which a comparison brings
// about as well.
func (d *Downcall) shapes() bool {
	switch d.Kind {
	case ModRule, ModGroup, ModMeter, LimitPort:
		return true
	}
	return false
}

// gather makes what is wanted of a switch in the step under way wait for the end of it:
// apps often answer the return of a switch with all its rules, and most of them are there.
func (r *Runtime) gather(p *plant, sw model.NodeID, held *app.Stats) {
	p.held, p.gathering = held, true
	r.gathering = append(r.gathering, sw)
}

// compare ends the gathering.
func (r *Runtime) compare(p *plant, sw model.NodeID, at model.Time) {
	held := p.held
	p.held, p.gathering = nil, false
	r.resync(sw, at, held)
}

// resync brings a switch to what is wanted there. What it holds and what is wanted as it
// is stays untouched, whoever has put it there; nil means that nobody knows what it holds:
// then all of it goes. First comes what is missing or different, inwards out, then what
// is too much goes, outwards in: at no moment a packet that was treated rightly is not.
func (r *Runtime) resync(sw model.NodeID, at model.Time, held *app.Stats) {
	p := r.plant(sw)
	s := syncing{Runtime: r, plant: p, sw: sw, at: at, meant: map[any]int{}, first: r.xid}
	for i := range p.late {
		if k := subject(p.late[i].what); k != nil {
			s.meant[k] = i
		}
	}
	if held == nil || p.wanted.Empty() && holds(held) {
		s.rule(flow.Delete, flow.Rule{}, runtimeApp)
		s.group(flow.Delete, flow.Group{Number: flow.GroupAll}, runtimeApp)
		s.meter(flow.Delete, flow.Meter{Number: flow.MeterAll}, runtimeApp)
		held = &app.Stats{}
	}
	extraGroups, extraMeters := s.fill(held)
	for _, port := range sortedPorts(p.rates) {
		limit := p.rates[port]
		r.send(p, limitPort(sw, at, limit.app, port, limit.rate), 0, false, nil)
	}
	s.rules(held.Rules)
	slices.Reverse(extraGroups)
	for _, g := range extraGroups {
		s.group(flow.Delete, flow.Group{Number: g.Number}, runtimeApp)
	}
	for _, number := range extraMeters {
		s.meter(flow.Delete, flow.Meter{Number: number}, runtimeApp)
	}
	s.acknowledge()
}

// holds says that there is something in it.
func holds(s *app.Stats) bool {
	return s != nil && len(s.Rules)+len(s.Groups)+len(s.Meters) > 0
}

// syncing is one comparison.
type syncing struct {
	*Runtime
	*plant
	sw model.NodeID
	at model.Time
	// lasting leaves rules alone that are missing and would have ended by themselves.
	lasting bool
	first   uint64      // nothing has been sent while the last xid is this
	meant   map[any]int // by subject: the last of plant.late about it
}

type (
	groupNumber uint32
	meterNumber uint32
)

// subject is what a modification makes or changes, as a key; nil for a deletion.
func subject(what any) any {
	switch m := what.(type) {
	case *flow.RuleMod:
		if m.Command == flow.Add {
			return m.Rule.Key()
		}
	case *flow.GroupMod:
		if m.Command != flow.Delete {
			return groupNumber(m.Group.Number)
		}
	case *flow.MeterMod:
		if m.Command != flow.Delete {
			return meterNumber(m.Meter.Number)
		}
	}
	return nil
}

// tell sends one modification, in the name of the command that wanted it last if that
// one is still known: its app hears of it if the switch refuses.
func (s *syncing) tell(d Downcall, what any) {
	d.Switch, d.At = s.sw, s.at
	var by sent
	if len(s.meant) > 0 {
		if k := subject(what); k != nil {
			if i, ok := s.meant[k]; ok {
				by = s.late[i]
				s.late[i].ack = false
			}
		}
	}
	s.send(s.plant, d, by.command, by.ack, what)
}

func (s *syncing) rule(c flow.ModCommand, rule flow.Rule, app int32) {
	m := &flow.RuleMod{Command: c, Rule: rule, AllTables: c == flow.Delete}
	if c == flow.DeleteStrict {
		m.CookieMask = ^uint64(0)
	}
	s.tell(Downcall{Kind: ModRule, App: app, Rule: m}, m)
}

func (s *syncing) group(c flow.ModCommand, g flow.Group, app int32) {
	m := &flow.GroupMod{Command: c, Group: g}
	s.tell(Downcall{Kind: ModGroup, App: app, Group: m}, m)
}

func (s *syncing) meter(c flow.ModCommand, x flow.Meter, app int32) {
	m := &flow.MeterMod{Command: c, Meter: x}
	s.tell(Downcall{Kind: ModMeter, App: app, Meter: m}, m)
}

// fill sends the groups and meters that are missing or different and gives those that are
// too much, groups inwards out.
func (s *syncing) fill(held *app.Stats) (groups []flow.Group, meters []uint32) {
	hasGroup := make(map[uint32]*flow.Group, len(held.Groups))
	for i := range held.Groups {
		hasGroup[held.Groups[i].Group.Number] = &held.Groups[i].Group
	}
	wanted := map[uint32]bool{}
	for _, g := range inwardsOut(s.wanted.Groups()) {
		wanted[g.Number] = true
		l, _ := s.groups.label(g.Number)
		switch has := hasGroup[g.Number]; {
		case has == nil:
			s.group(flow.Add, g, l.app)
		case !sameGroup(has, &g):
			s.group(flow.Modify, g, l.app)
		}
	}
	for _, g := range inwardsOut(held.Groups) {
		if !wanted[g.Number] {
			groups = append(groups, g)
		}
	}
	hasMeter := make(map[uint32]flow.Meter, len(held.Meters))
	for i := range held.Meters {
		hasMeter[held.Meters[i].Meter.Number] = held.Meters[i].Meter
	}
	for _, m := range s.wanted.Meters() {
		l, _ := s.meters.label(m.Meter.Number)
		switch has, ok := hasMeter[m.Meter.Number]; {
		case !ok:
			s.meter(flow.Add, m.Meter, l.app)
		case has != m.Meter:
			s.meter(flow.Modify, m.Meter, l.app)
		}
		delete(hasMeter, m.Meter.Number)
	}
	for number := range hasMeter {
		meters = append(meters, number)
	}
	slices.Sort(meters)
	return groups, meters
}

// rules sends the rules that are missing or different, and then deletes those that are
// too much. A rule that is different is replaced at once, by adding it again.
func (s *syncing) rules(held []flow.RuleStat) {
	order := func(a, b flow.RuleStat) int { return flow.CompareRules(&a.Rule, &b.Rule) }
	if !slices.IsSortedFunc(held, order) {
		held = slices.Clone(held)
		slices.SortStableFunc(held, order)
	}
	var extra []int
	next := 0
	for want := range s.wanted.Rules(int64(s.at)) {
		same := false
		for next < len(held) {
			c := flow.CompareRules(&held[next].Rule, &want.Rule)
			if c > 0 {
				break
			}
			if c < 0 {
				extra = append(extra, next)
			}
			same = same || c == 0 && held[next].Rule.Equal(&want.Rule)
			next++
		}
		if !same && !(s.lasting && (want.Rule.Idle != 0 || want.Rule.Hard != 0)) {
			owner, ok := ownerOf(want.Rule.Cookie)
			if !ok {
				owner = runtimeApp
			}
			s.rule(flow.Add, want.Rule, owner)
		}
	}
	for ; next < len(held); next++ {
		extra = append(extra, next)
	}
	for _, i := range extra {
		r := &held[i].Rule
		s.rule(flow.DeleteStrict, flow.Rule{Table: r.Table, Priority: r.Priority, Match: r.Match, Cookie: r.Cookie}, runtimeApp)
	}
}

// acknowledge promises the commands whose apps still wait their acknowledgement: with
// the last message, or with a barrier of its own where nothing had to be sent.
func (s *syncing) acknowledge() {
	for _, k := range s.late {
		if !k.ack {
			continue
		}
		if s.xid == s.first {
			s.xid += 2
			s.last = s.xid
		}
		s.expect(s.plant, s.sw, s.at, sent{xid: s.last, command: k.command, app: k.app, ack: true})
	}
	s.late = nil
}

// sameGroup says that two groups treat packets alike. A weight counts only where a group
// selects, and there are two ways to watch nothing.
func sameGroup(a, b *flow.Group) bool {
	watches := func(n uint32) uint32 {
		if n == flow.PortAny { // GroupAny is the same number
			return 0
		}
		return n
	}
	return a.Type == b.Type && slices.EqualFunc(a.Buckets, b.Buckets, func(x, y flow.Bucket) bool {
		left, right := flow.Rule{Apply: x.Actions}, flow.Rule{Apply: y.Actions}
		return (a.Type != flow.Select || x.Weight == y.Weight) && watches(x.WatchPort) == watches(y.WatchPort) &&
			watches(x.WatchGroup) == watches(y.WatchGroup) && left.Equal(&right)
	})
}

func sortedPorts(rates map[model.PortNo]portRate) []model.PortNo {
	out := make([]model.PortNo, 0, len(rates))
	for port := range rates {
		out = append(out, port)
	}
	slices.Sort(out)
	return out
}

// inwardsOut orders groups so that every group comes after those it leads to.
func inwardsOut(stats []flow.GroupStat) []flow.Group {
	at := make(map[uint32]int, len(stats))
	for i := range stats {
		at[stats[i].Group.Number] = i
	}
	out := make([]flow.Group, 0, len(stats))
	var visit func(number uint32)
	visit = func(number uint32) {
		i, ok := at[number]
		if !ok {
			return
		}
		delete(at, number)
		g := stats[i].Group
		for _, b := range g.Buckets {
			visit(b.WatchGroup)
			for _, a := range b.Actions {
				if a.Type == flow.ToGroup {
					visit(a.Arg)
				}
			}
		}
		out = append(out, g)
	}
	for i := range stats {
		visit(stats[i].Group.Number)
	}
	return out
}
