package track

import (
	"slices"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// A cookie at the gate is, from the top: 8 zeros, so that it is no app's; 16 bits that
// mark it; the IPv4 address of the host that the rule is about, 0 for none, from which
// whoever takes over knows whom to ask for; 8 bits of which kind the rule is.
const (
	mark      uint64 = 0x5344
	markShift        = 40
	ipShift          = 8
)

func cookieOf(kind int, ip packet.IPv4) uint64 {
	return mark<<markShift | uint64(ip)<<ipShift | uint64(kind)
}

// kindOf is the kind of a rule with a cookie, 0 for one that is not the gate's.
func kindOf(cookie uint64) int {
	if cookie>>markShift != mark {
		return 0
	}
	return int(cookie & 0xff)
}

// hint is a host that somebody had found before: it is asked for, and no more.
type hint struct {
	port uint32
	mac  packet.MAC
	ip   packet.IPv4
}

// hinted takes hints from a rule that was there already.
func (d *device) hinted(r *flow.Rule) {
	ip := packet.IPv4(r.Cookie >> ipShift)
	if kindOf(r.Cookie) != ofHosts || ip == 0 || len(d.hints) >= hintsMost {
		return
	}
	src, _ := r.Match.Field(flow.EthSrc)
	in, _ := r.Match.Field(flow.InPort)
	d.hints = append(d.hints, hint{uint32(in.Value.Lo), packet.MAC(src.Value.Lo), ip})
}

// hintsMost bounds what is remembered of a switch's earlier life.
const hintsMost = 4096

// follow asks for those who were at a port before.
func (t *Tracker) follow(p *port) {
	kept := p.of.hints[:0]
	for _, h := range p.of.hints {
		switch {
		case h.port != p.no:
			kept = append(kept, h)
		case t.hosts[h.mac] == nil:
			t.request(p, h.ip, h.mac)
		}
	}
	p.of.hints = kept
}

// The kinds of rules at the gate, and their priorities: what is higher comes first.
const (
	ofLLDP      = iota + 1 // LLDP at any port
	ofProbes               // what answers our own probes
	ofTrunks               // everything that comes in by a link
	ofARP                  // ARP of a known host: a copy
	ofUnheard              // IPv4 of a host whose address nobody has heard
	ofHosts                // everything from a known host
	ofStrangers            // everything else where hosts may be
)

func priority(kind int) uint16 { return uint16(0xffff - 100*(kind-ofLLDP)) }

// wants is what the gate of a switch should be.
func (t *Tracker) wants(d *device) map[flow.RuleKey]flow.Rule {
	out := make(map[flow.RuleKey]flow.Rule, len(d.installed))
	add := func(kind int, m flow.Match, up, on bool, more func(*flow.Rule)) {
		r := flow.Rule{Table: Gate, Priority: priority(kind), Match: m, Cookie: cookieOf(kind, 0)}
		if up {
			r.Apply = []flow.Action{flow.ToController()}
		}
		if on {
			r.HasGoto, r.Goto = true, Gate+1
		}
		if more != nil {
			more(&r)
		}
		out[r.Key()] = r
	}
	add(ofProbes, flow.Match{}.WithMask(flow.EthDst, flow.V(uint64(probe.House)), flow.V(uint64(probe.HouseMask))), true, false, nil)
	idle := uint16(min(0xffff, (t.Age+model.Second-1)/model.Second))
	for _, p := range d.ports {
		if !p.up {
			continue
		}
		in := func() flow.Match { return flow.Match{}.With(flow.InPort, uint64(p.no)) }
		quiet := p.shut > t.now
		if !quiet || p.state == trunk {
			add(ofLLDP, in().With(flow.EthType, uint64(packet.EthTypeLLDP)), true, false, nil)
		}
		switch p.state {
		case trunk:
			add(ofTrunks, in(), false, true, nil)
		case settling:
			if !quiet && p.noise < noiseMost {
				add(ofStrangers, in(), true, false, nil)
			}
		case edge:
			if !quiet {
				add(ofStrangers, in(), true, false, nil)
			}
			for _, h := range p.hosts {
				if h.state == meeting {
					continue
				}
				of := func() flow.Match { return in().With(flow.EthSrc, uint64(h.mac)) }
				if !quiet {
					add(ofARP, of().With(flow.EthType, uint64(packet.EthTypeARP)), true, true, nil)
				}
				if h.ip == 0 && !h.mute && !quiet {
					add(ofUnheard, of().With(flow.EthType, uint64(packet.EthTypeIPv4)), true, false, nil)
				}
				if h.state == there {
					add(ofHosts, of(), false, true, func(r *flow.Rule) {
						r.Idle, r.SendRemoved, r.Cookie = idle, true, cookieOf(ofHosts, h.ip)
					})
				}
			}
		}
	}
	return out
}

// sync sends what the gate of a switch lacks, and takes away what is too much.
func (t *Tracker) sync(d *device, out []control.Downcall) []control.Downcall {
	want := t.wants(d)
	var add, gone []flow.Rule
	for k, r := range want {
		if has, ok := d.installed[k]; !ok || !has.Equal(&r) {
			add = append(add, r)
		}
	}
	for k, r := range d.installed {
		if _, ok := want[k]; !ok {
			gone = append(gone, r)
		}
	}
	order := func(a, b flow.Rule) int { return flow.CompareRules(&a, &b) }
	slices.SortFunc(add, order)
	slices.SortFunc(gone, order)
	for _, r := range add {
		out = append(out, control.Downcall{Kind: control.ModRule, Switch: d.node, Rule: &flow.RuleMod{Command: flow.Add, Rule: r}})
	}
	for _, r := range gone {
		out = append(out, control.Downcall{Kind: control.ModRule, Switch: d.node, Rule: &flow.RuleMod{Command: flow.DeleteStrict, CookieMask: ^uint64(0),
			Rule: flow.Rule{Table: Gate, Priority: r.Priority, Match: r.Match, Cookie: r.Cookie}}})
	}
	d.installed = want
	return out
}

// floodGroup is the number of the group by which the runtime floods.
const floodGroup = 1

// widened is where floods go: where the runtime says, and out of every port where a host
// may be that nobody has heard.
func (d *device) widened() []flow.Bucket {
	out := slices.Clone(d.tree)
	has := map[uint32]bool{}
	for _, b := range d.tree {
		for _, a := range b.Actions {
			has[a.Arg] = true
		}
	}
	for _, p := range d.ports {
		if p.up && (p.state == edge || p.ripe) && !has[p.no] {
			out = append(out, flow.Bucket{WatchPort: flow.PortAny, WatchGroup: flow.GroupAny, Actions: []flow.Action{flow.Out(p.no)}})
		}
	}
	return out
}

// widen makes the runtime's group one that reaches those whom nobody has heard, too.
func (t *Tracker) widen(d *device, m *flow.GroupMod) *flow.GroupMod {
	if m.Group.Number != floodGroup {
		return m
	}
	d.tree, d.flooding = m.Group.Buckets, true
	d.flooded = d.widened()
	wide := *m
	wide.Group.Buckets = d.flooded
	return &wide
}

// flood sends a switch's group where it should be otherwise by now.
func (t *Tracker) flood(d *device, out []control.Downcall) []control.Downcall {
	if !d.up || !d.flooding || d.flooded == nil {
		return out
	}
	if want := d.widened(); !sameBuckets(d.flooded, want) {
		d.flooded = want
		out = append(out, control.Downcall{Kind: control.ModGroup, Switch: d.node, Group: &flow.GroupMod{Command: flow.Modify, Group: flow.Group{Number: floodGroup, Type: flow.All, Buckets: want}}})
	}
	return out
}

func sameBuckets(a, b []flow.Bucket) bool {
	return slices.EqualFunc(a, b, func(x, y flow.Bucket) bool { return slices.Equal(x.Actions, y.Actions) })
}

// ended takes the end of a rule of the gate: a host has said nothing for long.
func (t *Tracker) ended(u *control.Upcall) {
	d := t.devices[u.Switch]
	if d == nil {
		return
	}
	r := &u.Removed.Rule
	delete(d.installed, r.Key())
	t.touch(d)
	if kindOf(r.Cookie) != ofHosts || u.Removed.Reason != flow.RemovedIdle {
		return
	}
	src, _ := r.Match.Field(flow.EthSrc)
	in, _ := r.Match.Field(flow.InPort)
	if h := t.hosts[packet.MAC(src.Value.Lo)]; h != nil && h.state == there && h.at.of == d && uint64(h.at.no) == in.Value.Lo {
		h.state = idle
		t.probeHost(h, 3)
	}
}
