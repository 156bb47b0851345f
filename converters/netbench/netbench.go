// Package netbench reads the topologies of the packet simulator netbench (Kassing,
// Valadarsky, Shahaf, Schapira, Singla, "Beyond fat-trees without antennae, mirrors, and
// disco-balls", SIGCOMM 2017): numbered nodes, sets of those that are top-of-rack switches
// and servers, and a row for each direction of a link. It serves the importer.
package netbench

import (
	"bytes"
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// maxNodes bounds the nodes that a header may announce: their ids are its only trace.
const maxNodes = 1 << 20

// Is says whether a file looks like netbench's.
func Is(f draft.File) bool {
	head := f.Data[:min(len(f.Data), 8192)]
	head = bytes.ReplaceAll(head, []byte(" "), nil)
	return bytes.Contains(head, []byte("|V|=")) && bytes.Contains(head, []byte("|E|="))
}

type reader struct {
	f       draft.File
	n       *draft.Network
	faults  fault.List
	nodes   int64 // |V|, -1 before it
	edges   int64
	sets    map[string][]bool
	setLine map[string]int32
	arcs    map[[2]int32]int // directions not yet paired
	rows    int64
	alone   int
}

// Read reads one file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.BadChoice, fault.Place{File: files[1].Name}, "a netbench topology is one file")
	}
	text, err := draft.Text(files[0])
	if err != nil {
		return nil, err
	}
	r := &reader{f: files[0], nodes: -1, edges: -1, sets: map[string][]bool{}, setLine: map[string]int32{}, arcs: map[[2]int32]int{},
		n: &draft.Network{File: files[0].Name, Format: "netbench topology"}}
	for l := range draft.Lines(text) {
		line := strings.TrimSpace(l.Text)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if r.faults.Full() {
			break
		}
		if name, value, ok := strings.Cut(line, "="); ok {
			r.head(l.No, strings.TrimSpace(name), strings.TrimSpace(value))
		} else {
			r.arc(l.No, strings.Fields(line))
		}
	}
	if r.faults.Total == 0 && r.edges > r.rows && draft.Cut(text) {
		r.faults.Addf(fault.Syntax, fault.Place{File: r.f.Name}, "the file ends in the middle of a line after %d of %d directed edges", r.rows, r.edges)
	}
	if r.nodes < 0 && r.faults.Total == 0 {
		r.faults.Addf(fault.Syntax, fault.Place{File: r.f.Name}, "the file does not say |V|, the number of nodes")
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	r.finish()
	return r.n, nil
}

func (r *reader) head(line int32, name, value string) {
	switch name {
	case "|V|", "|E|":
		v, err := draft.Count(value, 1<<40)
		if err == nil && name == "|V|" && v > maxNodes {
			err = fmt.Errorf("%d nodes are announced; %d are allowed", v, maxNodes)
		}
		switch {
		case err != nil:
			r.faults.Addf(fault.OutOfRange, r.f.Place(line), "%s: %v", name, err)
		case name == "|V|":
			r.nodes = v
		default:
			r.edges = v
		}
	case "ToRs", "Servers", "Switches":
		r.setLine[name] = line
		r.set(line, name, value)
	default:
		r.n.Properties = append(r.n.Properties, model.Property{Name: name, Value: value})
	}
}

// set reads "incl_range(0,7)" or "set(0,1,5)".
func (r *reader) set(line int32, name, value string) {
	kind, rest, ok := strings.Cut(value, "(")
	rest, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	if !ok || !closed || kind != "incl_range" && kind != "set" || r.nodes < 0 {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "%s is %q; after |V| it is incl_range(FIRST,LAST) or set(NODE,...)", name, draft.Clip(value))
		return
	}
	in := make([]bool, r.nodes)
	var numbers []int64
	for _, s := range strings.Split(rest, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		v, err := draft.Count(s, r.nodes-1)
		if err != nil {
			r.faults.Addf(fault.UnknownNode, r.f.Place(line), "%s: %v, the last node", name, err)
			return
		}
		numbers = append(numbers, v)
	}
	if kind == "incl_range" {
		if len(numbers) != 2 {
			r.faults.Addf(fault.Syntax, r.f.Place(line), "%s: incl_range has two numbers", name)
			return
		}
		for v := numbers[0]; v <= numbers[1]; v++ {
			in[v] = true
		}
	} else {
		for _, v := range numbers {
			in[v] = true
		}
	}
	r.sets[name] = in
}

func (r *reader) arc(line int32, fields []string) {
	if len(fields) != 2 || r.nodes < 0 {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "a row is two nodes, after |V|")
		return
	}
	a, errA := draft.Count(fields[0], r.nodes-1)
	b, errB := draft.Count(fields[1], r.nodes-1)
	if errA != nil || errB != nil {
		r.faults.Addf(fault.UnknownNode, r.f.Place(line), "%s %s: there are nodes 0 to %d", draft.Clip(fields[0]), draft.Clip(fields[1]), r.nodes-1)
		return
	}
	r.rows++
	back := [2]int32{int32(b), int32(a)}
	if r.arcs[back] > 0 && a != b {
		r.arcs[back]--
		return
	}
	r.arcs[[2]int32{int32(a), int32(b)}]++
	r.n.Links = append(r.n.Links, draft.Link{A: int32(a), B: int32(b), Line: line})
}

func (r *reader) finish() {
	servers, tors := 0, 0
	for i := range r.nodes {
		node := draft.Node{ID: fmt.Sprint(i), Label: fmt.Sprintf("s%d", i)}
		in := func(name string) bool { return r.sets[name] != nil && r.sets[name][i] }
		if in("ToRs") {
			node.Labels = append(node.Labels, "tor")
			tors++
		}
		switch {
		case in("Servers") && in("ToRs"):
			node.Labels = append(node.Labels, "servers")
			servers++
		case in("Servers"):
			node.Kind, node.Label = model.Host, fmt.Sprintf("h%d", i)
		}
		r.n.Nodes = append(r.n.Nodes, node)
	}
	for key, left := range r.arcs {
		if key[0] != key[1] {
			r.alone += left
		}
	}
	if r.edges >= 0 && r.edges != r.rows {
		r.n.Warnings.Addf(fault.Syntax, fault.Place{File: r.f.Name}, "|E| announces %d directed edges; the rows are %d, and they count", r.edges, r.rows)
	}
	if r.alone > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d links are listed in one direction only", r.alone))
	}
	r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d rows, one for each direction; %d top-of-rack switches (label=tor)", r.rows, tors))
	if servers > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d nodes have servers behind them, whose number the file does not say: --hosts per-switch=N attaches N to every switch, <hosts per=\"label=servers\"> to these", servers))
	}
}
