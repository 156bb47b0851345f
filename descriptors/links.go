package descriptors

import (
	"slices"

	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// Bits of the attributes that a link's mention sets.
const (
	setRate = 1 << iota
	setDelay
	setJitter
	setLoss
	setQueue
	setMTU
	setClass
	setWeight
	setSpare
	setDiscipline
)

// partialLink is a LinkSpec of which only the attributes in mask are said.
type partialLink struct {
	mask uint16
	spec model.LinkSpec
}

// linkNames are the attributes of linkSpec in its order, which is that of the bits.
var linkNames = [...]string{"rate", "delay", "jitter", "loss", "queue", "mtu", "class", "weight", "redundant", "discipline"}

// partialOf reads a tag whose last attributes are those of linkSpec.
func partialOf(t *tag) partialLink {
	v := t.vals[len(t.vals)-len(linkNames):]
	p := partialLink{}
	for i := range v {
		if v[i].set && !v[i].bad {
			p.mask |= 1 << i
		}
	}
	if p.mask == 0 {
		return p
	}
	p.spec = model.LinkSpec{Rate: model.Rate(v[0].n), Delay: model.Time(v[1].n), Jitter: model.Time(v[2].n), Loss: v[3].f, Queue: v[4].q,
		MTU: int32(v[5].n), Weight: v[7].n, Spare: v[8].n != 0}
	if p.mask&setClass != 0 {
		p.spec.Class = v[6].s
	}
	if p.mask&setDiscipline != 0 {
		p.spec.Discipline = v[9].s
	}
	return p
}

// fill takes from o what p does not say.
func (p *partialLink) fill(o partialLink) {
	take := o.mask &^ p.mask
	p.mask |= o.mask
	for take != 0 {
		bit := take & -take
		take &^= bit
		s, o := &p.spec, &o.spec
		switch bit {
		case setRate:
			s.Rate = o.Rate
		case setDelay:
			s.Delay = o.Delay
		case setJitter:
			s.Jitter = o.Jitter
		case setLoss:
			s.Loss = o.Loss
		case setQueue:
			s.Queue = o.Queue
		case setMTU:
			s.MTU = o.MTU
		case setClass:
			s.Class = o.Class
		case setWeight:
			s.Weight = o.Weight
		case setSpare:
			s.Spare = o.Spare
		case setDiscipline:
			s.Discipline = o.Discipline
		}
	}
}

// disagrees names an attribute that both say, differently.
func (p *partialLink) disagrees(o partialLink) string {
	both := p.mask & o.mask
	a, b := &p.spec, &o.spec
	for i, differ := range [...]bool{a.Rate != b.Rate, a.Delay != b.Delay, a.Jitter != b.Jitter, a.Loss != b.Loss, a.Queue != b.Queue,
		a.MTU != b.MTU, a.Class != b.Class, a.Weight != b.Weight, a.Spare != b.Spare, a.Discipline != b.Discipline} {
		if differ && both&(1<<i) != 0 {
			return linkNames[i]
		}
	}
	return ""
}

// linkAttrs is what one mention says about a link; equal ones are stored once.
type linkAttrs struct {
	there, back partialLink // back says only what differs
	scope       int32       // the defaults in effect
}

// both gives what is said about each direction, before defaults.
func (a *linkAttrs) both() (there, back partialLink) {
	back = a.back
	back.fill(a.there)
	return a.there, back
}

// mentions gathers every <link> of the input in columns: 4 bytes each, and more only
// for those with attributes of their own.
type mentions struct {
	to     []model.NodeID
	runs   []run
	attrs  []linkAttrs
	attrID map[linkAttrs]uint32
	spans  []attrSpan
	extras []linkExtra
}

// run is a stretch of mentions from one node.
type run struct {
	from     model.NodeID
	start    uint32
	explicit bool // <link from to>: pairs with nothing
}

// attrSpan says that mentions from start on have the attributes id.
type attrSpan struct{ start, id uint32 }

// linkExtra is what few mentions have.
type linkExtra struct {
	mention    uint32
	name       string
	near, far  model.PortNo
	properties []model.Property
}

func (m *mentions) init() {
	m.attrID = map[linkAttrs]uint32{{}: 0}
	m.attrs = []linkAttrs{{}}
	m.spans = []attrSpan{{}}
}

// expect makes room for the mentions that a large file may hold: a <link to> takes some
// 20 bytes. Memory that is not written to costs nothing.
func (m *mentions) expect(bytes int64) {
	if bytes > 1<<20 {
		m.to = slices.Grow(m.to, int(min(bytes/20, 12<<20)))
	}
}

func (m *mentions) count() uint32 { return uint32(len(m.to)) }

func (m *mentions) from(n model.NodeID, explicit bool) {
	at := m.count()
	if k := len(m.runs); k > 0 && m.runs[k-1].start == at {
		m.runs = m.runs[:k-1] // the last node had no links
	}
	m.runs = append(m.runs, run{n, at, explicit})
}

func (m *mentions) add(to model.NodeID, attrs uint32) {
	if last := &m.spans[len(m.spans)-1]; last.id != attrs {
		m.setAttrs(m.count(), attrs)
	}
	m.to = append(m.to, to)
}

// setAttrs gives mention at, and those after it, other attributes.
func (m *mentions) setAttrs(at, attrs uint32) {
	if last := &m.spans[len(m.spans)-1]; last.start == at {
		last.id = attrs
	} else if last.id != attrs {
		m.spans = append(m.spans, attrSpan{at, attrs})
	}
}

func (m *mentions) intern(a linkAttrs) uint32 {
	i, ok := m.attrID[a]
	if !ok {
		i = uint32(len(m.attrs))
		m.attrs = append(m.attrs, a)
		m.attrID[a] = i
	}
	return i
}

// plainLink is the number of the attributes of a mention that says nothing.
func (d *decoder) plainLink() uint32 {
	if d.scope == 0 {
		return 0
	}
	return d.links.intern(linkAttrs{scope: d.scope})
}

func (d *decoder) linksFull() bool {
	if int64(d.links.count())+int64(d.b.LinkCount()) < d.opts.MaxLinks {
		return false
	}
	d.limit(d.w.place(d.w.sc.Pos(), "link", ""), "more than %d links", d.opts.MaxLinks)
	return true
}

// linkFacts is a mention that says more than where it leads.
type linkFacts struct {
	mention     uint32
	scope       int32
	there, back partialLink
	name        string
	near, far   model.PortNo
	properties  []model.Property
}

// nestedLink reads <node><link>.
func (d *decoder) nestedLink(el *element) {
	t := d.w.open(el)
	if !t.has("to") || d.linksFull() {
		d.skipLink(el)
		return
	}
	x := linkFacts{mention: d.links.count(), scope: d.scope, there: partialOf(t), name: t.text("id"), near: model.AutoPort, far: port(t, "to")}
	if t.has("port") {
		x.near = model.PortNo(t.int("port"))
	}
	d.links.add(d.b.Ref([]byte(t.text("to"))), d.plainLink())
	d.places.links++
	d.linkChildren(d.w.next(), el, &x)
}

// link reads <link from to>.
func (d *decoder) link(el *element) {
	t := d.w.open(el)
	if !t.has("from") || !t.has("to") || d.linksFull() {
		d.skipLink(el)
		return
	}
	x := linkFacts{mention: d.links.count(), scope: d.scope, there: partialOf(t), name: t.text("id"), near: port(t, "from"), far: port(t, "to")}
	d.links.from(d.b.Ref([]byte(t.text("from"))), true)
	d.links.add(d.b.Ref([]byte(t.text("to"))), d.plainLink())
	d.places.links++
	d.linkChildren(d.w.next(), el, &x)
}

func port(t *tag, attr string) model.PortNo {
	if v := t.at(attr); v.n >= 0 {
		return model.PortNo(v.n)
	}
	return model.AutoPort
}

func (d *decoder) skipLink(el *element) {
	d.places.skipLink()
	d.w.each(el, func(c *element) { d.w.open(c); d.w.leaf(c) })
}

// linkChildren reads <back> and <property> and keeps what the mention says.
func (d *decoder) linkChildren(k xmlscan.Kind, el *element, x *linkFacts) {
	d.w.eachFrom(k, el, func(c *element) {
		if c.name == "back" {
			x.back = partialOf(d.w.open(c))
			d.w.leaf(c)
		} else if p, ok := d.property(c); ok {
			x.properties = append(x.properties, p)
		}
	})
	m := &d.links
	if a := (linkAttrs{there: x.there, back: x.back, scope: x.scope}); a.there.mask|a.back.mask != 0 {
		m.setAttrs(x.mention, m.intern(a))
	}
	if x.name != "" || x.near != model.AutoPort || x.far != model.AutoPort || len(x.properties) > 0 {
		m.extras = append(m.extras, linkExtra{x.mention, x.name, x.near, x.far, x.properties})
	}
}

// scope is one <defaults> in effect, and those before it.
type scope struct {
	outer int32
	match func(*model.Node) bool // nil: everything
	node  partialSpec
	link  partialLink
}

// defaults reads <defaults>; they hold for what follows.
func (d *decoder) defaults(el *element) {
	t := d.w.open(el)
	s := scope{outer: d.scope}
	if v := t.at("for"); v.set && !v.bad {
		s.match, _ = model.Selector(v.s).NodeMatcher()
	}
	bad := t.at("for").bad
	d.w.each(el, func(c *element) {
		t := d.w.open(c)
		if c.name == "node" {
			p := partialNode(t)
			p.fill(s.node)
			s.node = p
		} else {
			p := partialOf(t)
			p.fill(s.link)
			s.link = p
		}
		d.w.leaf(c)
	})
	if !bad {
		d.scopes = append(d.scopes, s)
		d.scope = int32(len(d.scopes) - 1)
	}
}

// matches says whether a scope holds for a node.
func (d *decoder) matches(s *scope, n model.NodeID) bool {
	if s.match == nil {
		return true
	}
	v := d.view(n)
	return s.match(&v)
}

// view shows a node to a selector while the network is being built.
func (d *decoder) view(n model.NodeID) model.Node {
	v := model.Node{ID: n, Name: d.b.Name(n), Kind: d.b.Kind(n)}
	v.Identity, v.Labels, v.Properties = d.b.NodeExtra(n)
	return v
}

// narrow says whether some default in effect depends on a link's ends.
func (d *decoder) narrow(s int32) bool {
	for ; s > 0; s = d.scopes[s].outer {
		if d.scopes[s].match != nil && d.scopes[s].link.mask != 0 {
			return true
		}
	}
	return false
}

// complete fills in the defaults in effect at scope s, for a link between a and z;
// NoNode stands for "only what holds for every link".
func (d *decoder) complete(p partialLink, s int32, a, z model.NodeID) partialLink {
	for ; s > 0; s = d.scopes[s].outer {
		sc := &d.scopes[s]
		if sc.link.mask&^p.mask != 0 && (sc.match == nil || a != model.NoNode && (d.matches(sc, a) || d.matches(sc, z))) {
			p.fill(sc.link)
		}
	}
	return p
}

// partialSpec is a NodeSpec of which only the attributes in mask are said.
type partialSpec struct {
	mask uint8
	spec model.NodeSpec
}

func partialNode(t *tag) partialSpec {
	p := partialSpec{spec: model.NodeSpec{CPU: int64(t.float("cpu")*1000 + 0.5), Memory: model.Size(t.int("memory")), Disk: model.Size(t.int("disk"))}}
	for i, name := range [...]string{"cpu", "memory", "disk"} {
		if t.has(name) {
			p.mask |= 1 << i
		}
	}
	return p
}

func (p *partialSpec) fill(o partialSpec) {
	take := o.mask &^ p.mask
	if take&1 != 0 {
		p.spec.CPU = o.spec.CPU
	}
	if take&2 != 0 {
		p.spec.Memory = o.spec.Memory
	}
	if take&4 != 0 {
		p.spec.Disk = o.spec.Disk
	}
	p.mask |= o.mask
}
