package mermaid

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"sendim/converters/draft"
	"sendim/core/model"
)

const (
	limit    = 400 // links up to which everything is drawn and labelled
	maxEdges = 500 // Mermaid's own limits: maxEdges and maxTextSize of its configuration
	maxText  = 50_000
)

// Write writes a flowchart (https://mermaid.js.org/syntax/flowchart.html). lost tells what
// the picture does not show. The error is the writer's.
func Write(w io.Writer, n *model.Network) (lost []string, err error) {
	out := &counter{w: w}
	b := bufio.NewWriterSize(out, 1<<16)
	p := draft.NewPicture(n, limit)
	large := n.LinkCount() > limit
	fmt.Fprintf(b, "---\ntitle: %s\n---\nflowchart LR\n", draft.Quote(n.Name))
	for i := range n.NodeCount() {
		id := model.NodeID(i)
		if !p.Drawn(id) {
			continue
		}
		text := escape(n.NodeName(id))
		if count := p.Count(id); count != "" {
			text += "<br/>" + count
		}
		left, right := "(", ")"
		switch n.NodeKindOf(id) {
		case model.Switch:
			left, right = "[", "]"
		case model.External:
			left, right = "{{", "}}"
		}
		fmt.Fprintf(b, "  n%d%s\"%s\"%s\n", id, left, text, right)
	}
	drawn := 0
	for l := range n.Links() {
		if !p.Drawn(l.A.Node) || !p.Drawn(l.B.Node) {
			continue
		}
		drawn++
		line := "---"
		if l.Spec.Spare || l.Back.Spare {
			line = "-.-"
		}
		if label := draft.Label(l); label != "" && !large {
			line += `|"` + escape(label) + `"|`
		}
		fmt.Fprintf(b, "  n%d %s n%d\n", l.A.Node, line, l.B.Node)
	}
	if err := b.Flush(); err != nil {
		return nil, fmt.Errorf("writing the Mermaid flowchart of %q: %w", n.Name, err)
	}
	lost = p.Lost()
	if large {
		lost = append(lost, "rates, delays and losses: more than 400 links are drawn without labels")
	}
	if drawn > maxEdges || out.n > maxText {
		lost = append(lost, fmt.Sprintf("%d links in %d characters: Mermaid draws up to %d and %d unless its page raises maxEdges and maxTextSize", drawn, out.n, maxEdges, maxText))
	}
	return lost, nil
}

type counter struct {
	w io.Writer
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += n
	return n, err
}

// escape writes all but letters, digits and a few signs as Mermaid's entity codes.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._-/%", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
