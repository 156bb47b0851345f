package draft

import (
	"fmt"
	"math"
	"strconv"

	"sendim/core/fault"
	"sendim/core/model"
)

const defaultSpan = 10 * model.Second

// Build makes the model. Its error is a *fault.List of what is wrong with the file; the
// result is nil then. It takes time and memory linear in the network.
func Build(n *Network, o Options) (*Result, error) {
	w := &builder{n: n, o: o, b: model.NewBuilder(""), places: &places{file: n.File}}
	w.result.Warnings.Merge(&n.Warnings)
	w.check()
	if w.faults.Total > 0 {
		return nil, &w.faults
	}
	w.components()
	w.nodes()
	w.links()
	w.hosts()
	net, faults := w.b.Build(w.places)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	net.Classes = n.Classes
	w.places.net = net
	w.demands(net)
	w.rest(net)
	if faults := net.Validate(w.places); faults.Total > 0 {
		return nil, faults
	}
	w.result.Model, w.result.Places = net, w.places
	w.summarise()
	return &w.result, nil
}

// builder is a draft on its way. The ids it gives out are final at once, because nothing
// is referred to before it is declared.
type builder struct {
	n      *Network
	o      Options
	b      *model.Builder
	result Result
	faults fault.List
	places *places

	keep      []bool // nil: all nodes
	component []int32
	ids       []model.NodeID // of the draft's nodes; NoNode: left out
	names     []string
	first     []model.NodeID // first attached host of a draft's node, or NoNode
}

func (w *builder) place(element string, line int32) fault.Place {
	return fault.Place{File: w.n.File, Line: int(line), Element: element}
}

// check looks at what would break the model, and at the limits.
func (w *builder) check() {
	n := w.n
	maxNodes, maxLinks := w.o.MaxNodes, w.o.MaxLinks
	if maxNodes == 0 {
		maxNodes = 20_000_000
	}
	if maxLinks == 0 {
		maxLinks = 100_000_000
	}
	hosts := int64(len(n.Nodes)) * int64(max(0, w.o.Hosts.PerSwitch))
	if int64(len(n.Nodes))+hosts > maxNodes || int64(len(n.Links))+hosts > maxLinks {
		w.faults.Addf(fault.Limit, fault.Place{File: n.File}, "%d nodes and %d links, with %d hosts to attach; %d and %d are allowed",
			len(n.Nodes), len(n.Links), hosts, maxNodes, maxLinks)
	}
	if len(n.Nodes) == 0 {
		w.faults.Addf(fault.Syntax, fault.Place{File: n.File}, "it is %s without a single node", article(n.Format))
	}
	for i := range n.Links {
		l := &n.Links[i]
		if l.A < 0 || l.B < 0 || int(l.A) >= len(n.Nodes) || int(l.B) >= len(n.Nodes) {
			w.faults.Addf(fault.UnknownNode, w.place("link", l.Line), "the link has an end that no node is")
		}
		if l.Spec.Loss < 0 || l.Spec.Loss > 1 || math.IsNaN(l.Spec.Loss) || l.Spec.Rate < 0 || l.Spec.Delay < 0 {
			w.faults.Addf(fault.OutOfRange, w.place("link", l.Line), "the link's rate, delay or loss is out of range")
		}
	}
	for i := range n.Nodes {
		p := &n.Nodes[i]
		if p.Placed && n.Coordinates == Geographic && !(math.Abs(p.X) <= 360 && math.Abs(p.Y) <= 90) {
			w.result.Warnings.Addf(fault.OutOfRange, w.place("node", p.Line), "%q is at longitude %g, latitude %g, which is nowhere: its position is not used", Clip(p.ID), p.X, p.Y)
			p.Placed = false
		}
	}
}

func (w *builder) nodes() {
	n := w.n
	names, renamed := nodeNames(n.Nodes)
	w.names, w.result.Summary.Renamed = names, renamed
	name := w.o.Name
	if name == "" && n.KeepName {
		name = printable(n.Name)
	}
	if name == "" {
		name = Clean(n.Name)
	}
	if name == "" {
		name = "imported"
	}
	w.b.SetNetworkName(name)
	w.b.Grow(len(n.Nodes), len(n.Links))
	w.ids = make([]model.NodeID, len(n.Nodes))
	for i := range n.Nodes {
		p := &n.Nodes[i]
		if w.keep != nil && !w.keep[i] {
			w.ids[i] = model.NoNode
			w.result.Summary.OutsideComponent++
			continue
		}
		kind := p.Kind
		if kind == 0 {
			kind = model.Switch
		}
		id, _ := w.b.Declare([]byte(names[i]), kind)
		w.ids[i] = id
		w.places.nodeLine = append(w.places.nodeLine, p.Line)
		if p.Spec != (model.NodeSpec{}) {
			w.b.SetNodeSpec(id, w.b.NodeSpecID(p.Spec))
		}
		props := p.Properties
		if names[i] != p.ID && p.ID != "" && !p.Keep {
			props = append([]model.Property{{Name: "source.id", Value: p.ID}}, props...)
		}
		if p.Placed {
			x, y := "x", "y"
			if n.Coordinates == Geographic {
				x, y = "longitude", "latitude"
			}
			props = append(props, model.Property{Name: x, Value: strconv.FormatFloat(p.X, 'g', -1, 64)},
				model.Property{Name: y, Value: strconv.FormatFloat(p.Y, 'g', -1, 64)})
		}
		props = w.legal(props)
		if len(props) > 0 || p.Identity != (model.Identity{}) || len(p.Labels) > 0 {
			w.b.SetNodeExtra(id, p.Identity, p.Labels, props)
		}
	}
}

// links adds the links. Where the whole file follows one rule for rates, or for delays,
// the links do not repeat it.
func (w *builder) links() {
	n := w.n
	s := &w.result.Summary
	rates, delays := rules{}, rules{}
	type chosen struct {
		spec        model.SpecID
		rate, delay int32
	}
	picked := make([]chosen, len(n.Links))
	for i := range n.Links {
		l := &n.Links[i]
		if l.A == l.B || w.ids[l.A] == model.NoNode {
			continue
		}
		if l.Inside { // the file says nothing of it, and nor do the caller's defaults
			picked[i] = chosen{spec: w.b.SpecID(l.Spec)}
			continue
		}
		spec := l.Spec
		rate, delay := rates.count(w.rate(l, &spec)), delays.count(w.delay(l, &spec))
		picked[i] = chosen{w.b.SpecID(spec), rate, delay}
	}
	s.Rates, s.Delays = rates.list, delays.list
	seen := make(map[[2]int32]bool, len(n.Links))
	named := map[string]bool{}
	for i := range n.Links {
		l := &n.Links[i]
		if l.A == l.B {
			s.Loops++
			if s.Loops <= 3 {
				w.result.Warnings.Addf(fault.SelfLink, w.place("link", l.Line), "%q is linked to itself: the link is left out", w.names[l.A])
			}
			continue
		}
		if w.ids[l.A] == model.NoNode {
			s.LinksOutside++
			continue
		}
		pair := [2]int32{min(l.A, l.B), max(l.A, l.B)}
		if seen[pair] && !l.Inside {
			s.Parallel++
		}
		seen[pair] = true
		c := picked[i]
		back := c.spec
		if l.Back != nil {
			spec := *l.Back
			w.fill(&spec, w.b.Spec(c.spec), l)
			back = w.b.SpecID(spec)
		}
		name := legal(l.Name)
		if named[name] {
			name = ""
		}
		named[name] = name != ""
		d := model.LinkDraft{Name: name, A: w.ids[l.A], B: w.ids[l.B], APort: model.AutoPort, BPort: model.AutoPort,
			Spec: c.spec, Back: back, Properties: l.Properties}
		if l.Ports {
			d.APort, d.BPort = l.APort, l.BPort
		}
		if l.ID != "" && l.ID != d.Name {
			d.Properties = append([]model.Property{{Name: "source.id", Value: l.ID}}, d.Properties...)
		}
		if len(s.Rates) > 1 && !l.Inside {
			d.Properties = append(d.Properties, model.Property{Name: "rate.from", Value: s.Rates[c.rate].Rule})
		}
		if len(s.Delays) > 1 && !l.Inside {
			d.Properties = append(d.Properties, model.Property{Name: "delay.from", Value: s.Delays[c.delay].Rule})
		}
		d.Properties = w.legal(d.Properties)
		w.b.Link(d)
		w.places.linkLine = append(w.places.linkLine, l.Line)
	}
	if s.Loops > 3 {
		w.result.Warnings.Addf(fault.SelfLink, fault.Place{File: n.File}, "%d more links from a node to itself are left out", s.Loops-3)
	}
}

// legal is legalProperties, counting. What was a model's before is legal.
func (w *builder) legal(list []model.Property) []model.Property {
	if w.n.KeepName {
		return list
	}
	list, cut := legalProperties(list)
	w.result.Summary.CutValues += cut
	return list
}

// fill gives the way back what only the rules gave the way there.
func (w *builder) fill(back *model.LinkSpec, there model.LinkSpec, l *Link) {
	if back.Rate == 0 && l.Spec.Rate == 0 {
		back.Rate = there.Rate
	}
	if back.Delay == 0 && l.Spec.Delay == 0 {
		back.Delay = there.Delay
	}
	// What a file says of one direction only holds for both, unless none is a value too.
	if back.Weight == 0 && !w.n.KeepName {
		back.Weight = there.Weight
	}
	if back.MTU == 0 && !w.n.KeepName {
		back.MTU = there.MTU
	}
	if back.Queue == (model.QueueLimit{}) && there.Queue != back.Queue && !w.n.KeepName {
		back.Queue = model.DefaultQueue
	}
}

func (w *builder) rate(l *Link, spec *model.LinkSpec) (rule string) {
	switch {
	case l.RateFrom != "":
		return l.RateFrom
	case spec.Rate > 0:
		return "the file"
	case w.o.Rate > 0:
		spec.Rate = w.o.Rate
		return "default"
	}
	return "none: unlimited"
}

func (w *builder) delay(l *Link, spec *model.LinkSpec) (rule string) {
	a, b := &w.n.Nodes[l.A], &w.n.Nodes[l.B]
	factor := w.o.RouteFactor
	if factor == 0 {
		factor = 1
	}
	along := func(km float64) bool {
		t, err := Span(float64(km*factor), perKilometre)
		if err == nil {
			spec.Delay = t
		}
		return err == nil
	}
	switch {
	case l.DelayFrom != "":
		return l.DelayFrom
	case spec.Delay > 0:
		return "the file"
	case l.Length > 0 && along(l.Length):
		return "length, 5 us/km"
	case a.Placed && b.Placed && w.n.Coordinates == Geographic && along(GreatCircle(a.X, a.Y, b.X, b.Y)):
		return "coordinates, great circle, 5 us/km"
	case a.Placed && b.Placed && w.n.Coordinates == Plane && along(math.Hypot(a.X-b.X, a.Y-b.Y)):
		return "coordinates in a plane, 5 us/km"
	case w.o.Delay > 0:
		spec.Delay = w.o.Delay
		return "default"
	}
	return "none: 0s"
}

// hosts attaches hosts to switches: to all, or to those that demands and flows name.
func (w *builder) hosts() {
	n := w.n
	w.first = make([]model.NodeID, len(n.Nodes))
	for i := range w.first {
		w.first[i] = model.NoNode
	}
	for i := range n.Links { // a host without a link sends nothing
		for _, end := range [2]int32{n.Links[i].A, n.Links[i].B} {
			if n.Nodes[end].Kind == model.Host && n.Links[i].A != n.Links[i].B {
				w.first[end] = w.ids[end]
			}
		}
	}
	if w.o.Hosts.None {
		return
	}
	count := make([]int, len(n.Nodes))
	for i := range n.Nodes {
		if w.isSwitch(int32(i)) {
			count[i] = w.o.Hosts.PerSwitch
		}
	}
	need := func(i int32) {
		if w.isSwitch(i) && count[i] == 0 {
			count[i] = 1
		}
	}
	for _, m := range n.Demands {
		for _, d := range m.Demands {
			need(d.From)
			need(d.To)
		}
	}
	for _, f := range n.Flows {
		need(f.From)
		need(f.To)
	}
	spec := w.b.SpecID(w.o.HostSpec)
	for i := range n.Nodes {
		for k := range count[i] {
			name := "h-" + w.names[i]
			if count[i] > 1 {
				name += "-" + strconv.Itoa(k+1)
			}
			id, fresh := w.b.Declare([]byte(name), model.Host)
			for again := 2; !fresh; again++ {
				id, fresh = w.b.Declare(fmt.Appendf(nil, "%s.%d", name, again), model.Host)
			}
			w.b.Link(model.LinkDraft{A: id, B: w.ids[i], APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
			w.places.nodeLine = append(w.places.nodeLine, n.Nodes[i].Line)
			w.places.linkLine = append(w.places.linkLine, n.Nodes[i].Line)
			if k == 0 {
				w.first[i] = id
			}
			w.result.Summary.Hosts++
		}
	}
}

func (w *builder) isSwitch(i int32) bool {
	k := w.n.Nodes[i].Kind
	return w.ids[i] != model.NoNode && (k == 0 || k == model.Switch)
}

func (w *builder) demands(net *model.Network) {
	s := &w.result.Summary
	span := w.o.Span
	if span == 0 {
		span = defaultSpan
	}
	last := model.Time(0)
	for _, m := range w.n.Demands {
		if m.Follows {
			m.Start = last
		}
		out := model.DemandMatrix{Start: m.Start, Until: m.Until, Granularity: model.GranularityFlow, Demands: make([]model.Demand, 0, len(m.Demands))}
		if out.Until == 0 {
			out.Until = m.Start + span
		}
		last = out.Until
		s.Matrices++
		for _, d := range m.Demands {
			from, to := w.first[d.From], w.first[d.To]
			switch {
			case from == model.NoNode || to == model.NoNode:
				s.DemandsWithoutHost++
			case from == to:
				s.DemandsToSelf++
			case d.Rate <= 0:
				s.DemandsOfNothing++
			default:
				out.Demands = append(out.Demands, model.Demand{From: from, To: to, Rate: d.Rate})
				s.Demands++
				s.Demanded += float64(d.Rate)
			}
		}
		if len(out.Demands) > 0 {
			net.Demands = append(net.Demands, out)
		}
	}
}

// rest takes over flows and processes.
func (w *builder) rest(net *model.Network) {
	for _, f := range w.n.Flows {
		f.Flow.From, f.Flow.To = w.first[f.From], w.first[f.To]
		if f.Flow.From == model.NoNode || f.Flow.To == model.NoNode || f.Flow.From == f.Flow.To {
			w.result.Summary.FlowsLeftOut++
			continue
		}
		net.Flows = append(net.Flows, f.Flow)
	}
	for _, p := range w.n.Processes {
		if host := w.first[p.Node]; host != model.NoNode {
			p.Process.Node = host
			net.Processes = append(net.Processes, p.Process)
		}
	}
}

// places finds what was built in the file it came from.
type places struct {
	file               string
	nodeLine, linkLine []int32
	net                *model.Network
}

func (p *places) NodePlace(id model.NodeID) fault.Place { return p.at("node", p.nodeLine, int(id)) }
func (p *places) LinkPlace(id model.LinkID) fault.Place { return p.at("link", p.linkLine, int(id)) }
func (p *places) ObjectPlace(element string, _ int) fault.Place {
	return fault.Place{File: p.file, Element: element}
}

func (p *places) at(element string, lines []int32, i int) fault.Place {
	out := fault.Place{File: p.file, Element: element}
	if i < len(lines) {
		out.Line = int(lines[i])
	}
	return out
}
