package sim

import (
	"math"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/sim/des"
	"sendim/sim/tcp"
)

// lanes is a world whose nodes are divided among several workers. Each has a world of his
// own, which shares the columns and common with the others, and does what happens at his
// nodes. The world of the session, home, keeps what concerns no single node.
//
// The workers go on at the same time within a window: from the earliest event to just
// before anything that one of them does could reach another, which is the delay of the
// links between them (lookahead). What must not happen beside anything else ends the
// window before it (together, and home's own queue). Where the answer could depend on the
// order in which workers do something within a window (see guarded), and for all that was
// not made for it, the events happen one by one in the one order that is defined.
type lanes struct {
	list      []*world
	home      *world
	team      des.Team
	work      func(lane int)
	to        int64 // end of the window, inclusive
	phase     int   // of the mail that is being written
	known     bool  // the workers' next is right
	lookahead int64
	stale     bool  // it must be worked out anew
	orderly   int64 // until then one by one
	moments   moments
	mixed     bool // something is there that was not made for windows
	witness   int  // the flow that was found last to outlast a window
	events    int  // since the last beat
	windows   int
	books     []record
}

// noLane is home's number.
const noLane = math.MaxUint8

// mostWorkers is how many workers there can be.
const mostWorkers = 64

// share is what a worker needs only beside others.
type share struct {
	apart    bool      // others work at the same time
	mail     [2][]post // for the others, by phase and lane
	posted   int64     // the earliest in it
	soonest  int64     // the earliest event, where lanes.known
	done     int       // events in the last window
	top      des.Event // the last in the defined order of what has happened at this moment
	tick     uint32    // counts what is noted
	book     []record  // what is done when all stand still
	ups      []control.Upcall
	obeyed   []uint32 // messages of the controller
	closing  []*run   // flows that have sent their last datagram
	landings []*run   // flows whose last datagram may have landed
	scouting []*run   // flows whose first frame is, or was, on its way
	expected []*run   // TCP flows that may end any time
}

// workerAt is the world of the worker whose a node is, or home.
func (w *world) workerAt(node model.NodeID) *world {
	if w.part == nil {
		return w
	}
	x := w.lanes
	to := x.home
	if int(node) < len(w.part) {
		to = x.list[w.part[node]]
	}
	if !w.apart {
		x.known = false
	} else if to != w {
		panic("sim: a worker within a window touched what is another's")
	}
	return to
}

// everyone lists all worlds that hold frames.
func (w *world) everyone() []*world {
	if w.part == nil {
		return []*world{w}
	}
	return w.lanes.list
}

// travelling goes through all frames that are on a link.
func (w *world) travelling(visit func(*frame)) {
	if w.part == nil {
		w.frames.travelling(visit)
		return
	}
	for _, l := range w.lanes.list {
		l.frames.travelling(visit)
	}
}

// enlist gives a new flow its number.
func (w *world) enlist(f *run) {
	if w.part == nil {
		w.flows = append(w.flows, f)
		return
	}
	x := w.lanes
	for _, l := range x.list {
		l.flows = append(l.flows, f)
	}
	x.home.flows = append(x.home.flows, f)
	f.sides = make([]side, len(x.list))
	x.mixed = x.mixed || f.spec.Service != ""
}

// strike takes a flow from the list; within a window from the worker's own, the others
// follow.
func (w *world) strike(f *run) {
	w.flows[f.index] = nil
	if w.part == nil || w.apart {
		return
	}
	for _, l := range w.lanes.list {
		l.flows[f.index] = nil
	}
	w.lanes.home.flows[f.index] = nil
}

// relook has the lookahead worked out anew.
func (w *world) relook() {
	if w.part != nil {
		w.lanes.stale = true
	}
}

// together has what happens at a moment happen one by one.
func (w *world) together(at int64) {
	if w.part != nil {
		w.lanes.moments.push(at)
	}
}

// within does what happens at a worker's nodes in the window.
func (x *lanes) within(lane int) {
	w := x.list[lane]
	w.collect(x.phase ^ 1)
	w.posted, w.done = math.MaxInt64, 0
	for {
		e := w.queue.Next(x.to)
		if e == nil {
			break
		}
		if e.At != w.top.At || des.Compare(&w.top, e) < 0 {
			w.top = *e
		}
		w.done++
		if e.Kind == onFrame {
			w.arrive(e.A, int32(e.B), e.At)
		} else {
			w.handle(e)
		}
	}
	w.peek()
}

func (w *world) peek() {
	at, ok := w.queue.PeekTime()
	if !ok {
		at = math.MaxInt64
	}
	w.soonest = at
}

// goOn lets a window, or one event, happen, nothing later than limit. It is false when
// nothing is left to.
func (x *lanes) goOn(limit int64, forever bool) bool {
	home := x.home
	if !x.known {
		home.peek()
		for _, l := range x.list {
			l.peek()
		}
		x.known = true
	}
	first := int64(math.MaxInt64)
	for _, l := range x.list {
		first = min(first, l.soonest, l.posted)
	}
	if at := min(first, home.soonest); at > limit || at == math.MaxInt64 {
		x.stand()
		return false
	}
	if first <= x.orderly || home.soonest < first {
		x.stand()
		return x.one(limit)
	}
	to, ok := x.window(first, min(limit, home.soonest))
	if !ok || x.guarded(to, forever) {
		x.orderly = max(first, to)
		x.stand()
		return x.one(limit)
	}
	x.windows++
	x.to, x.phase = to, x.phase^1
	for _, l := range x.list {
		l.apart = true
	}
	x.team.Do(len(x.list), x.work)
	for _, l := range x.list {
		l.apart = false
		x.events += l.done
	}
	x.settle()
	return true
}

// window is the end of a window that begins at a time, false if there can be none.
func (x *lanes) window(first, limit int64) (int64, bool) {
	if x.stale {
		x.stale, x.lookahead = false, x.home.ahead(x.home.part)
	}
	ahead := min(x.lookahead, linger)
	if c := &x.home.control; c.driver != nil {
		if c.eager {
			ahead = min(ahead, c.up+1)
		} else {
			ahead = min(ahead, c.up+c.down)
		}
	}
	if ahead <= 0 {
		return first, false
	}
	to := limit
	if first <= math.MaxInt64-ahead {
		to = min(to, first+ahead-1)
	}
	for len(x.moments) > 0 && x.moments[0] < first {
		x.moments.pop()
	}
	if len(x.moments) > 0 {
		if x.moments[0] == first {
			return first, false
		}
		to = min(to, x.moments[0]-1)
	}
	return to, true
}

// leastFrame is the length of the shortest frame: an Ethernet header.
const leastFrame = 14

// least is the least time that a frame is on a channel.
func (w *world) least(c *channel) int64 {
	rate, delay := c.rate, c.delay
	if c.odd != 0 {
		o := &w.odds[c.odd]
		rate, delay = o.linkRate, max(0, delay-o.jitter)
	}
	return delay + transmissionTime(leastFrame, rate)
}

// stand has all stand still at one time with nothing on its way between them.
func (x *lanes) stand() {
	now := x.home.queue.Now()
	for _, l := range x.list {
		now = max(now, l.queue.Now())
		if l.posted < math.MaxInt64 {
			for _, other := range x.list {
				other.collect(x.phase)
			}
			x.known = false
		}
	}
	x.setClock(now)
}

// setClock lets time pass up to a moment before which nothing is left to happen.
func (w *world) setClock(now int64) {
	if w.part == nil {
		w.queue.AdvanceTo(now)
	} else {
		w.lanes.setClock(now)
	}
}

// rest sends the workers home.
func (w *world) rest() {
	if w.part != nil {
		w.lanes.team.Rest()
	}
}

func (x *lanes) setClock(now int64) {
	for _, l := range x.list {
		l.posted = math.MaxInt64
		l.queue.AdvanceTo(now)
	}
	x.home.queue.AdvanceTo(now)
}

// one lets the first of all events happen.
func (x *lanes) one(limit int64) bool {
	var who *world
	var e des.Event
	at := x.earliest()
	if at > limit || at == math.MaxInt64 {
		return false
	}
	x.setClock(at)
	for i := range len(x.list) + 1 {
		l := x.home
		if i < len(x.list) {
			l = x.list[i]
		}
		if l.soonest != at {
			continue
		}
		other, _ := l.queue.PopNext(at)
		switch {
		case who == nil:
			who, e = l, other
		case des.Compare(&other, &e) < 0:
			who.queue.Push(e)
			who, e = l, other
		default:
			l.queue.Push(other)
		}
	}
	x.known = false
	x.events++
	who.handle(&e)
	return true
}

// earliest looks at all queues.
func (x *lanes) earliest() int64 {
	x.home.peek()
	at := x.home.soonest
	for _, l := range x.list {
		l.peek()
		at = min(at, l.soonest)
	}
	return at
}

// gather gives home the list of channels that have something to tell.
func (w *world) gather() {
	if w.part == nil {
		return
	}
	for _, l := range w.lanes.list {
		w.active = append(w.active, l.active...)
		l.active = l.active[:0]
	}
	for _, f := range w.flows {
		if f != nil {
			w.fold(f)
		}
	}
}

// moments is a heap of times, the earliest first.
type moments []int64

func (m *moments) push(at int64) {
	if len(*m) > 0 && (*m)[0] == at {
		return
	}
	h := append(*m, at)
	for i := len(h) - 1; i > 0 && h[i] < h[(i-1)/2]; i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
	*m = h
}

func (m *moments) pop() {
	h := *m
	n := len(h) - 1
	h[0], h = h[n], h[:n]
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < n && h[c] < h[least] {
				least = c
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*m = h
}

// split divides a world by the lane of each node.
func (w *world) split(part []uint8, workers int) bool {
	moving := 0
	pending := w.queue.AppendPending(nil)
	for i := range pending {
		if pending[i].Kind == onFrame {
			moving++
		}
	}
	w.held(func(model.NodeID, *uint32) { moving++ })
	if moving != len(w.frames.chunks)*chunkLen-len(w.frames.free) {
		return false
	}
	x := &lanes{home: w, stale: true}
	x.work = x.within
	odds := w.odds
	w.odds = append(make([]oddity, 0, len(w.arcs)+1), odds...)
	for a := range w.arcs {
		w.oddityOf(uint32(a))
		w.arcs[a].lane = part[w.arcs[a].to]
	}
	for i := range workers {
		l := new(world)
		*l = *w // all columns and settings; what a worker writes to is his own:
		l.queue, l.lane, l.part = des.NewQueue(w.queue.Now()), uint8(i), part
		l.frames, l.segs, l.freeSegs, l.flows, l.active = arena{}, nil, nil, nil, nil
		l.result, l.at, l.output = flow.Result{PortUp: l.portUp}, nil, tcp.Output{}
		l.share = share{posted: math.MaxInt64}
		l.mail[0], l.mail[1] = make([]post, workers), make([]post, workers)
		x.list = append(x.list, l)
	}
	now := w.queue.Now()
	w.queue.Reset(now)
	w.lanes, w.part, w.lane = x, part, noLane
	x.inherit()
	for _, e := range pending {
		if int(e.Target) >= len(part) {
			w.queue.Push(e)
			continue
		}
		l := x.list[part[e.Target]]
		if e.Kind == onFrame {
			l.adopt(l.takeIn(e, w.frames.at(e.A), w.segs))
			continue
		}
		l.queue.Push(e)
		if w.control.fateful(e.Kind, e.A) {
			w.together(e.At)
		}
	}
	w.held(func(at model.NodeID, id *uint32) {
		l := x.list[part[at]]
		f := w.frames.at(*id)
		*id = l.keep(f, w.segs)
		l.adopt(l.frames.at(*id))
	})
	w.frames, w.segs, w.freeSegs = arena{}, nil, nil
	return true
}
