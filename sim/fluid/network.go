package fluid

import (
	"fmt"
	"math"
)

// Resource numbers what flows share: 0 up to the number of capacities given to New.
type Resource int32

// Flow numbers a flow of one Network. The number of a removed flow is given to the next
// flow added (last removed, first reused).
type Flow int32

// FlowSpec describes a flow to Add.
type FlowSpec struct {
	// Route lists the resources the flow uses, in any order. A resource listed twice is
	// used twice: it carries the flow's rate two times. The slice is copied.
	Route []Resource
	// Weight is the flow's share relative to others at a common bottleneck; 0 means 1.
	Weight float64
	// Cap is the highest rate the flow can take; 0 means none.
	Cap float64
	// Class is the number of its class in a network made by NewClassed, 0 elsewhere.
	Class int32
}

// Network is a set of resources with capacities and the flows that share them. Make one
// with New or NewClassed.
type Network struct {
	resources []resource
	flows     []flow
	facts     []facts // by flow
	members   slab[member]
	hops      slab[hop]
	free      []int32 // numbers of removed flows

	dirty   []int32 // resources whose level must be worked out anew
	touched []int32 // flows whose level was opened or set since the last Solve
	queue   levelQueue
	urgent  int    // resources in the queue with urgent set
	open    int    // open flows with a route and no cap
	changed []Flow // what Solve returned last
	tiers   *tiers // nil without classes; with them, these say all but who is live and at which rate
}

// none stands for "no bottleneck": the flow is open, or runs at its cap.
const none = math.MinInt32

// flow is what the search reads, apart from the facts about it so that it stays in cache.
type flow struct {
	// level is the flow's rate per weight as resources other than its bottleneck see it:
	// the settled level, or while the flow is open the highest it may reach, capLevel.
	level float64
	// finite, part and rise are level in the form in which sums need no case distinction:
	// level, weight*level and 0, but 0, 0 and weight when level is infinite.
	finite, part, rise float64
	weight             float64
	capLevel           float64 // cap/weight, +Inf without a cap
	// bottleneck is the resource that holds the flow down; its complement once the flow
	// has been settled in the Solve under way; none.
	bottleneck int32
	hops       int32 // offset of the route in Network.hops
	hopCount   int32
	hopClass   uint8
	live       bool
	touched    bool
}

type facts struct {
	prior float64 // level before the pending changes (valid while touched); NaN when new
	cap   float64
	rate  float64
}

type resource struct {
	capacity float64
	fill     float64 // level at which the resource is full, as last worked out
	key      float64 // of its valid entry in the queue; +Inf when it has none
	// capSum is not below the sum of the caps of the flows that have one; while it fits and
	// no flow is uncapped, the resource cannot fill up and its list need not be read.
	capSum   float64
	uncapped int32 // entries of flows without a cap
	members  int32 // offset of its list of flows in Network.members
	count    int32
	open     int32 // entries of the list whose flows are open and have no cap
	held     int32 // flows whose bottleneck it is, less those settled in the Solve under way
	class    uint8
	dirty    bool // is in Network.dirty
	stale    bool // fill and key may have become too low, never too high
	over     bool // a flow stands above fill
	urgent   bool // over or held flows down when it was put into the queue
}

// member is one use of a resource; hop is the same use seen from the flow.
type member struct {
	flow int32
	hop  int32 // index in the flow's route
}
type hop struct {
	resource int32
	slot     int32 // index in the resource's list
}

// New makes a network of len(capacity) resources without flows. A capacity is 0 (a failed
// link: its flows stand still) or positive, +Inf for a resource that never limits. It
// panics on a negative capacity or NaN.
func New(capacity []float64) *Network {
	n := &Network{resources: make([]resource, len(capacity))}
	for i, c := range capacity {
		checkAmount("capacity", c)
		n.resources[i] = resource{capacity: c, key: math.Inf(1)}
	}
	return n
}

func checkAmount(what string, v float64) {
	if !(v >= 0) {
		panic(fmt.Sprintf("fluid: %s %v is not a non-negative number", what, v))
	}
}

// Resources is the number of resources.
func (n *Network) Resources() int { return len(n.resources) }

// AddResource adds a resource and returns its number, the next one.
func (n *Network) AddResource(capacity float64) Resource {
	checkAmount("capacity", capacity)
	n.resources = append(n.resources, resource{capacity: capacity, key: math.Inf(1)})
	if n.tiers != nil {
		n.tiers.divided = append(n.tiers.divided, false)
	}
	return Resource(len(n.resources) - 1)
}

// Capacity is the capacity last set.
func (n *Network) Capacity(r Resource) float64 { return n.resources[r].capacity }

// SetCapacity changes a capacity at the next Solve; see New for its range.
func (n *Network) SetCapacity(r Resource, capacity float64) {
	checkAmount("capacity", capacity)
	if n.resources[r].capacity != capacity {
		n.resources[r].capacity = capacity
		if n.tiers != nil {
			n.tiers.changed(r)
			return
		}
		n.mark(int32(r))
	}
}

// Add adds a flow, which has rate 0 until the next Solve. It panics when the route names a
// resource, or Class a class, that does not exist or when Weight or Cap is negative or not
// a number, or Weight is infinite.
func (n *Network) Add(spec FlowSpec) Flow {
	weight := spec.Weight
	if weight == 0 {
		weight = 1
	}
	checkAmount("weight", weight)
	if math.IsInf(weight, 1) {
		panic("fluid: infinite weight")
	}
	checkAmount("cap", spec.Cap)
	n.checkRoute(spec.Route)
	n.checkClass(spec.Class)
	var id int32
	if last := len(n.free) - 1; last >= 0 {
		id = n.free[last]
		n.free = n.free[:last]
	} else {
		id = int32(len(n.flows))
		n.flows = append(n.flows, flow{})
		n.facts = append(n.facts, facts{})
	}
	f := &n.flows[id]
	touched := f.touched // a removed flow of this number may still be listed
	*f = flow{weight: weight, bottleneck: none, live: true, touched: touched}
	n.facts[id] = facts{prior: math.NaN()}
	n.setCap(id, limitOf(spec.Cap))
	if n.tiers != nil {
		n.tiers.add(Flow(id), &spec)
		return Flow(id)
	}
	if !touched {
		f.touched = true
		n.touched = append(n.touched, id)
	}
	n.link(id, spec.Route)
	n.count(f, 1)
	return Flow(id)
}

// checkRoute comes before anything is changed, so that a refusal leaves the network whole.
func (n *Network) checkRoute(route []Resource) {
	for _, r := range route {
		if r < 0 || int(r) >= len(n.resources) {
			panic(fmt.Sprintf("fluid: route names resource %d of %d", r, len(n.resources)))
		}
	}
}

func (n *Network) checkClass(c int32) {
	classes := 1
	if n.tiers != nil {
		classes = len(n.tiers.classes)
	}
	if c < 0 || int(c) >= classes {
		panic(fmt.Sprintf("fluid: class %d of %d", c, classes))
	}
}

// limitOf is a cap as the search has it.
func limitOf(rate float64) float64 {
	if rate == 0 {
		return math.Inf(1)
	}
	return rate
}

func (n *Network) setCap(id int32, rate float64) {
	n.facts[id].cap = rate
	f := &n.flows[id]
	f.capLevel = rate / f.weight
	f.setLevel(f.capLevel)
}

func (f *flow) setLevel(level float64) {
	f.level = level
	if level < math.Inf(1) {
		f.finite, f.part, f.rise = level, f.weight*level, 0
	} else {
		f.finite, f.part, f.rise = 0, 0, f.weight
	}
}

// Remove takes a flow out. Its number may be given to the next flow added.
func (n *Network) Remove(id Flow) {
	n.mustLive(id)
	if n.tiers != nil {
		n.tiers.quit(id)
	} else {
		n.count(&n.flows[id], -1)
		n.unlink(int32(id))
	}
	n.flows[id].live = false
	n.facts[id].rate = 0
	n.free = append(n.free, int32(id))
}

// Reroute gives a flow another route at the next Solve. Rate stays as it was until then.
func (n *Network) Reroute(id Flow, route []Resource) {
	n.mustLive(id)
	n.checkRoute(route)
	if n.tiers != nil {
		n.tiers.reroute(id, route)
		return
	}
	n.touch(int32(id))
	f := &n.flows[id]
	n.count(f, -1)
	n.unlink(int32(id))
	f.bottleneck = none
	f.setLevel(f.capLevel)
	n.link(int32(id), route)
	n.count(f, 1)
}

// SetCap changes the highest rate of a flow at the next Solve; 0 means none.
func (n *Network) SetCap(id Flow, rate float64) {
	n.mustLive(id)
	checkAmount("cap", rate)
	if n.tiers != nil {
		n.setCap(int32(id), limitOf(rate))
		n.tiers.recap(id, reserved)
		return
	}
	n.setLimit(id, limitOf(rate))
}

// setLimit is SetCap with +Inf for none and 0 for a flow that stands still.
func (n *Network) setLimit(id Flow, rate float64) {
	n.touch(int32(id))
	f := &n.flows[id]
	n.count(f, -1)
	for _, h := range n.route(f) {
		n.resources[h.resource].uncountCap(n.facts[id].cap)
	}
	f.bottleneck = none
	n.setCap(int32(id), rate)
	n.count(f, 1)
	for _, h := range n.route(f) {
		n.resources[h.resource].countCap(n.facts[id].cap)
		n.mark(h.resource)
	}
}

// Rate is the rate of a flow as of the last Solve; +Inf when neither a cap nor any
// resource limits it.
func (n *Network) Rate(id Flow) float64 {
	n.mustLive(id)
	return n.facts[id].rate
}

// Bottleneck is the resource that holds a flow to its rate as of the last Solve; ok is
// false when the flow runs at its cap. Of several that would each do, it is one.
func (n *Network) Bottleneck(id Flow) (r Resource, ok bool) {
	n.mustLive(id)
	if n.tiers != nil {
		return n.tiers.bottleneck(id)
	}
	b := n.flows[id].bottleneck
	return Resource(max(b, 0)), b >= 0
}

// Load is the sum of the rates over a resource as of the last Solve. Without classes it is
// added up in the order of the resource's list, which costs one step per flow.
func (n *Network) Load(r Resource) float64 {
	if n.tiers != nil {
		return n.tiers.load(r)
	}
	var sum float64
	for _, m := range n.list(&n.resources[r]) {
		sum += n.facts[m.flow].rate
	}
	return sum
}

// Flows is the number of flows now.
func (n *Network) Flows() int { return len(n.flows) - len(n.free) }

func (n *Network) mustLive(id Flow) {
	if !n.flows[id].live {
		panic(fmt.Sprintf("fluid: flow %d was removed", id))
	}
}

func (n *Network) list(r *resource) []member {
	return n.members.items[r.members : r.members+r.count]
}

func (n *Network) route(f *flow) []hop {
	return n.hops.items[f.hops : f.hops+f.hopCount]
}

// mark notes that the level of a resource must be worked out anew.
func (n *Network) mark(r int32) {
	if !n.resources[r].dirty {
		n.resources[r].dirty = true
		n.dirty = append(n.dirty, r)
	}
}

// isOpen is whether the flow rises until a resource stops it. (A flow without a cap on
// nothing but resources of infinite capacity is open for ever.)
func (f *flow) isOpen() bool { return f.level == math.Inf(1) && f.bottleneck == none }

// count adds a flow to the counts of open and held flows (by 1), or takes it off (by -1),
// before or after a change to its route or state.
func (n *Network) count(f *flow, by int32) {
	if f.bottleneck >= 0 {
		n.resources[f.bottleneck].held += by
	} else if f.isOpen() && f.hopCount > 0 {
		n.open += int(by)
		for _, h := range n.route(f) {
			n.resources[h.resource].open += by
		}
	}
}

// touch lists a flow as one whose level may differ from what it was, and keeps that.
func (n *Network) touch(id int32) {
	if f := &n.flows[id]; !f.touched {
		f.touched = true
		n.facts[id].prior = f.level
		n.touched = append(n.touched, id)
	}
}

func (n *Network) link(id int32, route []Resource) {
	f := &n.flows[id]
	f.hopCount = int32(len(route))
	if len(route) == 0 {
		return
	}
	f.hopClass = classFor(len(route))
	f.hops = n.hops.take(f.hopClass)
	hops := n.route(f)
	for i, res := range route {
		r := &n.resources[res]
		size := int32(1) << r.class
		if r.count == 0 {
			r.class = max(r.class, 2)
			r.members = n.members.take(r.class)
		} else if r.count == size {
			at := n.members.take(r.class + 1)
			copy(n.members.items[at:], n.list(r))
			n.members.give(r.members, r.class)
			r.members, r.class = at, r.class+1
		}
		hops[i] = hop{resource: int32(res), slot: r.count}
		n.members.items[r.members+r.count] = member{flow: id, hop: int32(i)}
		r.count++
		r.countCap(n.facts[id].cap)
		n.mark(int32(res))
	}
}

// ulp is more than what rounding one sum can cost, relatively.
const ulp = 0x1p-52

// countCap and uncountCap keep capSum by rounding up, so that it never falls below the sum.
func (r *resource) countCap(cap float64) {
	if math.IsInf(cap, 1) {
		r.uncapped++
	} else {
		r.capSum = (r.capSum + cap) * (1 + ulp)
	}
}

func (r *resource) uncountCap(cap float64) {
	if math.IsInf(cap, 1) {
		r.uncapped--
	} else {
		r.capSum = r.capSum - cap + float64(r.capSum*ulp)
	}
}

func (n *Network) unlink(id int32) {
	f := &n.flows[id]
	for i := range f.hopCount {
		h := n.hops.items[f.hops+i] // read anew: the last entry moved may be our own
		r := &n.resources[h.resource]
		r.count--
		r.uncountCap(n.facts[id].cap)
		if h.slot != r.count {
			moved := n.members.items[r.members+r.count]
			n.members.items[r.members+h.slot] = moved
			n.hops.items[n.flows[moved.flow].hops+moved.hop].slot = h.slot
		}
		if r.count == 0 {
			n.members.give(r.members, r.class)
			r.class, r.capSum = 0, 0
		}
		n.mark(h.resource)
	}
	if f.hopCount > 0 {
		n.hops.give(f.hops, f.hopClass)
		f.hopCount = 0
	}
}
