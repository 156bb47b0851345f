package sim

import (
	"slices"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/trace"
)

// follow is what is followed over time beyond all links. Its points are taken when the
// samples of links are, while the whole network stands still.
type follow struct {
	what     model.Followed
	runs     []int32     // flows followed, under way, in the order of their starts
	waits    []queuePast // by direction
	switches []int32     // in order
	counts   []switchPast
	upcalls  []uint32 // packets sent to the controller, by switch; nil: no switch is followed
}

// queuePast is a direction's queue at the last sample, in all and by class.
type queuePast struct {
	whole   waits
	classes []waits
}

type waits struct {
	packets, bytes int64
	drops, marks   uint64
}

type switchPast struct {
	packets, misses uint64
	upcalls         uint32
	rules           int
}

// flowPast is a flow at the last sample.
type flowPast struct {
	bytes, lost, repeats, window, rtt int64
}

// newFollow gathers what a model asks to be followed; nil if that is nothing.
func newFollow(n *model.Network, switches int, slot []int32) (*follow, error) {
	what, asked, err := n.Followed()
	if err != nil || !asked {
		return nil, err
	}
	f := &follow{what: what}
	if what.Queues != nil {
		f.waits = make([]queuePast, 2*n.LinkCount())
	}
	if len(what.Switches) > 0 {
		for _, id := range what.Switches {
			f.switches = append(f.switches, slot[id])
		}
		f.counts, f.upcalls = make([]switchPast, len(f.switches)), make([]uint32, switches)
	}
	return f, nil
}

// link says whether the samples of a link are asked for.
func (x *follow) link(l model.LinkID) bool { return x == nil || x.what.Link(l) }

// launched takes a new flow up, if it is to be followed.
func (x *follow) launched(f *run) {
	if x != nil && x.what.Flow(f.spec.ID) {
		f.past = &flowPast{}
		x.runs = append(x.runs, f.index)
	}
}

// upcall counts what a switch sends to the controller.
func (x *follow) upcall(slot int32, kind control.UpcallKind) {
	if x != nil && x.upcalls != nil && kind == control.PacketIn {
		x.upcalls[slot]++
	}
}

// points writes a point of every flow and switch that has something to tell.
func (x *follow) points(w *world, now int64) {
	if x == nil {
		return
	}
	x.runs = slices.DeleteFunc(x.runs, func(i int32) bool { return w.flows[i] == nil })
	for _, i := range x.runs {
		w.account(w.flows[i], now)
		w.followFlow(w.flows[i], now)
	}
	for i, slot := range x.switches {
		w.followSwitch(&w.switches[slot], &x.counts[i], x.upcalls[slot], now)
	}
}

// followFlow writes what a flow did since its point before. Its figures must be right.
func (w *world) followFlow(f *run, now int64) {
	if f.past == nil {
		return
	}
	is := flowPast{bytes: f.bytes, lost: f.lost, repeats: f.repeats}
	if f.tcp != nil {
		s := f.tcp.sender.Stats()
		is.window, is.rtt = int64(s.Window), s.SRTT
	}
	was := *f.past
	span := now - max(f.start, w.sampled)
	if is == was || span <= 0 {
		return
	}
	*f.past = is
	w.emit(&trace.Entry{At: w.outside(now), Kind: trace.FlowPoint, Flow: f.spec.ID, Transfer: &trace.FlowSample{Span: model.Time(span),
		Bytes: is.bytes - was.bytes, Total: is.bytes, Lost: is.lost - was.lost, Retransmits: is.repeats - was.repeats, Window: is.window, RTT: model.Time(is.rtt)}})
}

// followSwitch looks at every rule of the first table, whose counts say how many packets
// it has seen, of whichever granularity.
func (w *world) followSwitch(s *node, past *switchPast, upcalls uint32, now int64) {
	w.catchUp(s, now)
	is := switchPast{upcalls: upcalls, rules: s.Len()}
	for i, t := range s.Tables() {
		if i == 0 && t.Table == 0 {
			is.packets = t.Lookups
		}
		is.misses += t.Lookups - t.Matched
	}
	was := *past
	if is == was {
		return
	}
	if is.packets < was.packets || is.misses < was.misses { // it went down and came back empty
		was.packets, was.misses = 0, 0
	}
	*past = is
	w.emit(&trace.Entry{At: w.outside(now), Kind: trace.NodePoint, Node: w.net.NodeName(s.id), Switch: &trace.SwitchSample{Span: model.Time(now - w.sampled),
		Packets: int64(is.packets - was.packets), Misses: int64(is.misses - was.misses), PacketIns: int64(is.upcalls - was.upcalls), Rules: int64(is.rules)}})
}

// queue writes what waits at a direction that was active, and once more when nothing does.
func (x *follow) queue(w *world, a uint32, now int64) {
	if x == nil || !x.what.Queue(model.LinkID(a/2)) {
		return
	}
	c, o, past := &w.arcs[a], w.oddityOf(a), &x.waits[a]
	packets, bytes := w.waiting(c, now)
	whole := waits{int64(packets), int64(bytes), o.drops, o.marks}
	p := o.classed
	if p != nil {
		if past.classes == nil {
			past.classes = make([]waits, len(p.queues))
		}
		for i := range p.queues {
			whole.packets += int64(p.queues[i].n)
			whole.bytes += p.queues[i].bytes
		}
	}
	w.queuePoint(a, "", whole, &past.whole, now)
	if p == nil {
		return
	}
	for i := range p.queues {
		q := &p.queues[i]
		w.queuePoint(a, p.classes.list[i].name, waits{int64(q.n), q.bytes, q.drops, q.marks}, &past.classes[i], now)
	}
}

func (w *world) queuePoint(a uint32, class string, is waits, past *waits, now int64) {
	was := *past
	*past = is
	if is == was && is.packets == 0 {
		return
	}
	arc := model.Arc(a)
	w.emit(&trace.Entry{At: w.outside(now), Kind: trace.QueuePoint, Link: w.net.LinkName(arc.Link()), Queue: &trace.QueueSample{
		From: w.net.NodeName(w.net.ArcFrom(arc).Node), To: w.net.NodeName(w.net.ArcTo(arc).Node), Class: class, Span: model.Time(now - w.sampled),
		Packets: is.packets, Bytes: is.bytes, Drops: int64(is.drops - was.drops), Marks: int64(is.marks - was.marks)}})
}
