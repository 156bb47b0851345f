package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// MaxMessage is the longest message: lengths have 16 bits (section 7.1.1).
const MaxMessage = 0xffff

const headerLength = 8

// Type is the type of a message (ofp_type, section 7.1.1).
type Type uint8

// The types that this package knows.
const (
	TypeHello            Type = 0
	TypeError            Type = 1
	TypeEchoRequest      Type = 2
	TypeEchoReply        Type = 3
	TypeExperimenter     Type = 4
	TypeFeaturesRequest  Type = 5
	TypeFeaturesReply    Type = 6
	TypeSetConfig        Type = 9
	TypePacketIn         Type = 10
	TypeFlowRemoved      Type = 11
	TypePortStatus       Type = 12
	TypePacketOut        Type = 13
	TypeFlowMod          Type = 14
	TypeGroupMod         Type = 15
	TypeMultipartRequest Type = 18
	TypeMultipartReply   Type = 19
	TypeBarrierRequest   Type = 20
	TypeBarrierReply     Type = 21
	TypeRoleRequest      Type = 24
	TypeRoleReply        Type = 25
	TypeSetAsync         Type = 28
	TypeMeterMod         Type = 29
	TypeRoleStatus       Type = 30 // from here on 1.4's
	TypeBundleControl    Type = 33
	TypeBundleAdd        Type = 34
)

// Message is one whole message with its header, as it came from the wire.
type Message []byte

// Version is the sender's version.
func (m Message) Version() Version { return Version(m[0]) }

// Type is the type of the message.
func (m Message) Type() Type { return Type(m[1]) }

// Xid is the transaction id.
func (m Message) Xid() uint32 { return binary.BigEndian.Uint32(m[4:]) }

func (m Message) body() []byte { return m[headerLength:] }

// Error is a message that cannot be written or that makes no sense.
type Error struct {
	What string // the structure at fault, as the specification names it
	Why  string
}

func (e *Error) Error() string { return "openflow: " + e.What + ": " + e.Why }

func bad(what, why string, args ...any) error {
	return &Error{What: what, Why: fmt.Sprintf(why, args...)}
}

// short is the error of bytes that end early.
func short(what string, have, need int) error {
	return bad(what, "has %d bytes and needs %d", have, need)
}

// ParseMessage checks that b is exactly one message.
func ParseMessage(b []byte) (Message, error) {
	if len(b) < headerLength {
		return nil, short("header", len(b), headerLength)
	}
	if n := int(binary.BigEndian.Uint16(b[2:])); n != len(b) {
		return nil, bad("header", "says %d bytes where there are %d", n, len(b))
	}
	return Message(b), nil
}

// Read reads the next message from a stream. The error is io.EOF where the stream ends
// between two messages.
func Read(r *bufio.Reader) (Message, error) {
	var h [headerLength]byte
	if _, err := io.ReadFull(r, h[:1]); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(r, h[1:]); err != nil {
		return nil, inside(err)
	}
	n := int(binary.BigEndian.Uint16(h[2:]))
	if n < headerLength {
		return nil, bad("header", "says %d bytes, less than the header itself", n)
	}
	m := make(Message, min(n, atOnce))
	copy(m, h[:])
	for have := headerLength; have < n; {
		if have == len(m) {
			m = append(make(Message, 0, min(n, 4*have)), m...)
			m = m[:cap(m)]
		}
		if _, err := io.ReadFull(r, m[have:]); err != nil {
			return nil, inside(err)
		}
		have = len(m)
	}
	return m, nil
}

// atOnce is how much of a message is made room for before any of it is there: a header
// may promise more than ever comes.
const atOnce = 4 << 10

// Whole says that the next message is there, so that Read will not wait.
func Whole(r *bufio.Reader) bool {
	if r.Buffered() < headerLength {
		return false
	}
	h, err := r.Peek(headerLength)
	return err == nil && r.Buffered() >= int(binary.BigEndian.Uint16(h[2:]))
}

func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Guard runs what calls the library and turns a panic into an *Error.
func Guard(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = bad(what, "%v", p)
		}
	}()
	return f()
}
