package brite

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like BRITE's.
func Is(f draft.File) bool {
	head := f.Data[:min(len(f.Data), 512)]
	first, _, _ := bytes.Cut(bytes.TrimSpace(head), []byte("\n"))
	return bytes.HasPrefix(first, []byte("Topology:")) && bytes.Contains(first, []byte("Nodes"))
}

// lightPerMillisecond is BRITE's speed of light in kilometres per millisecond.
const lightPerMillisecond = 299.792458

type reader struct {
	f      draft.File
	n      *draft.Network
	faults fault.List
	index  map[string]int32
	nodes  int // announced; -1: not said
	edges  int
	rows   int            // of edges, as their own section says; 0: not said
	way    map[string]int // directed edges of each kind of last column
}

// Read reads one file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.BadChoice, fault.Place{File: files[1].Name}, "a BRITE topology is one file")
	}
	text, err := draft.Text(files[0])
	if err != nil {
		return nil, err
	}
	r := &reader{f: files[0], index: map[string]int32{}, nodes: -1, edges: -1, way: map[string]int{},
		n: &draft.Network{File: files[0].Name, Format: "BRITE topology", Coordinates: draft.Plane}}
	section, sections := "", map[string]bool{}
	for l := range draft.Lines(text) {
		fields := strings.Fields(l.Text)
		switch {
		case len(fields) == 0:
		case strings.HasPrefix(fields[0], "Topology"):
			section = "Topology"
			r.nodes, r.edges = announced(l.Text, "Node"), announced(l.Text, "Edge")
		case strings.HasPrefix(fields[0], "Model"):
			r.n.Properties = append(r.n.Properties, model.Property{Name: "model", Value: strings.Join(fields, " ")})
			section = "Model"
		case strings.HasPrefix(fields[0], "Nodes"), strings.HasPrefix(fields[0], "Edges"):
			section = fields[0][:5]
			sections[section] = true
			if rows := strings.FieldsFunc(l.Text, func(r rune) bool { return r < '0' || r > '9' }); section == "Edges" && len(rows) == 1 {
				r.rows, _ = strconv.Atoi(rows[0])
			}
		case section == "Nodes":
			r.node(l.No, fields)
		case section == "Edges":
			r.edge(l.No, fields)
		case section == "Model":
			// A top-down model has further lines of parameters.
		default:
			r.faults.Addf(fault.Syntax, r.f.Place(l.No), "%q stands before any section of a BRITE topology", draft.Clip(l.Text))
		}
		if r.faults.Full() {
			break
		}
	}
	for _, s := range []string{"Nodes", "Edges"} {
		if !sections[s] {
			r.faults.Addf(fault.Syntax, fault.Place{File: r.f.Name}, "the file ends without its section %q", s+":")
		}
	}
	if r.faults.Total == 0 && r.rows > len(r.n.Links) && draft.Cut(text) {
		r.faults.Addf(fault.Syntax, fault.Place{File: r.f.Name}, "the file ends in the middle of a line after %d of %d edges", len(r.n.Links), r.rows)
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	r.finish()
	return r.n, nil
}

// announced is the number before a word in the first line, -1 if there is none.
func announced(line, word string) int {
	before, _, found := strings.Cut(line, word)
	fields := strings.FieldsFunc(before, func(r rune) bool { return r < '0' || r > '9' })
	if !found || len(fields) == 0 {
		return -1
	}
	n, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		return -1
	}
	return n
}

// node reads: id x y indegree outdegree AS type.
func (r *reader) node(line int32, fields []string) {
	if len(fields) < 3 {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "a node has an id, x and y at least; this line has %d values", len(fields))
		return
	}
	if _, twice := r.index[fields[0]]; twice {
		r.faults.Addf(fault.DuplicateID, r.f.Place(line), "node %s is there twice", draft.Clip(fields[0]))
		return
	}
	x, errX := draft.Number(fields[1])
	y, errY := draft.Number(fields[2])
	if errX != nil || errY != nil {
		r.faults.Addf(fault.BadNumber, r.f.Place(line), "node %s: the coordinates %s %s are not finite numbers", draft.Clip(fields[0]), draft.Clip(fields[1]), draft.Clip(fields[2]))
		return
	}
	n := draft.Node{ID: fields[0], Placed: true, X: x, Y: y, Line: line}
	for i, name := range []string{"", "", "", "brite.indegree", "brite.outdegree", "brite.as", "brite.type"} {
		if i >= 3 && i < len(fields) && (i != 5 || fields[i] != "-1") {
			n.Properties = append(n.Properties, model.Property{Name: name, Value: fields[i]})
		}
	}
	r.index[fields[0]] = int32(len(r.n.Nodes))
	r.n.Nodes = append(r.n.Nodes, n)
}

// edge reads: id from to length delay bandwidth ASfrom ASto type U|D.
func (r *reader) edge(line int32, fields []string) {
	if len(fields) < 6 {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "an edge has an id, two nodes, length, delay and bandwidth at least; this line has %d values", len(fields))
		return
	}
	var ends [2]int32
	for i, name := range fields[1:3] {
		at, ok := r.index[name]
		if !ok {
			r.faults.Addf(fault.UnknownNode, r.f.Place(line), "edge %s ends at node %s, which the file does not list", draft.Clip(fields[0]), draft.Clip(name))
			return
		}
		ends[i] = at
	}
	var v [3]float64
	for i, what := range []string{"length", "delay", "bandwidth"} {
		x, err := draft.Number(fields[3+i])
		if err != nil || x < 0 && x != -1 {
			r.faults.Addf(fault.BadNumber, r.f.Place(line), "edge %s: %s %q is not a number from 0 on (nor -1 for none)", draft.Clip(fields[0]), what, draft.Clip(fields[3+i]))
			return
		}
		v[i] = x
	}
	l := draft.Link{ID: fields[0], A: ends[0], B: ends[1], Line: line}
	var err error
	if v[2] > 0 {
		l.RateFrom = "bandwidth in Mbit/s"
		if l.Spec.Rate, err = draft.Rate(v[2], 1e6); err != nil {
			r.faults.Addf(fault.OutOfRange, r.f.Place(line), "edge %s: bandwidth: %v", draft.Clip(fields[0]), err)
			return
		}
	}
	switch {
	case v[1] >= 0:
		l.DelayFrom = "delay in ms"
		l.Spec.Delay, err = draft.Span(v[1], model.Millisecond)
	case v[0] > 0:
		l.DelayFrom = "length at the speed of light, as BRITE reckons"
		l.Spec.Delay, err = draft.Span(v[0]/lightPerMillisecond, model.Millisecond)
	}
	if err != nil {
		r.faults.Addf(fault.OutOfRange, r.f.Place(line), "edge %s: delay: %v", draft.Clip(fields[0]), err)
		return
	}
	if v[0] >= 0 {
		l.Properties = append(l.Properties, model.Property{Name: "length", Value: fields[3]})
	}
	for i, name := range []string{"brite.as-from", "brite.as-to", "brite.type", "brite.way"} {
		if at := 6 + i; at < len(fields) && fields[at] != "-1" {
			l.Properties = append(l.Properties, model.Property{Name: name, Value: fields[at]})
		}
	}
	if len(fields) > 9 {
		r.way[fields[9]]++
	}
	r.n.Links = append(r.n.Links, l)
}

func (r *reader) finish() {
	if r.nodes >= 0 && r.nodes != len(r.n.Nodes) || r.edges >= 0 && r.edges != len(r.n.Links) {
		r.n.Warnings.Addf(fault.Syntax, fault.Place{File: r.f.Name}, "the first line announces %d nodes and %d edges; the rows are %d and %d, and they count", r.nodes, r.edges, len(r.n.Nodes), len(r.n.Links))
	}
	if d := r.way["D"]; d > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("edges marked D, directed: %d; links carry both ways", d))
	}
}
