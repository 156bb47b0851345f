package fluid

import "math"

// same says how close, relatively, two levels must be to count as one. It is above what
// rounding does to the sum of a few hundred rates and far below the accuracy promised. Its
// only work is to let a flow keep its rate bit for bit, so that rounding alone does not make
// a change travel; a level that differs by more is always corrected, so errors do not add
// up.
const same = 1e-13

// Solve settles all changes since the last call and returns the flows whose rate is now
// another, those just added included, lowest level first (with classes: in the order of the
// rounds). The slice is valid until the next call.
//
// Progressive filling raises the level of all flows together, and each resource that fills
// up stops the flows on it. Solve follows that process only where it now runs differently.
// A resource is looked at when one of its flows or its capacity has changed. Taking the
// other flows at their present levels, its fill level is known, and the next thing that
// happens there is one of two, at the lower of two levels:
//
//   - release: the flows it held down so far reach their old level and the resource is not
//     full yet. They become open, and the other resources on their routes are looked at.
//   - stop: the resource is full. Every flow on it that is open, or has been higher, is
//     settled at this level, and the other resources on its route are looked at if that
//     is a change.
//
// Taken in order of level, nothing that happens can undo what happened at a lower level, so
// a flow is settled at most once. A flow that no resource stops runs at its cap. All is
// settled when no flow is open and no resource in the queue is urgent: the others were
// looked at only because a flow was open that has since been stopped elsewhere, lower than
// they would have stopped it. With classes each round does so for itself, and takes note of
// what earlier rounds have left only where that is another than before.
func (n *Network) Solve() []Flow {
	if n.tiers != nil {
		return n.tiers.solve()
	}
	n.changed = n.changed[:0]
	for {
		for i := 0; i < len(n.dirty); i++ {
			n.look(n.dirty[i])
		}
		n.dirty = n.dirty[:0]
		if n.open == 0 && n.urgent == 0 {
			n.dropQueue()
			break
		}
		key, id, ok := n.queue.pop()
		if !ok {
			break
		}
		r := &n.resources[id]
		if key != r.key {
			continue // superseded
		}
		n.setKey(r, id, math.Inf(1), false)
		switch {
		case r.stale && r.open == 0 && r.held == 0 && !r.over: // all stopped elsewhere
		case r.stale:
			n.look(id)
		case key < lessThan(r.fill):
			n.release(id)
		default:
			n.stop(id)
		}
	}
	for _, id := range n.touched {
		f := &n.flows[id]
		f.touched = false
		if !f.live {
			continue
		}
		fact := &n.facts[id]
		if f.bottleneck != none {
			f.bottleneck = ^f.bottleneck
			n.resources[f.bottleneck].held++
		} else if f.level != fact.prior && isSame(f.level, fact.prior) {
			f.setLevel(fact.prior)
		}
		if f.level == fact.prior {
			continue
		}
		if f.bottleneck == none {
			fact.rate = fact.cap
		} else {
			fact.rate = f.part
		}
		n.changed = append(n.changed, Flow(id))
	}
	n.touched = n.touched[:0]
	return n.changed
}

// lessThan is the highest level that counts as lower than the given one.
func lessThan(level float64) float64 { return level * (1 - same) }

// isSame is false when either is NaN; infinite levels are the same.
func isSame(a, b float64) bool {
	return a == b || math.Abs(a-b) <= same*math.Abs(b) && !math.IsInf(a-b, 0)
}

// setKey puts a resource into the queue at a level, or takes it out (+Inf).
func (n *Network) setKey(r *resource, id int32, key float64, urgent bool) {
	if r.urgent != urgent {
		r.urgent = urgent
		if urgent {
			n.urgent++
		} else {
			n.urgent--
		}
	}
	if key != r.key {
		r.key = key
		if key < math.Inf(1) {
			n.queue.push(key, id)
		}
	}
}

// dropQueue empties the queue.
func (n *Network) dropQueue() {
	for _, e := range n.queue.entries {
		n.resources[e.resource].key = math.Inf(1)
	}
	n.queue.entries = n.queue.entries[:0]
}

// look works out what happens next at a resource and puts it into the queue.
func (n *Network) look(id int32) {
	r := &n.resources[id]
	r.dirty, r.stale = false, false
	if r.held == 0 && r.uncapped == 0 && r.capSum <= r.capacity {
		r.fill, r.over = math.Inf(1), false
		n.setKey(r, id, r.fill, false)
		return
	}
	held := n.fillUp(r, id)
	key := r.fill
	if held < key {
		key = held
	}
	n.setKey(r, id, key, key < math.Inf(1) && (r.over || r.held > 0))
}

// fillUp sets fill, the level at which the resource is full when its flows are at their
// levels and those that it holds down itself are free up to their caps, +Inf when that does
// not fill it; and over, whether some flow stands above that. It returns the lowest level of
// the flows it holds down, +Inf when it holds none.
func (n *Network) fillUp(r *resource, id int32) (held float64) {
	inf := math.Inf(1)
	held = inf
	list, flows := n.list(r), n.flows
	var fixed, open float64
	var topBits uint64 // non-negative numbers are in the order of their bits
	if r.held == 0 {
		for _, m := range list {
			f := &flows[m.flow]
			fixed += f.part
			open += f.rise
			topBits = max(topBits, math.Float64bits(f.finite))
		}
	} else {
		for _, m := range list {
			f := &flows[m.flow]
			switch {
			case f.bottleneck != id:
				fixed += f.part
				open += f.rise
				topBits = max(topBits, math.Float64bits(f.finite))
				continue
			case f.capLevel < inf:
				fixed += float64(f.weight * f.capLevel)
				topBits = max(topBits, math.Float64bits(f.capLevel))
			default:
				open += f.weight
			}
			if f.level < held {
				held = f.level
			}
		}
	}
	top := math.Float64frombits(topBits)
	level := 0.0
	if open > 0 {
		level = (r.capacity - fixed) / open
	} else if fixed <= r.capacity {
		level = inf
	}
	r.fill, r.over = level, level < top
	if !r.over {
		return held
	}
	if level < 0 {
		level = 0
	}
	// Some flow stands above that level, so it does not take all it could. What the flows
	// take is a concave, piecewise linear function of the level: Newton's method comes to
	// the root from below and passes at least one flow's level with each step.
	for {
		fixed, open = 0, 0
		for _, m := range list {
			f := &n.flows[m.flow]
			u := f.level
			if f.bottleneck == id {
				u = f.capLevel
			}
			if u <= level {
				fixed += float64(f.weight * u)
			} else {
				open += f.weight
			}
		}
		if open == 0 {
			break
		}
		next := (r.capacity - fixed) / open
		if !(next > level) {
			break
		}
		level = next
	}
	r.fill = level
	return held
}

// release opens the flows that a resource held down.
func (n *Network) release(id int32) {
	r := &n.resources[id]
	for _, m := range n.list(r) {
		f := &n.flows[m.flow]
		if f.bottleneck != id {
			continue
		}
		n.touch(m.flow)
		n.count(f, -1)
		f.bottleneck = none
		f.setLevel(f.capLevel)
		n.count(f, 1)
		for _, h := range n.route(f) {
			if h.resource != id {
				n.mark(h.resource)
			}
		}
	}
	n.setKey(r, id, r.fill, r.over && r.fill < math.Inf(1))
}

// stop settles, at the fill level of a resource, every flow on it that would go higher.
func (n *Network) stop(id int32) {
	r := &n.resources[id]
	for _, m := range n.list(r) {
		f := &n.flows[m.flow]
		settled := f.bottleneck < 0 && f.bottleneck != none
		if settled || lessThan(f.level) <= r.fill {
			continue
		}
		n.touch(m.flow)
		n.count(f, -1)
		level := r.fill
		if prior := n.facts[m.flow].prior; isSame(level, prior) {
			level = prior
		}
		f.setLevel(level)
		f.bottleneck = ^id
		for _, h := range n.route(f) {
			o := &n.resources[h.resource]
			if o.key < math.Inf(1) {
				o.stale = true
			} else if o.held > 0 && h.resource != id {
				n.mark(h.resource)
			}
		}
	}
}
