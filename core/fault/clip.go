package fault

import "unicode/utf8"

// Clip shortens a text of the user's so that it fits into a message: to 60 bytes at most, of
// which the last three say that there was more. No character is cut in two.
func Clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most - 3
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
