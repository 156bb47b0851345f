package model

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestIdsCarryNothingThatLinksPortsOrSelectorsAreWrittenWith(t *testing.T) {
	for id, ok := range map[string]bool{
		"s1": true, "dc-h-1": true, "New York": true, "Zürich": true, "a.b_c": true, "-": true, strings.Repeat("x", 255): true,
		"": false, "a--b": false, "a:1": false, "a#2": false, "a,b": false, "a=b": false, "h*": false, "h?": false, "[a]": false, `a\b`: false,
		" a": false, "a ": false, "a\nb": false, "a\x7f": false, "\xff": false, strings.Repeat("x", 256): false,
	} {
		if err := CheckID(id); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if s := rapid.StringMatching(`[a-c.\-_ ,:é]{0,5}`).Draw(t, "id"); plainName(s) && strings.Contains(s, "--") {
			t.Fatalf("%q passes by the short way", s)
		}
	})
}
