package containerlab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
)

// flow writes JSON as a YAML value on one line. JSON is YAML, save that ours has blanks
// after colons and commas, which older readers of YAML want, and none of JSON's escapes
// that YAML does not have.
func flow(raw json.RawMessage) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case ' ', '\n', '\t', '\r':
		case '"':
			end := i + 1
			for end < len(raw)-1 && raw[end] != '"' {
				if raw[end] == '\\' {
					end++
				}
				end++
			}
			var s string
			if json.Unmarshal(raw[i:min(end+1, len(raw))], &s) == nil { // it is JSON
				b.WriteString(quote(s))
			}
			i = end
		case ':', ',':
			b.WriteByte(c)
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// quote makes a double-quoted YAML text of one: a JSON text in which nothing stands that
// YAML calls unprintable.
func quote(s string) string {
	text := strings.ReplaceAll(string(draft.Quote(s)), "{{", `{\u007b`) // no template of Go's
	odd := func(r rune) bool { return r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff }
	if strings.IndexFunc(text, odd) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if odd(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// yamlKey writes a text as a key, or as a value that is a word, plain where no reader
// could take it for anything else.
func yamlKey(s string) string {
	plain := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
	for i := range len(s) {
		c := s[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "true", "false", "on", "off", "null":
		plain = false
	}
	if plain {
		return s
	}
	return quote(s)
}

// members gives those of a JSON object in their order, each as YAML.
func members(raw json.RawMessage) (out []model.Property) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil
		}
		out = append(out, model.Property{Name: key.(string), Value: flow(v)})
	}
	return out
}

// others gives back settings whose keys could not name a property.
func others(text string) []model.Property { return members(json.RawMessage(text)) }

// pairs writes properties as one text.
func pairs(list [][2]string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(list) != nil { // texts always have a form
		return "[]"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
