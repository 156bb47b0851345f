package sndlib

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// reader makes one draft of a topology and its matrices.
type reader struct {
	faults *fault.List
	n      *draft.Network
	top    *instance
	index  map[string]int32
}

func (r *reader) assemble(all []*instance) {
	var matrices []*instance
	for _, in := range all {
		switch {
		case len(in.links) == 0 && len(in.demands) > 0:
			matrices = append(matrices, in)
		case r.top == nil:
			r.top = in
		default:
			r.faults.Addf(fault.BadChoice, fault.Place{File: in.file.Name}, "a second topology, after %s: one topology and its demand matrices belong together", r.top.file.Name)
			return
		}
	}
	if r.top == nil {
		in := matrices[0]
		r.faults.Addf(fault.FileMissing, fault.Place{File: in.file.Name}, "the file is a demand matrix (nodes: %d, demands: %d) without a link; give the topology of the same nodes as well", len(in.nodes), len(in.demands))
		return
	}
	top := r.top
	r.n = &draft.Network{File: top.file.Name, Format: top.format, Name: nameOf(top.file.Name)}
	for _, name := range top.metaOrder {
		r.n.Properties = append(r.n.Properties, model.Property{Name: name, Value: top.meta[name]})
	}
	r.nodes()
	unit := r.unit(top)
	r.links()
	own := r.demands(top, unit)
	var series []draft.Matrix
	if len(matrices) > 0 {
		series = r.series(matrices)
		if len(own) > 0 {
			r.note("demands of the topology itself: %d, left out because matrices are given", len(own))
		}
	}
	if r.faults.Total > 0 {
		return
	}
	planned := [][]draft.Demand{own}
	if len(own) == 0 {
		for _, m := range series {
			planned = append(planned, m.Demands)
		}
	}
	r.capacities(unit, planned)
	switch {
	case len(series) > 0:
		r.n.Demands = series
	case len(own) > 0:
		r.n.Demands = []draft.Matrix{{Demands: own}}
	}
	r.remarks(matrices)
}

func (r *reader) note(format string, args ...any) {
	r.n.Notes = append(r.n.Notes, fmt.Sprintf(format, args...))
}

// nameOf is a file's name without folders and ending.
func nameOf(file string) string {
	file = file[strings.LastIndexAny(file, `/\`)+1:]
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		file = file[:i]
	}
	return file
}

func (r *reader) nodes() {
	top := r.top
	r.index = make(map[string]int32, len(top.nodes))
	r.n.Nodes = make([]draft.Node, 0, len(top.nodes))
	for _, n := range top.nodes {
		if old, twice := r.index[n.id]; twice || n.id == "" {
			if n.id == "" {
				r.faults.Addf(fault.MissingAttribute, top.file.Place(n.line), "a node has no id")
			} else {
				r.faults.Addf(fault.DuplicateID, top.file.Place(n.line), "node %q is declared twice, first in line %d", draft.Clip(n.id), r.n.Nodes[old].Line)
			}
			continue
		}
		r.index[n.id] = int32(len(r.n.Nodes))
		r.n.Nodes = append(r.n.Nodes, draft.Node{ID: n.id, X: n.x, Y: n.y, Placed: n.placed, Line: n.line})
	}
	switch top.coordinates {
	case "geographical":
		r.n.Coordinates = draft.Geographic
	case "pixel":
		r.note("coordinates are pixels: they are kept as x and y, and give no delays")
	case "":
		geographic := false
		for _, n := range r.n.Nodes {
			if n.Placed && (math.Abs(n.X) > 180 || math.Abs(n.Y) > 90) {
				geographic = false
				break
			}
			geographic = geographic || n.Placed
		}
		if geographic {
			r.n.Coordinates = draft.Geographic
			r.note("the file does not say what its coordinates are: all can be longitudes and latitudes, and are taken for such")
		} else if len(top.nodes) > 0 {
			r.note("the file does not say what its coordinates are: not all can be longitudes and latitudes; they are kept as x and y, and give no delays")
		}
	default:
		r.n.Warnings.Addf(fault.BadChoice, fault.Place{File: top.file.Name}, "the coordinates are called %q; geographical and pixel are known: they are kept as x and y, and give no delays", draft.Clip(top.coordinates))
	}
}

// unit is what one of a file's capacities and demands is, in bit/s.
func (r *reader) unit(in *instance) model.Rate {
	said := in.meta["unit"]
	rest, ok := strings.CutSuffix(strings.ToUpper(said), "BITPERSEC")
	if ok {
		for i, prefix := range [5]string{"", "K", "M", "G", "T"} {
			if rest == prefix || len(rest) > 1 && rest == [5]string{"", "KILO", "MEGA", "GIGA", "TERA"}[i] {
				return model.Rate(math.Pow(1000, float64(i)))
			}
		}
	}
	if said == "" {
		r.note("%s states no unit: capacities and demands are taken for Mbit/s", in.file.Name)
	} else {
		r.n.Warnings.Addf(fault.BadUnit, fault.Place{File: in.file.Name}, "the unit %q is none of BITPERSEC with K, M, G or T before it: capacities and demands are taken for Mbit/s", draft.Clip(said))
	}
	return 1e6
}

func (r *reader) node(id string, f draft.File, line int32, what string) int32 {
	i, ok := r.index[id]
	if ok {
		return i
	}
	bad := fault.New(fault.UnknownNode, f.Place(line), "an end of %s is %q, which is no node of the topology", what, draft.Clip(id))
	if id == "" {
		bad = fault.New(fault.MissingAttribute, f.Place(line), "%s needs both source and target", what)
	} else if !r.faults.Full() {
		var known []string
		for _, n := range r.n.Nodes[:min(len(r.n.Nodes), 1000)] {
			known = append(known, n.ID)
		}
		bad = bad.Suggest(id, known)
	}
	r.faults.Add(bad)
	return 0
}

func (r *reader) links() {
	top := r.top
	ids := make(map[string]int32, len(top.links))
	r.n.Links = make([]draft.Link, 0, len(top.links))
	for i := range top.links {
		l := &top.links[i]
		if first, twice := ids[l.id]; twice && l.id != "" {
			r.faults.Addf(fault.DuplicateID, top.file.Place(l.line), "link %q is declared twice, first in line %d", draft.Clip(l.id), first)
		}
		ids[l.id] = l.line
		what := "the link " + draft.Clip(l.id)
		out := draft.Link{ID: l.id, A: r.node(l.source, top.file, l.line, what), B: r.node(l.target, top.file, l.line, what), Properties: l.properties, Line: l.line}
		if len(l.modules) > 0 {
			out.Properties = append(out.Properties, model.Property{Name: "modules", Value: moduleText(l.modules)})
		}
		r.n.Links = append(r.n.Links, out)
	}
}

// moduleText lists what can be installed: capacity/cost, in the file's units.
func moduleText(list []module) string {
	var b strings.Builder
	for i, m := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(m.capacity, 'f', -1, 64) + "/" + strconv.FormatFloat(m.cost, 'f', -1, 64))
	}
	return b.String()
}

func (r *reader) demands(in *instance, unit model.Rate) []draft.Demand {
	out := make([]draft.Demand, 0, len(in.demands))
	for _, d := range in.demands {
		what := "the demand " + draft.Clip(d.id)
		rate, err := draft.Rate(d.value, unit)
		if err != nil {
			r.faults.Addf(fault.OutOfRange, in.file.Place(d.line), "%s: %v", what, err)
		}
		out = append(out, draft.Demand{ID: d.id, From: r.node(d.source, in.file, d.line, what), To: r.node(d.target, in.file, d.line, what), Rate: rate, Line: d.line})
	}
	return out
}

// remarks tells what is no part of a model.
func (r *reader) remarks(matrices []*instance) {
	demands, paths, limits := 0, 0, 0
	for _, in := range append([]*instance{r.top}, matrices...) {
		demands, paths, limits = demands+len(in.demands), paths+in.paths, limits+in.hopLimits
	}
	if demands > 0 {
		r.note("each demand goes from its source to its target; whether it is meant for both directions together, an SNDlib network does not say")
	}
	if paths > 0 {
		r.note("admissible paths: %d, left out: the application of a run routes", paths)
	}
	if limits > 0 {
		r.note("limits on the length of a demand's paths: %d, left out", limits)
	}
	if r.top.ignored > 0 {
		r.note("words of node designs and options: %d, left out: SNDlib reserves them", r.top.ignored)
	}
}
