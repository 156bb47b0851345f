package trace

import (
	"bytes"
	"encoding/json"
	"strconv"

	"sendim/core/flow"
)

// liner makes the lines of a diary. What a large network has a million of, switches that
// come up, rules, packets up and down and the totals of links, it writes itself; everything else, and whatever
// it is not sure of, encoding/json does. The bytes are the same.
type liner struct {
	line []byte
	tail bytes.Buffer
	enc  *json.Encoder // into tail
	// Apps tell many switches the same: the rule told last, and how it is written.
	rule flow.RuleMod
	text []byte
	rest Entry // what of an entry is not written yet
}

func newLiner() *liner {
	l := &liner{}
	l.enc = json.NewEncoder(&l.tail)
	l.enc.SetEscapeHTML(false)
	return l
}

// of gives an entry's line, which is valid until the next.
func (l *liner) of(e *Entry) ([]byte, error) {
	b := append(l.line[:0], `{"at":`...)
	b = strconv.AppendInt(b, int64(e.At), 10)
	b = append(b, `,"kind":"`...)
	b = append(b, e.Kind...)
	b = append(b, '"')
	l.rest = *e
	rest := &l.rest
	ok := plain(string(e.Kind))
	for i, field := range [...]struct {
		key  string
		text *string
	}{{`,"node":"`, &rest.Node}, {`,"link":"`, &rest.Link}, {`,"app":"`, &rest.App}} {
		if *field.text != "" {
			ok = ok && plain(*field.text)
			b = append(append(append(b, field.key...), *field.text...), '"')
			*field.text = ""
		}
		if e.Port != nil && i == 0 {
			b = number(b, `,"port":`, int64(*e.Port))
			rest.Port = nil
		}
	}
	if e.Rule != nil && e.Sample == nil {
		text, err := l.mod(e.Rule)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"rule":`...), text...)
		rest.Rule = nil
	}
	b, ok = l.packet(b, ok)
	if s := e.Sample; s != nil && e.Rule == nil && s.Queue == 0 && s.Measured == 0 && plain(s.From) && plain(s.To) {
		b = append(append(b, `,"sample":{"from":"`...), s.From...)
		b = append(append(b, `","to":"`...), s.To...)
		b = number(append(b, '"'), `,"span":`, int64(s.Span))
		b = number(b, `,"packets":`, s.Packets)
		b = number(b, `,"bytes":`, s.Bytes)
		b = number(b, `,"drops":`, s.Drops)
		b = append(number(b, `,"rate":`, int64(s.Rate)), '}')
		rest.Sample = nil
	}
	l.line = append(b, '}', '\n')
	rest.At, rest.Kind = 0, ""
	if ok && rest.blank() {
		return l.line, nil
	}
	l.tail.Reset()
	err := l.enc.Encode(e)
	return l.tail.Bytes(), err
}

// packet appends what an entry says of a packet, unless it is not sure how.
func (l *liner) packet(b []byte, ok bool) ([]byte, bool) {
	e := &l.rest
	for i := range e.Out {
		text, err := e.Out[i].MarshalText()
		if ok = ok && err == nil && plain(string(text)); !ok {
			return b, false
		}
		open := `","`
		if i == 0 {
			open = `,"out":["`
		}
		if b = append(append(b, open...), text...); i == len(e.Out)-1 {
			b = append(b, `"]`...)
		}
	}
	if e.Header != nil {
		b = e.Header.AppendJSON(append(b, `,"header":`...))
	}
	if e.Length != 0 {
		b = number(b, `,"length":`, int64(e.Length))
	}
	if e.Table != nil {
		b = number(b, `,"table":`, int64(*e.Table))
	}
	if e.Cookie != 0 {
		b = strconv.AppendUint(append(b, `,"cookie":`...), e.Cookie, 10)
	}
	if e.Reason != "" {
		ok = ok && plain(e.Reason)
		b = append(append(append(b, `,"reason":"`...), e.Reason...), '"')
	}
	e.Out, e.Header, e.Length, e.Table, e.Cookie, e.Reason = nil, nil, 0, nil, 0, ""
	return b, ok
}

// blank says that nothing is set.
func (e *Entry) blank() bool {
	return e.At == 0 && e.Kind == "" && e.Node == "" && e.Port == nil && e.Link == "" && e.App == "" && e.Flow == "" && e.Text == "" &&
		e.Name == "" && e.Value == nil && e.Rule == nil && e.Group == nil && e.Meter == nil && len(e.Out) == 0 && e.Header == nil && e.Length == 0 &&
		e.Table == nil && e.Cookie == 0 && e.Reason == "" && e.Counters == nil && e.Manifest == nil && e.Result == nil && e.Ping == nil &&
		e.Exec == nil && e.Sample == nil && e.Transfer == nil && e.Queue == nil && e.Switch == nil && e.Spec == nil && e.Load == nil && e.Test == nil
}

// mod gives a rule's text.
func (l *liner) mod(m *flow.RuleMod) ([]byte, error) {
	if l.text != nil && m.Identical(&l.rule) {
		return l.text, nil
	}
	l.tail.Reset()
	if err := l.enc.Encode(m); err != nil {
		return nil, err
	}
	l.text = append(l.text[:0], bytes.TrimSuffix(l.tail.Bytes(), []byte("\n"))...)
	l.rule = *m
	return l.text, nil
}

func number(b []byte, key string, v int64) []byte { return strconv.AppendInt(append(b, key...), v, 10) }

// plain says that a text stands in JSON as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
