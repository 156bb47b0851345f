package containerlab

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// ending is one end of a link.
type ending struct {
	node, intf string
	more       []member // mac, ipv4, ...
	ipv4       string
}

func (e *ending) at(name string) string {
	for _, m := range e.more {
		if m.name == name {
			return m.scalar()
		}
	}
	return ""
}

// link reads one entry of "links", short or long.
func (r *reader) link(v *value) {
	if v.kind != yaml.MappingNode {
		r.wrong(fault.Syntax, v, "a link is not a mapping")
		return
	}
	kind := strings.ToLower(strings.TrimSpace(v.get("type").scalar()))
	var a, b *ending
	switch kind {
	case "", "brief", "veth", "veth-stitch":
		a, b = r.endpoints(v)
	case "host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy":
		if e := v.get("endpoint"); e == nil {
			r.wrong(fault.MissingAttribute, v, "a link of type %s has one endpoint, which is missing", kind)
			return
		} else if a = r.ending(e); a == nil {
			return
		}
		b = &ending{node: kind, intf: v.get("host-interface").scalar()}
		if strings.HasPrefix(kind, "vxlan") {
			b = &ending{node: "vxlan", intf: v.get("remote").scalar()}
		}
	default:
		kinds := []string{"veth", "veth-stitch", "host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy"}
		r.faults.Add(r.fault(fault.BadChoice, v.get("type"), "there is no link of type %q; there are %s", draft.Clip(kind), strings.Join(kinds, ", ")).Suggest(kind, kinds))
		return
	}
	if a == nil || b == nil {
		return
	}
	if a.node == "dummy" && r.undeclared("dummy") {
		a, b = b, a
	}
	for i, e := range []*ending{a, b} {
		if e.ipv4 = e.at("ipv4"); e.ipv4 == "" { // newer labs list both at the link
			if both := v.get("ipv4"); both != nil && i < len(both.items) {
				e.ipv4 = both.items[i].scalar()
			}
		}
	}
	l := draft.Link{Line: v.line}
	var ok bool
	if special(a.node) && special(b.node) && r.undeclared(a.node) && r.undeclared(b.node) {
		r.wrong(fault.Syntax, v, "a link from %s to %s has no node of the lab at either end", a.node, b.node)
		return
	}
	if l.A, ok = r.end(v, a); !ok {
		return
	}
	if l.B, ok = r.end(v, b); !ok {
		return
	}
	r.linkSettings(&l, v, kind, a, b)
	for _, end := range []struct {
		node int32
		*ending
	}{{l.A, a}, {l.B, b}} {
		if int(end.node) < len(r.first) && r.first[end.node] == nil {
			r.first[end.node] = end.ending
		}
	}
	r.n.Links = append(r.n.Links, l)
}

// linkSettings takes over what a link says besides its ends.
func (r *reader) linkSettings(l *draft.Link, v *value, kind string, a, b *ending) {
	var odd []string
	labels := v.get("labels")
	back := l.Spec
	r.linkLabels(l, labels, &back)
	if mtu := v.get("mtu"); mtu != nil {
		size, err := draft.Count(mtu.scalar(), 65535)
		switch {
		case err != nil || size < 68:
			r.warn(fault.OutOfRange, mtu, "the MTU %s is outside 68 to 65535; it is not used", draft.Clip(mtu.scalar()))
		case r.ours && size == defaultMTU || l.Spec.MTU != 0: // ours, or said by a label
		default:
			l.Spec.MTU, back.MTU = int32(size), int32(size)
		}
	}
	if back != l.Spec {
		l.Back = &back
	}
	if r.ours { // values that are not there are not there, whatever the caller's defaults
		l.RateFrom, l.DelayFrom = "the file", "the file"
	}
	for i, end := range []*ending{a, b} {
		node, side := []int32{l.A, l.B}[i], string("ab"[i])
		if !r.n.Nodes[node].Keep && end.intf != "" && !(r.n.Nodes[node].Outside && end.node == "vxlan") {
			l.Properties = append(l.Properties, model.Property{Name: "clab." + side + ".interface", Value: end.intf})
		}
		for _, m := range end.more {
			m.name = side + "." + m.name
			r.keep(&l.Properties, &odd, m)
		}
	}
	for _, m := range v.members {
		switch m.name {
		case "endpoints", "endpoint", "mtu":
			continue
		case "host-interface":
			if kind == "host" || kind == "mgmt-net" || kind == "macvlan" {
				continue
			}
		case "labels":
			m.value = foreignLabels(m.value)
		}
		if !m.empty() {
			r.keep(&l.Properties, &odd, m)
		}
	}
	l.Properties = together(l.Properties, odd)
}

// endpoints reads the two of a link, as texts or as mappings.
func (r *reader) endpoints(v *value) (a, b *ending) {
	list := v.get("endpoints")
	if list == nil || list.kind != yaml.SequenceNode {
		r.wrong(fault.MissingAttribute, v, "a link has no list of endpoints")
		return nil, nil
	}
	if len(list.items) != 2 {
		r.wrong(fault.Syntax, list, "a link has 2 endpoints; this one has %d", len(list.items))
		return nil, nil
	}
	a, b = r.ending(list.items[0]), r.ending(list.items[1])
	return a, b
}

// ending reads NODE:INTERFACE, or a mapping with both.
func (r *reader) ending(v *value) *ending {
	if v.kind == yaml.MappingNode {
		e := &ending{node: v.get("node").scalar(), intf: v.get("interface").scalar()}
		for _, m := range v.members {
			if m.name != "node" && m.name != "interface" && !m.empty() {
				e.more = append(e.more, m)
			}
		}
		if e.node == "" {
			r.wrong(fault.MissingAttribute, v, "an endpoint has no node")
			return nil
		}
		return e
	}
	node, intf, ok := strings.Cut(v.scalar(), ":")
	if node == "" || !ok && node != "dummy" {
		r.wrong(fault.Syntax, v, "an endpoint is NODE:INTERFACE; this one is %q", draft.Clip(v.scalar()))
		return nil
	}
	if name, port, more := strings.Cut(intf, ":"); more && node == "container" { // of somebody else, as old labs have it
		return &ending{node: node + ":" + name, intf: port}
	}
	return &ending{node: node, intf: intf}
}

// external is the label of hosts that stand for something outside the lab.
const external = "external"

// special says whether a name in an endpoint stands for something outside the lab.
func special(name string) bool {
	switch name {
	case "host", "mgmt-net", "macvlan", "vxlan", "dummy":
		return true
	}
	return strings.HasPrefix(name, "container:")
}

// undeclared says whether the file has no node of a name; those outside the lab are none.
func (r *reader) undeclared(name string) bool {
	i, there := r.index[name]
	return !there || int(i) >= len(r.keys)
}

// end finds a link's node. What is outside the lab becomes a host with the label external:
// one for the machine the lab runs on, one for the management network, one for each parent
// interface of macvlans and each far end of vxlans, and one for each dummy interface, which
// leads nowhere.
func (r *reader) end(v *value, e *ending) (int32, bool) {
	if i, ok := r.index[e.node]; ok {
		if e.intf != "" {
			at := e.node + ":" + e.intf
			if line, twice := r.interfaces[at]; twice {
				r.warn(fault.DuplicateID, v, "the interface %s is that of the link in line %d already", draft.Clip(at), line)
			} else {
				r.interfaces[at] = v.line
			}
		}
		return i, true
	}
	if !special(e.node) {
		if r.names == nil {
			r.names = r.keys[:min(len(r.keys), 10_000)]
		}
		r.faults.Add(r.fault(fault.UnknownNode, v, "a link to %q, which is no node of the file", draft.Clip(e.node)).Suggest(e.node, r.names))
		return 0, false
	}
	name := e.node
	if (name == "macvlan" || name == "vxlan") && e.intf != "" {
		name += " " + e.intf
	}
	i, there := r.index[name]
	if !there {
		i = int32(len(r.n.Nodes))
		if name != "dummy" {
			r.index[name] = i
		}
		r.n.Nodes = append(r.n.Nodes, draft.Node{ID: name, Kind: model.Host, Outside: true, Line: v.line, Labels: []string{external},
			Properties: []model.Property{{Name: "clab.special", Value: e.node}}})
	}
	return i, true
}
