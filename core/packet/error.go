package packet

import "fmt"

// FrameError says which layer of a frame could not be read or written, and why.
// It is what [Decode], [DecodeTCP], [DecodeLLDP] and [Rewrite] return.
type FrameError struct {
	Layer string // ethernet, vlan, llc, arp, ipv4, ipv6, ip (either), icmp, icmpv6, tcp, udp, sctp, lldp
	At    int    // offset of the layer in the bytes given
	Need  int    // for a truncated layer: how many bytes it needs at least, else 0
	Have  int    // for a truncated layer: how many there are
	What  string // for any other fault: what is wrong
}

// Truncated reports whether bytes were missing, as opposed to being wrong.
func (e *FrameError) Truncated() bool { return e.Need > 0 }

func (e *FrameError) Error() string {
	if e.Truncated() {
		return fmt.Sprintf("packet: %s at byte %d is cut short: needs %d bytes, has %d", e.Layer, e.At, e.Need, e.Have)
	}
	return fmt.Sprintf("packet: %s at byte %d: %s", e.Layer, e.At, e.What)
}

func short(layer string, at, need, have int) error {
	return &FrameError{Layer: layer, At: at, Need: need, Have: have}
}

func malformed(layer string, at int, what string) error {
	return &FrameError{Layer: layer, At: at, What: what}
}
