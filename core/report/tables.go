package report

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"

	"sendim/core/flow"
)

// writeTables writes tables.json: what writeJSON would, but switch by switch, so that a
// million of them take no memory, and without asking encoding/json again for rules that
// many switches share.
func writeTables(w io.Writer, tables []Table) error {
	if len(tables) == 0 {
		return writeJSON(w, tables)
	}
	t := tableWriter{}
	t.enc = json.NewEncoder(&t.part)
	t.enc.SetEscapeHTML(false)
	b := []byte("[")
	for i := range tables {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = t.table(b, &tables[i]); err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err := w.Write([]byte("\n]\n"))
	return err
}

type tableWriter struct {
	enc    *json.Encoder // into part
	part   bytes.Buffer
	indent bytes.Buffer
	known  [8]knownRule // the rules met last
	oldest int
}

type knownRule struct {
	rule flow.Rule
	text []byte // nil: none yet
}

// value appends anything as encoding/json writes it, indented.
func (t *tableWriter) value(b []byte, prefix string, v any) ([]byte, error) {
	t.part.Reset()
	if err := t.enc.Encode(v); err != nil {
		return b, err
	}
	t.indent.Reset()
	if err := json.Indent(&t.indent, bytes.TrimSuffix(t.part.Bytes(), []byte("\n")), prefix, " "); err != nil {
		return b, err
	}
	return append(b, t.indent.Bytes()...), nil
}

func (t *tableWriter) table(b []byte, x *Table) (_ []byte, err error) {
	b = append(b, "\n {\n  \"switch\": "...)
	if b, err = t.value(b, "  ", x.Switch); err != nil {
		return b, err
	}
	b = append(b, ",\n  \"rules\": "...)
	if len(x.Rules) == 0 {
		if b, err = t.value(b, "  ", x.Rules); err != nil {
			return b, err
		}
	}
	for i := range x.Rules {
		s := &x.Rules[i]
		b = append(opened(b, i), "\n   {\n    \"rule\": "...)
		if b, err = t.rule(b, &s.Rule); err != nil {
			return b, err
		}
		b = count(b, ",\n    \"counters\": {\n     \"packets\": ", s.Counters.Packets)
		b = count(b, ",\n     \"bytes\": ", s.Counters.Bytes)
		b = append(b, "\n    },\n    \"age\": "...)
		b = append(strconv.AppendInt(b, s.Age, 10), "\n   }"...)
	}
	if len(x.Rules) > 0 {
		b = append(b, "\n  ]"...)
	}
	if len(x.Groups) > 0 {
		if b, err = t.value(append(b, ",\n  \"groups\": "...), "  ", x.Groups); err != nil {
			return b, err
		}
	}
	if len(x.Meters) > 0 {
		if b, err = t.value(append(b, ",\n  \"meters\": "...), "  ", x.Meters); err != nil {
			return b, err
		}
	}
	if len(x.Ports) > 0 {
		b = append(b, ",\n  \"ports\": "...)
		for i := range x.Ports {
			b = port(opened(b, i), &x.Ports[i])
		}
		b = append(b, "\n  ]"...)
	}
	return append(b, "\n }"...), nil
}

// opened begins an element of a list.
func opened(b []byte, i int) []byte {
	if i == 0 {
		return append(b, '[')
	}
	return append(b, ',')
}

func count(b []byte, key string, v uint64) []byte {
	return strconv.AppendUint(append(b, key...), v, 10)
}

func port(b []byte, p *flow.PortStat) []byte {
	b = count(b, "\n   {\n    \"port\": ", uint64(p.Port))
	b = count(b, ",\n    \"rxPackets\": ", p.RxPackets)
	b = count(b, ",\n    \"txPackets\": ", p.TxPackets)
	b = count(b, ",\n    \"rxBytes\": ", p.RxBytes)
	b = count(b, ",\n    \"txBytes\": ", p.TxBytes)
	if p.RxDropped != 0 {
		b = count(b, ",\n    \"rxDropped\": ", p.RxDropped)
	}
	if p.TxDropped != 0 {
		b = count(b, ",\n    \"txDropped\": ", p.TxDropped)
	}
	return append(b, "\n   }"...)
}

func (t *tableWriter) rule(b []byte, r *flow.Rule) ([]byte, error) {
	for i := range t.known {
		if k := &t.known[i]; k.text != nil && k.rule.Identical(r) {
			return append(b, k.text...), nil
		}
	}
	from := len(b)
	b, err := t.value(b, "    ", r)
	k := &t.known[t.oldest]
	t.oldest = (t.oldest + 1) % len(t.known)
	k.rule, k.text = *r, append(k.text[:0], b[from:]...)
	return b, err
}
