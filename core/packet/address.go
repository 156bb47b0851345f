package packet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// MAC is an IEEE 802 address in the low 48 bits; the high 16 bits are zero.
// Its text form is aa:bb:cc:dd:ee:ff.
type MAC uint64

// Broadcast is the address of every station on the link.
const Broadcast MAC = 0xffff_ffff_ffff

// IsMulticast reports whether the group bit is set; Broadcast is multicast too.
func (m MAC) IsMulticast() bool { return m>>40&1 != 0 }

// String returns the six bytes in lower-case hexadecimal, separated by colons.
func (m MAC) String() string {
	var b [17]byte
	return string(m.appendTo(b[:0]))
}

func (m MAC) appendTo(dst []byte) []byte {
	const hex = "0123456789abcdef"
	for shift := 40; shift >= 0; shift -= 8 {
		dst = append(dst, hex[m>>(shift+4)&15], hex[m>>shift&15])
		if shift > 0 {
			dst = append(dst, ':')
		}
	}
	return dst
}

// ParseMAC reads six two-digit hexadecimal bytes separated by colons, in either case.
func ParseMAC(s string) (MAC, error) {
	if len(s) != 17 {
		return 0, badAddress("MAC address", s, "aa:bb:cc:dd:ee:ff")
	}
	var m MAC
	for i := 0; i < 17; i += 3 {
		hi, lo := hexDigit(s[i]), hexDigit(s[i+1])
		if hi > 15 || lo > 15 || i < 15 && s[i+2] != ':' {
			return 0, badAddress("MAC address", s, "aa:bb:cc:dd:ee:ff")
		}
		m = m<<8 | MAC(hi<<4|lo)
	}
	return m, nil
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// MarshalText returns the text form of [MAC.String].
func (m MAC) MarshalText() ([]byte, error) { return m.appendTo(nil), nil }

// UnmarshalText accepts what [ParseMAC] accepts.
func (m *MAC) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMAC(string(text))
	return err
}

// IPv4 is an IPv4 address in host order: 10.0.0.1 is 0x0a000001.
type IPv4 uint32

// String returns the address in dotted decimal.
func (a IPv4) String() string {
	var b [15]byte
	return string(a.appendTo(b[:0]))
}

func (a IPv4) appendTo(dst []byte) []byte {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(a))
	return netip.AddrFrom4(b).AppendTo(dst)
}

// ParseIPv4 reads dotted decimal: four numbers without leading zeros.
func ParseIPv4(s string) (IPv4, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return 0, badAddress("IPv4 address", s, "10.0.0.1")
	}
	b := a.As4()
	return IPv4(binary.BigEndian.Uint32(b[:])), nil
}

// MarshalText returns the text form of [IPv4.String].
func (a IPv4) MarshalText() ([]byte, error) { return a.appendTo(nil), nil }

// UnmarshalText accepts what [ParseIPv4] accepts.
func (a *IPv4) UnmarshalText(text []byte) (err error) {
	*a, err = ParseIPv4(string(text))
	return err
}

// IPv6 is an IPv6 address in host order: Hi holds the first eight bytes.
type IPv6 struct{ Hi, Lo uint64 }

// IsZero reports whether a is the unspecified address, which stands for absence.
func (a IPv6) IsZero() bool { return a == IPv6{} }

// String returns the canonical form of RFC 5952.
func (a IPv6) String() string {
	var b [45]byte
	return string(a.appendTo(b[:0]))
}

func (a IPv6) appendTo(dst []byte) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).AppendTo(dst)
}

// ParseIPv6 reads any form of RFC 4291 section 2.2, without a zone.
func ParseIPv6(s string) (IPv6, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return IPv6{}, badAddress("IPv6 address", s, "2001:db8::1")
	}
	b := a.As16()
	return IPv6{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}, nil
}

// MarshalText returns the text form of [IPv6.String].
func (a IPv6) MarshalText() ([]byte, error) { return a.appendTo(nil), nil }

// UnmarshalText accepts what [ParseIPv6] accepts.
func (a *IPv6) UnmarshalText(text []byte) (err error) {
	*a, err = ParseIPv6(string(text))
	return err
}

func badAddress(kind, got, example string) error {
	return fmt.Errorf("packet: %q is not %s of the form %s", got, article(kind), example)
}

func article(kind string) string {
	if kind[0] == 'I' {
		return "an " + kind
	}
	return "a " + kind
}
