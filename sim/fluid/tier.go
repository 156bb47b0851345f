package fluid

import (
	"cmp"
	"math"
	"slices"
)

// nothing says what part of a capacity is no more than what rounding leaves of it.
const nothing = 1e-12

// left is what remains of a whole.
func left(whole, used float64) float64 {
	if math.IsInf(whole, 1) {
		return whole
	}
	if rest := whole - used; rest > nothing*whole {
		return rest
	}
	return 0
}

// solve settles tier after tier. A tier hands its loads on only where they have changed,
// so that what a change does not reach is not looked at in any of them.
func (s *tiers) solve() []Flow {
	n := s.whole
	for t := range s.list {
		s.settle(t)
	}
	n.changed = n.changed[:0]
	for _, id := range s.touched {
		p := &s.parts[id]
		p.touched = false
		if !n.flows[id].live {
			continue
		}
		rate, fact := p.rate[reserved]+p.rate[equal]+p.rate[rest], &n.facts[id]
		if !p.fresh && isSame(rate, fact.rate) {
			continue
		}
		p.fresh, fact.rate = false, rate
		n.changed = append(n.changed, id)
	}
	s.touched = s.touched[:0]
	return n.changed
}

func (s *tiers) settle(t int) {
	x := &s.list[t]
	for _, id := range x.caps {
		s.setCap(x, id)
	}
	x.caps = x.caps[:0]
	for _, r := range x.dirty {
		x.sites[r].dirty = false
		s.allot(t, r)
	}
	x.dirty = x.dirty[:0]
	for _, f := range x.net.Solve() {
		id := x.owner[f]
		p := &s.parts[id]
		p.rate[x.round] = x.net.Rate(f)
		s.touch(id)
		s.recap(id, x.round+1)
		for _, r := range p.route {
			x.markLoad(r)
		}
	}
	for _, r := range x.stale {
		x.sites[r].stale = false
		if x.addUp(r) {
			for later := t + 1; later < len(s.list); later++ {
				s.list[later].mark(r)
			}
		}
	}
	x.stale = x.stale[:0]
}

// setCap gives a flow what earlier rounds have left of its cap.
func (s *tiers) setCap(x *tier, id Flow) {
	p := &s.parts[id]
	f := p.flow[x.round]
	if f < 0 || &s.list[s.plan[p.class][x.round]] != x {
		return // it has gone since, or its number is another flow's
	}
	limit := s.whole.facts[id].cap
	for kind := range x.round {
		limit = left(limit, p.rate[kind])
	}
	if x.net.facts[f].cap == limit {
		return
	}
	x.net.setLimit(f, limit)
	if x.round != rest { // what the class wants here is another
		for _, r := range p.route {
			x.mark(r)
		}
	}
}

// addUp brings the load of a resource up to date and says whether it is another.
func (x *tier) addUp(r Resource) bool {
	at, other := &x.sites[r], false
	used := 0.0
	for i := range x.classes {
		own := &x.shares[int(r)*len(x.classes)+i]
		if own.own == 0 {
			continue
		}
		load := x.net.Load(Resource(own.own - 1))
		other = other || load != own.used
		own.used = load
		used += load
	}
	if at.common != 0 { // in the last round a class's own use is part of it
		used = x.net.Load(Resource(at.common - 1))
	}
	other = other || used != at.used
	at.used = used
	return other
}

// allot works out the capacities that a tier has at a resource.
func (s *tiers) allot(t int, r Resource) {
	x := &s.list[t]
	whole := s.whole.resources[r].capacity
	spare, used := whole, 0.0
	for earlier := range t {
		if e := &s.list[earlier]; int(r) < len(e.sites) {
			used += e.sites[r].used
		}
	}
	spare = left(whole, used)
	if at := &x.sites[r]; at.common != 0 {
		x.setCapacity(at.common, spare, whole)
	}
	if !s.divided[r] {
		return
	}
	x.wanted = x.wanted[:0]
	total := 0.0
	for _, c := range x.classes {
		want := 0.0
		if own := x.share(r, c); own.own != 0 {
			want = min(x.net.demand(own.own-1), s.room(x, r, c))
		}
		x.wanted = append(x.wanted, want)
		total += want
	}
	level := math.Inf(1)
	if total > spare {
		level = x.fairLevel(s, spare)
	}
	for i, c := range x.classes {
		own := x.share(r, c)
		if own.own == 0 {
			continue
		}
		part := s.room(x, r, c)
		switch {
		case x.round == reserved && total > spare:
			part = min(x.wanted[i], s.classes[c].Min*level)
		case x.round == equal && total > spare:
			part = min(x.wanted[i], level)
		case x.round == equal:
			part = min(part, spare)
		}
		x.setCapacity(own.own, part, whole)
	}
}

// room is the most that a class may have at a resource in a tier, whatever others take.
func (s *tiers) room(x *tier, r Resource, c int32) float64 {
	class := &s.classes[c]
	if x.round == reserved {
		return class.Min
	}
	if class.Max == 0 {
		return math.Inf(1)
	}
	used := 0.0
	for kind := range x.round {
		if t := s.plan[c][kind]; t >= 0 && int(r) < len(s.list[t].sites) {
			used += s.list[t].share(r, c).used
		}
	}
	return left(class.Max, used)
}

// demand is the most that the flows over a resource could take: no less than the sum of
// their caps.
func (n *Network) demand(id int32) float64 {
	r := &n.resources[id]
	switch {
	case r.count == 0:
		return 0
	case r.uncapped > 0:
		return math.Inf(1)
	}
	return r.capSum
}

// setCapacity keeps a capacity that differs by rounding only, so that the flows under it
// keep their rates bit for bit.
func (x *tier) setCapacity(resource int32, to, whole float64) {
	r := Resource(resource - 1)
	if math.Abs(to-x.net.Capacity(r)) <= same*whole && !math.IsInf(whole, 1) {
		return
	}
	x.net.SetCapacity(r, to)
}

// fairLevel is the level at which classes that want more than there is have shared it all:
// each has the level times its Min where minima are dealt out, the level itself elsewhere,
// or what it wants if that is less.
func (x *tier) fairLevel(s *tiers, there float64) float64 {
	weight := func(place int) float64 {
		if x.round == reserved {
			return s.classes[x.classes[place]].Min
		}
		return 1
	}
	x.order = x.order[:0]
	sum := 0.0
	for i := range x.classes {
		if x.wanted[i] > 0 {
			x.order = append(x.order, i)
			sum += weight(i)
		}
	}
	slices.SortFunc(x.order, func(i, j int) int {
		return cmp.Or(cmp.Compare(x.wanted[i]/weight(i), x.wanted[j]/weight(j)), i-j)
	})
	for _, i := range x.order {
		if level := there / sum; level <= x.wanted[i]/weight(i) {
			return level
		}
		there -= x.wanted[i]
		sum -= weight(i)
	}
	return math.Inf(1)
}
