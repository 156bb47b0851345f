package topohub

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

func itoa(i int) string { return strconv.Itoa(i) }

func join(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

// reader makes a draft of one document.
type reader struct {
	x        *document
	n        *draft.Network
	index    map[string]int32
	ends     [][2]string // of the links
	directed bool
	demands  []demand
	lists    map[string]bool // nodes, edges or links that were there
	byIndex  bool
	hosts    []int32  // nodes that call themselves hosts
	units    []string // numbers without a unit, by name, in order of first use
}

type demand struct {
	from, to string
	value    float64
	line     int32
}

// Read reads one network.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		place := fault.Place{}
		if len(files) > 1 {
			place.File = files[1].Name
		}
		return nil, fault.New(fault.BadChoice, place, "a network is one file; %d are given", len(files))
	}
	x, err := open(files[0])
	if err != nil {
		return nil, err
	}
	r := &reader{x: x, index: map[string]int32{}, lists: map[string]bool{},
		n: &draft.Network{File: files[0].Name, Format: "TopoHub (node-link JSON)"}}
	if err := x.want('{', "the file"); err != nil {
		return nil, err
	}
	if err := x.object(r.part); err != nil {
		return nil, err
	}
	x.place()
	if rest := strings.TrimSpace(x.text[min(int(x.d.InputOffset()), len(x.text)):]); rest != "" {
		return nil, fault.New(fault.Syntax, x.place(), "%q follows the end of the JSON", draft.Clip(rest))
	}
	return r.n, r.finish()
}

// part reads one of the document's own values.
func (r *reader) part(key string) error {
	switch key {
	case "nodes", "edges", "links":
		if key != "nodes" {
			if r.lists["links"] {
				return fault.New(fault.DuplicateID, r.x.place(), "the file has both edges and links")
			}
			key = "links"
		}
		r.lists[key] = true
		if err := r.x.want('[', "the list of "+key); err != nil {
			return err
		}
		return r.x.array(func(t json.Token) error {
			if t != json.Delim('{') {
				return fault.New(fault.Syntax, r.x.place(), "an element of the list of %s is to be an object", key)
			}
			if key == "nodes" {
				return r.node()
			}
			return r.link()
		})
	case "adjacency":
		return fault.New(fault.NotYet, r.x.place(), "it is networkx's adjacency data; its node-link data is read")
	case "graph":
		t, err := r.x.next()
		if err != nil || t != json.Delim('{') { // a list of pairs, as networkx 1 has it
			if err == nil {
				err = r.x.flat("graph", t, 0, &r.n.Properties)
			}
			return err
		}
		return r.x.object(func(key string) error {
			t, err := r.x.next()
			if err != nil {
				return err
			}
			if key == "demands" && t == json.Delim('{') {
				return r.demandsOf()
			}
			return r.x.flat(key, t, 0, &r.n.Properties)
		})
	}
	t, err := r.x.next()
	if err != nil {
		return err
	}
	if key == "directed" {
		r.directed = t == true
	}
	if key == "directed" || key == "multigraph" {
		return r.x.flat(key, t, 0, nil)
	}
	return r.x.flat(key, t, 0, &r.n.Properties)
}

func (r *reader) number(t json.Token, what string) (float64, error) {
	text, ok := scalar(t)
	if !ok || text == "" {
		return 0, fault.New(fault.BadNumber, r.x.place(), "%s is to be a number", what)
	}
	v, err := draft.Number(text)
	if err != nil {
		return 0, fault.New(fault.BadNumber, r.x.place(), "%s: %v", what, err)
	}
	return v, nil
}

// quantity reads a number that is not negative.
func (r *reader) quantity(t json.Token, what string) (float64, error) {
	v, err := r.number(t, what)
	if err == nil && v < 0 {
		err = fault.New(fault.OutOfRange, r.x.place(), "%s is negative: %g", what, v)
	}
	return v, err
}

func (r *reader) node() error {
	n := draft.Node{Line: int32(r.x.place().Line)}
	named, lat, lon := false, false, false
	err := r.x.object(func(key string) error {
		t, err := r.x.next()
		if err != nil {
			return err
		}
		switch {
		case key == "id":
			n.ID, err = r.x.key(t, 0)
			named = true
			return err
		case key == "pos" && t == json.Delim('['):
			return r.position(&n)
		case (key == "lat" || key == "latitude") && isNumber(t):
			lat = true
			n.Y, err = r.number(t, key)
			return err
		case (key == "lon" || key == "lng" || key == "longitude") && isNumber(t):
			lon = true
			n.X, err = r.number(t, key)
			return err
		case key == "type" || key == "kind" || key == "role":
			if v, _ := scalar(t); strings.EqualFold(v, "host") || strings.EqualFold(v, "server") {
				r.hosts = append(r.hosts, int32(len(r.n.Nodes)))
			}
		case key == "name" || key == "label":
			if v, ok := scalar(t); ok && n.Label == "" {
				if n.Label = v; draft.Clean(v) != v && v != "" {
					n.Properties = append(n.Properties, model.Property{Name: key, Value: v})
				}
				return nil
			}
		}
		return r.x.flat(key, t, 0, &n.Properties)
	})
	if err != nil {
		return err
	}
	switch {
	case lat && lon:
		n.Placed = true
	case lat:
		n.Properties = append(n.Properties, model.Property{Name: "latitude", Value: strconv.FormatFloat(n.Y, 'g', -1, 64)})
	case lon:
		n.Properties = append(n.Properties, model.Property{Name: "longitude", Value: strconv.FormatFloat(n.X, 'g', -1, 64)})
	}
	if !named {
		n.ID = n.Label
	}
	if n.ID == "" {
		return fault.New(fault.MissingAttribute, r.x.f.Place(n.Line), "a node has no id")
	}
	if old, twice := r.index[n.ID]; twice {
		return fault.New(fault.DuplicateID, r.x.f.Place(n.Line), "node %q is declared twice, first in line %d", draft.Clip(n.ID), r.n.Nodes[old].Line)
	}
	r.index[n.ID] = int32(len(r.n.Nodes))
	r.n.Nodes = append(r.n.Nodes, n)
	return nil
}

// position reads the rest of [x, y].
func (r *reader) position(n *draft.Node) error {
	var at []float64
	err := r.x.array(func(t json.Token) error {
		if t == nil || len(at) > 2 {
			return r.x.flat("", t, 0, nil)
		}
		v, err := r.number(t, "pos")
		at = append(at, v)
		return err
	})
	if len(at) >= 2 {
		n.X, n.Y, n.Placed = at[0], at[1], true
	}
	return err
}

func (r *reader) link() error {
	l := draft.Link{Line: int32(r.x.place().Line)}
	var ends [2]string
	err := r.x.object(func(key string) error {
		t, err := r.x.next()
		if err != nil {
			return err
		}
		text, isScalar := scalar(t)
		switch {
		case key == "source":
			ends[0], err = r.x.key(t, 0)
			return err
		case key == "target":
			ends[1], err = r.x.key(t, 0)
			return err
		case key == "id" && isScalar:
			l.ID = text
			return nil
		case key == "dist" && t != nil:
			l.Length, err = r.quantity(t, key)
			return err
		case key == "weight" && isScalar:
			if w, err := strconv.ParseInt(text, 10, 32); err == nil && w > 0 {
				l.Spec.Weight = w
				return nil
			}
		case isScalar && (key == "capacity" || key == "bandwidth" || key == "bw" || key == "rate"):
			if rate, err := model.ParseRate(text); err == nil && rate > 0 {
				l.Spec.Rate, l.RateFrom = rate, key
				return nil
			}
			r.unitless(key)
		case isScalar && (key == "delay" || key == "latency"):
			if delay, err := model.ParseTime(text); err == nil && delay > 0 {
				l.Spec.Delay, l.DelayFrom = delay, key
				return nil
			}
			r.unitless(key)
		}
		return r.x.flat(key, t, 0, &l.Properties)
	})
	if err != nil {
		return err
	}
	if ends[0] == "" || ends[1] == "" {
		return fault.New(fault.MissingAttribute, r.x.f.Place(l.Line), "an edge needs both source and target")
	}
	r.n.Links = append(r.n.Links, l)
	r.ends = append(r.ends, ends)
	return nil
}

func (r *reader) unitless(key string) {
	for _, k := range r.units {
		if k == key {
			return
		}
	}
	r.units = append(r.units, key)
}

// demandsOf reads {"from": {"to": value}}.
func (r *reader) demandsOf() error {
	return r.x.object(func(from string) error {
		if err := r.x.want('{', "what a node of demands demands"); err != nil {
			return err
		}
		return r.x.object(func(to string) error {
			t, err := r.x.next()
			if err != nil {
				return err
			}
			v, err := r.quantity(t, "a demand")
			r.demands = append(r.demands, demand{from, to, v, int32(r.x.place().Line)})
			return err
		})
	})
}

func (r *reader) note(format string, args ...any) {
	r.n.Notes = append(r.n.Notes, fmt.Sprintf(format, args...))
}
