package control

import (
	"sort"

	"sendim/core/app"
	"sendim/core/model"
)

// plant is a switch as the last pass sees it: what is wanted there and what was sent.
type plant struct {
	flooding bool // the flood group is wanted
	wanted   wanted
	groups   numbers
	meters   numbers
	rates    map[model.PortNo]portRate

	sent []sent // from head on: not yet acknowledged, by rising Xid
	head int
	late []sent // what the switch is to be told, or to acknowledge, when it is back
	last uint64 // Xid of the last downcall but barriers

	barrier   uint64 // Xid of the last barrier
	touched   bool   // in the React under way
	touchedAt model.Time
	acking    bool // in the step under way: a command wants Applied

	held      *app.Stats // what the switch held when it connected, until it is compared
	gathering bool       // until the end of the step: changes are for the comparison
}

type portRate struct {
	app  int32
	rate model.Rate
}

// sent is a downcall that has not been acknowledged.
type sent struct {
	xid     uint64
	command uint64
	what    any // *flow.RuleMod, *flow.GroupMod, *flow.MeterMod, or nil
	app     int32
	ack     bool
	refused bool
}

func (e *sent) clone() *sent { c := *e; return &c }

func (p *plant) find(xid uint64) *sent {
	open := p.sent[p.head:]
	i := sort.Search(len(open), func(i int) bool { return open[i].xid >= xid })
	if i < len(open) && open[i].xid == xid {
		return &open[i]
	}
	return nil
}

// acknowledge takes note that a switch has carried out everything up to a downcall and
// gives the commands whose apps want to know.
func (r *Runtime) acknowledge(sw model.NodeID, xid uint64) (out []acknowledgement) {
	p := r.plants[sw]
	if p == nil {
		return nil
	}
	for p.head < len(p.sent) && p.sent[p.head].xid <= xid {
		e := &p.sent[p.head]
		if e.ack && !e.refused {
			out = append(out, acknowledgement{e.app, e.command})
		}
		*e = sent{}
		p.head++
		r.unacked--
	}
	if p.head == len(p.sent) {
		p.sent, p.head = nil, 0 // most switches are told something once, and then for long nothing
	} else if p.head > 64 && 2*p.head > len(p.sent) {
		n := copy(p.sent, p.sent[p.head:])
		clear(p.sent[n:])
		p.sent, p.head = p.sent[:n], 0
	}
	return out
}

// abandon forgets what was sent and gives that of it whose apps still wait.
func (r *Runtime) abandon(p *plant) (out []sent) {
	for i := p.head; i < len(p.sent); i++ {
		if e := &p.sent[i]; e.ack && !e.refused {
			out = append(out, *e)
		}
		r.unacked--
	}
	clear(p.sent)
	p.sent, p.head = p.sent[:0], 0
	return out
}

// plant gives a switch's, made when it is first needed.
func (r *Runtime) plant(sw model.NodeID) *plant {
	p := r.plants[sw]
	if p == nil {
		if len(r.spare) == 0 {
			r.spare = make([]plant, min(256, 1+r.planted))
		}
		p, r.spare = &r.spare[0], r.spare[1:]
		r.planted++
		p.groups, p.meters = numbers{first: floodGroup + 1}, numbers{first: 1}
		r.plants[sw] = p
	}
	return p
}

// numbers gives the groups, or meters, of one switch their numbers, in the order in which
// apps first name them. A number is not given twice in a run, so that a late statistics
// reply cannot be misread.
type numbers struct {
	first uint32
	*book // nil: none yet
}

type book struct {
	labels []label // of number first+i
	known  map[label]uint32
}

type label struct {
	app  int32
	name string
}

func (n *numbers) of(l label) (uint32, bool) {
	if n.book == nil {
		return 0, false
	}
	number, ok := n.known[l]
	return number, ok
}

// next is the number that keep would give.
func (n *numbers) next() uint32 {
	if n.book == nil {
		return n.first
	}
	return n.first + uint32(len(n.labels))
}

func (n *numbers) keep(l label) {
	if n.book == nil {
		n.book = &book{known: map[label]uint32{}}
	}
	n.known[l] = n.next()
	n.labels = append(n.labels, l)
}

func (n *numbers) drop(number uint32) {
	if l, ok := n.label(number); ok && n.known[l] == number {
		delete(n.known, l)
	}
}

// label says whose number it is or was.
func (n *numbers) label(number uint32) (label, bool) {
	if i := int(number) - int(n.first); n.book != nil && i >= 0 && i < len(n.labels) {
		return n.labels[i], true
	}
	return label{app: runtimeApp}, false
}

// send hands a downcall out, if its switch is connected, and expects its acknowledgement.
func (r *Runtime) send(p *plant, d Downcall, command uint64, ack bool, what any) {
	if p.gathering && !d.shapes() {
		r.compare(p, d.Switch, d.At) // it may need what was wanted before it
	}
	if p.gathering || !r.live.has(d.Switch) {
		if ack || p.gathering {
			p.late = append(p.late, sent{command: command, what: what, app: d.App, ack: ack})
		}
		return
	}
	r.xid += 2
	d.Xid = r.xid
	_, down := r.delays(d.Switch)
	d.Arrive = d.At + down
	r.hand(&d)
	r.diary.downcall(&d, r)
	r.expect(p, d.Switch, d.At, sent{xid: d.Xid, command: command, what: what, app: d.App, ack: ack})
}

func (r *Runtime) expect(p *plant, sw model.NodeID, at model.Time, e sent) {
	p.sent = append(p.sent, e)
	p.last, p.touchedAt = e.xid, at
	r.unacked++
	if !p.touched {
		p.touched = true
		r.touched = append(r.touched, sw)
	}
	if e.ack && !p.acking {
		p.acking = true
		r.acking = append(r.acking, sw)
	}
}

// barrierFor asks for an acknowledgement of everything sent to a switch. Its Xid is the
// one after the last downcall's, so that the numbers of other downcalls do not depend on
// how many barriers there are, which depends on how arrivals were gathered.
func (r *Runtime) barrierFor(sw model.NodeID, awaited bool) {
	p := r.plants[sw]
	if !r.live.has(sw) || p.barrier > p.last || p.last == 0 {
		return
	}
	p.barrier = p.last + 1
	_, down := r.delays(sw)
	r.hand(&Downcall{Kind: Barrier, Switch: sw, At: p.touchedAt, Arrive: p.touchedAt + down, Xid: p.barrier, App: runtimeApp, Awaited: awaited})
}
