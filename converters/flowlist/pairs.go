package flowlist

import (
	"bytes"
	"io"
	"math"

	"sendim/core/fault"
	"sendim/core/model"
)

// Pairs are weights of pairs of nodes, as ProjecToR and netbench write them:
// "id,src,dst,probability" below a line that begins with #; or a table with the columns
// from, to and share.
type Pairs struct {
	Pairs    []model.Pair // From and To are numbers of ends until Resolve
	Sum      float64      // of all weights
	Warnings fault.List

	ends ends
}

// ReadPairs reads weights of pairs. Of o, only Name, MaxBytes and MaxFlows count. Its
// error is a *fault.List.
func ReadPairs(in io.Reader, o Options) (*Pairs, error) {
	var faults fault.List
	o = o.withDefaults()
	out := &Pairs{ends: ends{file: o.Name}}
	t := &table{lines: newLines(in, o.Name, o.MaxBytes, &faults)}
	warn := func(format string, args ...any) {
		out.Warnings.Addf(fault.Unused, fault.Place{File: o.Name}, format, args...)
	}
	first, ok := t.content()
	if !ok {
		if faults.Total == 0 {
			faults.Addf(fault.Syntax, fault.Place{File: o.Name}, "the file is empty; lines of id,src,dst,probability are expected")
		}
		return nil, &faults
	}
	t.back()
	if isPairs(first) {
		out.ends.numbered = true
		t.sep = ','
		t.heads = []head{{field: fieldNothing, title: "id"}, {field: fieldFrom, title: "src"}, {field: fieldTo, title: "dst"}, {field: fieldShare, title: "probability"}}
	} else if !t.open(forPairs().header, warn, fieldFrom, fieldTo, fieldShare) {
		return nil, faults.Err()
	}
	selfs := 0
	for t.record() {
		var p model.Pair
		var from, to []byte
		good := true
		for i, b := range t.row {
			switch h := &t.heads[i]; h.field {
			case fieldFrom:
				from = b
			case fieldTo:
				to = b
			case fieldShare:
				v, bad := float(b)
				if bad == nil && v < 0 {
					bad = problem(fault.OutOfRange, "%q is negative", fault.Clip(string(b)))
				}
				if bad != nil {
					t.bad(h, bad)
					good = false
				}
				p.Weight = v
			}
		}
		switch {
		case !good:
			continue
		case len(from) == 0 || len(to) == 0:
			faults.Addf(fault.MissingAttribute, t.place(""), "the row does not name both nodes")
			continue
		case p.Weight == 0:
			continue
		case bytes.Equal(from, to):
			selfs++
			continue
		case len(out.Pairs) >= o.MaxFlows:
			t.fail(fault.Limit, "more than %d pairs", o.MaxFlows)
			continue
		}
		p.From, p.To = model.NodeID(out.ends.of(from, t.line)), model.NodeID(out.ends.of(to, t.line))
		out.Sum += p.Weight
		out.Pairs = append(out.Pairs, p)
	}
	if faults.Total == 0 && (len(out.Pairs) == 0 || math.IsInf(out.Sum, 0)) {
		faults.Addf(fault.OutOfRange, fault.Place{File: o.Name}, "there is no pair with a weight, or the weights are too large")
	}
	if selfs > 0 {
		warn("%d pairs of a node with itself are left out", selfs)
	}
	if math.Abs(out.Sum-1) > 1e-3 {
		warn("the probabilities sum to %.6g, not to 1; they are taken as weights", out.Sum)
	}
	return out, faults.Err()
}

// Resolve gives the pairs their nodes.
func (p *Pairs) Resolve(n *model.Network, m Mapping) *fault.List {
	var faults fault.List
	to := p.ends.resolve(n, m, &faults, nil)
	for i := range p.Pairs {
		x := &p.Pairs[i]
		x.From, x.To = p.ends.host(to, int32(x.From), &faults), p.ends.host(to, int32(x.To), &faults)
	}
	return &faults
}

// host is a target that must not be a service.
func (e *ends) host(to []target, i int32, faults *fault.List) model.NodeID {
	if s := to[i].service; s != "" {
		faults.Addf(fault.BadChoice, fault.Place{File: e.file, Line: e.list[i].line}, "%q is a service; a host is needed", fault.Clip(s))
		to[i].service = ""
	}
	return to[i].node
}
