package sim

import (
	"math"

	"sendim/core/flow"
	"sendim/core/model"
)

// classPort is a sending port where frames wait by class. It sends as tc-htb(8) does with
// a leaf per class under a root of the link's rate: rate is the class's min, ceil its max,
// prio its priority, the quanta are equal. A class that has tokens of its min left is
// served before all that borrow; among both the higher priority goes first. What classes of
// one priority borrow is dealt out evenly in bytes. Only where the minima do not fit the
// link it differs: they are then served in proportion, whatever their priorities.
type classPort struct {
	classes *classes
	queues  []classQueue // by class
	virtual []int64      // by group: how much the class served last had borrowed before
	own     int64        // the same of what is served at the classes' own rates, in its unit
	waiting int32        // frames
	due     int64        // when onPort is queued; flow.Never: not
	minima  float64      // of the classes that have been here, bit/s
	fits    bool         // the minima do
}

// classQueue is one class at a port. Tokens are in picoseconds of sending at their rate;
// who has less than none waits until he has some.
type classQueue struct {
	ring     []waiting // a power of two
	head, n  uint32
	bytes    int64
	tokens   int64 // of min
	ceiling  int64 // of max
	at       int64 // when these were right
	borrowed int64 // bytes
	own      int64 // what it was given at its own rate, in ps of that
	known    bool  // something has come
	early    *early
	// Arrivals come before departures: what begins to be sent at an instant still takes its
	// room for all that comes at that instant.
	left      int64 // the instant
	leaving   uint32
	leavingBy int64 // bytes
	drops     uint64
	marks     uint64
}

type waiting struct {
	id    uint32
	since int64
}

// classBurst is for how many bytes a class keeps tokens that it has no use for: two of
// tc's default (a full frame of 1600 bytes), so that a frame of another class under way
// does not cost it any.
const classBurst = 2 * 1600

// transmitClassed is transmit for a port with class queues.
func (w *world) transmitClassed(a uint32, c *channel, o *oddity, id uint32, f *frame, now int64) {
	p := o.classed
	if p == nil {
		of := w.classesAt(o)
		p = &classPort{classes: of, queues: make([]classQueue, len(of.list)), virtual: make([]int64, of.groups), due: flow.Never}
		o.classed = p
	}
	number := p.classes.ofFrame(f)
	q := &p.queues[number]
	if !q.known {
		*q = classQueue{known: true, tokens: math.MaxInt64 / 2, ceiling: math.MaxInt64 / 2, at: now}
		p.minima += float64(p.classes.list[number].min)
	}
	limit := o.limit
	if own := p.classes.list[number].limit; own != (model.QueueLimit{}) {
		limit = own
	}
	if q.left != now {
		q.left, q.leaving, q.leavingBy = now, 0, 0
	}
	n, bytes := q.n+q.leaving, q.bytes+q.leavingBy
	full := limit.Packets > 0 && n >= uint32(limit.Packets) || limit.Packets == 0 && bytes+int64(f.Bytes) > int64(limit.Bytes)
	if o.discipline != 0 {
		before := o.marks
		if !w.admits(o, c, &q.early, uint64(number), f, n, bytes, now) {
			o.drops++
			q.drops++
			w.drop(id, f)
			return
		}
		q.marks += o.marks - before
	}
	if p.waiting > 0 { // one may be due at this very instant
		w.sendWaiting(a, c, o, now)
	}
	if c.busy <= now && p.waiting == 0 {
		if class := &p.classes.list[number]; q.ready(class, now) {
			p.charge(class, q, int64(f.Bytes), class.min > 0 && q.tokens >= 0)
			fl := w.sender(f)
			w.begin(a, c, o, id, f, now)
			if fl != nil {
				fl.tcp.host.leaves(c.busy)
			}
			return
		}
	}
	if full {
		o.drops++
		q.drops++
		w.drop(id, f)
		return
	}
	if fl := w.sender(f); fl != nil {
		fl.tcp.host.waits++
	}
	q.push(waiting{id, now})
	q.bytes += int64(f.Bytes)
	p.waiting++
	w.sendWaiting(a, c, o, now)
}

// holdsMinima says whether a port can send what its classes have reserved.
func (w *world) holdsMinima(p *classPort, c *channel, o *oddity) bool {
	rate := c.rate
	if o.fluid != 0 {
		rate = w.leftOver(o, rate)
	}
	return rate == 0 || p.minima <= float64(rate)
}

// portDue is when a port may have something to send.
func (w *world) portDue(a uint32, now int64) {
	c := &w.arcs[a]
	o := w.oddityOf(a)
	if p := o.classed; p != nil && p.due == now {
		p.due = flow.Never
		w.sendWaiting(a, c, o, now)
	}
}

// sendWaiting sends what may be sent now and comes back when more may.
func (w *world) sendWaiting(a uint32, c *channel, o *oddity, now int64) {
	p := o.classed
	for p.waiting > 0 && c.busy <= now {
		p.fits = w.holdsMinima(p, c, o)
		number, own, next := w.turn(p, now)
		if number < 0 {
			w.comeBack(a, p, next)
			return
		}
		q := &p.queues[number]
		x := q.pop()
		f := w.frames.at(x.id)
		q.bytes -= int64(f.Bytes)
		p.waiting--
		if x.since < now {
			if q.left != now {
				q.left, q.leaving, q.leavingBy = now, 0, 0
			}
			q.leaving++
			q.leavingBy += int64(f.Bytes)
		}
		if q.early != nil && q.n == 0 {
			q.early.since = now
		}
		p.charge(&p.classes.list[number], q, int64(f.Bytes), own)
		o.waited += float64(now - x.since)
		if w.sampling {
			w.activate(a, c)
		}
		fl := w.sender(f)
		w.begin(a, c, o, x.id, f, now)
		if fl != nil {
			fl.tcp.host.waits--
			fl.tcp.host.leaves(c.busy)
			if fl.tcp.sender.Held() {
				w.arm(fl, 2, fl.from, c.busy)
			}
		}
	}
	if p.waiting > 0 {
		w.comeBack(a, p, c.busy)
	}
}

func (w *world) comeBack(a uint32, p *classPort, at int64) {
	if at < p.due {
		p.due = at
		w.schedule(at, w.net.ArcFrom(model.Arc(a)).Node, onPort, a, 0)
	}
}

// turn is the class whose turn it is and whether it sends on its own tokens; -1 when all
// that have something to send are at their highest rate, and when the first no longer is.
func (w *world) turn(p *classPort, now int64) (number int, own bool, next int64) {
	number, next = -1, math.MaxInt64
	first, best := 0, int64(0)
	for i := range p.queues {
		q, class := &p.queues[i], &p.classes.list[i]
		if q.n == 0 {
			continue
		}
		if !q.ready(class, now) {
			next = min(next, now-q.ceiling)
			continue
		}
		// Who has had least is next: in bytes where classes borrow, in proportion to the
		// minima where they do not.
		mine, group, rank := class.min > 0 && q.tokens >= 0, class.group, int64(0)
		if mine {
			rank = max(q.own, p.own)
			if !p.fits {
				group = 0
			}
		} else {
			rank = max(q.borrowed, p.virtual[group])
		}
		if number < 0 || mine && !own || mine == own && (group < first || group == first && rank < best) {
			number, own, first, best = i, mine, group, rank
		}
	}
	return number, own, next
}

// ready brings a class's tokens up to date and says whether it is below its highest rate.
func (q *classQueue) ready(c *class, now int64) bool {
	span := now - q.at
	q.at = now
	if c.min > 0 {
		q.tokens = min(q.tokens+span, transmissionTime(classBurst, c.min))
	}
	if c.max > 0 {
		q.ceiling = min(q.ceiling+span, transmissionTime(classBurst, c.max))
	}
	return c.max == 0 || q.ceiling >= 0
}

// charge takes what a frame costs from its class, which sends on its own tokens or borrows.
func (p *classPort) charge(c *class, q *classQueue, bytes int64, own bool) {
	if own {
		took := transmissionTime(uint32(bytes), c.min)
		p.own = max(q.own, p.own)
		q.own = p.own + took
		q.tokens -= took
	} else {
		start := max(q.borrowed, p.virtual[c.group])
		p.virtual[c.group] = start
		q.borrowed = start + bytes
	}
	if c.max > 0 {
		q.ceiling -= transmissionTime(uint32(bytes), c.max)
	}
}

// sender is the TCP flow whose data a frame carries that has not left its host, nil
// otherwise.
func (w *world) sender(f *frame) *run {
	if f.hops > 0 || f.cargo != segment || w.segs[f.seg].Len == 0 {
		return nil
	}
	if fl := w.owner(f); fl != nil && fl.tcp != nil {
		return fl
	}
	return nil
}

// dropWaiting loses what waits when a link goes down.
func (w *world) dropWaiting(o *oddity, now int64) {
	p := o.classed
	p.due = flow.Never
	for i := range p.queues {
		q := &p.queues[i]
		for q.n > 0 {
			id := q.pop().id
			f := w.frames.at(id)
			if fl := w.sender(f); fl != nil {
				fl.tcp.host.waits--
				if fl.tcp.sender.Held() {
					w.arm(fl, 2, fl.from, now)
				}
			}
			o.drops++
			q.drops++
			w.drop(id, f)
		}
		q.bytes = 0
	}
	p.waiting = 0
}

func (q *classQueue) push(x waiting) {
	if int(q.n) == len(q.ring) {
		grown := make([]waiting, max(8, 2*len(q.ring)))
		for i := range q.n {
			grown[i] = q.ring[(q.head+i)&uint32(len(q.ring)-1)]
		}
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.n)&uint32(len(q.ring)-1)] = x
	q.n++
}

func (q *classQueue) pop() waiting {
	x := q.ring[q.head&uint32(len(q.ring)-1)]
	q.head++
	q.n--
	return x
}
