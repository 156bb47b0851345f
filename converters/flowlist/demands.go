package flowlist

import (
	"io"
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
)

// Demands are matrices of demands over time, as a table with the columns time, from, to
// and rate has them. Without a column for the time there is one matrix, at time 0.
type Demands struct {
	Matrices []Matrix // by rising time
	Timed    bool     // the file has times
	Warnings fault.List

	ends ends
}

// Matrix is what holds from a time on, until the next one.
type Matrix struct {
	At      model.Time
	Demands []model.Demand // From and To are numbers of ends until Resolve
}

// ReadDemands reads matrices of demands. Of o, Name, the limits, Origin, Time and Rate
// count.
// Its error is a *fault.List.
func ReadDemands(in io.Reader, o Options) (*Demands, error) {
	var faults fault.List
	o = o.withDefaults()
	out := &Demands{ends: ends{file: o.Name}}
	t := &table{lines: newLines(in, o.Name, o.MaxBytes, &faults)}
	warn := func(format string, args ...any) {
		out.Warnings.Addf(fault.Unused, fault.Place{File: o.Name}, format, args...)
	}
	if !t.open(forDemands().header, warn, fieldFrom, fieldTo, fieldRate) {
		return nil, faults.Err()
	}
	out.Timed = t.says(fieldStart)
	at := map[model.Time]int{}
	var clock clock
	total, selfs := 0, 0
	for t.record() {
		var d model.Demand
		var start model.Time
		var from, to []byte
		good := true
		for i, b := range t.row {
			h := &t.heads[i]
			switch {
			case h.field == fieldFrom:
				from = b
			case h.field == fieldTo:
				to = b
			case h.field == fieldNothing:
			case len(b) == 0:
				faults.Addf(fault.MissingAttribute, t.place(fault.Clip(h.title)), "the row has no value here")
				good = false
			default:
				var v int64
				var ok bool
				if h.field == fieldStart && o.Origin {
					v, ok = clock.read(t, h, b)
					start = model.Time(v)
					good = good && ok
					continue
				}
				v, ok = t.quantity(h, b)
				by := o.Rate
				if h.field == fieldStart {
					by = o.Time
				}
				v, fits := by.of(v)
				if ok && (!fits || v > int64(model.Forever/2)) {
					faults.Addf(fault.OutOfRange, t.place(fault.Clip(h.title)), "the value is too large")
				}
				good = good && ok && fits
				if h.field == fieldStart {
					start = model.Time(v)
				} else {
					d.Rate = model.Rate(v)
				}
			}
		}
		switch {
		case !good:
			continue
		case len(from) == 0 || len(to) == 0:
			faults.Addf(fault.MissingAttribute, t.place(""), "the row does not name both nodes")
			continue
		case total >= o.MaxFlows:
			t.fail(fault.Limit, "more than %d demands", o.MaxFlows)
			continue
		}
		i, ok := at[start]
		if !ok {
			i = len(out.Matrices)
			at[start] = i
			out.Matrices = append(out.Matrices, Matrix{At: start})
		}
		if string(from) == string(to) {
			if d.Rate > 0 {
				selfs++
			}
			continue
		}
		if d.Rate == 0 { // an interval in which a pair asks for nothing
			continue
		}
		d.From, d.To = model.NodeID(out.ends.of(from, t.line)), model.NodeID(out.ends.of(to, t.line))
		out.Matrices[i].Demands = append(out.Matrices[i].Demands, d)
		total++
	}
	if faults.Total == 0 && total == 0 {
		faults.Addf(fault.Syntax, fault.Place{File: o.Name}, "there is no demand above zero")
	}
	if selfs > 0 {
		warn("%d demands of a node on itself are left out", selfs)
	}
	slices.SortFunc(out.Matrices, func(a, b Matrix) int {
		if a.At < b.At {
			return -1
		}
		return 1
	})
	if o.Origin && len(out.Matrices) > 0 {
		first := out.Matrices[0].At
		for i := range out.Matrices {
			at, ok := o.Time.of(int64(out.Matrices[i].At - first))
			if !ok || model.Time(at) > model.Forever/2 {
				faults.Addf(fault.OutOfRange, fault.Place{File: o.Name}, "a time is too large")
			}
			out.Matrices[i].At = model.Time(at)
		}
	}
	return out, faults.Err()
}

// Resolve gives the demands their hosts.
func (d *Demands) Resolve(n *model.Network, m Mapping) *fault.List {
	var faults fault.List
	to := d.ends.resolve(n, m, &faults, nil)
	for i := range d.Matrices {
		for j := range d.Matrices[i].Demands {
			x := &d.Matrices[i].Demands[j]
			x.From, x.To = d.ends.host(to, int32(x.From), &faults), d.ends.host(to, int32(x.To), &faults)
		}
	}
	return &faults
}
