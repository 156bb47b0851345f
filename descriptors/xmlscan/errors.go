package xmlscan

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Code names a kind of fault. The values are stable: tests and documentation may rely on them.
type Code string

// The faults a document can have.
const (
	Empty       Code = "empty"       // no root element at all
	Binary      Code = "binary"      // compressed or otherwise not text
	Encoding    Code = "encoding"    // an encoding that is not read
	Declaration Code = "declaration" // a fault in <?xml ...?>
	Doctype     Code = "doctype"     // document type definitions are refused
	Entity      Code = "entity"      // an entity that is not predefined
	Reference   Code = "reference"   // a malformed or impossible &...;
	Character   Code = "character"   // a character or byte sequence XML forbids
	Name        Code = "name"        // a malformed element, attribute or instruction name
	Attribute   Code = "attribute"   // a malformed attribute
	Duplicate   Code = "duplicate"   // an attribute given twice
	Tag         Code = "tag"         // a malformed tag
	Mismatch    Code = "mismatch"    // an end tag of another element, or of none
	Unclosed    Code = "unclosed"    // the input ends before an element does
	Truncated   Code = "truncated"   // the input ends inside a token
	Outside     Code = "outside"     // text, or a second root, outside the root element
	Markup      Code = "markup"      // a malformed comment, CDATA section or instruction
	TooLarge    Code = "too-large"   // one of the Limits
)

// A SyntaxError says what is wrong with a document, and where.
type SyntaxError struct {
	Code Code
	Pos  Pos
	What string // one sentence without a full stop; does not repeat Pos
}

// Error is "line:column: what".
func (e *SyntaxError) Error() string { return e.Pos.String() + ": " + e.What }

// fail records a fault at index i of the window. Only the first fault counts.
func (s *Scanner) fail(code Code, i int, format string, args ...any) Kind {
	if s.err == nil {
		s.err = &SyntaxError{Code: code, Pos: s.posAt(i), What: fmt.Sprintf(format, args...)}
	}
	return failed
}

// failChar explains the illegal character or byte at index i.
func (s *Scanner) failChar(b []byte, i int) Kind {
	c := b[i]
	if c == 0 {
		return s.fail(Binary, i, "binary data, not XML: byte 0x00")
	}
	if c < utf8.RuneSelf {
		return s.fail(Character, i, "the control character U+%04X is not allowed in XML", c)
	}
	r, n := utf8.DecodeRune(b[i:])
	switch {
	case s.asciiOnly:
		return s.fail(Character, i, "byte 0x%02X in a file that declares the encoding US-ASCII; declare UTF-8 or ISO-8859-1", c)
	case r == utf8.RuneError && n <= 1:
		return s.fail(Character, i, "byte 0x%02X is not UTF-8; save the file as UTF-8, or begin it with "+
			`<?xml version="1.0" encoding="ISO-8859-1"?> if that is what it is`, c)
	}
	return s.fail(Character, i, "the character U+%04X is not allowed in XML", r)
}

// show makes the character at index i readable in a message.
func show(b []byte, i int) string {
	if i >= len(b) {
		return "the end of the file"
	}
	r, n := utf8.DecodeRune(b[i:])
	switch {
	case r == utf8.RuneError && n <= 1:
		return fmt.Sprintf("byte 0x%02X", b[i])
	case r == '\n' || r == '\r':
		return "the end of the line"
	case r == ' ':
		return "a space"
	case r == '\t':
		return "a tab"
	case r < 0x20:
		return fmt.Sprintf("the control character U+%04X", r)
	}
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%+q", string(r)), `"`), `"`)
}

// clip shortens a name for a message.
func clip(name []byte) string {
	const most = 40
	if len(name) <= most {
		return string(name)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return string(name[:cut]) + "..."
}
