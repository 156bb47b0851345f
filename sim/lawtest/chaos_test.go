package lawtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// chaos carries packets along shortest paths, and at random times gives random commands,
// good and bad. Its first table only counts: a rule for each flow and direction, and one
// for all others, lead to the second, where the paths are and where all of the disorder
// happens. So what the first table has counted can be known from outside.
type chaos struct {
	flows []model.Flow

	topology app.Topology
	r        *rand.Rand
	set      map[string]int
	every    model.Time
	ticks    int
	known    []rule // installed by chaos
	groups   map[model.NodeID]int
	heard    map[string]int
}

type rule struct {
	at   model.NodeID
	rule flow.Rule
}

// acts are the disorders, each with a weight as a parameter.
func acts() []string {
	return []string{"add", "remove", "wipe", "group", "ungroup", "meter", "unmeter", "limit", "send", "ask", "miss", "timer", "wrong", "log"}
}

const pathTable = 1

// settled is when t=0 has certainly been.
const settled = 2 * model.Second

func (c *chaos) Manifest() app.Manifest {
	m := app.Manifest{Name: "chaos", Version: "1", Tables: 3, Services: []app.Service{app.ServiceARP, app.ServiceFlood}}
	for _, name := range append([]string{"seed", "reactive", "groups", "meters", "idle", "hard", "ticks", "burst"}, acts()...) {
		m.Parameters = append(m.Parameters, app.Parameter{Name: name, Type: app.Int, Default: "0", Doc: name})
	}
	m.Parameters = append(m.Parameters, app.Parameter{Name: "every", Type: app.Duration, Default: "1s", Doc: "every"})
	return m
}

func (c *chaos) React(e *app.Event, out *app.Commands) {
	if c.heard != nil {
		c.heard[e.Kind.String()]++
	}
	switch e.Kind {
	case app.KindStart:
		c.set, c.groups, c.heard = map[string]int{}, map[model.NodeID]int{}, map[string]int{}
		for name, v := range e.Start.Parameters {
			c.set[name], _ = strconv.Atoi(v)
		}
		c.every, _ = model.ParseTime(e.Start.Parameters["every"])
		c.r = rand.New(rand.NewPCG(uint64(c.set["seed"]), 3))
		c.ticks = c.set["ticks"]
	case app.KindTopology:
		c.topology.Switches = append(c.topology.Switches, e.Topology.Switches...)
		c.topology.Links = append(c.topology.Links, e.Topology.Links...)
		c.topology.Hosts = append(c.topology.Hosts, e.Topology.Hosts...)
		if e.Topology.Last {
			c.begin(out)
		}
	case app.KindLink:
		for i := range c.topology.Links {
			if c.topology.Links[i].ID == e.Link.Link.ID {
				c.topology.Links[i] = e.Link.Link
			}
		}
		if c.set["reactive"] == 0 {
			c.paths(out)
		}
	case app.KindTimer:
		if e.Timer.Name != "tick" {
			return
		}
		for range c.set["burst"] {
			c.act(out)
		}
		if c.ticks--; c.ticks > 0 {
			out.After("tick", c.every)
		}
	case app.KindPacketIn:
		c.packetIn(e.PacketIn, out)
	case app.KindFlowRemoved:
		out.Report("removed", float64(e.FlowRemoved.Counters.Bytes))
	case app.KindStats:
		sum := uint64(0)
		for _, s := range e.Stats.Rules {
			sum += s.Counters.Bytes
		}
		for _, s := range e.Stats.Ports {
			sum += s.RxBytes + s.TxBytes
		}
		out.Report("stats", float64(sum))
	}
}

func (c *chaos) begin(out *app.Commands) {
	for _, s := range c.topology.Switches {
		for _, f := range c.flows {
			for _, m := range tallies(&f) {
				out.Install(s.ID, flow.Rule{Priority: 9, Match: m, HasGoto: true, Goto: pathTable})
			}
		}
		out.Install(s.ID, flow.Rule{Priority: 1, HasGoto: true, Goto: pathTable})
		if c.set["meters"] > 0 {
			out.SetMeter(s.ID, flow.Meter{Name: "path", Rate: 3000, Burst: 50})
		}
		if c.set["reactive"] > 0 {
			out.OnMiss(s.ID, pathTable, app.MissController)
		}
	}
	if c.set["reactive"] == 0 {
		c.paths(out)
	}
	if c.ticks > 0 {
		out.After("tick", settled)
	}
}

// tallies match a flow's packets, there and back.
func tallies(f *model.Flow) []flow.Match {
	proto, src, dst := packet.ProtoTCP, flow.TCPSrc, flow.TCPDst
	if f.Transport == model.UDP {
		proto, src, dst = packet.ProtoUDP, flow.UDPSrc, flow.UDPDst
	}
	if f.SrcPort == 0 || f.Transport == model.ICMP {
		return nil
	}
	of := func(a, b uint16) flow.Match {
		return flow.Match{}.With(flow.EthType, uint64(packet.EthTypeIPv4)).With(flow.IPProto, uint64(proto)).With(src, uint64(a)).With(dst, uint64(b))
	}
	return []flow.Match{of(f.SrcPort, f.DstPort), of(f.DstPort, f.SrcPort)}
}

func (c *chaos) paths(out *app.Commands) {
	for _, h := range c.topology.Hosts {
		c.toward(h, out)
	}
}

// toward leads every switch to a host, breadth first.
func (c *chaos) toward(h app.HostInfo, out *app.Commands) map[model.NodeID]bool {
	seen := map[model.NodeID]bool{h.At.Switch: true}
	if !slices.ContainsFunc(c.topology.Switches, func(s app.SwitchInfo) bool { return s.ID == h.At.Switch }) {
		return seen // behind another host
	}
	c.lead(h, h.At.Switch, h.At.Port, out)
	for todo := []model.NodeID{h.At.Switch}; len(todo) > 0; todo = todo[1:] {
		for _, l := range c.topology.Links {
			a, b := l.A, l.B
			if b.Switch == todo[0] {
				a, b = b, a
			}
			if a.Switch == todo[0] && l.Up && !seen[b.Switch] {
				seen[b.Switch] = true
				c.lead(h, b.Switch, b.Port, out)
				todo = append(todo, b.Switch)
			}
		}
	}
	return seen
}

func (c *chaos) lead(h app.HostInfo, at model.NodeID, port model.PortNo, out *app.Commands) {
	r := flow.Rule{Table: pathTable, Priority: 10, Match: flow.Match{}.IPv4To(h.IP, 32), Apply: []flow.Action{flow.Out(uint32(port))},
		Idle: uint16(c.set["idle"]), Hard: uint16(c.set["hard"])}
	r.SendRemoved = r.Idle > 0
	if c.set["meters"] > 0 {
		r.MeterName = "path"
	}
	if c.set["groups"] > 0 {
		name := fmt.Sprint("to ", h.Name)
		g := flow.Group{Name: name, Type: flow.FastFailover, Buckets: []flow.Bucket{{WatchPort: uint32(port), Actions: r.Apply}}}
		switch (int(h.ID) + int(at)) % 4 {
		case 0:
			g = flow.Group{Name: name, Type: flow.Select, Buckets: []flow.Bucket{{Weight: 1, Actions: r.Apply}, {Weight: 2, Actions: r.Apply}}}
		case 1:
			g = flow.Group{Name: name, Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: r.Apply}}}
		case 2:
			g = flow.Group{Name: name, Type: flow.All, Buckets: []flow.Bucket{{Actions: r.Apply}}}
		}
		out.SetGroup(at, g)
		r.Apply = []flow.Action{flow.InGroup(name)}
	}
	out.Install(at, r)
}

func (c *chaos) packetIn(p *app.PacketIn, out *app.Commands) {
	for _, h := range c.topology.Hosts {
		if h.IP != p.Header.IPDst || p.Header.EthType != packet.EthTypeIPv4 {
			continue
		}
		if c.toward(h, out)[p.Port.Switch] {
			out.Send(p.Port.Switch, flow.PacketOut{InPort: uint32(p.Port.Port), Actions: []flow.Action{flow.Out(flow.PortTable)}, Frame: p.Frame})
		}
	}
}

// act gives one random command.
func (c *chaos) act(out *app.Commands) {
	var list []string
	for _, a := range acts() {
		for range c.set[a] {
			list = append(list, a)
		}
	}
	if len(list) == 0 || len(c.topology.Switches) == 0 {
		return
	}
	r := c.r
	s := c.topology.Switches[r.IntN(len(c.topology.Switches))].ID
	host := func() app.HostInfo { return c.topology.Hosts[r.IntN(len(c.topology.Hosts))] }
	port := func() uint32 { return uint32(1 + r.IntN(4)) }
	name := func() string { return fmt.Sprint("g", r.IntN(3)) }
	switch list[r.IntN(len(list))] {
	case "add":
		x := flow.Rule{Table: uint8(1 + r.IntN(2)), Priority: uint16(5 + r.IntN(10)), Match: flow.Match{}.IPv4To(host().IP, 32-8*r.IntN(2)),
			Idle: uint16(r.IntN(3)), Hard: uint16(r.IntN(3)), SendRemoved: r.IntN(2) == 0, Cookie: uint64(r.IntN(3)), Apply: c.actions(port)}
		if r.IntN(4) == 0 {
			x.Match = x.Match.With(flow.InPort, uint64(port()))
		}
		if r.IntN(4) == 0 {
			x.Write, x.Apply = x.Apply, nil
		}
		if x.Table == 1 && r.IntN(3) == 0 {
			x.HasGoto, x.Goto = true, 2
		}
		if r.IntN(4) == 0 {
			x.MeterName = fmt.Sprint("m", r.IntN(2))
		}
		out.Install(s, x)
		out.Acknowledge()
		c.known = append(c.known, rule{s, x})
	case "remove":
		if n := len(c.known); n > 0 {
			x := c.known[r.IntN(n)]
			out.Remove(x.at, x.rule)
		}
	case "wipe":
		if r.IntN(2) == 0 {
			out.RemoveMatching(s, pathTable, flow.Match{}.IPv4To(host().IP, 32))
		} else {
			out.RemoveTagged(s, uint32(1+r.IntN(2)))
		}
	case "group":
		g := flow.Group{Name: name(), Type: flow.GroupType(r.IntN(4))}
		for range 1 + r.IntN(3) {
			b := flow.Bucket{Actions: []flow.Action{flow.Out(port())}}
			if g.Type == flow.Select {
				b.Weight = uint16(r.IntN(3))
			}
			if g.Type == flow.FastFailover || g.Type == flow.Select && r.IntN(2) == 0 {
				b.WatchPort = port()
			}
			g.Buckets = append(g.Buckets, b)
		}
		out.SetGroup(s, g)
	case "ungroup":
		out.RemoveGroup(s, name())
	case "meter":
		out.SetMeter(s, flow.Meter{Name: fmt.Sprint("m", r.IntN(2)), Rate: uint32(50 + r.IntN(5000)), Burst: uint32(r.IntN(100)), PerPacket: r.IntN(4) == 0})
	case "unmeter":
		out.RemoveMeter(s, fmt.Sprint("m", r.IntN(2)))
	case "limit":
		out.LimitPort(s, model.PortNo(port()), []model.Rate{0, 100_000, 5_000_000, 1e9}[r.IntN(4)])
	case "send":
		a, b := host(), host()
		h := packet.Header{EthDst: b.MAC, EthSrc: a.MAC, EthType: packet.EthTypeIPv4, IPSrc: a.IP, IPDst: b.IP, TTL: 64, Proto: packet.ProtoUDP, L4Src: 9, L4Dst: uint16(r.IntN(9))}
		p := flow.PacketOut{Actions: c.actions(port), Frame: packet.Append(nil, h, make([]byte, 20+r.IntN(500)))}
		if r.IntN(2) == 0 {
			p.Actions = []flow.Action{flow.Out(flow.PortTable)}
		}
		if r.IntN(2) == 0 {
			p.InPort = port()
		}
		out.Send(s, p)
	case "ask":
		out.AskStats(s, app.StatsRequest{Rules: r.IntN(2) == 0, Groups: r.IntN(2) == 0, Meters: r.IntN(2) == 0, Ports: r.IntN(2) == 0})
	case "miss":
		out.OnMiss(s, uint8(1+r.IntN(2)), app.MissAction(r.IntN(3)))
	case "timer":
		out.After(fmt.Sprint("other", r.IntN(3)), model.Time(r.Int64N(int64(model.Second)))-model.Millisecond)
	case "wrong":
		c.wrong(s, out)
	case "log":
		out.Log("info", "chaos")
		out.Report("ticks", float64(c.ticks))
	}
}

func (c *chaos) actions(port func() uint32) (list []flow.Action) {
	r := c.r
	for range 1 + r.IntN(2) {
		switch r.IntN(10) {
		case 0:
			list = append(list, flow.Action{Type: flow.SetQueue, Arg: uint32(r.IntN(4))})
		case 1:
			list = append(list, flow.ToController())
		case 2:
			list = append(list, flow.InGroup(fmt.Sprint("g", r.IntN(3))))
		case 3:
			list = append(list, flow.Set(flow.EthDst, uint64(c.topology.Hosts[0].MAC)))
		case 4:
			list = append(list, flow.Action{Type: flow.PushVLAN}, flow.Set(flow.VLANVID, 0x1000|7))
		case 5:
			list = append(list, flow.Out([]uint32{flow.PortAll, flow.PortInPort}[r.IntN(2)]))
		case 6:
			list = append(list, flow.FloodTree())
		case 7:
			list = append(list, flow.Action{Type: flow.DecTTL})
		default:
			list = append(list, flow.Out(port()))
		}
	}
	return list
}

// wrong gives a command that cannot be carried out.
func (c *chaos) wrong(s model.NodeID, out *app.Commands) {
	switch c.r.IntN(8) {
	case 0:
		out.Install(9999, flow.Rule{})
	case 1:
		out.Install(s, flow.Rule{Table: 7})
	case 2:
		out.Install(s, flow.Rule{Table: 1, Apply: []flow.Action{flow.InGroup("nobody")}})
	case 3:
		out.Install(s, flow.Rule{Table: 2, HasGoto: true, Goto: 1})
	case 4:
		out.SetGroup(s, flow.Group{})
	case 5:
		out.SetMeter(s, flow.Meter{Name: "m0"})
	case 6:
		out.LimitPort(s, 99, -5)
	default:
		out.Send(s, flow.PacketOut{Frame: []byte{1, 2, 3}})
	}
}
