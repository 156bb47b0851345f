package flowlist

import (
	"bytes"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// table splits lines into fields: comma, semicolon, tab or blanks, whichever the header
// has most of; with quotes as RFC 4180 has them.
type table struct {
	*lines
	heads  []head
	sep    byte // ' ': blanks and tabs
	row    [][]byte
	quoted []byte // of fields with quotes
}

// separator tells what a header is split at.
func separator(line []byte) byte {
	best, most := byte(' '), 0
	for _, c := range [...]byte{',', ';', '\t'} {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// split splits a line, and reads on where a quote is open at its end.
func (t *table) split(line []byte) bool {
	if bytes.IndexByte(line, '"') >= 0 {
		return t.splitQuoted(line)
	}
	if t.sep == ' ' {
		t.row = words(t.row, line)
		return true
	}
	t.row = t.row[:0]
	for {
		i := bytes.IndexByte(line, t.sep)
		if i < 0 {
			t.row = append(t.row, trim(line))
			return true
		}
		t.row = append(t.row, trim(line[:i]))
		line = line[i+1:]
	}
}

// trim is bytes.TrimSpace for what fields have around them.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func (t *table) splitQuoted(line []byte) bool {
	sep := t.sep
	if sep == ' ' {
		sep = '\t'
	}
	t.row, t.quoted = t.row[:0], t.quoted[:0]
	var cuts []int
	open, begun := false, t.line
	for {
		for i := 0; i < len(line); i++ {
			switch c := line[i]; {
			case open && c == '"' && i+1 < len(line) && line[i+1] == '"':
				t.quoted = append(t.quoted, '"')
				i++
			case c == '"':
				open = !open
			case c == sep && !open:
				cuts = append(cuts, len(t.quoted))
			default:
				t.quoted = append(t.quoted, c)
			}
		}
		if !open {
			break
		}
		t.quoted = append(t.quoted, '\n')
		next, ok := t.next()
		if !ok || len(t.quoted) > longest {
			t.line = begun
			t.fail(fault.Syntax, "a quote is opened and not closed")
			return false
		}
		line = next
	}
	cuts = append(cuts, len(t.quoted))
	start := 0
	for _, end := range cuts {
		t.row = append(t.row, trim(t.quoted[start:end]))
		start = end
	}
	return true
}

// open reads the header with understand and reports what is missing or twice.
func (t *table) open(understand func(title string) (head, *fault.Fault), warn func(string, ...any), required ...field) bool {
	line, ok := t.content()
	if !ok {
		if t.faults.Total == 0 {
			t.faults.Addf(fault.Syntax, fault.Place{File: t.name}, "the file is empty; a header is expected")
		}
		return false
	}
	t.sep = separator(line)
	if !t.split(line) {
		return false
	}
	before := t.faults.Total
	seen := map[field]string{}
	var unread []string
	for _, b := range t.row {
		title := string(b)
		h, bad := understand(title)
		if bad != nil {
			bad.Place = t.place(fault.Clip(title))
			t.faults.Add(*bad)
		} else if h.field == fieldNothing {
			unread = append(unread, fault.Clip(title))
		} else if other, twice := seen[h.field]; twice {
			t.faults.Addf(fault.DuplicateID, t.place(fault.Clip(title)), "the columns %q and %q say the same", fault.Clip(other), fault.Clip(title))
		}
		seen[h.field] = title
		t.heads = append(t.heads, h)
		if t.faults.Full() {
			return false
		}
	}
	if len(seen) == 0 || len(seen) == 1 && len(unread) > 0 {
		t.fail(fault.Syntax, "this is no header of a table that is read here; the columns are from, to, start, size, ...")
		return false
	}
	for _, f := range required {
		if _, ok := seen[f]; !ok && t.faults.Total == before {
			t.faults.Addf(fault.MissingAttribute, t.place(columns[f].name), "there is no column %q: %s", columns[f].name, columns[f].doc)
		}
	}
	if len(unread) > 0 && warn != nil {
		if len(unread) > 20 {
			unread = append(unread[:20], "...")
		}
		warn("columns that are not read: %s", strings.Join(unread, ", "))
	}
	return t.faults.Total == before
}

// record reads the next row; false at the end.
func (t *table) record() bool {
	for {
		line, ok := t.content()
		if !ok || !t.split(line) {
			return false
		}
		if len(t.row) == len(t.heads) {
			return true
		}
		t.faults.Addf(fault.Syntax, t.place(""), "the row has %d fields, the header %d", len(t.row), len(t.heads))
	}
}

func (t *table) bad(h *head, f *fault.Fault) {
	f.Place = t.place(fault.Clip(h.title))
	t.faults.Add(*f)
}

// quantity reads a value by its column's measure and unit.
func (t *table) quantity(h *head, b []byte) (int64, bool) {
	if h.factor > 0 {
		v, bad := scaled(b, h.factor)
		if bad != nil {
			t.bad(h, bad)
		}
		return v, bad == nil
	}
	var v int64
	var err error
	switch h.measure {
	case ofTime:
		var x model.Time
		x, err = model.ParseTime(string(b))
		v = int64(x)
	case ofSize:
		var x model.Size
		x, err = model.ParseSize(string(b))
		v = int64(x)
	case ofRate:
		var x model.Rate
		x, err = model.ParseRate(string(b))
		v = int64(x)
	}
	if err == nil {
		return v, true
	}
	text := err.Error()
	code := fault.BadNumber
	switch {
	case strings.Contains(text, " unit"):
		code = fault.BadUnit
		if strings.Contains(text, "no unit") {
			example := map[measure]string{ofTime: "s", ofSize: "bytes", ofRate: "bps"}[h.measure]
			text = fault.Clip(string(b)) + " has no unit; write it with one, or name it in the header: " + fault.Clip(normal(h.title)) + "_" + example
		}
	case strings.Contains(text, "negative"), strings.Contains(text, "too large"):
		code = fault.OutOfRange
	}
	t.bad(h, problem(code, "%s", clipLong(text)))
	return 0, false
}

func clipLong(s string) string {
	if len(s) <= 200 {
		return s
	}
	return strings.ToValidUTF8(s[:197], "") + "..."
}

// table reads flows from a table.
func (r *reader) table() {
	p := forFlows()
	t := &table{lines: r.lines}
	understand := p.header
	run := r.out.Format == Run
	warn := r.warn
	if run {
		understand = func(title string) (head, *fault.Fault) { return runHeader(title), nil }
		warn = nil
	}
	if !t.open(understand, warn, fieldFrom, fieldTo) {
		return
	}
	var results *outcomes
	if run {
		results = outcomesOf(t)
	} else if !t.says(fieldSize, fieldDuration, fieldChunks, fieldCount) {
		r.faults.Addf(fault.MissingAttribute, t.place("size"), "there is no column that says how much, or how long, a flow sends: size or duration")
		return
	}
	unknown := 0
	for t.record() {
		var f model.Flow
		if !r.flow(t, &f) {
			continue
		}
		if results != nil && !results.complete(t, &f) {
			unknown++
			continue
		}
		if !r.add(&f) {
			break
		}
	}
	r.unsaid(unknown)
	if results != nil {
		results.remark(r)
	}
}

// says whether any of some columns is there.
func (t *table) says(fields ...field) bool {
	for i := range t.heads {
		for _, f := range fields {
			if t.heads[i].field == f {
				return true
			}
		}
	}
	return false
}

// flow reads the row into f; false when there is something wrong with it.
func (r *reader) flow(t *table, f *model.Flow) bool {
	good, ends := true, 0
	for i, b := range t.row {
		h := &t.heads[i]
		if len(b) == 0 || h.field == fieldNothing {
			continue
		}
		var v int64
		if h.measure != plain {
			var ok bool
			if h.field == fieldStart && r.Origin {
				v, ok = r.clock.read(t, h, b)
			} else {
				v, ok = t.quantity(h, b)
			}
			if !ok {
				good = false
				continue
			}
		}
		var bad *fault.Fault
		switch h.field {
		case fieldID:
			if len(r.Prefix) > 0 {
				f.ID = r.Prefix + string(b)
			} else {
				f.ID = string(b)
			}
		case fieldFrom:
			f.From = model.NodeID(r.out.ends.of(b, t.line))
			ends |= 1
		case fieldTo:
			f.To = model.NodeID(r.out.ends.of(b, t.line))
			ends |= 2
		case fieldStart:
			f.Start = model.Time(v)
		case fieldDuration:
			f.Duration = model.Time(v)
		case fieldSize:
			f.Size = model.Size(v)
		case fieldRate:
			f.Rate = model.Rate(v)
		case fieldPacket:
			f.Packet = model.Size(v)
		case fieldChunk:
			f.Chunk = model.Size(v)
		case fieldTransport:
			f.Transport, bad = choice(b, model.ParseTransport, model.TransportNames())
		case fieldGranularity:
			f.Granularity, bad = choice(b, model.ParseGranularity, model.GranularityNames())
		case fieldClass:
			f.Class = r.text(b)
		case fieldProfile:
			f.Profile = r.text(b)
		case fieldTenant:
			f.Tenant = r.text(b)
		case fieldChunks:
			f.Chunks = r.text(b)
		case fieldPattern:
			if _, err := model.ParsePattern(string(b)); err != nil {
				bad = problem(fault.BadNumber, "%s", clipLong(err.Error()))
			}
			f.Pattern = r.text(b)
		case fieldSrcPort:
			v, bad = whole(b, 65535)
			f.SrcPort = uint16(v)
		case fieldDstPort:
			v, bad = whole(b, 65535)
			f.DstPort = uint16(v)
		case fieldCount:
			v, bad = whole(b, 1<<31-1)
			f.Count = int32(v)
		}
		if bad != nil {
			t.bad(h, bad)
			good = false
		}
	}
	if ends != 3 && good {
		missing := columns[fieldFrom].name
		if ends&1 != 0 {
			missing = columns[fieldTo].name
		}
		t.faults.Addf(fault.MissingAttribute, t.place(missing), "the row names no %q", missing)
		good = false
	}
	return good
}

func choice[T any](b []byte, parse func(string) (T, bool), names []string) (T, *fault.Fault) {
	v, ok := parse(string(b))
	if ok {
		return v, nil
	}
	f := fault.New(fault.BadChoice, fault.Place{}, "%q is not one of %s", fault.Clip(string(b)), strings.Join(names, ", ")).Suggest(string(b), names)
	return v, &f
}
