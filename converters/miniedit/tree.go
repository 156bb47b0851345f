package miniedit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
)

// maxDepth bounds the nesting of a file; MiniEdit's own files have six levels.
const maxDepth = 64

// value is one JSON value with its place, in the order of the file.
type value struct {
	raw     json.RawMessage
	line    int32
	object  bool
	array   bool
	members []member // of an object; a later one of the same name wins, as in Python
	items   []value  // of an array
}

type member struct {
	name string
	value
}

// get finds a member; nil if there is none.
func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return nil
}

// text is a string or the text of a number; "" for anything else.
func (v *value) text() string {
	if v == nil || v.object || v.array {
		return ""
	}
	switch c := v.raw[0]; {
	case c == '"' && bytes.IndexByte(v.raw, '\\') < 0:
		return string(v.raw[1 : len(v.raw)-1])
	case c == '"':
		var s string
		if json.Unmarshal(v.raw, &s) == nil {
			return s
		}
	case c == '-' || c >= '0' && c <= '9':
		return string(v.raw)
	}
	return ""
}

// parser makes a tree of tokens.
type parser struct {
	text string
	d    *json.Decoder
	name string
	at   int64 // the line is that of this offset
	line int32
}

func parse(f draft.File) (*value, error) {
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, d: json.NewDecoder(strings.NewReader(text)), name: f.Name, line: 1}
	p.d.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.d.Token(); !errors.Is(err, io.EOF) {
		return nil, p.fault("there is more after the end of the file's value")
	}
	return v, nil
}

// lineOf counts on to an offset; offsets only grow.
func (p *parser) lineOf(offset int64) int32 {
	offset = min(offset, int64(len(p.text)))
	if offset > p.at {
		p.line += int32(strings.Count(p.text[p.at:offset], "\n"))
		p.at = offset
	}
	return p.line
}

func (p *parser) fault(format string, args ...any) error {
	return fault.New(fault.Syntax, fault.Place{File: p.name, Line: int(p.lineOf(p.d.InputOffset()))}, format, args...)
}

// start is where the next token begins.
func (p *parser) start() int64 {
	at := p.d.InputOffset()
	for at < int64(len(p.text)) && strings.IndexByte(" \t\r\n,:", p.text[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) token() (json.Token, error) {
	t, err := p.d.Token()
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, p.fault("the file ends in the middle of its JSON: it is cut off")
	}
	return nil, p.fault("it is not JSON: %v", err)
}

func (p *parser) value(depth int) (*value, error) {
	start := p.start()
	v := &value{line: p.lineOf(start)}
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fault.New(fault.Limit, fault.Place{File: p.name, Line: int(v.line)}, "values are nested more than %d deep", maxDepth)
	}
	switch t {
	case json.Delim('{'):
		v.object = true
		for p.d.More() {
			name, err := p.token()
			if err != nil {
				return nil, err
			}
			inner, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			v.members = append(v.members, member{name.(string), *inner}) // the decoder lets no other key pass
		}
	case json.Delim('['):
		v.array = true
		for p.d.More() {
			inner, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, *inner)
		}
	}
	if v.object || v.array {
		if _, err := p.token(); err != nil {
			return nil, err
		}
	}
	v.raw = json.RawMessage(p.text[start:p.d.InputOffset()])
	return v, nil
}
