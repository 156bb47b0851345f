package sim

import (
	"math"
	"slices"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/sim/des"
	"sendim/sim/fluid"
)

// fluids shares the links among flows that are not followed packet by packet. Everything
// that changes the sharing at one moment is gathered and settled together, after all that
// happens at the nodes.
type fluids struct {
	transfers *fluid.Transfers
	net       *fluid.Network
	resource  []int32 // by channel: its resource + 1
	void      fluid.Resource
	meters    map[meterKey]fluid.Resource // only looked up
	runs      []*run                      // by fluid.Flow; nil where none
	starting  []*run
	stale     []*run
	queued    int64 // for when onFluid is queued, flow.Never: not
	settles   uint64
	legs      []*leg // to use again
	probe     flow.Path
}

type meterKey struct {
	slot   int32
	number uint32
}

// fluidRun is a flow's part in it.
type fluidRun struct {
	id       fluid.Flow
	live     bool // it has a transfer
	stale    bool // listed in fluids.stale
	anew     bool // its path must be followed from the beginning
	through  bool // the path reaches the receiver
	missed   bool // a table miss stands in its way
	probing  bool // onProbe is queued
	answered bool // a probe since then was answered
	sleeping int  // seconds without a path
	legs     []*leg
	arcs     []uint32
	route    []fluid.Resource
	latency  int64
	bytes    int64 // counted along the path
	packets  int64
	since    int64 // when its path first reached the receiver; 0: never
	fluidFailure
}

// leg is what a flow meets at one switch.
type leg struct {
	slot   int32
	packet flow.Packet
	path   flow.Path
}

// patience is after how many seconds without a path a flow gives up, as a connection
// that gets no answer does.
const patience = 127

const noWay = "no way to the receiver: timed out"

func (w *world) fluidly() *fluids {
	if w.fluid == nil {
		net := w.sharing()
		w.fluid = &fluids{net: net, transfers: fluid.NewTransfers(net), resource: make([]int32, len(w.arcs)), queued: flow.Never,
			meters: map[meterKey]fluid.Resource{}}
	}
	return w.fluid
}

// bother queues what settles at this instant.
func (w *world) bother(now int64) {
	if x := w.fluid; x.queued > now {
		x.queued = now
		w.schedule(now, w.everywhere(), onFluid, 0, 0)
	}
}

// launchFluid begins with the address of the receiver, as a host would.
func (w *world) launchFluid(f *run, now int64) {
	w.fluidly()
	f.fluid = &fluidRun{}
	if f.spec.Duration > 0 {
		w.schedule(now+int64(f.spec.Duration), f.from.id, onStop, uint32(f.index), 0)
	}
	w.resolveFluid(f, now)
}

func (w *world) resolveFluid(f *run, now int64) {
	l := w.live(f.from)
	n := w.neighbour(l, f.header.IPDst)
	f.header.EthSrc = l.mac
	if n.mac != 0 {
		w.startFluid(f, n.mac, now)
		return
	}
	n.fluids = append(n.fluids, f.index)
	if !n.asking {
		n.asking = true
		n.round++
		w.ask(f.from, l, f.header.IPDst, n, 1, now)
	}
	w.keepTrying(f, now)
}

func (w *world) startFluid(f *run, to packet.MAC, now int64) {
	f.header.EthDst, f.resolved = to, true
	w.fluid.starting = append(w.fluid.starting, f)
	w.bother(now)
}

// keepTrying looks at a flow without a path again in a second.
func (w *world) keepTrying(f *run, now int64) {
	if !f.fluid.probing {
		f.fluid.probing = true
		w.schedule(now+des.Second, f.from.id, onProbe, uint32(f.index), 0)
	}
}

func (w *world) probeAgain(f *run, now int64) {
	r := f.fluid
	r.probing, r.answered = false, false
	if r.through {
		return
	}
	w.forsaken(f, now)
	if r.carried {
		r.sleeping = 0
	}
	if r.sleeping++; r.sleeping >= patience {
		f.reason = noWay
		w.account(f, now)
		w.end(f, now)
		return
	}
	switch n := w.neighbour(w.live(f.from), f.header.IPDst); {
	case !f.resolved && !n.asking:
		w.resolveFluid(f, now)
	case r.live && r.missed:
		w.sendProbe(f, now)
	}
	w.keepTrying(f, now)
}

// sendProbe sends one real frame of the flow, so that the controller hears of it.
func (w *world) sendProbe(f *run, now int64) {
	w = w.workerAt(f.from.id)
	id, x := w.frames.take()
	*x = frame{sent: now, owner: f.index, cargo: probe, seg: -1, on: -1}
	x.Header, x.Bytes = f.header, uint32(f.spec.Packet)
	f.inFlight++
	w.send(f.from, id, x, now)
}

// hearProbe answers for TCP, as its acknowledgement would: apps that learn where hosts
// are from what they send hear of the receiver, too. The sender's next frame finds what
// they learned.
func (w *world) hearProbe(h *host, id uint32, f *frame, now int64) {
	fl, header := w.owner(f), f.Header
	w.release(id, f)
	if fl == nil {
		return
	}
	w.delivered(fl, h, now)
	if r := fl.fluid; (fl.chunks != nil || r != nil && r.live) && fl.spec.Transport == model.TCP {
		if h != fl.from {
			id, x := w.frames.take()
			*x = frame{sent: now, owner: fl.index, cargo: probe, seg: -1, on: -1}
			x.Header, x.Bytes = header, answerBytes
			x.Header.EthSrc, x.Header.EthDst = header.EthDst, header.EthSrc
			x.Header.IPSrc, x.Header.IPDst = header.IPDst, header.IPSrc
			x.Header.L4Src, x.Header.L4Dst = header.L4Dst, header.L4Src
			fl.inFlight++
			w.send(h, id, x, now)
		} else if c := fl.chunks; c != nil {
			if c.parked > 0 && !c.answered {
				c.answered = true
				w.sendProbe(fl, now)
			}
		} else if !r.through && !r.answered {
			r.answered = true
			w.sendProbe(fl, now)
		}
	}
	w.landed(fl)
}

// answerBytes is the length of an acknowledgement.
const answerBytes = 14 + 20 + 20

// settle ends, starts and reroutes what is due, and shares anew.
func (x *fluids) settle(w *world, now int64) {
	if x.queued != now {
		return
	}
	x.queued = flow.Never
	for {
		id, at, ok := x.transfers.Next()
		if !ok || at > now {
			break
		}
		w.finishFluid(x.runs[id], now)
	}
	for _, f := range x.starting {
		if w.flows[f.index] == f {
			w.admitFluid(f, now)
		}
	}
	for _, f := range x.stale {
		if r := f.fluid; r.live && w.flows[f.index] == f {
			r.stale = false
			w.reroute(f, now)
		}
	}
	x.starting, x.stale = x.starting[:0], x.stale[:0]
	x.transfers.Settle(now)
	x.settles++
	w.besideFluids(now)
	if _, at, ok := x.transfers.Next(); ok && at < x.queued {
		x.queued = max(at, now)
		w.schedule(x.queued, w.everywhere(), onFluid, 0, 0)
	}
}

// admitFluid gives a flow its transfer.
func (w *world) admitFluid(f *run, now int64) {
	x, r := w.fluid, f.fluid
	w.follow(f)
	volume := math.Inf(1)
	if f.spec.Size > 0 {
		volume = float64(f.spec.Size)
	}
	r.id = x.transfers.Start(now, fluid.FlowSpec{Route: r.route, Cap: float64(f.spec.Rate) / 8, Class: int32(w.classes.of(f.spec.Class))}, volume)
	r.live = true
	for int(r.id) >= len(x.runs) {
		x.runs = append(x.runs, nil)
	}
	x.runs[r.id] = f
	w.blocked(f, now)
}

// blocked does what can be done for a flow without a path.
func (w *world) blocked(f *run, now int64) {
	r := f.fluid
	if r.through {
		if r.since == 0 {
			r.since = now
		}
		r.sleeping = 0
		return
	}
	if r.missed && !r.carried {
		w.sendProbe(f, now)
	}
	w.keepTrying(f, now)
}

// reroute follows the path again where tables or ports have changed.
func (w *world) reroute(f *run, now int64) {
	x, r := w.fluid, f.fluid
	w.accountFluid(f, now) // along the way that it took so far
	same := !r.anew
	for _, l := range r.legs {
		if !same {
			break
		}
		if s := &w.switches[l.slot]; l.path.Version != s.Version() {
			w.at = s
			s.Trace(&l.packet, &w.result, &x.probe)
			same = slices.Equal(l.path.Outputs, x.probe.Outputs) && slices.Equal(l.path.Meters, x.probe.Meters) &&
				len(l.path.Controller) == len(x.probe.Controller)
			l.path, x.probe = x.probe, l.path
		}
	}
	if same {
		for _, l := range r.legs { // a meter may have a new rate
			w.meterRoute(l, r.route[:0:0])
		}
		return
	}
	before, server := slices.Clone(r.route), f.to
	w.unfollow(f)
	w.follow(f)
	w.hesitate(f, now)
	w.carry(f, now)
	if f.spec.Transport == model.TCP && server != model.NoNode && f.to != server { // it does not know the connection
		f.last = now
		w.reset(f, now)
		return
	}
	if !slices.Equal(before, r.route) {
		x.transfers.Network().Reroute(r.id, r.route)
	}
	w.blocked(f, now)
}

// finishFluid ends a flow that has sent everything: its last byte is still on its way for
// the path's delay.
func (w *world) finishFluid(f *run, now int64) {
	x, r := w.fluid, f.fluid
	w.accountFluid(f, now)
	x.transfers.Finish()
	w.leaveFluid(f, now)
	f.last = now + r.latency
	if r.latency == 0 {
		w.end(f, now)
	} else {
		w.schedule(f.last, f.from.id, onFluidEnd, uint32(f.index), 0)
	}
}

// stopFluid ends a flow whose duration is over.
func (w *world) stopFluid(f *run, now int64) {
	r := f.fluid
	if w.flows[f.index] != f || f.last > 0 {
		return
	}
	w.accountFluid(f, now)
	w.forgetFluid(f)
	f.last = now
	if f.bytes > 0 && r.latency > 0 {
		f.last = now + r.latency
		w.schedule(f.last, f.from.id, onFluidEnd, uint32(f.index), 0)
		return
	}
	w.end(f, now)
}

// forgetFluid takes a flow's transfer away before its end.
func (w *world) forgetFluid(f *run) {
	if r := f.fluid; r.live {
		now := w.queue.Now()
		w.fluid.transfers.Cancel(now, r.id)
		w.leaveFluid(f, now)
		w.bother(now)
	}
}

func (w *world) leaveFluid(f *run, now int64) {
	r := f.fluid
	f.from.digest = chain(f.from.digest, uint64(now), uint64(r.bytes))
	w.unfollow(f)
	w.fluid.runs[r.id] = nil
	r.live = false
}

// accountFluid brings the counters along a flow's path up to date.
func (w *world) accountFluid(f *run, now int64) {
	x, r := w.fluid, f.fluid
	if !r.live {
		return
	}
	total, sent := r.bytes, x.transfers.Sent(now, r.id)
	if sent <= mostBytes {
		total = int64(sent)
	} else {
		f.reason = "nothing on its way has a rate, so nothing bounds it"
	}
	packets := total / int64(f.spec.Packet)
	if f.spec.Size > 0 && total >= int64(f.spec.Size) && total%int64(f.spec.Packet) != 0 {
		packets++
	}
	bytes, n := uint64(total-r.bytes), uint64(packets-r.packets)
	r.bytes, r.packets = total, packets
	f.bytes, f.offered, f.sent, f.received = total, total, packets, packets
	f.credit(f.to, int64(bytes))
	if !r.through && !r.carried || bytes == 0 && x.net.Rate(r.id) == 0 {
		return
	}
	for _, l := range r.legs {
		w.switches[l.slot].TouchPath(&l.path, n, bytes, now)
	}
	for _, a := range r.arcs {
		o := w.oddityOf(a)
		o.fluidBytes += bytes
		o.fluidPackets += n
	}
}

// offer says how much a flow that nothing slows down, as UDP for some time, has sent
// until now, wherever it went: what has no share of the links is lost.
func (w *world) offer(f *run, now int64) {
	r := f.fluid
	since, limit := r.since, f.spec.Rate
	if f.spec.Transport != model.UDP || f.spec.Size > 0 || limit == 0 {
		return
	}
	if since == 0 { // nothing ever arrived
		since = f.start
	}
	// What waits for an address arrives late; more than has room there is lost.
	since = min(since, f.start+int64(limit.TransmissionTime(resolveRoom*f.spec.Packet)))
	if end := f.start + int64(f.spec.Duration); f.spec.Duration > 0 && end < now {
		now = end
	}
	sent := int64(model.Time(now-since).Seconds() * float64(limit) / 8)
	if sent-f.bytes < int64(f.spec.Packet) {
		return // a share in full, but for what is cut off
	}
	f.offered, f.sent = sent, sent/int64(f.spec.Packet)
	f.lost = f.sent - f.received
}

// catchUp brings the counters of a switch up to date.
func (w *world) catchUp(s *node, now int64) {
	if s.extended == nil {
		return
	}
	for _, i := range s.extended.fluids {
		if f := w.flows[i]; f != nil {
			w.accountFluid(f, now)
		}
	}
}

// detour makes the flows through a switch look at their path again; anew where ports
// have changed.
func (w *world) detour(s *node, now int64, anew bool) {
	w.retryParked(s, now)
	if s.extended == nil || len(s.extended.fluids) == 0 {
		return
	}
	for _, i := range s.extended.fluids {
		w.unsettle(w.flows[i], anew)
	}
	w.bother(now)
}

// detourHost is detour for the flows of a host.
func (w *world) detourHost(h *host, now int64) {
	if w.fluid == nil {
		return
	}
	for _, f := range w.fluid.runs {
		if f != nil && f.from == h {
			w.unsettle(f, true)
			w.bother(now)
		}
	}
}

func (w *world) unsettle(f *run, anew bool) {
	if f == nil || !f.fluid.live {
		return
	}
	r := f.fluid
	r.anew = r.anew || anew
	if !r.stale {
		r.stale = true
		w.fluid.stale = append(w.fluid.stale, f)
	}
}
