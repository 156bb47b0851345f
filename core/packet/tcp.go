package packet

import "encoding/binary"

// TCP holds the parts of a TCP header that [Header] leaves out, because no switch
// matches on them (RFC 9293 section 3.1).
type TCP struct {
	Seq, Ack uint32
	Flags    uint8  // FlagFIN ... FlagCWR
	Window   uint16 // as on the wire, before any window scaling
	Options  []byte // encoded, at most 40 bytes; see AppendMSS and its neighbours
}

// AppendTCP is [Append] for a TCP segment with the header parts of t; t.Flags
// overrules h.TCPFlags. h must be IPv4 or IPv6 with Proto TCP. Options are padded
// to a multiple of four bytes; those that do not fit into 40 bytes are left out
// from the first on that does not.
func AppendTCP(dst []byte, h Header, t TCP, payload []byte) []byte {
	return appendFrame(dst, &h, t, payload)
}

func appendTCPHeader(dst []byte, h *Header, t TCP) []byte {
	options := t.Options
	if len(options) > 40 {
		options = options[:optionsWithin(options, 40)]
	}
	pad := -len(options) & 3
	dst = binary.BigEndian.AppendUint16(dst, h.L4Src)
	dst = binary.BigEndian.AppendUint16(dst, h.L4Dst)
	dst = binary.BigEndian.AppendUint32(dst, t.Seq)
	dst = binary.BigEndian.AppendUint32(dst, t.Ack)
	dst = append(dst, byte((tcpLen+len(options)+pad)/4)<<4, t.Flags, byte(t.Window>>8), byte(t.Window), 0, 0, 0, 0)
	dst = append(dst, options...)
	return append(dst, make([]byte, pad)...) // zero is "end of option list"
}

// DecodeTCP reads the TCP segment that starts at Layout.L4 and ends at
// Layout.End of a frame. Options and payload are parts of segment, not copies.
func DecodeTCP(segment []byte) (t TCP, payload []byte, err error) {
	if len(segment) < tcpLen {
		return TCP{}, nil, short("tcp", 0, tcpLen, len(segment))
	}
	t.Seq = binary.BigEndian.Uint32(segment[4:])
	t.Ack = binary.BigEndian.Uint32(segment[8:])
	t.Flags = segment[13]
	t.Window = binary.BigEndian.Uint16(segment[14:])
	size := int(segment[12]>>4) * 4
	if size < tcpLen {
		return t, nil, malformed("tcp", 0, "header length below 20")
	}
	if size > len(segment) {
		return t, nil, short("tcp", 0, size, len(segment))
	}
	if size > tcpLen {
		t.Options = segment[tcpLen:size:size]
	}
	return t, segment[size:], nil
}

// TCP option kinds: RFC 9293 section 3.2, RFC 7323 section 2.2, RFC 2018.
const (
	optEnd           = 0
	optNop           = 1
	optMSS           = 2
	optWindowScale   = 3
	optSACKPermitted = 4
	optSACK          = 5
)

// AppendMSS appends the maximum segment size option of a SYN, in bytes.
func AppendMSS(options []byte, mss uint16) []byte {
	return append(options, optMSS, 4, byte(mss>>8), byte(mss))
}

// MSS returns the maximum segment size that the options announce.
func MSS(options []byte) (mss uint16, ok bool) {
	if v, found := findOption(options, optMSS); found && len(v) == 2 {
		return binary.BigEndian.Uint16(v), true
	}
	return 0, false
}

// AppendWindowScale appends the window scale option of a SYN after a no-operation
// that aligns it (RFC 7323); shift is at most 14.
func AppendWindowScale(options []byte, shift uint8) []byte {
	return append(options, optNop, optWindowScale, 3, shift)
}

// WindowScale returns the shift that the options announce.
func WindowScale(options []byte) (shift uint8, ok bool) {
	if v, found := findOption(options, optWindowScale); found && len(v) == 1 {
		return v[0], true
	}
	return 0, false
}

// AppendSACKPermitted appends the option of a SYN that allows selective
// acknowledgement, after two no-operations that align it.
func AppendSACKPermitted(options []byte) []byte {
	return append(options, optNop, optNop, optSACKPermitted, 2)
}

// SACKPermitted reports whether the options of a SYN allow selective acknowledgement.
func SACKPermitted(options []byte) bool {
	v, found := findOption(options, optSACKPermitted)
	return found && len(v) == 0
}

// SACKBlock is a range of received bytes: sequence numbers Left up to but not
// including Right (RFC 2018 section 3).
type SACKBlock struct{ Left, Right uint32 }

// MaxSACKBlocks is how many blocks fit into one header.
const MaxSACKBlocks = 4

// AppendSACK appends a selective acknowledgement of the first [MaxSACKBlocks]
// blocks, after two no-operations that align it. Without blocks it appends nothing.
func AppendSACK(options []byte, blocks []SACKBlock) []byte {
	if len(blocks) == 0 {
		return options
	}
	blocks = blocks[:min(len(blocks), MaxSACKBlocks)]
	options = append(options, optNop, optNop, optSACK, byte(2+8*len(blocks)))
	for _, b := range blocks {
		options = binary.BigEndian.AppendUint32(options, b.Left)
		options = binary.BigEndian.AppendUint32(options, b.Right)
	}
	return options
}

// SACK appends to dst the blocks that the options acknowledge, in their order.
func SACK(dst []SACKBlock, options []byte) []SACKBlock {
	v, _ := findOption(options, optSACK)
	if len(v)%8 != 0 {
		return dst
	}
	for ; len(v) > 0; v = v[8:] {
		dst = append(dst, SACKBlock{binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])})
	}
	return dst
}

// optionSize returns the length of the first option, or 0 when there is none, or
// a malformed one.
func optionSize(options []byte) int {
	switch {
	case len(options) == 0 || options[0] == optEnd:
		return 0
	case options[0] == optNop:
		return 1
	case len(options) < 2 || options[1] < 2 || int(options[1]) > len(options):
		return 0
	}
	return int(options[1])
}

func findOption(options []byte, kind byte) ([]byte, bool) {
	for {
		n := optionSize(options)
		if n == 0 {
			return nil, false
		}
		if options[0] == kind {
			return options[2:n], true
		}
		options = options[n:]
	}
}

// optionsWithin returns the length of the longest run of whole options that is
// not above limit.
func optionsWithin(options []byte, limit int) int {
	at := 0
	for {
		n := optionSize(options[at:])
		if n == 0 || at+n > limit {
			return at
		}
		at += n
	}
}
