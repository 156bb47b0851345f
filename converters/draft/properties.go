package draft

import (
	"strings"
	"unicode/utf8"

	"sendim/core/model"
)

// maxValue bounds the text of a property, so that a descriptor can hold it even where
// every character must be written as a reference.
const maxValue = 10 << 10

// legalProperties gives properties that a selector can name and a descriptor can hold:
// no comma, equals sign or blank at its ends in a name, no control characters anywhere.
// It copies the list if anything is to be changed, and counts values that were cut.
func legalProperties(list []model.Property) (out []model.Property, cut int) {
	out = list
	for i, p := range list {
		q := model.Property{Name: legalKey(p.Name), Value: printable(p.Value)}
		if len(q.Value) > maxValue {
			q.Value = strings.ToValidUTF8(q.Value[:maxValue], "")
			cut++
		}
		if q == p {
			continue
		}
		if &out[0] == &list[0] {
			out = append([]model.Property(nil), list...)
		}
		out[i] = q
	}
	return out, cut
}

func legalKey(name string) string {
	if len(name) <= model.MaxIDLength && model.CheckID(name) == nil && printable(name) == name {
		return name
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(",=#:*?[]\\", r):
			return '_'
		case r < 0x20, r == 0x7f:
			return ' '
		}
		return r
	}, printable(name))
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	if len(name) > model.MaxIDLength {
		name = strings.ToValidUTF8(name[:model.MaxIDLength], "")
	}
	if name = strings.TrimSpace(name); name == "" {
		name = "unnamed"
	}
	return name
}

// printable replaces what XML 1.0 (section 2.2) does not let a document contain.
func printable(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 && r != '\t' && r != '\n' && r != '\r':
			return ' '
		case r == 0xfffe, r == 0xffff:
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
