// Package cloudsim reads the physical topologies of CloudSimSDN (Son, Dastjerdi, Calheiros,
// Ji, Yoon, Buyya, "CloudSimSDN: Modeling and Simulation of Software-Defined Cloud Data
// Centers", CCGrid 2015): JSON with nodes (hosts, switches, gateways) and links. It serves
// the importer.
//
// A link has no bandwidth of its own there: it gets the smaller of its ends' bw, in bits
// per second as CloudSimSDN's own examples mean it. A latency is in milliseconds.
//
// The files are read as CloudSimSDN reads them: its parser (json-simple) takes commas for
// white space, so that many of its own examples have one too many or one too few, and the
// last of members with the same name counts. Topologies of several data centres list the
// gateways that join two of them once in each; the nodes of one name are one node.
package cloudsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like CloudSimSDN's: JSON with nodes that have a type and a
// bw, and links with a source and a destination.
func Is(f draft.File) bool {
	head := bytes.TrimSpace(f.Data[:min(len(f.Data), 65536)])
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(f.Data, []byte(`"destination"`)) && bytes.Contains(f.Data, []byte(`"nodes"`)) &&
		bytes.Contains(f.Data, []byte(`"links"`)) && bytes.Contains(head, []byte(`"bw"`))
}

// Read reads one file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.BadChoice, fault.Place{File: files[1].Name}, "a CloudSimSDN topology is one file")
	}
	f := files[0]
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Nodes    []map[string]json.RawMessage `json:"nodes"`
		Links    []map[string]json.RawMessage `json:"links"`
		Centres  []json.RawMessage            `json:"datacenters"`
		Policies []json.RawMessage            `json:"policies"`
	}
	strict, mended := commas(text)
	if err := json.Unmarshal([]byte(strict), &doc); err != nil {
		return nil, fault.New(fault.Syntax, placeOf(f, strict, err), "it is not JSON, not even with commas where they belong: %v", err)
	}
	r := &reader{f: f, n: &draft.Network{File: f.Name, Format: "CloudSimSDN physical topology"}, index: map[string]int32{}, homes: map[int32]int{}}
	for i, raw := range doc.Nodes {
		r.node(i, raw)
	}
	for i, raw := range doc.Links {
		r.link(i, raw)
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	if mended {
		r.n.Notes = append(r.n.Notes, "it has commas too many or too few for JSON; it is read as CloudSimSDN reads it")
	}
	if len(r.homes) > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("gateways that several data centres list, and that are one node each: %d", len(r.homes)))
	}
	if len(doc.Centres) > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("data centres: %d; each node says which is its own, as cloudsim.datacenter", len(doc.Centres)))
	}
	if len(doc.Policies) > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d policies are of CloudSimSDN only and left out", len(doc.Policies)))
	}
	return r.n, nil
}

// placeOf finds the line of a fault in JSON.
func placeOf(f draft.File, text string, err error) fault.Place {
	at := int64(0)
	switch e := err.(type) { //nolint:errorlint // encoding/json gives these two, unwrapped
	case *json.SyntaxError:
		at = e.Offset
	case *json.UnmarshalTypeError:
		at = e.Offset
	}
	return f.Place(int32(1 + strings.Count(text[:min(at, int64(len(text)))], "\n")))
}

type reader struct {
	f      draft.File
	n      *draft.Network
	faults fault.List
	index  map[string]int32
	bw     []model.Rate
	homes  map[int32]int // data centres, besides the first, that list a gateway
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func (r *reader) number(what string, raw json.RawMessage) float64 {
	v, err := draft.Number(text(raw))
	if err != nil || v < 0 {
		r.faults.Addf(fault.BadNumber, fault.Place{File: r.f.Name}, "%s: %s is not a finite number from 0 on", what, draft.Clip(string(raw)))
		return 0
	}
	return v
}

func (r *reader) node(i int, raw map[string]json.RawMessage) {
	name := text(raw["name"])
	what := fmt.Sprintf("node %q", draft.Clip(name))
	kind := text(raw["type"])
	if at, twice := r.index[name]; twice && kind == "gateway" && slices.Contains(r.n.Nodes[at].Labels, kind) && raw["datacenter"] != nil {
		r.homes[at]++
		n := &r.n.Nodes[at]
		n.Properties = append(n.Properties, model.Property{Name: fmt.Sprintf("cloudsim.datacenter.%d", r.homes[at]+1), Value: text(raw["datacenter"])})
		return
	}
	if _, twice := r.index[name]; twice || name == "" {
		r.faults.Addf(fault.DuplicateID, fault.Place{File: r.f.Name}, "node %d has no name or that of another, %q", i+1, draft.Clip(name))
		return
	}
	n := draft.Node{ID: name, Kind: model.Switch}
	switch kind {
	case "host", "vm":
		n.Kind = model.Host
	case "core", "edge", "aggregate", "gateway", "intercloud", "":
	default:
		r.n.Warnings.Addf(fault.BadChoice, fault.Place{File: r.f.Name}, "%s is of type %q, which is not known: it becomes a switch", what, draft.Clip(kind))
	}
	if kind != "" && n.Kind == model.Switch {
		n.Labels = []string{draft.Clean(kind)}
	}
	var bw model.Rate
	for _, key := range keys(raw) {
		switch key {
		case "name", "type":
		case "bw":
			var err error
			if bw, err = draft.Rate(r.number(what+": bw", raw[key]), 1); err != nil {
				r.faults.Addf(fault.OutOfRange, fault.Place{File: r.f.Name}, "%s: %v", what, err)
			}
		case "pes":
			n.Spec.CPU = int64(min(r.number(what+": pes", raw[key]), 1e9) * 1000)
		case "ram":
			n.Spec.Memory = model.Size(min(r.number(what+": ram", raw[key]), 1e12)) << 20
		default:
			n.Properties = append(n.Properties, model.Property{Name: "cloudsim." + draft.Clean(key), Value: text(raw[key])})
		}
	}
	r.index[name] = int32(len(r.n.Nodes))
	r.n.Nodes = append(r.n.Nodes, n)
	r.bw = append(r.bw, bw)
}

func (r *reader) link(i int, raw map[string]json.RawMessage) {
	var ends [2]int32
	for k, key := range []string{"source", "destination"} {
		at, ok := r.index[text(raw[key])]
		if !ok {
			r.faults.Addf(fault.UnknownNode, fault.Place{File: r.f.Name}, "link %d: its %s %q is no node", i+1, key, draft.Clip(text(raw[key])))
			return
		}
		ends[k] = at
	}
	l := draft.Link{A: ends[0], B: ends[1]}
	if a, b := r.bw[l.A], r.bw[l.B]; a > 0 || b > 0 {
		l.RateFrom = "the smaller bw of both ends, in bit/s"
		if l.Spec.Rate = min(a, b); l.Spec.Rate == 0 {
			l.Spec.Rate = max(a, b)
		}
	}
	for _, key := range keys(raw) {
		switch key {
		case "source", "destination":
		case "latency":
			var err error
			l.DelayFrom = "latency in ms"
			if l.Spec.Delay, err = draft.Span(r.number(fmt.Sprintf("link %d: latency", i+1), raw[key]), model.Millisecond); err != nil {
				r.faults.Addf(fault.OutOfRange, fault.Place{File: r.f.Name}, "link %d: %v", i+1, err)
			}
		case "name":
			l.ID = text(raw[key])
		case "bandwidth", "bw":
			var err error
			l.RateFrom = key + " in bit/s"
			if l.Spec.Rate, err = draft.Rate(r.number(fmt.Sprintf("link %d: %s", i+1, key), raw[key]), 1); err != nil {
				r.faults.Addf(fault.OutOfRange, fault.Place{File: r.f.Name}, "link %d: %v", i+1, err)
			}
		default:
			l.Properties = append(l.Properties, model.Property{Name: "cloudsim." + draft.Clean(key), Value: text(raw[key])})
		}
	}
	r.n.Links = append(r.n.Links, l)
}

// keys lists an object's keys in a fixed order.
func keys(raw map[string]json.RawMessage) []string {
	out := make([]string, 0, len(raw))
	for k := range raw {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
