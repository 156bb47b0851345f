package track

import (
	"cmp"
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// device is a switch.
type device struct {
	node  model.NodeID
	dpid  uint64
	name  string
	up    bool
	since model.Time // in that state
	seq   uint64     // of its last message
	hints []hint
	heir  bool    // it had a gate already when it connected
	ports []*port // by rising number

	installed map[flow.RuleKey]flow.Rule // at the gate, as far as is known
	tidy      model.Time                 // when ports may next be forgotten, if there are too many
	crowded   bool                       // it has said that it has more ports than are looked after
	fresh     bool                       // it was told everything anew: the gate comes last
	changed   bool                       // some port may be shown otherwise
	tree      []flow.Bucket              // where the runtime floods
	flooding  bool                       // it does
	flooded   []flow.Bucket              // where floods go
}

// state is what a port is known to be.
type state uint8

const (
	down     state = iota
	settling       // up, and not known to be anything: nothing comes in
	closed         // there is LLDP in one direction, or it leads back to its own switch
	trunk          // one end of a link between switches, found both ways
	edge           // no switch is there: hosts may be
)

// port is a port of a switch.
type port struct {
	of   *device
	no   uint32
	name string
	mac  packet.MAC
	up   bool

	state  state
	since  model.Time // in that state
	probes int        // sent while settling
	listed bool       // among those that settle
	ripe   bool       // while settling: a link between switches would have shown by now
	noise  int        // frames while settling that say nothing
	early  []control.Upcall
	shown  bool // to the runtime, as up

	peer   *port // other end of the link in the network
	from   *port // who sent the LLDP that came in last
	heard  model.Time
	echoed model.Time // when some port has last heard ours

	hosts  []*host
	hub    string // what stands for whatever joins several hosts there, "" for a single one
	bucket bucket
	shut   model.Time // to strangers, until then
	shuts  int        // in a row
	told   map[string]bool
}

// open says that packets may come in at a port.
func (p *port) open() bool { return p.up && p.of.up && (p.state == trunk || p.state == edge) }

func (p *port) endpoint() model.LinkEnd {
	return model.LinkEnd{Node: p.of.name, Port: model.PortNo(p.no)}
}

// port finds a port of a switch, nil where there is none.
func (d *device) port(no uint32) *port {
	i, ok := slices.BinarySearchFunc(d.ports, no, func(p *port, no uint32) int { return cmp.Compare(p.no, no) })
	if !ok {
		return nil
	}
	return d.ports[i]
}

// touch says that a gate may differ from what it should be.
func (t *Tracker) touch(d *device) {
	d.changed = true
	t.dirty = append(t.dirty, d)
}

// enter makes a port something.
func (t *Tracker) enter(p *port, s state) {
	if p.state == s {
		return
	}
	p.state, p.since = s, t.now
	p.ripe, p.noise = false, 0
	if s != edge {
		p.early = nil
	}
	if s == settling {
		if p.probes = 0; !p.listed {
			p.listed = true
			t.settling = append(t.settling, p)
		}
	}
	t.touch(p.of)
}

// connected takes a switch that is there: for the first time, or again.
func (t *Tracker) connected(u *control.Upcall) {
	d := t.devices[u.Switch]
	if d == nil {
		dpid := t.atlas.DPID(u.Switch)
		d = &device{node: u.Switch, dpid: dpid, name: SwitchName(dpid)}
		t.devices[u.Switch], t.dpids[dpid] = d, d
		t.order = append(t.order, u.Switch)
	}
	d.up, d.since, d.seq, d.fresh, d.flooded = true, t.now, u.Seq, true, nil
	t.joined = t.now
	d.installed, d.hints = map[flow.RuleKey]flow.Rule{}, nil
	held := u.Stats
	if held != nil {
		held = d.behind(held)
	}
	d.heir = len(d.installed) > 0
	t.touch(d)
	listed := make(map[uint32]bool, len(u.Ports))
	for _, s := range u.Ports {
		listed[s.Port] = true
		t.status(d, s)
	}
	up := *u
	up.Stats, up.Ports, up.AllUp = held, nil, false
	for _, p := range d.ports {
		if !listed[p.no] {
			t.status(d, flow.PortState{Port: p.no, Name: p.name, MAC: p.mac})
		}
		if p.peer != nil { // it could not say anything while nobody could make it
			p.heard, p.peer.heard = t.now, t.now
		}
		p.shown = p.open()
		up.Ports = append(up.Ports, flow.PortState{Port: p.no, Name: p.name, MAC: p.mac, Up: p.shown})
	}
	t.forward = append(t.forward, up)
}

// behind takes what is the Tracker's out of what a switch holds, and keeps it in mind.
func (d *device) behind(held *app.Stats) *app.Stats {
	out := *held
	out.Rules = nil
	for _, r := range held.Rules {
		if r.Rule.Table == Gate && kindOf(r.Rule.Cookie) > 0 {
			d.installed[r.Rule.Key()] = r.Rule
			d.hinted(&r.Rule)
			continue
		}
		out.Rules = append(out.Rules, r)
	}
	if d.flooding {
		out.Groups = slices.Clone(held.Groups)
		for i := range out.Groups {
			if g := &out.Groups[i].Group; g.Number == floodGroup && sameBuckets(g.Buckets, d.widened()) {
				d.flooded, g.Buckets = d.widened(), d.tree
			}
		}
	}
	return &out
}

// lost takes the loss of a switch. What is known of its ports stays: it may go on by the
// rules that it has.
func (t *Tracker) lost(u *control.Upcall) {
	if d := t.devices[u.Switch]; d != nil {
		d.up, d.since, d.seq = false, t.now, u.Seq
	}
	t.ledger.lost(u.Switch)
	t.passed(u.Switch, ^uint64(0))
	t.forward = append(t.forward, *u)
}

// status takes the state of a port.
func (t *Tracker) status(d *device, s flow.PortState) {
	if s.Port == 0 || s.Port > flow.PortMax {
		return
	}
	p := d.port(s.Port)
	if p == nil {
		if !t.room(d) {
			return
		}
		p = &port{of: d, no: s.Port, bucket: bucket{burst: strangers, perSecond: strangers / 4}}
		i, _ := slices.BinarySearchFunc(d.ports, s.Port, func(p *port, no uint32) int { return cmp.Compare(p.no, no) })
		d.ports = slices.Insert(d.ports, i, p)
	}
	p.name, p.mac = s.Name, s.MAC
	t.face(p)
	switch was := p.up; {
	case was == s.Up:
	case s.Up:
		p.up = true
		t.enter(p, settling)
	default:
		p.up, p.from, p.shuts, p.shut, p.told = false, nil, 0, 0, nil
		t.enter(p, down)
	}
}

// portsMost is how many ports of a switch are looked after. Each of them costs something
// every second, and a switch may claim to have four thousand million.
const portsMost = 8192

// room says whether one more port of a switch can be looked after. Where there are many,
// those that nothing is known of any more are forgotten: numbers of ports are not used again
// for long.
func (t *Tracker) room(d *device) bool {
	if len(d.ports) < portsMost {
		return true
	}
	if t.now >= d.tidy {
		d.ports = slices.DeleteFunc(d.ports, func(p *port) bool {
			return !p.up && !p.shown && !p.listed && p.peer == nil && len(p.hosts) == 0 && p.hub == ""
		})
		if len(d.ports) > portsMost*7/8 { // it takes its time, for little
			d.tidy = t.now + model.Second
		}
	}
	if len(d.ports) < portsMost {
		return true
	}
	if !d.crowded {
		d.crowded = true
		t.note(d.node, fmt.Sprintf("it has more than %d ports: the others are not used", portsMost))
	}
	return false
}

// settle sees to the ports that are not known to be anything yet.
func (t *Tracker) settle() {
	list := t.settling
	t.settling = nil
	for _, p := range list { // first: who is heard at one may be looking for who is at another
		if p.state == settling && p.up {
			t.ripen(p)
		}
	}
	for _, p := range list {
		if p.listed = false; p.state != settling || !p.up {
			continue
		}
		switch { // nobody can be asked while the switch is away
		case p.of.up && len(p.early) > 0 && p.ripe:
			t.edge(p)
			continue
		case !p.of.up || t.now < p.due():
		case p.probes < probes:
			t.probe(p)
			p.probes++
		default:
			if p.peer != nil {
				t.unlink(p)
			}
			t.edge(p)
			continue
		}
		p.listed = true
		t.settling = append(t.settling, p)
	}
}

// edge makes a port one where hosts may be.
func (t *Tracker) edge(p *port) {
	t.enter(p, edge)
	t.sweep = min(t.sweep, t.now)
	t.follow(p)
	list := p.early
	p.early = nil
	for i := range list {
		t.packet(&list[i])
	}
}

// due is when a port that settles is asked next, or settled.
func (p *port) due() model.Time {
	return max(p.since, p.of.since) + model.Time(p.probes)*pause
}

// A port that is up is asked so many times, with such pauses, whether a switch is there.
const (
	probes = 3
	pause  = 200 * model.Millisecond
)

// wake is when the Tracker has something to do by itself.
func (t *Tracker) wake() model.Time {
	if !t.started || t.ending != nil {
		return model.Forever
	}
	next := t.round
	for _, p := range t.settling {
		if p.of.up {
			if next = min(next, p.due()); !p.ripe {
				next = min(next, t.ripeAt(p))
			}
		}
	}
	for _, c := range t.checks {
		next = min(next, c.deadline)
	}
	for _, f := range t.fences {
		next = min(next, f.deadline)
	}
	for _, p := range t.hushed {
		next = min(next, p.shut)
	}
	return next
}

// pulse does what it is time for.
func (t *Tracker) pulse() {
	t.settle()
	t.judge()
	t.late()
	kept := t.hushed[:0]
	for _, p := range t.hushed {
		if p.shut > t.now {
			kept = append(kept, p)
			continue
		}
		p.bucket.fill()
		t.touch(p.of)
	}
	t.hushed = kept
	if t.now >= t.round {
		t.round = t.now + t.Interval
		t.rounds()
	}
}
