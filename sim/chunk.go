package sim

import (
	"math"

	"sendim/core/fault"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/workload"
	"sendim/sim/des"
)

// chunks is what flows that are followed chunk by chunk have in common.
type chunks struct {
	list   []chunk
	free   []int32
	pieces []piece
	spare  []int32 // pieces to use again
	lines  []*line
	mixed  []*line            // of links that carry fluid flows as well
	meters map[meterKey]int64 // until when they have spent their rate; only looked up
	path   flow.Path
	again  []int32 // chunks that are looked at again
}

// chunkRun is a flow's part in it.
type chunkRun struct {
	list     []workload.Chunk // of a chunk list; nil: equal ones
	next     int              // in list
	left     int64            // bytes that have not been started, -1: without end
	size     int64            // of equal ones
	rate     int64            // that the application keeps to, bit/s; 0: none
	due      int64            // when the next may start; flow.Never: when another has left
	newest   int32            // the piece started last, -1
	inside   int              // pieces that have not left their sender
	depth    int              // how many may be at most, without a list
	lead     int64            // what a chunk takes at least to the first link with a rate
	armed    int64            // when onSend is queued
	retry    int64            // when what was lost is sent again
	backoff  int              // time-outs in a row
	lost     []int32          // pieces to send again
	alive    int              // pieces that are under way or lost and not given up
	under    int64            // their bytes
	parked   int              // chunks that wait for the controller
	tries    int              // to find the receiver's address
	answered bool             // a probe since the last one was sent was answered
	stopped  bool
	pumping  bool
}

// piece is one part of a flow. On its way it is one chunk, or several where switches send
// it to several ports.
type piece struct {
	flow      int32
	copies    int32
	size      int64
	packets   int64
	sent      int64 // when, the last time
	left      bool  // has left its sender
	delivered bool
}

const (
	mostBytes = 1 << 58 // of a flow, whose bits are still counted
	// A sender without a list has at most so many bytes, or chunks if that is more, under
	// way: the largest window that Linux gives by itself (tcp_rmem).
	mostUnderWay  = 6 << 20
	leastUnderWay = 64
	// Linux's least and greatest time-out (TCP_RTO_MIN, TCP_RTO_MAX).
	leastTimeout = 200 * des.Millisecond
	mostTimeout  = 120 * des.Second
)

func (w *world) chunky() *chunks {
	if w.chunks == nil {
		w.chunks = &chunks{meters: map[meterKey]int64{}}
	}
	return w.chunks
}

// admitChunks says what is wrong with a flow's chunks.
func (w *world) admitChunks(f *model.Flow) error {
	list, err := workload.Chunks(f, w.random)
	total := f.Size
	for _, x := range list {
		total = min(total, mostBytes+1) + min(x.Size, mostBytes+1)
	}
	switch {
	case f.Granularity != model.GranularityChunk:
		return nil
	case err != nil:
		return fault.New(fault.BadNumber, fault.Place{Element: "flow", Attribute: "chunks"}, "%v", err)
	case f.Chunk < 0 || f.Chunk > mostBytes || total > mostBytes:
		return fault.New(fault.OutOfRange, fault.Place{Element: "flow"}, "flow %q: chunks of more than %s altogether", f.ID, model.Size(mostBytes))
	}
	return nil
}

// launchChunks begins with the address of the receiver, as a host would.
func (w *world) launchChunks(f *run, now int64) {
	w.chunky()
	c := &chunkRun{size: int64(f.spec.Chunk), left: int64(f.spec.Size), rate: int64(f.spec.Rate), due: flow.Never, newest: -1, depth: 1, lead: flow.Never, armed: flow.Never, retry: flow.Never}
	f.chunks = c
	c.list, _ = workload.Chunks(&f.spec, w.random) // admit has looked at it
	for _, x := range c.list {
		c.left += int64(x.Size)
	}
	if f.spec.Duration > 0 && c.left == 0 {
		c.left = -1
		if c.rate > 0 {
			c.left = int64(max(1, mulDiv(uint64(f.spec.Duration), uint64(c.rate), 8*uint64(des.Second))))
		}
	}
	for _, x := range w.net.Classes {
		if x.ID == f.spec.Class && x.Max > 0 && (c.rate == 0 || int64(x.Max) < c.rate) {
			c.rate = int64(x.Max)
		}
	}
	if f.spec.Duration > 0 {
		w.schedule(now+int64(f.spec.Duration), f.from.id, onStop, uint32(f.index), 0)
	}
	w.addressChunks(f, now)
}

// addressChunks starts the flow once its host knows the receiver's address.
func (w *world) addressChunks(f *run, now int64) {
	if f.resolved {
		return
	}
	l := w.live(f.from)
	n := w.neighbour(l, f.header.IPDst)
	f.header.EthSrc = l.mac
	switch {
	case n.mac != 0:
		w.startChunks(f, n.mac, now)
		return
	case f.chunks.tries == patience:
		f.reason = noWay
		w.end(f, now)
		return
	case !n.asking || f.chunks.tries == 0:
		n.fluids = append(n.fluids, f.index)
	}
	if !n.asking {
		n.asking = true
		n.round++
		w.ask(f.from, l, f.header.IPDst, n, 1, now)
	}
	f.chunks.tries++
	w.schedule(now+des.Second, f.from.id, onProbe, uint32(f.index), 0)
}

func (w *world) startChunks(f *run, to packet.MAC, now int64) {
	f.header.EthDst, f.resolved = to, true
	f.chunks.due = now
	w.pump(f, now)
}

// pump starts the pieces whose time has come.
func (w *world) pump(f *run, now int64) {
	c := f.chunks
	if c.pumping { // it goes on by itself
		return
	}
	c.pumping = true
	defer func() { c.pumping = false }()
	for c.left != 0 && c.retry == flow.Never {
		if c.due > now {
			if c.due < c.armed {
				c.armed = c.due
				w.schedule(c.due, f.from.id, onSend, uint32(f.index), 0)
			}
			return
		}
		x := workload.Chunk{Size: model.Size(c.size)}
		if c.list != nil {
			x = c.list[c.next]
			c.next++
		} else if c.left > 0 {
			x.Size = min(x.Size, model.Size(c.left))
		}
		if c.list == nil && f.spec.Transport == model.TCP &&
			(c.inside >= c.depth || c.alive >= leastUnderWay && c.under+int64(x.Size) > mostUnderWay) {
			return
		}
		if c.left > 0 {
			c.left -= int64(x.Size)
		}
		w.startPiece(f, int64(x.Size), now)
	}
}

// startPiece sends a piece of a flow for the first time and says when the next may start.
func (w *world) startPiece(f *run, size, now int64) {
	c, x := f.chunks, w.chunks
	id := int32(len(x.pieces))
	if n := len(x.spare); n > 0 {
		id, x.spare = x.spare[n-1], x.spare[:n-1]
	} else {
		x.pieces = append(x.pieces, piece{})
	}
	full := int64(f.spec.Packet)
	x.pieces[id] = piece{flow: f.index, size: size, packets: size/full + min(1, size%full)}
	c.newest, c.due = id, flow.Never
	c.alive++
	c.inside++
	c.under += size
	f.offered += size
	strict, gap := c.follows()
	if !strict {
		c.due = w.after(now, max(gap, c.pace(size)))
	}
	w.sendPiece(f, id, now)
}

// follows says what the next piece waits for: the one before to have left its sender, and
// then, or from its start on, some time.
func (c *chunkRun) follows() (strict bool, gap int64) {
	if c.next < len(c.list) {
		return c.list[c.next].Strict, int64(c.list[c.next].Gap)
	}
	return false, 0
}

// pace is how long the application takes for a piece.
func (c *chunkRun) pace(size int64) int64 {
	if c.rate == 0 {
		return 0
	}
	return timeFor(uint64(size)*8, c.rate)
}

// after is now + d, at most flow.Never.
func (w *world) after(now, d int64) int64 {
	if d > math.MaxInt64-now {
		return flow.Never
	}
	return now + d
}

// sendPiece sends a piece, perhaps not for the first time.
func (w *world) sendPiece(f *run, id int32, now int64) {
	p := &w.chunks.pieces[id]
	p.sent = now
	f.sent += p.packets
	at, c := w.takeChunk()
	c.header, c.piece, c.scout = f.header, id, !f.scouted
	p.copies++
	if c.scout {
		f.scouted = true
		f.path = append(f.path[:0], f.spec.From)
	}
	f.from.digest = chain(f.from.digest, uint64(now), uint64(p.size)|1<<63)
	w.enqueue(uint32(f.from.arc), at, now)
}

// hasLeft follows a piece that has left its sender, or will not any more.
func (w *world) hasLeft(f *run, id int32, now int64) {
	c, p := f.chunks, &w.chunks.pieces[id]
	if p.left {
		return
	}
	p.left = true
	c.inside--
	if strict, gap := c.follows(); c.newest == id && strict {
		c.due = max(w.after(now, gap), w.after(p.sent, c.pace(p.size)))
	}
	w.pump(f, now)
}

// reaches follows a piece that has come to the first link with a rate. Where that is not
// the sender's own, the sender may have so many pieces on the way there that the link does
// not run dry.
func (w *world) reaches(f *run, id int32, rate, now int64) {
	c, p := f.chunks, &w.chunks.pieces[id]
	if c.list != nil || p.left || now-p.sent >= c.lead {
		return
	}
	c.lead = now - p.sent
	one := timeFor(uint64(p.size)*8, rate)
	if c.depth = 1 + int((c.lead+one-1)/one); c.depth > 1 {
		w.pump(f, now)
	}
}

// takePiece takes a piece in at its receiver.
func (w *world) takePiece(f *run, h *host, id int32, now int64) {
	c, p := f.chunks, &w.chunks.pieces[id]
	p.delivered = true
	c.alive--
	c.under -= p.size
	c.backoff = 0
	if f.received == 0 {
		f.first = now
	}
	f.received += p.packets
	f.bytes += p.size
	f.last = now
	f.latency.add(now - p.sent)
	f.credit(h.id, p.size)
}

// losePiece follows a piece of which no copy has come to the receiver.
func (w *world) losePiece(f *run, id int32, now int64) {
	c, p := f.chunks, &w.chunks.pieces[id]
	f.lost += p.packets
	if f.spec.Transport != model.TCP || c.stopped {
		c.alive--
		c.under -= p.size
		w.chunks.spare = append(w.chunks.spare, id)
		return
	}
	c.lost = append(c.lost, id)
	if c.retry == flow.Never {
		c.retry = now + min(leastTimeout<<c.backoff, mostTimeout)
		w.schedule(c.retry, f.from.id, onChunkTimer, uint32(f.index), 0)
	}
}

// retryChunks sends again what was lost, or gives up.
func (w *world) retryChunks(f *run, now int64) {
	c := f.chunks
	if c.retry != now {
		return
	}
	c.retry = flow.Never
	if c.backoff++; c.backoff > mostTimeouts {
		f.reason = "no acknowledgement any more: connection timed out"
		w.end(f, now)
		return
	}
	n := len(c.lost)
	for _, id := range c.lost {
		f.repeats += w.chunks.pieces[id].packets
		w.sendPiece(f, id, now)
	}
	c.lost = c.lost[:copy(c.lost, c.lost[n:])] // some may have been lost again at once
	w.pump(f, now)
}

// wakeChunks is onSend.
func (w *world) wakeChunks(f *run, now int64) {
	if c := f.chunks; c.armed == now {
		c.armed = flow.Never
		w.pump(f, now)
		w.mayEndChunks(f, now)
	}
}

// stopChunks ends a flow's duration: what is under way still arrives.
func (w *world) stopChunks(f *run, now int64) {
	c := f.chunks
	c.left, c.stopped, c.retry = 0, true, flow.Never
	for _, id := range c.lost {
		c.alive--
		w.chunks.spare = append(w.chunks.spare, id)
	}
	c.lost = nil
	w.mayEndChunks(f, now)
}

// mayEndChunks ends a flow that has nothing to send and nothing under way.
func (w *world) mayEndChunks(f *run, now int64) {
	if c := f.chunks; c.left == 0 && c.alive == 0 && w.flows[f.index] == f {
		w.end(f, now)
	}
}

// endChunks forgets what a flow that ends has not sent again.
func (w *world) endChunks(f *run) {
	w.chunks.spare = append(w.chunks.spare, f.chunks.lost...)
	f.chunks.lost = nil
}
