package topologyzoo

import (
	"net/netip"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// isOurs says whether Write wrote a graph, or what another tool made of it.
func isOurs(g *graph) bool {
	for _, a := range g.attrs {
		if a.name == ownFormat {
			return true
		}
	}
	return false
}

// conventional says whether an attribute only repeats what ours say. A tool that writes
// the graph anew gives keys other ids, so that the name must do.
func conventional(a *attr) bool {
	return strings.HasPrefix(a.key, viewPrefix) || a.name == viewLabel || a.name == viewLatitude || a.name == viewLongitude || a.name == viewSpeed
}

// ours reads a model that Write wrote.
func (r *reader) ours() (*draft.Network, error) {
	r.n.Format, r.n.KeepName = "GraphML of a model", true
	for i := range r.g.attrs {
		switch a := &r.g.attrs[i]; a.name {
		case ownFormat:
			if a.value != "1" {
				r.faults.Addf(fault.NotYet, r.g.file.Place(a.line), "the graph is written in version %s of our attributes; 1 is read", draft.Clip(a.value))
			}
		case ownNetwork:
			r.n.Name = a.value
		case ownClasses:
			classes, err := parseClasses(a.value)
			r.wrong(a, err)
			r.n.Classes = classes
		default:
			r.n.Properties = append(r.n.Properties, model.Property{Name: a.name, Value: a.value})
		}
	}
	r.n.Nodes = make([]draft.Node, len(r.g.nodes))
	for i := range r.g.nodes {
		r.ownNode(&r.g.nodes[i], &r.n.Nodes[i])
	}
	specs := map[string]bool{}
	for _, name := range specNames() {
		specs[name] = true
	}
	r.n.Links = make([]draft.Link, len(r.g.edges))
	for i := range r.g.edges {
		r.ownLink(&r.g.edges[i], &r.n.Links[i], specs)
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	return r.n, nil
}

// isProperty says whether the key is one that Write made for a property, whatever its name.
func (a *attr) isProperty() bool { return strings.HasPrefix(a.key, propertyPrefix) }

func (r *reader) wrong(a *attr, err error) {
	if err != nil {
		r.faults.Addf(fault.BadNumber, r.g.file.Place(a.line), "%s: %s", draft.Clip(a.name), clipText(err))
	}
}

func clipText(err error) string {
	s := err.Error()
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}

func (r *reader) ownNode(from *node, to *draft.Node) {
	to.ID, to.Label, to.Keep, to.Line = from.id, from.id, true, from.line
	for i := range from.attrs {
		a := &from.attrs[i]
		if a.isProperty() {
			to.Properties = append(to.Properties, model.Property{Name: a.name, Value: a.value})
			continue
		}
		var err error
		switch a.name {
		case ownName:
			to.Label = a.value
		case ownKind:
			kind, ok := model.ParseNodeKind(a.value)
			if !ok && !r.faults.Full() {
				r.faults.Add(fault.New(fault.BadChoice, r.g.file.Place(a.line), "no kind of node is called %q", draft.Clip(a.value)).Suggest(a.value, model.NodeKindNames()))
			}
			to.Kind = kind
		case ownDPID:
			to.Identity.DPID, err = strconv.ParseUint(strings.TrimPrefix(a.value, "0x"), 16, 64)
		case ownMAC:
			to.Identity.MAC, err = strconv.ParseUint(a.value, 16, 48)
			to.Identity.HasMAC = true
		case ownIP:
			var p netip.Prefix
			if p, err = netip.ParsePrefix(a.value); err == nil && p.Addr().Is4() {
				b := p.Addr().As4()
				to.Identity.IP = uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
				to.Identity.Prefix = uint8(p.Bits())
			}
		case ownLabels:
			to.Labels = strings.Fields(a.value)
		case ownCPU:
			to.Spec.CPU, err = strconv.ParseInt(a.value, 10, 64)
		case ownMemory:
			to.Spec.Memory, err = model.ParseSize(a.value)
		case ownDisk:
			to.Spec.Disk, err = model.ParseSize(a.value)
		default:
			if !conventional(a) {
				to.Properties = append(to.Properties, model.Property{Name: a.name, Value: a.value})
			}
		}
		r.wrong(a, err)
	}
}

func (r *reader) ownLink(from *edge, to *draft.Link, specs map[string]bool) {
	to.A, to.B, to.Line, to.RateFrom, to.DelayFrom = from.a, from.b, from.line, "the file", "the file"
	var back []*attr
	for i := range from.attrs {
		a := &from.attrs[i]
		if a.isProperty() {
			to.Properties = append(to.Properties, model.Property{Name: a.name, Value: a.value})
			continue
		}
		switch a.name {
		case ownID:
			to.Name = a.value
		case ownFrom:
			// A tool that does not mind the direction may have turned the edge round.
			if a.value != r.n.Nodes[from.a].Label && a.value == r.n.Nodes[from.b].Label {
				to.A, to.B = from.b, from.a
			}
		case ownPorts:
			one, other, _ := strings.Cut(a.value, ":")
			x, err := strconv.ParseUint(one, 10, 32)
			r.wrong(a, err)
			y, err := strconv.ParseUint(other, 10, 32)
			r.wrong(a, err)
			to.Ports, to.APort, to.BPort = true, model.PortNo(x), model.PortNo(y)
		default:
			if name, ok := strings.CutPrefix(a.name, ownBack); ok && specs[name] {
				back = append(back, a)
			} else if name, ok := strings.CutPrefix(a.name, ownSpec); ok && specs[name] {
				r.wrong(a, draft.SetAttribute(&to.Spec, name, a.value))
			} else if !conventional(a) {
				to.Properties = append(to.Properties, model.Property{Name: a.name, Value: a.value})
			}
		}
	}
	if len(back) == 0 {
		return
	}
	spec := to.Spec
	for _, a := range back {
		r.wrong(a, draft.SetAttribute(&spec, strings.TrimPrefix(a.name, ownBack), a.value))
	}
	to.Back = &spec
}
