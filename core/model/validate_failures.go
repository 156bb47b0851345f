package model

import (
	"math"

	"sendim/core/fault"
)

// change reports what is wrong with a change of the i-th step of the scenario.
func (v *validator) change(i int, c *Change) {
	n := v.n
	switch {
	case c.OfMember():
		known(v, "at", i, "service", c.Service, v.services, n.Services, serviceID)
		v.host("at", i, "node", c.Node)
		if c.Kind == MemberJoin && c.Weight < 1 {
			v.add(fault.OutOfRange, v.object("at", i), "weight", "a weight of %d; it is at least 1", c.Weight)
		}
		return
	case c.Kind == NodeDown || c.Kind == NodeUp:
		if c.Node < 0 || int(c.Node) >= n.NodeCount() {
			v.add(fault.UnknownNode, v.object("at", i), "node", "a node that does not exist")
		}
	case c.Kind == PortDown || c.Kind == PortUp:
		if err := n.Check(c); err != nil {
			v.add(fault.UnknownNode, v.object("at", i), "port", "%v", err)
		}
		return
	case c.OfControl():
		if err := n.Check(c); err != nil {
			v.add(fault.OutOfRange, v.object("at", i), "control", "%v", err)
		}
		return
	case c.Link < 0 || int(c.Link) >= n.LinkCount():
		v.add(fault.UnknownLink, v.object("at", i), "link", "a link that does not exist")
	}
	if math.IsNaN(c.Loss) || c.Loss < 0 || c.Loss > 1 || c.Rate < 0 || c.Delay < 0 {
		v.add(fault.OutOfRange, v.object("at", i), "value", "a value outside its range")
	}
}

func failuresID(f *Failures) string { return f.ID }

// failures reports what is wrong with the random failures.
func (v *validator) failures() {
	n := v.n
	unique(v, "failures", n.Failures, failuresID)
	for i := range n.Failures {
		f := &n.Failures[i]
		out := func(attr, format string, args ...any) {
			v.add(fault.OutOfRange, v.object("failures", i), attr, format, args...)
		}
		if f.MTBF <= 0 {
			out("mtbf", "a mean time between failures of %s; it must be positive", f.MTBF)
		}
		if f.MTTR <= 0 {
			out("mttr", "a mean time to repair of %s; it must be positive", f.MTTR)
		}
		if f.From < 0 || f.Until <= f.From {
			out("until", "failures from %s until %s", f.From, f.Until)
		}
		if f.Most < 0 {
			out("most", "at most %d at once", f.Most)
		}
		if weibull := f.Lives == LifetimeWeibull || f.Repairs == LifetimeWeibull; weibull && !(f.Shape >= 0.1 && f.Shape <= 100) {
			out("shape", "a shape of %v; it is 0.1 to 100", f.Shape)
		}
		if _, err := n.Subjects(f); err != nil {
			v.add(fault.BadSelector, v.object("failures", i), f.Attribute(), "%v", err)
		}
	}
}

// Attribute is the word of the language for what fails.
func (f *Failures) Attribute() string {
	switch f.Kind {
	case LinkDown:
		return "link"
	case NodeDown:
		return "node"
	case PortDown:
		return "port"
	case ControlDown:
		return "control"
	}
	return "controller"
}

// Subjects lists the failures that may happen: one change for everything that Of selects.
func (n *Network) Subjects(f *Failures) ([]Change, error) {
	var out []Change
	add := func(link LinkID, node NodeID, port PortNo) {
		out = append(out, Change{Kind: f.Kind, Link: link, Node: node, Port: port, Cause: f.ID})
	}
	switch f.Kind {
	case LinkDown:
		links, err := n.SelectLinks(f.Of)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			add(l, NoNode, 0)
		}
	case PortDown:
		ports, err := n.SelectPorts(f.Of)
		if err != nil {
			return nil, err
		}
		for _, e := range ports {
			add(NoLink, e.Node, e.Port)
		}
	case NodeDown, ControlDown:
		only := NodeKind(0)
		if f.Kind == ControlDown {
			only = Switch
		}
		nodes, err := n.SelectNodes(f.Of, only)
		if err != nil {
			return nil, err
		}
		for _, id := range nodes {
			add(NoLink, id, 0)
		}
	case ControllerDown:
		add(NoLink, NoNode, 0)
	}
	return out, nil
}
