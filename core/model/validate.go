package model

import (
	"maps"
	"math"
	"slices"

	"sendim/core/fault"
)

// maxPort is the highest port number that OpenFlow 1.3 leaves to ports (OFPP_MAX,
// section 7.2.1 of the specification).
const maxPort PortNo = 0xffffff00

// Validate reports everything that is wrong with a network. Pairs that cannot reach
// each other are not an error. It takes time linear in the network and is safe for
// concurrent use.
func (n *Network) Validate(where Locator) *fault.List {
	v := &validator{n: n, where: where}
	v.nodes()
	v.links()
	v.references()
	v.queueing()
	v.flows()
	v.demands()
	v.distributions()
	v.traffic()
	v.happenings()
	v.tests()
	return &v.faults
}

// Remarks reports what is allowed but probably not meant: classes, profiles and
// services that nothing uses, classes of links, which nothing heeds, and hosts whose links join parts that are separate
// without them, because hosts never forward.
func (n *Network) Remarks(where Locator) *fault.List {
	v := &validator{n: n, where: where}
	v.unused()
	v.unusedQueueing()
	v.transit()
	return &v.faults
}

type validator struct {
	n      *Network
	where  Locator
	faults fault.List

	classes, disciplines, profiles, services, tenants, flowIDs map[string]bool
}

func (v *validator) add(code fault.Code, p fault.Place, attr, format string, args ...any) *fault.Fault {
	if v.faults.Full() {
		v.faults.Total++
		return &fault.Fault{}
	}
	p.Attribute = attr
	v.faults.Addf(code, p, format, args...)
	return &v.faults.Faults[len(v.faults.Faults)-1]
}

func (v *validator) node(id NodeID) fault.Place {
	if v.where == nil || v.faults.Full() {
		return fault.Place{Element: "node"}
	}
	return v.where.NodePlace(id)
}

func (v *validator) link(id LinkID) fault.Place {
	if v.faults.Full() {
		return fault.Place{Element: "link"}
	}
	return linkPlace(v.where, id)
}

func (v *validator) object(element string, i int) fault.Place {
	if v.where == nil || v.faults.Full() {
		return fault.Place{Element: element}
	}
	return v.where.ObjectPlace(element, i)
}

func (v *validator) nodes() {
	n := v.n
	for id := range n.kind {
		if name := n.names.bytes(id); !plainName(name) {
			if err := CheckID(string(name)); err != nil {
				v.add(fault.BadName, v.node(NodeID(id)), "id", "%v", err)
			}
		}
	}
	ips, macs, dpids := map[uint32]string{}, map[uint64]string{}, map[uint64]string{}
	for id, x := range n.extra {
		if x < 0 || n.Gone(NodeID(id)) {
			continue
		}
		e := &n.extras[x].identity
		if *e == (Identity{}) {
			continue
		}
		name := n.NodeName(NodeID(id))
		if e.IP != 0 {
			claim(v, ips, e.IP, name, NodeID(id), "ip", "the address")
		}
		if e.HasMAC {
			claim(v, macs, e.MAC, name, NodeID(id), "mac", "the Ethernet address")
		}
		if e.DPID != 0 {
			claim(v, dpids, e.DPID, name, NodeID(id), "dpid", "the datapath id")
		}
	}
	v.serviceAddresses(ips)
}

// serviceAddresses reports services at an address of a node, and those at the same
// address and port of which no profile says whom the later one serves.
func (v *validator) serviceAddresses(ips map[uint32]string) {
	type address struct {
		ip    uint32
		proto Transport
		port  uint16
	}
	taken, pools := map[address]string{}, map[string]bool{}
	for _, p := range v.n.Profiles {
		pools[p.Pool] = true
	}
	for i, s := range v.n.Services {
		if node, ok := ips[s.IP]; ok {
			v.add(fault.AddressTaken, v.object("service", i), "ip", "the address of service %q is that of %q", s.ID, node)
		}
		at := address{s.IP, s.Proto, s.Port}
		if other, ok := taken[at]; ok && !pools[s.ID] {
			v.add(fault.AddressTaken, v.object("service", i), "ip", "the address and port of service %q are those of %q, and it is the pool of no profile", s.ID, other)
		} else if !ok {
			taken[at] = s.ID
		}
	}
}

func claim[K comparable](v *validator, taken map[K]string, key K, name string, id NodeID, attr, what string) {
	if other, ok := taken[key]; ok {
		v.add(fault.AddressTaken, v.node(id), attr, "%s of %q is that of %q", what, name, other)
		return
	}
	taken[key] = name
}

// plainName says whether a name is made of characters that CheckID surely accepts.
func plainName[T string | []byte](b T) bool {
	for i := range len(b) {
		switch c := b[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c == '_', c == '.':
		case c == '-' && (i == 0 || b[i-1] != '-'):
		default:
			return false
		}
	}
	return len(b) > 0 && len(b) <= MaxIDLength
}

func (v *validator) links() {
	n := v.n
	v.classes = idSet(n.Classes, func(c *Class) string { return c.ID })
	v.disciplines = idSet(n.Disciplines, disciplineID)
	bad := map[uint32]bool{}
	for i := range n.linkSpecs {
		if v.specWrong(&n.linkSpecs[i]) != nil {
			bad[uint32(i)] = true
		}
	}
	for id := range n.a {
		if n.LinkGone(LinkID(id)) {
			continue
		}
		if len(bad) > 0 && !v.faults.Full() {
			for k, spec := range [2]uint32{n.spec[id], n.back[id]} {
				if bad[spec] && (k == 0 || spec != n.spec[id]) {
					f := v.specWrong(&n.linkSpecs[spec])
					f.Place = v.link(LinkID(id))
					v.faults.Add(*f)
				}
			}
		}
		for _, e := range [2]Endpoint{{n.a[id], n.aPort[id]}, {n.b[id], n.bPort[id]}} {
			if e.Port > maxPort || e.Port == 0 && n.kind[e.Node] == Switch {
				v.add(fault.OutOfRange, v.link(LinkID(id)), "", "port %d of %q: ports of a switch are 1 to %d", e.Port, n.NodeName(e.Node), maxPort)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.linkName)) {
		if err := CheckID(n.linkName[id]); err != nil {
			v.add(fault.BadName, v.link(id), "id", "%v", err)
		}
	}
}

// specWrong says what is wrong with a link's values, nil if nothing is.
func (v *validator) specWrong(s *LinkSpec) *fault.Fault {
	wrong := func(code fault.Code, format string, args ...any) *fault.Fault {
		f := fault.New(code, fault.Place{}, format, args...)
		return &f
	}
	switch {
	case s.Rate < 0:
		return wrong(fault.OutOfRange, "the rate %d is negative", int64(s.Rate))
	case s.Delay < 0 || s.Jitter < 0:
		return wrong(fault.OutOfRange, "the delay or jitter is negative")
	case math.IsNaN(s.Loss) || s.Loss < 0 || s.Loss > 1:
		return wrong(fault.OutOfRange, "the loss %v is outside 0..1", s.Loss)
	case s.Weight < 0:
		return wrong(fault.OutOfRange, "the weight %d is negative", s.Weight)
	case s.Queue.Packets < 0 || s.Queue.Bytes < 0:
		return wrong(fault.OutOfRange, "the queue's length is negative")
	case s.MTU != 0 && (s.MTU < 68 || s.MTU > 65535):
		return wrong(fault.OutOfRange, "the MTU %d is outside 68..65535", s.MTU)
	case s.Class != "" && !v.classes[s.Class]:
		f := fault.New(fault.UnknownReference, fault.Place{}, "there is no class %q", s.Class).Suggest(s.Class, keys(v.n.Classes, func(c *Class) string { return c.ID }))
		return &f
	case s.Discipline != "" && !v.disciplines[s.Discipline]:
		f := fault.New(fault.UnknownReference, fault.Place{}, "there is no discipline %q", s.Discipline).Suggest(s.Discipline, keys(v.n.Disciplines, disciplineID))
		return &f
	}
	return nil
}

func idSet[T any](list []T, id func(*T) string) map[string]bool {
	out := make(map[string]bool, len(list))
	for i := range list {
		out[id(&list[i])] = true
	}
	return out
}

func keys[T any](list []T, id func(*T) string) []string {
	out := make([]string, 0, min(len(list), 10_000))
	for i := range list[:min(len(list), 10_000)] {
		out = append(out, id(&list[i]))
	}
	return out
}

// unique reports ids used twice and breaks of the rules for ids.
func unique[T any](v *validator, element string, list []T, id func(*T) string) map[string]bool {
	out := make(map[string]bool, len(list))
	for i := range list {
		name := id(&list[i])
		if err := CheckID(name); err != nil {
			v.add(fault.BadName, v.object(element, i), "id", "%v", err)
		}
		if out[name] {
			v.add(fault.DuplicateID, v.object(element, i), "id", "%s %q is declared twice", element, name)
		}
		out[name] = true
	}
	return out
}

// known reports a reference to something that is not declared.
func known[T any](v *validator, element string, i int, attr, name string, set map[string]bool, list []T, id func(*T) string) {
	if name == "" || set[name] {
		return
	}
	noun := attr
	switch attr {
	case "to", "pool":
		noun = "service"
	case "as":
		noun = "flow"
	}
	f := v.add(fault.UnknownReference, v.object(element, i), attr, "there is no %s %q", noun, name)
	f.Nearest = fault.Nearest(name, keys(list, id))
}

func classID(c *Class) string     { return c.ID }
func profileID(p *Profile) string { return p.ID }
func serviceID(s *Service) string { return s.ID }
func tenantID(t *Tenant) string   { return t.ID }
func flowID(f *Flow) string       { return f.ID }

func (v *validator) references() {
	n := v.n
	v.classes = unique(v, "class", n.Classes, classID)
	v.profiles = unique(v, "profile", n.Profiles, profileID)
	v.services = unique(v, "service", n.Services, serviceID)
	v.tenants = unique(v, "tenant", n.Tenants, tenantID)
	for i, c := range n.Classes {
		if c.Max > 0 && c.Min > c.Max {
			v.add(fault.OutOfRange, v.object("class", i), "min", "the minimum %s of class %q is above its maximum %s", c.Min, c.ID, c.Max)
		}
		if c.Min < 0 || c.Max < 0 {
			v.add(fault.OutOfRange, v.object("class", i), "", "a rate of class %q is negative", c.ID)
		}
	}
	for i, p := range n.Profiles {
		known(v, "profile", i, "class", p.Class, v.classes, n.Classes, classID)
		known(v, "profile", i, "pool", p.Pool, v.services, n.Services, serviceID)
		for _, m := range p.Members {
			v.host("profile", i, "", m)
		}
	}
	for i, s := range n.Services {
		if id, ok := n.NodeByName(s.ID); ok {
			v.add(fault.DuplicateID, v.object("service", i), "id", "service %q has the name of a %s", s.ID, n.kind[id])
		}
		if len(s.Members) == 0 {
			v.add(fault.FlowIncomplete, v.object("service", i), "", "service %q has no members", s.ID)
		}
		for _, m := range s.Members {
			v.host("service", i, "", m.Node)
		}
	}
	vlans := map[uint16]string{}
	for i, t := range n.Tenants {
		if other, ok := vlans[t.VLAN]; ok && t.VLAN != 0 {
			v.add(fault.AddressTaken, v.object("tenant", i), "vlan", "VLAN %d of tenant %q is that of %q", t.VLAN, t.ID, other)
		}
		vlans[t.VLAN] = t.ID
		for _, m := range t.Members {
			v.host("tenant", i, "", m)
		}
	}
	for i, p := range n.Policies {
		known(v, "policy", i, "profile", p.Profile, v.profiles, n.Profiles, profileID)
	}
}

// host reports a node that takes part in traffic but is a switch, or has no link.
func (v *validator) host(element string, i int, attr string, id NodeID) {
	n := v.n
	switch {
	case id < 0 || int(id) >= len(n.kind):
		v.add(fault.UnknownNode, v.object(element, i), attr, "a node that does not exist")
	case n.Gone(id):
		v.add(fault.UnknownNode, v.object(element, i), attr, "%q was removed", n.NodeName(id))
	case n.kind[id] == Switch:
		v.add(fault.BadChoice, v.object(element, i), attr, "%q is a switch; a host is needed", n.NodeName(id))
	case len(n.Arcs(id)) == 0:
		v.add(fault.HostUnattached, v.object(element, i), attr, "host %q has no link", n.NodeName(id))
	}
}
