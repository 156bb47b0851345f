package xmlscan

import (
	"errors"
	"fmt"
	"io"
)

// window is the usual size of what is in view: it fits a core's second cache.
const window = 256 << 10

var errTooBig = errors.New("input larger than MaxBytes")

// more makes the window reach further, keeping what follows s.next. It answers false at the input's end and, with
// s.err set, when a limit or a read error forbids going on.
//
// It asks for the token's limit first, so that the outcome does not depend on what the reader has told us so far.
func (s *Scanner) more() bool {
	if s.err != nil {
		return false
	}
	if len(s.b)-s.next >= s.lim.MaxToken {
		s.fail(TooLarge, s.next, "a tag, text or comment is longer than %d bytes", s.lim.MaxToken)
		return false
	}
	if s.end == nil {
		before := len(s.b) - s.next
		if s.src == nil {
			s.reveal()
		} else {
			s.read()
		}
		if len(s.b)-s.next > before {
			return true
		}
	}
	switch s.end {
	case nil, io.EOF:
	case errTooBig:
		s.fail(TooLarge, s.next, "the file is larger than %d bytes", s.lim.MaxBytes)
	default:
		s.err = fmt.Errorf("read XML near %s: %w", s.posAt(len(s.b)), s.end)
	}
	return false
}

// reveal is more for data in memory. The view is bounded like that of a reader, so that both know the same limits.
func (s *Scanner) reveal() {
	s.b = s.data[:min(len(s.data), s.next+s.lim.MaxToken)]
	if len(s.b) == len(s.data) {
		s.end = io.EOF
		if s.cut {
			s.end = errTooBig
		}
	}
}

// read is more for a source: it moves the unread rest to the front, doubles a window that a single token fills, and
// reads until the window is full.
func (s *Scanner) read() {
	if s.next > 0 {
		s.settle(s.next)
		s.off += int64(s.next)
		s.b = s.store[:copy(s.store, s.b[s.next:])]
		s.next, s.tok = 0, 0
	}
	if len(s.b) == len(s.store) {
		larger := make([]byte, min(max(2*len(s.store), window), s.lim.MaxToken))
		s.b = larger[:copy(larger, s.b)]
		s.store = larger
	}
	for idle := 0; len(s.b) < len(s.store); {
		n, err := s.src.Read(s.store[len(s.b):])
		s.b = s.store[:len(s.b)+n]
		if err != nil {
			s.end = err
			return
		}
		if n > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			s.end = io.ErrNoProgress
			return
		}
	}
}

// source is a reader of at most left bytes.
type source struct {
	r     io.Reader
	left  int64
	end   error
	probe [1]byte
}

func (s *source) Read(p []byte) (int, error) {
	if s.end != nil {
		return 0, s.end
	}
	if s.left == 0 {
		p = s.probe[:] // is there anything beyond the limit?
	} else if int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.r.Read(p)
	if s.left == 0 && n > 0 {
		n, err = 0, errTooBig
	}
	s.left -= int64(n)
	s.end = err
	return n, err
}

// latin1 turns ISO-8859-1 into UTF-8: each byte is the code point of the same number.
type latin1 struct {
	rest []byte    // what was read before the encoding was known, or has yet to be turned
	src  io.Reader // nil if rest is all
	end  error     // what src, or the lack of one, ended with
	buf  []byte
	half byte // the second byte of a character whose first one filled the caller's buffer; 0 if none
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 && l.half == 0 && l.end == nil {
		if l.buf == nil {
			l.buf = make([]byte, 32<<10)
		}
		n, err := l.src.Read(l.buf)
		l.rest, l.end = l.buf[:n], err
	}
	n, i := 0, 0
	if l.half != 0 && len(p) > 0 {
		p[0], l.half, n = l.half, 0, 1
	}
	for ; i < len(l.rest) && n < len(p); i++ {
		c := l.rest[i]
		if c < 0x80 {
			p[n] = c
			n++
			continue
		}
		p[n] = 0xC0 | c>>6
		n++
		if n == len(p) {
			l.half = 0x80 | c&0x3F
			continue
		}
		p[n] = 0x80 | c&0x3F
		n++
	}
	l.rest = l.rest[i:]
	if len(l.rest) == 0 && l.half == 0 {
		return n, l.end
	}
	return n, nil
}

// transcode makes the scanner read what follows s.next as ISO-8859-1.
func (s *Scanner) transcode() {
	l := &latin1{end: s.end}
	if s.src == nil {
		l.rest, l.end = s.data[s.next:], io.EOF
		if s.cut {
			l.end = errTooBig
		}
	} else {
		l.rest, l.src = append([]byte(nil), s.b[s.next:]...), s.src
	}
	s.settle(s.next)
	s.off += int64(s.next)
	s.b, s.next, s.tok = nil, 0, 0
	s.src, s.data, s.end, s.latin1 = l, nil, nil, true
	s.store = nil
}
