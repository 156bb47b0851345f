package topologyzoo

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// reader makes a draft of a graph.
type reader struct {
	g          *graph
	n          *draft.Network
	faults     fault.List
	speeds     *speeds
	nodeRoles  roles
	edgeRoles  roles
	units      units
	geographic bool

	junctions, external, hosts int
	mute                       int // labels without a speed
	muteSeen                   map[string]bool
	muteFirst                  []string
	bare                       map[string]int // numbers without a unit, by attribute
	bareOrder                  []string
}

func understand(g *graph) (*draft.Network, error) {
	r := &reader{g: g, speeds: newSpeeds(), units: unitsOf(g.attrs), muteSeen: map[string]bool{}, bare: map[string]int{},
		nodeRoles: roles{nodeRole, map[string]role{}}, edgeRoles: roles{edgeRole, map[string]role{}},
		n: &draft.Network{File: g.file.Name, Format: g.format, Notes: g.notes, Warnings: g.warnings}}
	if isOurs(g) {
		return r.ours()
	}
	r.network()
	r.nodes()
	r.links()
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	r.remarks()
	return r.n, nil
}

// network reads what is said about the graph as a whole.
func (r *reader) network() {
	names := map[string]string{}
	for _, a := range r.g.attrs {
		v := strings.TrimSpace(a.value)
		key := strings.ToLower(a.name)
		if _, taken := names[key]; !taken {
			names[key] = v
		}
		if key == "creator" && strings.Contains(v, "Topology Zoo") {
			r.n.Format = "Topology Zoo " + r.g.format
		}
		if key == "directed" || key == "multigraph" {
			continue
		}
		r.n.Properties = append(r.n.Properties, model.Property{Name: a.name, Value: v})
	}
	for _, key := range []string{"label", "network", "name"} {
		if v := names[key]; draft.Clean(v) != "" {
			r.n.Name = v
			break
		}
	}
	if r.n.Name == "" && r.g.id != "G" {
		r.n.Name = r.g.id
	}
}

// value is the text of the first attribute of a role and its place in the list; -1: none.
func value(list []attr, rs *roles, want role) (string, int) {
	for i := range list {
		if rs.role(list[i].name) == want {
			if v := strings.TrimSpace(list[i].value); v != "" {
				return v, i
			}
		}
	}
	return "", -1
}

func (r *reader) nodes() {
	for i := range r.g.nodes {
		_, x := value(r.g.nodes[i].attrs, &r.nodeRoles, longitude)
		_, y := value(r.g.nodes[i].attrs, &r.nodeRoles, latitude)
		if x >= 0 && y >= 0 {
			r.geographic = true
			r.n.Coordinates = draft.Geographic
			break
		}
	}
	neighbours := r.neighbours()
	r.n.Nodes = make([]draft.Node, len(r.g.nodes))
	for i := range r.g.nodes {
		r.node(&r.g.nodes[i], &r.n.Nodes[i], int(neighbours[i]))
	}
}

// neighbours counts those of every node, up to two.
func (r *reader) neighbours() []int8 {
	count, one := make([]int8, len(r.g.nodes)), make([]int32, len(r.g.nodes))
	see := func(a, b int32) {
		if a != b && count[a] < 2 && !(count[a] == 1 && one[a] == b) {
			count[a], one[a] = count[a]+1, b
		}
	}
	for i := range r.g.edges {
		see(r.g.edges[i].a, r.g.edges[i].b)
		see(r.g.edges[i].b, r.g.edges[i].a)
	}
	return count
}

// node reads a node with that many neighbours: what is called a host is one if it has one
// at most, because hosts do not forward.
func (r *reader) node(from *node, to *draft.Node, degree int) {
	to.ID, to.Line, to.Labels = from.id, from.line, from.labels
	used := make([]bool, len(from.attrs))
	text, at := value(from.attrs, &r.nodeRoles, label)
	if other, i := value(from.attrs, &r.nodeRoles, name); i >= 0 && (at < 0 || text == from.id) {
		if at >= 0 {
			used[at] = true // it only repeats the id
		}
		text, at = other, i
	}
	if at >= 0 {
		to.Label = text
		used[at] = draft.Clean(text) == text
	}
	x, y := longitude, latitude
	if !r.geographic {
		x, y = across, down
	}
	if xs, i := value(from.attrs, &r.nodeRoles, x); i >= 0 {
		if ys, k := value(from.attrs, &r.nodeRoles, y); k >= 0 {
			to.X, to.Y = r.number(xs, &from.attrs[i]), r.number(ys, &from.attrs[k])
			to.Placed, used[i], used[k] = true, true, true
		}
	}
	for i, a := range from.attrs {
		v := strings.TrimSpace(a.value)
		switch r.nodeRoles.role(a.name) {
		case id:
			used[i] = used[i] || v == from.id
		case junction:
			if v == "1" || strings.EqualFold(v, "true") {
				r.junctions++
				to.Labels = append(to.Labels, "hyperedge")
			}
		case kind:
			if word := strings.ToLower(v); (word == "host" || word == "server") && degree <= 1 {
				r.hosts++
				to.Kind = model.Host
			}
		case internal:
			if v == "0" || strings.EqualFold(v, "false") {
				r.external++
				to.Labels = append(to.Labels, "external")
			}
		}
		if !used[i] {
			to.Properties = append(to.Properties, model.Property{Name: a.name, Value: v})
		}
	}
}

// number reads a number that matters.
func (r *reader) number(s string, a *attr) float64 {
	v, err := draft.Number(s)
	if err != nil && !r.faults.Full() {
		r.faults.Addf(fault.BadNumber, r.g.file.Place(a.line), "%s: %v", draft.Clip(a.name), err)
	}
	return v
}

func (r *reader) links() {
	links := make([]draft.Link, len(r.g.edges))
	directed := make([]bool, len(r.g.edges))
	any := 0
	for i := range r.g.edges {
		r.link(&r.g.edges[i], &links[i])
		if directed[i] = r.g.edges[i].directed; directed[i] {
			any++
		}
	}
	r.n.Links = links
	if any == 0 {
		return
	}
	paired, oneWay := draft.Pair(links, directed)
	r.n.Links = paired
	r.n.Notes = append(r.n.Notes, fmt.Sprintf("directed edges: %d of %d; opposite ones are one link, %d pairs; without a counterpart and taken for both directions: %d",
		any, len(links), len(links)-len(paired), oneWay))
}

func (r *reader) link(from *edge, to *draft.Link) {
	to.ID, to.A, to.B, to.Line = from.id, from.a, from.b, from.line
	used := make([]bool, len(from.attrs))
	r.rate(from, to, used)
	for i := range from.attrs {
		a := &from.attrs[i]
		v := strings.TrimSpace(a.value)
		switch r.edgeRoles.role(a.name) {
		case id:
			if to.ID == "" || to.ID == v {
				to.ID, used[i] = v, true
			}
		case delayOf:
			used[i] = to.DelayFrom == "" && r.delay(v, a, to)
		case lengthOf:
			if v == "" {
				break
			}
			if r.units.metres == 0 {
				r.unitless(a.name)
				break
			}
			to.Length, used[i] = r.positive(v, a)*r.units.metres/1000, true
		case kilometres:
			if v != "" {
				to.Length, used[i] = r.positive(v, a), true
			}
		case jitterOf:
			if j, err := model.ParseTime(v); err == nil && j >= 0 {
				to.Spec.Jitter, used[i] = j, true
			}
		case lossOf: // a bare number may be one in a hundred, unless it is Shadow's packet_loss
			if p, err := model.ParseRatio(v); err == nil && (strings.HasSuffix(v, "%") || strings.EqualFold(a.name, "packet_loss")) {
				to.Spec.Loss, used[i] = p, true
			}
		case weight:
			if w, err := draft.Number(v); err == nil && w >= 1 && w < 1<<31 && w == math.Trunc(w) && to.Spec.Weight == 0 {
				to.Spec.Weight, used[i] = int64(w), true
			}
		}
		if !used[i] {
			to.Properties = append(to.Properties, model.Property{Name: a.name, Value: v})
		}
	}
}

// positive is number for what cannot be negative.
func (r *reader) positive(s string, a *attr) float64 {
	v := r.number(s, a)
	if v < 0 {
		r.faults.Addf(fault.OutOfRange, r.g.file.Place(a.line), "%s is negative: %s", draft.Clip(a.name), draft.Clip(s))
	}
	return v
}

func (r *reader) delay(v string, a *attr, to *draft.Link) bool {
	if v == "" {
		return false
	}
	t, err := model.ParseTime(v)
	if n, bad := draft.Number(v); bad == nil {
		if n < 0 {
			r.positive(v, a)
			return false
		}
		if r.units.delay == 0 {
			r.unitless(a.name)
			return false
		}
		t, err = draft.Span(n, r.units.delay)
	}
	if err != nil {
		r.unitless(a.name)
		return false
	}
	to.Spec.Delay, to.DelayFrom = t, a.name
	return true
}

// unitless counts a number that could not be used.
func (r *reader) unitless(name string) {
	if r.bare[name]++; r.bare[name] == 1 {
		r.bareOrder = append(r.bareOrder, name)
	}
}

// rate finds an edge's speed: in numbers with a known unit first, then in its texts.
func (r *reader) rate(from *edge, to *draft.Link, used []bool) {
	set := func(v float64, rule string, at *attr) bool {
		rate, err := draft.Rate(v, 1)
		if err != nil {
			r.faults.Addf(fault.OutOfRange, r.g.file.Place(at.line), "%s: %v", draft.Clip(at.name), err)
			return false
		}
		if rate == 0 {
			return false // a link that carries nothing is meant for one nobody knows
		}
		to.Spec.Rate, to.RateFrom = rate, rule
		return true
	}
	rs := &r.edgeRoles
	number, at := value(from.attrs, rs, speedNumber)
	unit, unitAt := value(from.attrs, rs, speedUnits)
	of := 0.0
	if at >= 0 && unitAt >= 0 && len(unit) == 1 && strings.ContainsAny(unit, "TGMKtgmk") {
		if v, err := draft.Number(number); err == nil && v >= 0 {
			of = v * factor(unit[0])
		}
	}
	if v, i := value(from.attrs, rs, speedRaw); i >= 0 {
		raw := r.positive(v, &from.attrs[i])
		if raw < 0 {
			return
		}
		if used[i] = set(raw, "LinkSpeedRaw", &from.attrs[i]); used[i] {
			if of == raw {
				used[at], used[unitAt] = true, true
			}
			return
		}
	}
	if of > 0 && set(of, "LinkSpeed and LinkSpeedUnits", &from.attrs[at]) {
		used[at], used[unitAt] = true, true
		return
	}
	if v, i := value(from.attrs, rs, rateOf); i >= 0 {
		a := &from.attrs[i]
		switch n, err := draft.Number(v); {
		case err == nil && n < 0:
			r.positive(v, a)
		case err == nil && r.units.rate == "":
			if n > 0 {
				r.unitless(a.name)
			}
		case err == nil:
			if s := r.speeds.read("1" + r.units.rate); s.rate > 0 && set(n*float64(s.rate), a.name, a) {
				used[i] = true
				return
			}
			r.unitless(a.name)
		default:
			if s := r.speeds.read(v); s.rate > 0 && set(float64(s.rate), a.name+s.how, a) {
				used[i] = true
				return
			}
		}
	}
	said := ""
	for _, where := range []struct {
		role role
		rule string
	}{{linkLabel, "label text"}, {linkNote, "note text"}, {linkType, "type of link"}} {
		for i := range from.attrs {
			if rs.role(from.attrs[i].name) != where.role {
				continue
			}
			if s := r.speeds.read(from.attrs[i].value); s.rate > 0 {
				set(float64(s.rate), where.rule+s.how, &from.attrs[i])
				return
			}
			if said == "" {
				said = strings.TrimSpace(from.attrs[i].value)
			}
		}
	}
	if said != "" {
		r.mute++
		if len(r.muteFirst) < maxNotes && !r.muteSeen[said] {
			r.muteSeen[said] = true
			r.muteFirst = append(r.muteFirst, strconv.Quote(draft.Clip(said)))
		}
	}
}

// remarks tells the rules that were at work.
func (r *reader) remarks() {
	note := func(n int, format string, args ...any) {
		if n > 0 {
			r.n.Notes = append(r.n.Notes, fmt.Sprintf(format, append([]any{n}, args...)...))
		}
	}
	note(r.junctions, "junctions of lines (hyperedge), which are no routers: %d; they are switches with the label hyperedge")
	note(r.external, "nodes that are networks of others (Internal 0): %d; they are switches with the label external")
	note(r.hosts, "nodes whose type is host or server: %d; they are hosts")
	note(r.mute, "links whose text says no speed: %d, as %s", strings.Join(r.muteFirst, ", "))
	for _, name := range r.bareOrder {
		r.n.Warnings.Addf(fault.BadUnit, fault.Place{File: r.g.file.Name}, "links with a %[2]s of unknown unit: %[1]d; it is kept as a property and not used", r.bare[name], strconv.Quote(draft.Clip(name)))
	}
}
