package miniedit

import (
	"slices"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// The options called "sendim" hold what MiniEdit has no key for:
//
//	at the top    name; derived: the keys of the file that we made up
//	of a node     name, kind, id (its place among the nodes), mac, labels, cpu (thousandths of
//	              a core), memory, disk (bytes), properties ([name, value] each); derived: the
//	              options, and with "node." before them the keys, that we made up
//	of a link     id, there and back (attributes as in a descriptor), properties, derived

// derived lists the keys with a prefix that we made up when we wrote an object's "sendim".
func derived(v *value, prefix string) (out []string) {
	d := v.get("sendim").get("derived")
	if d == nil {
		return nil
	}
	for i := range d.items {
		if name, ok := strings.CutPrefix(d.items[i].text(), prefix); ok && (prefix != "" || !strings.Contains(name, ".")) {
			out = append(out, name)
		}
	}
	return out
}

// properties reads a list of pairs.
func (r *reader) properties(own *value) (out []model.Property) {
	list := own.get("properties")
	if list == nil {
		return nil
	}
	for i := range list.items {
		if pair := list.items[i].items; len(pair) == 2 {
			out = append(out, model.Property{Name: pair[0].text(), Value: pair[1].text()})
		} else {
			r.warn(fault.Syntax, &list.items[i], "a property that is no pair of texts is left out")
		}
	}
	return out
}

// extras reads a node's "sendim".
func (r *reader) extras(n *draft.Node, own *value) {
	if own == nil {
		return
	}
	if name := own.get("name").text(); name != "" {
		n.Label, n.Keep = name, true
	}
	if k := own.get("kind"); k != nil {
		kind, ok := model.ParseNodeKind(k.text())
		if !ok {
			r.faults.Add(r.fault(fault.BadChoice, k, "%q is no kind of node", draft.Clip(k.text())).Suggest(k.text(), model.NodeKindNames()))
		}
		n.Kind = kind
	}
	if id := own.get("id"); id != nil {
		if v, err := draft.Count(id.text(), 1<<31-2); err == nil {
			r.order = append(r.order, int32(v))
		}
	}
	if mac := own.get("mac").text(); mac != "" {
		v, err := parseMAC(mac)
		if err != nil {
			r.wrong(fault.BadAddress, own.get("mac"), "%v", err)
		}
		n.Identity.HasMAC, n.Identity.MAC = true, v
	}
	if labels := own.get("labels"); labels != nil {
		for i := range labels.items {
			n.Labels = append(n.Labels, labels.items[i].text())
		}
	}
	for _, f := range []struct {
		name string
		into *int64
	}{{"cpu", &n.Spec.CPU}, {"memory", (*int64)(&n.Spec.Memory)}, {"disk", (*int64)(&n.Spec.Disk)}} {
		if v := own.get(f.name); v != nil {
			var err error
			if *f.into, err = draft.Count(v.text(), 1<<62); err != nil {
				r.wrong(fault.BadNumber, v, "%s: %v", f.name, err)
			}
		}
	}
	n.Properties = append(n.Properties, r.properties(own)...)
}

// linkExtras reads a link's "sendim".
func (r *reader) linkExtras(l *draft.Link, own *value, back *model.LinkSpec) {
	if r.ours { // values that are not there are not there, whatever the caller's defaults
		l.RateFrom, l.DelayFrom = "the file", "the file"
	}
	if own == nil {
		return
	}
	l.Name = own.get("id").text()
	for _, way := range []struct {
		key  string
		into *model.LinkSpec
	}{{"there", &l.Spec}, {"back", back}} {
		v := own.get(way.key)
		if v == nil {
			continue
		}
		for i := range v.members {
			m := &v.members[i]
			if m.name == "class" {
				continue // classes are no part of the file
			}
			if err := draft.SetAttribute(way.into, m.name, m.text()); err != nil {
				r.wrong(fault.BadNumber, &m.value, "%v", err)
			}
		}
	}
	l.Properties = append(l.Properties, r.properties(own)...)
}

// reorder puts nodes into the order they had when we wrote the file: MiniEdit lists hosts
// and switches apart.
func (r *reader) reorder() {
	n := r.n
	if len(r.order) != len(n.Nodes) {
		return
	}
	at := make([]int32, len(n.Nodes)) // old index by new
	for i := range at {
		at[i] = int32(i)
	}
	slices.SortStableFunc(at, func(a, b int32) int { return int(r.order[a]) - int(r.order[b]) })
	nodes, to := make([]draft.Node, len(at)), make([]int32, len(at))
	for now, old := range at {
		nodes[now], to[old] = n.Nodes[old], int32(now)
	}
	n.Nodes = nodes
	for i := range n.Links {
		n.Links[i].A, n.Links[i].B = to[n.Links[i].A], to[n.Links[i].B]
	}
}
