package xsdn

import (
	"fmt"
	"math"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// converter gathers xSDN's files.
type converter struct {
	faults   fault.List
	warnings fault.List
	nodes    []declared
	links    []mention
	flows    []flow
	policies []policy
	network  bool // a file of nodes was there
	chosen   map[string]int
}

type declared struct {
	id    string
	place fault.Place
	host  bool // of a <system-descriptor>
}

// Convert reads xSDN's files, one network with any number of flows and policies, in any
// order. Its error is a *fault.List.
func Convert(files []File) (*Result, error) {
	c := &converter{chosen: map[string]int{}}
	for _, f := range files {
		r := newReader(f, &c.faults)
		if r.next() != xmlscan.StartElement {
			continue
		}
		switch root := string(r.sc.Name()); root {
		case "nodes":
			c.network = true
			c.readNodes(r)
		case "flows", "initFlows":
			c.readFlows(r, root)
		case "policies":
			c.readPolicies(r)
		default:
			c.faults.Add(fault.New(fault.UnknownElement, r.placeOf(fault.Clip(root)), "the root of an xSDN file is nodes, flows or policies").Suggest(root, []string{"nodes", "flows", "policies"}))
		}
		r.next()
	}
	if !c.network && c.faults.Total == 0 {
		c.faults.Addf(fault.FileMissing, fault.Place{}, "flows and policies come with a network: no file begins with <nodes>")
	}
	if c.faults.Total > 0 {
		return nil, c.faults.Err()
	}
	return c.build()
}

func (c *converter) readNodes(r *reader) {
	r.each(func(name string) {
		if name != "node" {
			r.unknown(name, "nodes", "node")
			return
		}
		id, at := r.attr("id"), r.placeOf("node")
		if !c.checkID(id, at) {
			r.each(r.skip)
			return
		}
		c.nodes = append(c.nodes, declared{id: id, place: at})
		r.each(func(name string) {
			if name != "link" {
				r.unknown(name, "node", "link")
				return
			}
			c.readLink(r, id)
		})
	})
}

func (c *converter) checkID(id string, at fault.Place) bool {
	if err := model.CheckID(id); err != nil {
		at.Attribute = "id"
		c.faults.Addf(fault.BadName, at, "%v", err)
		return false
	}
	return true
}

func (c *converter) readLink(r *reader, from string) {
	m := mention{from: from, to: r.attr("id"), place: r.placeOf("link")}
	ok := c.checkID(m.to, m.place)
	r.each(func(key string) {
		at := r.placeOf(fault.Clip(key))
		text := r.each(r.skip)
		v, fine := r.number(at, text)
		if !fine {
			return
		}
		if key == "speed" {
			if m.rate = model.Rate(math.Round(min(v*8*1_000_000, math.MaxInt64/4))); m.rate == 0 {
				c.faults.Addf(fault.OutOfRange, at, "a link of speed %s carries nothing", text)
			}
		}
		m.props = append(m.props, model.Property{Name: key, Value: text})
	})
	if ok {
		c.links = append(c.links, m)
	}
}

// build makes the model.
func (c *converter) build() (*Result, error) {
	b := model.NewBuilder("xsdn")
	at := &places{objects: map[string][]fault.Place{}}
	for _, n := range c.nodes {
		if _, fresh := b.Declare([]byte(n.id), model.Switch); !fresh {
			c.faults.Addf(fault.DuplicateID, n.place, "node %q is declared twice", n.id)
			continue
		}
		at.nodes = append(at.nodes, n.place)
	}
	for _, n := range c.nodes {
		if _, fresh := b.Declare([]byte("h-"+n.id), model.Host); !fresh {
			continue // the duplicate has been reported, or h-X is a node of its own
		}
		at.nodes = append(at.nodes, n.place)
	}
	connect(b, c.links, at, &c.faults, &c.warnings)
	for _, n := range c.nodes {
		h, okH := b.Lookup("h-" + n.id)
		s, okS := b.Lookup(n.id)
		if okH && okS && b.Kind(h) == model.Host {
			b.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort})
			at.links = append(at.links, n.place)
		}
	}
	flows := c.resolveFlows(b, at)
	if c.faults.Total > 0 {
		return nil, c.faults.Err()
	}
	net, faults := b.Build(at)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	for i := range flows {
		flows[i].From, _ = b.Final(flows[i].From)
		flows[i].To, _ = b.Final(flows[i].To)
	}
	net.Flows = flows
	net.Policies, net.Profiles = c.resolvePolicies(at)
	c.warnings.Addf("", fault.Place{}, "xSDN has no units: one of size is taken as 1 MB, one of speed as 8 Mbps, one of time as 1 s; each node is a switch with a host h-NODE")
	for _, line := range c.remarks() {
		c.warnings.Addf(fault.NotYet, fault.Place{}, "%s", line)
	}
	return &Result{Model: net, Warnings: c.warnings, Places: at}, nil
}

// connect makes links of mentions, reports dangling ones and remarks on one-sided ones.
func connect(b *model.Builder, links []mention, at *places, faults, warnings *fault.List) {
	pair(links)
	for i := range links {
		m := &links[i]
		from, _ := b.Lookup(m.from)
		to, ok := b.Lookup(m.to)
		switch {
		case !ok:
			faults.Add(fault.New(fault.UnknownNode, m.place, "%q is linked to %q, which is not declared", m.from, m.to).Suggest(m.to, b.SomeNames()))
			continue
		case m.from == m.to:
			faults.Addf(fault.SelfLink, m.place, "%q is linked to itself", m.from)
			continue
		case m.second:
			continue
		}
		d := model.LinkDraft{A: from, B: to, APort: model.AutoPort, BPort: model.AutoPort}
		d.Spec = b.SpecID(model.LinkSpec{Rate: m.rate})
		d.Back = d.Spec
		d.Properties = append(d.Properties, m.props...)
		if m.mate < 0 {
			warnings.Addf(fault.LinkDisagrees, m.place, "the link from %q to %q is listed at one end only; it is taken for both directions", m.from, m.to)
		} else {
			back := links[m.mate]
			d.Back = b.SpecID(model.LinkSpec{Rate: back.rate})
			for _, p := range back.props {
				d.Properties = append(d.Properties, model.Property{Name: "back." + p.Name, Value: p.Value})
			}
		}
		b.Link(d)
		at.links = append(at.links, m.place)
	}
}

func (c *converter) remarks() []string {
	var out []string
	if n := c.chosen["algorithm"]; n > 0 {
		out = append(out, fmt.Sprintf("%d flows name a routing algorithm of xSDN; the application of the run routes them", n))
	}
	if n := c.chosen["init"]; n > 0 {
		out = append(out, fmt.Sprintf("%d pairs without chunks are for xSDN's search for routes; they are no traffic", n))
	}
	return out
}

// ConvertPrototype reads the research prototype's <system-descriptor>. Its error is a
// *fault.List.
func ConvertPrototype(f File) (*Result, error) {
	c := &converter{}
	r := newReader(f, &c.faults)
	index := map[string]int{}
	var visit func(name string)
	visit = func(name string) {
		if name != "node" {
			r.each(visit) // nodes count at any depth
			return
		}
		id, at := r.attr("id"), r.placeOf("node")
		n := declared{id: id, place: at, host: !strings.EqualFold(r.attr("type"), "switch")}
		ok := c.checkID(id, at)
		if old, again := index[id]; again && ok {
			c.warnings.Addf(fault.DuplicateID, at, "node %q replaces the one declared before", id)
			c.nodes[old] = n
			kept := c.links[:0]
			for _, m := range c.links {
				if m.from != id {
					kept = append(kept, m)
				}
			}
			c.links = kept
		} else if ok {
			index[id] = len(c.nodes)
			c.nodes = append(c.nodes, n)
		}
		r.each(func(name string) {
			if name != "link" {
				visit(name)
				return
			}
			m := mention{from: id, to: r.attr("id"), place: r.placeOf("link")}
			if c.checkID(m.to, m.place) && ok {
				c.links = append(c.links, m)
			}
			r.each(visit)
		})
	}
	if r.next() == xmlscan.StartElement {
		r.each(visit)
		r.next()
	}
	if c.faults.Total > 0 {
		return nil, c.faults.Err()
	}
	b := model.NewBuilder("")
	at := &places{}
	for _, n := range c.nodes {
		kind := model.Switch
		if n.host {
			kind = model.Host
		}
		b.Declare([]byte(n.id), kind)
		at.nodes = append(at.nodes, n.place)
	}
	connect(b, c.links, at, &c.faults, &c.warnings)
	if c.faults.Total > 0 {
		return nil, c.faults.Err()
	}
	net, faults := b.Build(at)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Result{Model: net, Warnings: c.warnings, Places: at}, nil
}
