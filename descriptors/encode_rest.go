package descriptors

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"sendim/core/deployment"
	"sendim/core/model"
)

func (e *encoder) rest() {
	n := e.n
	name := n.NodeName
	for _, c := range n.Classes {
		e.leaf("class", "id", c.ID, "min", rateText(c.Min), "max", rateText(c.Max), "priority", intText(c.Priority))
	}
	e.queueing()
	members := func(list []model.NodeID) {
		for _, m := range list {
			e.leaf("member", "node", name(m))
		}
	}
	for _, p := range n.Profiles {
		e.block("profile", []string{"id", p.ID, "class", p.Class, "rate", rateText(p.Rate), "pool", p.Pool}, len(p.Members) == 0, func() { members(p.Members) })
	}
	for _, s := range n.Services {
		e.block("service", []string{"id", s.ID, "ip", ipText(s.IP), "port", fmt.Sprintf("%s/%d", s.Proto, s.Port)}, len(s.Members) == 0, func() {
			for _, m := range s.Members {
				weight := ""
				if m.Weight != 1 {
					weight = intText(m.Weight)
				}
				e.leaf("member", "node", name(m.Node), "weight", weight)
			}
		})
	}
	for _, t := range n.Tenants {
		e.block("tenant", []string{"id", t.ID, "vlan", intText(t.VLAN)}, len(t.Members) == 0 && t.Quota == 0, func() {
			members(t.Members)
			if t.Quota != 0 {
				e.leaf("quota", "rate", t.Quota.String())
			}
		})
	}
	for _, p := range n.Policies {
		goal := "minimize"
		if p.Maximize {
			goal = "maximize"
		}
		e.leaf("policy", "profile", p.Profile, "goal", goal, "property", p.Property, "priority", intText(p.Priority))
	}
	e.flows()
	for i := range n.Processes {
		p := &n.Processes[i]
		e.leaf("process", "node", name(p.Node), "at", timeText(p.At), "command", p.Command, "as", p.As)
	}
	e.scenario()
	e.tests()
	for _, w := range n.Watches {
		e.leaf("trace", "nodes", string(w.Nodes), "links", string(w.Links), "flows", w.Flows, "packets", boolText(w.Packets), "interval", timeText(w.Sample),
			"series", w.Series.String(), "capture", boolText(w.Capture), "ports", string(w.Ports), "direction", directionText(w.Direction), "snaplen", sizeText(w.Snap))
	}
}

func directionText(d model.Direction) string {
	if d == model.BothWays {
		return ""
	}
	return d.String()
}

func granularityText(g model.Granularity) string {
	if g == model.GranularityAuto {
		return ""
	}
	return g.String()
}

func transportText(t model.Transport) string {
	if t == model.TransportAuto {
		return ""
	}
	return t.String()
}

func (e *encoder) flows() {
	n := e.n
	for i := range n.Flows {
		f := &n.Flows[i]
		to := f.Service
		if to == "" {
			to = n.NodeName(f.To)
		}
		e.leaf("flow", append([]string{"id", f.ID, "from", n.NodeName(f.From), "to", to, "start", timeText(f.Start), "duration", timeText(f.Duration), "size", sizeText(f.Size),
			"rate", rateText(f.Rate), "granularity", granularityText(f.Granularity), "transport", transportText(f.Transport), "packet", sizeText(f.Packet),
			"chunk", sizeText(f.Chunk), "chunks", f.Chunks, "class", f.Class, "tcp", f.TCP, "profile", f.Profile, "tenant", f.Tenant,
			"srcport", intText(f.SrcPort), "dstport", intText(f.DstPort), "count", intText(f.Count)}, patternText(f.Pattern)...)...)
	}
	for _, d := range n.Distributions {
		e.block("sizes", []string{"id", d.ID}, len(d.Points) == 0, func() {
			for _, p := range d.Points {
				e.leaf("point", "size", p.Size.String(), "share", model.FormatRatio(p.Share))
			}
		})
	}
	for i := range n.Demands {
		m := &n.Demands[i]
		attrs := []string{"start", timeText(m.Start), "until", m.Until.String(), "granularity", granularityText(m.Granularity), "transport", transportText(m.Transport)}
		attrs = append(attrs, patternText(m.Pattern)...)
		e.block("demands", attrs, len(m.Demands) == 0, func() {
			for _, d := range m.Demands {
				e.leaf("demand", "from", n.NodeName(d.From), "to", n.NodeName(d.To), "rate", d.Rate.String())
			}
		})
	}
	for i := range n.Traffic {
		t := &n.Traffic[i]
		load := ""
		if t.Load != 0 {
			load = model.FormatRatio(t.Load)
		}
		attrs := []string{"id", t.ID, "kind", t.Kind, "sizes", t.Sizes, "load", load, "of", t.Of, "from", string(t.From), "to", string(t.To),
			"start", timeText(t.Start), "until", timeText(t.Until), "rate", rateText(t.Rate), "granularity", granularityText(t.Granularity),
			"transport", transportText(t.Transport), "chunk", sizeText(t.Chunk), "packet", sizeText(t.Packet), "class", t.Class, "tcp", t.TCP}
		attrs = append(attrs, patternText(t.Pattern)...)
		if t.Stride > 0 {
			attrs = append(attrs, "stride", intText(t.Stride))
		}
		e.block("traffic", attrs, len(t.Pairs) == 0, func() {
			for _, p := range t.Pairs {
				e.leaf("pair", "from", n.NodeName(p.From), "to", n.NodeName(p.To), "share", strconv.FormatFloat(p.Weight, 'g', -1, 64))
			}
		})
	}
}

func (e *encoder) scenario() {
	n := e.n
	if len(n.Scenario)+len(n.Failures) == 0 {
		return
	}
	e.open("scenario")
	e.failures()
	for _, s := range n.Scenario {
		e.block("at", []string{"time", s.At.String()}, len(s.Changes) == 0, func() {
			for _, c := range s.Changes {
				switch c.Kind {
				case model.LinkDown:
					e.leaf("down", "link", n.LinkName(c.Link))
				case model.LinkUp:
					e.leaf("up", "link", n.LinkName(c.Link))
				case model.NodeDown:
					e.leaf("down", "node", n.NodeName(c.Node))
				case model.NodeUp:
					e.leaf("up", "node", n.NodeName(c.Node))
				case model.LinkRate:
					e.leaf("rate", "link", n.LinkName(c.Link), "from", sender(n, &c), "value", c.Rate.String())
				case model.LinkDelay:
					e.leaf("delay", "link", n.LinkName(c.Link), "from", sender(n, &c), "value", c.Delay.String())
				case model.LinkLoss:
					e.leaf("loss", "link", n.LinkName(c.Link), "from", sender(n, &c), "value", model.FormatRatio(c.Loss))
				case model.PortDown:
					e.leaf("down", "port", portText(n, &c))
				case model.PortUp:
					e.leaf("up", "port", portText(n, &c))
				case model.ControlDown:
					e.leaf("down", "control", n.NodeName(c.Node))
				case model.ControlUp:
					e.leaf("up", "control", n.NodeName(c.Node))
				case model.ControllerDown:
					e.leaf("down", "controller", "all")
				case model.ControllerUp:
					e.leaf("up", "controller", "all")
				case model.ControlDelay:
					e.leaf("delay", "control", n.NodeName(c.Node), "value", c.Delay.String())
				case model.ControlLoss:
					e.leaf("loss", "control", n.NodeName(c.Node), "value", model.FormatRatio(c.Loss))
				case model.MemberLeave:
					e.leaf("leave", "service", c.Service, "node", n.NodeName(c.Node))
				case model.MemberJoin:
					weight := ""
					if c.Weight != 1 {
						weight = intText(c.Weight)
					}
					e.leaf("join", "service", c.Service, "node", n.NodeName(c.Node), "weight", weight)
				}
			}
		})
	}
	e.close("scenario")
}

func (e *encoder) tests() {
	if len(e.n.Tests) == 0 {
		return
	}
	e.open("test")
	for _, t := range e.n.Tests {
		critical := boolText(t.Critical)
		switch t.Kind {
		case model.TestReachable, model.TestUnreachable:
			e.leaf(t.Kind.String(), "from", string(t.From), "to", string(t.To), "critical", critical)
		case model.TestThroughput:
			lowest := rateText(t.MinRate)
			if t.MinRate == 0 && t.MaxRate == 0 {
				lowest = t.MinRate.String()
			}
			e.leaf("throughput", "flow", t.Flow, "min", lowest, "max", rateText(t.MaxRate), "critical", critical)
		case model.TestLoss:
			e.leaf("loss", "flow", t.Flow, "max", model.FormatRatio(t.MaxLoss), "critical", critical)
		case model.TestLatency, model.TestCompletion:
			e.leaf(t.Kind.String(), "flow", t.Flow, "max", t.Max.String(), "critical", critical)
		case model.TestShare:
			of, most := "", ""
			if t.ByFlows {
				of = "flows"
			}
			if t.MaxShare != 1 {
				most = model.FormatRatio(t.MaxShare)
			}
			e.leaf("share", "service", t.Service, "node", string(t.Nodes), "min", model.FormatRatio(t.MinShare), "max", most, "of", of, "flows", t.Flows, "critical", critical)
		}
	}
	e.close("test")
}

// EncodeDeployment writes a deployment descriptor. The output decodes to an equal
// value. Its error wraps that of w.
func EncodeDeployment(w io.Writer, d *deployment.Deployment) error {
	e := &encoder{w: bufio.NewWriter(w)}
	e.open("deployment", "name", d.Name, "realization", string(d.Realization), "environment", string(d.Environment), "degrade", string(d.Degrade), "prefer", string(d.Prefer))
	for _, s := range d.Systems {
		e.leaf("system", "href", s)
	}
	if d.Scale != (deployment.Scale{}) {
		e.leaf("scale", "rate", fractionText(d.Scale.Rate), "size", fractionText(d.Scale.Size), "delay", fractionText(d.Scale.Delay), "time", fractionText(d.Scale.Time))
	}
	for _, a := range d.Applications {
		e.block("application", []string{"name", a.Name, "plugin", a.Plugin, "sha256", a.SHA256, "on-loss", a.OnLoss,
			"memory", sizeText(a.Memory), "commands", intText(a.Commands), "silence", timeText(a.Silence)}, len(a.Params) == 0, func() {
			for _, p := range a.Params {
				e.leaf("param", "name", p.Name, "value", p.Value)
			}
		})
	}
	if c := d.Control; c.Delay != 0 || c.Address != "" || c.OpenFlow != "" || c.TLS || c.CA != "" || len(c.Delays) > 0 {
		tls := ""
		if c.TLS {
			tls = "true"
		}
		e.block("control", []string{"delay", timeText(c.Delay), "address", c.Address, "openflow", c.OpenFlow, "tls", tls, "ca", c.CA, "cert", c.Cert, "key", c.Key}, len(c.Delays) == 0, func() {
			for _, s := range c.Delays {
				e.leaf("switch", "nodes", string(s.Nodes), "delay", s.Delay.String())
			}
		})
	}
	if s := d.Simulation; s != (deployment.SimulationOptions{}) {
		e.leaf("simulation", "seed", intText(s.Seed), "until", timeText(s.Until), "workers", intText(s.Workers))
	}
	if m := d.Emulation; m != (deployment.EmulationOptions{Emulator: "mininet"}) {
		e.leaf("emulation", "emulator", m.Emulator, "seed", intText(m.Seed), "until", timeText(m.Until), "budget", timeText(m.Budget), "fallback", string(m.Fallback))
	}
	if p := d.Physical; len(p.Hosts) > 0 || p.Tunnel != "" || p.Until != 0 || p.Seed != 0 {
		e.block("physical", []string{"seed", intText(p.Seed), "until", timeText(p.Until)}, len(p.Hosts) == 0 && p.Tunnel == "", func() {
			for _, h := range p.Hosts {
				e.leaf("host", "id", h.ID, "ovsdb", h.OVSDB, "libvirt", h.Libvirt, "docker", h.Docker, "address", h.Address)
			}
			if p.Tunnel != "" {
				e.leaf("tunnel", "kind", p.Tunnel)
			}
		})
	}
	e.close("deployment")
	if err := e.w.Flush(); err != nil {
		return fmt.Errorf("write deployment descriptor: %w", err)
	}
	return nil
}

func fractionText(f deployment.Fraction) string {
	if f == (deployment.Fraction{}) {
		return ""
	}
	return strconv.FormatInt(f.Num, 10) + "/" + strconv.FormatInt(f.Den, 10)
}

// sender is the node from which a link changes, "" where it does both ways.
func sender(n *model.Network, c *model.Change) string {
	a, b := n.Ends(c.Link)
	switch c.Way {
	case model.ForthWay:
		return n.NodeName(a.Node)
	case model.BackWay:
		return n.NodeName(b.Node)
	}
	return ""
}
