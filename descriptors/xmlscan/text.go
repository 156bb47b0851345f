package xmlscan

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// firstByte is the index of the lowest byte marked in stops.
func firstByte(stops uint64) int { return bits.TrailingZeros64(stops) >> 3 }

// character looks at the character beyond ASCII at b[n]. It answers its size, or again if the window may cut it, or
// failed.
func (s *Scanner) character(b []byte, n int) (int, Kind) {
	r, size := utf8.DecodeRune(b[n:])
	if r == utf8.RuneError && size <= 1 {
		if !utf8.FullRune(b[n:]) {
			return 0, again
		}
		return 0, failed
	}
	if !isChar(r) || s.asciiOnly {
		return 0, failed
	}
	return size, None
}

// chars scans character data from b[from]; solid is its first byte that is not white space.
func (s *Scanner) chars(b []byte, from, solid int) Kind {
	if len(s.open) == 0 {
		return s.outside(b, solid)
	}
	s.tok = from
	buf, copied, n := s.scratch[:0], from, from
	for {
		for n+8 <= len(b) {
			if stops := textStops(load8(b, n)); stops != 0 {
				n += firstByte(stops)
				break
			}
			n += 8
		}
		if n >= len(b) {
			return s.lackInText()
		}
		switch c := b[n]; {
		case c == '<':
			s.text, s.next = b[from:n], n
			if copied > from {
				buf = append(buf, b[copied:n]...)
				s.text = buf
			}
			s.scratch, s.attrs = buf, s.attrs[:0]
			return Text
		case c == '&':
			buf = append(buf, b[copied:n]...)
			size, k := 0, None
			if buf, size, k = s.reference(b, n, buf); k != None {
				return k
			}
			n += size
			copied = n
		case c == ']':
			if n+2 >= len(b) {
				return s.lackInText()
			}
			if b[n+1] == ']' && b[n+2] == '>' {
				return s.fail(Markup, n, "]]> in text must be written ]]&gt;")
			}
			n++
		case c == '\r':
			if n+1 >= len(b) {
				return s.lackInText()
			}
			buf = append(buf, b[copied:n]...)
			n++
			copied = n
			if b[n] != '\n' {
				buf = append(buf, '\n')
			}
		case c < 0x20 && class[c]&space == 0:
			return s.failChar(b, n)
		case c < utf8.RuneSelf:
			n++
		default:
			size, k := s.character(b, n)
			if k == again && s.more() {
				return again
			}
			if k != None {
				return s.failChar(b, n)
			}
			n += size
		}
	}
}

// outside explains text at depth 0.
func (s *Scanner) outside(b []byte, i int) Kind {
	k := None
	if c := b[i]; c >= utf8.RuneSelf {
		_, k = s.character(b, i)
	} else if c < 0x20 || c == 0x7F {
		k = failed
	}
	switch {
	case k == again && s.more():
		return again
	case k != None && s.off == 0 && i == 0:
		return s.fail(Binary, i, "binary data, not XML: byte 0x%02X", b[i])
	case k != None:
		return s.failChar(b, i)
	}
	if !s.rootDone {
		return s.fail(Outside, i, "XML must begin with <, found %s", show(b, i))
	}
	return s.fail(Outside, i, "text after the end of the root element, beginning with %s", show(b, i))
}

// lackInText is for character data that the window cuts. At the input's end it is the element around the text that
// is not closed.
func (s *Scanner) lackInText() Kind {
	if s.more() {
		return again
	}
	return s.fail(Unclosed, len(s.b), "<%s> opened at %s is not closed", clip(s.top()), s.openedAt(len(s.open)-1))
}

// maxReference bounds what is looked at in search of the semicolon.
const maxReference = 64

// reference resolves the reference at b[i], appending what it stands for to buf. It answers the reference's length.
func (s *Scanner) reference(b []byte, i int, buf []byte) ([]byte, int, Kind) {
	view := b[i:min(len(b), i+maxReference)]
	n := 1
	if n < len(view) && view[n] == '#' {
		n++
	}
	for n < len(view) && class[view[n]]&nameByte != 0 {
		n++
	}
	if n >= len(view) && len(view) < maxReference {
		if s.more() {
			return buf, 0, again
		}
		if s.err == nil {
			s.fail(Truncated, len(s.b), "the file ends inside a reference: & itself must be written &amp;")
		}
		return buf, 0, failed
	}
	if n >= len(view) || view[n] != ';' || n == 1 {
		return buf, 0, s.fail(Reference, i, "& must be written &amp; unless it begins a reference such as &lt; or &#8364;")
	}
	name := view[1:n]
	n++
	if name[0] == '#' {
		r, ok := charRef(name[1:])
		if !ok {
			return buf, 0, s.fail(Reference, i, "&%s; is not a character: write &# and a decimal number, or &#x and a hexadecimal one", clip(name))
		}
		if !isChar(r) {
			return buf, 0, s.fail(Character, i, "&%s; stands for a character that is not allowed in XML", clip(name))
		}
		return utf8.AppendRune(buf, r), n, None
	}
	switch string(name) {
	case "lt":
		return append(buf, '<'), n, None
	case "gt":
		return append(buf, '>'), n, None
	case "amp":
		return append(buf, '&'), n, None
	case "apos":
		return append(buf, '\''), n, None
	case "quot":
		return append(buf, '"'), n, None
	}
	return buf, 0, s.fail(Entity, i, "unknown entity &%s; (known are &lt; &gt; &amp; &apos; &quot; and characters by number such as &#8364;)", clip(name))
}

// charRef reads what stands between &# and the semicolon. Numbers beyond Unicode come out as one that is no character.
func charRef(digits []byte) (rune, bool) {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	r := rune(0)
	for _, c := range digits {
		d := rune(strings.IndexByte("0123456789abcdef", c|0x20))
		if c < 'A' {
			d = rune(c) - '0'
		}
		if d < 0 || d >= base {
			return 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			r = utf8.MaxRune + 1
		}
	}
	return r, len(digits) > 0
}

// lines normalises line ends (XML 1.0 section 2.11), copying only if there is something to change.
func (s *Scanner) lines(text []byte) []byte {
	i := bytes.IndexByte(text, '\r')
	if i < 0 {
		return text
	}
	buf := s.scratch[:0]
	for ; i >= 0; i = bytes.IndexByte(text, '\r') {
		buf = append(append(buf, text[:i]...), '\n')
		text = text[i+1:]
		if len(text) > 0 && text[0] == '\n' {
			text = text[1:]
		}
	}
	s.scratch = append(buf, text...)
	return s.scratch
}
