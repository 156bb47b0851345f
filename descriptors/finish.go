package descriptors

import (
	"sendim/core/fault"
	"sendim/core/model"
)

// finish makes links of mentions, the network of the builder, and checks the whole.
func (d *decoder) finish() *System {
	if d.torn {
		return nil // what refers to the missing part would only seem wrong
	}
	m, b := &d.links, d.b
	p := m.pair(b.RefCount(), b.Rank)
	d.places.second = p.second
	if len(d.places.made) > 0 || len(m.to) > 0 {
		d.emit(p)
	}
	d.net.resolveFaults(d)
	where := newLocator(d)
	d.links = mentions{}
	net, faults := b.Build(where)
	d.faults.Merge(faults)
	if net == nil {
		net = b.Patched() // the rest is checked all the same
	}
	d.net.resolve(d, net)
	if !d.full {
		d.consequences(net.Validate(where))
	}
	d.warnings.Merge(net.Remarks(where))
	return &System{Model: net, Sources: d.sources, Places: where}
}

// consequences adds what validation found, without what merely follows from faults that
// were reported while reading.
func (d *decoder) consequences(found *fault.List) {
	before := d.faults.Total
	reported := map[fault.Place]bool{}
	for _, f := range d.faults.Faults {
		reported[f.Place] = true
	}
	for _, f := range found.Faults {
		at := fault.Place{File: f.Place.File, Line: f.Place.Line, Column: f.Place.Column}
		if f.Code == fault.UnknownNode || f.Code == fault.HostUnattached && before > 0 || d.damaged[at] || reported[f.Place] {
			continue
		}
		d.faults.Add(f)
	}
	d.faults.Total += found.Total - len(found.Faults)
}

// emit hands the links to the builder, and puts generated ones where they stood.
func (d *decoder) emit(p pairing) {
	m, b := &d.links, d.b
	made := b.LinkCount() // by generators
	b.Grow(0, len(m.to)-p.second.count())
	if made == 0 && len(m.extras) == 0 && len(m.attrs) == 1 {
		d.emitPlain(p)
		return
	}
	r := resolver{d: d, memo: map[[2]uint32][2]model.SpecID{}}
	span, extra, order := 0, 0, model.LinkID(made)
	var at []model.LinkID // the first link of the mentions after each generated stretch
	next := 0
	for i, run := range m.runs {
		end := m.count()
		if i+1 < len(m.runs) {
			end = m.runs[i+1].start
		}
		for k := run.start; k < end; k++ {
			for next < len(d.places.made) && d.places.made[next].mention <= k {
				at = append(at, order)
				next++
			}
			for span+1 < len(m.spans) && m.spans[span+1].start <= k {
				span++
			}
			if p.second.has(k) {
				continue
			}
			draft := model.LinkDraft{A: run.from, B: m.to[k], APort: model.AutoPort, BPort: model.AutoPort}
			for extra < len(m.extras) && m.extras[extra].mention < k {
				extra++
			}
			var mine, other *linkExtra
			if extra < len(m.extras) && m.extras[extra].mention == k {
				mine = &m.extras[extra]
			}
			attrs, back := m.spans[span].id, uint32(0)
			if p.mate != nil && p.mate[k] != 0 {
				other = m.extra(p.mate[k])
				back = m.attrsOf(p.mate[k]) + 1
			}
			draft.Spec, draft.Back = r.specs(k, attrs, back, run.from, m.to[k])
			if mine != nil || other != nil {
				r.extras(&draft, k, mine, other)
			}
			b.Link(draft)
			order++
		}
	}
	for ; next < len(d.places.made); next++ {
		at = append(at, order)
	}
	d.interleave(at, made)
}

// emitPlain is emit for mentions that say nothing but where they lead.
func (d *decoder) emitPlain(p pairing) {
	m := &d.links
	var kept []model.NodeID
	for i, run := range m.runs {
		end := m.count()
		if i+1 < len(m.runs) {
			end = m.runs[i+1].start
		}
		kept = kept[:0]
		for k := run.start; k < end; k++ {
			if !p.second.has(k) {
				kept = append(kept, m.to[k])
			}
		}
		d.b.LinkMany(run.from, kept, 0, 0)
	}
}

// interleave brings links into the order of the input: the generated ones came first.
func (d *decoder) interleave(at []model.LinkID, made int) {
	total := d.b.LinkCount()
	if made == 0 || total == made {
		return
	}
	order := make([]model.LinkID, 0, total)
	next := model.LinkID(made)
	for i, g := range d.places.made {
		for ; next < at[i]; next++ {
			order = append(order, next)
		}
		for l := g.firstLink; l < g.endLink; l++ {
			order = append(order, l)
		}
	}
	for ; int(next) < total; next++ {
		order = append(order, next)
	}
	d.b.OrderLinks(order)
}

// attrsOf gives the number of a mention's attributes.
func (m *mentions) attrsOf(mention uint32) uint32 {
	lo, hi := 0, len(m.spans)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; m.spans[mid].start <= mention {
			lo = mid
		} else {
			hi = mid
		}
	}
	return m.spans[lo].id
}

// resolver turns what mentions say into specs.
type resolver struct {
	d    *decoder
	memo map[[2]uint32][2]model.SpecID
	last [2]uint32
	spec [2]model.SpecID
	some bool
}

// specs completes what one or two mentions say. back is the number of the second's
// attributes plus one, or 0.
func (r *resolver) specs(mention, attrs, back uint32, a, z model.NodeID) (there, backSpec model.SpecID) {
	key := [2]uint32{attrs, back}
	if r.some && key == r.last {
		return r.spec[0], r.spec[1]
	}
	if s, ok := r.memo[key]; ok {
		r.last, r.spec, r.some = key, s, true
		return s[0], s[1]
	}
	d := r.d
	first := &d.links.attrs[attrs]
	to, from := first.both()
	agree := true
	if back > 0 {
		// Seen from the other end, there is back and back is there.
		from2, to2 := d.links.attrs[back-1].both()
		for _, x := range [2]string{to.disagrees(to2), from.disagrees(from2)} {
			if x != "" && agree {
				agree = false
				d.disagree(mention, x, a, z)
			}
		}
		to.fill(to2)
		from.fill(from2)
	}
	narrow := d.narrow(first.scope)
	if !narrow {
		a, z = model.NoNode, model.NoNode
	}
	to, from = d.complete(to, first.scope, a, z), d.complete(from, first.scope, z, a)
	s := [2]model.SpecID{d.b.SpecID(to.spec), d.b.SpecID(from.spec)}
	if !narrow && agree {
		r.memo[key] = s
		r.last, r.spec, r.some = key, s, true
	}
	return s[0], s[1]
}

func (d *decoder) disagree(mention uint32, attr string, a, z model.NodeID) {
	if d.faults.Full() {
		d.faults.Total++
		return
	}
	place := d.mentionPlace(mention)
	place.Attribute = attr
	d.faults.Addf(fault.LinkDisagrees, place, "%q and %q mention one link and give it different values of %s", d.b.Name(a), d.b.Name(z), attr)
}

// extras joins ids, ports and properties of one or two mentions.
func (r *resolver) extras(draft *model.LinkDraft, mention uint32, mine, other *linkExtra) {
	set := func(p *model.PortNo, v model.PortNo, attr string) {
		if v == model.AutoPort {
			return
		}
		if *p != model.AutoPort && *p != v {
			r.d.disagree(mention, attr, draft.A, draft.B)
		}
		*p = v
	}
	if mine != nil {
		draft.Name, draft.APort, draft.BPort = mine.name, mine.near, mine.far
		draft.Properties = mine.properties
	}
	if other == nil {
		return
	}
	set(&draft.BPort, other.near, "port")
	set(&draft.APort, other.far, "port")
	switch {
	case draft.Name == "":
		draft.Name = other.name
	case other.name != "" && other.name != draft.Name:
		r.d.disagree(mention, "id", draft.A, draft.B)
	}
merge:
	for _, p := range other.properties {
		for _, q := range draft.Properties {
			if q.Name == p.Name {
				if q.Value != p.Value {
					r.d.disagree(mention, "property "+p.Name, draft.A, draft.B)
				}
				continue merge
			}
		}
		draft.Properties = append(draft.Properties[:len(draft.Properties):len(draft.Properties)], p)
	}
}
