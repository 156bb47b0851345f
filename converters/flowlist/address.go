package flowlist

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/random"
)

// Rule maps the addresses of a prefix to hosts.
type Rule struct {
	Prefix netip.Prefix
	Hosts  []model.NodeID // at least one
	Text   string         // as it was written
}

// Others says what becomes of addresses that are neither the network's nor mapped.
type Others string

// What can become of them.
const (
	Assign   Others = "assign"    // each gets a host
	LeaveOut Others = "leave-out" // their flows are left out, and counted
	Refuse   Others = "refuse"    // they are faults
)

// OthersNames lists them.
func OthersNames() []string { return []string{string(Assign), string(LeaveOut), string(Refuse)} }

// ParseRule reads PREFIX=SELECTOR, as in 10.1.0.0/16=dc-h*; an address alone is a prefix.
func ParseRule(n *model.Network, text string) (Rule, error) {
	prefix, selector, ok := strings.Cut(text, "=")
	if !ok || selector == "" {
		return Rule{}, fmt.Errorf("%q: write ADDRESS=HOST or PREFIX=HOSTS, as in 10.1.0.0/16=dc-h*", fault.Clip(text))
	}
	r := Rule{Text: text}
	prefix = strings.TrimSpace(prefix)
	if a, err := netip.ParseAddr(prefix); err == nil {
		r.Prefix = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
	} else if r.Prefix, err = netip.ParsePrefix(prefix); err != nil {
		return Rule{}, fmt.Errorf("%q is neither an address nor a prefix such as 10.1.0.0/16", fault.Clip(prefix))
	}
	r.Prefix = r.Prefix.Masked()
	hosts, err := n.SelectNodes(model.Selector(strings.TrimSpace(selector)), model.Host)
	if err != nil {
		return Rule{}, fmt.Errorf("%s: %w", fault.Clip(text), err)
	}
	r.Hosts = hosts
	return r, nil
}

// at gives the number of an address among the list's ends.
func (e *ends) at(a netip.Addr, line int) int32 {
	if i, ok := e.addresses[a]; ok {
		return i
	}
	i := e.of([]byte(a.String()), line)
	if e.addresses == nil {
		e.addresses = map[netip.Addr]int32{}
	}
	e.addresses[a] = i
	return i
}

// someExamples bounds what a report names.
const someExamples = 5

// assignment is the way from addresses to hosts.
type assignment struct {
	n       *model.Network
	m       *Mapping
	names   *naming.Names // nil until needed
	used    map[model.NodeID]bool
	shuffle map[string][]model.NodeID
	next    map[string]int
}

// own finds the host or the service that has an address in the network.
func (a *assignment) own(x netip.Addr) (t target, ok bool) {
	if !x.Is4() {
		return t, false
	}
	b := x.As4()
	ip := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	for i := range a.n.Services {
		if a.n.Services[i].IP == ip {
			return target{node: model.NoNode, service: a.n.Services[i].ID}, true
		}
	}
	if a.names == nil {
		names, err := naming.New(a.n)
		if err != nil { // told elsewhere
			return t, false
		}
		a.names = names
	}
	id, ok := a.names.ByIP(ip)
	return target{node: id}, ok && a.n.NodeKindOf(id) != model.Switch
}

// host gives the next host of a rule, or of the rest: the order is drawn once.
func (a *assignment) host(of string, hosts []model.NodeID) model.NodeID {
	order, ok := a.shuffle[of]
	if !ok {
		order = slices.Clone(hosts)
		r := random.New(a.m.Seed).Stream("addresses " + of)
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		a.shuffle[of] = order
	}
	i := a.next[of]
	a.next[of]++
	return order[i%len(order)]
}

// assign gives addresses their hosts: by the first rule that holds it, else the host or
// the service that has it, else one host after the other of those that have got none, both
// in orders drawn from the seed; when all have one, again from the first. What cannot be mapped has neither node nor service. It tells what it did.
func (e *ends) assign(n *model.Network, m Mapping, which []int, out []target, faults, remarks *fault.List) {
	a := &assignment{n: n, m: &m, used: map[model.NodeID]bool{}, shuffle: map[string][]model.NodeID{}, next: map[string]int{}}
	addresses := make([]netip.Addr, len(e.list))
	for _, i := range which {
		addresses[i], _ = netip.ParseAddr(e.list[i].name)
		addresses[i] = addresses[i].Unmap()
	}
	which = slices.Clone(which)
	slices.SortFunc(which, func(i, j int) int { return addresses[i].Compare(addresses[j]) }) // however the file has them
	// In an order that has nothing to do with how networks are numbered, or else the hosts of
	// two that talk to each other, address by address, could fall together again and again.
	r := random.New(m.Seed).Stream("addresses")
	r.Shuffle(len(which), func(i, j int) { which[i], which[j] = which[j], which[i] })
	var others []int
	own, ruled := 0, 0
next:
	for _, i := range which {
		for _, r := range m.Rules {
			if r.Prefix.Contains(addresses[i]) {
				out[i].node = a.host(r.Text, r.Hosts)
				a.used[out[i].node] = true
				ruled++
				continue next
			}
		}
		if t, ok := a.own(addresses[i]); ok {
			out[i] = t
			a.used[t.node] = true
			own++
			continue
		}
		others = append(others, i)
	}
	tell := func(format string, args ...any) {
		remarks.Addf(fault.Unused, fault.Place{File: e.file}, format, args...)
	}
	if len(others) > 0 && m.Others != LeaveOut && m.Others != Refuse && len(m.Hosts) > 0 {
		free := slices.DeleteFunc(slices.Clone(m.Hosts), func(id model.NodeID) bool { return a.used[id] })
		if len(free) == 0 {
			free = m.Hosts
		}
		var examples []string
		for _, i := range others {
			out[i].node = a.host("", free)
		}
		slices.SortFunc(others, func(i, j int) int { return addresses[i].Compare(addresses[j]) })
		for _, i := range others {
			if len(examples) < someExamples {
				examples = append(examples, e.list[i].name+" is "+n.NodeName(out[i].node))
			}
		}
		tell("of %d addresses %d are of the network and %d are mapped; %d are given hosts (%s), %d hosts to choose from: %s", len(which), own, ruled, len(others), m.Of, len(free), listed(examples, len(others)))
		return
	}
	if own+ruled > 0 || len(others) == 0 {
		tell("of %d addresses %d are of the network and %d are mapped", len(which), own, ruled)
	}
	var examples []string
	slices.SortFunc(others, func(i, j int) int { return addresses[i].Compare(addresses[j]) })
	for _, i := range others {
		if m.Others == LeaveOut {
			if len(examples) < someExamples {
				examples = append(examples, e.list[i].name)
			}
			continue
		}
		faults.Addf(fault.UnknownNode, fault.Place{File: e.file, Line: e.list[i].line}, "the address %s is neither of the network nor mapped; map it by %s=HOST, or let others be assigned", e.list[i].name, e.list[i].name)
	}
	if len(examples) > 0 {
		tell("%d addresses are neither of the network nor mapped, and their flows are left out: %s", len(others), listed(examples, len(others)))
	}
}

func listed(examples []string, of int) string {
	text := strings.Join(examples, ", ")
	if of > len(examples) {
		text += ", ..."
	}
	return text
}

// settleAddressed makes the flows of a list with addresses fit for the network: flows
// whose ends have no host, or one host, are left out and counted, and two between the
// same hosts never have the same ports, nor does a host send from where it receives.
func (l *List) settleAddressed() {
	type tuple struct {
		from, to model.NodeID
		service  string
		ports    uint32
		kind     model.Transport
	}
	// What goes back on a connection of a log is a flow of its own here, to the port from
	// which the other comes; a host cannot send from a port at which it receives others.
	type port struct {
		host   model.NodeID
		number uint16
		kind   model.Transport
	}
	taken := map[port]bool{}
	for i := range l.Flows {
		f := &l.Flows[i]
		taken[port{f.To, f.DstPort, f.Transport}] = true
	}
	seen := map[tuple]bool{}
	kept, lost, alone, again := 0, 0, 0, 0
	for i := range l.Flows {
		f := &l.Flows[i]
		switch {
		case f.From == model.NoNode || f.To == model.NoNode && f.Service == "":
			lost++
			continue
		case f.From == f.To:
			alone++
			continue
		}
		if f.SrcPort != 0 && f.DstPort != 0 {
			k := tuple{f.From, f.To, f.Service, uint32(f.SrcPort)<<16 | uint32(f.DstPort), f.Transport}
			if seen[k] || taken[port{f.From, f.SrcPort, f.Transport}] {
				f.SrcPort = 0
				again++
			}
			seen[k] = true
		}
		if f.Service != "" {
			f.DstPort = 0 // the service's own
		}
		l.Flows[kept], l.Lines[kept] = *f, l.Lines[i]
		kept++
	}
	l.Flows, l.Lines = l.Flows[:kept], l.Lines[:kept]
	tell := func(n int, what string) {
		if n > 0 {
			l.Remarks.Addf(fault.Unused, fault.Place{File: l.ends.file}, "%d flows %s", n, what)
		}
	}
	tell(lost, "from or to addresses without a host are left out")
	tell(alone, "between addresses that are one host are left out; map addresses to hosts, or take a larger network")
	tell(again, "would send from ports that are in use at their hosts; they get others")
}
