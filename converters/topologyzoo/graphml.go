package topologyzoo

import (
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
)

// key is a <key>: what a <data key="ID"> means.
type key struct {
	name, domain string
	drawing      bool // yEd's: the data are XML
	fallback     string
	hasFallback  bool
}

// graphML gathers one document. Nodes may be named before they are declared, and keys as
// well, so that both are looked up when the document has ended.
type graphML struct {
	x       *draft.XML
	file    draft.File
	g       *graph
	faults  fault.List
	keys    map[string]*key
	ordered []string // ids of keys
	index   map[string]int32
	edges   []namedEdge // what g.edges will be made of
	hyper   []hyperedge

	graphs, nested, ports, drawings, locators int
}

// namedEdge knows its ends by id.
type namedEdge struct {
	edge
	source, target string
	hyper          int32 // index of the hyperedge whose junction is the source; -1
}

type hyperedge struct {
	id    string
	ends  []string
	attrs []attr
	line  int32
}

func readGraphML(f draft.File) (*graph, error) {
	r := &graphML{file: f, g: &graph{file: f, format: "GraphML"}, keys: map[string]*key{}, index: map[string]int32{}}
	r.x = draft.OpenXML(f, &r.faults)
	if root := r.x.Root(); root != "graphml" {
		if !r.x.Bad() {
			r.faults.Addf(fault.UnknownElement, f.Place(r.x.Line()), "the root is <%s>; that of GraphML is <graphml>", draft.Clip(root))
		}
		return nil, r.faults.Err()
	}
	r.x.Each(func(name string) {
		switch name {
		case "key":
			r.key()
		case "graph":
			if r.graphs++; r.graphs > 1 {
				r.x.Skip(name)
				return
			}
			r.g.id = r.x.Attr("id")
			r.graph("")
		case "data":
			r.data(&r.g.attrs)
		case "desc":
			r.text(&r.g.attrs, "desc")
		default:
			r.x.Skip(name) // resources of yEd and the like
		}
	})
	r.x.Finish()
	if r.faults.Total == 0 && r.graphs == 0 {
		r.faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "the file has no <graph>")
	}
	if r.faults.Total == 0 {
		r.finish()
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	return r.g, nil
}

func (r *graphML) key() {
	x, line := r.x, r.x.Line()
	id := x.Attr("id")
	k := &key{name: x.Attr("attr.name"), domain: x.Attr("for"), drawing: x.Attr("yfiles.type") != ""}
	if k.name == "" {
		k.name = id
	}
	if k.domain == "" {
		k.domain = "all"
	}
	x.Each(func(name string) {
		if name == "default" {
			k.fallback = strings.TrimSpace(x.Each(x.Skip))
			k.hasFallback = k.fallback != "" && !k.drawing
			return
		}
		x.Skip(name)
	})
	if id == "" {
		r.faults.Addf(fault.MissingAttribute, r.file.Place(line), "a <key> has no id")
		return
	}
	if _, twice := r.keys[id]; twice {
		r.faults.Addf(fault.DuplicateID, r.file.Place(line), "the key %q is declared twice", draft.Clip(id))
		return
	}
	r.keys[id] = k
	r.ordered = append(r.ordered, id)
}

// graph reads a <graph>, the document's or one inside a node, whose id is inside then.
func (r *graphML) graph(inside string) {
	x := r.x
	directed := x.Attr("edgedefault") == "directed"
	x.Each(func(name string) {
		switch name {
		case "node":
			r.node(inside)
		case "edge":
			r.edge(directed)
		case "hyperedge":
			r.hyperedge()
		case "data":
			if inside == "" {
				r.data(&r.g.attrs)
			} else {
				x.Skip(name)
			}
		case "desc":
			if inside == "" {
				r.text(&r.g.attrs, "desc")
			} else {
				x.Skip(name)
			}
		case "locator":
			r.locators++
			x.Skip(name)
		default:
			r.faults.Add(fault.New(fault.UnknownElement, r.file.Place(x.Line()), "<graph> has no element <%s>", draft.Clip(name)).
				Suggest(name, []string{"node", "edge", "hyperedge", "data", "desc"}))
			x.Skip(name)
		}
	})
}

func (r *graphML) node(inside string) {
	x := r.x
	n := node{id: x.Attr("id"), line: x.Line()}
	group := x.Attr("yfiles.foldertype") == "group"
	if n.id == "" {
		r.faults.Addf(fault.MissingAttribute, r.file.Place(n.line), "a <node> has no id")
	} else if _, twice := r.index[n.id]; twice {
		r.faults.Addf(fault.DuplicateID, r.file.Place(n.line), "the node %q is declared twice", draft.Clip(n.id))
	}
	at := len(r.g.nodes)
	r.index[n.id] = int32(at)
	r.g.nodes = append(r.g.nodes, n)
	if inside != "" {
		n.attrs = append(n.attrs, attr{name: "parent", value: inside, line: n.line})
	}
	x.Each(func(name string) {
		switch name {
		case "data":
			r.data(&n.attrs)
		case "desc":
			r.text(&n.attrs, "desc")
		case "port":
			r.ports++
			x.Skip(name)
		case "graph":
			group = true
			r.graph(n.id)
		case "locator":
			r.locators++
			x.Skip(name)
		default:
			x.Skip(name)
		}
	})
	if group {
		r.nested++
		n.labels = append(n.labels, "group")
	}
	r.g.nodes[at] = n
}

func (r *graphML) edge(directed bool) {
	x := r.x
	e := namedEdge{edge: edge{id: x.Attr("id"), line: x.Line(), directed: directed}, source: x.Attr("source"), target: x.Attr("target"), hyper: -1}
	switch x.Attr("directed") {
	case "true":
		e.directed = true
	case "false":
		e.directed = false
	}
	if e.source == "" || e.target == "" {
		r.faults.Addf(fault.MissingAttribute, r.file.Place(e.line), "an <edge> needs both source and target")
	}
	for _, name := range [2]string{"sourceport", "targetport"} {
		if v := x.Attr(name); v != "" {
			e.attrs = append(e.attrs, attr{name: name, value: v, line: e.line})
		}
	}
	x.Each(func(name string) {
		switch name {
		case "data":
			r.data(&e.attrs)
		case "desc":
			r.text(&e.attrs, "desc")
		default:
			x.Skip(name)
		}
	})
	r.edges = append(r.edges, e)
}

// hyperedge reads an edge with any number of ends.
func (r *graphML) hyperedge() {
	x := r.x
	h := hyperedge{id: x.Attr("id"), line: x.Line()}
	x.Each(func(name string) {
		switch name {
		case "endpoint":
			if n := x.Attr("node"); n != "" {
				h.ends = append(h.ends, n)
			} else {
				r.faults.Addf(fault.MissingAttribute, r.file.Place(x.Line()), "an <endpoint> has no node")
			}
			x.Skip(name)
		case "data":
			r.data(&h.attrs)
		default:
			x.Skip(name)
		}
	})
	if len(h.ends) == 2 {
		r.edges = append(r.edges, namedEdge{edge: edge{id: h.id, line: h.line, attrs: h.attrs}, source: h.ends[0], target: h.ends[1], hyper: -1})
		return
	}
	r.hyper = append(r.hyper, h)
	for _, end := range h.ends {
		r.edges = append(r.edges, namedEdge{edge: edge{line: h.line}, target: end, hyper: int32(len(r.hyper) - 1)})
	}
}

// text keeps the text of an element as an attribute.
func (r *graphML) text(to *[]attr, name string) {
	line := r.x.Line()
	if v := r.x.Text(); v != "" {
		*to = append(*to, attr{name: name, value: v, line: line})
	}
}

// data reads a <data>. Of yEd's drawings it takes the label and the position.
func (r *graphML) data(to *[]attr) {
	x := r.x
	a := attr{key: x.Attr("key"), line: x.Line()}
	drawing := false
	var label, px, py string
	var inside func(name string)
	inside = func(name string) {
		drawing = true
		switch name {
		case "NodeLabel", "EdgeLabel":
			if v := x.Text(); label == "" {
				label = v
			}
			return
		case "Geometry":
			if px == "" {
				px, py = x.Attr("x"), x.Attr("y")
			}
		}
		x.Each(inside)
	}
	a.value = x.Each(inside)
	if a.key == "" {
		r.faults.Addf(fault.MissingAttribute, r.file.Place(a.line), "a <data> has no key")
		return
	}
	if !drawing {
		*to = append(*to, a)
		return
	}
	r.drawings++
	for _, d := range [3][2]string{{"label", label}, {"x", px}, {"y", py}} {
		if d[1] != "" {
			*to = append(*to, attr{name: d[0], value: d[1], line: a.line})
		}
	}
}

// finish gives attributes their names and edges their nodes.
func (r *graphML) finish() {
	g := r.g
	for i, h := range r.hyper {
		// The id of a hyperedge lives beside those of nodes, so it may be taken.
		id := h.id
		if _, taken := r.index[id]; taken || id == "" {
			id = fmt.Sprintf("hyperedge-%d", i)
		}
		r.index[id] = int32(len(g.nodes))
		r.hyper[i].id = id
		g.nodes = append(g.nodes, node{id: id, attrs: h.attrs, labels: []string{"hyperedge"}, line: h.line})
	}
	resolve := r.resolver()
	g.attrs = resolve(g.attrs, "graph")
	for i := range g.nodes {
		g.nodes[i].attrs = resolve(g.nodes[i].attrs, "node")
	}
	g.edges = make([]edge, 0, len(r.edges))
	for i := range r.edges {
		e := &r.edges[i]
		if e.hyper >= 0 {
			e.source = r.hyper[e.hyper].id
		}
		e.a, e.b = r.find(e.source, e.line), r.find(e.target, e.line)
		if e.hyper < 0 {
			e.attrs = resolve(e.attrs, "edge")
		}
		g.edges = append(g.edges, e.edge)
	}
	r.edges = nil
	for _, n := range []struct {
		n    int
		text string
	}{
		{r.nested, "nodes with a graph of their own inside: %d; what is inside is read as all else, and the node stays one, with the label group"},
		{len(r.hyper), "hyperedges of other than two ends: %d; each is a switch with the label hyperedge, linked to its ends"},
		{r.ports, "<port> elements: %d, not read; what edges say of ports is kept as sourceport and targetport"},
		{r.drawings, "drawings (yEd's): %d, read for their labels and positions only"},
		{r.locators, "<locator> elements: %d, left out: they name other files"},
	} {
		if n.n > 0 {
			g.notes = append(g.notes, fmt.Sprintf(n.text, n.n))
		}
	}
	if r.graphs > 1 {
		g.warnings.Addf(fault.NotYet, fault.Place{File: r.file.Name}, "the file holds %d graphs: the first is read, the others are left out", r.graphs)
	}
}

func (r *graphML) find(id string, line int32) int32 {
	i, ok := r.index[id]
	if !ok {
		f := fault.New(fault.UnknownNode, r.file.Place(line), "an end of the edge is %q, which is no node of the file", draft.Clip(id))
		if !r.faults.Full() {
			var known []string
			for _, n := range r.g.nodes[:min(len(r.g.nodes), 1000)] {
				known = append(known, n.id)
			}
			f = f.Suggest(id, known)
		}
		r.faults.Add(f)
	}
	return i
}

// maxDefaults bounds the values that come from defaults: a few lines could make any number.
const maxDefaults = 5_000_000

// resolver gives the function that names attributes by their keys and adds the defaults
// of keys that an element lacks.
func (r *graphML) resolver() func(list []attr, domain string) []attr {
	fallbacks := map[string][]string{} // keys with a default, by domain
	added, missing := 0, map[string]bool{}
	for _, id := range r.ordered {
		if k := r.keys[id]; k.hasFallback {
			fallbacks[k.domain] = append(fallbacks[k.domain], id)
		}
	}
	return func(list []attr, domain string) []attr {
		for i := range list {
			a := &list[i]
			if a.key == "" {
				continue
			}
			if k, ok := r.keys[a.key]; ok {
				a.name = k.name
			} else if !missing[a.key] && !r.faults.Full() {
				missing[a.key] = true // told once, at its first use
				r.faults.Add(fault.New(fault.UnknownReference, r.file.Place(a.line), "no <key> declares %q", draft.Clip(a.key)).Suggest(a.key, r.ordered[:min(len(r.ordered), 1000)]))
			}
		}
		given := make(map[string]bool, len(list))
		if len(fallbacks[domain])+len(fallbacks["all"]) > 0 {
			for _, a := range list {
				given[a.key] = true
			}
		}
		for _, d := range [2]string{domain, "all"} {
			for _, id := range fallbacks[d] {
				if given[id] {
					continue
				}
				if added++; added > maxDefaults {
					if added == maxDefaults+1 {
						r.faults.Addf(fault.Limit, fault.Place{File: r.file.Name}, "the defaults of keys make more than %d values", maxDefaults)
					}
					return list
				}
				list = append(list, attr{name: r.keys[id].name, value: r.keys[id].fallback, key: id})
			}
		}
		return list
	}
}
