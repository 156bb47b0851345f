package descriptors

import (
	"slices"
	"sort"

	"sendim/core/fault"
	"sendim/core/model"
)

// rest is everything of a system but nodes and links. Node ids in it are provisional
// until resolve.
type rest struct {
	model.Network // only the lists are used
	refs          []reference
	steps         []step
	toNames       []model.NodeID // per flow: what "to" names
	outside       outside
}

// reference is a mention of a node that must exist in the end.
type reference struct {
	node    model.NodeID
	at      spot
	element string
	attr    string
}

// step is one <at> with the changes it holds, before selectors are resolved.
type step struct {
	at      model.Time
	where   spot
	changes []selected
}

type selected struct {
	model.Change
	element string
	sel     model.Selector
	from    model.Selector // nodes whose sending over links is meant; "": both directions
	nodes   bool
	where   spot
}

func (d *decoder) spot(t *tag) spot { return spot{d.fileNo, t.pos.Line, t.pos.Column} }

// refer takes an attribute that names a node.
func (d *decoder) refer(t *tag, attr string) model.NodeID {
	if !t.has(attr) {
		return model.NoNode
	}
	n := d.b.Ref([]byte(t.text(attr)))
	d.net.refs = append(d.net.refs, reference{n, d.spot(t), t.el.name, attr})
	return n
}

// other reads a child of <system> that is no node, link or maker of these.
func (d *decoder) other(el *element) {
	t := d.w.open(el)
	n := &d.net
	switch el.name {
	case "class":
		d.note(t)
		n.Classes = append(n.Classes, model.Class{ID: t.text("id"), Min: model.Rate(t.int("min")), Max: model.Rate(t.int("max")), Priority: int32(t.int("priority"))})
	case "discipline":
		d.discipline(el, t)
		return
	case "tcp":
		d.tcp(t)
	case "profile":
		d.note(t)
		p := model.Profile{ID: t.text("id"), Class: t.text("class"), Rate: model.Rate(t.int("rate")), Pool: t.text("pool")}
		d.w.each(el, func(c *element) {
			p.Members = append(p.Members, d.member(c).Node)
		})
		n.Profiles = append(n.Profiles, p)
		return
	case "service":
		d.note(t)
		s := model.Service{ID: t.text("id"), IP: t.at("ip").u, Proto: model.Transport(t.at("port").u), Port: uint16(t.int("port"))}
		d.w.each(el, func(c *element) {
			s.Members = append(s.Members, d.member(c))
		})
		n.Services = append(n.Services, s)
		return
	case "tenant":
		d.note(t)
		x := model.Tenant{ID: t.text("id"), VLAN: uint16(t.int("vlan"))}
		d.w.each(el, func(c *element) {
			if c.name == "quota" {
				x.Quota = model.Rate(d.w.open(c).int("rate"))
				d.w.leaf(c)
				return
			}
			x.Members = append(x.Members, d.member(c).Node)
		})
		n.Tenants = append(n.Tenants, x)
		return
	case "policy":
		d.note(t)
		n.Policies = append(n.Policies, model.Policy{Profile: t.text("profile"), Maximize: t.text("goal") == "maximize", Property: t.text("property"), Priority: int32(t.int("priority"))})
	case "flow":
		d.flow(t)
	case "flows":
		d.flowList(t)
	case "sizes":
		d.sizes(el, t)
		return
	case "demands":
		d.demands(el, t)
		return
	case "traffic":
		d.traffic(el, t)
		return
	case "process":
		d.note(t)
		n.Processes = append(n.Processes, model.Process{Node: d.refer(t, "node"), At: model.Time(t.int("at")), Command: t.text("command"), As: t.text("as")})
	case "scenario":
		d.w.each(el, func(c *element) {
			if c.name == "failures" {
				d.failures(c)
				return
			}
			d.step(c)
		})
		return
	case "test":
		d.w.each(el, d.test)
		return
	case "trace":
		d.note(t)
		if t.bool("capture") && !t.has("nodes") && !t.has("links") && !t.has("ports") {
			d.faults.Addf(fault.MissingAttribute, t.where, "a capture needs ports, nodes or links")
		}
		n.Watches = append(n.Watches, model.Watch{Nodes: model.Selector(t.text("nodes")), Links: model.Selector(t.text("links")), Flows: t.text("flows"), Packets: t.bool("packets"), Sample: model.Time(t.int("interval")),
			Series: model.Series(1 + slices.Index(model.SeriesNames(), t.text("series"))), Capture: t.bool("capture"), Ports: model.Selector(t.text("ports")),
			Direction: model.Direction(max(0, slices.Index(model.DirectionNames(), t.text("direction")))), Snap: model.Size(t.int("snaplen"))})
	}
	d.w.leaf(el)
}

func (d *decoder) member(c *element) model.Member {
	t := d.w.open(c)
	m := model.Member{Node: d.refer(t, "node"), Weight: 1}
	if len(c.attrs) > 1 {
		m.Weight = int32(t.or("weight", 1))
	}
	d.w.leaf(c)
	return m
}

func everyone(t *tag, attr string) model.Selector {
	if t.has(attr) {
		return model.Selector(t.text(attr))
	}
	return "*"
}

func granularityOf(t *tag) model.Granularity {
	if g, ok := model.ParseGranularity(t.text("granularity")); ok {
		return g
	}
	return model.GranularityAuto
}

func transportOf(t *tag) model.Transport {
	if p, ok := model.ParseTransport(t.text("transport")); ok {
		return p
	}
	return model.TransportAuto
}

func (d *decoder) flow(t *tag) {
	d.note(t)
	to := model.NoNode
	if t.has("to") {
		to = d.b.Ref([]byte(t.text("to")))
	}
	d.net.toNames = append(d.net.toNames, to)
	d.net.Flows = append(d.net.Flows, model.Flow{
		ID: t.text("id"), From: d.refer(t, "from"), To: to,
		Start: model.Time(t.int("start")), Duration: model.Time(t.int("duration")), Size: model.Size(t.int("size")), Rate: model.Rate(t.int("rate")),
		Granularity: granularityOf(t), Transport: transportOf(t), Packet: model.Size(t.int("packet")), Chunk: model.Size(t.int("chunk")), Chunks: t.text("chunks"), Pattern: patternOf(t),
		Class: t.text("class"), TCP: t.text("tcp"), Profile: t.text("profile"), Tenant: t.text("tenant"),
		SrcPort: uint16(t.int("srcport")), DstPort: uint16(t.int("dstport")), Count: int32(t.int("count"))})
}

// step reads <at>.
func (d *decoder) step(el *element) {
	t := d.w.open(el)
	s := step{at: model.Time(t.int("time")), where: d.spot(t)}
	d.w.each(el, func(c *element) {
		t := d.w.open(c)
		x := selected{element: c.name, where: d.spot(t), Change: model.Change{Link: model.NoLink, Node: model.NoNode}}
		switch c.name {
		case "down", "up":
			x.Kind, x.sel = d.fails(t)
			x.nodes = x.Kind != model.LinkDown
			if c.name == "up" {
				x.Kind = x.Kind.Undo()
			}
		case "rate":
			x.Kind, x.Rate = model.LinkRate, model.Rate(t.int("value"))
		case "delay":
			x.Kind, x.Delay = model.LinkDelay, model.Time(t.int("value"))
		case "loss":
			x.Kind, x.Loss = model.LinkLoss, t.float("value")
		case "leave", "join":
			x.Kind, x.Service, x.nodes, x.sel = model.MemberLeave, t.text("service"), true, model.Selector(t.text("node"))
			if c.name == "join" {
				x.Kind, x.Weight = model.MemberJoin, int32(t.or("weight", 1))
			}
		}
		switch c.name {
		case "rate":
			x.sel, x.from = model.Selector(t.text("link")), model.Selector(t.text("from"))
		case "delay", "loss":
			d.linkOrControl(t, &x)
		}
		if x.sel != "" || x.Kind == model.ControllerDown || x.Kind == model.ControllerUp {
			s.changes = append(s.changes, x)
		}
		d.w.leaf(c)
	})
	d.net.steps = append(d.net.steps, s)
}

// test reads one child of <test>.
func (d *decoder) test(el *element) {
	t := d.w.open(el)
	x := model.Test{Critical: t.bool("critical")}
	switch el.name {
	case "reachable", "unreachable":
		x.Kind = model.TestReachable
		if el.name == "unreachable" {
			x.Kind = model.TestUnreachable
		}
		x.From, x.To = model.Selector(t.text("from")), model.Selector(t.text("to"))
	case "throughput":
		x.Kind, x.MinRate, x.MaxRate = model.TestThroughput, model.Rate(t.int("min")), model.Rate(t.int("max"))
		if !t.at("min").set && !t.at("max").set && !d.w.full() {
			d.faults.Addf(fault.MissingAttribute, t.where, "needs min or max")
		}
	case "loss":
		x.Kind, x.MaxLoss = model.TestLoss, t.float("max")
	case "latency":
		x.Kind, x.Max = model.TestLatency, model.Time(t.int("max"))
	case "completion":
		x.Kind, x.Max = model.TestCompletion, model.Time(t.int("max"))
	case "share":
		x.Kind, x.Service, x.Nodes, x.Flows = model.TestShare, t.text("service"), model.Selector(t.text("node")), t.text("flows")
		x.ByFlows, x.MinShare, x.MaxShare = t.text("of") == "flows", t.float("min"), 1
		if t.has("max") {
			x.MaxShare = t.float("max")
		}
		if !t.at("min").set && !t.at("max").set && !d.w.full() {
			d.faults.Addf(fault.MissingAttribute, t.where, "needs min or max")
		}
	}
	if x.Kind != model.TestReachable && x.Kind != model.TestUnreachable && x.Kind != model.TestShare {
		x.Flow = t.text("flow")
	}
	d.places.spots["test"] = append(d.places.spots["test"], d.spot(t))
	d.net.Tests = append(d.net.Tests, x)
	d.w.leaf(el)
}

// resolveFaults reports references to nodes that do not exist, and tells services from
// nodes. It comes before the builder's Build, which forgets the names of what does not
// exist.
func (n *rest) resolveFaults(d *decoder) {
	services := map[string]bool{}
	for _, s := range n.Services {
		services[s.ID] = true
	}
	var names []string
	unknown := func(id model.NodeID, where spot, element, attr string, more map[string]bool) {
		if d.faults.Full() {
			d.faults.Total++
			return
		}
		if names == nil {
			names = d.b.SomeNames()
		}
		choices := names
		for _, s := range n.Services {
			if more[s.ID] {
				choices = append(choices, s.ID)
			}
		}
		name := d.b.Name(id)
		d.faults.Add(fault.New(fault.UnknownNode, d.spotPlace(where, element, attr), "%q is not declared", name).Suggest(name, choices))
	}
	for _, r := range n.refs {
		if !d.b.Declared(r.node) {
			unknown(r.node, r.at, r.element, r.attr, nil)
		}
	}
	for i, to := range n.toNames {
		if to == model.NoNode || d.b.Declared(to) {
			continue
		}
		n.Flows[i].To, n.Flows[i].Service = model.NoNode, d.b.Name(to)
		if !services[d.b.Name(to)] {
			unknown(to, d.places.spots["flow"][i], "flow", "to", services)
		}
	}
}

func (d *decoder) spotPlace(s spot, element, attr string) fault.Place {
	return fault.Place{File: d.sources[s.file].File, Line: int(s.line), Column: int(s.col), Element: element, Attribute: attr}
}

// resolve moves everything into the network, with its final ids.
func (n *rest) resolve(d *decoder, net *model.Network) {
	final := func(id *model.NodeID) {
		if *id != model.NoNode {
			*id, _ = d.b.Final(*id)
		}
	}
	for i := range n.Profiles {
		for j := range n.Profiles[i].Members {
			final(&n.Profiles[i].Members[j])
		}
	}
	for i := range n.Services {
		for j := range n.Services[i].Members {
			final(&n.Services[i].Members[j].Node)
		}
	}
	for i := range n.Tenants {
		for j := range n.Tenants[i].Members {
			final(&n.Tenants[i].Members[j])
		}
	}
	for i := 0; i < len(n.Flows); i++ {
		if end := n.outside.skip(i); end > i {
			i = end - 1
			continue
		}
		final(&n.Flows[i].From)
		final(&n.Flows[i].To)
	}
	for i := range n.Demands {
		for j := range n.Demands[i].Demands {
			final(&n.Demands[i].Demands[j].From)
			final(&n.Demands[i].Demands[j].To)
		}
	}
	for i := range n.Traffic {
		for j := range n.Traffic[i].Pairs {
			final(&n.Traffic[i].Pairs[j].From)
			final(&n.Traffic[i].Pairs[j].To)
		}
	}
	for i := range n.Processes {
		final(&n.Processes[i].Node)
	}
	net.Disciplines, net.TCPs = n.Disciplines, n.TCPs
	net.Classes, net.Profiles, net.Services, net.Tenants, net.Policies = n.Classes, n.Profiles, n.Services, n.Tenants, n.Policies
	net.Failures = n.Failures
	net.Flows, net.Demands, net.Traffic, net.Distributions, net.Processes, net.Tests, net.Watches = n.Flows, n.Demands, n.Traffic, n.Distributions, n.Processes, n.Tests, n.Watches
	n.outside.resolve(d, net)
	n.sizesKnown(d)
	sort.SliceStable(n.steps, func(i, j int) bool { return n.steps[i].at < n.steps[j].at })
	for _, s := range n.steps {
		d.places.spots["at"] = append(d.places.spots["at"], s.where)
		net.Scenario = append(net.Scenario, model.ScenarioStep{At: s.at, Changes: d.changes(s, net)})
	}
}

// changes resolves the selectors of a step.
func (d *decoder) changes(s step, net *model.Network) []model.Change {
	var out []model.Change
	for _, x := range s.changes {
		switch x.Kind {
		case model.ControllerDown, model.ControllerUp:
			out = append(out, x.Change)
			continue
		case model.PortDown, model.PortUp:
			out = append(out, d.ports(&x, net)...)
			continue
		}
		if x.nodes {
			only, attr := model.NodeKind(0), "node"
			switch {
			case x.OfMember():
				only = model.Host
			case x.OfControl():
				only, attr = model.Switch, "control"
			}
			ids, err := net.SelectNodes(x.sel, only)
			if err != nil {
				d.faults.Add(fault.New(fault.UnknownNode, d.spotPlace(x.where, x.element, attr), "%s", clipped(err)))
			}
			for _, id := range ids {
				x.Change.Node = id
				out = append(out, x.Change)
			}
			continue
		}
		ids, err := net.SelectLinks(x.sel)
		if err != nil {
			var names []string
			for id := range min(net.LinkCount(), 10_000) {
				names = append(names, net.LinkName(model.LinkID(id)))
			}
			d.faults.Add(fault.New(fault.UnknownLink, d.spotPlace(x.where, x.element, "link"), "%s", clipped(err)).Suggest(string(x.sel), names))
		}
		var senders []model.NodeID
		if x.from != "" {
			if senders, err = net.SelectNodes(x.from, 0); err != nil {
				d.faults.Add(fault.New(fault.UnknownNode, d.spotPlace(x.where, x.element, "from"), "%s", clipped(err)))
				continue
			}
		}
		for _, id := range ids {
			x.Change.Link = id
			if x.from != "" {
				x.Way = d.way(&x, net, id, senders)
			}
			out = append(out, x.Change)
		}
	}
	return out
}

// way is the direction of a link that leaves the senders, whom a change's from means.
func (d *decoder) way(x *selected, net *model.Network, link model.LinkID, senders []model.NodeID) model.Way {
	a, b := net.Ends(link)
	is := func(id model.NodeID) bool { _, ok := slices.BinarySearch(senders, id); return ok }
	switch forth, back := is(a.Node), is(b.Node); {
	case forth && back:
		return model.EachWay
	case forth:
		return model.ForthWay
	case back:
		return model.BackWay
	}
	ends := []string{net.NodeName(a.Node), net.NodeName(b.Node)}
	d.faults.Add(fault.New(fault.UnknownReference, d.spotPlace(x.where, x.element, "from"), "link %s joins %s and %s, and %q is neither", net.LinkName(link), ends[0], ends[1], string(x.from)).Suggest(string(x.from), ends))
	return model.EachWay
}
