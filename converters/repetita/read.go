package repetita

import (
	"math"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
)

// Is says whether a file looks like one of REPETITA's.
func Is(f draft.File) bool {
	text, err := draft.Text(draft.File{Data: f.Data[:min(len(f.Data), 4<<10)]})
	if err != nil {
		return false
	}
	section := ""
	for l := range draft.Lines(text) {
		fields := strings.Fields(l.Text)
		switch {
		case len(fields) == 0:
		case section == "":
			if len(fields) != 2 || fields[0] != "NODES" && fields[0] != "DEMANDS" {
				return false
			}
			if _, err := draft.Count(fields[1], math.MaxInt32); err != nil {
				return false
			}
			section = fields[0]
		default:
			return fields[0] == "label"
		}
	}
	return false
}

// table is one section: rows of words under named columns.
type table struct {
	name      string
	announced int64
	columns   map[string]int
	rows      int64
	line      int32
}

// file reads one file, row by row.
type file struct {
	f      draft.File
	faults *fault.List
	warn   *fault.List
}

// sections are the columns that each kind of section must have.
func sections() map[string][]string {
	return map[string][]string{
		"NODES":   {"label", "x", "y"},
		"EDGES":   {"label", "src", "dest", "weight", "bw", "delay"},
		"DEMANDS": {"label", "src", "dest", "bw"},
	}
}

// row is one line of a section.
type row struct {
	t      *table
	fields []string
	line   int32
	r      *file
}

// read calls visit for every row. It answers the names of the sections that were there.
func (r *file) read(visit func(row)) (seen map[string]bool) {
	seen = map[string]bool{}
	text, err := draft.Text(r.f)
	if err != nil {
		if f, ok := err.(fault.Fault); ok {
			r.faults.Add(f)
		}
		return seen
	}
	known := sections()
	var t *table
	for l := range draft.Lines(text) {
		if r.faults.Full() {
			return seen
		}
		fields := strings.Fields(l.Text)
		if len(fields) == 0 {
			continue
		}
		if _, is := known[fields[0]]; is && len(fields) == 2 && (t == nil || t.columns != nil) {
			r.closed(t)
			n, err := draft.Count(fields[1], math.MaxInt32)
			if err != nil {
				r.faults.Addf(fault.BadNumber, r.f.Place(l.No), "%s: %v", fields[0], err)
			}
			if seen[fields[0]] {
				r.faults.Addf(fault.DuplicateID, r.f.Place(l.No), "a second section %s", fields[0])
			}
			t, seen[fields[0]] = &table{name: fields[0], announced: n, line: l.No}, true
			continue
		}
		switch {
		case t == nil:
			r.faults.Addf(fault.Syntax, r.f.Place(l.No), "%q stands before any section; a file begins with NODES or DEMANDS and their number", draft.Clip(l.Text))
			return seen
		case t.columns == nil:
			if !r.header(t, fields, known[t.name], l.No) {
				return seen
			}
		default:
			t.rows++
			if len(fields) < len(t.columns) {
				r.faults.Addf(fault.Syntax, r.f.Place(l.No), "a row of %s has %d columns; this one has %d", t.name, len(t.columns), len(fields))
				continue
			}
			visit(row{t, fields, l.No, r})
		}
	}
	r.closed(t)
	return seen
}

// header reads the line that names the columns.
func (r *file) header(t *table, fields, needed []string, line int32) bool {
	t.columns = map[string]int{}
	for i, name := range fields {
		t.columns[name] = i
	}
	for _, name := range needed {
		if _, ok := t.columns[name]; !ok {
			r.faults.Add(fault.New(fault.MissingAttribute, r.f.Place(line), "the section %s has no column %q; its columns are %s", t.name, name, strings.Join(needed, " ")))
			return false
		}
	}
	return true
}

// closed compares a section with its announcement.
func (r *file) closed(t *table) {
	switch {
	case t == nil:
	case t.columns == nil:
		r.faults.Addf(fault.Syntax, r.f.Place(t.line), "the section %s ends before the line that names its columns", t.name)
	case t.rows < t.announced:
		r.faults.Addf(fault.Syntax, r.f.Place(t.line), "the section %s announces %d rows; %d are there", t.name, t.announced, t.rows)
	case t.rows > t.announced:
		r.warn.Addf(fault.Syntax, r.f.Place(t.line), "the section %s announces %d rows; %d are there, and all are read", t.name, t.announced, t.rows)
	}
}

func (w row) text(column string) string { return w.fields[w.t.columns[column]] }

// number reads a finite number.
func (w row) number(column string) float64 {
	v, err := draft.Number(w.text(column))
	if err != nil {
		w.r.faults.Addf(fault.BadNumber, w.r.f.Place(w.line), "%s: %v", column, err)
	}
	return v
}

// quantity reads a number that is not negative.
func (w row) quantity(column string) float64 {
	v := w.number(column)
	if v < 0 {
		w.r.faults.Addf(fault.OutOfRange, w.r.f.Place(w.line), "%s is negative: %s", column, draft.Clip(w.text(column)))
		return 0
	}
	return v
}

// node reads the index of one of n nodes.
func (w row) node(column string, n int) int32 {
	v, err := draft.Count(w.text(column), math.MaxInt32)
	switch {
	case err != nil:
		w.r.faults.Addf(fault.BadNumber, w.r.f.Place(w.line), "%s: %v", column, err)
	case v >= int64(n):
		w.r.faults.Addf(fault.UnknownNode, w.r.f.Place(w.line), "%s is node %d; the network has %d, counted from 0", column, v, n)
		return 0
	}
	return int32(v)
}
