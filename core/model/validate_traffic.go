package model

import (
	"cmp"
	"math"
	"path"
	"slices"

	"sendim/core/fault"
)

func (v *validator) flows() {
	n := v.n
	v.flowIDs = unique(v, "flow", n.Flows, flowID)
	for i := range n.Flows {
		f := &n.Flows[i]
		v.host("flow", i, "from", f.From)
		switch {
		case f.Service != "":
			known(v, "flow", i, "to", f.Service, v.services, n.Services, serviceID)
		case f.To == f.From && f.To >= 0:
			v.add(fault.FlowConflict, v.object("flow", i), "to", "flow %q goes from %q to itself", f.ID, n.NodeName(f.To))
		default:
			v.host("flow", i, "to", f.To)
		}
		known(v, "flow", i, "class", f.Class, v.classes, n.Classes, classID)
		v.tcpKnown("flow", i, f.TCP)
		known(v, "flow", i, "profile", f.Profile, v.profiles, n.Profiles, profileID)
		known(v, "flow", i, "tenant", f.Tenant, v.tenants, n.Tenants, tenantID)
		v.flowShape(i, f)
	}
}

// Kind says what a flow's transport is when its descriptor leaves it open: UDP when a
// rate is all that bounds it or its packets have a pattern, TCP otherwise.
func (f *Flow) Kind() Transport {
	switch {
	case f.Transport != TransportAuto:
		return f.Transport
	case f.Count > 0:
		return ICMP
	case f.Rate > 0 && f.Size == 0 && f.Chunks == "", f.Pattern != "":
		return UDP
	}
	return TCP
}

func (v *validator) flowShape(i int, f *Flow) {
	incomplete := func(attr, format string, args ...any) {
		v.add(fault.FlowIncomplete, v.object("flow", i), attr, format, args...)
	}
	conflict := func(attr, format string, args ...any) {
		v.add(fault.FlowConflict, v.object("flow", i), attr, format, args...)
	}
	kind := f.Kind()
	sized := f.Size > 0 || f.Chunks != ""
	switch {
	case f.Start < 0 || f.Duration < 0 || f.Size < 0 || f.Rate < 0 || f.Packet < 0 || f.Chunk < 0 || f.Count < 0:
		v.add(fault.OutOfRange, v.object("flow", i), "", "flow %q has a negative value", f.ID)
	case f.Size > 0 && f.Chunks != "":
		conflict("chunks", "flow %q has a size and chunks; the chunks are its size", f.ID)
	case sized && f.Duration > 0:
		conflict("duration", "flow %q has a size and a duration; one of them ends it", f.ID)
	case kind == ICMP && sized:
		conflict("size", "flow %q sends echoes; it has a count or a duration, not a size", f.ID)
	case kind == ICMP && f.Count == 0 && f.Duration == 0:
		incomplete("count", "flow %q needs a count or a duration", f.ID)
	case kind == ICMP && f.Count > 0 && f.Duration > 0:
		conflict("duration", "flow %q has a count and a duration; one of them ends it", f.ID)
	case kind != ICMP && f.Count > 0:
		conflict("count", "flow %q has a count, which only icmp has", f.ID)
	case kind != TCP && f.TCP != "":
		conflict("tcp", "flow %q is %s; tcp means something to flows of TCP", f.ID, kind)
	case kind == UDP && f.Rate == 0:
		incomplete("rate", "flow %q is udp and needs a rate", f.ID)
	case kind != ICMP && !sized && f.Duration == 0:
		incomplete("size", "flow %q needs a size or a duration", f.ID)
	case f.Chunk > 0 && f.Granularity != GranularityChunk:
		conflict("chunk", "flow %q has chunks of a size, but not granularity chunk", f.ID)
	case f.Packet > 0 && (f.Packet < 64 || f.Packet > 65549):
		v.add(fault.OutOfRange, v.object("flow", i), "packet", "packets of flow %q have %d bytes; 64 to 65549 are possible", f.ID, int64(f.Packet))
	}
	if f.Pattern != "" {
		switch {
		case kind != UDP:
			conflict("pattern", "flow %q is %s, which sends as its windows allow; a pattern is udp's", f.ID, kind)
		case f.Granularity != GranularityAuto && f.Granularity != GranularityPacket:
			conflict("pattern", "flow %q has a pattern of packets, but granularity %s; use granularity=\"packet\"", f.ID, f.Granularity)
		default:
			v.pattern("flow", i, f.Pattern)
		}
	}
	if kind == ICMP && (f.SrcPort != 0 || f.DstPort != 0) {
		conflict("dstport", "flow %q is icmp, which has no ports", f.ID)
	}
	if f.Service != "" && f.DstPort != 0 {
		for _, s := range v.n.Services {
			if s.ID == f.Service && s.Port != f.DstPort {
				conflict("dstport", "flow %q goes to port %d, but service %q is at %d", f.ID, f.DstPort, s.ID, s.Port)
			}
		}
	}
}

// pattern checks a pattern of packets and the distributions that it names.
func (v *validator) pattern(element string, i int, text string) {
	if text == "" {
		return
	}
	p, err := ParsePattern(text)
	if err != nil {
		v.add(fault.BadNumber, v.object(element, i), "pattern", "%v", err)
		return
	}
	for _, l := range [...]struct {
		attr string
		Law
	}{{"gaps", p.Gaps}, {"packets", p.Packets}} {
		if l.Kind != Empirical || l.Name == IMIX && l.attr == "packets" {
			continue
		}
		if !slices.ContainsFunc(v.n.Distributions, func(d Distribution) bool { return d.ID == l.Name }) {
			f := v.add(fault.UnknownReference, v.object(element, i), l.attr, "there is no distribution %q; declare it by <sizes>", l.Name)
			f.Nearest = fault.Nearest(l.Name, keys(v.n.Distributions, func(d *Distribution) string { return d.ID }))
		}
	}
}

func (v *validator) demands() {
	for i := range v.n.Demands {
		m := &v.n.Demands[i]
		if m.Until <= m.Start {
			v.add(fault.OutOfRange, v.object("demands", i), "until", "ends at %s, not after its start at %s", m.Until, m.Start)
		}
		if m.Pattern != "" && (m.Transport != TransportAuto && m.Transport != UDP || m.Granularity != GranularityAuto && m.Granularity != GranularityPacket) {
			v.add(fault.FlowConflict, v.object("demands", i), "pattern", "a pattern is of packets of udp")
		}
		v.pattern("demands", i, m.Pattern)
		for _, x := range m.Demands {
			v.host("demands", i, "from", x.From)
			v.host("demands", i, "to", x.To)
			if x.From == x.To && x.From >= 0 {
				v.add(fault.FlowConflict, v.object("demands", i), "to", "a demand goes from %q to itself", v.n.NodeName(x.From))
			}
			if x.Rate < 0 {
				v.add(fault.OutOfRange, v.object("demands", i), "rate", "a demand is negative")
			}
		}
	}
}

func (v *validator) traffic() {
	n := v.n
	unique(v, "traffic", n.Traffic, func(t *Traffic) string { return t.ID })
	for i := range n.Traffic {
		t := &n.Traffic[i]
		if t.Kind == "pairs" {
			v.pairs(i, t)
		} else {
			v.selects("traffic", i, "from", t.From, Host)
			v.selects("traffic", i, "to", t.To, Host)
		}
		known(v, "traffic", i, "class", t.Class, v.classes, n.Classes, classID)
		v.tcpKnown("traffic", i, t.TCP)
		if t.Until != 0 && t.Until <= t.Start {
			v.add(fault.OutOfRange, v.object("traffic", i), "until", "ends at %s, not after its start at %s", t.Until, t.Start)
		}
		if math.IsNaN(t.Load) || t.Load < 0 || t.Load > 1 {
			v.add(fault.OutOfRange, v.object("traffic", i), "load", "the load %v is outside 0..1", t.Load)
		}
		if t.Pattern != "" && (t.Transport != UDP && t.Transport != TransportAuto || t.Rate == 0 || t.Granularity != GranularityAuto && t.Granularity != GranularityPacket) {
			v.add(fault.FlowConflict, v.object("traffic", i), "pattern", "a pattern is of packets of udp, and needs a rate")
		}
		v.pattern("traffic", i, t.Pattern)
		if t.Stride < 0 || t.Stride > 0 && t.Kind != "stride" {
			v.add(fault.FlowConflict, v.object("traffic", i), "stride", "a stride belongs to traffic of kind stride")
		}
		arrivals := t.Kind == "poisson" || t.Kind == "pairs"
		if arrivals && (t.Load == 0 || t.Sizes == "" || t.Until == 0) {
			v.add(fault.FlowIncomplete, v.object("traffic", i), "", "%s traffic needs load, sizes and until", t.Kind)
		}
		if !arrivals && t.Rate == 0 && t.Sizes == "" {
			v.add(fault.FlowIncomplete, v.object("traffic", i), "", "%s traffic needs sizes or a rate", t.Kind)
		}
		if t.Sizes == "" && t.Rate > 0 && t.Until == 0 {
			v.add(fault.FlowIncomplete, v.object("traffic", i), "until", "flows with a rate and no sizes need until")
		}
	}
}

// pairs checks who talks to whom in traffic of kind pairs.
func (v *validator) pairs(i int, t *Traffic) {
	if len(t.Pairs) == 0 {
		v.add(fault.FlowIncomplete, v.object("traffic", i), "", "pairs traffic needs pairs")
	}
	for _, p := range t.Pairs {
		v.host("traffic", i, "from", p.From)
		v.host("traffic", i, "to", p.To)
		if p.From == p.To && p.From >= 0 {
			v.add(fault.FlowConflict, v.object("traffic", i), "to", "a pair goes from %q to itself", v.n.NodeName(p.From))
		}
		if !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
			v.add(fault.OutOfRange, v.object("traffic", i), "share", "the weight %v is not a number above 0", p.Weight)
		}
	}
}

func (v *validator) distributions() {
	n := v.n
	unique(v, "sizes", n.Distributions, func(d *Distribution) string { return d.ID })
	for i := range n.Distributions {
		d := &n.Distributions[i]
		wrong := func(format string, args ...any) {
			v.add(fault.OutOfRange, v.object("sizes", i), "", format, args...)
		}
		if _, err := ParseSize(d.ID); err == nil {
			v.add(fault.BadName, v.object("sizes", i), "id", "%q is a size, not a name", d.ID)
		}
		if len(d.Points) == 0 {
			v.add(fault.FlowIncomplete, v.object("sizes", i), "", "the distribution %q has no points", d.ID)
			continue
		}
		for k, p := range d.Points {
			switch {
			case math.IsNaN(p.Share) || p.Share < 0 || p.Share > 1:
				wrong("the cumulative share %v is outside 0..1", p.Share)
			case p.Size < 0:
				wrong("the size %d is negative", int64(p.Size))
			case k > 0 && p.Share < d.Points[k-1].Share:
				wrong("the cumulative share %v is less than the %v before it", p.Share, d.Points[k-1].Share)
			case k > 0 && p.Share > 0 && p.Size < d.Points[k-1].Size:
				wrong("the size %s is less than the %s before it", p.Size, d.Points[k-1].Size)
			}
		}
		if last := d.Points[len(d.Points)-1].Share; last != 1 {
			wrong("the last cumulative share is %v, not 1", last)
		}
		if !(MeanSize(d.Points) > 0) {
			wrong("the mean size is 0")
		}
	}
}

// selects reports a selector that cannot be read or matches nothing. "" is allowed.
func (v *validator) selects(element string, i int, attr string, s Selector, kind NodeKind) {
	if s == "" {
		return
	}
	if s == "*" && v.n.NodeCount() > 0 && kind == 0 {
		return
	}
	if _, err := v.n.SelectNodes(s, kind); err != nil {
		f := v.add(fault.BadSelector, v.object(element, i), attr, "%v", err)
		if CheckID(string(s)) == nil {
			f.Nearest = fault.Nearest(string(s), v.n.someNames())
		}
	}
}

func (n *Network) someNames() []string {
	out := make([]string, 0, min(n.NodeCount(), 10_000))
	for id := range NodeID(n.NodeCount()) {
		if len(out) < cap(out) && !n.Gone(id) {
			out = append(out, n.NodeName(id))
		}
	}
	return out
}

func (v *validator) happenings() {
	n := v.n
	for i := range n.Processes {
		p := &n.Processes[i]
		v.host("process", i, "node", p.Node)
		known(v, "process", i, "as", p.As, v.flowIDs, n.Flows, flowID)
	}
	for i, s := range n.Scenario {
		if s.At < 0 {
			v.add(fault.OutOfRange, v.object("at", i), "time", "a step before time zero")
		}
		for j := range s.Changes {
			v.change(i, &s.Changes[j])
		}
	}
	v.failures()
	v.pools()
}

// pools follows the members of services through the scenario: only a member can leave.
func (v *validator) pools() {
	type place struct {
		service string
		node    NodeID
	}
	in := map[place]bool{}
	for _, s := range v.n.Services {
		for _, m := range s.Members {
			in[place{s.ID, m.Node}] = true
		}
	}
	order := make([]int, len(v.n.Scenario))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v.n.Scenario[a].At, v.n.Scenario[b].At) })
	for _, i := range order {
		for _, c := range v.n.Scenario[i].Changes {
			p := place{c.Service, c.Node}
			if c.Kind == MemberLeave && !in[p] && v.services[c.Service] && c.Node >= 0 && int(c.Node) < v.n.NodeCount() {
				v.add(fault.BadChoice, v.object("at", i), "node", "%q is no member of service %q at that time", v.n.NodeName(c.Node), c.Service)
			}
			if c.OfMember() {
				in[p] = c.Kind == MemberJoin
			}
		}
	}
}

func (v *validator) tests() {
	n := v.n
	for i := range n.Tests {
		t := &n.Tests[i]
		if t.Kind == TestReachable || t.Kind == TestUnreachable {
			v.selects("test", i, "from", t.From, Host)
			v.selects("test", i, "to", t.To, Host)
			continue
		}
		if t.Kind == TestShare {
			known(v, "test", i, "service", t.Service, v.services, n.Services, serviceID)
			v.selects("test", i, "node", t.Nodes, Host)
			if _, err := path.Match(t.Flows, ""); err != nil {
				v.add(fault.BadSelector, v.object("test", i), "flows", "%q is no glob", t.Flows)
			}
			if !(t.MinShare >= 0 && t.MinShare <= t.MaxShare && t.MaxShare <= 1) {
				v.add(fault.OutOfRange, v.object("test", i), "min", "the share is from %v to %v; 0 to 1 is possible", t.MinShare, t.MaxShare)
			}
			continue
		}
		if t.Flow == "" || !v.flowIDs[t.Flow] {
			f := v.add(fault.UnknownReference, v.object("test", i), "flow", "there is no flow %q", t.Flow)
			f.Nearest = fault.Nearest(t.Flow, keys(n.Flows, flowID))
		}
		if t.MaxRate > 0 && t.MinRate > t.MaxRate {
			v.add(fault.OutOfRange, v.object("test", i), "min", "min %s is above max %s", t.MinRate, t.MaxRate)
		}
		if math.IsNaN(t.MaxLoss) || t.MaxLoss < 0 || t.MaxLoss > 1 {
			v.add(fault.OutOfRange, v.object("test", i), "max", "the loss %v is outside 0..1", t.MaxLoss)
		}
	}
	for i, w := range n.Watches {
		v.selects("trace", i, "nodes", w.Nodes, 0)
		if w.Links != "" {
			if _, err := n.SelectLinks(w.Links); err != nil {
				v.add(fault.BadSelector, v.object("trace", i), "links", "%v", err)
			}
		}
		if w.Ports != "" {
			if _, err := n.SelectPorts(w.Ports); err != nil {
				v.add(fault.BadSelector, v.object("trace", i), "ports", "%v", err)
			}
		}
	}
}

func (v *validator) unused() {
	n := v.n
	classes, profiles, services, sizes := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	linked, known := false, idSet(n.Classes, classID)
	for i := range n.linkSpecs {
		classes[n.linkSpecs[i].Class] = true
		linked = linked || n.linkSpecs[i].Class != ""
	}
	for a := Arc(0); linked && int(a) < 2*n.LinkCount(); a++ { // the first says it for all
		if s := n.ArcSpec(a); known[s.Class] {
			v.add(fault.Unused, v.link(a.Link()), "class", "nothing holds the traffic of a link to class %q: flows and profiles have classes", s.Class)
			linked = false
		}
	}
	for _, p := range n.Profiles {
		classes[p.Class], services[p.Pool] = true, true
	}
	for _, f := range n.Flows {
		classes[f.Class], profiles[f.Profile], services[f.Service] = true, true, true
	}
	for _, t := range n.Traffic {
		classes[t.Class], sizes[t.Sizes] = true, true
	}
	for _, p := range n.patterns() {
		sizes[p.Gaps.Name], sizes[p.Packets.Name] = true, true
	}
	for _, p := range n.Policies {
		profiles[p.Profile] = true
	}
	for i, d := range n.Distributions {
		if !sizes[d.ID] {
			v.add(fault.Unused, v.object("sizes", i), "", "nothing uses the distribution %q", d.ID)
		}
	}
	for i, c := range n.Classes {
		if !classes[c.ID] {
			v.add(fault.Unused, v.object("class", i), "", "nothing uses class %q", c.ID)
		}
	}
	for i, p := range n.Profiles {
		if !profiles[p.ID] && len(p.Members) == 0 {
			v.add(fault.Unused, v.object("profile", i), "", "nothing uses profile %q", p.ID)
		}
	}
}

// transit remarks on hosts that stand between parts which are separate without them.
func (v *validator) transit() {
	n := v.n
	var multi []NodeID
	for id, k := range n.kind {
		if k == Host && len(n.Arcs(NodeID(id))) > 1 {
			multi = append(multi, NodeID(id))
		}
	}
	if len(multi) == 0 {
		return
	}
	parent := make([]int32, len(n.kind))
	for i := range parent {
		parent[i] = int32(i)
	}
	root := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for i := range n.a {
		if n.LinkGone(LinkID(i)) {
			continue
		}
		if n.kind[n.a[i]] != Host && n.kind[n.b[i]] != Host {
			parent[root(int32(n.a[i]))] = root(int32(n.b[i]))
		}
	}
	for _, h := range multi {
		arcs := n.Arcs(h)
		first := root(int32(n.ArcTo(arcs[0]).Node))
		for _, a := range arcs[1:] {
			if root(int32(n.ArcTo(a).Node)) != first {
				v.add(fault.Unused, v.node(h), "", "the links of host %q join parts that are separate without it, but hosts never forward", n.NodeName(h))
				break
			}
		}
	}
}
