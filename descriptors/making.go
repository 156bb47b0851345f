package descriptors

import (
	"strconv"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/generate"
)

// begin and end frame what adds nodes and links to the builder by itself.
func (d *decoder) begin(t *tag) stretch {
	return stretch{firstNode: int32(d.b.NodeCount()), firstLink: model.LinkID(d.b.LinkCount()), mention: d.links.count(), place: t.where}
}

func (d *decoder) end(s stretch) {
	s.endNode, s.endLink = int32(d.b.NodeCount()), model.LinkID(d.b.LinkCount())
	if s.endNode > s.firstNode || s.endLink > s.firstLink {
		d.places.made = append(d.places.made, s)
	}
}

// room is how many nodes and links may still be added.
func (d *decoder) room() (nodes, links int64) {
	return d.opts.MaxNodes - int64(d.b.NodeCount()), d.opts.MaxLinks - int64(d.b.LinkCount()) - int64(d.links.count())
}

// generate reads <generate>.
func (d *decoder) generate(el *element) {
	t := d.w.open(el)
	place, free, kind := t.where, t.free, t.text("kind")
	s := d.begin(t)
	known := t.has("kind")
	d.w.leaf(el)
	if !known || d.full {
		return
	}
	r := generate.Request{Kind: kind, Place: place}
	r.MaxNodes, r.MaxLinks = d.room()
	if r.MaxNodes <= 0 || r.MaxLinks <= 0 {
		d.limit(place, "more than %d nodes or %d links", d.opts.MaxNodes, d.opts.MaxLinks)
		return
	}
	for _, a := range free {
		if !foreign([]byte(a.name)) {
			r.Options = append(r.Options, generate.Option{Name: a.name, Value: a.value, Place: a.where})
		}
	}
	r.PerLink = d.narrow(d.scope)
	r.LinkSpec = func(a, z model.NodeID, spec model.LinkSpec, given func(string) bool) model.LinkSpec {
		said := partialLink{spec: spec}
		for _, o := range [...]struct {
			name string
			bit  uint16
		}{{"rate", setRate}, {"delay", setDelay}, {"loss", setLoss}, {"queue", setQueue}} {
			if given(o.name) {
				said.mask |= o.bit
			}
		}
		return d.complete(said, d.scope, a, z).spec
	}
	if err := generate.Build(r, d.b); err != nil {
		if l, ok := err.(*fault.List); ok {
			d.faults.Merge(l)
		}
	}
	d.end(s)
	if d.scope == 0 {
		return
	}
	for n := s.firstNode; n < int32(d.b.NodeCount()); n++ {
		d.settleMade(n)
	}
}

// settleMade gives the rank-th declared node the defaults in effect.
func (d *decoder) settleMade(rank int32) {
	n := model.NodeID(rank)
	if d.b.Rank(n) != rank {
		// Names were referred to before: look for it.
		if d.byRank == nil || int(rank) >= len(d.byRank) {
			d.byRank = d.b.DeclaredNodes()
		}
		n = d.byRank[rank]
	}
	var p partialSpec
	for s := d.scope; s > 0; s = d.scopes[s].outer {
		if sc := &d.scopes[s]; sc.node.mask != 0 && d.matches(sc, n) {
			p.fill(sc.node)
		}
	}
	if p.mask != 0 {
		d.b.SetNodeSpec(n, d.b.NodeSpecID(p.spec))
	}
}

// hosts reads <hosts>: hosts for each node declared before that the selector matches.
func (d *decoder) hosts(el *element) {
	t := d.w.open(el)
	place := t.where
	per, count, head := t.text("per"), t.or("count", 1), "h-"
	if t.has("prefix") {
		head = t.text("prefix")
	}
	said := partialOf(t)
	s := d.begin(t)
	ok := t.has("per") && !t.at("count").bad
	d.w.leaf(el)
	if !ok || d.full {
		return
	}
	fail := func(code fault.Code, attr, format string, args ...any) {
		p := place
		p.Attribute = attr
		d.faults.Addf(code, p, format, args...)
	}
	if err := model.CheckID(head + "x"); err != nil || len(head) > 64 {
		fail(fault.BadName, "prefix", "%q cannot begin an id", clip(head))
		return
	}
	match, err := model.Selector(per).NodeMatcher()
	if err != nil {
		return // reported with the attribute
	}
	var nodes []model.NodeID
	bytes := int64(0)
	for _, n := range d.b.DeclaredNodes() {
		if v := d.view(n); match(&v) {
			if v.Kind == model.Host {
				fail(fault.BadSelector, "per", "%q is a host; hosts are attached to switches", v.Name)
				return
			}
			nodes = append(nodes, n)
			bytes += int64(len(head)+len(v.Name)) + 12
		}
	}
	if len(nodes) == 0 {
		fail(fault.BadSelector, "per", "the selector %q matches none of the nodes declared before", clip(per))
		return
	}
	roomNodes, roomLinks := d.room()
	if most := min(roomNodes, roomLinks); count > most/int64(len(nodes)) || bytes > (3<<30)/count {
		d.limit(place, "%d hosts for each of %d nodes are more than the %d that may be added", count, len(nodes), max(most, 0))
		return
	}
	b := d.b
	b.Grow(len(nodes)*int(count), len(nodes)*int(count))
	plain := b.SpecID(d.complete(said, d.scope, model.NoNode, model.NoNode).spec)
	narrow := d.narrow(d.scope)
	var name []byte
	for _, sw := range nodes {
		for i := int64(1); i <= count; i++ {
			name = append(append(name[:0], head...), b.Name(sw)...)
			if count > 1 {
				name = strconv.AppendInt(append(name, '-'), i, 10)
			}
			h, fresh := b.Declare(name, model.Host)
			if !fresh || model.CheckID(string(name)) != nil {
				if !d.w.full() {
					d.faults.Addf(fault.DuplicateID, place, "the host would be called %q, which is taken or not allowed; another prefix helps", clip(string(name)))
				}
				continue
			}
			if d.scope > 0 {
				d.settleNode(h, &nodeFacts{})
			}
			spec := plain
			if narrow {
				spec = b.SpecID(d.complete(said, d.scope, h, sw).spec)
			}
			b.Link(model.LinkDraft{A: h, B: sw, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
		}
	}
	d.end(s)
}
