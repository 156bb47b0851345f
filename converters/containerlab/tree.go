package containerlab

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sendim/converters/draft"
	"sendim/core/fault"
)

// Limits of a file: nothing that deploys comes near.
const (
	maxFile  = 256 << 20
	maxDepth = 64
	// maxExpanded bounds how many values aliases may add to those that are written out; a
	// long text counts as several, one for each textUnit bytes.
	maxExpanded = 1_000_000
	textUnit    = 64
)

// value is one YAML value with its place, aliases and merge keys resolved. The order is
// that of the file.
type value struct {
	line    int32
	kind    yaml.Kind // scalar, mapping or sequence
	text    string    // of a scalar
	tag     string
	members []member
	items   []*value
	index   map[string]int // of members, where there are many
}

type member struct {
	name string
	*value
}

// get finds a member; nil if there is none.
func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	if v.index != nil {
		if i, ok := v.index[name]; ok {
			return v.members[i].value
		}
		return nil
	}
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].value
		}
	}
	return nil
}

// scalar is the text of a scalar; "" for anything else, and for null.
func (v *value) scalar() string {
	if v == nil || v.kind != yaml.ScalarNode || v.tag == "!!null" {
		return ""
	}
	return v.text
}

// empty says whether nothing stands there: containerlab takes that as absent.
func (v *value) empty() bool {
	return v == nil || v.kind == yaml.ScalarNode && (v.tag == "!!null" || v.text == "") ||
		v.kind != yaml.ScalarNode && len(v.members) == 0 && len(v.items) == 0
}

// json writes a value on one line; what JSON has no number for is a string.
func (v *value) json() json.RawMessage {
	var b strings.Builder
	v.append(&b)
	return json.RawMessage(b.String())
}

func (v *value) append(b *strings.Builder) {
	switch v.kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(draft.Quote(m.name))
			b.WriteByte(':')
			m.append(b)
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.append(b)
		}
		b.WriteByte(']')
	default:
		switch v.tag {
		case "!!null":
			b.WriteString("null")
			return
		case "!!int", "!!float", "!!bool":
			if json.Valid([]byte(v.text)) {
				b.WriteString(v.text)
				return
			}
		}
		b.Write(draft.Quote(v.text))
	}
}

// parser turns yaml.v3's nodes into values.
type parser struct {
	file     string
	faults   fault.List
	inside   map[*yaml.Node]bool // aliases under way
	expanded int
}

// parse reads the first document of a file. more says that there are others.
func parse(name, text string) (v *value, more bool, err error) {
	d := yaml.NewDecoder(strings.NewReader(text))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, false, fault.New(fault.Syntax, fault.Place{File: name}, "the file is empty")
		}
		return nil, false, syntax(name, err)
	}
	p := &parser{file: name, inside: map[*yaml.Node]bool{}}
	v = p.value(&doc, 0)
	if err := p.faults.Err(); err != nil {
		return nil, false, err
	}
	var next yaml.Node
	return v, d.Decode(&next) == nil, nil
}

// syntax takes the line out of yaml.v3's text, which has no other place for it.
func syntax(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	place := fault.Place{File: name}
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		place.Line, _ = strconv.Atoi(m[1]) // digits
		text = text[len(m[0]):]
	}
	return fault.New(fault.Syntax, place, "it is not YAML: %s", draft.Clip(text))
}

func (p *parser) fault(n *yaml.Node, code fault.Code, format string, args ...any) *value {
	p.faults.Addf(code, fault.Place{File: p.file, Line: n.Line}, format, args...)
	return &value{line: int32(n.Line), kind: yaml.ScalarNode, tag: "!!null"}
}

func (p *parser) value(n *yaml.Node, depth int) *value {
	if len(p.inside) > 0 {
		p.expanded += 1 + len(n.Value)/textUnit
	}
	switch {
	case depth > maxDepth:
		return p.fault(n, fault.Limit, "values are nested more than %d deep", maxDepth)
	case p.expanded > maxExpanded:
		if p.faults.Total == 0 {
			p.fault(n, fault.Limit, "the aliases of the file stand for more than %d values", maxExpanded)
		}
		return &value{line: int32(n.Line), kind: yaml.ScalarNode, tag: "!!null"}
	}
	v := &value{line: int32(n.Line), kind: n.Kind}
	switch n.Kind {
	case yaml.DocumentNode:
		return p.value(n.Content[0], depth)
	case yaml.AliasNode:
		if p.inside[n.Alias] {
			return p.fault(n, fault.Syntax, "the alias *%s stands inside what it names", draft.Clip(n.Value))
		}
		p.inside[n.Alias] = true
		defer delete(p.inside, n.Alias)
		return p.value(n.Alias, depth+1)
	case yaml.ScalarNode:
		v.text, v.tag = n.Value, n.ShortTag()
	case yaml.SequenceNode:
		for _, c := range n.Content {
			v.items = append(v.items, p.value(c, depth+1))
		}
	case yaml.MappingNode:
		p.mapping(v, n, depth)
	}
	return v
}

func (p *parser) mapping(v *value, n *yaml.Node, depth int) {
	var merged []*value
	at := make(map[string]int, len(n.Content)/2)
	add := func(name string, inner *value) {
		at[name] = len(v.members)
		v.members = append(v.members, member{name, inner})
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			p.fault(key, fault.Syntax, "a key is no text")
			continue
		}
		inner := p.value(n.Content[i+1], depth+1)
		if key.ShortTag() == "!!merge" {
			if inner.kind == yaml.SequenceNode {
				merged = append(merged, inner.items...)
			} else {
				merged = append(merged, inner)
			}
			continue
		}
		if k, twice := at[key.Value]; twice {
			p.fault(key, fault.DuplicateID, "%q is there already, in line %d", draft.Clip(key.Value), v.members[k].line)
			continue
		}
		add(key.Value, inner)
	}
	for _, m := range merged {
		if m.kind != yaml.MappingNode {
			p.fault(n, fault.Syntax, "a merge key << wants mappings")
			continue
		}
		for _, x := range m.members {
			if _, there := at[x.name]; !there {
				add(x.name, x.value)
			}
		}
	}
	if len(v.members) > 16 {
		v.index = at
	}
}
