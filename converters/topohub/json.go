package topohub

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// maxDepth bounds how deep JSON may be nested.
const maxDepth = 32

// document walks a JSON text token by token. Its errors are faults.
type document struct {
	d    *json.Decoder
	f    draft.File
	text string
	seen int64 // up to where lines are counted
	line int32
}

func open(f draft.File) (*document, error) {
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return &document{d: d, f: f, text: text, line: 1}, nil
}

// place is where the last token ended.
func (x *document) place() fault.Place {
	if at := min(x.d.InputOffset(), int64(len(x.text))); at > x.seen {
		x.line += int32(strings.Count(x.text[x.seen:at], "\n"))
		x.seen = at
	}
	return x.f.Place(x.line)
}

func (x *document) next() (json.Token, error) {
	t, err := x.d.Token()
	if err == nil {
		return t, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fault.New(fault.Syntax, x.place(), "the file ends before its JSON does")
	}
	at := x.place()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		from := min(int(x.d.InputOffset()), len(x.text))
		rest := strings.TrimLeft(x.text[from:], " \t\r\n:,[")
		for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
			if strings.HasPrefix(rest, word) {
				return nil, fault.New(fault.BadNumber, at, "%s is no number of JSON, nor one that means anything here", word)
			}
		}
	}
	return nil, fault.New(fault.Syntax, at, "%s", draft.Clip(err.Error()))
}

// want takes an opening bracket.
func (x *document) want(open json.Delim, what string) error {
	t, err := x.next()
	if err != nil {
		return err
	}
	if t != open {
		return fault.New(fault.Syntax, x.place(), "%s is to begin with %v", what, open)
	}
	return nil
}

// object reads the rest of an object whose { was taken; visit reads the value of each key.
func (x *document) object(visit func(key string) error) error {
	seen := map[string]bool{}
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		if t == json.Delim('}') {
			return nil
		}
		key, _ := t.(string)
		if seen[key] {
			return fault.New(fault.DuplicateID, x.place(), "the key %q is given twice", draft.Clip(key))
		}
		seen[key] = true
		if err := visit(key); err != nil {
			return err
		}
	}
}

// array reads the rest of an array whose [ was taken; visit reads each element, of which
// the first token is given.
func (x *document) array(visit func(first json.Token) error) error {
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		if t == json.Delim(']') {
			return nil
		}
		if err := visit(t); err != nil {
			return err
		}
	}
}

// scalar is a value's text; false for what is an array or an object.
func scalar(t json.Token) (string, bool) {
	switch v := t.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	case nil:
		return "", true
	}
	return "", false
}

// flat reads a value into properties: those of objects in it are called NAME.KEY, those
// of arrays in it NAME.0, NAME.1 and so on. null says nothing.
func (x *document) flat(name string, first json.Token, depth int, to *[]model.Property) error {
	if depth > maxDepth || len(name) > 1<<10 {
		return fault.New(fault.Limit, x.place(), "values are nested more than %d deep", maxDepth)
	}
	if v, ok := scalar(first); ok {
		if to != nil && first != nil {
			*to = append(*to, model.Property{Name: name, Value: v})
		}
		return nil
	}
	inside := func(key string) error {
		t, err := x.next()
		if err != nil {
			return err
		}
		return x.flat(join(name, key), t, depth+1, to)
	}
	if first == json.Delim('{') {
		return x.object(inside)
	}
	i := 0
	return x.array(func(t json.Token) error {
		i++
		return x.flat(join(name, itoa(i-1)), t, depth+1, to)
	})
}

// key reads what networkx names nodes by: a text or a number or, of a tuple, an array.
func (x *document) key(t json.Token, depth int) (string, error) {
	if v, ok := scalar(t); ok {
		return v, nil
	}
	if t != json.Delim('[') || depth > 4 {
		return "", fault.New(fault.Syntax, x.place(), "a node is named by a text, a number or a list of them")
	}
	var parts []string
	err := x.array(func(t json.Token) error {
		v, err := x.key(t, depth+1)
		parts = append(parts, v)
		return err
	})
	return "(" + strings.Join(parts, ", ") + ")", err
}
