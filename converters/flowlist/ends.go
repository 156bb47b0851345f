package flowlist

import (
	"net/netip"

	"sendim/core/fault"
	"sendim/core/model"
)

// Mapping says which hosts the numbers of a list stand for.
type Mapping struct {
	Hosts []model.NodeID // in order of declaration
	Of    string         // the selection, for error texts
	First int64          // the number of the first

	// Of ends that are addresses.
	Rules  []Rule // the first that holds an address counts
	Others Others // "": Assign, among Hosts
	Seed   uint64 // of the order in which they are assigned
}

// ends are the distinct nodes that a list names, as it names them.
type ends struct {
	file     string
	list     []end
	index    map[string]int32
	numbered bool // the format has numbers, never names

	addresses map[netip.Addr]int32
	addressed bool // some ends are addresses; known by resolve
}

type end struct {
	name string
	line int // where it is named first
}

// of gives the number of an end among the list's ends.
func (e *ends) of(name []byte, line int) int32 {
	if i, ok := e.index[string(name)]; ok {
		return i
	}
	if e.index == nil {
		e.index = map[string]int32{}
	}
	i := int32(len(e.list))
	text := string(name)
	e.list = append(e.list, end{text, line})
	e.index[text] = i
	return i
}

// target is what an end stands for.
type target struct {
	node    model.NodeID
	service string
}

// resolve finds the node, or the service, that each end stands for. Ends of an open
// format are numbers if all look like numbers and not all are names; what is neither a
// node nor a service and looks like an address is one.
func (e *ends) resolve(n *model.Network, m Mapping, faults, remarks *fault.List) []target {
	out := make([]target, len(e.list))
	numbers, names := true, true
	for _, x := range e.list {
		if _, bad := whole([]byte(x.name), 1<<62); bad != nil {
			numbers = false
			break
		}
		if _, ok := n.NodeByName(x.name); !ok {
			names = false
		}
	}
	if e.numbered || numbers && !names {
		for i, x := range e.list {
			out[i].node = e.numbers(x, m, faults)
		}
		return out
	}
	var known []string
	var addresses []int
	for i, x := range e.list {
		out[i].node = model.NoNode
		place := fault.Place{File: e.file, Line: x.line}
		id, ok := n.NodeByName(x.name)
		switch {
		case ok && n.NodeKindOf(id) == model.Switch:
			if out[i].node = onlyHost(n, id); out[i].node == model.NoNode {
				faults.Addf(fault.BadChoice, place, "%q is a switch that has not exactly one host; name a host", fault.Clip(x.name))
			}
		case ok:
			out[i].node = id
		case isService(n, x.name):
			out[i].service = x.name
		case remarks != nil && isAddress(x.name):
			addresses = append(addresses, i)
		case faults.Full():
			faults.Total++
		default:
			if known == nil {
				known = someNames(n)
			}
			faults.Add(fault.New(fault.UnknownNode, place, "there is no node %q", fault.Clip(x.name)).Suggest(x.name, known))
		}
	}
	if e.addressed = len(addresses) > 0; e.addressed {
		e.assign(n, m, addresses, out, faults, remarks)
	}
	return out
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func (e *ends) numbers(x end, m Mapping, faults *fault.List) model.NodeID {
	i, bad := whole([]byte(x.name), 1<<62)
	switch {
	case bad != nil:
		bad.Place = fault.Place{File: e.file, Line: x.line}
		faults.Add(*bad)
	case i < m.First || i-m.First >= int64(len(m.Hosts)):
		faults.Addf(fault.UnknownNode, fault.Place{File: e.file, Line: x.line}, "there is no host number %d: there are %d hosts (%s), numbered from %d", i, len(m.Hosts), m.Of, m.First)
	default:
		return m.Hosts[i-m.First]
	}
	return model.NoNode
}

func isService(n *model.Network, name string) bool {
	for i := range n.Services {
		if n.Services[i].ID == name {
			return true
		}
	}
	return false
}

// onlyHost gives the one host linked to a switch, or NoNode.
func onlyHost(n *model.Network, sw model.NodeID) model.NodeID {
	found := model.NoNode
	for _, a := range n.Arcs(sw) {
		other := n.ArcTo(a).Node
		if n.NodeKindOf(other) != model.Host || other == found {
			continue
		}
		if found != model.NoNode {
			return model.NoNode
		}
		found = other
	}
	return found
}

func someNames(n *model.Network) []string {
	out := make([]string, min(n.NodeCount(), 10_000))
	for i := range out {
		out[i] = n.NodeName(model.NodeID(i))
	}
	return out
}
