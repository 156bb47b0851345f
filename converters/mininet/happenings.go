package mininet

import (
	"fmt"
	"strings"

	"sendim/core/model"
)

// udpOverhead is what Ethernet, IPv4 and UDP headers take of a frame, in bytes.
const udpOverhead = 14 + 20 + 8

// happenings writes flows, scenario and tests for a run by hand, and what of them
// Mininet cannot do.
func (s *script) happenings() {
	n := s.n
	var warnings []string
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }

	s.line("")
	s.line("# Times are seconds from the start, rates bit/s, sizes bytes.")
	s.line("FLOWS = [")
	for i := range s.o.Flows {
		s.flow(&s.o.Flows[i], warn)
	}
	s.line("]")
	if len(n.Traffic) > 0 && len(s.o.Flows) == len(n.Flows) {
		warn("the flows of <traffic> are not in this script")
	}
	if len(n.Demands) > 0 && len(s.o.Flows) == len(n.Flows) {
		warn("the flows of <demands> are not in this script")
	}
	for i := range n.NodeCount() {
		if id := model.NodeID(i); n.NodeKindOf(id) == model.External {
			warn("external node %q is an ordinary host here", n.NodeName(id))
		}
	}
	if len(n.Failures) > 0 {
		warn("the random failures of <failures> are not in this script")
	}
	if len(n.Processes) > 0 {
		warn("processes are not started by this script")
	}
	s.line("SCENARIO = [")
	for _, step := range n.Scenario {
		for _, c := range step.Changes {
			if c.OfMember() {
				warn("nobody in this script hears that %q leaves or joins service %q", n.NodeName(c.Node), c.Service)
				continue
			}
			if c.Kind == model.ControlDelay || c.Kind == model.ControlLoss {
				warn("the control channel of %q keeps its delay and its loss", n.NodeName(c.Node))
				continue
			}
			s.change(step.At, c)
		}
	}
	s.line("]")
	used := map[model.NodeID]bool{}
	s.line("TESTS = [")
	for i := range n.Tests {
		s.test(&n.Tests[i], used, warn)
	}
	s.line("]")
	s.line("ADDRESS = {")
	for i := range n.NodeCount() {
		if id := model.NodeID(i); used[id] {
			ip, _ := s.names.IP(id)
			s.line("    '%s': '%s',", s.names.Technical(id), address(ip))
		}
	}
	s.line("}")
	s.line("WARNINGS = [")
	for _, w := range warnings {
		s.line("    %s,", quote(w))
	}
	s.line("]")
}

func (s *script) flow(f *model.Flow, warn func(string, ...any)) {
	n := s.n
	to, ip, port := f.To, uint32(0), f.DstPort
	if f.Service != "" {
		for _, service := range n.Services {
			if service.ID == f.Service && len(service.Members) > 0 {
				to, ip, port = service.Members[0].Node, service.IP, service.Port
			}
		}
		warn("flow %q goes to service %q: its first member alone answers", f.ID, f.Service)
	}
	if to < 0 {
		return
	}
	if ip == 0 {
		ip, _ = s.names.IP(to)
	}
	if port == 0 {
		port = 5001
	}
	kind := f.Kind()
	size := f.Size
	if f.Chunks != "" {
		warn("flow %q has chunks, which iperf3 does not send; it is left out", f.ID)
		return
	}
	if f.Pattern != "" {
		warn("flow %q has a pattern, which iperf3 does not send; its packets are sent at equal gaps, all full", f.ID)
	}
	fmt.Fprintf(s, "    dict(id=%s, start=%s, transport='%s'", quote(f.ID), number(f.Start.Seconds()), kind)
	fmt.Fprintf(s, ", src='%s', dst='%s', ip='%s'", s.names.Technical(f.From), s.names.Technical(to), address(ip))
	if kind == model.ICMP {
		fmt.Fprintf(s, ", count=%d, duration=%s", f.Count, number(f.Duration.Seconds()))
	} else {
		fmt.Fprintf(s, ", port=%d", port)
		if f.Duration > 0 {
			fmt.Fprintf(s, ", duration=%s", number(f.Duration.Seconds()))
		} else {
			fmt.Fprintf(s, ", size=%d", int64(size))
		}
		if f.Rate > 0 {
			fmt.Fprintf(s, ", rate=%d", int64(f.Rate))
		}
		if kind == model.UDP {
			frame := f.Packet
			if frame == 0 {
				frame = 1514
			}
			fmt.Fprintf(s, ", payload=%d", int64(max(frame-udpOverhead, 16)))
		}
	}
	s.line("),")
}

// ends writes both ends of a link as a Python list.
func (s *script) ends(id model.LinkID) string {
	a, b := s.n.Ends(id)
	return fmt.Sprintf("('%s', '%s'), ('%s', '%s')", s.names.Technical(a.Node), s.names.Interface(a.Node, a.Port),
		s.names.Technical(b.Node), s.names.Interface(b.Node, b.Port))
}

func (s *script) change(at model.Time, c model.Change) {
	n := s.n
	begin := fmt.Sprintf("    dict(at=%s, ", number(at.Seconds()))
	up := map[bool]string{true: "True", false: "False"}
	switch c.Kind {
	case model.LinkDown, model.LinkUp:
		s.line("%sup=%s, ends=[%s]),", begin, up[c.Kind == model.LinkUp], s.ends(c.Link))
	case model.NodeDown, model.NodeUp:
		var ends []string
		for _, arc := range n.Arcs(c.Node) {
			ends = append(ends, s.ends(arc.Link()))
		}
		sw := ""
		if n.NodeKindOf(c.Node) == model.Switch {
			sw = fmt.Sprintf("switch='%s', ", s.names.Technical(c.Node))
		}
		s.line("%s%sup=%s, ends=[%s]),", begin, sw, up[c.Kind == model.NodeUp], strings.Join(ends, ", "))
	case model.PortDown, model.PortUp:
		s.line("%sup=%s, ends=[('%s', '%s')]),", begin, up[c.Kind == model.PortUp], s.names.Technical(c.Node), s.names.Interface(c.Node, c.Port))
	case model.ControlDown, model.ControlUp:
		s.line("%sup=%s, control=['%s']),", begin, up[c.Kind == model.ControlUp], s.names.Technical(c.Node))
	case model.ControllerDown, model.ControllerUp:
		var all []string
		for _, id := range n.NodesOfKind(model.Switch) {
			all = append(all, "'"+s.names.Technical(id)+"'")
		}
		s.line("%sup=%s, control=[%s]),", begin, up[c.Kind == model.ControllerUp], strings.Join(all, ", "))
	default:
		a, b := n.Ends(c.Link)
		value := fmt.Sprintf("rate=%d", int64(c.Rate))
		switch c.Kind {
		case model.LinkDelay:
			value = "delay=" + number(c.Delay.Seconds()*1e3)
		case model.LinkLoss:
			value = "loss=" + number(c.Loss)
		}
		var limits []string
		for _, e := range []model.Endpoint{a, b} {
			limits = append(limits, fmt.Sprintf("('%s', dict(node='%s', %s))", s.names.Interface(e.Node, e.Port), s.names.Technical(e.Node), value))
		}
		s.line("%slimits=[%s]),", begin, strings.Join(limits, ", "))
	}
}

func (s *script) test(t *model.Test, used map[model.NodeID]bool, warn func(string, ...any)) {
	n := s.n
	switch t.Kind {
	case model.TestReachable, model.TestUnreachable:
		list := func(sel model.Selector) string {
			if sel == "" {
				sel = "*"
			}
			hosts, err := n.SelectNodes(sel, model.Host)
			if err != nil {
				warn("a test is left out: %v", err)
			}
			names := make([]string, len(hosts))
			for i, h := range hosts {
				used[h] = true
				names[i] = "'" + s.names.Technical(h) + "'"
			}
			return "[" + strings.Join(names, ", ") + "]"
		}
		s.line("    dict(kind='%s', src=%s, dst=%s),", t.Kind, list(t.From), list(t.To))
	case model.TestThroughput:
		s.line("    dict(kind='%s', flow=%s, min=%d, max=%d),", t.Kind, quote(t.Flow), int64(t.MinRate), int64(t.MaxRate))
	case model.TestLoss:
		s.line("    dict(kind='%s', flow=%s, max=%s),", t.Kind, quote(t.Flow), number(t.MaxLoss))
	case model.TestShare:
		warn("a test is left out: this script does not know which server a flow to %q had", t.Service)
	default:
		s.line("    dict(kind='%s', flow=%s, max=%s),", t.Kind, quote(t.Flow), number(t.Max.Seconds()))
	}
}
