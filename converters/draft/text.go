package draft

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"

	"sendim/core/fault"
)

// maxFile bounds one input file.
const maxFile = 1 << 30

// Text gives a file's text as UTF-8: a byte order mark goes, and what is not UTF-8 is
// read as ISO-8859-1, which is what older tools wrote. UTF-16 and binary files are
// refused by name.
func Text(f File) (string, error) {
	if len(f.Data) > maxFile {
		return "", fault.New(fault.Limit, fault.Place{File: f.Name}, "the file is larger than 1 GiB")
	}
	data := bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf"))
	head := data[:min(len(data), 4096)]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return "", fault.New(fault.Encoding, fault.Place{File: f.Name}, "the file is UTF-16; save it as UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("BZh")):
		return "", fault.New(fault.Encoding, fault.Place{File: f.Name}, "the file is compressed")
	case binary(head):
		return "", fault.New(fault.Encoding, fault.Place{File: f.Name}, "the file is binary, not text")
	}
	data = bytes.ReplaceAll(data, []byte{0}, nil) // BRITE in C++ writes one after its model
	if utf8.Valid(data) {
		return string(data), nil
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.String(), nil
}

// Plain takes away what hides a text's kind: a byte order mark goes, and lines that end
// with a carriage return only, as on old Macintoshes, end with a line feed instead. It may
// change data.
func Plain(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	head := data[:min(len(data), 1<<16)]
	if bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(data, '\n') < 0 && !bytes.HasPrefix(head, []byte("\xff\xfe")) && !bytes.HasPrefix(head, []byte("\xfe\xff")) && !binary(head) {
		for i, c := range data {
			if c == '\r' {
				data[i] = '\n'
			}
		}
	}
	return data
}

// Cut says whether a text ends in the middle of a line, as files do that were not written
// or fetched whole.
func Cut(text string) bool { return text != "" && !strings.HasSuffix(text, "\n") }

// binary says whether more than a fiftieth of the bytes are ones that texts do not have.
func binary(head []byte) bool {
	n := 0
	for _, c := range head {
		if c < 9 || c > 13 && c < 32 && c != 27 || c == 127 {
			n++
		}
	}
	return n*50 > len(head)
}

// Line is one line of a text. Text does not hold its end.
type Line struct {
	No   int32 // from 1
	Text string
}

// Lines yields the lines of a text; they end with a line feed, with or without a
// carriage return before it.
func Lines(text string) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for no := int32(1); text != ""; no++ {
			line, rest, _ := strings.Cut(text, "\n")
			text = rest
			if !yield(Line{no, strings.TrimSuffix(line, "\r")}) {
				return
			}
		}
	}
}

// Place is where a line stands.
func (f File) Place(line int32) fault.Place { return fault.Place{File: f.Name, Line: int(line)} }
