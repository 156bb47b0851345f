package xmlscan

import (
	"bytes"
	"math"
	"strconv"
)

// Pos is a place in the input.
type Pos struct {
	Offset int64 // bytes before it, in the input as it was given
	Line   int32 // from 1; lines end with a line feed
	Column int32 // from 1, in characters (code points); a tab counts as one, a byte order mark as none
}

// String is "line:column".
func (p Pos) String() string {
	return strconv.Itoa(int(p.Line)) + ":" + strconv.Itoa(int(p.Column))
}

// place is a Pos that can be moved forward over text.
type place struct {
	off       int64 // bytes before it, in the UTF-8 text that is scanned
	extra     int64 // how many of them the transcoding from Latin-1 added
	line, col int64
}

// over moves p over text.
func (p *place) over(text []byte, latin1 bool) {
	p.off += int64(len(text))
	if latin1 {
		p.extra += int64(len(text) - runes(text))
	}
	if n := bytes.Count(text, []byte{'\n'}); n > 0 {
		p.line += int64(n)
		p.col = 1
		text = text[bytes.LastIndexByte(text, '\n')+1:]
	}
	p.col += int64(runes(text))
}

func (p place) pos() Pos {
	return Pos{
		Offset: p.off - p.extra,
		Line:   int32(min(p.line, math.MaxInt32)),
		Column: int32(min(p.col, math.MaxInt32)),
	}
}

// runes counts the bytes that are not UTF-8 continuation bytes, eight at a time.
func runes(b []byte) int {
	n, i := len(b), 0
	for ; i+8 <= len(b); i += 8 {
		if x := load8(b, i) & highs; x != 0 {
			for _, c := range b[i : i+8] {
				if c&0xC0 == 0x80 {
					n--
				}
			}
		}
	}
	for ; i < len(b); i++ {
		if b[i]&0xC0 == 0x80 {
			n--
		}
	}
	return n
}

// posAt is the position of index i of the window. Asking for the token's start, or for a place inside the token,
// costs as much as the text since the last such question is long; older places are counted from the window's start.
func (s *Scanner) posAt(i int) Pos {
	p := s.base
	if tok := s.off + int64(s.tok); s.off+int64(i) >= tok {
		if s.at.off < tok {
			s.at.over(s.b[s.at.off-s.off:s.tok], s.latin1)
		}
		if i == s.tok {
			return s.at.pos()
		}
		p = s.at
	}
	p.over(s.b[p.off-s.off:i], s.latin1)
	return p.pos()
}

// settle moves the known place to index i, which is about to become the window's start, and notes the positions of
// the open elements before it while their text is still there.
func (s *Scanner) settle(i int) {
	for s.placed < len(s.open) {
		e := &s.open[s.placed]
		k := int(e.off - s.off)
		if k >= i {
			break
		}
		s.base.over(s.b[s.base.off-s.off:k], s.latin1)
		e.pos = s.base.pos()
		s.placed++
	}
	s.base.over(s.b[s.base.off-s.off:i], s.latin1)
	if s.at.off < s.base.off {
		s.at = s.base
	}
}

// openedAt is the position of open element k.
func (s *Scanner) openedAt(k int) Pos {
	if k < s.placed {
		return s.open[k].pos
	}
	p := s.base
	p.over(s.b[p.off-s.off:s.open[k].off-s.off], s.latin1)
	return p.pos()
}
