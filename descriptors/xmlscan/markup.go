package xmlscan

import (
	"bytes"
	"unicode/utf8"
)

// declaration scans what begins with <! at b[i]: a comment, a CDATA section, or what is refused.
func (s *Scanner) declaration(b []byte, i int) Kind {
	const comment, cdata, doctype = "<!--", "<![CDATA[", "<!DOCTYPE"
	rest := b[i:]
	switch {
	case bytes.HasPrefix(rest, []byte(comment)):
		return s.comment(b, i)
	case bytes.HasPrefix(rest, []byte(cdata)):
		return s.cdata(b, i)
	case bytes.HasPrefix(rest, []byte(doctype)):
		return s.fail(Doctype, i, "<!DOCTYPE> is refused: document type definitions and entities are not supported; remove it")
	case isPrefix(rest, comment), isPrefix(rest, cdata), isPrefix(rest, doctype):
		return s.lack("<!...")
	}
	return s.fail(Markup, i, "<! must begin a comment <!-- ... --> or a CDATA section <![CDATA[ ... ]]>")
}

func isPrefix(b []byte, of string) bool { return len(b) < len(of) && string(b) == of[:len(b)] }

// content finds the first end at or after b[from].
func content(b []byte, from int, end string) (int, bool) {
	n := bytes.Index(b[from:], []byte(end))
	return from + n, n >= 0
}

func (s *Scanner) comment(b []byte, i int) Kind {
	from := i + len("<!--")
	n, ok := content(b, from, "--")
	if !ok || n+2 >= len(b) {
		return s.lack("the comment")
	}
	if bad := badChar(b[from:n], s.asciiOnly); bad >= 0 {
		return s.failChar(b, from+bad)
	}
	if b[n+2] != '>' {
		return s.fail(Markup, n, "-- is not allowed inside a comment (it begins at %s)", s.posAt(i))
	}
	s.next = n + len("-->")
	if s.keep&Comments == 0 {
		return dropped
	}
	s.text, s.attrs = s.lines(b[from:n]), s.attrs[:0]
	return Comment
}

func (s *Scanner) cdata(b []byte, i int) Kind {
	if len(s.open) == 0 {
		return s.fail(Outside, i, "a CDATA section outside the root element")
	}
	from := i + len("<![CDATA[")
	n, ok := content(b, from, "]]>")
	if !ok {
		return s.lack("the CDATA section")
	}
	if bad := badChar(b[from:n], s.asciiOnly); bad >= 0 {
		return s.failChar(b, from+bad)
	}
	s.next = n + len("]]>")
	s.text, s.attrs = s.lines(b[from:n]), s.attrs[:0]
	return Text
}

// instruction scans <?target content?> at b[i].
func (s *Scanner) instruction(b []byte, i int) Kind {
	from := i + len("<?")
	n, ok := content(b, from, "?>")
	if !ok {
		return s.lack("the processing instruction")
	}
	if bad := badChar(b[from:n], s.asciiOnly); bad >= 0 {
		return s.failChar(b, from+bad)
	}
	e, k := s.slowName(b, from, "the target of a processing instruction expected after <?")
	if k != None {
		return k
	}
	target := b[from:e]
	switch {
	case e > n || e < n && class[b[e]]&space == 0:
		return s.fail(Markup, e, "a space or ?> expected after <?%s, found %s", clip(target), show(b, e))
	case bytes.IndexByte(target, ':') >= 0:
		return s.fail(Name, from, "the target of a processing instruction has no colon")
	case string(target) == "xml":
		return s.fail(Declaration, i, "<?xml ...?> is allowed only at the very beginning of the file, without anything before it")
	case bytes.EqualFold(target, []byte("xml")):
		return s.fail(Declaration, i, "<?%s is reserved; the XML declaration is written <?xml", target)
	}
	s.next = n + len("?>")
	if s.keep&ProcInsts == 0 {
		return dropped
	}
	s.name, s.text, s.attrs = target, s.lines(bytes.TrimLeft(b[e:n], " \t\r\n")), s.attrs[:0]
	return ProcInst
}

// prologue looks at the input's first bytes: what it is, in which encoding, and whether it begins with an XML
// declaration. It answers false if there is nothing to scan.
func (s *Scanner) prologue() bool {
	if !s.more() && s.err != nil {
		return false
	}
	b := s.b
	for _, f := range []struct {
		code         Code
		begins, what string
	}{
		{Encoding, "\x00\x00\xFE\xFF", "the encoding UTF-32 is not supported; save the file as UTF-8"},
		{Encoding, "\xFF\xFE\x00\x00", "the encoding UTF-32 is not supported; save the file as UTF-8"},
		{Encoding, "\xFE\xFF", "the encoding UTF-16 is not supported; save the file as UTF-8"},
		{Encoding, "\xFF\xFE", "the encoding UTF-16 is not supported; save the file as UTF-8"},
		{Encoding, "<\x00", "the encoding UTF-16 is not supported; save the file as UTF-8"},
		{Encoding, "\x00<", "the encoding UTF-16 is not supported; save the file as UTF-8"},
		{Binary, "\x1F\x8B", "gzip data, not XML: unpack the file first"},
		{Binary, "PK\x03\x04", "a zip archive, not XML: unpack the file first"},
		{Binary, "\xFD7zXZ\x00", "xz data, not XML: unpack the file first"},
		{Binary, "\x28\xB5\x2F\xFD", "zstd data, not XML: unpack the file first"},
		{Binary, "BZh", "bzip2 data, not XML: unpack the file first"},
	} {
		if bytes.HasPrefix(b, []byte(f.begins)) {
			s.fail(f.code, 0, "%s", f.what)
			return false
		}
	}
	marked := bytes.HasPrefix(b, []byte("\xEF\xBB\xBF"))
	if marked {
		s.base.off = 3
		s.at, s.next, s.tok = s.base, 3, 3
	}
	i := s.next
	if rest := b[i:]; len(rest) < 6 || string(rest[:5]) != "<?xml" || class[rest[5]]&(nameByte) != 0 || rest[5] >= utf8.RuneSelf || rest[5] == ':' {
		return true
	}
	return s.xmlDeclaration(b[i:min(len(b), i+1024)], i, marked) != failed
}

// xmlDeclaration reads <?xml version="1.0" encoding="..." standalone="..."?>, which begins view. A failure of its form
// is told with the form that is expected.
func (s *Scanner) xmlDeclaration(view []byte, at int, marked bool) Kind {
	end := bytes.Index(view, []byte("?>"))
	if end < 0 {
		if bad := badChar(view, false); bad >= 0 && view[bad] < utf8.RuneSelf {
			return s.failChar(s.b, at+bad)
		}
		return s.fail(Declaration, at, "the XML declaration <?xml is not closed by ?>")
	}
	var given [3]string
	var where [3]int
	names := [3]string{"version", "encoding", "standalone"}
	n, which := len("<?xml"), 0
	for {
		from := n
		for n < end && class[view[n]]&space != 0 {
			n++
		}
		if n == end {
			break
		}
		for which < 3 && !bytes.HasPrefix(view[n:end], []byte(names[which])) {
			which++
		}
		if n == from || which == 3 {
			return s.badDeclaration(at + n)
		}
		e := n + len(names[which])
		for ; e < end && class[view[e]]&space != 0; e++ {
		}
		if e >= end || view[e] != '=' {
			return s.badDeclaration(at + e)
		}
		for e++; e < end && class[view[e]]&space != 0; e++ {
		}
		if e >= end || view[e] != '"' && view[e] != '\'' {
			return s.badDeclaration(at + e)
		}
		size := bytes.IndexByte(view[e+1:end], view[e])
		if size < 0 {
			return s.badDeclaration(at + e)
		}
		given[which], where[which] = string(view[e+1:e+1+size]), at+e+1
		if size == 0 {
			return s.badDeclaration(at + e)
		}
		n = e + 1 + size + 1
		which++
	}
	switch {
	case given[0] == "":
		return s.badDeclaration(at)
	case given[0] != "1.0":
		return s.fail(Declaration, where[0], "XML version %q is not supported; 1.0 is", given[0])
	case given[2] != "" && given[2] != "yes" && given[2] != "no":
		return s.fail(Declaration, where[2], "standalone must be yes or no")
	}
	s.next = at + end + len("?>")
	s.tok = s.next
	switch charset := bytes.ToLower([]byte(given[1])); string(charset) {
	case "", "utf-8", "utf8":
	case "us-ascii", "ascii":
		s.asciiOnly = true
	case "iso-8859-1", "iso_8859-1", "iso8859-1", "latin1", "latin-1", "l1":
		if marked {
			return s.fail(Encoding, where[1], "the file declares the encoding %s but begins with the byte order mark of UTF-8", given[1])
		}
		s.transcode()
	default:
		return s.fail(Encoding, where[1], "the encoding %q is not supported; save the file as UTF-8 (ISO-8859-1 and US-ASCII are read, too)", given[1])
	}
	return None
}

func (s *Scanner) badDeclaration(i int) Kind {
	return s.fail(Declaration, i, `the XML declaration must have the form <?xml version="1.0" encoding="UTF-8"?>`)
}
