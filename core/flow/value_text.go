package flow

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"sendim/core/packet"
)

// appendValue writes a value under a mask as people read it: addresses and prefixes,
// VLAN numbers, ports by number or name, anything else as a number, and value/mask in
// hexadecimal where there is no better form.
func (f Field) appendValue(b []byte, v, mask Value) []byte {
	full := mask == f.AllOnes()
	if !f.Valid() {
		return appendHex(append(appendHex(b, v, 0), '/'), mask, 0)
	}
	switch s := &specs[f]; s.form {
	case asMAC:
		b = append(b, packet.MAC(v.Lo).String()...)
		if !full {
			b = append(append(b, '/'), packet.MAC(mask.Lo).String()...)
		}
		return b
	case asIPv4:
		b = append(b, packet.IPv4(v.Lo).String()...)
		if full {
			return b
		}
		if n := bits.LeadingZeros32(^uint32(mask.Lo)); uint64(^uint32(0)<<(32-n)) == mask.Lo {
			return strconv.AppendInt(append(b, '/'), int64(n), 10)
		}
		return append(append(b, '/'), packet.IPv4(mask.Lo).String()...)
	case asIPv6:
		b = append(b, packet.IPv6(v).String()...)
		if full {
			return b
		}
		if n := leadingOnes(mask); prefixMask6(n) == mask {
			return strconv.AppendInt(append(b, '/'), int64(n), 10)
		}
		return append(append(b, '/'), packet.IPv6(mask).String()...)
	case asVLAN:
		switch present := uint64(packet.VLANPresent); {
		case full && v.Lo == 0:
			return append(b, "none"...)
		case full && v.Lo&present != 0:
			return strconv.AppendUint(b, v.Lo&^present, 10)
		case v.Lo == present && mask.Lo == present:
			return append(b, "tagged"...)
		}
		b = appendHex(b, v, 4)
	case asPort:
		return append(b, portText(uint32(v.Lo))...)
	case asHex:
		b = appendHex(b, v, int(min(s.width/4, 4)))
	default:
		if full {
			return strconv.AppendUint(b, v.Lo, 10)
		}
		b = appendHex(b, v, 0)
	}
	if !full {
		b = appendHex(append(b, '/'), mask, 0)
	}
	return b
}

func appendHex(b []byte, v Value, digits int) []byte {
	if v.Hi != 0 {
		return fmt.Appendf(b, "0x%x%016x", v.Hi, v.Lo)
	}
	return fmt.Appendf(b, "0x%0*x", digits, v.Lo)
}

func leadingOnes(v Value) int {
	if n := bits.LeadingZeros64(^v.Hi); n < 64 {
		return n
	}
	return 64 + bits.LeadingZeros64(^v.Lo)
}

func prefixMask6(n int) Value {
	if n >= 64 {
		return Value{^uint64(0), ^uint64(0) << (128 - n)}
	}
	return Value{Hi: ^uint64(0) << (64 - n)}
}

// parseValue reads what appendValue writes. Numbers may be decimal or hexadecimal with
// 0x, but a decimal vlan_vid means a tagged packet of that VLAN.
func (f Field) parseValue(text string) (v, mask Value, err error) {
	full := f.AllOnes()
	if specs[f].form == asVLAN {
		switch text {
		case "none":
			return Value{}, full, nil
		case "tagged":
			return V(uint64(packet.VLANPresent)), V(uint64(packet.VLANPresent)), nil
		}
	}
	value, under, masked := strings.Cut(text, "/")
	if v, err = f.parseOne(value); err != nil || !masked {
		return v, full, err
	}
	if n, perr := strconv.ParseUint(under, 10, 8); perr == nil {
		switch form := specs[f].form; {
		case form == asIPv4 && n <= 32:
			return v, prefixMask(int(n)), nil
		case form == asIPv6 && n <= 128:
			return v, prefixMask6(int(n)), nil
		case form == asIPv4 || form == asIPv6:
			return v, mask, fmt.Errorf("flow: %s=%s: the prefix is longer than the address", f, text)
		}
	}
	if specs[f].form == asVLAN && !strings.HasPrefix(under, "0x") {
		return v, mask, fmt.Errorf("flow: %s=%s: a mask of vlan_vid is hexadecimal, with 0x", f, text)
	}
	mask, err = f.parseOne(under)
	return v, mask, err
}

func (f Field) parseOne(text string) (Value, error) {
	switch specs[f].form {
	case asMAC:
		m, err := packet.ParseMAC(text)
		return V(uint64(m)), err
	case asIPv4:
		a, err := packet.ParseIPv4(text)
		return V(uint64(a)), err
	case asIPv6:
		a, err := packet.ParseIPv6(text)
		return Value(a), err
	case asPort:
		p, err := parsePort(text)
		return V(uint64(p)), err
	}
	digits, base := strings.CutPrefix(text, "0x")
	radix := 10
	if base {
		radix = 16
	}
	n, err := strconv.ParseUint(digits, radix, 64)
	if err != nil {
		return Value{}, fmt.Errorf("flow: %s=%s: not a number of at most %d bits", f, text, f.Width())
	}
	if specs[f].form == asVLAN && !base {
		if n > 4095 {
			return Value{}, fmt.Errorf("flow: %s=%s: VLANs are numbered 0 to 4095", f, text)
		}
		n |= uint64(packet.VLANPresent)
	}
	if V(n).And(f.AllOnes()) != V(n) {
		return Value{}, fmt.Errorf("flow: %s=%s: not a number of at most %d bits", f, text, f.Width())
	}
	return V(n), nil
}

// portNames are the reserved ports from PortInPort on. Read only.
var portNames = [...]string{"in_port", "table", "normal", "flood", "all", "controller", "local", "any"}

func portText(port uint32) string {
	if port >= PortInPort {
		return portNames[port-PortInPort]
	}
	return strconv.FormatUint(uint64(port), 10)
}

func parsePort(text string) (uint32, error) {
	for i, name := range portNames {
		if text == name {
			return PortInPort + uint32(i), nil
		}
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("flow: %q is neither a port number nor a name such as controller or in_port", text)
	}
	return uint32(n), nil
}
