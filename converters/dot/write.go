package dot

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
)

// limit is the number of links up to which everything is drawn and labelled.
const limit = 400

// Write writes a graph in the language of Graphviz (https://graphviz.org/doc/info/lang.html).
// lost tells what the picture does not show. The error is the writer's.
func Write(w io.Writer, n *model.Network) (lost []string, err error) {
	d := &drawing{Writer: bufio.NewWriterSize(w, 1<<16), n: n, picture: draft.NewPicture(n, limit)}
	d.write()
	if err := d.Flush(); err != nil {
		return nil, fmt.Errorf("writing the Graphviz graph of %q: %w", n.Name, err)
	}
	return d.picture.Lost(), nil
}

// drawing is a graph being written. Errors stick in the bufio.Writer.
type drawing struct {
	*bufio.Writer
	n       *model.Network
	picture *draft.Picture
	where   [][2]float64 // inches, by node; NaN without; nil: no map
}

func (d *drawing) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) write() {
	n := d.n
	large := n.LinkCount() > limit
	d.place()
	d.line("graph %s {", quote(n.Name))
	switch {
	case d.where != nil:
		d.line("  graph [layout=neato, overlap=prism]")
	case large:
		d.line("  graph [layout=sfdp, overlap=prism]")
	}
	d.line("  node [fontname=Helvetica, fontsize=10]")
	d.line("  edge [fontname=Helvetica, fontsize=8]")
	for i := range n.NodeCount() {
		if id := model.NodeID(i); d.picture.Drawn(id) {
			d.node(id)
		}
	}
	for l := range n.Links() {
		if d.picture.Drawn(l.A.Node) && d.picture.Drawn(l.B.Node) {
			d.link(l, large)
		}
	}
	d.line("}")
}

func (d *drawing) node(id model.NodeID) {
	attrs := []string{"shape=ellipse"}
	switch d.n.NodeKindOf(id) {
	case model.Switch:
		attrs = []string{"shape=box", "style=filled", "fillcolor=\"#dce9f5\""}
	case model.External:
		attrs = []string{"shape=ellipse", "style=dashed"}
	}
	if count := d.picture.Count(id); count != "" {
		name := quote(d.n.NodeName(id))
		attrs = append(attrs, "label="+name[:len(name)-1]+`\n`+count+`"`)
	}
	if d.where != nil && !math.IsNaN(d.where[id][0]) {
		attrs = append(attrs, fmt.Sprintf(`pos="%.3f,%.3f!"`, d.where[id][0], d.where[id][1]))
	}
	d.line("  %s [%s]", quote(d.n.NodeName(id)), strings.Join(attrs, ", "))
}

func (d *drawing) link(l model.Link, large bool) {
	var attrs []string
	if label := draft.Label(l); label != "" {
		if large {
			attrs = append(attrs, "tooltip="+quote(label))
		} else {
			attrs = append(attrs, "label="+quote(label))
		}
	}
	if l.Spec.Spare || l.Back.Spare {
		attrs = append(attrs, "style=dashed")
	}
	text := ""
	if len(attrs) > 0 {
		text = " [" + strings.Join(attrs, ", ") + "]"
	}
	d.line("  %s -- %s%s", quote(d.n.NodeName(l.A.Node)), quote(d.n.NodeName(l.B.Node)), text)
}

// width of a map, in inches.
const width = 16.0

// place makes a map where all switches that are drawn say where they are.
func (d *drawing) place() {
	n := d.n
	where := make([][2]float64, n.NodeCount())
	low, high := math.Inf(1), math.Inf(-1)
	switches := 0
	for v := range n.Nodes() {
		x, okX := degrees(v, "longitude")
		y, okY := degrees(v, "latitude")
		if !okX || !okY {
			if v.Kind == model.Switch {
				return
			}
			x = math.NaN()
		} else {
			low, high = min(low, x), max(high, x)
		}
		if v.Kind == model.Switch {
			switches++
		}
		where[v.ID] = [2]float64{x, y}
	}
	if switches == 0 || !(high > low) {
		return
	}
	scale := width / (high - low)
	for i := range where {
		// Degrees of latitude are drawn 1.3 times as long: right at 40 degrees.
		where[i] = [2]float64{float64(where[i][0] * scale), float64(where[i][1] * scale * 1.3)}
	}
	d.where = where
}

func degrees(v model.Node, name string) (float64, bool) {
	text, ok := v.Property(name)
	if !ok {
		return 0, false
	}
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && math.Abs(x) <= 360
}

// quote makes a quoted string; a backslash would begin an escape of labels.
func quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return -1 // Graphviz reads C strings
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
