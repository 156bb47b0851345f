package fluid

import "math"

// Class is a class of flows of a network made by NewClassed. What it says holds at every
// divided resource for all of the class's flows there together.
type Class struct {
	Min      float64 // reserved rate; 0: none
	Max      float64 // highest rate; 0: none
	Priority int32   // who is served first with what is not reserved: the higher
}

// NewClassed makes a network whose flows belong to classes. It panics where New does, on
// a Min or Max that is negative or not a number, and when there is no class.
func NewClassed(capacity []float64, classes []Class) *Network {
	if len(classes) == 0 {
		panic("fluid: no classes")
	}
	for _, c := range classes {
		checkAmount("minimum", c.Min)
		checkAmount("maximum", c.Max)
	}
	n := New(capacity)
	n.tiers = newTiers(n, classes)
	return n
}

// Divide makes the classes' rates hold at a resource from the next Solve on, if the
// network has classes. It panics when a flow uses the resource.
func (n *Network) Divide(r Resource) {
	if n.tiers != nil {
		n.tiers.divide(r)
	}
}

// round is what a tier hands out.
type round uint8

const (
	reserved round = iota // the classes' minima
	equal                 // equal parts among the classes of a priority
	rest                  // what is left, flow by flow
	rounds
)

// tiers are plain networks that are settled one after the other, each with what those
// before it have left. A flow of the whole takes part in one tier of each round at most and
// runs at the sum of its rates there.
type tiers struct {
	whole   *Network
	classes []Class
	list    []tier
	plan    [][rounds]int32 // by class: the tiers of its flows, -1: none
	divided []bool          // by resource of the whole
	parts   []parts         // by flow of the whole
	touched []Flow
	hops    []Resource // what route returned last
}

// parts is a flow of the whole as the tiers see it.
type parts struct {
	class   int32
	fresh   bool // not reported yet
	touched bool // is in tiers.touched
	route   []Resource
	flow    [rounds]Flow // -1: none
	rate    [rounds]float64
}

type tier struct {
	net     *Network
	round   round
	classes []int32    // that take part, in their order
	place   []int32    // by class: its place in classes, -1: none
	owner   []Flow     // by flow of net: the flow of the whole
	origin  []Resource // by resource of net: the resource of the whole
	sites   []site     // by resource of the whole
	shares  []share    // by resource of the whole and place
	dirty   []Resource // whose capacities in net must be worked out anew
	stale   []Resource // whose load must be added up anew
	caps    []Flow     // flows of the whole whose cap in net must be worked out anew
	wanted  []float64  // by place; used by allot
	order   []int      // used by fairLevel
}

// site is a resource of the whole in one tier.
type site struct {
	common       int32 // resource of net that all classes share + 1, 0: none
	used         float64
	dirty, stale bool
}

// share is a class's part of a divided resource in one tier.
type share struct {
	own  int32 // resource of net that only the class uses + 1, 0: none
	used float64
}

func newTiers(whole *Network, classes []Class) *tiers {
	s := &tiers{whole: whole, classes: classes, divided: make([]bool, len(whole.resources))}
	s.plan = make([][rounds]int32, len(classes))
	add := func(kind round, member func(Class) bool) {
		x := tier{net: New(nil), round: kind, place: make([]int32, len(classes))}
		for c := range classes {
			x.place[c] = -1
			if member(classes[c]) {
				x.place[c] = int32(len(x.classes))
				x.classes = append(x.classes, int32(c))
			}
		}
		for _, c := range x.classes {
			s.plan[c][kind] = int32(len(s.list))
		}
		s.list = append(s.list, x)
	}
	reserves := false
	for c := range classes {
		s.plan[c] = [rounds]int32{-1, -1, -1}
		reserves = reserves || classes[c].Min > 0
	}
	if reserves {
		add(reserved, func(c Class) bool { return c.Min > 0 })
	}
	for above := int64(math.MaxInt64); ; {
		next, count := int64(math.MinInt64), 0
		for _, c := range classes {
			switch p := int64(c.Priority); {
			case p < above && p > next:
				next, count = p, 1
			case p == next:
				count++
			}
		}
		if count == 0 {
			return s
		}
		same := func(c Class) bool { return int64(c.Priority) == next }
		if count > 1 {
			add(equal, same)
		}
		add(rest, same)
		above = next
	}
}

func (s *tiers) divide(r Resource) {
	if s.divided[r] {
		return
	}
	for t := range s.list {
		if x := &s.list[t]; int(r) < len(x.sites) && x.sites[r].common != 0 && x.net.resources[x.sites[r].common-1].count > 0 {
			panic("fluid: a resource in use is divided")
		}
	}
	s.divided[r] = true
	s.changed(r)
}

// changed notes that a resource of the whole has another capacity.
func (s *tiers) changed(r Resource) {
	for t := range s.list {
		s.list[t].mark(r)
	}
}

func (x *tier) site(r Resource) *site {
	for int(r) >= len(x.sites) {
		x.sites = append(x.sites, site{})
		x.shares = append(x.shares, make([]share, len(x.classes))...)
	}
	return &x.sites[r]
}

func (x *tier) share(r Resource, class int32) *share {
	return &x.shares[int(r)*len(x.classes)+int(x.place[class])]
}

// mark has the capacities at a resource worked out anew.
func (x *tier) mark(r Resource) {
	if int(r) < len(x.sites) && !x.sites[r].dirty {
		x.sites[r].dirty = true
		x.dirty = append(x.dirty, r)
	}
}

// markLoad has the load of a resource added up anew.
func (x *tier) markLoad(r Resource) {
	if s := &x.sites[r]; !s.stale {
		s.stale = true
		x.stale = append(x.stale, r)
	}
}

func (x *tier) resource(r Resource) int32 {
	x.origin = append(x.origin, r)
	return int32(x.net.AddResource(0)) + 1
}

// route is what a flow of a class uses in a tier, valid until the next call.
func (s *tiers) route(x *tier, class int32, route []Resource) []Resource {
	out := s.hops[:0]
	for _, r := range route {
		at := x.site(r)
		divided := s.divided[r]
		if x.round == rest || !divided {
			if at.common == 0 {
				at.common = x.resource(r)
			}
			out = append(out, Resource(at.common-1))
		}
		if divided && (x.round != rest || s.classes[class].Max > 0) {
			own := x.share(r, class)
			if own.own == 0 {
				own.own = x.resource(r)
			}
			out = append(out, Resource(own.own-1))
		}
		x.mark(r)
		x.markLoad(r)
	}
	s.hops = out
	return out
}

// takesPart says whether flows over a route have a part in a round: where nothing is
// divided there are no minima and no parts of classes.
func (s *tiers) takesPart(kind round, route []Resource) bool {
	if kind == rest {
		return true
	}
	for _, r := range route {
		if s.divided[r] {
			return true
		}
	}
	return false
}

func (s *tiers) add(id Flow, spec *FlowSpec) {
	for int(id) >= len(s.parts) {
		s.parts = append(s.parts, parts{})
	}
	p := &s.parts[id]
	*p = parts{class: spec.Class, fresh: true, touched: p.touched, route: p.route[:0], flow: [rounds]Flow{-1, -1, -1}}
	s.touch(id)
	s.join(id, spec.Route)
}

// join puts a flow into its tiers.
func (s *tiers) join(id Flow, route []Resource) {
	p := &s.parts[id]
	p.route = append(p.route[:0], route...)
	for kind, t := range s.plan[p.class] {
		if t < 0 || !s.takesPart(round(kind), route) {
			continue
		}
		x := &s.list[t]
		f := x.net.Add(FlowSpec{Route: s.route(x, p.class, route), Weight: s.whole.flows[id].weight})
		for int(f) >= len(x.owner) {
			x.owner = append(x.owner, 0)
		}
		x.owner[f] = id
		p.flow[kind] = f
		x.caps = append(x.caps, id)
	}
}

// quit takes a flow out of its tiers.
func (s *tiers) quit(id Flow) {
	p := &s.parts[id]
	for kind, f := range p.flow {
		if f < 0 {
			continue
		}
		x := &s.list[s.plan[p.class][kind]]
		x.net.Remove(f)
		p.flow[kind], p.rate[kind] = -1, 0
		for _, r := range p.route {
			x.mark(r)
			x.markLoad(r)
		}
	}
}

func (s *tiers) reroute(id Flow, route []Resource) {
	s.touch(id)
	s.quit(id)
	s.join(id, route)
}

func (s *tiers) touch(id Flow) {
	if p := &s.parts[id]; !p.touched {
		p.touched = true
		s.touched = append(s.touched, id)
	}
}

// recap has a flow's caps worked out anew in the tiers of a round and those after it.
func (s *tiers) recap(id Flow, from round) {
	p := &s.parts[id]
	for kind := from; kind < rounds; kind++ {
		if p.flow[kind] >= 0 {
			x := &s.list[s.plan[p.class][kind]]
			x.caps = append(x.caps, id)
		}
	}
}

func (s *tiers) bottleneck(id Flow) (Resource, bool) {
	p := &s.parts[id]
	x := &s.list[s.plan[p.class][rest]]
	b, ok := x.net.Bottleneck(p.flow[rest])
	if !ok {
		return 0, false
	}
	return x.origin[b], true
}

func (s *tiers) load(r Resource) (sum float64) {
	for t := range s.list {
		if x := &s.list[t]; int(r) < len(x.sites) {
			sum += x.sites[r].used
		}
	}
	return sum
}
