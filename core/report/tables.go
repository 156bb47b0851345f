package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"sendim/core/flow"
)

// writeTables writes tables.json: what writeJSON would, but switch by switch, so that a
// million of them take no memory, and without asking encoding/json again for rules that
// many switches share. Of many switches those whose rules are the very same as those of one
// before them say so (see Table.As).
func writeTables(w io.Writer, tables []Table) error {
	if len(tables) == 0 {
		return writeJSON(w, tables)
	}
	t := tableWriter{}
	t.enc = json.NewEncoder(&t.part)
	t.enc.SetEscapeHTML(false)
	t.brief = len(tables) > Spelled
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

// Spelled is how many switches are written with all of their rules at most.
const Spelled = 1000

type tableWriter struct {
	brief  bool
	last   *Table        // that was written with its rules
	often  *Table        // whose rules several had
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
	if l := t.as(x); l != nil {
		t.often = l
		if b, err = t.value(append(b, ",\n  \"as\": "...), "  ", l.Switch); err != nil {
			return b, err
		}
		return t.rest(b, x)
	}
	t.last = x
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
	return t.rest(b, x)
}

// as is a table before this one, if there are many, with the very same rules.
func (t *tableWriter) as(x *Table) *Table {
	for _, l := range [...]*Table{t.often, t.last} {
		if t.brief && l != nil && len(x.Rules) > 0 && len(x.Rules) == len(l.Rules) && &x.Rules[0] == &l.Rules[0] {
			return l
		}
	}
	return nil
}

// rest is what comes after the rules.
func (t *tableWriter) rest(b []byte, x *Table) (_ []byte, err error) {
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

// spell gives switches that are written as another one its rules.
func spell(tables []Table) error {
	var at map[string]int
	for i := range tables {
		x := &tables[i]
		if x.As == "" {
			continue
		}
		if at == nil {
			at = make(map[string]int, len(tables))
			for k := range tables {
				at[tables[k].Switch] = k
			}
		}
		k, ok := at[x.As]
		if !ok || k >= i {
			return fmt.Errorf("switch %s is as %s, which does not come before it", x.Switch, x.As)
		}
		x.Rules, x.As = tables[k].Rules, ""
	}
	return nil
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
