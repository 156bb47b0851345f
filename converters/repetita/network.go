package repetita

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

const kilobit = model.Rate(1000)

// lightPerKilometre is how long light takes for a kilometre where nothing is in its way.
const lightPerKilometre = 1e9 / 299_792.458 // nanoseconds

// reader makes one draft of a network and its demands.
type reader struct {
	n      *draft.Network
	faults fault.List
	idle   int // edges of bw 0
}

// Read reads one network and any number of files of demands.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) == 0 {
		return nil, fault.New(fault.FileMissing, fault.Place{}, "no file is given")
	}
	r := &reader{n: &draft.Network{Format: "REPETITA network"}}
	var demands []draft.File
	graph := false
	for _, f := range files {
		if strings.HasPrefix(firstWord(f.Data), "DEMANDS") {
			demands = append(demands, f)
			continue
		}
		if graph {
			return nil, fault.New(fault.BadChoice, fault.Place{File: f.Name}, "a second network, after %s: one network and its demands belong together", r.n.File)
		}
		graph = true
		r.graph(f)
	}
	if !graph {
		return nil, fault.New(fault.FileMissing, fault.Place{File: files[0].Name}, "the file holds demands only; give the network (*.graph) as well")
	}
	if r.faults.Total == 0 {
		r.demands(demands)
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	return r.n, nil
}

func firstWord(data []byte) string {
	head := strings.TrimLeft(string(data[:min(len(data), 64)]), "\xef\xbb\xbf \t\r\n")
	word, _, _ := strings.Cut(head, " ")
	return word
}

func (r *reader) note(format string, args ...any) {
	r.n.Notes = append(r.n.Notes, fmt.Sprintf(format, args...))
}

func (r *reader) graph(f draft.File) {
	r.n.File = f.Name
	name := f.Name[strings.LastIndexAny(f.Name, `/\`)+1:]
	r.n.Name = strings.TrimSuffix(name, ".graph")
	in := &file{f: f, faults: &r.faults, warn: &r.n.Warnings}
	strange := 0
	seen := in.read(func(w row) {
		switch w.t.name {
		case "NODES":
			r.node(w)
		case "EDGES":
			r.edge(w)
		default:
			strange++
		}
	})
	for _, s := range []string{"NODES", "EDGES"} {
		if !seen[s] && r.faults.Total == 0 {
			r.faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "the file ends without its section %s", s)
		}
	}
	if r.faults.Total > 0 {
		return
	}
	if strange > 0 {
		r.n.Warnings.Addf(fault.MisplacedElement, fault.Place{File: f.Name}, "demands beside the network: %d, left out; they are read from files of their own", strange)
	}
	r.names()
	r.positions()
	listed := len(r.n.Links)
	links, oneWay := draft.Pair(r.n.Links, nil)
	r.n.Links = links
	r.note("directed edges: %d; opposite ones are one link, %d pairs; without a counterpart and taken for both directions: %d", listed, listed-len(links), oneWay)
	if r.idle > 0 {
		r.note("edges of bw 0, taken as not stated: %d", r.idle)
	}
	r.doubt()
}

func (r *reader) node(w row) {
	n := draft.Node{ID: w.text("label"), X: w.number("x"), Y: w.number("y"), Line: w.line}
	n.Placed = n.X != 0 || n.Y != 0 // 0.0 0.0 stands for unknown
	r.n.Nodes = append(r.n.Nodes, n)
}

// names makes labels of "0_New_York" and "New+York,+NY239".
func (r *reader) names() {
	numbered := true
	for i, n := range r.n.Nodes {
		numbered = numbered && strings.HasPrefix(n.ID, strconv.Itoa(i)+"_")
	}
	for i := range r.n.Nodes {
		n := &r.n.Nodes[i]
		n.Label = n.ID
		if numbered {
			_, n.Label, _ = strings.Cut(n.ID, "_")
		}
		n.Label = strings.NewReplacer("_", " ", "+", " ").Replace(n.Label)
	}
}

func (r *reader) positions() {
	r.n.Coordinates = draft.Geographic
	for _, n := range r.n.Nodes {
		if n.Placed && (math.Abs(n.X) > 180 || math.Abs(n.Y) > 90) {
			r.n.Coordinates = draft.NoCoordinates
			r.note("x and y are not longitude and latitude throughout: they are kept, and give no delays")
			return
		}
	}
}

func (r *reader) edge(w row) {
	l := draft.Link{ID: w.text("label"), A: w.node("src", len(r.n.Nodes)), B: w.node("dest", len(r.n.Nodes)), Line: w.line}
	rate, err := draft.Rate(w.quantity("bw"), kilobit)
	if err != nil {
		r.faults.Addf(fault.OutOfRange, w.r.f.Place(w.line), "bw: %v", err)
	}
	if l.Spec.Rate = rate; rate > 0 {
		l.RateFrom = "bw column, kbit/s"
	} else {
		r.idle++
	}
	if l.Spec.Delay, err = draft.Span(w.quantity("delay"), model.Microsecond); err != nil {
		r.faults.Addf(fault.OutOfRange, w.r.f.Place(w.line), "delay: %v", err)
	}
	if l.Spec.Delay > 0 {
		l.DelayFrom = "delay column, microseconds"
	}
	if v := w.quantity("weight"); v == math.Trunc(v) && v < 1<<31 {
		l.Spec.Weight = int64(v)
	} else {
		l.Properties = append(l.Properties, model.Property{Name: "weight", Value: w.text("weight")})
	}
	r.n.Links = append(r.n.Links, l)
}

// doubt tells what speaks against the unit of the delays.
func (r *reader) doubt() {
	said, known, fast := 0, 0, 0
	for i := range r.n.Links {
		l := &r.n.Links[i]
		if l.DelayFrom == "" {
			continue
		}
		said++
		a, b := &r.n.Nodes[l.A], &r.n.Nodes[l.B]
		if r.n.Coordinates != draft.Geographic || !a.Placed || !b.Placed {
			continue
		}
		known++
		if km := draft.GreatCircle(a.X, a.Y, b.X, b.Y); float64(l.Spec.Delay) < km*lightPerKilometre*float64(model.Nanosecond) {
			fast++
		}
	}
	switch {
	case said == 0:
	case fast > 0:
		r.note("delays are taken for microseconds, as REPETITA calls them, but on %d of %d links between known places they are shorter than light needs: trust their ratios only", fast, known)
	default:
		r.note("delays are taken for microseconds, as REPETITA calls them; nothing in the file confirms the unit")
	}
}

func (r *reader) demands(files []draft.File) {
	for i, f := range files {
		m := draft.Matrix{Follows: i > 0}
		in := &file{f: f, faults: &r.faults, warn: &r.n.Warnings}
		in.read(func(w row) {
			if w.t.name != "DEMANDS" {
				r.faults.Addf(fault.MisplacedElement, f.Place(w.line), "a section %s among demands", w.t.name)
				return
			}
			rate, err := draft.Rate(w.quantity("bw"), kilobit)
			if err != nil {
				r.faults.Addf(fault.OutOfRange, f.Place(w.line), "bw: %v", err)
			}
			m.Demands = append(m.Demands, draft.Demand{ID: w.text("label"), From: w.node("src", len(r.n.Nodes)), To: w.node("dest", len(r.n.Nodes)), Rate: rate, Line: w.line})
		})
		r.n.Demands = append(r.n.Demands, m)
		if r.faults.Full() {
			return
		}
	}
	if len(files) > 1 {
		r.note("files of demands: %d, one after the other, each for the span that a matrix without one has", len(files))
	}
}
