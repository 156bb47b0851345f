package sim

import (
	"math"
	"slices"
	"strconv"

	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/random"
	"sendim/sim/des"
	"sendim/sim/tcp"
)

// discipline is what a model's discipline means to the ports that have it.
type discipline struct {
	kind        model.DisciplineKind
	bytes       bool // lengths are in bytes
	min, max    float64
	probability float64
	weight      float64
	packet      int64
	gentle, ecn bool
	queues      *classes // of kind queues
}

// early is what RED remembers of a queue.
type early struct {
	lots  random.Stream
	mean  float64
	count int32 // frames since the last that was marked or dropped
	above bool  // the mean was at min or above when the last frame came
	since int64 // when the queue was empty for sure: its last frame began to be sent, or one came
}

// discipline prepares the world for its model's disciplines.
func (w *world) discipline() {
	if len(w.net.Disciplines) == 0 {
		return
	}
	number := map[string]int32{}
	for i := range w.net.Disciplines {
		d := &w.net.Disciplines[i]
		x := discipline{kind: d.Kind, probability: d.Probability, weight: d.Weight, packet: int64(d.Packet), gentle: d.Gentle, ecn: d.ECN}
		switch d.Kind {
		case model.Threshold:
			x.bytes, x.max = d.Mark.Packets == 0, float64(max(int64(d.Mark.Packets), int64(d.Mark.Bytes)))
		case model.RED:
			x.bytes, x.min, x.max = d.Min.Packets == 0, float64(max(int64(d.Min.Packets), int64(d.Min.Bytes))), float64(max(int64(d.Max.Packets), int64(d.Max.Bytes)))
		case model.Queues:
			x.queues = queuesOf(d.Queues)
		}
		w.disciplines = append(w.disciplines, x)
		number[d.ID] = int32(len(w.disciplines))
	}
	for a := range w.arcs {
		if n := number[w.net.ArcSpec(model.Arc(a)).Discipline]; n != 0 {
			w.disciplined(uint32(a), n)
		}
	}
}

// disciplined gives a port a discipline, by its number.
func (w *world) disciplined(a uint32, n int32) {
	o := w.oddityOf(a)
	o.discipline = n
	w.arcs[a].flags |= isOdd
	if w.disciplines[n-1].kind == model.Queues {
		w.arcs[a].flags |= isClassed
		w.queued = true
	}
}

// queuesOf is the queues of a port as classes; number 0 is for what no other has.
func queuesOf(list []model.PortQueue) *classes {
	x := &classes{list: []class{{name: "queue 0"}}, byQueue: make([]uint8, model.MostPortQueues+1)}
	for _, q := range list {
		n := 0
		if q.Number > 0 {
			n = len(x.list)
			x.list = append(x.list, class{})
		}
		x.list[n] = class{name: "queue " + strconv.Itoa(int(q.Number)), min: int64(q.Min), max: int64(q.Max), priority: q.Priority, limit: q.Limit}
		x.byQueue[q.Number] = uint8(n)
		if q.DSCP >= 0 {
			x.byMark[q.DSCP] = uint8(n)
		}
	}
	x.group()
	return x
}

// classesAt is the queues of a port: its own, or one for each class of the model.
func (w *world) classesAt(o *oddity) *classes {
	if o.discipline != 0 {
		if q := w.disciplines[o.discipline-1].queues; q != nil {
			return q
		}
	}
	return w.classes
}

// markCE says that a frame has met congestion (RFC 3168), if its transport understands it.
func markCE(f *frame) bool {
	if f.Header.EthType != packet.EthTypeIPv4 || f.Header.ECN == uint8(tcp.NotECT) {
		return false
	}
	f.Header.ECN = uint8(tcp.CE)
	return true
}

// admits lets the discipline of a port look at a frame that comes to a queue in which so
// much waits, and says whether the frame may join it; it may be marked then. e is RED's
// memory of this queue, made at first use.
func (w *world) admits(o *oddity, c *channel, e **early, queue uint64, f *frame, packets uint32, bytes, now int64) bool {
	if o.discipline == 0 {
		return true
	}
	d := &w.disciplines[o.discipline-1]
	length := float64(packets)
	if d.bytes {
		length = float64(bytes)
	}
	marked := false
	switch d.kind {
	case model.Threshold:
		if length <= d.max || !markCE(f) {
			return true
		}
		marked = true
	case model.RED:
		if *e == nil {
			*e = &early{lots: w.random.Stream("queue", uint64(o.arc), queue)}
		}
		if !(*e).strikes(d, c.rate, length, packets, now) {
			return true
		}
		marked = d.ecn && markCE(f)
	default:
		return true
	}
	if marked {
		o.marks++
	}
	return marked
}

// passes is admits for a port with one queue.
func (w *world) passes(c *channel, o *oddity, f *frame, now int64) bool {
	o.settle(now - 1)
	if o.early != nil && o.n == 0 {
		o.early.since = max(o.early.since, min(o.newest, now))
	}
	return w.admits(o, c, &o.early, 0, f, o.n, o.queued, now)
}

// strikes takes note that a frame comes and says whether RED marks or drops it. It is the
// algorithm of S. Floyd and V. Jacobson, "Random early detection gateways for congestion
// avoidance", IEEE/ACM Transactions on Networking 1(4), 1993, figure 2, with two refinements
// that ns-3 has by default as well: the gentle rise beyond max, and the wait between two
// strikes (their method 2 made to strike no earlier than after 1/p frames).
func (e *early) strikes(d *discipline, rate int64, length float64, packets uint32, now int64) bool {
	if length > 0 {
		e.mean = float64((1-d.weight)*e.mean) + float64(d.weight*length)
	} else {
		// As if frames had come to an empty queue while nothing waited.
		m := 1.0
		if idle := now - e.since; idle > 0 && rate > 0 {
			m += math.Floor(float64(idle) / float64(des.Second) * float64(rate) / float64(8*d.packet))
		}
		switch {
		case d.weight >= 1:
			e.mean = 0
		case e.mean > 0:
			e.mean *= random.Exp(float64(m * random.Log1p(-d.weight)))
		}
		e.since = now
	}
	e.count++
	if e.mean < d.min || packets <= 1 {
		e.above = false
		return false
	}
	switch first := !e.above; {
	case !d.gentle && e.mean >= d.max, d.gentle && e.mean >= 2*d.max:
		e.count = 0
		e.above = true
		return true
	case first:
		e.count, e.above = 1, true
		return false
	}
	p := d.probability
	if e.mean < d.max {
		p *= (e.mean - d.min) / (d.max - d.min)
	} else {
		p += float64((1 - p) * (e.mean - d.max) / d.max)
	}
	p = min(p, 1)
	switch since := float64(e.count) * p; {
	case since < 1:
		p = 0
	case since < 2:
		p /= 2 - since
	default:
		p = 1
	}
	if p == 0 || e.lots.Float64() > p {
		return false
	}
	e.count = 0
	return true
}

// group numbers the priorities of classes, the highest 0.
func (x *classes) group() {
	var priorities []int32
	for _, c := range x.list {
		priorities = append(priorities, c.priority)
	}
	slices.Sort(priorities)
	priorities = slices.Compact(priorities)
	slices.Reverse(priorities)
	for i := range x.list {
		x.list[i].group = slices.Index(priorities, x.list[i].priority)
	}
	x.groups = len(priorities)
}
