package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Pattern says when a UDP flow sends its packets and how large they are. Flow.Pattern
// holds it as text, which ParsePattern reads; core/workload draws from it.
type Pattern struct {
	// Gaps is the law of the times between packets. Only its shape counts: their mean
	// follows from the flow's rate and the mean size of its packets. Zero: all alike.
	Gaps Law
	// On and Off are the laws of the spans, in picoseconds, in which an on-off source sends
	// and is silent; zero for any other source. The rate holds while it sends.
	On, Off Law
	// Packets is the law of the packets' sizes: bytes on the wire. Zero: all full.
	Packets Law
}

// LawKind is a kind of distribution.
type LawKind uint8

// The kinds of laws.
const (
	NoLaw       LawKind = iota
	Constant            // always A
	Exponential         // of mean A
	Uniform             // from A to B
	Pareto              // of shape A and mean B
	Empirical           // the distribution called Name
)

// Law is the distribution of one random quantity.
type Law struct {
	Kind LawKind
	A, B float64
	Name string
}

// IMIX is the name of a law of packet sizes that needs no declaration: seven packets of
// 60 bytes, four of 590 and one of 1514, in the mean (the "simple IMIX" of vendors of
// test equipment, without the frame check sequence).
const IMIX = "imix"

// Mean is the mean of a law that is not empirical.
func (l Law) Mean() float64 {
	switch l.Kind {
	case Uniform:
		return (l.A + l.B) / 2
	case Pareto:
		return l.B
	}
	return l.A
}

// measure is what the numbers of a law count.
type measure uint8

const (
	ofNumbers measure = iota
	ofTimes
	ofSizes
)

// ParsePattern reads a pattern: "constant", "poisson" or "on-off", then any of gaps=LAW,
// on=LAW, off=LAW and packets=LAW, apart by blanks. Poisson is gaps=exponential. A law is
// a value or constant(VALUE), exponential(MEAN), uniform(LOW,HIGH), pareto(SHAPE,MEAN) or
// the name of a distribution; in gaps, where the flow's rate says the mean, it is
// constant, exponential, uniform(LOW,HIGH) with numbers, pareto(SHAPE) or a name.
func ParsePattern(text string) (Pattern, error) {
	var p Pattern
	words := strings.Fields(text)
	if len(words) == 0 || len(text) > 1000 {
		return p, fmt.Errorf("a pattern is constant, poisson or on-off, and gaps=, on=, off= or packets= with a law")
	}
	kind := ""
	seen := map[string]bool{}
	for i, w := range words {
		name, law, ok := strings.Cut(w, "=")
		if !ok {
			if i > 0 || name != "constant" && name != "poisson" && name != "on-off" {
				return p, fmt.Errorf("%q is neither constant, poisson nor on-off, nor gaps=, on=, off= or packets= with a law", w)
			}
			kind = name
			continue
		}
		if seen[name] {
			return p, fmt.Errorf("%s= stands there twice", name)
		}
		seen[name] = true
		var err error
		switch name {
		case "gaps":
			p.Gaps, err = parseLaw(law, ofNumbers)
		case "on":
			p.On, err = parseLaw(law, ofTimes)
		case "off":
			p.Off, err = parseLaw(law, ofTimes)
		case "packets":
			p.Packets, err = parseLaw(law, ofSizes)
		default:
			return p, fmt.Errorf("%q is none of gaps, on, off and packets", name)
		}
		if err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
	}
	switch {
	case kind == "poisson" && seen["gaps"]:
		return p, fmt.Errorf("poisson has gaps of its own: exponential ones")
	case kind == "poisson":
		p.Gaps = Law{Kind: Exponential, A: 1}
	case kind == "constant" && p.Gaps.Kind != NoLaw:
		return p, fmt.Errorf("a constant source has gaps that are all alike")
	}
	if on := kind == "on-off"; on != seen["on"] || on != seen["off"] {
		if on {
			return p, fmt.Errorf("on-off needs on= and off=")
		}
		return p, fmt.Errorf("on= and off= belong to on-off")
	}
	return p, nil
}

// ParseGapLaw reads a law of gaps, as in gaps=LAW of a pattern.
func ParseGapLaw(text string) (Law, error) { return parseLaw(text, ofNumbers) }

// ParseSpanLaw reads a law of times, as in on=LAW.
func ParseSpanLaw(text string) (Law, error) { return parseLaw(text, ofTimes) }

// ParsePacketLaw reads a law of packet sizes, as in packets=LAW.
func ParsePacketLaw(text string) (Law, error) { return parseLaw(text, ofSizes) }

func parseLaw(text string, m measure) (Law, error) {
	name, rest, ok := strings.Cut(text, "(")
	var args []string
	if ok {
		if !strings.HasSuffix(rest, ")") {
			return Law{}, fmt.Errorf("%q has no closing parenthesis", clipText(text))
		}
		args = strings.Split(rest[:len(rest)-1], ",")
	}
	kinds := map[string]LawKind{"constant": Constant, "exponential": Exponential, "uniform": Uniform, "pareto": Pareto}
	kind := kinds[name]
	if kind == NoLaw && !ok {
		if v, err := lawValue(text, m); err == nil && m != ofNumbers {
			kind, args = Constant, []string{text}
			_ = v
		} else if CheckID(text) == nil && m != ofTimes && (text[0] < '0' || text[0] > '9') {
			return Law{Kind: Empirical, Name: text}, nil
		}
	}
	if kind == NoLaw {
		return Law{}, fmt.Errorf("%q is no law; write %s", clipText(text), lawForms(m))
	}
	wanted := map[LawKind]int{Constant: 1, Exponential: 1, Uniform: 2, Pareto: 2}[kind]
	if m == ofNumbers && kind != Uniform { // the mean is the flow's business
		wanted--
	}
	if len(args) != wanted {
		return Law{}, fmt.Errorf("%q has %d values; write %s", clipText(text), len(args), lawForms(m))
	}
	l := Law{Kind: kind, A: 1, B: 1}
	for i, a := range args {
		of := m
		if kind == Pareto && i == 0 {
			of = ofNumbers
		}
		v, err := lawValue(strings.TrimSpace(a), of)
		if err != nil {
			return Law{}, err
		}
		if i == 0 {
			l.A = v
		} else {
			l.B = v
		}
	}
	switch {
	case kind == Pareto && !(l.A > 1 && l.A <= 1000):
		return Law{}, fmt.Errorf("%q: the shape of a Pareto law is above 1 (at 1 and below it has no mean) and at most 1000", clipText(text))
	case kind == Uniform && l.A > l.B:
		return Law{}, fmt.Errorf("%q: the lower bound is above the upper", clipText(text))
	case !(l.Mean() > 0):
		return Law{}, fmt.Errorf("%q has the mean 0", clipText(text))
	}
	if kind != Uniform && kind != Pareto {
		l.B = 0
	}
	return l, nil
}

func lawForms(m measure) string {
	switch m {
	case ofNumbers:
		return "constant, exponential, uniform(1,3), pareto(1.5) or the name of a distribution"
	case ofTimes:
		return "a time, exponential(500ms), uniform(100ms,900ms) or pareto(1.5,500ms)"
	}
	return "a size, exponential(500B), uniform(64B,1514B), pareto(1.5,500B), imix or the name of a distribution"
}

func lawValue(text string, m measure) (float64, error) {
	switch m {
	case ofTimes:
		t, err := ParseTime(text)
		if err == nil && t > Forever/4 {
			err = fmt.Errorf("%s is too long", clipText(text))
		}
		return float64(t), err
	case ofSizes:
		s, err := ParseSize(text)
		if err == nil && s > 65549 {
			err = fmt.Errorf("packets of %s are too large", clipText(text))
		}
		return float64(s), err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1e9 || strings.ContainsAny(text, "xX_pP") {
		return 0, fmt.Errorf("%q is not a number from 0 to 10^9", clipText(text))
	}
	return v, nil
}

func clipText(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:57], "") + "..."
	}
	return s
}

// Words are the parts of a pattern as texts that ParsePattern reads, "" where it has
// none: the kind of source, and the laws of gaps, of on and off times, and of packets.
func (p Pattern) Words() (kind, gaps, on, off, packets string) {
	gaps = p.Gaps.text(ofNumbers)
	switch {
	case p.On.Kind != NoLaw:
		kind = "on-off"
	case p.Gaps == Law{Kind: Exponential, A: 1}:
		kind, gaps = "poisson", ""
	case p.Gaps.Kind == NoLaw:
		kind = "constant"
	}
	return kind, gaps, p.On.text(ofTimes), p.Off.text(ofTimes), p.Packets.text(ofSizes)
}

// String is the pattern as ParsePattern reads it.
func (p Pattern) String() string {
	kind, gaps, on, off, packets := p.Words()
	return JoinPattern(kind, gaps, on, off, packets)
}

// JoinPattern writes the parts of a pattern as one text; "" for none.
func JoinPattern(kind, gaps, on, off, packets string) string {
	var b strings.Builder
	add := func(name, v string) {
		if v == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name)
		b.WriteString(strings.ReplaceAll(v, " ", ""))
	}
	add("", kind)
	add("gaps=", gaps)
	add("on=", on)
	add("off=", off)
	add("packets=", packets)
	return b.String()
}

func (l Law) text(m measure) string {
	value := func(v float64) string {
		switch m {
		case ofTimes:
			return Time(v).String()
		case ofSizes:
			return Size(v).String()
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	mean := func(name, first string) string {
		v := l.A
		if l.Kind == Pareto {
			v = l.B
		}
		switch {
		case m != ofNumbers && first != "":
			return name + "(" + first + "," + value(v) + ")"
		case m != ofNumbers:
			return name + "(" + value(v) + ")"
		case first != "":
			return name + "(" + first + ")"
		}
		return name
	}
	switch l.Kind {
	case Constant:
		if m != ofNumbers {
			return value(l.A)
		}
		return "constant"
	case Exponential:
		return mean("exponential", "")
	case Uniform:
		return "uniform(" + value(l.A) + "," + value(l.B) + ")"
	case Pareto:
		return mean("pareto", strconv.FormatFloat(l.A, 'g', -1, 64))
	case Empirical:
		return l.Name
	}
	return ""
}

// patterns are those of all traffic, each text once.
func (n *Network) patterns() []Pattern {
	var out []Pattern
	seen := map[string]bool{}
	add := func(text string) {
		if text == "" || seen[text] {
			return
		}
		seen[text] = true
		if p, err := ParsePattern(text); err == nil {
			out = append(out, p)
		}
	}
	for i := range n.Flows {
		add(n.Flows[i].Pattern)
	}
	for i := range n.Demands {
		add(n.Demands[i].Pattern)
	}
	for i := range n.Traffic {
		add(n.Traffic[i].Pattern)
	}
	return out
}

// SpreadPattern gives a pattern whose on and off times are passed through span, as a scale of
// time does. A text that is no pattern stays as it is.
func SpreadPattern(text string, span func(Time) Time) string {
	p, err := ParsePattern(text)
	if err != nil || p.On.Kind == NoLaw {
		return text
	}
	for _, l := range [...]*Law{&p.On, &p.Off} {
		if l.Kind != Pareto {
			l.A = float64(max(1, span(Time(l.A))))
		}
		if l.B > 0 {
			l.B = float64(max(1, span(Time(l.B))))
		}
	}
	return p.String()
}
