package draft

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sendim/core/model"
)

// Attributes writes one direction of a link as texts, by the names and in the units of
// the system descriptor: what differs from base. Formats that have a place for texts, but
// none for rates and delays, carry a link by them.
func Attributes(s, base model.LinkSpec) []model.Property {
	var out []model.Property
	add := func(differs bool, name, text string) {
		if differs {
			out = append(out, model.Property{Name: name, Value: text})
		}
	}
	add(s.Rate != base.Rate, "rate", s.Rate.String())
	add(s.Delay != base.Delay, "delay", s.Delay.String())
	add(s.Jitter != base.Jitter, "jitter", s.Jitter.String())
	add(s.Loss != base.Loss, "loss", model.FormatRatio(s.Loss))
	add(s.Queue != base.Queue, "queue", s.Queue.String())
	add(s.MTU != base.MTU, "mtu", strconv.Itoa(int(s.MTU)))
	add(s.Class != base.Class, "class", s.Class)
	add(s.Weight != base.Weight, "weight", strconv.FormatInt(s.Weight, 10))
	add(s.Spare != base.Spare, "redundant", strconv.FormatBool(s.Spare))
	return out
}

// SetAttribute reads back what Attributes wrote.
func SetAttribute(s *model.LinkSpec, name, text string) error {
	var err error
	switch name {
	case "rate":
		s.Rate, err = model.ParseRate(text)
	case "delay":
		s.Delay, err = model.ParseTime(text)
	case "jitter":
		s.Jitter, err = model.ParseTime(text)
	case "loss":
		s.Loss, err = model.ParseRatio(text)
	case "queue":
		if s.Queue = (model.QueueLimit{}); text != s.Queue.String() {
			s.Queue, err = model.ParseQueue(text)
		}
	case "mtu":
		var v int64
		if v, err = Count(text, 65535); err == nil && v != 0 && v < 68 {
			err = fmt.Errorf("%q is not an MTU", text)
		}
		s.MTU = int32(v)
	case "class":
		s.Class = text
	case "weight":
		s.Weight, err = Count(text, 1<<62)
	case "redundant":
		s.Spare, err = strconv.ParseBool(text)
	default:
		err = fmt.Errorf("a link has no attribute %q", Clip(name))
	}
	return err
}

// ValueText makes a property of a JSON value: a string is its own text unless that reads
// as JSON itself (a string "1" keeps its quotes); all else is its JSON on one line.
// RawValue is its inverse.
func ValueText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && len(raw) > 0 && raw[0] == '"' && !json.Valid([]byte(s)) {
		return s
	}
	return CompactJSON(raw)
}

// RawValue is the JSON value that a property was made of by ValueText.
func RawValue(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return Quote(text)
}

// Quote is a text as a JSON string, without the escapes that only HTML needs.
func Quote(text string) json.RawMessage {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(text) != nil { // a string always has a form
		return json.RawMessage(`""`)
	}
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}

// CompactJSON is a JSON value on one line, with its members, numbers and escapes as they
// are.
func CompactJSON(raw json.RawMessage) string {
	var b strings.Builder
	inside := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case inside && c == '\\' && i+1 < len(raw):
			b.WriteByte(c)
			i++
			c = raw[i]
		case c == '"':
			inside = !inside
		case !inside && (c == ' ' || c == '\n' || c == '\t' || c == '\r'):
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
