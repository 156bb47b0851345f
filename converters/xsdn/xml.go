package xsdn

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// File is one input. Name is for error texts.
type File struct {
	Name string
	Data io.Reader
}

// Result is what the files say.
type Result struct {
	Model    *model.Network
	Warnings fault.List
	Places   model.Locator // where nodes, links and flows stand
}

// reader walks one file's elements.
type reader struct {
	sc     *xmlscan.Scanner
	file   string
	faults *fault.List
	bad    bool
}

func newReader(f File, faults *fault.List) *reader {
	return &reader{sc: xmlscan.New(f.Data, xmlscan.Limits{MaxAttrValue: 64 << 10, MaxToken: 1 << 20}), file: f.Name, faults: faults}
}

func (r *reader) next() xmlscan.Kind {
	if r.bad {
		return xmlscan.EOF
	}
	k, err := r.sc.Next()
	if err != nil {
		r.bad = true
		var syntax *xmlscan.SyntaxError
		if errors.As(err, &syntax) {
			code := fault.Syntax
			if syntax.Code == xmlscan.TooLarge {
				code = fault.Limit
			}
			r.faults.Addf(code, fault.Place{File: r.file, Line: int(syntax.Pos.Line), Column: int(syntax.Pos.Column)}, "%s", syntax.What)
		} else {
			r.faults.Addf(fault.FileMissing, fault.Place{File: r.file}, "%v", err)
		}
		return xmlscan.EOF
	}
	return k
}

// place is where the current token begins.
func (r *reader) place() fault.Place {
	p := r.sc.Pos()
	return fault.Place{File: r.file, Line: int(p.Line), Column: int(p.Column)}
}

// placeOf is where the current element begins.
func (r *reader) placeOf(element string) fault.Place {
	p := r.place()
	p.Element = element
	return p
}

// each calls visit for every child of the current element; visit reads the child to its
// end. It returns at the element's own end, with the text between the children.
func (r *reader) each(visit func(name string)) (text string) {
	var b strings.Builder
	for {
		switch r.next() {
		case xmlscan.StartElement:
			visit(string(r.sc.Name()))
		case xmlscan.Text:
			if b.Len() < 1<<20 {
				b.Write(r.sc.Text())
			}
		default:
			return strings.TrimSpace(b.String())
		}
	}
}

func (r *reader) attr(name string) string { v, _ := r.sc.Value(name); return string(v) }

// skip reads to the end of the current element, reporting that it is not known.
func (r *reader) unknown(name, parent string, known ...string) {
	if !r.faults.Full() {
		r.faults.Add(fault.New(fault.UnknownElement, r.placeOf(fault.Clip(name)), "<%s> has no such element", parent).Suggest(name, known))
	}
	r.each(r.skip)
}

func (r *reader) skip(string) { r.each(r.skip) }

// number reads a finite number that is not negative.
func (r *reader) number(at fault.Place, s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		r.faults.Addf(fault.BadNumber, at, "%q is not a finite number", fault.Clip(s))
		return 0, false
	}
	if v < 0 {
		r.faults.Addf(fault.OutOfRange, at, "%q is negative", fault.Clip(s))
		return 0, false
	}
	return v, true
}

// mention is a link as one end lists it.
type mention struct {
	from, to string
	place    fault.Place
	rate     model.Rate
	props    []model.Property
	mate     int // index of the other direction, -1 none
	second   bool
}

// pair joins mentions of two nodes by each other, one to one, in order.
func pair(list []mention) {
	open := map[[2]string][]int{}
	for i := range list {
		m := &list[i]
		m.mate = -1
		back := [2]string{m.to, m.from}
		if waiting := open[back]; len(waiting) > 0 && m.from != m.to {
			list[waiting[0]].mate, m.mate, m.second = i, waiting[0], true
			open[back] = waiting[1:]
			continue
		}
		open[[2]string{m.from, m.to}] = append(open[[2]string{m.from, m.to}], i)
	}
}

// places is the locator of a converted model.
type places struct {
	nodes, links []fault.Place
	objects      map[string][]fault.Place
}

func (p *places) NodePlace(id model.NodeID) fault.Place {
	if int(id) < len(p.nodes) {
		return p.nodes[id]
	}
	return fault.Place{Element: "node"}
}

func (p *places) LinkPlace(id model.LinkID) fault.Place {
	if int(id) < len(p.links) {
		return p.links[id]
	}
	return fault.Place{Element: "link"}
}

func (p *places) ObjectPlace(element string, i int) fault.Place {
	if list := p.objects[element]; i < len(list) {
		return list[i]
	}
	return fault.Place{Element: element}
}

var _ model.Locator = (*places)(nil)
