package model

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxIDLength bounds an id, in bytes.
const MaxIDLength = 255

// CheckID says what is wrong with an id of a node, link, flow, ...: it is printable
// text without blanks at its ends, and contains none of "--", ":", "#", "," and "=",
// which links, ports and selectors are written with, nor glob characters.
func CheckID(id string) error {
	if plainName(id) {
		return nil
	}
	switch {
	case id == "":
		return fmt.Errorf("an id must not be empty")
	case len(id) > MaxIDLength:
		return fmt.Errorf("an id has at most %d bytes; this one has %d", MaxIDLength, len(id))
	case !utf8.ValidString(id):
		return fmt.Errorf("an id must be valid UTF-8")
	case strings.TrimSpace(id) != id:
		return fmt.Errorf("%q: an id must not begin or end with a blank", id)
	}
	for _, bad := range []string{"--", ":", "#", ",", "=", "*", "?", "[", "]", "\\"} {
		if strings.Contains(id, bad) {
			return fmt.Errorf("%q: an id must not contain %q", id, bad)
		}
	}
	for _, r := range id {
		if r < 0x20 || r == 0x7f {
			return fmt.Errorf("%q: an id must not contain control characters", id)
		}
	}
	return nil
}
