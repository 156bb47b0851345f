package topologyzoo

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"sendim/core/model"
)

// Names of the attributes that a model is written with. Those of ours are in own.go.
const (
	viewLabel     = "label"
	viewLatitude  = "Latitude"
	viewLongitude = "Longitude"
	viewSpeed     = "LinkSpeedRaw"

	propertyPrefix = "property." // begins the ids of the keys of properties
	viewPrefix     = "view."     // begins the ids of the keys that only repeat what ours say
)

// Write writes a network's nodes, links and classes as GraphML: in keys of our own
// (sendim.*), from which Read makes an equal model, in one key for each property, and
// once more in the keys that other tools look at (label, Latitude, Longitude,
// LinkSpeedRaw in bit/s). lost says, a sentence each, what a graph has no place for. The
// error wraps that of w.
func Write(w io.Writer, n *model.Network) (lost []string, err error) {
	e := &writer{w: bufio.NewWriterSize(w, 1<<16), n: n, declared: map[declaration]string{}}
	e.document()
	if err := e.w.Flush(); err != nil {
		return nil, fmt.Errorf("write GraphML: %w", err)
	}
	return e.lost(), nil
}

// declaration is what a key is for.
type declaration struct{ domain, name string }

// writer writes a document. Errors stay in the buffered writer until its Flush.
type writer struct {
	w          *bufio.Writer
	n          *model.Network
	declared   map[declaration]string // id of a property's key
	hidden     map[string]bool        // properties that take the place of a conventional key
	replaced   int                    // characters that XML cannot hold
	splitLabel int
}

func (e *writer) document() {
	e.w.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
		"<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" " +
		"xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n")
	e.keys()
	e.w.WriteString("  <graph edgedefault=\"undirected\">\n")
	e.data("    ", ownFormat, "1")
	e.data("    ", ownNetwork, e.n.Name)
	if len(e.n.Classes) > 0 {
		e.data("    ", ownClasses, classText(e.n.Classes))
	}
	for v := range e.n.Nodes() {
		e.node(v)
	}
	for l := range e.n.Links() {
		e.link(l)
	}
	e.w.WriteString("  </graph>\n</graphml>\n")
}

func (e *writer) key(id, domain, name, kind string) {
	e.w.WriteString(`  <key id="`)
	e.text(id)
	fmt.Fprintf(e.w, `" for="%s" attr.name="`, domain)
	e.text(name)
	fmt.Fprintf(e.w, "\" attr.type=\"%s\"/>\n", kind)
}

// keys declares all keys: ours, the conventional ones, and one for each property.
func (e *writer) keys() {
	for _, k := range ownKeys() {
		e.key(k.name, k.domain, k.name, k.kind)
	}
	var order []declaration
	note := func(domain string, list []model.Property) {
		for _, p := range list {
			d := declaration{domain, p.Name}
			if _, known := e.declared[d]; !known {
				e.declared[d] = propertyPrefix + strconv.Itoa(len(order))
				order = append(order, d)
			}
		}
	}
	for v := range e.n.Nodes() {
		note("node", v.Properties)
	}
	for l := range e.n.Links() {
		note("edge", l.Properties)
	}
	e.hidden = map[string]bool{}
	for _, c := range [4]struct{ domain, name, kind string }{{"node", viewLabel, "string"}, {"node", viewLatitude, "double"}, {"node", viewLongitude, "double"}, {"edge", viewSpeed, "double"}} {
		if _, taken := e.declared[declaration{c.domain, c.name}]; taken {
			e.hidden[c.name] = true
			continue
		}
		e.key(viewPrefix+c.name, c.domain, c.name, c.kind)
	}
	for _, d := range order {
		e.key(e.declared[d], d.domain, d.name, "string")
	}
}

func (e *writer) data(indent, key, value string) {
	e.w.WriteString(indent)
	e.w.WriteString(`<data key="`)
	e.text(key)
	e.w.WriteString(`">`)
	e.text(value)
	e.w.WriteString("</data>\n")
}

// view writes a conventional key.
func (e *writer) view(key, value string) {
	if !e.hidden[key] && value != "" {
		e.data("      ", viewPrefix+key, value)
	}
}

func (e *writer) properties(domain string, list []model.Property) {
	for _, p := range list {
		e.data("      ", e.declared[declaration{domain, p.Name}], p.Value)
	}
}

func (e *writer) node(v model.Node) {
	fmt.Fprintf(e.w, "    <node id=\"n%d\">\n", v.ID)
	e.view(viewLabel, v.Name)
	if x, y := coordinate(v, "longitude"), coordinate(v, "latitude"); x != "" && y != "" {
		e.view(viewLongitude, x)
		e.view(viewLatitude, y)
	}
	for _, label := range v.Labels {
		if strings.ContainsAny(label, " \t\r\n") {
			e.splitLabel++
		}
	}
	for _, f := range nodeFields(v) {
		e.data("      ", f.name, f.value)
	}
	e.properties("node", v.Properties)
	e.w.WriteString("    </node>\n")
}

func coordinate(v model.Node, name string) string {
	text, _ := v.Property(name)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return ""
	}
	return text
}

func (e *writer) link(l model.Link) {
	fmt.Fprintf(e.w, "    <edge id=\"e%d\" source=\"n%d\" target=\"n%d\">\n", l.ID, l.A.Node, l.B.Node)
	if l.Spec.Rate > 0 {
		e.view(viewSpeed, strconv.FormatInt(int64(l.Spec.Rate), 10)+".0")
	}
	for _, f := range linkFields(e.n, l) {
		e.data("      ", f.name, f.value)
	}
	e.properties("edge", l.Properties)
	e.w.WriteString("    </edge>\n")
}

// text escapes what stands in an element or an attribute. A carriage return would be
// read as a line feed otherwise, and blanks of an attribute as spaces.
func (e *writer) text(s string) {
	from := 0
	for i, r := range s {
		escaped := ""
		switch {
		case r == '&':
			escaped = "&amp;"
		case r == '<':
			escaped = "&lt;"
		case r == '>':
			escaped = "&gt;"
		case r == '"':
			escaped = "&quot;"
		case r == '\t', r == '\n', r == '\r':
			escaped = "&#" + strconv.Itoa(int(r)) + ";"
		case r < 0x20, r == 0xfffe, r == 0xffff, r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			escaped = "\ufffd"
			e.replaced++
		default:
			continue
		}
		e.w.WriteString(s[from:i])
		e.w.WriteString(escaped)
		_, n := utf8.DecodeRuneInString(s[i:])
		from = i + n
	}
	e.w.WriteString(s[from:])
}

// lost says what was not written.
func (e *writer) lost() []string {
	var out []string
	n := e.n
	for _, x := range []struct {
		n    int
		what string
	}{
		{len(n.Profiles), "profiles"}, {len(n.Services), "services"}, {len(n.Tenants), "tenants"}, {len(n.Policies), "policies"},
		{len(n.Flows), "flows"}, {len(n.Demands), "demand matrices"}, {len(n.Traffic), "descriptions of random traffic"},
		{len(n.Processes), "processes"}, {len(n.Scenario), "steps of the scenario"}, {len(n.Tests), "tests"}, {len(n.Watches), "traces asked for"},
	} {
		if x.n > 0 {
			out = append(out, fmt.Sprintf("%s: %d, left out: a graph has no place for them", x.what, x.n))
		}
	}
	if e.splitLabel > 0 {
		out = append(out, fmt.Sprintf("labels with blanks: %d, read back as several", e.splitLabel))
	}
	if e.replaced > 0 {
		out = append(out, fmt.Sprintf("characters that XML cannot hold: %d, replaced", e.replaced))
	}
	return out
}
