package sim

import (
	"math"
	"math/bits"

	"sendim/core/model"
	"sendim/sim/des"
)

// line is the queue of chunks in front of one direction of a link. The first is being
// sent, at the rate that frames and fluid flows leave over.
type line struct {
	arc     uint32
	gen     uint32 // tells the ends that were planned apart
	ring    []int32
	head, n uint32
	last    int64 // latest arrival, so that chunks do not overtake
	room    int64 // packets, or bytes, of UDP that wait

	since  int64  // when the rest began to be sent
	rest   uint64 // bits
	rate   int64  // beside fluid flows
	least  int64
	frames int64 // bits of frames that had been sent by then

	bytes, packets int64 // of the first, counted already
}

// mulDiv is floor(a b / c), at most the greatest int64.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, c)
	return min(q, math.MaxInt64)
}

// timeFor is how long so many bits take, rounded up.
func timeFor(n uint64, rate int64) int64 {
	hi, lo := bits.Mul64(n, uint64(des.Second))
	lo, carry := bits.Add64(lo, uint64(rate)-1, 0)
	if hi += carry; hi >= uint64(rate) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(rate))
	return int64(min(q, math.MaxInt64))
}

func (w *world) lineOf(a uint32) *line {
	o := w.oddityOf(a)
	if o.line == nil {
		o.line = &line{arc: a}
		w.chunks.lines = append(w.chunks.lines, o.line)
		if o.fluid != 0 {
			w.chunks.mixed = append(w.chunks.mixed, o.line)
		}
	}
	return o.line
}

// enqueue gives a chunk to a direction of a link.
func (w *world) enqueue(a uint32, id int32, now int64) {
	x := w.chunks
	c, k := &w.arcs[a], &x.list[id]
	k.on = int32(a)
	if c.flags&isDown != 0 {
		w.dropChunk(a, id, 0, now)
		return
	}
	l := w.lineOf(a)
	if l.n > 0 && w.datagrams(k) {
		o := w.oddityOf(a)
		p := &x.pieces[k.piece]
		most, more := int64(o.limit.Packets), p.packets
		if most == 0 {
			most, more = int64(o.limit.Bytes), p.size
		}
		if l.room > 0 && l.room+more > most { // one may always wait
			w.dropChunk(a, id, 0, now)
			return
		}
		l.room += more
		k.waits = more
	}
	k.since = now
	l.push(id)
	home, number := k.home || c.rate == 0, k.piece
	if l.n == 1 {
		w.serve(l, now)
	}
	if f := w.flows[x.pieces[number].flow]; !home && f != nil {
		w.reaches(f, number, c.rate, now)
	}
}

// datagrams says whether a chunk stands for datagrams, which nobody holds back.
func (w *world) datagrams(k *chunk) bool {
	f := w.flows[w.chunks.pieces[k.piece].flow]
	return f != nil && f.spec.Transport == model.UDP
}

func (l *line) push(id int32) {
	if int(l.n) == len(l.ring) {
		grown := make([]int32, max(4, 2*len(l.ring)))
		for i := range l.n {
			grown[i] = l.ring[(l.head+i)&uint32(len(l.ring)-1)]
		}
		l.ring, l.head = grown, 0
	}
	l.ring[(l.head+l.n)&uint32(len(l.ring)-1)] = id
	l.n++
}

func (l *line) pop() int32 {
	id := l.ring[l.head&uint32(len(l.ring)-1)]
	l.head++
	l.n--
	return id
}

func (l *line) first() int32 { return l.ring[l.head&uint32(len(l.ring)-1)] }

// serve begins to send the first of a line.
func (w *world) serve(l *line, now int64) {
	c := &w.arcs[l.arc]
	for l.n > 0 {
		k := &w.chunks.list[l.first()]
		p := &w.chunks.pieces[k.piece]
		l.room -= k.waits
		k.waits = 0
		if now > k.since {
			w.oddityOf(l.arc).waited += float64(now-k.since) * float64(p.packets)
		}
		l.bytes, l.packets = 0, 0
		if c.rate > 0 {
			l.rest, l.since = uint64(p.size)*8, now
			w.regulate(l, c)
			l.frames = w.framesSent(l, c, now)
			w.plan(l, c, now)
			return
		}
		w.onWay(l, now)
	}
}

// regulate sets the rates in force.
func (w *world) regulate(l *line, c *channel) {
	l.rate, l.least = c.rate, max(c.rate/10, 1)
	if o := &w.odds[c.odd]; o.fluid != 0 {
		l.rate = w.leftOver(o, c.rate)
	}
}

// framesSent is how many bits of frames a channel has sent.
func (w *world) framesSent(l *line, c *channel, now int64) int64 {
	return int64(c.bytes*8) - framesWaiting(l, c, now)
}

func framesWaiting(l *line, c *channel, now int64) int64 {
	if c.busy <= now {
		return 0
	}
	return int64(mulDiv(uint64(c.busy-now), uint64(l.rate), uint64(des.Second)))
}

// plan queues the earliest moment at which the first of a line can have been sent.
func (w *world) plan(l *line, c *channel, now int64) {
	took := min(timeFor(l.rest+uint64(framesWaiting(l, c, now)), l.rate), timeFor(l.rest, l.least))
	l.gen++
	if took <= math.MaxInt64-now {
		w.schedule(now+took, model.NodeID(w.net.ArcFrom(model.Arc(l.arc)).Node), onChunkSent, l.arc, l.gen)
	}
}

// restAt is how many bits of the first of a line have not been sent.
func (w *world) restAt(l *line, c *channel, now int64) uint64 {
	span := uint64(now - l.since)
	sent := mulDiv(span, uint64(l.rate), uint64(des.Second))
	if frames := w.framesSent(l, c, now) - l.frames; frames > 0 {
		sent -= min(sent, uint64(frames))
		sent = max(sent, mulDiv(span, uint64(l.least), uint64(des.Second)))
	}
	return l.rest - min(l.rest, sent)
}

// chunkSent follows the first of a line to its end, which frames may have put off.
func (w *world) chunkSent(a, gen uint32, now int64) {
	l, c := w.odds[w.arcs[a].odd].line, &w.arcs[a]
	if l.n == 0 || l.gen != gen {
		return
	}
	if rest := w.restAt(l, c, now); rest > 0 {
		l.frames, l.rest, l.since = w.framesSent(l, c, now), rest, now
		w.plan(l, c, now)
		return
	}
	id := l.first()
	w.onWay(l, now)
	w.serve(l, now)
	k := &w.chunks.list[id]
	if k.home {
		return
	}
	k.home = true
	if f := w.flows[w.chunks.pieces[k.piece].flow]; f != nil {
		w.hasLeft(f, k.piece, now)
	}
}

// onWay lets the first of a line travel.
func (w *world) onWay(l *line, now int64) {
	w.countLine(l, 0)
	id, c := l.pop(), &w.arcs[l.arc]
	k := &w.chunks.list[id]
	k.travels, k.in = true, c.port
	l.last = max(l.last, now+c.delay)
	c.seq++
	w.workerAt(model.NodeID(c.to)).queue.Push(des.Event{At: l.last, Target: uint32(c.to), Source: l.arc, Seq: c.seq, A: uint32(id), B: uint32(c.slot), Kind: onChunk})
}

// countLine counts what has been sent of the first of a line for its link.
func (w *world) countLine(l *line, rest uint64) {
	k := &w.chunks.list[l.first()]
	p := &w.chunks.pieces[k.piece]
	bytes, packets := p.size-int64((rest+7)/8), p.packets
	if rest > 0 {
		packets = min(packets, int64(mulDiv(uint64(bytes), uint64(p.packets), uint64(p.size))))
	}
	o := w.oddityOf(l.arc)
	o.fluidBytes += uint64(bytes - l.bytes)
	o.fluidPackets += uint64(packets - l.packets)
	l.bytes, l.packets = bytes, packets
	if w.sampling {
		w.activate(l.arc, &w.arcs[l.arc])
	}
}

// countLines brings what links have carried of chunks up to date.
func (w *world) countLines(now int64) {
	if w.chunks == nil {
		return
	}
	for _, l := range w.chunks.lines {
		w.countArc(l.arc, now)
	}
}

func (w *world) countArc(a uint32, now int64) {
	c := &w.arcs[a]
	if w.chunks == nil || c.odd == 0 {
		return
	}
	if l := w.odds[c.odd].line; l != nil && l.n > 0 {
		w.countLine(l, w.restAt(l, c, now))
	}
}

// rechunk follows a new rate of a channel.
func (w *world) rechunk(a uint32, now int64) {
	c := &w.arcs[a]
	if w.chunks == nil || c.odd == 0 {
		return
	}
	l := w.odds[c.odd].line
	if l == nil || l.n == 0 {
		return
	}
	l.rest = w.restAt(l, c, now)
	if c.rate == 0 {
		l.rest = 0
	} else {
		w.regulate(l, c)
	}
	l.frames, l.since = w.framesSent(l, c, now), now
	w.plan(l, c, now)
}

// besideFluids follows what fluid flows leave over.
func (w *world) besideFluids(now int64) {
	if w.chunks == nil {
		return
	}
	for _, l := range w.chunks.mixed {
		c := &w.arcs[l.arc]
		if o := &w.odds[c.odd]; l.n > 0 && o.fluid != 0 && c.rate > 0 && w.leftOver(o, c.rate) != l.rate {
			w.rechunk(l.arc, now)
		}
	}
}

// severChunks loses what waits, is sent and travels on a channel.
func (w *world) severChunks(a uint32, now int64) {
	x := w.chunks
	if x == nil || w.arcs[a].odd == 0 {
		return
	}
	o := w.oddityOf(a)
	l := o.line
	if l == nil {
		return
	}
	for i := range x.list {
		if k := &x.list[i]; k.travels && !k.lost && k.on == int32(a) {
			k.lost = true
			o.strayed += uint64(x.pieces[k.piece].packets)
			o.strayedBytes += uint64(x.pieces[k.piece].size)
		}
	}
	if l.n > 0 {
		w.countLine(l, w.restAt(l, &w.arcs[a], now))
	}
	counted := l.packets
	if l.n > 0 { // of what was being sent, nothing arrives
		o.strayed += uint64(counted)
		o.strayedBytes += uint64(l.bytes)
	}
	for l.n > 0 {
		w.dropChunk(a, l.pop(), counted, now)
		counted = 0
	}
	l.room, l.last = 0, 0
	l.gen++
}

// chunksTravelling goes through what has been counted as sent and has not arrived: chunks
// on the wire, and the begun first ones of lines.
func (w *world) chunksTravelling(visit func(on int32, packets, bytes int64)) {
	if w.chunks == nil {
		return
	}
	for i := range w.chunks.list {
		if k := &w.chunks.list[i]; k.travels && !k.lost {
			p := &w.chunks.pieces[k.piece]
			visit(k.on, p.packets, p.size)
		}
	}
	for _, l := range w.chunks.lines {
		if l.n > 0 {
			visit(int32(l.arc), l.packets, l.bytes)
		}
	}
}
