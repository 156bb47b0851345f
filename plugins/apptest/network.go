package apptest

import (
	"cmp"
	"container/heap"
	"slices"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// event is something that happens at a switch or a host: a downcall takes effect, a
// packet arrives, or a rule may run out.
type event struct {
	at   model.Time
	seq  uint64
	down *control.Downcall
	trip *trip
	to   model.Endpoint
	tick model.NodeID // a switch looks for rules that have run out; used if nothing else is set
}

// trip is a packet under way and where it has been.
type trip struct {
	header  packet.Header
	payload []byte
	path    []string
}

type events []event

func (q events) Len() int { return len(q) }

// Less has what happens at one moment in an order that does not depend on when the apps
// were asked: rules that run out, downcalls as they were given, packets as they were sent.
func (q events) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].class(), q[j].class()), cmp.Compare(q[i].seq, q[j].seq)) < 0
}

func (e *event) class() int {
	switch {
	case e.down != nil:
		return 1
	case e.trip != nil:
		return 2
	}
	return 0
}

func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() (last any) {
	n := len(*q) - 1
	last = (*q)[n]
	*q = (*q)[:n]
	return last
}

func (q events) next() model.Time {
	if len(q) == 0 {
		return model.Forever
	}
	return q[0].at
}

func (q *events) pop() event { return heap.Pop(q).(event) }

func (b *Bench) push(e event) {
	b.seq++
	e.seq = b.seq
	if e.down != nil || e.trip != nil {
		b.busy++
	}
	heap.Push(&b.queue, e)
}

// carry makes an event happen.
func (b *Bench) carry(e *event) {
	if e.down != nil || e.trip != nil {
		b.busy--
	}
	switch {
	case e.down != nil:
		b.take(e.down)
	case e.trip == nil:
		b.expire(e.tick)
	case b.switches[e.to.Node] == nil:
		b.hosts[e.to.Node].receive(e.trip)
	default:
		b.process(e.to.Node, uint32(e.to.Port), e.trip)
	}
}

// take carries out a downcall.
func (b *Bench) take(d *control.Downcall) {
	if b.lost[d.Switch] {
		return
	}
	if b.anew[d.Switch] {
		// The runtime's first word on a new connection is to delete everything; what comes
		// before was written to the old one.
		if d.Kind != control.ModRule || !d.Rule.AllTables || d.App >= 0 {
			return
		}
		delete(b.anew, d.Switch)
	}
	s, now := b.switches[d.Switch], int64(b.now)
	var gone []flow.Removed
	var err error
	switch d.Kind {
	case control.ModRule:
		gone, err = s.ApplyRule(d.Rule, now)
	case control.ModGroup:
		gone, err = s.ApplyGroup(d.Group, now)
	case control.ModMeter:
		gone, err = s.ApplyMeter(d.Meter, now)
	case control.SendPacket:
		err = b.sendOut(d)
	case control.AskStats:
		b.up(control.Upcall{Kind: control.StatsReply, Switch: d.Switch, Xid: d.Xid, Stats: b.stats(s)})
	case control.Barrier:
		b.up(control.Upcall{Kind: control.BarrierReply, Switch: d.Switch, Xid: d.Xid})
	}
	b.removed(d.Switch, gone)
	if err != nil {
		b.Refused = append(b.Refused, b.Model.NodeName(d.Switch)+": "+err.Error())
		b.up(control.Upcall{Kind: control.Refusal, Switch: d.Switch, Xid: d.Xid, Reason: err.Error()})
	}
	b.watch(d.Switch)
}

func (b *Bench) stats(s *flow.Switch) *app.Stats {
	return &app.Stats{Rules: slices.Collect(s.Rules(flow.AllTables, int64(b.now))), Groups: s.Groups(), Meters: s.Meters()}
}

func (b *Bench) sendOut(d *control.Downcall) error {
	header, layout, err := packet.Decode(d.Packet.Frame)
	if err != nil {
		return err
	}
	p := flow.Packet{Header: header, InPort: d.Packet.InPort, Bytes: uint32(len(d.Packet.Frame))}
	r := &b.result
	r.PortUp = b.portUp(d.Switch)
	if err := b.switches[d.Switch].Send(&p, d.Packet.Actions, int64(b.now), r); err != nil {
		return err
	}
	b.forward(d.Switch, d.Packet.InPort, &trip{header: header, payload: d.Packet.Frame[layout.Payload:layout.End]})
	return nil
}

func (b *Bench) portUp(sw model.NodeID) func(uint32) bool {
	return func(port uint32) bool {
		arc, ok := b.Model.ArcAtPort(sw, model.PortNo(port))
		return ok && !b.downs[arc.Link()]
	}
}

// process takes a packet through a switch.
func (b *Bench) process(sw model.NodeID, port uint32, t *trip) {
	t.path = append(slices.Clip(t.path), b.Model.NodeName(sw))
	if len(t.path) > HopMost {
		b.Looped++
		return
	}
	r := &b.result
	r.PortUp = b.portUp(sw)
	p := flow.Packet{Header: t.header, InPort: port, Bytes: uint32(len(t.payload) + 42)}
	b.switches[sw].Process(&p, int64(b.now), r)
	b.forward(sw, port, t)
	b.watch(sw)
}

// forward sends on what the last use of a switch gave.
func (b *Bench) forward(sw model.NodeID, inPort uint32, t *trip) {
	for _, out := range b.result.Outputs {
		next := *t
		next.header = out.Header
		if out.Port == flow.PortAll {
			for _, a := range b.Model.Arcs(sw) {
				if p := b.Model.ArcFrom(a).Port; uint32(p) != inPort {
					one := next
					b.transmit(sw, p, &one)
				}
			}
			continue
		}
		b.transmit(sw, model.PortNo(out.Port), &next)
	}
	for _, c := range b.result.Controller {
		header, payload := c.Header, t.payload
		frame := packet.Append(nil, header, payload)
		b.up(control.Upcall{Kind: control.PacketIn, Switch: sw, Packet: &control.Packet{InPort: c.InPort, Table: c.Table, Reason: c.Reason,
			Cookie: c.Cookie, Header: header, Length: len(frame), Bytes: func() []byte { return frame }}})
	}
}

// transmit puts a packet on the link behind a port.
func (b *Bench) transmit(from model.NodeID, port model.PortNo, t *trip) {
	arc, ok := b.Model.ArcAtPort(from, port)
	if !ok || b.downs[arc.Link()] {
		return
	}
	b.push(event{at: b.now + LinkDelay, trip: t, to: b.Model.ArcTo(arc)})
}

// watch comes back when a rule of the switch can run out.
func (b *Bench) watch(sw model.NodeID) {
	if at := b.switches[sw].NextExpiry(); at != flow.Never {
		b.push(event{at: max(b.now, model.Time(at)), tick: sw})
	}
}

func (b *Bench) expire(sw model.NodeID) {
	s := b.switches[sw]
	if gone := s.Expire(int64(b.now)); len(gone) > 0 {
		b.removed(sw, gone)
		b.watch(sw)
	}
}

func (b *Bench) removed(sw model.NodeID, gone []flow.Removed) {
	for _, g := range gone {
		if g.Rule.SendRemoved {
			b.up(control.Upcall{Kind: control.RuleRemoved, Switch: sw, Removed: &control.Removed{
				Rule: g.Rule, Reason: g.Reason, Counters: g.Counters, Age: model.Time(g.Age)}})
		}
	}
}
