package sim

import (
	"math"
	"math/bits"

	"sendim/core/model"
	"sendim/core/random"
	"sendim/sim/des"
)

// channel is one direction of a link, number 2*link+direction as model.Arc has it. It
// fills one line of the processor's cache; what few channels need is in oddity.
type channel struct {
	busy    int64 // until when it sends what it has been given
	delay   int64
	rate    int64 // in force, bit/s; 0: unlimited
	packets uint64
	bytes   uint64
	to      int32  // node
	slot    int32  // of the node: a switch, or the complement of a host
	port    uint32 // at which frames arrive
	seq     uint32
	odd     uint32 // in world.odds, 0: none
	flags   uint8
	lane    uint8 // whose the node is
}

const (
	linkIsDown uint8 = 1 << iota
	fromIsDown
	toIsDown
	isOdd    // every frame needs the slow way
	isActive // has carried something since the last sample
	isClassed
	portIsDown
	peerIsDown // the port at the other end
	isDown     = linkIsDown | fromIsDown | toIsDown | portIsDown | peerIsDown
)

// oddity is what a channel has once it queues, draws lots or is limited.
type oddity struct {
	arc     uint32
	ring    []waiter // frames that wait, or waited when last looked at; a power of two
	head, n uint32
	queued  int64   // bytes of those
	waited  float64 // ps that frames have waited in classes' queues and in chunks; see haveWaited
	area    wide    // what the lengths of ring, each times how long it was so long, add up to in ps
	since   int64   // until when area is known

	limit        model.QueueLimit
	newest       int64  // when the transmission of the frame that came last to the ring begins
	discipline   int32  // number in world.disciplines, 0: none
	early        *early // of RED
	drops        uint64 // for lack of room, and at a port that is down
	marks        uint64 // frames marked instead of dropped (RFC 3168)
	strayed      uint64 // lost on the wire
	strayedBytes uint64
	last         int64 // latest arrival, so that frames do not overtake

	loss         uint64 // of 2^53
	jitter       int64
	chance       random.Stream
	drawn        bool // chance is in use
	linkRate     int64
	portRate     int64
	past         sampled
	classed      *classPort
	fluid        int32 // resource + 1
	settled      uint64
	fluidLoad    float64
	line         *line  // chunks
	fluidPackets uint64 // of fluid flows and chunks
	fluidBytes   uint64
}

type waiter struct {
	start int64 // when its transmission begins
	bytes int64
}

type sampled struct {
	packets, bytes, drops uint64
	waited                float64
}

func (w *world) oddityOf(a uint32) *oddity {
	c := &w.arcs[a]
	if c.odd == 0 {
		if len(w.odds) == 0 {
			w.odds = append(w.odds, oddity{})
		}
		c.odd = uint32(len(w.odds))
		limit := w.net.ArcSpec(model.Arc(a)).Queue
		if limit == (model.QueueLimit{}) {
			limit = model.DefaultQueue
		}
		w.odds = append(w.odds, oddity{arc: a, limit: limit, linkRate: c.rate})
	}
	return &w.odds[c.odd]
}

// transmissionTime is ceil(8 n / rate) in picoseconds; frames are short enough for it.
func transmissionTime(n uint32, rate int64) int64 {
	if rate == 0 {
		return 0
	}
	return int64((uint64(n)*8*uint64(des.Second) + uint64(rate) - 1) / uint64(rate))
}

// transmit gives a frame to a channel, which drops it or brings it to the other end.
func (w *world) transmit(a uint32, id uint32, f *frame, now int64) {
	c := &w.arcs[a]
	if c.flags&^isActive != 0 || c.busy > now {
		w.transmitOdd(a, c, id, f, now)
		return
	}
	if c.flags == 0 && w.sampling {
		w.activate(a, c)
	}
	if f.Bytes != w.lastBytes || c.rate != w.lastRate { // most are alike, and a division is slow
		w.lastBytes, w.lastRate, w.lastTime = f.Bytes, c.rate, transmissionTime(f.Bytes, c.rate)
	}
	c.busy = now + w.lastTime
	w.onWire(a, c, id, f, c.busy+c.delay)
}

func (w *world) onWire(a uint32, c *channel, id uint32, f *frame, arrival int64) {
	c.packets++
	c.bytes += uint64(f.Bytes)
	c.seq++
	f.InPort, f.on = c.port, int32(a)
	if c.lane != w.lane {
		w.post(des.Event{At: arrival, Target: uint32(c.to), Source: a, Seq: c.seq, B: uint32(c.slot), Kind: onFrame}, c.lane, id, f)
		return
	}
	w.queue.Push(des.Event{At: arrival, Target: uint32(c.to), Source: a, Seq: c.seq, A: id, B: uint32(c.slot), Kind: onFrame})
}

// transmitOdd is transmit for all cases.
func (w *world) transmitOdd(a uint32, c *channel, id uint32, f *frame, now int64) {
	o := w.oddityOf(a)
	if w.sampling {
		w.activate(a, c)
	}
	if c.flags&(isClassed|isDown) == isClassed {
		w.transmitClassed(a, c, o, id, f, now)
		return
	}
	if c.flags&isDown != 0 || o.discipline != 0 && !w.passes(c, o, f, now) || c.busy > now && !o.wait(c.busy, now, int64(f.Bytes)) {
		o.drops++
		w.drop(id, f)
		return
	}
	w.begin(a, c, o, id, f, now)
}

// begin lets a channel send a frame once it has sent what it has been given.
func (w *world) begin(a uint32, c *channel, o *oddity, id uint32, f *frame, now int64) {
	rate := c.rate
	if o.fluid != 0 {
		rate = w.leftOver(o, rate)
	}
	c.busy = max(c.busy, now) + transmissionTime(f.Bytes, rate)
	arrival := c.busy + c.delay
	if c.flags&isOdd != 0 {
		if o.loss > 0 && o.chance.Uint64()>>11 < o.loss {
			c.packets++
			c.bytes += uint64(f.Bytes)
			o.strayed++
			o.strayedBytes += uint64(f.Bytes)
			w.drop(id, f)
			return
		}
		if o.jitter > 0 {
			// Uniform within jitter on both sides of the delay, as netem has it.
			arrival = max(c.busy, arrival-o.jitter+int64(o.chance.Uint64N(uint64(2*o.jitter+1))))
		}
		arrival = max(arrival, o.last)
		o.last = arrival
	}
	w.onWire(a, c, id, f, arrival)
}

// wait makes a frame wait until start, if there is room. A frame whose transmission begins
// at this very moment still takes its room.
func (o *oddity) wait(start, now, bytes int64) bool {
	o.settle(now - 1)
	o.advance(now)
	if o.limit.Packets > 0 && o.n >= uint32(o.limit.Packets) || o.limit.Packets == 0 && o.queued+bytes > int64(o.limit.Bytes) {
		return false
	}
	if int(o.n) == len(o.ring) {
		grown := make([]waiter, max(8, 2*len(o.ring)))
		for i := range o.n {
			grown[i] = o.ring[(o.head+i)&uint32(len(o.ring)-1)]
		}
		o.ring, o.head = grown, 0
	}
	o.ring[(o.head+o.n)&uint32(len(o.ring)-1)] = waiter{start, bytes}
	o.newest = start
	o.n++
	o.queued += bytes
	return true
}

// settle forgets those whose transmission has begun.
func (o *oddity) settle(now int64) {
	for o.n > 0 {
		x := &o.ring[o.head&uint32(len(o.ring)-1)]
		if x.start > now {
			break
		}
		o.advance(x.start)
		o.queued -= x.bytes
		o.head++
		o.n--
	}
	o.advance(now)
}

// wide is a whole number of 128 bits, so that it does not matter how often it was added to.
type wide struct{ hi, lo uint64 }

// advance adds up how long the queue was.
func (o *oddity) advance(to int64) {
	if to <= o.since {
		return
	}
	if o.n > 0 {
		hi, lo := bits.Mul64(uint64(o.n), uint64(to-o.since))
		var carry uint64
		o.area.lo, carry = bits.Add64(o.area.lo, lo, 0)
		o.area.hi += hi + carry
	}
	o.since = to
}

// haveWaited is how many ps all frames together have waited until now: over a span, the
// mean length of the queue (Little's law).
func (o *oddity) haveWaited() float64 {
	return o.waited + (float64(float64(o.area.hi)*(1<<64)) + float64(o.area.lo))
}

// setFlag follows one of the causes for which a channel is down.
func (w *world) setFlag(a uint32, cause uint8, down bool, now int64) {
	c := &w.arcs[a]
	was := c.flags&isDown != 0
	c.flags &^= cause
	if down {
		c.flags |= cause
	}
	if is := c.flags&isDown != 0; is && !was {
		w.sever(a, c, now)
	}
}

// sever loses all that is on a channel.
func (w *world) sever(a uint32, c *channel, now int64) {
	w = w.workerAt(w.net.ArcFrom(model.Arc(a)).Node)
	w.severChunks(a, now)
	o := w.oddityOf(a)
	// What waits has not been sent: it is dropped here, and not lost on the wire.
	o.settle(now)
	c.packets -= uint64(o.n)
	c.bytes -= uint64(o.queued)
	o.drops += uint64(o.n)
	o.strayed -= uint64(o.n)
	o.strayedBytes -= uint64(o.queued)
	o.head, o.n, o.queued, o.last = 0, 0, 0, 0
	c.busy = now
	if o.classed != nil {
		w.dropWaiting(o, now)
	}
	w.travelling(func(f *frame) {
		if f.on == int32(a) {
			f.lost = true
			o.strayed++
			o.strayedBytes += uint64(f.Bytes)
		}
	})
}

// setLoss gives a channel a share of frames to lose on the wire.
func (w *world) setLoss(a uint32, share float64) {
	o := w.oddityOf(a)
	o.loss = uint64(math.Round(share * (1 << 53)))
	w.draw(a, o)
}

func (w *world) setJitter(a uint32, jitter int64) {
	o := w.oddityOf(a)
	o.jitter = jitter
	w.draw(a, o)
}

func (w *world) draw(a uint32, o *oddity) {
	if !o.drawn {
		o.drawn, o.chance = true, w.random.Stream("link", uint64(a))
	}
	w.arcs[a].flags |= isOdd
}

// setDelay changes a channel's delay; what is on the wire is not overtaken.
func (w *world) setDelay(a uint32, delay int64) {
	o, c := w.oddityOf(a), &w.arcs[a]
	w.relook()
	o.last = max(o.last, c.busy+c.delay)
	c.delay = delay
	c.flags |= isOdd
}

// setRate changes the rate of the link (port false) or the limit of the port.
func (w *world) setRate(a uint32, rate int64, port bool) {
	o, c := w.oddityOf(a), &w.arcs[a]
	if port {
		o.portRate = rate
	} else {
		o.linkRate = rate
		w.relook()
	}
	c.rate = o.linkRate
	if o.portRate > 0 && (c.rate == 0 || o.portRate < c.rate) {
		c.rate = o.portRate
	}
	w.fluidCapacity(a)
	w.rechunk(a, w.queue.Now())
}

// waiting is how many of a channel's frames, and bytes, have not left yet.
func (w *world) waiting(c *channel, now int64) (packets, bytes uint64) {
	if c.odd == 0 {
		return 0, 0
	}
	o := &w.odds[c.odd]
	o.settle(now)
	return uint64(o.n), uint64(o.queued)
}
