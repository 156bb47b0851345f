package emulate

import (
	"sendim/core/model"
	"sendim/core/trace"
)

// follow is what is followed over time, as far as the kernel tells: the queues of
// switches' ports, and the packets that come to switches.
type follow struct {
	what     model.Followed
	waits    []int64 // bytes that waited at the last sample, by direction
	received []int64 // packets, by place in what.Switches
}

func (f *follow) make(n *model.Network) error {
	var err error
	f.what, _, err = n.Followed()
	f.waits, f.received = make([]int64, 2*n.LinkCount()), make([]int64, len(f.what.Switches))
	return err
}

// lacks says what of the series asked for an emulated network does not have.
func (f *follow) lacks() string {
	if len(f.what.Flows) == 0 {
		return ""
	}
	return "an emulated network knows its flows at their ends only: there is no series of them"
}

// queue writes what waits before a direction, and once more when nothing does. Queues of
// hosts are asked for at the end only.
func (l *links) queue(i int, is, past counters, span, now model.Time) {
	w, arc := l.world, model.Arc(i)
	if !l.follow.what.Queue(arc.Link()) || w.net().NodeKindOf(w.net().ArcFrom(arc).Node) != model.Switch {
		return
	}
	before := l.follow.waits[i]
	l.follow.waits[i] = is.backlog
	if is.backlog == 0 && before == 0 && is.drops == past.drops {
		return
	}
	w.session.emit(&trace.Entry{At: now, Kind: trace.QueuePoint, Link: w.net().LinkName(arc.Link()), Queue: &trace.QueueSample{
		From: w.net().NodeName(w.net().ArcFrom(arc).Node), To: w.net().NodeName(w.net().ArcTo(arc).Node), Span: span,
		Packets: is.waiting, Bytes: is.backlog, Drops: is.drops - past.drops}})
}

// switches writes how many packets came to each switch that is followed.
func (l *links) switches(is []counters, span, now model.Time) {
	w := l.world
	for k, id := range l.follow.what.Switches {
		total := int64(0)
		for _, a := range w.net().Arcs(id) {
			total += is[a^1].packets
		}
		more := total - l.follow.received[k]
		l.follow.received[k] = total
		if more > 0 {
			w.session.emit(&trace.Entry{At: now, Kind: trace.NodePoint, Node: w.net().NodeName(id),
				Switch: &trace.SwitchSample{Span: span, Packets: more, Misses: trace.Unknown, PacketIns: trace.Unknown, Rules: trace.Unknown}})
		}
	}
}
