package caida

import (
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like a list of edges: its first rows have two columns at
// least, all with the same separator, and the first two are ids. Words that all have a
// number behind them, and nothing else, are somebody's settings.
func Is(f draft.File) bool {
	head := f.Data[:min(len(f.Data), 16384)]
	whole := len(head) == len(f.Data)
	text, err := draft.Text(draft.File{Name: f.Name, Data: head})
	if err != nil {
		return false
	}
	if _, _, ok := inetHeader(text); ok {
		return true
	}
	if !whole { // the last line may be cut
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	rows, columns, settings := 0, 0, true
	from, to, named, sep := 0, 1, false, byte(0)
	for l := range draft.Lines(text) {
		line := strings.TrimSpace(l.Text)
		if line == "" || comment(line) {
			continue
		}
		if rows++; rows > 20 {
			break
		}
		if rows == 1 {
			first, second := firstRows(text)
			sep = separator(first)
			_, from, to, named = header(cells(nil, first, sep), cells(nil, second, sep))
		}
		fields := cells(nil, line, separator(line))
		if len(fields) < 2 || max(from, to) >= len(fields) || !named && !(id(fields[from]) && id(fields[to])) || named && separator(line) != sep {
			return false
		}
		settings = settings && !named && len(fields) == 2 && !number(fields[0]) && number(fields[1])
		if len(fields[0]) == 1 && strings.Contains("TMDI", fields[0]) {
			continue // rows of CAIDA's AS links have as many columns as they like
		}
		if columns == 0 {
			columns = len(fields)
		}
		if columns != len(fields) || columns > 12 {
			return false
		}
		if sep := separator(line); sep == ' ' && columns > 2 && rows > 1 && !named && !value(fields[2]) {
			return false // prose
		}
	}
	return rows > 0 && !settings
}

// id says whether a word may name a node: letters, digits and a few marks.
func id(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-+/:'\"", r) || r > 0x7f) {
			return false
		}
	}
	return true
}

// value says whether a word can stand in a third column: a number, or networkx's
// dictionary.
func value(s string) bool {
	_, err := draft.Number(s)
	return err == nil || strings.HasPrefix(s, "{")
}

func comment(line string) bool {
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "%") || strings.HasPrefix(line, "//")
}

// Read reads one file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.BadChoice, fault.Place{File: files[1].Name}, "a list of edges is one file")
	}
	text, err := draft.Text(files[0])
	if err != nil {
		return nil, err
	}
	if n, m, ok := inetHeader(text); ok {
		return readInet(files[0], text, n, m)
	}
	r := &reader{f: files[0], index: map[string]int32{}, n: &draft.Network{File: files[0].Name, Format: "list of edges"}}
	first, second := firstRows(text)
	r.sep = separator(first)
	if named := cells(nil, first, r.sep); len(named) > 0 {
		r.columns, r.from, r.to, r.named = header(named, cells(nil, second, r.sep))
		if r.named {
			r.n.Notes = append(r.n.Notes, "the first row names the columns: "+draft.Clip(strings.Join(named, ", ")))
		}
	}
	for l := range draft.Lines(text) {
		line := strings.TrimSpace(l.Text)
		if line == "" || comment(line) {
			continue
		}
		if r.faults.Full() {
			break
		}
		r.row(l.No, line)
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	if len(r.n.Links) == 0 {
		return nil, fault.New(fault.Syntax, fault.Place{File: files[0].Name}, "no row has two nodes")
	}
	r.mirrors()
	if r.format != "" {
		r.n.Format = r.format
	}
	return r.n, nil
}

type reader struct {
	f       draft.File
	n       *draft.Network
	faults  fault.List
	index   map[string]int32
	sep     byte
	rows    int
	fields  []string // of the row at hand
	named   bool     // the first row is a header
	columns []string // of a header, or nil
	from    int      // the columns of the ends
	to      int
	format  string
	prefix  string // of labels
}

func (r *reader) node(name string, line int32) int32 {
	i, ok := r.index[name]
	if !ok {
		i = int32(len(r.n.Nodes))
		name = strings.Clone(name)
		r.index[name] = i
		n := draft.Node{ID: name, Line: line}
		if r.prefix != "" {
			n.Label = r.prefix + name
		}
		r.n.Nodes = append(r.n.Nodes, n)
	}
	return i
}

func (r *reader) row(line int32, text string) {
	if r.rows++; r.rows == 1 && r.named {
		return
	}
	r.fields = cells(r.fields, text, r.sep)
	fields := r.fields
	if len(fields) < 2 {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "%q: a row has two nodes at least", draft.Clip(text))
		return
	}
	if r.sep == '|' && r.relation(line, fields) || r.links(line, fields) {
		return
	}
	l := draft.Link{Line: line}
	from, to := r.from, r.to
	if max(from, to) >= len(fields) || !r.named && !(id(fields[from]) && id(fields[to])) || fields[from] == "" || fields[to] == "" {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "%q: no two nodes", draft.Clip(text))
		return
	}
	l.A, l.B = r.node(fields[from], line), r.node(fields[to], line)
	r.rest(&l, fields)
	r.n.Links = append(r.n.Links, l)
}

// relation reads "a|b|r[|source]" of CAIDA's AS relationships.
func (r *reader) relation(line int32, fields []string) bool {
	if len(fields) < 3 {
		return false
	}
	words := map[string]string{"-1": "provider of", "0": "peer of", "2": "sibling of", "1": "customer of"}
	what, ok := words[fields[2]]
	if !ok {
		return false
	}
	r.format, r.prefix = "CAIDA AS relationships", "AS"
	if _, err := draft.Count(fields[0], 1<<32); err != nil {
		r.prefix = ""
	}
	l := draft.Link{A: r.node(fields[0], line), B: r.node(fields[1], line), Line: line,
		Properties: []model.Property{{Name: "relationship", Value: what}}}
	if len(fields) > 3 && fields[3] != "" {
		l.Properties = append(l.Properties, model.Property{Name: "relationship.source", Value: strings.Clone(fields[3])})
	}
	r.n.Links = append(r.n.Links, l)
	return true
}

// links reads the rows of CAIDA's AS links: "D from to monitors..." saw the link itself,
// "I from to gap monitors..." saw it across unknown hops; T and M rows are about the
// measurement. An AS may be a set, as "7018_1239" or "1,2".
func (r *reader) links(line int32, fields []string) bool {
	first := fields[0]
	if r.columns != nil || r.sep != '\t' && r.sep != ' ' || len(first) != 1 || !strings.Contains("TMDI", first) || r.rows > 1 && r.format == "" {
		return false
	}
	r.format, r.prefix = "CAIDA AS links", "AS"
	switch {
	case first == "T" || first == "M":
		return true
	case len(fields) < 3:
		r.faults.Addf(fault.Syntax, r.f.Place(line), "a row %s has two ASes at least", first)
		return true
	}
	l := draft.Link{A: r.node(fields[1], line), B: r.node(fields[2], line), Line: line}
	if first == "I" {
		l.Properties = append(l.Properties, model.Property{Name: "caida.indirect", Value: "true"})
	}
	r.n.Links = append(r.n.Links, l)
	return true
}

// mirrors joins the two directions of links where every row has its mirror image.
func (r *reader) mirrors() {
	if r.format == "CAIDA AS relationships" {
		return
	}
	count := make(map[[2]int32]int32, len(r.n.Links))
	for _, l := range r.n.Links {
		if l.A != l.B {
			count[[2]int32{l.A, l.B}]++
		}
	}
	for key, c := range count {
		if count[[2]int32{key[1], key[0]}] != c {
			return
		}
	}
	if len(count) == 0 {
		return
	}
	waiting := make(map[[2]int32][]int32, len(count)/2)
	out := r.n.Links[:0:0]
	for _, l := range r.n.Links {
		back := [2]int32{l.B, l.A}
		if list := waiting[back]; l.A != l.B && len(list) > 0 {
			there := &out[list[0]]
			waiting[back] = list[1:]
			if l.Spec != there.Spec {
				spec := l.Spec
				there.Back = &spec
			}
			continue
		}
		if l.A != l.B {
			key := [2]int32{l.A, l.B}
			waiting[key] = append(waiting[key], int32(len(out)))
		}
		out = append(out, l)
	}
	r.n.Notes = append(r.n.Notes, fmt.Sprintf("every one of the %d rows has its mirror image: two rows are one link", len(r.n.Links)))
	r.n.Links = out
}
