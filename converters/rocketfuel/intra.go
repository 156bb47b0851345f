package rocketfuel

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like one of Rocketfuel's.
func Is(f draft.File) bool {
	head := string(f.Data[:min(len(f.Data), 8192)])
	for l := range draft.Lines(head) {
		if strings.TrimSpace(l.Text) == "" || strings.HasPrefix(l.Text, "#") {
			continue
		}
		if isMap(l.Text) {
			return true
		}
		fields := strings.Fields(l.Text)
		if len(fields) != 3 || !isCity(fields[0]) || !isCity(fields[1]) {
			return false
		}
		_, err := draft.Number(fields[2])
		return err == nil
	}
	return false
}

// isCity says whether a word has the form City,+Country123.
func isCity(s string) bool {
	return strings.Contains(s, ",+") && len(s) > 0 && s[len(s)-1] >= '0' && s[len(s)-1] <= '9'
}

// column is what a file's third column means.
type column int

const (
	weights column = iota
	latencies
)

// Read reads a map, or the weights and latencies of one ISP.
func Read(files []draft.File) (*draft.Network, error) {
	for _, f := range files {
		for l := range draft.Lines(string(f.Data[:min(len(f.Data), 8192)])) {
			if isMap(l.Text) {
				if len(files) > 1 {
					return nil, fault.New(fault.BadChoice, fault.Place{File: f.Name}, "a Rocketfuel map is one file")
				}
				return readMap(f)
			}
		}
	}
	r := &intra{index: map[string]int32{}, n: &draft.Network{File: files[0].Name, Format: "Rocketfuel weights and latencies"}, rows: map[[2]int32][]*row{}}
	var seen [2]string
	for i, f := range files {
		what := weights
		switch name := strings.ToLower(path.Base(f.Name)); {
		case strings.Contains(name, "latenc") || strings.Contains(name, "delay"):
			what = latencies
		case strings.Contains(name, "weight"):
		default:
			r.n.Warnings.Addf(fault.BadChoice, fault.Place{File: f.Name}, "neither weights nor latencies are in the file's name; its third column is taken for weights")
		}
		if seen[what] != "" {
			return nil, fault.New(fault.DuplicateID, fault.Place{File: f.Name}, "%s has the same column; give one file of weights and one of latencies", seen[what])
		}
		seen[what] = f.Name
		r.read(f, what, i == 0)
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	r.pair()
	return r.n, nil
}

// row is one direction.
type row struct {
	from, to int32
	weight   float64
	latency  float64
	line     int32
	has      [2]bool
	mirrored bool
	raw      [2]string
}

type intra struct {
	n      *draft.Network
	faults fault.List
	index  map[string]int32
	order  []*row
	rows   map[[2]int32][]*row // of one direction, in the order of the file
}

func (r *intra) node(name string, line int32) int32 {
	i, ok := r.index[name]
	if !ok {
		i = int32(len(r.n.Nodes))
		r.index[name] = i
		city := strings.TrimRight(name, "0123456789")
		number := name[len(city):]
		label := strings.ReplaceAll(city, "+", " ")
		if number != "" {
			label += " " + number
		}
		n := draft.Node{ID: name, Label: label, Line: line}
		if place := strings.ReplaceAll(city, "+", " "); place != "" && number != "" {
			n.Properties = append(n.Properties, model.Property{Name: "location", Value: place})
		}
		r.n.Nodes = append(r.n.Nodes, n)
	}
	return i
}

func (r *intra) read(f draft.File, what column, first bool) {
	text, err := draft.Text(f)
	if err != nil {
		r.faults.Add(err.(fault.Fault))
		return
	}
	used := map[[2]int32]int{}
	for l := range draft.Lines(text) {
		fields := strings.Fields(l.Text)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if r.faults.Full() {
			return
		}
		if len(fields) != 3 {
			r.faults.Addf(fault.Syntax, f.Place(l.No), "a row has two nodes and a number; this one has %d values", len(fields))
			continue
		}
		v, err := draft.Number(fields[2])
		if err != nil || v < 0 {
			r.faults.Addf(fault.BadNumber, f.Place(l.No), "%q is not a finite number from 0 on", draft.Clip(fields[2]))
			continue
		}
		key := [2]int32{r.node(fields[0], l.No), r.node(fields[1], l.No)}
		list := r.rows[key]
		if used[key] == len(list) {
			w := &row{from: key[0], to: key[1], line: l.No}
			r.rows[key] = append(list, w)
			r.order = append(r.order, w)
			if !first {
				w.line = 0
				r.n.Warnings.Addf(fault.UnknownLink, f.Place(l.No), "the other file has no row from %s to %s", draft.Clip(fields[0]), draft.Clip(fields[1]))
			}
		}
		w := r.rows[key][used[key]]
		used[key]++
		w.has[what], w.raw[what] = true, fields[2]
		if what == weights {
			w.weight = v
		} else {
			w.latency = v
		}
	}
}

// pair makes links of directions: the k-th row from a to b and the k-th from b to a.
func (r *intra) pair() {
	scale, exact := r.scale()
	nth := map[[2]int32]int{}
	alone := 0
	for _, w := range r.order {
		key, back := [2]int32{w.from, w.to}, [2]int32{w.to, w.from}
		k := nth[key]
		nth[key]++
		if w.mirrored {
			continue
		}
		l := draft.Link{A: w.from, B: w.to, Line: w.line, Spec: r.spec(w, scale)}
		if w.has[latencies] {
			l.DelayFrom = "latency in ms"
		}
		l.Properties = r.properties(w, "")
		if list := r.rows[back]; w.from != w.to && k < len(list) {
			other := list[k]
			other.mirrored = true
			if spec := r.spec(other, scale); spec != l.Spec {
				l.Back = &spec
			}
			if other.raw != w.raw {
				l.Properties = append(l.Properties, r.properties(other, "back.")...)
			}
		} else {
			alone++
		}
		r.n.Links = append(r.n.Links, l)
	}
	r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d rows, one for each direction", len(r.order)))
	if alone > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d links are listed in one direction only; both ways have the same values", alone))
	}
	if scale > 1 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("routing weights are whole numbers: the file's are multiplied by %d", scale))
	}
	if !exact {
		r.n.Notes = append(r.n.Notes, "some weights are rounded to the nearest whole number; the property weight has the file's own")
	}
}

// scale is the power of ten up to 1,000 that makes all weights whole.
func (r *intra) scale() (scale int64, exact bool) {
	for scale = 1; scale <= 1000; scale *= 10 {
		exact = true
		for _, w := range r.order {
			x := w.weight * float64(scale)
			exact = exact && math.Abs(x-math.Round(x)) < 1e-6
		}
		if exact {
			return scale, true
		}
	}
	return 1, false
}

func (r *intra) spec(w *row, scale int64) model.LinkSpec {
	var s model.LinkSpec
	if w.has[weights] {
		s.Weight = int64(max(1, min(math.Round(w.weight*float64(scale)), 1<<40)))
	}
	if w.has[latencies] {
		s.Delay, _ = draft.Span(min(w.latency, 1e6), model.Millisecond)
	}
	return s
}

func (r *intra) properties(w *row, prefix string) (out []model.Property) {
	if w.has[weights] && w.raw[weights] != strconv.FormatInt(int64(w.weight), 10) || w.has[weights] && prefix != "" {
		out = append(out, model.Property{Name: prefix + "weight", Value: w.raw[weights]})
	}
	return out
}
