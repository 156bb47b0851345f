package rocketfuel

import (
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// isMap says whether a line is one of a map's: a number, a place and an arrow, or an
// external address.
func isMap(line string) bool {
	line = strings.TrimSpace(line)
	id, rest := line, ""
	if at := strings.IndexAny(line, " \t"); at > 0 {
		id, rest = line[:at], strings.TrimSpace(line[at:])
	}
	if !digits(strings.TrimPrefix(id, "-")) {
		return false
	}
	if strings.HasPrefix(id, "-") {
		return strings.HasPrefix(rest, "=")
	}
	return strings.HasPrefix(rest, "@") && strings.Contains(rest, "->")
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// mention is a neighbour that a node lists.
type mention struct {
	from int32
	to   string
	line int32
}

// readMap reads lines of the form
//
//	uid @loc [+] [bb] (num_neigh) [&ext] -> <nuid-1> ... {-euid} ... =name[!] rn
//	-euid =externaladdress rn
func readMap(f draft.File) (*draft.Network, error) {
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	n := &draft.Network{File: f.Name, Format: "Rocketfuel map"}
	var faults fault.List
	index := map[string]int32{}
	var mentions []mention
	external := 0
	for l := range draft.Lines(text) {
		line := strings.TrimSpace(l.Text)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if faults.Full() {
			break
		}
		if !isMap(line) {
			faults.Addf(fault.Syntax, f.Place(l.No), "%q is neither \"uid @place ... -> neighbours =name rN\" nor \"-uid =address rN\"", draft.Clip(line))
			continue
		}
		fields := strings.Fields(line)
		if _, twice := index[fields[0]]; twice {
			faults.Addf(fault.DuplicateID, f.Place(l.No), "node %s is there twice", fields[0])
			continue
		}
		at := int32(len(n.Nodes))
		index[fields[0]] = at
		node := draft.Node{ID: fields[0], Line: l.No}
		if strings.HasPrefix(fields[0], "-") {
			node.Label, node.Labels = "external-"+fields[0][1:], []string{"external"}
			external++
		}
		arrow := false
		for _, w := range fields[1:] {
			if bad := word(w, &node, &arrow, func(to string) { mentions = append(mentions, mention{at, to, l.No}) }); bad != "" {
				faults.Addf(fault.Syntax, f.Place(l.No), "%q: %s", draft.Clip(w), bad)
			}
		}
		n.Nodes = append(n.Nodes, node)
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	join(n, mentions, index)
	if external > 0 {
		n.Notes = append(n.Notes, fmt.Sprintf("%d nodes are outside the ISP (label=external)", external))
	}
	n.Notes = append(n.Notes, "the map gives no rates and no delays")
	return n, nil
}

// word reads one word of a node's line; what is wrong with it comes back.
func word(w string, node *draft.Node, arrow *bool, mentioned func(string)) (bad string) {
	set := func(name, value string) {
		node.Properties = append(node.Properties, model.Property{Name: name, Value: value})
	}
	switch {
	case w == "->":
		*arrow = true
	case w == "+":
		set("rocketfuel.located", "by DNS name")
	case w == "bb":
		node.Labels = append(node.Labels, "backbone")
	case strings.HasPrefix(w, "@"):
		if place := strings.ReplaceAll(w[1:], "+", " "); place != "" {
			set("location", place)
			if node.Label == "" {
				node.Label = place + " " + node.ID
			}
		}
	case strings.HasPrefix(w, "(") && strings.HasSuffix(w, ")"):
		set("rocketfuel.neighbours", strings.Trim(w, "()"))
	case strings.HasPrefix(w, "&"):
		set("rocketfuel.external", w[1:])
	case *arrow && strings.HasPrefix(w, "<") && strings.HasSuffix(w, ">"):
		mentioned(strings.Trim(w, "<>"))
	case *arrow && strings.HasPrefix(w, "{") && strings.HasSuffix(w, "}"):
		mentioned(strings.Trim(w, "{}"))
	case strings.HasPrefix(w, "="):
		set("rocketfuel.name", w[1:])
	case w == "!":
		set("rocketfuel.alias", "questionable")
	case strings.HasPrefix(w, "r") && digits(w[1:]):
		set("rocketfuel.hops", w[1:])
	default:
		return "no word of a Rocketfuel map"
	}
	return ""
}

// join makes one link of each pair that mentions each other; mentions of nodes that the
// file does not have are counted.
func join(n *draft.Network, mentions []mention, index map[string]int32) {
	seen := map[[2]int32]int8{} // 1: mentioned by the lower index, 2: by the higher
	missing, first := 0, fault.Place{}
	for _, m := range mentions {
		to, ok := index[m.to]
		if !ok {
			if missing++; missing == 1 {
				first = fault.Place{File: n.File, Line: int(m.line)}
			}
			continue
		}
		key, side := [2]int32{min(m.from, to), max(m.from, to)}, int8(1)
		if m.from > to {
			side = 2
		}
		had := seen[key]
		seen[key] = had | side
		if had == 0 {
			n.Links = append(n.Links, draft.Link{A: m.from, B: to, Line: m.line})
		}
	}
	oneSided := 0
	for _, l := range n.Links {
		if s := seen[[2]int32{min(l.A, l.B), max(l.A, l.B)}]; s != 3 && l.A != l.B && !outside(n.Nodes[l.A]) && !outside(n.Nodes[l.B]) {
			oneSided++
		}
	}
	if missing > 0 {
		n.Warnings.Addf(fault.UnknownNode, first, "neighbours that the file does not describe are left out: %d", missing)
	}
	if oneSided > 0 {
		n.Notes = append(n.Notes, fmt.Sprintf("%d links are mentioned at one end only", oneSided))
	}
}

// outside says whether a node is of another network: it lists no neighbours itself.
func outside(n draft.Node) bool { return strings.HasPrefix(n.ID, "-") }
