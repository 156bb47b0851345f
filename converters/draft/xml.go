package draft

import (
	"bytes"
	"errors"
	"strings"

	"sendim/core/fault"
	"sendim/descriptors/xmlscan"
)

// XML walks the elements of an XML file. A fault of the text ends the walk: everything
// that follows answers as at the file's end, and the fault is in the list given to OpenXML.
type XML struct {
	sc     *xmlscan.Scanner
	file   File
	faults *fault.List
	bad    bool
}

// OpenXML begins to read a file. White space between elements counts as text.
func OpenXML(f File, faults *fault.List) *XML {
	x := &XML{sc: xmlscan.NewBytes(f.Data, xmlscan.Limits{MaxDepth: 100, MaxAttrValue: 64 << 10, MaxBytes: maxFile}), file: f, faults: faults}
	x.sc.Keep(xmlscan.Spaces)
	return x
}

func (x *XML) next() xmlscan.Kind {
	if x.bad {
		return xmlscan.EOF
	}
	k, err := x.sc.Next()
	if err == nil {
		return k
	}
	x.bad = true
	var syntax *xmlscan.SyntaxError
	if errors.As(err, &syntax) {
		code := fault.Syntax
		switch syntax.Code {
		case xmlscan.TooLarge:
			code = fault.Limit
		case xmlscan.Encoding, xmlscan.Binary:
			code = fault.Encoding
		}
		x.faults.Addf(code, fault.Place{File: x.file.Name, Line: int(syntax.Pos.Line), Column: int(syntax.Pos.Column)}, "%s", syntax.What)
	} else {
		x.faults.Addf(fault.FileMissing, fault.Place{File: x.file.Name}, "%v", err)
	}
	return xmlscan.EOF
}

// Bad says that the text is at fault, so that nothing more will come.
func (x *XML) Bad() bool { return x.bad }

// Root moves to the root element and gives its name without prefix; "" if there is none.
func (x *XML) Root() string {
	for {
		switch x.next() {
		case xmlscan.StartElement:
			return x.Name()
		case xmlscan.EOF:
			return ""
		}
	}
}

// Name is the current element's name without prefix.
func (x *XML) Name() string { return string(xmlscan.Local(x.sc.Name())) }

// Each calls visit with the name, without prefix, of every child of the current element;
// visit reads the child to its end, by Each, Text or Skip. It returns at the element's
// own end, with the text between the children.
func (x *XML) Each(visit func(name string)) (text string) {
	var b strings.Builder
	first := ""
	for {
		switch x.next() {
		case xmlscan.StartElement:
			visit(x.Name())
		case xmlscan.Text:
			if first == "" && b.Len() == 0 { // nearly always the only piece
				first = string(x.sc.Text())
				continue
			}
			if b.Len() == 0 {
				b.WriteString(first)
			}
			if b.Len() < 1<<20 {
				b.Write(x.sc.Text())
			}
		default:
			if b.Len() > 0 {
				return b.String()
			}
			return first
		}
	}
}

// Text reads the current element to its end and gives its own text, trimmed.
func (x *XML) Text() string { return strings.TrimSpace(x.Each(x.Skip)) }

// Skip reads the current element to its end.
func (x *XML) Skip(string) { _ = x.Each(x.Skip) }

// Attr is an attribute of the element whose start was read last, or "".
func (x *XML) Attr(name string) string {
	v, _ := x.sc.Value(name)
	return string(v)
}

// Line is the line on which the current token begins.
func (x *XML) Line() int32 { return x.sc.Pos().Line }

// Finish reads what follows the root element, which must be nothing.
func (x *XML) Finish() {
	for x.next() != xmlscan.EOF {
	}
}

// RootOf is the name, without prefix, of the root element that a file's first kilobytes
// begin with, or "" for what does not look like XML. It serves to tell files apart.
func RootOf(f File) string {
	b := bytes.TrimPrefix(f.Data[:min(len(f.Data), 8<<10)], []byte("\xef\xbb\xbf"))
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		end := ">"
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(b, []byte("<!")):
		case bytes.HasPrefix(b, []byte("<")):
			n := bytes.IndexAny(b, " \t\r\n/>")
			if n < 2 {
				return ""
			}
			return string(xmlscan.Local(b[1:n]))
		default:
			return ""
		}
		_, rest, found := bytes.Cut(b, []byte(end))
		if !found {
			return ""
		}
		b = rest
	}
}
