package sndlib

import (
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// native reads the text form: sections NAME ( ... ) of tokens that blanks and brackets
// part; # begins a comment.
type native struct {
	in     *instance
	faults *fault.List
	tokens []token
	at     int
}

type token struct {
	text string
	line int32
}

func readNative(f draft.File, faults *fault.List) *instance {
	r := &native{in: &instance{file: f, format: "SNDlib native"}, faults: faults}
	text, err := draft.Text(f)
	if err != nil {
		addErr(faults, err)
		return r.in
	}
	header := false
	inMeta := false
	for l := range draft.Lines(text) {
		line, _, _ := strings.Cut(l.Text, "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case !header:
			if header = r.header(line, l.No); !header {
				return r.in
			}
		case inMeta:
			// What is in META is prose; only a bracket alone ends it.
			if line = strings.TrimSpace(l.Text); line == ")" {
				inMeta = false
			} else if name, value, ok := strings.Cut(line, "="); ok {
				r.in.setMeta(strings.TrimSpace(name), strings.TrimSpace(value))
			}
		case strings.HasPrefix(line, "META") && strings.HasSuffix(line, "("):
			inMeta = true
		default:
			r.split(line, l.No)
		}
	}
	if !header {
		faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "the file is empty")
		return r.in
	}
	if inMeta {
		faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "the file ends inside its section META: ) is missing")
		return r.in
	}
	r.sections()
	return r.in
}

func addErr(faults *fault.List, err error) {
	if f, ok := err.(fault.Fault); ok {
		faults.Add(f)
		return
	}
	faults.Addf(fault.Syntax, fault.Place{}, "%v", err)
}

// header reads "?SNDlib native format; type: network; version: 1.0".
func (r *native) header(line string, no int32) bool {
	place := r.in.file.Place(no)
	if !strings.HasPrefix(line, "?SNDlib native format") {
		r.faults.Addf(fault.Syntax, place, "an SNDlib file begins with %q", "?SNDlib native format; type: network; version: 1.0")
		return false
	}
	for part := range strings.SplitSeq(line, ";") {
		name, value, _ := strings.Cut(part, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "type":
			if value != "network" {
				r.faults.Addf(fault.NotYet, place, "the file is of type %q, which says how to plan a network, or is a plan; type network is read", draft.Clip(value))
				return false
			}
		case "version":
			if value != "1.0" {
				r.faults.Addf(fault.NotYet, place, "the file is of version %q; 1.0 is read", draft.Clip(value))
				return false
			}
		}
	}
	return true
}

func (r *native) split(line string, no int32) {
	for line != "" {
		n := strings.IndexAny(line, " \t()")
		switch {
		case n < 0:
			r.tokens = append(r.tokens, token{line, no})
			return
		case n > 0:
			r.tokens = append(r.tokens, token{line[:n], no})
		}
		if c := line[n]; c == '(' || c == ')' {
			r.tokens = append(r.tokens, token{line[n : n+1], no})
		}
		line = line[n+1:]
	}
}

func (r *native) peek() string {
	if r.at < len(r.tokens) {
		return r.tokens[r.at].text
	}
	return ""
}

func (r *native) line() int32 {
	if len(r.tokens) == 0 {
		return 0
	}
	return r.tokens[min(r.at, len(r.tokens)-1)].line
}

// failed ends the reading: after a bracket too few, nothing is where it seems.
func (r *native) failed(format string, args ...any) bool {
	r.faults.Addf(fault.Syntax, r.in.file.Place(r.line()), format, args...)
	return false
}

// want takes one token of that text.
func (r *native) want(text, where string) bool {
	if r.at >= len(r.tokens) {
		return r.failed("the file ends inside %s: %s is missing", where, text)
	}
	if r.peek() != text {
		return r.failed("%q stands in %s where %s is expected", draft.Clip(r.peek()), where, text)
	}
	r.at++
	return true
}

// word takes one token that is no bracket.
func (r *native) word(where string) (string, bool) {
	switch t := r.peek(); {
	case r.at >= len(r.tokens):
		return "", r.failed("the file ends inside %s", where)
	case t == "(" || t == ")":
		return "", r.failed("%q stands in %s where a word is expected", t, where)
	default:
		r.at++
		return t, true
	}
}

func (r *native) number(where string) (float64, bool) {
	at := r.in.file.Place(r.line())
	t, ok := r.word(where)
	if !ok {
		return 0, false
	}
	return quantity(t, where, at, r.faults), true
}

func (r *native) sections() {
	seen := map[string]bool{}
	for r.at < len(r.tokens) && !r.faults.Full() {
		place := r.in.file.Place(r.line())
		name, ok := r.word("the file")
		if !ok || !r.want("(", "the section "+draft.Clip(name)) {
			return
		}
		seen[name] = true
		var row func() bool
		switch name {
		case "NODES":
			row = r.node
		case "LINKS":
			row = r.link
		case "DEMANDS":
			row = r.demand
		case "ADMISSIBLE_PATHS":
			row = r.paths
		default:
			r.faults.Add(fault.New(fault.UnknownElement, place, "a network has no section %q", draft.Clip(name)).
				Suggest(name, []string{"META", "NODES", "LINKS", "DEMANDS", "ADMISSIBLE_PATHS"}))
			return
		}
		for r.peek() != ")" {
			if r.at >= len(r.tokens) {
				r.failed("the file ends inside its section %s: ) is missing", name)
				return
			}
			if !row() || r.faults.Full() {
				return
			}
		}
		r.at++
	}
	if !seen["NODES"] && r.faults.Total == 0 {
		r.faults.Addf(fault.Syntax, fault.Place{File: r.in.file.Name}, "the file ends without its section NODES")
	}
}

// ends reads "( source target )".
func (r *native) ends(where string) (source, target string, ok bool) {
	if !r.want("(", where) {
		return
	}
	if source, ok = r.word(where); !ok {
		return
	}
	if target, ok = r.word(where); !ok {
		return
	}
	return source, target, r.want(")", where)
}

func (r *native) node() bool {
	n := node{line: r.line()}
	var ok bool
	if n.id, ok = r.word("NODES"); !ok {
		return false
	}
	if r.peek() != "(" {
		r.in.nodes = append(r.in.nodes, n)
		return true
	}
	r.at++
	for _, to := range [2]*float64{&n.x, &n.y} {
		at := r.in.file.Place(r.line())
		t, ok := r.word("NODES")
		if !ok {
			return false
		}
		v, err := draft.Number(strings.TrimSuffix(t, ","))
		if err != nil {
			r.faults.Addf(fault.BadNumber, at, "the position of %q: %v", draft.Clip(n.id), err)
		}
		*to = v
	}
	n.placed = true
	if !r.want(")", "NODES") {
		return false
	}
	for r.peek() == "(" { // designs and options, reserved for version 2.0
		for r.at++; r.peek() != ")"; r.at++ {
			if r.at >= len(r.tokens) {
				return r.want(")", "NODES")
			}
			r.in.ignored++
		}
		r.at++
	}
	r.in.nodes = append(r.in.nodes, n)
	return true
}

func (r *native) link() bool {
	l := link{line: r.line()}
	var ok bool
	if l.id, ok = r.word("LINKS"); !ok {
		return false
	}
	where := "the link " + draft.Clip(l.id)
	if l.source, l.target, ok = r.ends(where); !ok {
		return false
	}
	if l.preinstalled, ok = r.number(where); !ok {
		return false
	}
	for _, name := range [3]string{"preInstalledCost", "routingCost", "setupCost"} {
		text := r.peek()
		v, ok := r.number(where)
		if !ok {
			return false
		}
		if v > 0 {
			l.properties = append(l.properties, model.Property{Name: name, Value: text})
		}
	}
	if !r.want("(", where) {
		return false
	}
	for r.peek() != ")" {
		var m module
		if m.capacity, ok = r.number(where); !ok {
			return false
		}
		if m.cost, ok = r.number(where); !ok {
			return false
		}
		l.modules = append(l.modules, m)
	}
	r.at++
	r.in.links = append(r.in.links, l)
	return true
}

func (r *native) demand() bool {
	d := demand{line: r.line()}
	var ok bool
	if d.id, ok = r.word("DEMANDS"); !ok {
		return false
	}
	where := "the demand " + draft.Clip(d.id)
	if d.source, d.target, ok = r.ends(where); !ok {
		return false
	}
	unit, ok := r.number(where)
	if !ok {
		return false
	}
	value, ok := r.number(where)
	if !ok {
		return false
	}
	limit, ok := r.word(where)
	if !ok {
		return false
	}
	if limit != "UNLIMITED" {
		if _, err := draft.Count(limit, 1<<31); err != nil {
			return r.failed("%s: the length of its paths is a whole number or UNLIMITED, not %q", where, draft.Clip(limit))
		}
		r.in.hopLimits++
	}
	d.value = float64(unit * value)
	r.in.demands = append(r.in.demands, d)
	return true
}

// paths reads "demand ( path ( link link ) path ( link ) )".
func (r *native) paths() bool {
	if _, ok := r.word("ADMISSIBLE_PATHS"); !ok || !r.want("(", "ADMISSIBLE_PATHS") {
		return false
	}
	for r.peek() != ")" {
		if _, ok := r.word("ADMISSIBLE_PATHS"); !ok || !r.want("(", "ADMISSIBLE_PATHS") {
			return false
		}
		for r.peek() != ")" {
			if _, ok := r.word("ADMISSIBLE_PATHS"); !ok {
				return false
			}
		}
		r.at++
		r.in.paths++
	}
	r.at++
	return true
}
