package xmlscan

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// startTag scans <name attribute="value" ...> at b[i]. It relies on b[i+1] being there.
func (s *Scanner) startTag(b []byte, i int) Kind {
	n := i + 1
	for uint(n) < uint(len(b)) && class[b[n]]&nameByte != 0 {
		n++
	}
	if uint(n) >= uint(len(b)) || b[n] >= utf8.RuneSelf || b[n] == ':' || class[b[i+1]]&nameStart == 0 || n-i > s.lim.MaxName {
		var k Kind
		if n, k = s.slowName(b, i+1, "an element name expected after < (a < in text must be written &lt;)"); k != None {
			return k
		}
	}
	name := b[i+1 : n]
	attrs := s.attrs[:0]
	s.scratch = s.scratch[:0]
	selfClosed := false
	for {
		if uint(n) >= uint(len(b)) {
			return s.lackInTag()
		}
		c := b[n]
		if c == '>' {
			n++
			break
		}
		spaced := class[c]&space != 0
		if spaced {
			n++
			for uint(n) < uint(len(b)) && class[b[n]]&space != 0 {
				n++
			}
			if uint(n) >= uint(len(b)) {
				return s.lackInTag()
			}
			c = b[n]
			if c == '>' {
				n++
				break
			}
		}
		if c == '/' {
			if n+1 >= len(b) {
				return s.lackInTag()
			}
			if b[n+1] != '>' {
				return s.fail(Tag, n+1, "> expected after / at the end of the tag <%s>, found %s", clip(name), show(b, n+1))
			}
			n += 2
			selfClosed = true
			break
		}
		if !spaced {
			return s.failUnspaced(b, n, name, len(attrs))
		}

		// An attribute: its name, the equals sign, its value.
		from := n
		for uint(n) < uint(len(b)) && class[b[n]]&nameByte != 0 {
			n++
		}
		if uint(n) >= uint(len(b)) || b[n] != '=' || n == from || class[b[from]]&nameStart == 0 || n-from >= s.lim.MaxName {
			var k Kind
			if n, k = s.slowName(b, from, "an attribute name, > or /> expected"); k != None {
				return k
			}
		}
		attr := b[from:n]
		if uint(n) < uint(len(b)) && b[n] != '=' {
			for uint(n) < uint(len(b)) && class[b[n]]&space != 0 {
				n++
			}
		}
		if uint(n) >= uint(len(b)) {
			return s.lackInTag()
		}
		if b[n] != '=' {
			return s.fail(Attribute, from, "the attribute %s of <%s> has no value: write %s=\"...\"", clip(attr), clip(name), clip(attr))
		}
		n++
		for uint(n) < uint(len(b)) && class[b[n]]&space != 0 {
			n++
		}
		if uint(n) >= uint(len(b)) {
			return s.lackInTag()
		}
		quote := b[n]
		if quote != '"' && quote != '\'' {
			return s.fail(Attribute, n, "the value of the attribute %s of <%s> must be quoted: %s=\"...\"", clip(attr), clip(name), clip(attr))
		}
		n++
		at, quotes := n, uint64(quote)*ones
		for n+8 <= len(b) {
			if stops := valueStops(load8(b, n), quotes); stops != 0 {
				n += firstByte(stops)
				break
			}
			n += 8
		}
		var value []byte
		if uint(n) < uint(len(b)) && b[n] == quote && n-at <= s.lim.MaxAttrValue {
			value = b[at:n]
		} else {
			var k Kind
			if value, n, k = s.slowValue(b, at, n, attr, name); k != None {
				return k
			}
		}
		n++
		if len(attrs) == s.lim.MaxAttrs {
			return s.fail(TooLarge, from, "<%s> has more than %d attributes", clip(name), s.lim.MaxAttrs)
		}
		attrs = append(attrs, Attr{Name: attr, Value: value, nameAt: int32(from - i), valueAt: int32(at - i)})
	}
	s.attrs = attrs
	if len(attrs) > 1 {
		if j, k := s.duplicate(attrs); j >= 0 {
			return s.fail(Duplicate, i+int(attrs[k].nameAt), "the attribute %s of <%s> is given twice, first at %s",
				clip(attrs[k].Name), clip(name), s.posAt(i+int(attrs[j].nameAt)))
		}
	}
	depth := len(s.open)
	if depth == 0 {
		if s.rootDone {
			return s.fail(Outside, i, "a second root element <%s>: a file has exactly one", clip(name))
		}
		s.rootDone = true
	}
	if depth >= s.lim.MaxDepth {
		return s.fail(TooLarge, i, "<%s> is nested more than %d elements deep", clip(name), s.lim.MaxDepth)
	}
	s.name, s.next = name, n
	if selfClosed {
		s.selfClosed = true
		return StartElement
	}
	s.open = append(s.open, element{off: s.off + int64(i), name: len(s.names)})
	s.names = append(s.names, name...)
	return StartElement
}

// lackInTag is for a start tag that the window cuts.
func (s *Scanner) lackInTag() Kind {
	b, i := s.b, s.next
	n := i + 1
	if n < len(b) && b[n] == '/' {
		n++
	}
	for n < len(b) && (class[b[n]]&nameByte != 0 || b[n] == ':' || b[n] >= utf8.RuneSelf) {
		n++
	}
	return s.lack("the tag <" + clip(b[i+1:n]))
}

// lack asks for more of the token that begins at s.next, and fails if there is none.
func (s *Scanner) lack(what string) Kind {
	i := s.next
	if s.more() {
		return again
	}
	return s.fail(Truncated, len(s.b), "the file ends inside %s that begins at %s", what, s.posAt(i))
}

func (s *Scanner) failUnspaced(b []byte, n int, name []byte, attrs int) Kind {
	if c := b[n]; c < 0x20 || c >= utf8.RuneSelf {
		if bad := badChar(b[n:min(n+utf8.UTFMax, len(b))], s.asciiOnly); bad == 0 {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[n:]) && s.more() {
				return again
			}
			return s.failChar(b, n)
		}
	}
	if attrs > 0 {
		return s.fail(Tag, n, "a space, > or /> expected after an attribute of <%s>, found %s", clip(name), show(b, n))
	}
	return s.fail(Tag, n, "a space, > or /> expected after the name in <%s>, found %s", clip(name), show(b, n))
}

// slowName scans the name at b[i]: all that names may be beyond ASCII letters. It answers where the name ends, or why
// it cannot: again or failed.
func (s *Scanner) slowName(b []byte, i int, expected string) (int, Kind) {
	view := b[:min(len(b), i+s.lim.MaxName+1)]
	colon := -1
	n := i
	for n < len(view) {
		c := view[n]
		if class[c]&nameByte != 0 {
			if class[c]&nameStart == 0 && (n == i || n-1 == colon) {
				break
			}
			n++
			continue
		}
		if c == ':' {
			if colon >= 0 || n == i {
				return n, s.fail(Name, n, "a name has at most one colon, between prefix and name")
			}
			colon = n
			n++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		if !utf8.FullRune(b[n:]) && s.more() {
			return n, again
		}
		if s.err != nil {
			return n, failed
		}
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 || s.asciiOnly {
			return n, s.failChar(b, n)
		}
		if n == i || n-1 == colon {
			if !isNameStart(r) {
				break
			}
		} else if !isNameRune(r) {
			break
		}
		n += size
	}
	switch {
	case n-i > s.lim.MaxName:
		return n, s.fail(TooLarge, i, "a name is longer than %d bytes", s.lim.MaxName)
	case n >= len(b):
		return n, s.lackInTag()
	case n == i:
		if badChar(b[n:n+1], false) == 0 && b[n] < utf8.RuneSelf {
			return n, s.failChar(b, n)
		}
		return n, s.fail(Name, n, "%s, found %s", expected, show(b, n))
	case colon == n-1:
		return n, s.fail(Name, n, "a name has at most one colon, between prefix and name")
	}
	return n, None
}

// slowValue scans what of the value that begins at b[at] follows b[n]: references, white space to be turned into
// spaces, and text beyond ASCII. It answers the value and where its closing quote is.
func (s *Scanner) slowValue(b []byte, at, n int, attr, name []byte) ([]byte, int, Kind) {
	quote := b[at-1]
	view := b[:min(len(b), at+s.lim.MaxAttrValue+1)]
	buf, kept, copied := s.scratch, len(s.scratch), at
	quotes := uint64(quote) * ones
	n = at
	for {
		for n+8 <= len(view) {
			if stops := valueStops(load8(view, n), quotes); stops != 0 {
				n += firstByte(stops)
				break
			}
			n += 8
		}
		if n >= len(view) {
			if len(view) < len(b) || len(view) == at+s.lim.MaxAttrValue+1 {
				return nil, n, s.fail(TooLarge, at, "the value of the attribute %s of <%s> is longer than %d bytes",
					clip(attr), clip(name), s.lim.MaxAttrValue)
			}
			return nil, n, s.lackInTag()
		}
		switch c := view[n]; {
		case c == quote:
			s.scratch = buf
			if copied == at {
				return b[at:n:n], n, None
			}
			s.scratch = append(buf, b[copied:n]...)
			return s.scratch[kept:len(s.scratch):len(s.scratch)], n, None
		case c == '<':
			return nil, n, s.fail(Attribute, n, "< in the value of the attribute %s of <%s> must be written &lt; "+
				"(or the closing quote is missing)", clip(attr), clip(name))
		case c == '&':
			buf = append(buf, b[copied:n]...)
			size, k := 0, None
			if buf, size, k = s.reference(b, n, buf); k != None {
				return nil, n, k
			}
			n += size
			copied = n
		case class[c]&space != 0 && c != ' ':
			if c == '\r' {
				if n+1 >= len(b) {
					return nil, n, s.lackInTag()
				}
				if b[n+1] == '\n' {
					buf = append(buf, b[copied:n]...)
					copied = n + 1
					n++
				}
			}
			buf = append(append(buf, b[copied:n]...), ' ')
			n++
			copied = n
		case c < 0x20:
			return nil, n, s.failChar(b, n)
		case c < utf8.RuneSelf:
			n++
		default:
			size, k := s.character(b, n)
			if k == again && s.more() {
				return nil, n, again
			}
			if k != None {
				return nil, n, s.failChar(b, n)
			}
			n += size
		}
	}
}

// duplicate finds the first attribute that repeats an earlier one: the two indices, or -1.
func (s *Scanner) duplicate(attrs []Attr) (int, int) {
	if len(attrs) <= 12 {
		for k := 1; k < len(attrs); k++ {
			name := attrs[k].Name
			for j := range k {
				if other := attrs[j].Name; len(other) == len(name) && string(other) == string(name) {
					return j, k
				}
			}
		}
		return -1, -1
	}
	s.order = s.order[:0]
	for k := range attrs {
		s.order = append(s.order, int32(k))
	}
	slices.SortFunc(s.order, func(j, k int32) int {
		if c := bytes.Compare(attrs[j].Name, attrs[k].Name); c != 0 {
			return c
		}
		return int(j - k)
	})
	first, second := -1, -1
	for x := 1; x < len(s.order); x++ {
		j, k := int(s.order[x-1]), int(s.order[x])
		if (second < 0 || k < second) && bytes.Equal(attrs[j].Name, attrs[k].Name) {
			first, second = j, k
		}
	}
	return first, second
}

// endTag scans </name> at b[i].
func (s *Scanner) endTag(b []byte, i int) Kind {
	n := i + 2
	if len(s.open) > 0 {
		top := s.top()
		if e := n + len(top); uint(e) < uint(len(b)) && b[e] == '>' && string(b[n:e]) == string(top) {
			s.pop(b[n:e], e+1)
			return EndElement
		}
	}
	if n >= len(b) {
		return s.lackInTag()
	}
	e, k := s.slowName(b, n, "an element name expected after </")
	if k != None {
		return k
	}
	name := b[n:e]
	for n = e; n < len(b) && class[b[n]]&space != 0; n++ {
	}
	if n >= len(b) {
		return s.lackInTag()
	}
	if b[n] != '>' {
		if badChar(b[n:n+1], false) == 0 && b[n] < utf8.RuneSelf {
			return s.failChar(b, n)
		}
		if b[n] >= utf8.RuneSelf && !utf8.FullRune(b[n:]) && s.more() {
			return again
		}
		return s.fail(Tag, n, "> expected at the end of </%s>, found %s", clip(name), show(b, n))
	}
	if len(s.open) == 0 {
		return s.fail(Mismatch, i, "</%s> closes nothing: no element is open", clip(name))
	}
	if !bytes.Equal(name, s.top()) {
		return s.fail(Mismatch, i, "</%s> does not match <%s> opened at %s", clip(name), clip(s.top()), s.openedAt(len(s.open)-1))
	}
	s.pop(name, n+1)
	return EndElement
}

// pop closes the innermost element.
func (s *Scanner) pop(name []byte, next int) {
	last := len(s.open) - 1
	s.names = s.names[:s.open[last].name]
	s.open = s.open[:last]
	s.placed = min(s.placed, last)
	s.attrs = s.attrs[:0]
	s.name, s.next = name, next
}
