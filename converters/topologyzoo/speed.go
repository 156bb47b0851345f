package topologyzoo

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"sendim/core/model"
)

// speeds reads the speed of a link out of what people wrote beside it, "45 Mbps DS-3",
// ">=1 Gb/s", "OC192/STM64", "4 x 10G". It remembers what it has seen.
type speeds struct {
	number, named, before, after, lower *regexp.Regexp
	seen                                map[string]speed
}

// speed is a rate and how it was found; rate 0: the text says none.
type speed struct {
	rate model.Rate
	how  string
}

func newSpeeds() *speeds {
	return &speeds{
		// a number with a prefix and perhaps "bit/s", "b/s", "bps", "E" and "bE" (Ethernet)
		number: regexp.MustCompile(`(?i)(\d+(?:[.,]\d+)?)(\s*)(?:(tera|giga|mega|kilo|gig|meg)\s?(?:bits?/s|bits?ps|bps|bits?)?|([tgmk])(bit/sec|bits?/s|bits?ps|bits?|bps|b/s|be|b|e)?|bit/s|bps)`),
		// a rate of the digital hierarchies, or an Ethernet
		named:  regexp.MustCompile(`(?i)(oc|stm|ds|t|e)([- ]?)(\d+)|gig-?e|gbe|gigabit ?ethernet|fast-? ?e(?:thernet)?|ge|fe`),
		before: regexp.MustCompile(`(?i)(?:^|[^0-9a-z.])(\d{1,4}|n)\s*[x*×]\s*$`),
		after:  regexp.MustCompile(`(?i)^\s?[x*×]\s?(\d{1,4})(?:$|[^0-9a-z.])`),
		lower:  regexp.MustCompile(`(?i)(?:^|[^0-9a-z.])\d+(?:[.,]\d+)?\s*[tgmk]?\s*(?:-|–|/|to)\s*$`),
		seen:   map[string]speed{},
	}
}

// maxLabel bounds the text that is searched for a speed.
const maxLabel = 200

func (p *speeds) read(text string) speed {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxLabel {
		return speed{}
	}
	s, ok := p.seen[text]
	if !ok {
		s = p.parse(text)
		p.seen[text] = s
	}
	return s
}

// found is one speed in a text.
type found struct {
	from, to int
	rate     float64 // bit/s
	kind     string
	bound    bool
	ranged   bool // the top of a range
}

func (p *speeds) parse(text string) speed {
	var all []found
	for at := 0; at < len(text) && len(all) < 8; {
		f, ok := p.next(text, at)
		if !ok {
			break
		}
		at = f.to
		p.multiply(text, &f)
		all = append(all, f)
	}
	if len(all) == 0 {
		return speed{}
	}
	first := all[0]
	how := ""
	for _, f := range all[1:] {
		between := strings.TrimSpace(text[min(first.to, f.from):f.from])
		switch {
		case math.Abs(f.rate-first.rate) <= 0.05*first.rate: // the same in other words
		case between == "-" || between == "–" || between == "to":
			first.rate, first.to, first.ranged = f.rate, f.to, true
		default:
			how = ", the first of several"
		}
	}
	low := strings.ToLower(text)
	switch {
	case first.ranged:
		how = ", top of a range" + how
	case first.bound, strings.ContainsAny(text, "<>≤≥"), strings.Contains(low, "up to"), strings.Contains(low, "and below"), strings.Contains(low, "at least"):
		how = ", a bound" + how
	}
	if !(first.rate >= 1 && first.rate < 1e18) {
		return speed{}
	}
	return speed{rate: model.Rate(math.Round(first.rate)), how: first.kind + how}
}

// next finds the next speed from a place on.
func (p *speeds) next(text string, at int) (found, bool) {
	for tries := 0; at < len(text) && tries < 12; tries++ {
		n, k := p.number.FindStringSubmatchIndex(text[at:]), p.named.FindStringSubmatchIndex(text[at:])
		var f found
		ok := false
		switch {
		case n == nil && k == nil:
			return found{}, false
		case k == nil || n != nil && n[0] <= k[0]:
			shift(n, at)
			if f, ok = p.numbered(text, n); !ok {
				// "100 miles" is no speed, but what follows its digits may be one.
				at = n[3]
				continue
			}
		default:
			shift(k, at)
			if f, ok = named(text, k); !ok {
				at = k[0] + 1
				continue
			}
		}
		return f, true
	}
	return found{}, false
}

func shift(at []int, by int) {
	for i := range at {
		if at[i] >= 0 {
			at[i] += by
		}
	}
}

func group(text string, at []int, i int) string {
	if at[2*i] < 0 {
		return ""
	}
	return text[at[2*i]:at[2*i+1]]
}

func wordByte(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// ends says whether a word ends at a place of the text; "x4" may follow it.
func ends(text string, at int) bool {
	if at >= len(text) || !wordByte(text[at]) {
		return true
	}
	return text[at]|0x20 == 'x' && at+1 < len(text) && text[at+1] >= '0' && text[at+1] <= '9'
}

func (p *speeds) numbered(text string, at []int) (f found, ok bool) {
	if from := at[0]; from > 0 && (wordByte(text[from-1]) || text[from-1] == '.') {
		return f, false
	}
	if !ends(text, at[1]) {
		return f, false
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(group(text, at, 1), ",", "."), 64)
	if err != nil {
		return f, false
	}
	prefix, unit, word := group(text, at, 4), strings.ToLower(group(text, at, 5)), group(text, at, 3)
	kind := ""
	switch {
	case prefix != "":
		// "5 m" is a length, "5M" and "5 Mb" are speeds.
		if unit == "" && group(text, at, 2) != "" && strings.ToUpper(prefix) != prefix {
			return f, false
		}
		if unit == "e" || unit == "be" {
			if strings.ToLower(prefix) == "k" {
				return f, false
			}
			kind = ", Ethernet rate"
		}
		v *= factor(prefix[0])
	case word != "":
		v *= factor(word[0])
	}
	f = found{from: at[0], to: at[1], rate: v, kind: kind}
	f.ranged = p.lower.MatchString(text[:at[0]])
	return f, true
}

func factor(prefix byte) float64 {
	switch prefix | 0x20 {
	case 't':
		return 1e12
	case 'g':
		return 1e9
	case 'm':
		return 1e6
	}
	return 1e3
}

// named gives the rates of the digital hierarchies: OC-n is n times 51.84 Mbit/s (SONET,
// ANSI T1.105), STM-n n times 155.52 Mbit/s (SDH, ITU-T G.707), and DS, T and E levels
// are those of ITU-T G.702.
func named(text string, at []int) (found, bool) {
	from, to := at[0], at[1]
	level := group(text, at, 1)
	if to < len(text) && text[to]|0x20 == 'c' && level != "" {
		to++ // concatenated: OC-192c
	}
	if from > 0 && wordByte(text[from-1]) || !ends(text, to) {
		return found{}, false
	}
	f := found{from: from, to: to}
	word := text[from:to]
	switch {
	case level == "" && (word == "fe" || word == "ge"): // German and French words
		return found{}, false
	case level == "":
		f.rate, f.kind = 1e9, ", Ethernet rate"
		if word[0]|0x20 == 'f' {
			f.rate = 1e8
		}
		return f, true
	}
	n, err := strconv.Atoi(group(text, at, 3))
	if err != nil || n < 0 {
		return found{}, false
	}
	pick := func(rates ...float64) (found, bool) {
		if n >= len(rates) || rates[n] == 0 || group(text, at, 2) == " " {
			return found{}, false
		}
		f.rate, f.kind = rates[n]*1e6, ", PDH rate"
		return f, true
	}
	switch strings.ToLower(level) {
	case "oc":
		if n < 1 || n > 3840 {
			return found{}, false
		}
		f.rate, f.kind = float64(n)*51.84e6, ", SONET or SDH rate"
		return f, true
	case "stm":
		if n > 1024 {
			return found{}, false
		}
		f.rate, f.kind = float64(n)*155.52e6, ", SONET or SDH rate"
		if n == 0 {
			f.rate = 51.84e6
		}
		return f, true
	case "ds":
		return pick(0.064, 1.544, 6.312, 44.736, 274.176)
	case "t":
		return pick(0, 1.544, 6.312, 44.736, 274.176)
	}
	return pick(0, 2.048, 8.448, 34.368, 139.264, 565.148)
}

// multiply looks for "4 x" before a speed and "x4" behind it.
func (p *speeds) multiply(text string, f *found) {
	times := ""
	if m := p.before.FindStringSubmatch(text[:f.from]); m != nil {
		times = m[1]
	} else if m := p.after.FindStringSubmatch(text[f.to:]); m != nil {
		times = m[1]
	}
	if times == "" {
		return
	}
	n, err := strconv.Atoi(times)
	if err != nil || n == 0 { // "N x 10G"
		f.bound = true
		return
	}
	f.rate *= float64(n)
	if n > 1 {
		f.kind += ", multiplied"
	}
}
