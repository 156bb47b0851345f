package descriptors

import (
	"encoding/hex"
	"math"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/workload"
)

// parseValue reads v.s as the attribute's kind and fills the other fields. The fault it
// gives has no place yet.
func parseValue(a *attribute, v *value) *fault.Fault {
	wrong := func(code fault.Code, format string, args ...any) *fault.Fault {
		f := fault.New(code, fault.Place{}, format, args...)
		return &f
	}
	quantity := func(n int64, err error) *fault.Fault {
		v.n = n
		if err == nil {
			return nil
		}
		code := fault.BadNumber
		switch what := err.Error(); {
		case strings.Contains(what, " unit"):
			code = fault.BadUnit
		case strings.Contains(what, "negative"), strings.Contains(what, "too large"), strings.Contains(what, "outside"):
			code = fault.OutOfRange
		}
		return wrong(code, "%s", clipped(err))
	}
	s := v.s
	switch a.kind {
	case text:
		if a.required && !a.blank && s == "" {
			return wrong(fault.BadName, "must not be empty")
		}
	case id, ref:
		if err := model.CheckID(s); err != nil {
			// A link may be meant by its derived name.
			return wrong(fault.BadName, "%s", clipped(err))
		}
	case end:
		node, port, ok := strings.Cut(s, ":")
		v.n = -1
		if ok {
			n, err := strconv.ParseUint(port, 10, 31)
			if err != nil {
				return wrong(fault.BadNumber, "%q is not a port number; write NODE:PORT as s1:2", clip(port))
			}
			v.n = int64(n)
		}
		if err := model.CheckID(node); err != nil {
			return wrong(fault.BadName, "%s", clipped(err))
		}
		v.s = node
	case selector:
		if err := model.Selector(s).Check(); err != nil {
			return wrong(fault.BadSelector, "%s", clipped(err))
		}
	case ports:
		if err := model.Selector(s).CheckPorts(); err != nil {
			return wrong(fault.BadSelector, "%s", clipped(err))
		}
	case rate:
		r, err := model.ParseRate(s)
		return quantity(int64(r), err)
	case span:
		t, err := model.ParseTime(s)
		return quantity(int64(t), err)
	case size:
		z, err := model.ParseSize(s)
		return quantity(int64(z), err)
	case share:
		f, err := model.ParseRatio(s)
		v.f = f
		return quantity(0, err)
	case queue:
		q, err := model.ParseQueue(s)
		v.q = q
		return quantity(0, err)
	case integer:
		n, err := strconv.ParseInt(s, 10, 64)
		v.n = n
		if err != nil {
			return wrong(fault.BadNumber, "%q is not a whole number", clip(s))
		}
		if n < a.min || a.max > 0 && n > a.max {
			if a.max == 0 {
				return wrong(fault.OutOfRange, "%d is less than %d", n, a.min)
			}
			return wrong(fault.OutOfRange, "%d is outside %d..%d", n, a.min, a.max)
		}
	case number:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return wrong(fault.BadNumber, "%q is not a finite number", clip(s))
		}
		if f < 0 || f > 1<<40 {
			return wrong(fault.OutOfRange, "%q is outside 0..%d", clip(s), int64(1)<<40)
		}
		v.f = f
	case boolean:
		switch s {
		case "true", "1", "yes":
			v.n = 1
		case "false", "0", "no":
		default:
			return wrong(fault.BadChoice, "%q is neither true nor false", clip(s))
		}
	case address, prefix:
		bits := 0
		ip := s
		if a.kind == prefix {
			bits = 8
			if head, tail, ok := strings.Cut(s, "/"); ok {
				n, err := strconv.ParseUint(tail, 10, 8)
				if err != nil || n < 1 || n > 32 {
					return wrong(fault.BadAddress, "%q: the prefix length is 1 to 32", clip(s))
				}
				ip, bits = head, int(n)
			}
		}
		addr, err := netip.ParseAddr(ip)
		if err != nil || !addr.Is4() {
			return wrong(fault.BadAddress, "%q is not an IPv4 address; write it like %s", clip(s), map[kind]string{address: "10.0.0.1", prefix: "10.0.0.1/24"}[a.kind])
		}
		b := addr.As4()
		v.u = uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		if v.u == 0 || b[0] >= 224 || b[0] == 127 {
			return wrong(fault.BadAddress, "%s is not an address of a host", s)
		}
		v.n = int64(bits)
	case mac:
		n, ok := parseMAC(s)
		if !ok {
			return wrong(fault.BadAddress, "%q is not an Ethernet address; write it like 00:00:00:00:00:01", clip(s))
		}
		if n>>40&1 != 0 || n == 0 {
			return wrong(fault.BadAddress, "%s is not the address of one host", s)
		}
		v.n = n
	case dpid:
		digits, base := s, 16
		if rest, ok := strings.CutPrefix(s, "0x"); ok {
			digits = rest
		} else {
			digits = strings.ReplaceAll(s, ":", "")
		}
		n, err := strconv.ParseUint(digits, base, 64)
		if err != nil || n == 0 {
			return wrong(fault.BadAddress, "%q is not a datapath id; write it in hexadecimal like 0x1", clip(s))
		}
		v.n = int64(n)
	case protport:
		proto, port, ok := strings.Cut(s, "/")
		t, known := model.ParseTransport(proto)
		n, err := strconv.ParseUint(port, 10, 16)
		if !ok || !known || t == model.ICMP || err != nil || n == 0 {
			return wrong(fault.BadAddress, "%q is not a port; write it like tcp/80", clip(s))
		}
		v.n, v.u = int64(n), uint32(t)
	case choice:
		for i, c := range a.choices {
			if strings.EqualFold(c, s) {
				v.s, v.n = c, int64(i)
				return nil
			}
		}
		f := fault.New(fault.BadChoice, fault.Place{}, "%q is not one of %s", clip(s), strings.Join(a.choices, ", ")).Suggest(s, a.choices)
		return &f
	case href:
		if s == "" {
			return wrong(fault.BadName, "must not be empty")
		}
	case fraction:
		f, err := deployment.ParseFraction(s)
		if err != nil {
			return wrong(fault.BadNumber, "%q is not a fraction; write it like 1/100", clip(s))
		}
		v.n, v.u = f.Num, uint32(f.Den)
	case workers:
		if s == "auto" {
			return nil
		}
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 || n > 4096 {
			return wrong(fault.BadNumber, "%q is neither auto nor a number from 1 to 4096", clip(s))
		}
		v.n = n
	case digest:
		if b, err := hex.DecodeString(s); err != nil || len(b) != 32 {
			return wrong(fault.BadNumber, "a SHA-256 checksum has 64 hexadecimal digits")
		}
		v.s = strings.ToLower(s)
	case chunks:
		if _, err := workload.ParseChunks(s); err != nil {
			return wrong(fault.BadNumber, "%s", clipped(err))
		}
	case gapLaw, spanLaw, packetLaw:
		if f := parseLaw(a.kind, s); f != nil {
			return f
		}
	}
	return nil
}

func clipped(err error) string {
	s := err.Error()
	if len(s) <= 400 {
		return s
	}
	return strings.ToValidUTF8(s[:200], "") + "..." + strings.ToValidUTF8(s[len(s)-150:], "")
}

// parseMAC reads six hexadecimal pairs.
func parseMAC(s string) (int64, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 6 {
		return 0, false
	}
	var n int64
	for _, p := range parts {
		b, err := strconv.ParseUint(p, 16, 8)
		if err != nil || len(p) > 2 {
			return 0, false
		}
		n = n<<8 | int64(b)
	}
	return n, true
}

// inside resolves href against the folder of the file that names it. ok is false when
// it is absolute or leaves the folder root ("." for the whole file system given).
func inside(root, file, href string) (name string, ok bool) {
	if path.IsAbs(href) || strings.ContainsAny(href, "\\\x00") || strings.Contains(href, "://") || len(href) > 1 && href[1] == ':' {
		return "", false
	}
	name = path.Join(path.Dir(file), href)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", false
	}
	if root != "." && name != root && !strings.HasPrefix(name, root+"/") {
		return "", false
	}
	return name, true
}
