package xmlscan

import (
	"encoding/binary"
	"unicode/utf8"
)

// Classes of ASCII bytes. The colon is deliberately in none of the name classes: names with a colon take the slow
// path, where their form is checked.
const (
	nameStart = 1 << iota // may begin a name
	nameByte              // may stand in a name
	space                 // XML 1.0 production S
	word                  // a letter, a digit, _ or .

	letter = nameStart | nameByte | word
	digit  = nameByte | word
)

// class is read-only. It is indexed by a byte.
var class = [256]uint8{
	' ': space, '\t': space, '\n': space, '\r': space,
	'_': letter, '-': nameByte, '.': digit,
	'0': digit, '1': digit, '2': digit, '3': digit, '4': digit,
	'5': digit, '6': digit, '7': digit, '8': digit, '9': digit,
	'a': letter, 'b': letter, 'c': letter, 'd': letter, 'e': letter, 'f': letter, 'g': letter, 'h': letter,
	'i': letter, 'j': letter, 'k': letter, 'l': letter, 'm': letter, 'n': letter, 'o': letter, 'p': letter,
	'q': letter, 'r': letter, 's': letter, 't': letter, 'u': letter, 'v': letter, 'w': letter, 'x': letter,
	'y': letter, 'z': letter,
	'A': letter, 'B': letter, 'C': letter, 'D': letter, 'E': letter, 'F': letter, 'G': letter, 'H': letter,
	'I': letter, 'J': letter, 'K': letter, 'L': letter, 'M': letter, 'N': letter, 'O': letter, 'P': letter,
	'Q': letter, 'R': letter, 'S': letter, 'T': letter, 'U': letter, 'V': letter, 'W': letter, 'X': letter,
	'Y': letter, 'Z': letter,
}

// isChar is production Char of XML 1.0.
func isChar(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// isNameStart is production NameStartChar of XML 1.0 (fifth edition), without the colon.
func isNameStart(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && class[r]&nameStart != 0
	}
	return r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7 ||
		r >= 0x370 && r <= 0x1FFF && r != 0x37E ||
		r >= 0x200C && r <= 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0xEFFFF
}

// isNameRune is production NameChar of XML 1.0 (fifth edition), without the colon.
func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && class[r]&nameByte != 0
	}
	return isNameStart(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r >= 0x203F && r <= 0x2040
}

// Eight bytes at a time. Subtracting 1 from a byte sets its high bit when the byte was 0 (x^c is 0 where x is c);
// subtracting 0x20 does so for control characters. A borrow can only spoil bytes above a true hit, and only the
// lowest hit is used, so the answers are exact.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func load8(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

// valueStops marks the bytes at which plain copying of an attribute value ends: control characters, &, <, the
// quote (given repeated eight times) and everything beyond ASCII.
func valueStops(x, quotes uint64) uint64 {
	return ((x - ones*0x20) | ((x ^ quotes) - ones) | ((x ^ ones*'&') - ones) | ((x ^ ones*'<') - ones) | x) & highs
}

// textStops is valueStops for character data: ] may begin the forbidden ]]>.
func textStops(x uint64) uint64 {
	return ((x - ones*0x20) | ((x ^ ones*']') - ones) | ((x ^ ones*'&') - ones) | ((x ^ ones*'<') - ones) | x) & highs
}

// plainStops marks control characters and everything beyond ASCII.
func plainStops(x uint64) uint64 { return ((x - ones*0x20) | x) & highs }

// badChar returns the index of the first byte of b that does not begin a legal character, or -1.
// asciiOnly also refuses everything beyond ASCII.
func badChar(b []byte, asciiOnly bool) int {
	for i := 0; i < len(b); {
		if i+8 <= len(b) && plainStops(load8(b, i)) == 0 {
			i += 8
			continue
		}
		c := b[i]
		if c < utf8.RuneSelf {
			if c < 0x20 && class[c]&space == 0 {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || !isChar(r) || asciiOnly {
			return i
		}
		i += n
	}
	return -1
}
