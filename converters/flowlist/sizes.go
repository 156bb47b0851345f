package flowlist

import (
	"bytes"
	"io"

	"sendim/core/fault"
	"sendim/core/model"
)

// Sizes is a distribution of flow sizes.
type Sizes struct {
	Points  []model.SizePoint
	Percent bool // the file's shares are percent
}

// ReadSizes reads a distribution: two columns, size and cumulative share, apart by
// blanks, tabs, commas or semicolons; a header and comments (#) may come first. Shares
// are percent if the last one is 100 and fractions if it is 1. unit is what one of size
// stands for, in bytes. Of o, only Name and MaxBytes count. Its error is a *fault.List.
//
// Alibaba's (HPCC) and HKUST's (TrafficGenerator) files are such.
func ReadSizes(in io.Reader, unit model.Size, o Options) (*Sizes, error) {
	var faults fault.List
	o = o.withDefaults()
	l := newLines(in, o.Name, o.MaxBytes, &faults)
	out := &Sizes{}
	var shares []float64
	var rows []int
	var fields [][]byte
	for first := true; ; first = false {
		line, ok := l.content()
		if !ok {
			break
		}
		fields = words(fields, bytes.Map(func(c rune) rune {
			if c == ',' || c == ';' {
				return ' '
			}
			return c
		}, line))
		if len(fields) == 0 {
			continue
		}
		if _, bad := float(fields[0]); bad != nil && first && len(fields) == 2 {
			continue // a header
		}
		if len(fields) != 2 {
			faults.Addf(fault.Syntax, l.place(""), "expected a size and a cumulative share, found %d words", len(fields))
			continue
		}
		size, bad := scaled(fields[0], int64(unit))
		if bad == nil && size > 1<<53 {
			bad = tooLarge(fields[0])
		}
		if bad != nil {
			bad.Place = l.place("size")
			faults.Add(*bad)
		}
		share, bad := float(fields[1])
		if bad == nil && (share < 0 || share > 100) {
			bad = problem(fault.OutOfRange, "the cumulative share %q is outside 0..1 and 0..100", fault.Clip(string(fields[1])))
		}
		if bad != nil {
			bad.Place = l.place("share")
			faults.Add(*bad)
		}
		if len(out.Points) >= MaxPoints {
			l.fail(fault.Limit, "more than %d points", MaxPoints)
			break
		}
		if k := len(shares); k > 0 && faults.Total == 0 {
			switch {
			case share < shares[k-1]:
				faults.Addf(fault.OutOfRange, l.place("share"), "the cumulative share %v is less than the %v before it", share, shares[k-1])
			case model.Size(size) < out.Points[k-1].Size && share > 0:
				faults.Addf(fault.OutOfRange, l.place("size"), "the size %s is less than the one before it", fault.Clip(string(fields[0])))
			}
		}
		out.Points = append(out.Points, model.SizePoint{Size: model.Size(size)})
		shares, rows = append(shares, share), append(rows, l.line)
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	if len(shares) == 0 {
		faults.Addf(fault.Syntax, fault.Place{File: o.Name}, "the file is empty; lines of a size and a cumulative share are expected")
		return nil, &faults
	}
	last := shares[len(shares)-1]
	out.Percent = last == 100
	if last != 1 && last != 100 {
		faults.Addf(fault.OutOfRange, fault.Place{File: o.Name, Line: rows[len(rows)-1], Attribute: "share"}, "the last cumulative share is %v; it is 1, or 100 where shares are percent", last)
		return nil, &faults
	}
	for i := range shares {
		out.Points[i].Share = shares[i] / last
	}
	if mean := model.MeanSize(out.Points); mean <= 0 {
		faults.Addf(fault.OutOfRange, fault.Place{File: o.Name}, "the mean size is 0")
		return nil, &faults
	}
	return out, nil
}
