package descriptors

import (
	"bytes"
	"errors"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// spot is a place in an input, without the file.
type spot struct {
	file      int32 // into the decoder's list of files
	line, col int32
}

// walker reads one file element by element against the language's table. It reports
// what does not fit and goes on; only ill-formed XML ends a file.
type walker struct {
	sc     *xmlscan.Scanner
	root   *element
	name   string // of the file
	faults *fault.List
	err    error  // ill-formed, or unreadable: the file has been given up
	tags   [6]tag // by depth; the language is at most four deep

	damaged map[fault.Place]bool // where elements with faulty attributes stand
}

// tag is an opened element: its attributes, parsed by their kinds.
type tag struct {
	el    *element
	pos   xmlscan.Pos
	vals  []value
	free  []freeAttr
	where fault.Place
}

// value is one attribute: text as written, and what its kind made of it.
type value struct {
	set bool
	bad bool
	s   string
	n   int64
	u   uint32
	f   float64
	q   model.QueueLimit
}

// freeAttr is an attribute that the table leaves to somebody else.
type freeAttr struct {
	name, value string
	where       fault.Place
}

func (w *walker) place(p xmlscan.Pos, element, attribute string) fault.Place {
	return fault.Place{File: w.name, Line: int(p.Line), Column: int(p.Column), Element: element, Attribute: attribute}
}

// full counts a fault that will not be kept, and says so: making its text is saved.
func (w *walker) full() bool {
	if w.faults.Full() {
		w.faults.Total++
		return true
	}
	return false
}

// next moves to the next token and turns what is wrong with the XML into a fault.
func (w *walker) next() xmlscan.Kind {
	if w.err != nil {
		return xmlscan.EOF
	}
	k, err := w.sc.Next()
	if err != nil {
		w.fail(err)
		return xmlscan.EOF
	}
	return k
}

func (w *walker) fail(err error) {
	w.err = err
	var syntax *xmlscan.SyntaxError
	if !errors.As(err, &syntax) {
		w.faults.Addf(fault.FileMissing, fault.Place{File: w.name}, "%v", err)
		return
	}
	code := fault.Syntax
	switch syntax.Code {
	case xmlscan.TooLarge:
		code = fault.Limit
	case xmlscan.Encoding, xmlscan.Binary, xmlscan.Character:
		code = fault.Encoding
	}
	w.faults.Add(fault.Fault{Code: code, Place: w.place(syntax.Pos, "", ""), What: syntax.What})
}

// each reads the children of the element whose start was read last. For each known
// child it calls visit, which must read on to the child's end.
func (w *walker) each(parent *element, visit func(child *element)) {
	w.eachFrom(w.next(), parent, visit)
}

// eachFrom is each with the first token already read.
func (w *walker) eachFrom(k xmlscan.Kind, parent *element, visit func(child *element)) {
	var seen uint64 // of children that may come once
	for ; ; k = w.next() {
		switch k {
		case xmlscan.StartElement:
			c := parent.child(w.sc.Name())
			if c == nil {
				w.unknownElement(parent)
				w.skip()
				continue
			}
			if c.once {
				for i, other := range parent.children {
					if other != c {
						continue
					}
					if seen&(1<<i) != 0 && !w.full() {
						w.faults.Addf(fault.MisplacedElement, w.place(w.sc.Pos(), c.name, ""), "<%s> holds at most one <%s>", parent.name, c.name)
					}
					seen |= 1 << i
				}
			}
			visit(c)
		case xmlscan.Text:
			w.strayText(parent)
		default: // EndElement, EOF
			return
		}
	}
}

func (w *walker) strayText(parent *element) {
	all := w.sc.Text()
	t := bytes.TrimSpace(all)
	if len(t) == 0 || w.full() {
		return
	}
	at := w.sc.Pos()
	for _, c := range all[:bytes.Index(all, t)] {
		at.Column++
		if c == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
	}
	w.faults.Addf(fault.Syntax, w.place(at, parent.name, ""), "text %q, where only elements may stand", clip(string(t)))
}

func (w *walker) unknownElement(parent *element) {
	if w.full() {
		return
	}
	name := clip(string(w.sc.Name()))
	place := w.place(w.sc.Pos(), name, "")
	if elsewhere := parentsOf(w.root, name); len(elsewhere) > 0 {
		w.faults.Addf(fault.MisplacedElement, place, "does not belong into <%s>, but into %s", parent.name, join(elsewhere, "<", ">"))
		return
	}
	f := fault.New(fault.UnknownElement, place, "<%s> has no such element", parent.name)
	if len(parent.children) == 0 {
		f.What = "<" + parent.name + "> holds no elements"
	}
	w.faults.Add(f.Suggest(name, parent.childNames()))
}

func (w *walker) skip() {
	if w.err == nil {
		if err := w.sc.Skip(); err != nil {
			w.fail(err)
		}
	}
}

// leaf reads to the end of an element that holds nothing.
func (w *walker) leaf(el *element) { w.each(el, func(*element) { w.skip() }) }

// open parses the attributes of the start tag that was read last. The tag is good until
// the next element at the same depth.
func (w *walker) open(el *element) *tag {
	t := &w.tags[min(w.sc.Depth(), len(w.tags)-1)]
	vals := t.vals[:0]
	for range el.attrs {
		vals = append(vals, value{})
	}
	*t = tag{el: el, pos: w.sc.Pos(), vals: vals}
	t.where = w.place(t.pos, el.name, "")
	attrs := w.sc.Attrs()
	before := w.faults.Total
next:
	for i := range attrs {
		for j := range el.attrs {
			if el.attrs[j].name == string(attrs[i].Name) {
				w.parse(t, j, i)
				continue next
			}
		}
		name := string(attrs[i].Name)
		if el.free {
			t.free = append(t.free, freeAttr{name, string(attrs[i].Value), w.place(w.sc.NamePos(i), el.name, name)})
			continue
		}
		if foreign(attrs[i].Name) || w.full() {
			continue
		}
		f := fault.New(fault.UnknownAttribute, w.place(w.sc.NamePos(i), el.name, clip(name)), "<%s> has no such attribute", el.name)
		if len(el.attrs) == 0 {
			f.What = "<" + el.name + "> has no attributes"
		}
		w.faults.Add(f.Suggest(name, el.attrNames()))
	}
	for j := range el.attrs {
		if el.attrs[j].required && !t.vals[j].set && !w.full() {
			w.faults.Addf(fault.MissingAttribute, fault.Place{File: w.name, Line: t.where.Line, Column: t.where.Column, Element: el.name, Attribute: el.attrs[j].name},
				"the attribute is required: %s", el.attrs[j].doc)
		}
	}
	if w.faults.Total > before && w.damaged != nil {
		w.damaged[fault.Place{File: w.name, Line: t.where.Line, Column: t.where.Column}] = true
	}
	return t
}

// foreign says whether an attribute belongs to XML's own machinery, such as the hint
// where the schema is.
func foreign(name []byte) bool {
	return bytes.HasPrefix(name, []byte("xmlns:")) || bytes.HasPrefix(name, []byte("xml:")) || bytes.HasPrefix(name, []byte("xsi:"))
}

func (w *walker) parse(t *tag, j, i int) {
	a := &t.el.attrs[j]
	raw := w.sc.Attrs()[i].Value
	v := &t.vals[j]
	v.set = true
	if len(raw) > maxValue {
		v.bad = true
		if !w.full() {
			w.faults.Addf(fault.Limit, w.place(w.sc.ValuePos(i), t.el.name, a.name), "the value has %d bytes; at most %d are read", len(raw), maxValue)
		}
		return
	}
	v.s = string(raw)
	if f := parseValue(a, v); f != nil {
		v.bad = true
		if !w.full() {
			f.Place = w.place(w.sc.ValuePos(i), t.el.name, a.name)
			w.faults.Add(*f)
		}
	}
}

// maxValue bounds attribute values; only long commands and texts come near.
const maxValue = 64 << 10

func (t *tag) at(name string) *value {
	for j := range t.el.attrs {
		if t.el.attrs[j].name == name {
			return &t.vals[j]
		}
	}
	panic("descriptors: <" + t.el.name + "> has no attribute " + name + " in the table")
}

// has says whether an attribute is there and readable.
func (t *tag) has(name string) bool { v := t.at(name); return v.set && !v.bad }

func (t *tag) text(name string) string {
	if v := t.at(name); !v.bad {
		return v.s
	}
	return ""
}

func (t *tag) int(name string) int64     { return t.at(name).n }
func (t *tag) float(name string) float64 { return t.at(name).f }
func (t *tag) bool(name string) bool     { return t.at(name).n != 0 }

// or gives the default for an attribute that is absent.
func (t *tag) or(name string, initial int64) int64 {
	if t.has(name) {
		return t.int(name)
	}
	return initial
}

func clip(s string) string { return fault.Clip(s) }

func join(words []string, before, after string) string {
	var b bytes.Buffer
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(before + w + after)
	}
	return b.String()
}
