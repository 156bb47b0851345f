package sim

import (
	"fmt"
	"path"
	"slices"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/trace"
)

// follow is what is followed over time beyond all links. Its points are taken when the
// samples of links are, while the whole network stands still.
type follow struct {
	links    []bool   // by link: of which there are samples; nil: of all
	flows    []string // ids or globs of the flows followed
	runs     []int32  // of these, under way, in the order of their starts
	queues   []bool   // by link; nil: none
	waits    []queuePast
	switches []int32 // in order
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
	f, asked := &follow{}, false
	for _, x := range n.Watches {
		if x.Series == model.SeriesNone {
			continue
		}
		asked = true
		if x.Series.Has(model.SeriesFlows) {
			pattern := x.Flows
			if pattern == "" {
				pattern = "*"
			}
			if _, err := path.Match(pattern, ""); err != nil {
				return nil, fmt.Errorf("trace: flows %q: %w", pattern, err)
			}
			f.flows = append(f.flows, pattern)
		}
		for _, part := range []struct {
			series model.Series
			to     *[]bool
		}{{model.SeriesLinks, &f.links}, {model.SeriesQueues, &f.queues}} {
			if !x.Series.Has(part.series) || part.series == model.SeriesLinks && x.Links == "" {
				continue
			}
			if err := markLinks(n, x.Links, part.to); err != nil {
				return nil, err
			}
		}
		if x.Series.Has(model.SeriesSwitches) {
			of := x.Nodes
			if of == "" {
				of = "type=switch"
			}
			ids, err := n.SelectNodes(of, 0)
			if err != nil {
				return nil, fmt.Errorf("trace: %w", err)
			}
			for _, id := range ids {
				if slot[id] >= 0 {
					f.switches = append(f.switches, slot[id])
				}
			}
		}
	}
	if !asked {
		return nil, nil
	}
	if f.queues != nil {
		f.waits = make([]queuePast, 2*n.LinkCount())
	}
	if len(f.switches) > 0 {
		slices.Sort(f.switches)
		f.switches = slices.Compact(f.switches)
		f.counts, f.upcalls = make([]switchPast, len(f.switches)), make([]uint32, switches)
	}
	return f, nil
}

func markLinks(n *model.Network, of model.Selector, to *[]bool) error {
	if *to == nil {
		*to = make([]bool, n.LinkCount())
	}
	if of == "" {
		of = "*"
	}
	ids, err := n.SelectLinks(of)
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	for _, id := range ids {
		(*to)[id] = true
	}
	return nil
}

// link says whether the samples of a link are asked for.
func (x *follow) link(l model.LinkID) bool { return x == nil || x.links == nil || x.links[l] }

// launched takes a new flow up, if it is to be followed.
func (x *follow) launched(f *run) {
	if x == nil {
		return
	}
	for _, pattern := range x.flows {
		if ok, _ := path.Match(pattern, f.spec.ID); ok {
			f.past = &flowPast{}
			x.runs = append(x.runs, f.index)
			return
		}
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
	if x == nil || x.queues == nil || !x.queues[a/2] {
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
