package flowlist

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"unicode/utf8"

	"sendim/core/fault"
)

// longest bounds a line; a coflow of 10,000 reducers has a tenth of it.
const longest = 1 << 20

// lines gives a text line by line, without its ends of line. What cannot be read is a
// fault, after which there are no more lines.
type lines struct {
	in     *bufio.Reader
	name   string
	line   int   // number of the line given last
	left   int64 // bytes that may still be read
	most   int64
	faults *fault.List
	done   bool
	again  bool // the last line is to be given once more
	last   []byte
}

func newLines(r io.Reader, name string, most int64, faults *fault.List) *lines {
	l := &lines{in: bufio.NewReaderSize(r, longest), name: name, left: most, most: most, faults: faults}
	head, _ := l.in.Peek(3)
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(l.in)
		if err != nil {
			l.fail(fault.Syntax, "the compressed file cannot be read: %v", err)
			return l
		}
		l.in = bufio.NewReaderSize(z, longest)
		head, _ = l.in.Peek(3)
	case len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff):
		l.line = 1
		l.fail(fault.Encoding, "the text is UTF-16; save it as UTF-8")
		return l
	}
	if bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		l.in.Discard(3) //nolint:errcheck // they are in the buffer
	}
	return l
}

func (l *lines) place(column string) fault.Place {
	return fault.Place{File: l.name, Line: l.line, Attribute: column}
}

func (l *lines) fail(code fault.Code, format string, args ...any) {
	l.done = true
	l.faults.Addf(code, l.place(""), format, args...)
}

// back gives the last line once more.
func (l *lines) back() { l.again = true }

// next gives the next line, valid until the call after. It ends when the list of faults
// is full, too: the rest would only be counted.
func (l *lines) next() ([]byte, bool) {
	if l.again {
		l.again = false
		return l.last, true
	}
	if l.done || l.faults.Full() {
		return nil, false
	}
	b, err := l.in.ReadSlice('\n')
	l.line++
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		l.fail(fault.Limit, "the line is longer than %d bytes", longest)
		return nil, false
	case err != nil && err != io.EOF:
		l.fail(fault.FileMissing, "cannot be read on: %v", err)
		return nil, false
	case err == io.EOF:
		l.done = true
		if len(b) == 0 {
			l.line--
			return nil, false
		}
	}
	if l.left -= int64(len(b)); l.left < 0 {
		l.fail(fault.Limit, "the file has more than %d bytes", l.most)
		return nil, false
	}
	b = bytes.TrimSuffix(b, []byte("\n"))
	b = bytes.TrimSuffix(b, []byte("\r"))
	if bytes.IndexByte(b, 0) >= 0 {
		l.fail(fault.Encoding, "the file is binary, not text")
		return nil, false
	}
	if !utf8.Valid(b) {
		l.fail(fault.Encoding, "the text is not UTF-8")
		return nil, false
	}
	l.last = b
	return b, true
}

// content gives the next line that is neither blank nor a comment.
func (l *lines) content() ([]byte, bool) {
	for {
		b, ok := l.next()
		if !ok {
			return nil, false
		}
		if t := bytes.TrimSpace(b); len(t) > 0 && t[0] != '#' {
			return b, true
		}
	}
}

// words splits a line at blanks and tabs into dst.
func words(dst [][]byte, line []byte) [][]byte {
	dst = dst[:0]
	for {
		line = bytes.TrimLeft(line, " \t")
		if len(line) == 0 {
			return dst
		}
		i := bytes.IndexAny(line, " \t")
		if i < 0 {
			return append(dst, line)
		}
		dst = append(dst, line[:i])
		line = line[i:]
	}
}
