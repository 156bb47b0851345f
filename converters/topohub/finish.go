package topohub

import (
	"encoding/json"
	"math"
	"strconv"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// finish gives links and demands their nodes.
func (r *reader) finish() error {
	var faults fault.List
	for _, list := range []string{"nodes", "links"} {
		if !r.lists[list] {
			faults.Addf(fault.Syntax, fault.Place{File: r.n.File}, "the file has no list of %s", list)
		}
	}
	if faults.Total > 0 {
		return &faults
	}
	for _, p := range r.n.Properties {
		if p.Name == "name" {
			r.n.Name = p.Value
		}
	}
	r.indices()
	find := func(id string, line int32, what string) int32 {
		i, ok := r.index[id]
		if r.byIndex {
			n, err := draft.Count(id, int64(len(r.n.Nodes)-1))
			i, ok = int32(n), err == nil
		}
		if !ok {
			bad := fault.New(fault.UnknownNode, r.x.f.Place(line), "an end of %s is %q, which is no node of the file", what, draft.Clip(id))
			if !faults.Full() {
				var known []string
				for _, n := range r.n.Nodes[:min(len(r.n.Nodes), 1000)] {
					known = append(known, n.ID)
				}
				bad = bad.Suggest(id, known)
			}
			faults.Add(bad)
		}
		return i
	}
	for i := range r.n.Links {
		l := &r.n.Links[i]
		l.A, l.B = find(r.ends[i][0], l.Line, "the edge"), find(r.ends[i][1], l.Line, "the edge")
	}
	r.byIndex = false
	if faults.Total == 0 {
		r.attached()
	}
	m := draft.Matrix{Demands: make([]draft.Demand, 0, len(r.demands))}
	for _, d := range r.demands {
		rate, err := draft.Rate(d.value, 1e6)
		if err != nil {
			faults.Addf(fault.OutOfRange, r.x.f.Place(d.line), "a demand: %v", err)
		}
		m.Demands = append(m.Demands, draft.Demand{From: find(d.from, d.line, "a demand"), To: find(d.to, d.line, "a demand"), Rate: rate, Line: d.line})
	}
	if faults.Total > 0 {
		return &faults
	}
	if len(m.Demands) > 0 {
		r.n.Demands = []draft.Matrix{m}
		r.note("demands state no unit: they are taken for Mbit/s, and each goes from its source to its target only")
	}
	r.coordinates()
	if r.directed {
		listed := len(r.n.Links)
		links, oneWay := draft.Pair(r.n.Links, nil)
		r.n.Links = links
		r.note("directed edges: %d; opposite ones are one link, %d pairs; without a counterpart and taken for both directions: %d", listed, listed-len(links), oneWay)
	}
	for _, key := range r.units {
		r.n.Warnings.Addf(fault.BadUnit, fault.Place{File: r.n.File}, "edges have a %q of unknown unit: it is kept as a property and not used", key)
	}
	return nil
}

// attached makes hosts of the nodes that call themselves so and have one link at most:
// hosts do not forward.
func (r *reader) attached() {
	if len(r.hosts) == 0 {
		return
	}
	degree := make([]int, len(r.n.Nodes))
	for _, l := range r.n.Links {
		degree[l.A]++
		degree[l.B]++
	}
	made := 0
	for _, i := range r.hosts {
		if degree[i] <= 1 || r.directed && degree[i] == 2 {
			r.n.Nodes[i].Kind = model.Host
			made++
		}
	}
	r.note("nodes that are hosts or servers by their type: %d", made)
}

// isNumber says whether a value is a number, or one in quotes.
func isNumber(t json.Token) bool {
	text, ok := scalar(t)
	_, err := draft.Number(text)
	return ok && err == nil
}

// indices finds out whether edges name nodes by their place in the list, as networkx
// before version 2 and drawing libraries have it: where no name is a node's and every one
// is a number.
func (r *reader) indices() {
	if len(r.ends) == 0 {
		return
	}
	for _, e := range r.ends {
		for _, id := range e {
			if _, known := r.index[id]; known {
				return
			}
			if _, err := draft.Count(id, math.MaxInt32); err != nil {
				return
			}
		}
	}
	r.byIndex = true
	r.note("edges name nodes by their place in the list, from 0")
}

// coordinates decides what positions are: longitude and latitude if the edges' lengths
// are great circles between them, a plane if they are straight lines.
func (r *reader) coordinates() {
	inside, placed, circles, lines, both := true, 0, 0, 0, 0
	for _, n := range r.n.Nodes {
		if n.Placed {
			placed++
			inside = inside && math.Abs(n.X) <= 180 && math.Abs(n.Y) <= 90
		}
	}
	if placed == 0 {
		return
	}
	for i := range r.n.Links {
		l := &r.n.Links[i]
		a, b := &r.n.Nodes[l.A], &r.n.Nodes[l.B]
		if !a.Placed || !b.Placed || l.Length == 0 {
			continue
		}
		both++
		// TopoHub rounds lengths and places to hundredths.
		near := func(v float64) bool { return math.Abs(v-l.Length) <= 3+0.02*l.Length }
		if near(draft.GreatCircle(a.X, a.Y, b.X, b.Y)) {
			circles++
		}
		if near(math.Hypot(a.X-b.X, a.Y-b.Y)) {
			lines++
		}
	}
	switch {
	case inside && (both == 0 || circles >= lines):
		r.n.Coordinates = draft.Geographic
	case lines > circles && 2*lines > both:
		r.n.Coordinates = draft.Plane
		r.note("positions are in a plane, where lengths are straight lines: its unit is taken for a kilometre")
	case circles > lines && 2*circles > both:
		// SNDlib's drawings, for which TopoHub computes great circles all the same.
		for i := range r.n.Links {
			l := &r.n.Links[i]
			if l.Length > 0 {
				l.Properties = append(l.Properties, model.Property{Name: "dist", Value: strconv.FormatFloat(l.Length, 'g', -1, 64)})
				l.Length = 0
			}
		}
		r.note("positions are no longitudes and latitudes, though lengths were computed as if: dist is kept as a property and gives no delays")
	default:
		r.note("positions are no longitudes and latitudes: they are kept as x and y")
	}
}
