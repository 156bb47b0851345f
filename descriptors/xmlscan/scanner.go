package xmlscan

import (
	"bytes"
	"io"
)

// Kind says what a token is.
type Kind uint8

// The kinds of tokens.
const (
	None         Kind = iota // no token yet, or an error
	StartElement             // Name, Attrs
	EndElement               // Name; also follows the start of a self-closing element
	Text                     // Text: references resolved, line ends normalised; a CDATA section is a Text of its own
	Comment                  // Text; only if asked for
	ProcInst                 // Name (the target) and Text; only if asked for
	EOF                      // the document has ended and was well-formed

	// What the scanning functions answer besides.
	failed  // s.err says why
	again   // the window has grown: scan the token anew
	dropped // a token nobody asked for
)

// Tokens that are delivered only if asked for.
type Tokens uint8

// What Keep accepts.
const (
	Spaces    Tokens = 1 << iota // white space between tags, inside the root element
	Comments                     // Comment
	ProcInsts                    // ProcInst; never the XML declaration
)

// Limits bound what a document may cost. A zero field stands for its default.
type Limits struct {
	MaxDepth     int   // open elements; default 256
	MaxName      int   // bytes of a name; default 1024
	MaxAttrs     int   // attributes of an element; default 256
	MaxAttrValue int   // bytes of an attribute's value as written; default 1 MiB
	MaxToken     int   // bytes of a tag, text, comment or instruction as written; default 16 MiB, at least 4 KiB, at most 1 GiB
	MaxBytes     int64 // bytes of the input; default 4 GiB
}

func (l Limits) withDefaults() Limits {
	if l.MaxDepth <= 0 {
		l.MaxDepth = 256
	}
	if l.MaxName <= 0 {
		l.MaxName = 1024
	}
	if l.MaxAttrs <= 0 {
		l.MaxAttrs = 256
	}
	if l.MaxAttrValue <= 0 {
		l.MaxAttrValue = 1 << 20
	}
	if l.MaxToken <= 0 {
		l.MaxToken = 16 << 20
	}
	l.MaxToken = min(max(l.MaxToken, 4<<10), 1<<30)
	if l.MaxBytes <= 0 {
		l.MaxBytes = 4 << 30
	}
	return l
}

// Attr is an attribute. Both slices are valid until the next call of Next.
type Attr struct {
	Name  []byte // with its prefix
	Value []byte // references resolved, white space characters turned into spaces (XML 1.0 section 3.3.3)

	nameAt, valueAt int32 // counted from the tag's <
}

// element is an open element.
type element struct {
	off  int64 // of its <
	pos  Pos   // of its <, once the scanner has settled it
	name int   // where its name begins in Scanner.names
}

// A Scanner reads one document token by token. Its memory is usually a window of 256 KiB (none for data in place). A
// longer token makes the window, and what holds decoded text, grow with it up to the order of MaxToken.
type Scanner struct {
	// The window: b[next:] is to be scanned. b[0] has offset off.
	b         []byte
	next, tok int
	off       int64

	kind       Kind
	selfClosed bool // the start of a self-closing element was handed out; its end is due
	keep       Tokens
	started    bool
	rootDone   bool
	asciiOnly  bool
	latin1     bool
	name       []byte
	text       []byte
	attrs      []Attr
	err        error

	open  []element
	names []byte // of the open elements, one after the other

	lim     Limits
	scratch []byte  // decoded text or attribute values
	order   []int32 // for finding duplicates among many attributes

	base   place // of b[0]
	at     place // of a token's start, not before base
	placed int   // open[:placed] know their pos

	store []byte    // what b is a part of, if there is a source
	src   io.Reader // nil if data is scanned in place
	data  []byte
	cut   bool  // data was longer than MaxBytes
	end   error // nil as long as there may be more beyond the window: io.EOF, errTooBig or a read error
}

// New scans what r gives. It reads ahead in large pieces, and never beyond r's end.
func New(r io.Reader, l Limits) *Scanner {
	s := start(l)
	s.src = &source{r: r, left: s.lim.MaxBytes}
	return s
}

// NewBytes scans data in place, without copying it. data must not change meanwhile.
func NewBytes(data []byte, l Limits) *Scanner {
	s := start(l)
	if int64(len(data)) > s.lim.MaxBytes {
		data, s.cut = data[:s.lim.MaxBytes], true
	}
	s.data = data
	return s
}

func start(l Limits) *Scanner {
	s := &Scanner{lim: l.withDefaults(), base: place{line: 1, col: 1}}
	s.at = s.base
	return s
}

// Keep asks for tokens that are left out otherwise. It is to be called before the first Next.
func (s *Scanner) Keep(t Tokens) { s.keep = t }

// Next moves to the next token. Its error is a *SyntaxError, or wraps what the reader returned; it stays for all
// further calls, as EOF does. Text of one element may come in several tokens: comments, instructions, elements and
// CDATA sections divide it.
func (s *Scanner) Next() (Kind, error) {
	if s.selfClosed {
		s.selfClosed = false
		s.attrs = s.attrs[:0]
		s.kind = EndElement
		return EndElement, nil
	}
	if s.err != nil || s.kind == EOF {
		return s.stop()
	}
	if !s.started {
		s.started = true
		if !s.prologue() {
			return s.stop()
		}
	}
	for {
		k := s.scan()
		if k < EOF {
			s.kind = k
			return k, nil
		}
		if k == failed || k == EOF {
			s.kind = k
			return s.stop()
		}
	}
}

// stop answers for a scanner that has come to an end.
func (s *Scanner) stop() (Kind, error) {
	s.name, s.text, s.attrs = nil, nil, s.attrs[:0]
	if s.err != nil {
		s.kind = None
		return None, s.err
	}
	return EOF, nil
}

// scan takes one token from the window.
func (s *Scanner) scan() Kind {
	b, i := s.b, s.next
	for uint(i) < uint(len(b)) && class[b[i]]&space != 0 {
		i++
	}
	s.tok = i
	if i+1 >= len(b) {
		return s.atEdge(b, i)
	}
	if b[i] != '<' {
		return s.chars(b, s.next, i)
	}
	if i > s.next {
		if s.keep&Spaces != 0 && len(s.open) > 0 {
			return s.chars(b, s.next, i)
		}
		s.next = i
	}
	switch c := b[i+1]; {
	case class[c]&nameStart != 0:
		return s.startTag(b, i)
	case c == '/':
		return s.endTag(b, i)
	case c == '!':
		return s.declaration(b, i)
	case c == '?':
		return s.instruction(b, i)
	}
	return s.startTag(b, i)
}

// atEdge is scan for a window that ends after white space, or one byte later.
func (s *Scanner) atEdge(b []byte, i int) Kind {
	if s.more() {
		return again
	}
	if s.err != nil {
		return failed
	}
	switch {
	case i < len(b) && b[i] != '<':
		return s.chars(b, s.next, i)
	case i < len(b):
		return s.fail(Truncated, len(b), "the file ends after <")
	case len(s.open) > 0:
		top := len(s.open) - 1
		return s.fail(Unclosed, len(b), "<%s> opened at %s is not closed", clip(s.top()), s.openedAt(top))
	case !s.rootDone && s.off+int64(len(b)) == 0:
		return s.fail(Empty, i, "the file is empty: a root element is expected")
	case !s.rootDone:
		return s.fail(Empty, i, "the file has no root element")
	}
	return EOF
}

// top is the name of the innermost open element.
func (s *Scanner) top() []byte { return s.names[s.open[len(s.open)-1].name:] }

// Kind is what the last Next returned.
func (s *Scanner) Kind() Kind { return s.kind }

// Name is the element's name, prefix included, or an instruction's target. It is valid until the next Next.
// Other tokens have none.
func (s *Scanner) Name() []byte {
	if s.kind == StartElement || s.kind == EndElement || s.kind == ProcInst {
		return s.name
	}
	return nil
}

// Local is what follows the prefix of a name; a name without a prefix is returned whole.
func Local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// Attrs are the start tag's attributes in the order of the file. They are valid until the next Next.
func (s *Scanner) Attrs() []Attr { return s.attrs }

// Value is the value of the attribute of that name (prefix included), and whether there is one.
func (s *Scanner) Value(name string) ([]byte, bool) {
	for i := range s.attrs {
		if string(s.attrs[i].Name) == name {
			return s.attrs[i].Value, true
		}
	}
	return nil, false
}

// Text is the content of a Text, Comment or ProcInst token. It is valid until the next Next.
// Other tokens have none.
func (s *Scanner) Text() []byte {
	if s.kind == Text || s.kind == Comment || s.kind == ProcInst {
		return s.text
	}
	return nil
}

// Depth counts the open elements: a start tag's own element is among them, an end tag's is not.
func (s *Scanner) Depth() int {
	if s.selfClosed {
		return len(s.open) + 1
	}
	return len(s.open)
}

// Pos is where the token begins. The end of a self-closing element is where its start is; at the end of the input,
// Pos is the input's end.
func (s *Scanner) Pos() Pos { return s.posAt(s.tok) }

// NamePos is where the name of attribute i of the current start tag begins.
func (s *Scanner) NamePos(i int) Pos { return s.posAt(s.tok + int(s.attrs[i].nameAt)) }

// ValuePos is where the value of attribute i of the current start tag begins, behind the quote.
func (s *Scanner) ValuePos(i int) Pos { return s.posAt(s.tok + int(s.attrs[i].valueAt)) }

// Skip reads up to and including the end of the current element: after a StartElement its own, otherwise that of the
// element around the token. At depth 0 there is nothing to skip.
func (s *Scanner) Skip() error {
	depth := s.Depth()
	if depth == 0 {
		return s.err
	}
	for {
		if _, err := s.Next(); err != nil {
			return err
		}
		if s.Depth() < depth {
			return nil
		}
	}
}
