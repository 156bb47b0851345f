package pcapflow

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// largest bounds a packet and a block, in bytes: libpcap's own limit for a packet, and
// room for blocks of comments.
const (
	largestPacket = 256 << 10
	largestBlock  = 16 << 20
	mostLinks     = 1 << 16 // interfaces of a capture
)

// Is says whether a file that begins with these four bytes is a capture.
func Is(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	switch binary.BigEndian.Uint32(head) {
	case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a:
		return true
	}
	return false
}

// captured is one packet of a file; its data is valid until the next one.
type captured struct {
	second, nano int64
	link         uint32 // type of the link
	length       int64  // on the wire
	data         []byte
	timeless     bool
}

// errCut says that a file ends in the middle of something.
var errCut = errors.New("the file ends in the middle of a packet")

// source gives the packets of a file.
type source struct {
	in    *bufio.Reader
	order binary.ByteOrder
	ng    bool
	nano  bool
	link  uint32
	links []linkInfo // of pcapng
	buf   []byte
}

// linkInfo is an interface of pcapng.
type linkInfo struct {
	kind   uint32
	units  uint64 // of its clock, in a second
	offset int64  // seconds added to its times
}

func open(in *bufio.Reader) (*source, error) {
	s := &source{in: in, buf: make([]byte, 4096)}
	head, err := in.Peek(4)
	if err != nil || !Is(head) {
		return nil, fmt.Errorf("this is no capture of packets")
	}
	s.order = binary.LittleEndian
	switch binary.BigEndian.Uint32(head) {
	case 0x0a0d0d0a:
		s.ng = true
		return s, nil
	case 0xa1b2c3d4:
		s.order = binary.BigEndian
	case 0xa1b23c4d:
		s.order, s.nano = binary.BigEndian, true
	case 0x4d3cb2a1:
		s.nano = true
	}
	b, err := s.read(24)
	if err != nil {
		return nil, err
	}
	s.link = s.order.Uint32(b[20:]) & 0xffff // above it: whether frames have a check sequence
	return s, nil
}

// read gives the next n bytes, valid until the next call.
func (s *source) read(n int) ([]byte, error) {
	if n > len(s.buf) {
		s.buf = make([]byte, n)
	}
	if _, err := io.ReadFull(s.in, s.buf[:n]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = errCut
		}
		return nil, err
	}
	return s.buf[:n], nil
}

// next gives the next packet; io.EOF at the end.
func (s *source) next(p *captured) error {
	if s.ng {
		return s.nextBlock(p)
	}
	b, err := s.read(16)
	if err != nil {
		return err
	}
	o := s.order
	p.second, p.nano = int64(o.Uint32(b)), int64(o.Uint32(b[4:]))
	if !s.nano {
		p.nano *= 1000
	}
	p.link, p.length, p.timeless = s.link, int64(o.Uint32(b[12:])), false
	size := o.Uint32(b[8:])
	if size > largestPacket {
		return fmt.Errorf("a packet of %d bytes; captures have %d at most", size, largestPacket)
	}
	if p.data, err = s.read(int(size)); err == io.EOF && size > 0 {
		err = errCut
	}
	return err
}

// The blocks of pcapng that matter here.
const (
	sectionBlock  = 0x0a0d0d0a
	linkBlock     = 1
	oldPacket     = 2
	simplePacket  = 3
	packetBlock   = 6
	endianMagic   = 0x1a2b3c4d
	optionUnits   = 9
	optionOffset  = 14
	smallestBlock = 12
)

func (s *source) nextBlock(p *captured) error {
	for {
		b, err := s.read(8)
		if err != nil {
			return err
		}
		if binary.BigEndian.Uint32(b) == sectionBlock { // the same in both byte orders
			magic, err := s.in.Peek(4)
			if err != nil {
				return errCut
			}
			switch {
			case binary.LittleEndian.Uint32(magic) == endianMagic:
				s.order = binary.LittleEndian
			case binary.BigEndian.Uint32(magic) == endianMagic:
				s.order = binary.BigEndian
			default:
				return fmt.Errorf("a section of pcapng has no byte order")
			}
			s.links = s.links[:0]
		}
		kind, size := s.order.Uint32(b), s.order.Uint32(b[4:])
		if size < smallestBlock || size > largestBlock {
			return fmt.Errorf("a block of %d bytes; at most %d are read", size, largestBlock)
		}
		body := int(size) - 8
		switch kind {
		case linkBlock, oldPacket, simplePacket, packetBlock:
		default:
			if n, err := s.in.Discard(body); err != nil || n < body {
				return errCut
			}
			continue
		}
		if b, err = s.read(body); err != nil {
			return errCut
		}
		b = b[:body-4] // its length once more
		if kind == linkBlock {
			if err := s.addLink(b); err != nil {
				return err
			}
			continue
		}
		return s.packet(kind, b, p)
	}
}

// packet takes a block with a packet apart.
func (s *source) packet(kind uint32, b []byte, p *captured) error {
	o := s.order
	head := map[uint32]int{oldPacket: 20, packetBlock: 20, simplePacket: 4}[kind]
	if len(b) < head {
		return fmt.Errorf("a block of a packet has %d bytes", len(b))
	}
	link := uint32(0)
	switch kind {
	case packetBlock:
		link = o.Uint32(b)
	case oldPacket:
		link = uint32(o.Uint16(b))
	}
	if int64(link) >= int64(len(s.links)) {
		return fmt.Errorf("a packet of interface %d; there are %d", link, len(s.links))
	}
	l := &s.links[link]
	p.link, p.timeless = l.kind, kind == simplePacket
	if kind == simplePacket {
		p.length = int64(o.Uint32(b))
		p.data = b[head:]
		p.data = p.data[:min(int64(len(p.data)), p.length)]
		return nil
	}
	size := o.Uint32(b[12:])
	p.length = int64(o.Uint32(b[16:]))
	if int64(size) > int64(len(b)-head) {
		return fmt.Errorf("a packet of %d bytes in a block of %d", size, len(b))
	}
	p.data = b[head : head+int(size)]
	at := uint64(o.Uint32(b[4:]))<<32 | uint64(o.Uint32(b[8:]))
	hi, lo := bits.Mul64(at%l.units, 1e9)
	nano, _ := bits.Div64(hi, lo, l.units)
	p.second, p.nano = int64(at/l.units), int64(nano)
	if p.second > 1<<40 {
		return fmt.Errorf("a packet of the year %d", 1970+p.second/31556952)
	}
	p.second += l.offset
	return nil
}

// addLink reads an interface and its clock.
func (s *source) addLink(b []byte) error {
	o := s.order
	if len(b) < 8 || len(s.links) >= mostLinks {
		return fmt.Errorf("interface %d cannot be read", len(s.links))
	}
	l := linkInfo{kind: uint32(o.Uint16(b)), units: 1e6}
	for b = b[8:]; len(b) >= 4; {
		code, size := o.Uint16(b), int(o.Uint16(b[2:]))
		if code == 0 || len(b) < 4+size {
			break
		}
		v := b[4 : 4+size]
		switch {
		case code == optionUnits && size == 1 && v[0]&0x80 != 0 && v[0]&0x7f < 64:
			l.units = 1 << (v[0] & 0x7f)
		case code == optionUnits && size == 1 && v[0] <= 19:
			l.units = 1
			for range v[0] {
				l.units *= 10
			}
		case code == optionUnits:
			return fmt.Errorf("interface %d has a clock of an unknown resolution", len(s.links))
		case code == optionOffset && size == 8:
			if l.offset = int64(o.Uint64(v)); l.offset > 1<<40 || l.offset < -1<<40 {
				return fmt.Errorf("interface %d has a clock that is %d s away", len(s.links), l.offset)
			}
		}
		b = b[min(4+(size+3)&^3, len(b)):]
	}
	s.links = append(s.links, l)
	return nil
}
