package flow

import (
	"slices"

	"sendim/core/packet"
)

// Packet is a packet at a switch.
type Packet struct {
	Header packet.Header
	InPort uint32
	Bytes  uint32 // length of the frame without FCS, which is what counters and meters count
}

// Sent is one packet that leaves the switch. Port is a port's number, the ingress port
// included where a rule says in_port, or PortAll for every port but the ingress port, or
// PortLocal.
type Sent struct {
	Port    uint32        `json:"port"`
	Queue   uint32        `json:"queue,omitempty"`
	Grow    int8          `json:"grow,omitempty"` // bytes longer than on arrival: 4 per tag pushed, -4 per tag popped
	Changed bool          `json:"changed,omitempty"`
	Header  packet.Header `json:"header"` // with all rewrites
}

// Copy is one packet for the controller, as it was at that moment.
type Copy struct {
	Table  uint8          `json:"table"`
	Reason PacketInReason `json:"reason"`
	MaxLen uint16         `json:"maxLen,omitempty"` // 0: all of it
	Grow   int8           `json:"grow,omitempty"`
	InPort uint32         `json:"inPort"`
	Cookie uint64         `json:"cookie"` // of the rule that sent it
	Header packet.Header  `json:"header"`
}

// DropReason is why a packet's way through the tables ended without leading anywhere.
type DropReason uint8

// The reasons. Copies that had been sent before are not affected.
const (
	NotDropped     DropReason = iota
	DropMiss                  // no rule, not even a table-miss entry
	DropAction                // the rules say so: no action led anywhere
	DropMeter                 // a meter's rate was exceeded
	DropTTL                   // dec_ttl found the last hop
	DropSecondTag             // push_vlan on a tagged packet: a Header holds one tag
	DropUnbounded             // more than 65,536 actions and buckets for one packet
	dropReasonsEnd            //
)

var dropNames = [dropReasonsEnd]string{"none", "miss", "action", "meter", "ttl", "second-tag", "unbounded"} // read only

// String is the reason's name: none, miss, action, meter, ttl, second-tag, unbounded.
func (d DropReason) String() string { return nameOf(d, "drop", dropNames[:]) }

// MarshalText returns the text of [DropReason.String].
func (d DropReason) MarshalText() ([]byte, error) { return marshalName(d, "drop", dropNames[:]) }

// UnmarshalText is the inverse of [DropReason.MarshalText].
func (d *DropReason) UnmarshalText(text []byte) error {
	return unmarshalName(d, text, "drop", dropNames[:])
}

// Result takes what became of a packet. It is meant to be used again and again, with one
// Switch after the other: its slices are valid until the next use. One goroutine may use
// it at a time.
type Result struct {
	// PortUp tells which ports are up, for buckets that watch one. Nil: all are.
	PortUp func(port uint32) bool

	Outputs    []Sent
	Controller []Copy
	Drop       DropReason // NotDropped when something was sent

	st     *state
	seed   uint64
	now    int64
	bytes  uint64
	inPort uint32
	rule   *entry // at work; nil for a packet-out
	miss   bool   // it is the table-miss entry
	budget int
	why    DropReason // of the latest end
	path   *Path      // set while tracing, when nothing is counted
	set    actionSet
	list   []Action
	trail  []*entry
	one    [1]*entry
	probe  words
	work   [maxChain + 2]packet.Header // what each level of groups has rewritten
}

// budget bounds the actions and buckets for one packet: groups of groups multiply them.
const budget = 1 << 16

func (r *Result) start(s *Switch, p *Packet, now int64) {
	r.Outputs, r.Controller, r.Drop = r.Outputs[:0], r.Controller[:0], NotDropped
	r.st, r.seed, r.now, r.bytes, r.inPort = s.made(), s.Seed, now, uint64(p.Bytes), p.InPort
	r.budget = budget
	r.set.clear()
}

func (r *Result) finish() {
	if r.Drop == NotDropped && len(r.Outputs) == 0 && len(r.Controller) == 0 {
		r.Drop = DropAction
	}
}

// Process takes a packet through the tables (section 5.1), with everything that comes
// with it: counters, meters, groups. It allocates only where something is new: a packet
// unlike those before, more outputs than ever.
func (s *Switch) Process(p *Packet, now int64, r *Result) {
	r.start(s, p, now)
	r.enter(p)
	r.finish()
}

// Forward is Process for the usual packet: one whose way is remembered and leads to a
// single port, unchanged and past no meter, group or queue. The packet is counted. Where
// ok is false nothing has happened, and the packet is one for Process.
func (s *Switch) Forward(p *Packet, now int64) (port uint32, ok bool) {
	if s.state == nil || s.state.cache.gen == 0 {
		return 0, false
	}
	slot := s.state.cache.find(p)
	if slot == nil || slot.direct == 0 || slot.direct == p.InPort {
		return 0, false
	}
	bytes := uint64(p.Bytes)
	slot.first.hit(bytes, now)
	if slot.trail != nil {
		for _, e := range slot.trail.rules[1:] {
			e.hit(bytes, now)
		}
	}
	return slot.direct, true
}

// enter runs the tables from the first one, along the remembered way if there is one.
func (r *Result) enter(p *Packet) {
	st := r.st
	if st.cache.gen == 0 {
		st.cache.flush(st.tables)
	}
	if slot := st.cache.find(p); slot != nil {
		r.pipeline(p, slot.way(&r.one), true)
	} else if r.pipeline(p, nil, false) {
		st.cache.add(p, r.trail)
	}
}

// frame is a packet at work: a header that is copied when it is first written to.
type frame struct {
	h     *packet.Header
	queue uint32
	depth int8 // of groups, and index of the copy in Result.work
	owned bool
	dirty bool // differs from what arrived
	grow  int8
}

func (r *Result) own(f *frame) *packet.Header {
	if !f.owned {
		r.work[f.depth] = *f.h
		f.h, f.owned, f.dirty = &r.work[f.depth], true, true
	}
	return f.h
}

// pipeline goes from table to table. Where way is not known, it looks the rules up and
// leaves them in r.trail. It reports whether the packet went all the way: then any packet
// with the same looked-at bits meets the same rules.
func (r *Result) pipeline(p *Packet, way []*entry, known bool) bool {
	f := frame{h: &p.Header}
	r.trail = r.trail[:0]
	table, metadata, whole := uint8(0), uint64(0), true
	for i := 0; ; i++ {
		var e *entry
		if known {
			if i < len(way) {
				e = way[i]
			}
		} else if t := r.st.table(table); t != nil {
			if e = t.lookup(f.h, p.InPort, metadata, &r.probe); e != nil {
				r.trail = append(r.trail, e)
			}
		}
		if e == nil {
			if r.path == nil {
				r.st.makeTable(table).missed++
			}
			if !r.set.any {
				r.stop(DropMiss)
				return true
			}
			break // Open vSwitch carries out the action set; section 5.4 would drop it
		}
		if r.path == nil {
			e.hit(r.bytes, r.now)
		} else {
			r.path.Rules = append(r.path.Rules, Ref{e})
		}
		if e.meter != nil && !r.metered(e.meter) {
			r.stop(DropMeter)
			return false
		}
		r.rule, r.miss = e, e.miss
		if len(e.apply) > 0 && !r.exec(&f, e.apply) {
			if r.why != DropTTL {
				return false
			}
			whole = false
			break // Open vSwitch goes to no further table, but carries out the action set
		}
		if e.plain {
			break
		}
		if e.rule.Clear {
			r.set.clear()
		}
		if len(e.rule.Write) > 0 {
			r.set.write(e.rule.Write)
		}
		metadata = metadata&^e.rule.MetadataMask | e.rule.Metadata
		if !e.rule.HasGoto {
			break
		}
		table = e.rule.Goto
	}
	if r.set.any {
		r.miss = false // the reason no-match is for the miss entry's own actions
		r.list = r.set.appendTo(r.list[:0])
		r.exec(&f, r.list)
	}
	return whole
}

func (r *Result) stop(why DropReason) {
	r.why = why
	if r.Drop == NotDropped {
		r.Drop = why
	}
}

func (r *Result) metered(m *meter) bool {
	if r.path != nil {
		r.path.Meters = append(r.path.Meters, m.spec.Number)
		r.path.meters = append(r.path.meters, m)
		return true
	}
	return m.pass(r.bytes, r.now)
}

// exec carries out actions in order. It reports whether the packet goes on.
func (r *Result) exec(f *frame, actions []Action) bool {
	for i := range actions {
		a := &actions[i]
		if r.budget--; r.budget < 0 {
			r.stop(DropUnbounded)
			return false
		}
		switch a.Type {
		case Output:
			r.output(f, a)
		case ToGroup:
			r.toGroup(f, a.Arg)
		case SetQueue:
			f.queue = a.Arg
		case SetField:
			SetIn(a.Field, a.Value, r.own(f))
		case DecTTL:
			if !r.decTTL(f) {
				return false
			}
		case PopVLAN:
			if f.h.VLAN != 0 {
				h := r.own(f)
				h.VLAN, h.PCP = 0, 0
				f.grow -= 4
			}
		case PushVLAN:
			if f.h.VLAN != 0 {
				r.stop(DropSecondTag)
				return false
			}
			r.own(f).VLAN = packet.VLANPresent
			f.grow += 4
		}
	}
	return true
}

func (r *Result) output(f *frame, a *Action) {
	port := a.Arg
	switch port {
	case PortController:
		reason := ReasonAction
		if r.miss {
			reason = ReasonNoMatch
		}
		r.toController(f, reason, a.MaxLen)
		return
	case PortInPort:
		port = r.inPort
	case r.inPort:
		return // only in_port leads back (section 7.2.1)
	}
	n := len(r.Outputs)
	if n == cap(r.Outputs) {
		r.Outputs = slices.Grow(r.Outputs, 1)
	}
	r.Outputs = r.Outputs[:n+1]
	out := &r.Outputs[n]
	out.Port, out.Queue, out.Grow, out.Changed = port, f.queue, f.grow, f.dirty
	out.Header = *f.h
}

func (r *Result) toController(f *frame, reason PacketInReason, maxLen uint16) {
	c := Copy{Reason: reason, MaxLen: maxLen, Grow: f.grow, InPort: r.inPort, Header: *f.h}
	if r.rule != nil {
		c.Table, c.Cookie = r.rule.rule.Table, r.rule.rule.Cookie
	}
	r.Controller = append(r.Controller, c)
}

// decTTL counts an IP packet's hop. A packet on its last hop goes to the controller and
// no further (section 7.4.1, INVALID_TTL). An absent TTL counts as the default, as it is
// when the packet is written.
func (r *Result) decTTL(f *frame) bool {
	if !isIP(f.h) {
		return true
	}
	ttl := f.h.TTL
	if ttl == 0 {
		ttl = packet.DefaultTTL
	}
	if ttl == 1 {
		r.toController(f, ReasonInvalidTTL, 0)
		r.stop(DropTTL)
		return false
	}
	r.own(f).TTL = ttl - 1
	return true
}

// toGroup lets a group work on copies of the packet (section 5.6). What happens to a copy
// does not concern the packet.
func (r *Result) toGroup(f *frame, number uint32) {
	g := r.st.groups[number]
	if g == nil || f.depth >= maxChain {
		return
	}
	if r.path == nil {
		g.counters.Packets++
		g.counters.Bytes += r.bytes
	}
	first, beyond := 0, len(g.spec.Buckets)
	if beyond == 0 && r.path != nil {
		r.path.group(g, -1)
	}
	if g.spec.Type == Select || g.spec.Type == FastFailover {
		first = r.st.choose(g, f.h, r.seed, r.PortUp)
		if first < 0 {
			if beyond > 0 && r.path != nil {
				r.path.group(g, -1)
			}
			return
		}
		beyond = first + 1
	}
	var copied frame // outside the loop, so that it stays on the stack
	for i := first; i < beyond; i++ {
		if r.budget--; r.budget < 0 {
			r.stop(DropUnbounded)
			return
		}
		if r.path == nil {
			g.buckets[i].Packets++
			g.buckets[i].Bytes += r.bytes
		} else {
			r.path.group(g, i)
		}
		copied = frame{h: f.h, queue: f.queue, depth: f.depth + 1, grow: f.grow, dirty: f.dirty}
		r.exec(&copied, g.lists[i])
	}
}
