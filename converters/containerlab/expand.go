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
	ends := braces(text)
	var b strings.Builder
	at := 0
	for {
		i := strings.Index(text[at:], "${")
		if i < 0 {
			b.WriteString(text[at:])
			return b.String(), defaults, left
		}
		b.WriteString(text[at : at+i])
		at += i
		end, closed := ends[at]
		name := at + 2
		for name < len(text) && (text[name] == '_' || text[name] >= '0' && text[name] <= '9' || text[name]|0x20 >= 'a' && text[name]|0x20 <= 'z') {
			name++
		}
		if !closed || name == at+2 || depth > maxNested {
			b.WriteString("${")
			at += 2
			continue
		}
		operator, word := cutOperator(text[name:end])
		switch operator {
		case ":=", ":-", "=", "-":
			inner, d, l := expand(word, depth+1)
			b.WriteString(inner)
			defaults, left = defaults+d+1, left+l
		case ":+", "+": // what to put in place of a variable that is set
			defaults++
		default:
			b.WriteString(text[at : end+1])
			left++
		}
		at = end + 1
	}
}

// braces finds for each ${ the } that ends it on the same line.
func braces(text string) map[int]int {
	ends := map[int]int{}
	var open []int
	for i := range len(text) {
		switch text[i] {
		case '\n':
			open = open[:0]
		case '{':
			open = append(open, i)
		case '}':
			if k := len(open) - 1; k >= 0 {
				if start := open[k]; start > 0 && text[start-1] == '$' {
					ends[start-1] = i
				}
				open = open[:k]
			}
		}
	}
	return ends
}

func cutOperator(s string) (operator, word string) {
	for _, op := range []string{":=", ":-", ":+", "=", "-", "+"} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			return op, rest
		}
	}
	return "", s
}
