package topologyzoo

import (
	"html"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
)

// maxDepth bounds how deep lists may be nested in GML.
const maxDepth = 64

// gml reads one GML text: a list of keys and values, where a value is a number, a quoted
// text or a list in brackets.
type gml struct {
	text   string
	at     int
	line   int32
	file   draft.File
	g      *graph
	index  map[string]int32
	labels map[string]int32 // -1: several nodes have it
	ends   [][2]string      // of g.edges
	graphs int
}

// isGML says whether a text begins as GML does: keys and plain values, then graph [.
func isGML(f draft.File) bool {
	text, err := draft.Text(draft.File{Data: f.Data[:min(len(f.Data), 8<<10)]})
	if err != nil {
		return false
	}
	r := gml{text: text, line: 1}
	for {
		key := r.word()
		if !isKey(key) {
			return false
		}
		c := r.peek()
		if strings.EqualFold(key, "graph") {
			return c == '['
		}
		if c == '[' || c == ']' || c == 0 {
			return false
		}
		if _, ok := r.value(); !ok {
			return false
		}
	}
}

func readGML(f draft.File) (*graph, error) {
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	r := &gml{text: text, line: 1, file: f, g: &graph{file: f, format: "GML"}, index: map[string]int32{}, labels: map[string]int32{}}
	for r.peek() != 0 {
		key, line := r.word(), r.line
		if err := r.checkKey(key); err != nil {
			return nil, err
		}
		switch {
		case strings.EqualFold(key, "graph") && r.peek() == '[':
			if r.graphs++; r.graphs == 1 {
				err = r.graph()
			} else {
				err = r.list(key, line, 1, nil)
			}
		case r.peek() == '[':
			err = r.list(key, line, 1, &r.g.attrs)
		default:
			err = r.plain(key, line, &r.g.attrs)
		}
		if err != nil {
			return nil, err
		}
	}
	if r.graphs == 0 {
		return nil, fault.New(fault.Syntax, fault.Place{File: f.Name}, "the file has no graph [ ... ]")
	}
	if r.graphs > 1 {
		r.g.warnings.Addf(fault.NotYet, fault.Place{File: f.Name}, "the file holds %d graphs: the first is read, the others are left out", r.graphs)
	}
	return r.finish()
}

// graph reads what stands in the brackets of the graph.
func (r *gml) graph() error {
	opened := r.line
	r.at++ // [
	for {
		switch r.peek() {
		case ']':
			r.at++
			return nil
		case 0:
			return r.ended("graph", opened)
		}
		key, line := r.word(), r.line
		if err := r.checkKey(key); err != nil {
			return err
		}
		var err error
		switch {
		case r.peek() != '[':
			err = r.plain(key, line, &r.g.attrs)
		case strings.EqualFold(key, "node"):
			n := node{line: line}
			if err = r.list("", line, 1, &n.attrs); err == nil {
				err = r.node(n)
			}
		case strings.EqualFold(key, "edge"):
			e := edge{line: line}
			if err = r.list("", line, 1, &e.attrs); err == nil {
				err = r.edge(e)
			}
		default:
			err = r.list(key, line, 1, &r.g.attrs)
		}
		if err != nil {
			return err
		}
	}
}

// list reads a list into attributes; those of lists inside it are called LIST.NAME.
func (r *gml) list(name string, opened int32, depth int, to *[]attr) error {
	if depth > maxDepth {
		return fault.New(fault.Limit, r.file.Place(r.line), "lists are nested more than %d deep", maxDepth)
	}
	r.at++ // [
	for {
		switch r.peek() {
		case ']':
			r.at++
			return nil
		case 0:
			return r.ended(name, opened)
		}
		key, line := r.word(), r.line
		if err := r.checkKey(key); err != nil {
			return err
		}
		if name != "" {
			key = name + "." + key
			if len(key) > 1<<10 {
				return fault.New(fault.Limit, r.file.Place(line), "the name %q is too long", draft.Clip(key))
			}
		}
		var err error
		if r.peek() == '[' {
			err = r.list(key, line, depth+1, to)
		} else {
			err = r.plain(key, line, to)
		}
		if err != nil {
			return err
		}
	}
}

// plain reads a value that is no list.
func (r *gml) plain(key string, line int32, to *[]attr) error {
	v, ok := r.value()
	if !ok {
		if r.at >= len(r.text) {
			return fault.New(fault.Syntax, r.file.Place(line), "the file ends before the value of %q", draft.Clip(key))
		}
		return fault.New(fault.Syntax, r.file.Place(r.line), "%q has no value", draft.Clip(key))
	}
	// networkx marks lists of one value with an entry of its own.
	if to != nil && v != "_networkx_list_start" {
		*to = append(*to, attr{name: key, value: v, line: line})
	}
	return nil
}

func (r *gml) checkKey(key string) error {
	if isKey(key) {
		return nil
	}
	if key == "" {
		return fault.New(fault.Syntax, r.file.Place(r.line), "%q stands where a name is expected", string(r.text[r.at]))
	}
	return fault.New(fault.Syntax, r.file.Place(r.line), "%q is no name of GML: a letter, then letters and digits", draft.Clip(key))
}

func isKey(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '.' || c == '-')) {
			return false
		}
	}
	return s != ""
}

func (r *gml) ended(name string, opened int32) error {
	if name == "" {
		name = "node or edge"
	}
	return fault.New(fault.Syntax, r.file.Place(opened), "the file ends inside the %s that begins here: its ] is missing", draft.Clip(name))
}

// peek skips blanks and comments and gives the next byte, 0 at the end.
func (r *gml) peek() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case '\n':
			r.line++
			r.at++
		case ' ', '\t', '\r', '\v', '\f':
			r.at++
		case '#':
			n := strings.IndexByte(r.text[r.at:], '\n')
			if n < 0 {
				n = len(r.text) - r.at
			}
			r.at += n
		default:
			return c
		}
	}
	return 0
}

// word reads up to a blank, a bracket or a quote.
func (r *gml) word() string {
	if r.peek() == 0 {
		return ""
	}
	from := r.at
	for r.at < len(r.text) && !strings.ContainsRune(" \t\r\n\v\f[]\"#", rune(r.text[r.at])) {
		r.at++
	}
	return r.text[from:r.at]
}

// value reads a number or a quoted text.
func (r *gml) value() (string, bool) {
	if r.peek() != '"' {
		w := r.word()
		return w, w != ""
	}
	n := strings.IndexByte(r.text[r.at+1:], '"')
	if n < 0 {
		r.at = len(r.text)
		return "", false
	}
	v := r.text[r.at+1 : r.at+1+n]
	r.line += int32(strings.Count(v, "\n"))
	r.at += n + 2
	return entities(v), true
}

// entities resolves what stands between & and ; where that is an entity of HTML.
func entities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	var b strings.Builder
	for s != "" {
		before, rest, found := strings.Cut(s, "&")
		b.WriteString(before)
		if !found {
			break
		}
		n := strings.IndexByte(rest[:min(len(rest), 12)], ';')
		if n < 0 {
			b.WriteByte('&')
			s = rest
			continue
		}
		b.WriteString(html.UnescapeString("&" + rest[:n+1]))
		s = rest[n+1:]
	}
	return b.String()
}

func (r *gml) node(n node) error {
	n.id = take(&n.attrs, "id")
	label := ""
	for _, a := range n.attrs {
		if strings.EqualFold(a.name, "label") {
			label = a.value
			break
		}
	}
	if n.id == "" {
		n.id = label
	}
	if n.id == "" {
		return fault.New(fault.MissingAttribute, r.file.Place(n.line), "the node has neither id nor label")
	}
	if old, twice := r.index[n.id]; twice {
		return fault.New(fault.DuplicateID, r.file.Place(n.line), "node %q is declared twice, first in line %d", draft.Clip(n.id), r.g.nodes[old].line)
	}
	at := int32(len(r.g.nodes))
	r.index[n.id] = at
	if _, taken := r.labels[label]; taken {
		at = -1
	}
	r.labels[label] = at
	r.g.nodes = append(r.g.nodes, n)
	return nil
}

func (r *gml) edge(e edge) error {
	source, target := take(&e.attrs, "source"), take(&e.attrs, "target")
	if source == "" || target == "" {
		return fault.New(fault.MissingAttribute, r.file.Place(e.line), "an edge needs both source and target")
	}
	e.id = take(&e.attrs, "id")
	r.g.edges = append(r.g.edges, e)
	r.ends = append(r.ends, [2]string{source, target})
	return nil
}

// take removes the first attribute of that name and gives its value.
func take(list *[]attr, name string) string {
	for i, a := range *list {
		if strings.EqualFold(a.name, name) {
			*list = append((*list)[:i], (*list)[i+1:]...)
			return a.value
		}
	}
	return ""
}

// finish looks the ends of edges up, by id or, where no node has that id, by a label that
// one node alone has.
func (r *gml) finish() (*graph, error) {
	g := r.g
	directed := false
	for _, a := range g.attrs {
		if strings.EqualFold(a.name, "directed") {
			directed = a.value == "1" || strings.EqualFold(a.value, "true")
		}
	}
	var faults fault.List
	for i := range g.edges {
		e := &g.edges[i]
		e.directed = directed
		for k, end := range [2]*int32{&e.a, &e.b} {
			name := r.ends[i][k]
			at, ok := r.index[name]
			if !ok {
				at, ok = r.labels[name]
			}
			if !ok || at < 0 {
				faults.Addf(fault.UnknownNode, r.file.Place(e.line), "an end of the edge is %q, which is no node of the file", draft.Clip(name))
			}
			*end = at
		}
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	return g, nil
}
