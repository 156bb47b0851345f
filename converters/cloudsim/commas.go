package cloudsim

import "strings"

// commas puts commas where JSON wants them and nowhere else, as parsers that take commas
// for white space see a text, and says whether that changed anything. Lines stay where
// they are; what is no JSON for other reasons stays so.
func commas(text string) (strict string, mended bool) {
	var b strings.Builder
	b.Grow(len(text) + len(text)/16)
	after := false // a value, or a member's name
	found := 0     // commas since then
	next := func(starts bool) {
		want := 0
		if after && starts {
			want = 1
			b.WriteByte(',')
		}
		mended = mended || found != want
		found = 0
	}
	for i := 0; i < len(text); {
		start := i
		switch c := text[i]; {
		case c == ',':
			found++
			i++
			continue
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			b.WriteByte(c)
			i++
			continue
		case c == '"':
			next(true)
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			i = min(i+1, len(text))
			after = true
		case c == '{' || c == '[':
			next(true)
			i++
			after = false
		case c == '}' || c == ']':
			next(false)
			i++
			after = true
		case c == ':':
			next(false)
			i++
			after = false
		default: // a number, true, false, null
			next(true)
			for i++; i < len(text) && !strings.ContainsRune(" \t\r\n,:\"{}[]", rune(text[i])); i++ {
			}
			after = true
		}
		b.WriteString(text[start:i])
	}
	return b.String(), mended || found > 0
}
