package sim

import (
	"slices"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/core/workload"
	"sendim/sim/des"
)

// run is a flow under way. What its sender and its receiver write lies apart, because two
// workers may do so at once.
type run struct {
	bytes, received int64 // application bytes and packets received
	first, last     int64 // first and latest byte received
	latency         spread
	newest          uint32 // datagram received

	spec   model.Flow
	index  int32
	sides  []side // by lane, where there are several
	from   *host
	to     model.NodeID // NoNode: whoever takes a service's packets
	start  int64
	path   []model.NodeID
	served []served  // of a flow to a service
	past   *flowPast // nil: nobody follows it
	tcp    *tcpRun
	fluid  *fluidRun
	chunks *chunkRun
	handle *handle

	closing, looked bool // what lanes.go knows of ending

	header   packet.Header
	resolved bool // header bears the receiver's Ethernet address
	pace     pacer
	due      int64  // when a datagram is sent next
	paced    *paced // of a flow with a pattern, instead of pace
	offered  int64  // application bytes
	inFlight int32  // frames and copies of them; see underWay
	upcalls  int32  // frames that went to the controller and have not come back
	reason   string

	sent, lost, repeats               int64 // packets
	scouted, silent, timedOut, ending bool
}

const (
	// linger is how long a flow waits for packets that went to the controller.
	linger = des.Second
	// room for an identity in every datagram
	leastDatagram = 4
)

// normal fills in what a flow that was not drawn from the model leaves open, as
// core/workload does.
func normal(f model.Flow) model.Flow {
	f.Transport = f.Kind()
	if f.Granularity == model.GranularityAuto {
		f.Granularity = model.GranularityPacket
		if f.Chunks != "" {
			f.Granularity = model.GranularityChunk
		}
	}
	if f.Granularity == model.GranularityChunk && f.Chunk == 0 && f.Chunks == "" {
		f.Chunk = workload.DefaultChunk
	}
	if f.Packet == 0 {
		f.Packet = 1514
	}
	if f.Transport != model.ICMP {
		if f.SrcPort == 0 {
			f.SrcPort = 1024
		}
		if f.DstPort == 0 && f.Service == "" {
			f.DstPort = 1024
		}
	}
	return f
}

// admit says what is wrong with a flow before it starts.
func (w *world) admit(f *model.Flow) error {
	place := fault.Place{Element: "flow"}
	h, err := w.hostOf(f.From)
	if err != nil {
		return fault.New(fault.UnknownNode, place, "flow %q: %v", f.ID, err)
	}
	if gone := w.goneEnd(f); gone != model.NoNode && f.Start <= w.outside(w.queue.Now()) {
		return fault.New(fault.UnknownNode, place, "flow %q: %s was removed", f.ID, w.net.NodeName(gone))
	}
	if h.arc < 0 {
		return fault.New(fault.HostUnattached, place, "flow %q: host %s has no link", f.ID, w.net.NodeName(f.From))
	}
	if f.Service != "" {
		if !slices.ContainsFunc(w.net.Services, func(s model.Service) bool { return s.ID == f.Service }) {
			return fault.New(fault.UnknownReference, place, "flow %q: there is no service %q", f.ID, f.Service)
		}
	} else if _, err := w.hostOf(f.To); err != nil {
		return fault.New(fault.UnknownNode, place, "flow %q: %v", f.ID, err)
	}
	switch {
	case f.From == f.To && f.Service == "":
		return fault.New(fault.FlowConflict, place, "flow %q goes from %s to itself", f.ID, w.net.NodeName(f.From))
	case f.Rate < 0 || f.Size < 0 || f.Duration < 0 || f.Start < 0:
		return fault.New(fault.OutOfRange, place, "flow %q has a negative rate, size, duration or start", f.ID)
	case f.Chunks != "" && f.Granularity != model.GranularityChunk:
		return fault.New(fault.FlowConflict, place, "flow %q has chunks, but granularity %s; use granularity=\"chunk\"", f.ID, f.Granularity)
	case f.Granularity == model.GranularityChunk && f.Transport == model.UDP && f.Rate == 0:
		return fault.New(fault.FlowIncomplete, place, "flow %q: UDP chunk by chunk needs a rate", f.ID)
	case f.Packet < workload.Overhead(f.Transport)+leastDatagram:
		return fault.New(fault.OutOfRange, place, "flow %q: packets of %d bytes have no room for headers (%d) and %d bytes of payload", f.ID, f.Packet, workload.Overhead(f.Transport), leastDatagram)
	case f.Granularity == model.GranularityPacket && w.unmarked(f.Class):
		return fault.New(fault.OutOfRange, place, "flow %q: class %q is not among the first %d, for which packets have marks; use granularity=\"flow\" or drop classes", f.ID, f.Class, mostMarks)
	case f.Packet > 65535:
		return fault.New(fault.OutOfRange, place, "flow %q: packets of %d bytes are too large", f.ID, f.Packet)
	case f.Size == 0 && f.Duration == 0 && f.Chunks == "" && f.Transport != model.ICMP:
		return fault.New(fault.FlowIncomplete, place, "flow %q has neither a size nor a duration", f.ID)
	case f.Transport == model.UDP && f.Granularity == model.GranularityPacket && f.Rate == 0 && w.arcs[h.arc].rate == 0:
		return fault.New(fault.FlowIncomplete, place, "flow %q: UDP over an access link without a rate needs a rate of its own", f.ID)
	}
	if _, err := workload.ScheduleOf(w.net, f); err != nil {
		return err
	}
	return w.admitChunks(f)
}

// startDue starts the flows of the list whose time has come.
func (w *world) startDue(now int64) {
	for w.next < len(w.list) && w.outside(now) >= w.list[w.next].Start {
		w.launch(w.list[w.next], nil, now)
		w.next++
	}
	if w.next < len(w.list) {
		w.schedule(w.origin+int64(w.list[w.next].Start), w.everywhere(), onStart, 0, 0)
	}
}

// deferred is a flow of an action that starts later.
type deferred struct {
	spec   model.Flow
	handle *handle
}

func (w *world) launchDeferred(i uint32, now int64) {
	d := w.deferred[i]
	w.deferred[i] = deferred{}
	w.waiters--
	if d.handle.done { // it was stopped
		return
	}
	f := w.launch(d.spec, d.handle, now)
	d.handle.stop = stopFlow{w.whole(), f}
}

// abort ends a flow before its time.
func (w *world) abort(f *run, now int64) {
	if w.flows[f.index] == f {
		w.account(f, now)
		f.reason = "stopped"
		w.end(f, now)
	}
}

// launch starts a flow that was admitted.
func (w *world) launch(spec model.Flow, h *handle, now int64) *run {
	w = w.workerAt(spec.From)
	from, _ := w.hostOf(spec.From)
	f := &run{spec: spec, index: int32(len(w.flows)), from: from, to: spec.To, start: now, handle: h}
	w.enlist(f)
	w.runs++
	f.header = packet.Header{EthType: packet.EthTypeIPv4, IPSrc: w.live(from).ip, TTL: packet.DefaultTTL, L4Src: spec.SrcPort, L4Dst: spec.DstPort,
		DSCP: w.mark(spec.Class)}
	if spec.Service == "" {
		f.header.IPDst = w.address.HostIP(spec.To)
	} else {
		f.to = model.NoNode
		for _, s := range w.net.Services {
			if s.ID == spec.Service {
				f.header.IPDst = packet.IPv4(s.IP)
				if f.header.L4Dst == 0 {
					f.header.L4Dst, f.spec.DstPort = s.Port, s.Port
				}
			}
		}
	}
	w.emit(&trace.Entry{At: w.outside(now), Kind: trace.FlowStart, Flow: spec.ID, Node: w.net.NodeName(spec.From)})
	if gone := w.goneEnd(&spec); gone != model.NoNode {
		f.reason = w.net.NodeName(gone) + " was removed"
		w.end(f, now)
		return f
	}
	w.follows.launched(f)
	if w.watch != nil {
		w.watch.flow(f)
	}
	switch {
	case spec.Transport == model.ICMP:
		w.launchEchoes(f, now)
	case spec.Granularity == model.GranularityFlow:
		f.header.Proto = packet.ProtoUDP
		if spec.Transport == model.TCP {
			f.header.Proto = packet.ProtoTCP
		}
		w.launchFluid(f, now)
	case spec.Granularity == model.GranularityChunk:
		f.header.Proto = packet.ProtoUDP
		if spec.Transport == model.TCP {
			f.header.Proto = packet.ProtoTCP
		}
		w.launchChunks(f, now)
	case spec.Transport == model.TCP:
		f.header.Proto = packet.ProtoTCP
		w.launchTCP(f, now)
	default:
		f.header.Proto = packet.ProtoUDP
		w.launchUDP(f, now)
	}
	return f
}

func (w *world) launchEchoes(f *run, now int64) {
	overhead := int(workload.Overhead(model.ICMP))
	spec := backend.Ping{From: f.spec.From, To: f.spec.To, Count: int(max(1, f.spec.Count)), Size: int(f.spec.Packet) - overhead}
	if f.spec.Duration > 0 && f.spec.Count == 0 {
		spec.Count = int(max(1, f.spec.Duration/model.Second))
	}
	if f.spec.Rate > 0 {
		spec.Interval = f.spec.Rate.TransmissionTime(model.Size(spec.Size))
	}
	p, err := w.startPing(spec, now)
	if err != nil {
		f.reason = err.Error()
		w.end(f, now)
		return
	}
	p.flow = f
}

// landed takes note that a frame of a flow is no longer on its way.
func (w *world) landed(f *run) {
	if w.apart {
		w.landedApart(f)
		return
	}
	f.inFlight--
	if f.ending && w.underWay(f) == 0 {
		w.mayEnd(f, w.queue.Now())
	}
}

// mayEnd ends a flow that sends no more and of which nothing is on its way.
func (w *world) mayEnd(f *run, now int64) {
	switch {
	case f.tcp != nil || f.fluid != nil || f.chunks != nil || w.underWay(f) > 0: // they know better
	case w.fold(f).upcalls > 0 && f.received < f.sent:
		w.together(now + linger)
		w.schedule(now+linger, f.from.id, onLinger, uint32(f.index), 0)
	default:
		w.end(f, now)
	}
}

// scout writes down that a flow's first packet has come to a node.
func (w *world) scout(f *frame, at model.NodeID) {
	if fl := w.owner(f); fl != nil {
		if w.apart {
			w.note(record{what: passed, flow: fl, node: at})
			return
		}
		fl.pass(at)
	}
}

func (f *run) pass(at model.NodeID) {
	if at == f.spec.From {
		f.path = f.path[:0]
	}
	if n := len(f.path); n == 0 || f.path[n-1] != at {
		f.path = append(f.path, at)
	}
}

// end ends a flow and tells what became of it.
func (w *world) end(f *run, now int64) {
	if w.flows[f.index] != f {
		return
	}
	w.strike(f)
	if w.apart {
		w.note(record{what: ended, flow: f})
		return
	}
	w.finish(f, now)
}

// finish is the second part of end, for which nobody else may work.
func (w *world) finish(f *run, now int64) {
	w.fold(f)
	w.runs--
	if f.fluid != nil {
		w.forgetFluid(f)
	}
	if f.chunks != nil {
		w.endChunks(f)
	}
	finish := f.last
	if f.received == 0 && f.bytes == 0 {
		finish = now
	}
	at := w.outside(finish)
	if f.tcp != nil && f.bytes == 0 && f.reason != "" { // a transfer that never came about has not ended either
		at = trace.Unfinished
	}
	r := w.resultOf(f, at)
	w.followFlow(f, now)
	w.emit(&trace.Entry{At: w.outside(now), Kind: trace.FlowEnd, Flow: f.spec.ID, Result: r})
	f.handle.finish(backend.Outcome{Flow: r})
}

// resultOf is what has become of a flow; finish is trace.Unfinished while it goes on.
func (w *world) resultOf(f *run, finish model.Time) *trace.FlowResult {
	if f.fluid != nil {
		w.offer(f, w.queue.Now())
	}
	r := &trace.FlowResult{ID: f.spec.ID, From: w.net.NodeName(f.spec.From), To: f.spec.Service, Transport: f.spec.Transport.String(),
		Granularity: f.spec.Granularity.String(), Class: f.spec.Class, Start: w.outside(f.start), Finish: finish,
		Bytes: f.bytes, Offered: f.offered, Sent: f.sent, Received: f.received, Lost: f.lost, Retransmits: f.repeats, Error: f.reason, Asked: trace.AskedOf(&f.spec)}
	if f.tcp == nil && f.fluid == nil && f.spec.Transport == model.UDP && finish != trace.Unfinished {
		r.Lost = max(0, f.sent-f.received)
	}
	if f.spec.Service == "" {
		r.To = w.net.NodeName(f.spec.To)
	}
	until := finish
	if finish == trace.Unfinished {
		until = w.outside(w.queue.Now())
	}
	span := until - r.Start
	if f.spec.Duration > 0 && finish != trace.Unfinished {
		span = max(span, f.spec.Duration)
	}
	if span > 0 {
		r.Rate = float64(f.bytes*8) / span.Seconds()
	}
	r.LatencyMin, r.LatencyMean, r.LatencyMax = f.latency.summary()
	r.Servers = w.servers(f)
	for _, n := range f.path {
		r.Path = append(r.Path, w.net.NodeName(n))
	}
	return r
}

// stop ends a flow's duration.
func (w *world) stop(f *run, now int64) {
	switch {
	case f.fluid != nil:
		w.stopFluid(f, now)
	case f.chunks != nil:
		w.stopChunks(f, now)
	case f.tcp != nil:
		w.stopTCP(f, now)
	}
}

// unfinished tells of the flows that have not ended.
func (w *world) unfinished(now int64) {
	for i, f := range w.flows {
		if f == nil {
			continue
		}
		w.account(w.fold(f), now)
		w.flows[i] = nil
		r := w.resultOf(f, trace.Unfinished)
		w.followFlow(f, now)
		w.emit(&trace.Entry{At: w.outside(now), Kind: trace.FlowEnd, Flow: f.spec.ID, Result: r})
		f.handle.finish(backend.Outcome{Flow: r})
	}
}
