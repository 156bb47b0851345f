package flow

// Ref refers to a rule as it is installed on a switch. It is comparable; the zero value
// refers to nothing.
type Ref struct{ e *entry }

// Live reports whether the rule is still installed. A rule that was replaced is not.
func (r Ref) Live() bool { return r.e != nil && !r.e.gone }

// Rule is the rule as it is, or was when it ended.
func (r Ref) Rule() Rule { return *r.e.rule }

// Counters are what the rule has seen.
func (r Ref) Counters() Counters { return Counters{r.e.packets, r.e.bytes} }

// GroupChoice is a group on a packet's path and the bucket taken; -1 where no bucket was
// live or there is none. A group of type all is mentioned once for each of its buckets.
type GroupChoice struct {
	Group  uint32 `json:"group"`
	Bucket int    `json:"bucket"`
}

// Path is what a packet of a flow meets on a switch: what fluid flows follow. It holds
// as long as [Switch.Version] and the ports that buckets watch stay as they are.
type Path struct {
	Version    uint64 // of the switch when it was traced
	Rules      []Ref
	Meters     []uint32 // in the order in which they are met
	Groups     []GroupChoice
	Outputs    []Sent
	Controller []Copy
	Drop       DropReason

	meters []*meter
	groups []*group // beside Groups
}

func (p *Path) group(g *group, bucket int) {
	p.Groups = append(p.Groups, GroupChoice{g.spec.Number, bucket})
	p.groups = append(p.groups, g)
}

// Trace finds the path of a packet without counting anything and without asking meters,
// which let every packet pass here. It puts the path into out, whose slices it uses
// again; r provides the state of ports and room to work in.
func (s *Switch) Trace(p *Packet, r *Result, out *Path) {
	out.Version = s.version
	out.Rules, out.Meters, out.Groups = out.Rules[:0], out.Meters[:0], out.Groups[:0]
	out.meters, out.groups = out.meters[:0], out.groups[:0]
	r.start(s, p, 0)
	r.path = out
	r.enter(p)
	r.path = nil
	r.finish()
	out.Outputs = append(out.Outputs[:0], r.Outputs...)
	out.Controller = append(out.Controller[:0], r.Controller...)
	out.Drop = r.Drop
}

// Touch counts packets for a rule as if they had come at now, for flows that are not
// simulated packet by packet: the counters grow and the idle timeout begins anew. It
// reports whether the rule is still installed; if not, nothing is counted.
func (s *Switch) Touch(rule Ref, packets, bytes uint64, now int64) bool {
	if !rule.Live() {
		return false
	}
	e := rule.e
	e.packets += packets
	e.bytes += bytes
	e.last = max(e.last, now)
	return true
}

// TouchPath counts packets for everything on a path: rules, groups, buckets and the
// arrivals of meters. What has ended meanwhile is passed over.
func (s *Switch) TouchPath(p *Path, packets, bytes uint64, now int64) {
	for _, rule := range p.Rules {
		s.Touch(rule, packets, bytes, now)
	}
	for _, m := range p.meters {
		if !m.gone {
			m.in.add(packets, bytes)
		}
	}
	for i, g := range p.groups {
		bucket := p.Groups[i].Bucket
		if g.gone {
			continue
		}
		if bucket <= 0 || g.spec.Type != All {
			g.counters.add(packets, bytes)
		}
		if bucket >= 0 {
			g.buckets[bucket].add(packets, bytes)
		}
	}
}

func (c *Counters) add(packets, bytes uint64) {
	c.Packets += packets
	c.Bytes += bytes
}

// Meter is the meter with a number, if there is one.
func (s *Switch) Meter(number uint32) (Meter, bool) {
	if s.state == nil || s.state.meters[number] == nil {
		return Meter{}, false
	}
	return s.state.meters[number].spec, true
}

// Group is the group with a number, if there is one.
func (s *Switch) Group(number uint32) (Group, bool) {
	g := s.group(number)
	if g == nil {
		return Group{}, false
	}
	return g.spec, true
}

// Send carries out the actions of a packet-out (section 7.3.7): output to PortTable takes
// the packet through the tables, as it is by then. An action that the switch refuses is
// an [*Error], and nothing is sent.
func (s *Switch) Send(p *Packet, actions []Action, now int64, r *Result) error {
	r.start(s, p, now)
	r.rule, r.miss = nil, false
	if err := resolved(actions); err != nil {
		return err
	}
	c := actionCheck{}
	for i := range actions {
		a := &actions[i]
		if a.Type == ToGroup && s.group(a.Arg) == nil {
			return refuse(BadAction, BadOutGroup, "%s: there is no such group", *a)
		}
		if a.Type == Output && a.Arg == PortTable {
			continue
		}
		if err := c.check(a, i == len(actions)-1); err != nil {
			return err
		}
	}
	f := frame{h: &p.Header}
	for i := range actions {
		if a := &actions[i]; a.Type == Output && a.Arg == PortTable {
			through := Packet{*f.h, p.InPort, uint32(int64(p.Bytes) + int64(f.grow))}
			r.set.clear()
			r.enter(&through)
			r.rule, r.miss = nil, false
		} else if !r.exec(&f, actions[i:i+1]) {
			break
		}
	}
	r.finish()
	return nil
}
