package descriptors

import (
	"math"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// element reads one child of <system>.
func (d *decoder) element(el *element) {
	switch el.name {
	case "node":
		d.node(el)
	case "link":
		d.link(el)
	case "include":
		t := d.w.open(el)
		if t.has("href") {
			d.include(t)
		}
		d.w.leaf(el)
	case "defaults":
		d.defaults(el)
	case "generate":
		d.generate(el)
	case "hosts":
		d.hosts(el)
	default:
		d.other(el)
	}
}

func (d *decoder) include(t *tag) {
	place := t.where
	place.Attribute = "href"
	href := t.text("href")
	outer := d.open[len(d.open)-1]
	name, ok := inside(d.root, strings.TrimPrefix(outer, d.prefix), href)
	if !ok {
		d.torn = true
		d.faults.Addf(fault.IncludeOutside, place, "%q leaves the project's folder; includes are relative and stay inside", clip(href))
		return
	}
	d.file(name, d.scope, place, fault.IncludeMissing)
}

// node reads <node>. The plain form, an id and a type, is by far the most frequent and
// takes a way of its own.
func (d *decoder) node(el *element) {
	w := d.w
	d.places.nodes++
	attrs := w.sc.Attrs()
	if len(attrs) == 2 && string(attrs[0].Name) == "id" && string(attrs[1].Name) == "type" && plainID(attrs[0].Value) {
		if k, ok := model.ParseNodeKind(string(attrs[1].Value)); ok {
			if n, ok := d.declare(attrs[0].Value, k); ok {
				d.children(el, n, nil)
				return
			}
			d.skipNode(el)
			return
		}
	}
	t := w.open(el)
	if !t.has("id") {
		d.skipNode(el)
		return
	}
	k, ok := model.ParseNodeKind(t.text("type"))
	if !ok {
		k = model.External // reported; what refers to the node need not fail as well
	}
	n, ok := d.declare([]byte(t.text("id")), k)
	if !ok {
		d.skipNode(el)
		return
	}
	x := nodeFacts{spec: partialNode(t)}
	x.identity = model.Identity{DPID: uint64(t.int("dpid")), HasMAC: t.has("mac"), MAC: uint64(t.int("mac"))}
	if t.has("ip") {
		x.identity.IP, x.identity.Prefix = t.at("ip").u, uint8(t.int("ip"))
	}
	if k != model.Switch && t.has("dpid") {
		w.misplaced(t, "dpid", "only a switch has a datapath id")
	}
	if k == model.Switch && t.has("ip") {
		w.misplaced(t, "ip", "a switch has no address of its own")
	}
	x.labels = strings.Fields(t.text("label"))
	d.children(el, n, &x)
}

func (w *walker) misplaced(t *tag, attr, why string) {
	if !w.full() {
		p := t.where
		p.Attribute = attr
		w.faults.Addf(fault.UnknownAttribute, p, "%s", why)
	}
}

// nodeFacts is what some nodes have.
type nodeFacts struct {
	spec       partialSpec
	identity   model.Identity
	labels     []string
	properties []model.Property
}

// declare makes a node, or reports why not.
func (d *decoder) declare(name []byte, k model.NodeKind) (model.NodeID, bool) {
	if int64(d.b.NodeCount()) >= d.opts.MaxNodes || d.b.NameBytes() > math.MaxUint32-model.MaxIDLength {
		d.limit(d.w.place(d.w.sc.Pos(), "node", ""), "more than %d nodes", d.opts.MaxNodes)
		return 0, false
	}
	n, fresh := d.b.Declare(name, k)
	if !fresh && !d.w.full() {
		d.faults.Addf(fault.DuplicateID, d.w.place(d.w.sc.Pos(), "node", "id"), "node %q is declared twice", name)
	}
	return n, fresh
}

// limit reports once that no more is taken.
func (d *decoder) limit(place fault.Place, format string, args ...any) {
	if !d.full {
		d.full = true
		d.faults.Addf(fault.Limit, place, format, args...)
	}
}

// skipNode checks what a node that was not taken holds, without keeping it.
func (d *decoder) skipNode(el *element) {
	d.places.skippedNodes = append(d.places.skippedNodes, d.places.nodes-1)
	d.w.each(el, func(c *element) {
		if c.name == "link" {
			d.places.skipLink()
		}
		d.w.open(c)
		d.w.each(c, func(c *element) { d.w.open(c); d.w.leaf(c) })
	})
}

// children reads what a node holds. x is nil for a node of the plain form.
func (d *decoder) children(el *element, n model.NodeID, x *nodeFacts) {
	w := d.w
	linkEl := el.child([]byte("link"))
	d.links.from(n, false)
	for {
		// Almost all of a large file is this.
		if to := w.sc.Leaf(`<link to="`, 64); to != nil {
			if d.linksFull() {
				d.places.skipLink()
				continue
			}
			d.links.add(d.b.Ref(to), d.plainLink())
			d.places.links++
			continue
		}
		k := w.next()
		if k == xmlscan.StartElement && string(w.sc.Name()) == "link" {
			if a := w.sc.Attrs(); len(a) == 1 && string(a[0].Name) == "to" && plainID(a[0].Value) && !d.linksFull() {
				d.links.add(d.b.Ref(a[0].Value), d.plainLink())
				d.places.links++
				k := w.next()
				if k == xmlscan.EndElement {
					continue
				}
				d.linkChildren(k, linkEl, &linkFacts{scope: d.scope, mention: d.links.count() - 1, near: model.AutoPort, far: model.AutoPort})
				continue
			}
			d.nestedLink(linkEl)
			continue
		}
		switch k {
		case xmlscan.StartElement:
			c := el.child(w.sc.Name())
			if c == nil {
				w.unknownElement(el)
				w.skip()
				continue
			}
			if x == nil {
				x = &nodeFacts{}
			}
			if p, ok := d.property(c); ok {
				x.properties = append(x.properties, p)
			}
		case xmlscan.Text:
			w.strayText(el)
		default:
			d.settleNode(n, x)
			return
		}
	}
}

// property reads <property>.
func (d *decoder) property(el *element) (model.Property, bool) {
	t := d.w.open(el)
	p := model.Property{Name: t.text("name"), Value: t.text("value")}
	ok := t.has("name") && t.has("value")
	d.w.leaf(el)
	return p, ok
}

// settleNode gives a node its facts, completed by the defaults in effect.
func (d *decoder) settleNode(n model.NodeID, x *nodeFacts) {
	if x == nil && d.scope == 0 {
		return
	}
	if x == nil {
		x = &nodeFacts{}
	}
	if x.identity != (model.Identity{}) || len(x.labels) > 0 || len(x.properties) > 0 {
		d.b.SetNodeExtra(n, x.identity, x.labels, x.properties)
	}
	for s := d.scope; s > 0; s = d.scopes[s].outer {
		if sc := &d.scopes[s]; sc.node.mask != 0 && d.matches(sc, n) {
			x.spec.fill(sc.node)
		}
	}
	if x.spec.mask != 0 {
		d.b.SetNodeSpec(n, d.b.NodeSpecID(x.spec.spec))
	}
}

// plainID says whether an id consists of characters that need no further look; the
// full rules are model.CheckID's.
func plainID(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c == '_', c == '.':
		case c == '-' && (i == 0 || b[i-1] != '-'):
		default:
			return false
		}
	}
	return true
}
