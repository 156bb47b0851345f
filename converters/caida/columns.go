package caida

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"sendim/converters/draft"
	"sendim/core/model"
)

// cells cuts a row at its separator, into a list that it may use again; blanks and tabs
// stand for themselves in any number, and quotes keep a separator inside. A dictionary at
// the end, as networkx writes, is one cell.
func cells(fields []string, line string, sep byte) []string {
	line, data := dictionary(line)
	fields = fields[:0]
	if sep == ' ' || sep == '\t' {
		for f := range strings.FieldsSeq(line) {
			fields = append(fields, f)
		}
	} else if line != "" {
		for rest, more := line, true; more; {
			var field string
			field, rest, more = cell(rest, sep)
			fields = append(fields, field)
		}
	}
	if data != "" {
		fields = append(fields, data)
	}
	return fields
}

// cell takes the first cell of a row.
func cell(row string, sep byte) (field, rest string, more bool) {
	trimmed := strings.TrimLeft(row, " \t")
	if strings.HasPrefix(trimmed, `"`) {
		if end := strings.IndexByte(trimmed[1:], '"'); end >= 0 {
			after := strings.TrimLeft(trimmed[end+2:], " \t")
			if after == "" {
				return trimmed[1 : end+1], "", false
			}
			if after[0] == sep {
				return trimmed[1 : end+1], after[1:], true
			}
		}
	}
	field, rest, more = strings.Cut(row, string(sep))
	return strings.Trim(strings.TrimSpace(field), `"`), rest, more
}

// dictionary parts a row from the dictionary that ends it.
func dictionary(line string) (row, data string) {
	if at := strings.IndexByte(line, '{'); at > 0 && strings.HasSuffix(line, "}") {
		return strings.TrimSpace(line[:at]), line[at:]
	}
	return line, ""
}

// separator is what parts the cells of a row.
func separator(line string) byte {
	line, _ = dictionary(line)
	for _, c := range []byte{'|', ';', ',', '\t'} {
		if strings.IndexByte(line, c) >= 0 {
			return c
		}
	}
	return ' '
}

// ends lists what the columns of the two nodes are called in files with a header.
var ends = [2][]string{
	{"source", "from", "src", "node1", "node_1", "id_1", "id1", "as1", "asn1", "fromnodeid", "source_id", "from_node", "node_a", "u", "start"},
	{"target", "to", "dst", "dest", "destination", "node2", "node_2", "id_2", "id2", "as2", "asn2", "tonodeid", "target_id", "to_node", "node_b", "v", "end"},
}

func position(columns, names []string) int {
	for i, c := range columns {
		for _, n := range names {
			if c == n {
				return i
			}
		}
	}
	return -1
}

// header is where the ends of links stand, if the first row names its columns: as the
// columns of ends are called, or as words above a row of numbers.
func header(first, second []string) (columns []string, from, to int, ok bool) {
	columns = make([]string, len(first))
	for i, f := range first {
		columns[i] = strings.ToLower(strings.TrimLeft(f, "~"))
	}
	from, to = position(columns, ends[0]), position(columns, ends[1])
	if from >= 0 && to >= 0 {
		return columns, from, to, true
	}
	if len(first) < 2 || len(second) < len(first) || number(first[0]) || number(first[1]) || !number(second[0]) || !number(second[1]) {
		return nil, 0, 1, false
	}
	return columns, 0, 1, true
}

func number(s string) bool {
	_, err := draft.Number(s)
	return err == nil
}

// firstRows are the first two rows that are no comments.
func firstRows(text string) (first, second string) {
	for l := range draft.Lines(text) {
		line := strings.TrimSpace(l.Text)
		switch {
		case line == "" || comment(line):
		case first == "":
			first = line
		default:
			return first, line
		}
	}
	return first, ""
}

// column takes one cell by what its column is called: rates, delays and lengths with
// their unit, in the cell or in the column's name, and whole weights. All else is a
// property.
func column(l *draft.Link, title, v string) {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && r != '/' })
	name, unit := "", ""
	if len(words) > 0 {
		name = words[0]
	}
	if len(words) == 2 {
		unit = words[1]
	}
	switch name {
	case "rate", "bandwidth", "capacity", "bw", "speed":
		rate, err := model.ParseRate(v)
		if n, bad := draft.Number(v); bad == nil && rateUnit(unit) > 0 {
			rate, err = draft.Rate(n, rateUnit(unit))
		}
		if err == nil && rate > 0 {
			l.Spec.Rate, l.RateFrom = rate, "column "+title
			return
		}
	case "delay", "latency":
		span, err := model.ParseTime(v)
		if n, bad := draft.Number(v); bad == nil && timeUnit(unit) > 0 {
			span, err = draft.Span(n, timeUnit(unit))
		}
		if err == nil && span >= 0 {
			l.Spec.Delay, l.DelayFrom = span, "column "+title
			return
		}
	case "length", "distance", "dist", "km":
		if n, err := draft.Number(v); err == nil && n >= 0 && (unit == "km" || name == "km") {
			l.Length = n
			return
		}
	case "weight":
		if w, err := draft.Count(v, 1<<40); err == nil && w >= 1 && len(words) == 1 {
			l.Spec.Weight = w
			return
		}
	}
	clean := draft.Clean(title)
	if clean == "" {
		clean = "column"
	}
	l.Properties = append(l.Properties, model.Property{Name: clean, Value: strings.Clone(v)})
}

// rateUnit is a unit as headers write it; 0: none.
func rateUnit(s string) model.Rate {
	switch s {
	case "bps", "bit/s":
		return 1
	case "kbps", "kbit/s", "kb/s":
		return 1e3
	case "mbps", "mbit/s", "mb/s":
		return 1e6
	case "gbps", "gbit/s", "gb/s":
		return 1e9
	case "tbps", "tbit/s", "tb/s":
		return 1e12
	}
	return 0
}

func timeUnit(s string) model.Time {
	switch s {
	case "ns":
		return model.Nanosecond
	case "us":
		return model.Microsecond
	case "ms":
		return model.Millisecond
	case "s":
		return model.Second
	}
	return 0
}

// pairs takes the cells of a networkx dictionary of plain values, and nothing of others.
func pairs(l *draft.Link, data string) bool {
	inner := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(data, "{"), "}"))
	if inner == "" {
		return true
	}
	if strings.ContainsAny(inner, "{}[]()\\") {
		return false
	}
	var list [][2]string
	for rest, more := inner, true; more; {
		var part string
		if part, rest, more = strings.Cut(rest, ", "); !strings.Contains(part, ": ") {
			return false
		}
		name, v, _ := strings.Cut(part, ": ")
		list = append(list, [2]string{strings.Trim(name, `'" `), strings.Trim(v, `'" `)})
	}
	for _, p := range list {
		column(l, p[0], p[1])
	}
	return true
}

// rest takes over the further cells: a third one alone is a weight.
func (r *reader) rest(l *draft.Link, fields []string) {
	for i, v := range fields {
		switch {
		case i == r.from || i == r.to || v == "" || v == "{}":
		case strings.HasPrefix(v, "{") && pairs(l, v):
		case i < len(r.columns) && r.columns[i] != "":
			column(l, r.columns[i], v)
		case len(fields) == 3 && i == 2:
			column(l, "weight", v)
		default:
			l.Properties = append(l.Properties, model.Property{Name: fmt.Sprint("column.", strconv.Itoa(i+1)), Value: strings.Clone(v)})
		}
	}
}
