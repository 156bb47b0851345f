package control

import (
	"slices"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// Path follows a packet that a host sends through the rules that are wanted, over links
// that are up, to the host whose address it ends up with: the nodes on its way, both
// hosts included. It is nil when the packet arrives nowhere, or when a select group on
// its way leaves the choice to the switch's own hash. Worlds whose switches do not tell
// which way a packet took can say this much.
func (r *Runtime) Path(from model.NodeID, h packet.Header) []model.NodeID {
	at, ok := r.view.attachment(from)
	if !ok {
		return nil
	}
	type place struct {
		arc   model.Arc // that the packet comes by
		h     packet.Header
		nodes []model.NodeID
	}
	todo := []place{{at.Reverse(), h, []model.NodeID{from}}}
	seen := map[model.Arc]bool{}
	var result flow.Result
	var path flow.Path
	for len(todo) > 0 {
		p := todo[0]
		todo = todo[1:]
		if seen[p.arc] || !r.view.linkUp(p.arc.Link()) {
			continue
		}
		seen[p.arc] = true
		here := r.net.ArcTo(p.arc)
		nodes := append(slices.Clip(p.nodes), here.Node)
		if r.net.NodeKindOf(here.Node) != model.Switch {
			if r.address.HostIP(here.Node) == p.h.IPDst {
				return nodes
			}
			continue
		}
		plant := r.plants[here.Node]
		if plant == nil {
			continue
		}
		result.PortUp = func(port uint32) bool {
			arc, ok := r.net.ArcAtPort(here.Node, model.PortNo(port))
			return ok && r.view.linkUp(arc.Link())
		}
		wanted := plant.wanted.switchOf()
		wanted.Trace(&flow.Packet{Header: p.h, InPort: uint32(here.Port), Bytes: 1}, &result, &path)
		if chosenByHash(wanted, path.Groups) {
			return nil
		}
		for _, out := range path.Outputs {
			port := out.Port
			if port == flow.PortInPort {
				port = uint32(here.Port)
			}
			if arc, ok := r.net.ArcAtPort(here.Node, model.PortNo(port)); ok {
				todo = append(todo, place{arc, out.Header, nodes})
			}
		}
	}
	return nil
}

// chosenByHash says whether one of the groups met spreads packets over several buckets.
func chosenByHash(s *flow.Switch, met []flow.GroupChoice) bool {
	if len(met) == 0 {
		return false
	}
	for _, g := range s.Groups() {
		if g.Group.Type == flow.Select && len(g.Group.Buckets) > 1 &&
			slices.ContainsFunc(met, func(m flow.GroupChoice) bool { return m.Group == g.Group.Number }) {
			return true
		}
	}
	return false
}
