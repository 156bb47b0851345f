package track

import (
	"cmp"
	"context"
	"slices"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/integrators/controller/probe"
)

// Gate is the flow table that a Tracker keeps to itself; the apps' begin behind it.
const Gate = 0

// Options say how a Tracker goes about it. All but Key may be left zero.
type Options struct {
	// Key signs LLDP; nobody else should know it.
	Key [32]byte
	// Ask are addresses that hosts may have: ports where nobody is known are asked for
	// those that are not found, every half minute.
	Ask []packet.IPv4
	// Apps are the manifests of the apps: where none of them floods, or ARP is the runtime's,
	// nobody but the Tracker looks for hosts that have not said anything yet.
	Apps []app.Manifest
	// Interval is between two rounds of LLDP: 1 s. Three rounds that do not come through
	// are the end of a link.
	Interval model.Time
	// Age is how long a host may say nothing before it is asked whether it is still there:
	// 5 min. Whole seconds.
	Age model.Time
	// Hosts and PerPort bound the hosts known at a time: 65,536, and 256 at one port.
	Hosts, PerPort int
}

// Tracker is the control.Driver in front of the runtime.
type Tracker struct {
	Options
	seal  probe.Seal
	atlas *Atlas
	inner control.Editable
	sink  trace.Sink

	told    *model.Network // the one that inner knows
	clock   model.Time     // inner has been asked for everything before it
	now     model.Time
	started bool
	begun   bool // inner has told the apps of an empty network
	waiting []control.Upcall

	devices map[model.NodeID]*device
	order   []model.NodeID // of devices, as they came
	dpids   map[uint64]*device
	hosts   map[packet.MAC]*host
	owners  map[packet.IPv4]*host
	faces   map[packet.MAC]*port // by its own address
	search  map[packet.IPv4]*search
	checks  []*check
	fences  []*fence
	seeks   bool   // it looks for those whom somebody asks for
	looking bucket // for those who have said nothing yet
	notes   notes

	round, sweep model.Time // of LLDP, of Ask
	joined       model.Time // when the last switch has connected
	settling     []*port
	hushed       []*port

	// of the React under way
	edits   []model.Edit
	forward []control.Upcall // for inner, after the edits
	meeting []*host          // who are let in when what the apps answer is in force
	dirty   []*device        // whose gate may differ from what it should be
	frames  []control.Downcall
	ledger  ledger

	ending *ending
}

// New makes a Tracker in front of a runtime that was made with the atlas's network, and
// with Gate+1 as its first table.
func New(o Options, atlas *Atlas, inner control.Editable, sink trace.Sink) *Tracker {
	o.Interval, o.Age = cmp.Or(o.Interval, model.Second), cmp.Or(o.Age, 300*model.Second)
	o.Hosts, o.PerPort = cmp.Or(o.Hosts, 1<<16), cmp.Or(o.PerPort, 256)
	asks := func(s app.Service) bool {
		return slices.ContainsFunc(o.Apps, func(m app.Manifest) bool { return slices.Contains(m.Services, s) })
	}
	return &Tracker{Options: o, seeks: asks(app.ServiceARP) || !asks(app.ServiceFlood), seal: probe.Seal{Key: o.Key}, atlas: atlas, inner: inner, sink: sink, told: atlas.Network(),
		devices: map[model.NodeID]*device{}, dpids: map[uint64]*device{}, hosts: map[packet.MAC]*host{}, owners: map[packet.IPv4]*host{}, faces: map[packet.MAC]*port{},
		search: map[packet.IPv4]*search{}, looking: bucket{burst: 256, perSecond: 64}, ledger: newLedger(), notes: newNotes()}
}

// Addressing is what the runtime should be made with.
func (a *Atlas) Addressing() control.Addressing { return addressing{a.Network()} }

// Start is control.Driver's.
func (t *Tracker) Start(at model.Time) error {
	t.started, t.round, t.sweep = true, at, at
	return t.inner.Start(at)
}

// Up is control.Driver's.
func (t *Tracker) Up(u control.Upcall) { t.waiting = append(t.waiting, u) }

// Due is control.Driver's.
func (t *Tracker) Due() model.Time {
	if t.ending != nil && !t.ending.told {
		return t.now
	}
	due := min(t.inner.Due(), t.wake())
	if len(t.waiting) > 0 {
		due = min(due, t.waiting[0].At)
	}
	return due
}

// Lookahead is control.Driver's.
func (t *Tracker) Lookahead() model.Time { return t.inner.Lookahead() }

// Change is control.Driver's.
func (t *Tracker) Change(at model.Time, c model.Change) { t.inner.Change(at, c) }

// Settled is control.Driver's.
func (t *Tracker) Settled() bool { return t.begun && t.inner.Settled() }

// Prompt says that React does not wait for anybody.
func (t *Tracker) Prompt() bool {
	p, ok := t.inner.(interface{ Prompt() bool })
	return ok && p.Prompt()
}

// Answer is React in one piece.
func (t *Tracker) Answer(ctx context.Context, before model.Time) ([][]control.Downcall, error) {
	out, err := t.React(ctx, before)
	return [][]control.Downcall{out}, err
}

// React takes in what has arrived, does what it is time for, and has the runtime do the
// same.
func (t *Tracker) React(ctx context.Context, before model.Time) ([]control.Downcall, error) {
	if !t.started {
		return nil, nil
	}
	var out []control.Downcall
	if !t.begun { // what is found comes after Topology, which is of nothing
		t.begun = true
		down, err := t.ask(ctx, before)
		out = t.ledger.number(down, out)
		if err != nil {
			return out, err
		}
	}
	t.now = before - 1
	n := 0
	for ; n < len(t.waiting) && t.waiting[n].At < before; n++ {
		t.hear(&t.waiting[n])
	}
	t.waiting = append(t.waiting[:0], t.waiting[n:]...)
	if t.ending == nil {
		t.pulse()
	}
	t.tell()
	down, err := t.ask(ctx, before)
	if t.ending != nil {
		return t.leave(out), err
	}
	return t.merge(down, out), err
}

// ask has the runtime react. Its time runs on by the least there is where ours stands.
func (t *Tracker) ask(ctx context.Context, before model.Time) ([]control.Downcall, error) {
	t.clock = max(before, t.clock+1)
	return t.inner.React(ctx, t.clock)
}

// hear takes one message of a switch.
func (t *Tracker) hear(u *control.Upcall) {
	switch u.Kind {
	case control.SwitchConnected:
		t.connected(u)
	case control.SwitchLost:
		t.lost(u)
	case control.PortStatus:
		if d := t.devices[u.Switch]; d != nil {
			for _, s := range u.Ports {
				t.status(d, s)
			}
		}
	case control.PacketIn:
		t.packet(u)
	case control.RuleRemoved:
		if u.Removed.Rule.Table == Gate {
			t.ended(u)
			return
		}
		t.forward = append(t.forward, *u)
	case control.StatsReply, control.BarrierReply, control.Refusal:
		t.reply(u)
	case control.Holdings:
		t.audit(u)
	default:
		t.forward = append(t.forward, *u)
	}
}

// reply gives a reply the number that its question had.
func (t *Tracker) reply(u *control.Upcall) {
	if u.Kind == control.BarrierReply {
		t.passed(u.Switch, u.Xid)
	}
	in, whose := t.ledger.answered(u)
	switch {
	case whose == theirs:
		u.Xid = in
		t.forward = append(t.forward, *u)
	case u.Kind == control.Refusal && whose == mine:
		t.note(u.Switch, "it refuses what finding the network needs: "+u.Reason)
	}
}

// tell lets the runtime know what has changed, and hands on what waits for it.
func (t *Tracker) tell() {
	for i := 0; i < len(t.order); i++ { // in order, so that equal runs are equal
		if d := t.devices[t.order[i]]; d.up {
			t.show(d)
		}
	}
	if len(t.edits) > 0 {
		if _, err := t.atlas.edit(t.edits); err != nil {
			t.notes.put(t, "", "what was found does not fit together: "+err.Error())
		}
		t.edits = t.edits[:0]
	}
	if n := t.atlas.Network(); n != t.told {
		if err := t.inner.Edit(t.clock, n, addressing{n}); err != nil {
			t.notes.put(t, "", "what was found cannot be told to the apps: "+err.Error())
		}
		for _, e := range trace.Edited(t.told, n, t.now) {
			t.sink.Emit(&e)
		}
		t.told = n
	}
	for _, u := range t.forward {
		u.At = max(u.At, t.clock)
		t.inner.Up(u)
	}
	t.forward = t.forward[:0]
}

// show tells the runtime of ports that have come to be used, or are no longer.
func (t *Tracker) show(d *device) {
	if !d.changed {
		return
	}
	d.changed = false
	for _, p := range d.ports {
		if is := p.open(); is != p.shown {
			p.shown = is
			t.forward = append(t.forward, control.Upcall{Kind: control.PortStatus, Switch: d.node, At: t.now, Seq: d.seq,
				Ports: []flow.PortState{{Port: p.no, Name: p.name, MAC: p.mac, Up: is}}})
		}
	}
}

// merge makes one answer of the runtime's and the Tracker's. What the gate must have for
// the runtime's comes before it, what waits for it behind.
func (t *Tracker) merge(down, out []control.Downcall) []control.Downcall {
	var own []control.Downcall
	dirty := t.dirty
	t.dirty = nil
	slices.SortFunc(dirty, func(a, b *device) int { return cmp.Compare(a.node, b.node) })
	dirty = slices.Compact(dirty)
	for _, d := range dirty {
		if !d.fresh && d.up {
			own = t.sync(d, own)
		}
	}
	out = t.ledger.number(own, out)
	var gate *fence
	if len(t.meeting) > 0 {
		gate = &fence{hosts: t.meeting, need: map[model.NodeID]uint64{}, deadline: t.now + model.Second}
		t.meeting = nil
	}
	for i := range down {
		t.pass(&down[i])
	}
	dirty, t.dirty = append(dirty, t.dirty...), nil // the runtime has emptied some
	slices.SortFunc(dirty, func(a, b *device) int { return cmp.Compare(a.node, b.node) })
	dirty = slices.Compact(dirty)
	out = slices.Grow(out, len(down)+len(t.frames)+4)
	from := len(out)
	out = t.ledger.number(down, out)
	own = own[:0]
	for i := range out[from:] {
		x := &out[from+i]
		if gate != nil && x.Kind == control.Barrier {
			gate.need[x.Switch], x.Awaited = x.Xid, true
		}
	}
	for _, d := range dirty {
		if d.fresh && d.up {
			d.fresh = false
			own = t.sync(d, own)
		}
	}
	if gate != nil {
		if len(gate.need) == 0 { // nobody has answered anything
			gate.deadline = t.now
		}
		t.fences = append(t.fences, gate)
	}
	for _, node := range t.order {
		own = t.flood(t.devices[node], own)
	}
	own = append(own, t.frames...)
	t.frames = t.frames[:0]
	return t.ledger.number(barriers(own), out)
}

// pass looks at what the runtime tells a switch.
func (t *Tracker) pass(x *control.Downcall) {
	d := t.devices[x.Switch]
	if d == nil {
		return
	}
	switch {
	case x.Kind == control.ModRule && x.Rule.Command == flow.Delete && x.Rule.AllTables && x.Rule.CookieMask == 0:
		clear(d.installed) // it knows nothing of the gate
		t.touch(d)
		d.fresh = true
	case x.Kind == control.ModGroup && x.App < 0 && x.Group.Command == flow.Delete && x.Group.Group.Number == flow.GroupAll:
		d.flooded = nil
	case x.Kind == control.ModGroup && x.App < 0 && x.Group.Command != flow.Delete:
		x.Group = t.widen(d, x.Group)
	}
}

// barriers puts one behind what was changed at each switch, so that refusals are known to
// be over.
func barriers(own []control.Downcall) []control.Downcall {
	var nodes []model.NodeID
	for i := range own {
		if k := own[i].Kind; k == control.ModRule || k == control.ModGroup {
			nodes = append(nodes, own[i].Switch)
		}
	}
	slices.Sort(nodes)
	for _, n := range slices.Compact(nodes) {
		own = append(own, control.Downcall{Kind: control.Barrier, Switch: n})
	}
	return own
}

// Calm says that nothing is being found out: every port is known to be something, and
// nobody waits to be let in.
func (t *Tracker) Calm() bool {
	for _, p := range t.settling {
		if p.of.up && p.up {
			return false
		}
	}
	return t.begun && len(t.waiting)+len(t.fences)+len(t.meeting) == 0 && t.inner.Settled()
}
