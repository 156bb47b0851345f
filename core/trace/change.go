package trace

import "sendim/core/model"

// The diary's words for failures other than of links and nodes.
const (
	PortDown       Kind = "port-down" // Node and Port: taken out of service there
	PortUp         Kind = "port-up"
	ControlDown    Kind = "control-down" // Node: the channel to its controller is cut
	ControlUp      Kind = "control-up"
	ControllerDown Kind = "controller-down"
	ControllerUp   Kind = "controller-up"
	ControlSet     Kind = "control-set" // delay or loss of Node's channel changed
)

// Happened is the entry that says that a change was carried out, the same in every world.
// The change must be one that n.Check lets pass.
func Happened(n *model.Network, c *model.Change, at model.Time) Entry {
	e := Entry{At: at}
	if c.Cause != "" {
		e.Reason = "failures " + c.Cause
	}
	switch c.Kind {
	case model.LinkDown, model.LinkUp, model.LinkRate, model.LinkDelay, model.LinkLoss:
		e.Link = n.LinkName(c.Link)
	case model.ControllerDown, model.ControllerUp:
	default:
		e.Node = n.NodeName(c.Node)
	}
	switch c.Kind {
	case model.LinkDown:
		e.Kind = LinkDown
	case model.LinkUp:
		e.Kind = LinkUp
	case model.LinkRate, model.LinkDelay, model.LinkLoss:
		e.Kind, e.Spec = LinkSet, &LinkSetting{Rate: c.Rate, Delay: c.Delay, Loss: c.Loss}
		for _, a := range [2]model.Arc{model.Arc(2 * c.Link), model.Arc(2*c.Link + 1)} {
			if c.Way != model.EachWay && c.Way.Concerns(a) {
				e.Spec.From = n.NodeName(n.ArcFrom(a).Node)
			}
		}
	case model.NodeDown:
		e.Kind = NodeDown
	case model.NodeUp:
		e.Kind = NodeUp
	case model.MemberLeave:
		e.Kind, e.Name = MemberLeft, c.Service
	case model.MemberJoin:
		e.Kind, e.Name = MemberCame, c.Service
	case model.PortDown, model.PortUp:
		port := uint32(c.Port)
		e.Port, e.Kind = &port, PortUp
		if c.Kind == model.PortDown {
			e.Kind = PortDown
		}
	case model.ControlDown:
		e.Kind = ControlDown
	case model.ControlUp:
		e.Kind = ControlUp
	case model.ControllerDown:
		e.Kind = ControllerDown
	case model.ControllerUp:
		e.Kind = ControllerUp
	case model.ControlDelay, model.ControlLoss:
		e.Kind, e.Spec = ControlSet, &LinkSetting{Delay: c.Delay, Loss: c.Loss}
	}
	return e
}

// The reasons of a ChangeStep in a network that lives.
const (
	Added   = "added"
	Removed = "removed"
)

// Edited gives the entries that say what a living changeset has added and removed, the
// same in every world: links and nodes that went, then nodes and links that came. The new
// network must descend from the old one.
func Edited(old, new *model.Network, at model.Time) []Entry {
	var out []Entry
	link := func(id model.LinkID, what string) {
		a, b := new.Ends(id)
		out = append(out, Entry{At: at, Kind: ChangeStep, Link: new.LinkName(id), Reason: what, Text: "link between " + new.PortName(a) + " and " + new.PortName(b)})
	}
	node := func(id model.NodeID, what string) {
		out = append(out, Entry{At: at, Kind: ChangeStep, Node: new.NodeName(id), Reason: what, Text: new.NodeKindOf(id).String()})
	}
	for id := range model.LinkID(old.LinkCount()) {
		if new.LinkGone(id) && !old.LinkGone(id) {
			link(id, Removed)
		}
	}
	for id := range model.NodeID(old.NodeCount()) {
		if new.Gone(id) && !old.Gone(id) {
			node(id, Removed)
		}
	}
	for id := model.NodeID(old.NodeCount()); int(id) < new.NodeCount(); id++ {
		if !new.Gone(id) {
			node(id, Added)
		}
	}
	for id := model.LinkID(old.LinkCount()); int(id) < new.LinkCount(); id++ {
		if !new.LinkGone(id) {
			link(id, Added)
		}
	}
	return out
}
