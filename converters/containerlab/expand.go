package containerlab

import (
	"strings"

	"sendim/core/fault"
)

// template finds the first line that only a Go template has: containerlab renders every
// file as one before it reads it.
func template(file, text string) error {
	if !strings.Contains(text, "{{") {
		return nil
	}
	for no, line := range strings.Split(text, "\n") {
		if strings.Contains(line, "{{") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return fault.New(fault.Syntax, fault.Place{File: file, Line: no + 1},
				"the file is a Go template, which containerlab renders with a variables file before it reads it; render it first and import the result")
		}
	}
	return nil
}

// maxNested bounds defaults within defaults.
const maxNested = 8

// expand does what containerlab does to ${NAME:=default} and its kin before it reads a
// file, as if no variable were set: a result must not hang on somebody's environment.
// Variables without a default stay as they are. Lines stay where they are, because a
// default ends with its line at the latest.
func expand(text string, depth int) (out string, defaults, left int) {
	if !strings.Contains(text, "${") {
		return text, 0, 0
	}
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			b.WriteString(text)
			return b.String(), defaults, left
		}
		b.WriteString(text[:i])
		text = text[i:]
		body, length := braced(text)
		name := 0
		for name < len(body) && (body[name] == '_' || body[name] >= '0' && body[name] <= '9' || body[name]|0x20 >= 'a' && body[name]|0x20 <= 'z') {
			name++
		}
		if name == 0 || length == 0 || depth > maxNested {
			b.WriteString(text[:2])
			text = text[2:]
			continue
		}
		text = text[length:]
		operator, word := cutOperator(body[name:])
		switch operator {
		case ":=", ":-", "=", "-":
			inner, d, l := expand(word, depth+1)
			b.WriteString(inner)
			defaults, left = defaults+d+1, left+l
		case ":+", "+": // what to put in place of a variable that is set
			defaults++
		default:
			b.WriteString("${" + body + "}")
			left++
		}
	}
}

// braced gives what stands between ${ and its }, on one line, and the length of it all; 0
// if it does not end.
func braced(text string) (body string, length int) {
	open := 0
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\n':
			return "", 0
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return text[2:i], i + 1
			}
		}
	}
	return "", 0
}

func cutOperator(s string) (operator, word string) {
	for _, op := range []string{":=", ":-", ":+", "=", "-", "+"} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			return op, rest
		}
	}
	return "", s
}
