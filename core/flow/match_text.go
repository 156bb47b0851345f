package flow

import (
	"fmt"
	"strings"
)

// String is the canonical text of a match: its fields in canonical order, such as
// in_port=1,eth_type=0x0800,ipv4_dst=10.0.0.0/8, and any for the empty one.
func (m Match) String() string { return string(m.appendTo(make([]byte, 0, 24*len(m)+3))) }

func (m Match) appendTo(b []byte) []byte {
	if len(m) == 0 {
		return append(b, "any"...)
	}
	for i := range m {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, m[i].Field.String()...), '=')
		b = m[i].Field.appendValue(b, m[i].Value, m[i].Mask)
	}
	return b
}

// ParseMatch is the inverse of [Match.String]; fields may come in any order, each once.
// Prerequisites are not looked at: see [Match.Check].
func ParseMatch(text string) (Match, error) {
	if text == "any" {
		return nil, nil
	}
	var m Match
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("flow: %q in match %q is not of the form field=value", part, text)
		}
		f, err := ParseField(name)
		if err != nil {
			return nil, err
		}
		if _, twice := m.Field(f); twice {
			return nil, fmt.Errorf("flow: match %q mentions %s twice", text, f)
		}
		v, mask, err := f.parseValue(value)
		switch {
		case err != nil:
			return nil, err
		case mask == Value{}:
			return nil, fmt.Errorf("flow: match %q: the mask of %s is empty; leave the field out", text, f)
		case v.And(mask) != v:
			return nil, fmt.Errorf("flow: match %q: the value of %s has bits outside its mask", text, f)
		case mask != f.AllOnes() && !f.Maskable():
			return nil, fmt.Errorf("flow: match %q: %s cannot be masked", text, f)
		}
		m = m.WithMask(f, v, mask)
	}
	return m, nil
}

// MarshalText returns the text of [Match.String].
func (m Match) MarshalText() ([]byte, error) { return m.appendTo(nil), nil }

// UnmarshalText accepts what [ParseMatch] accepts.
func (m *Match) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMatch(string(text))
	return err
}
