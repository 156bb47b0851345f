package report

import (
	"encoding/base64"
	"math"

	"sendim/core/model"
)

// heat is how full links were over time: a row for each of the directions that carried
// most, a byte for each column, 255 being the link's rate.
type heat struct {
	Names []string `json:"names"`
	Cells string   `json:"cells"` // base64, row by row
	Cols  int      `json:"cols"`
	Step  float64  `json:"step"` // seconds
	More  int      `json:"-"`    // directions that are not among the rows
}

func (r *Results) heat() *heat {
	g := gridOf(len(r.Series), func(i int) model.Time { return r.Series[i].At })
	if g.n == 0 {
		return nil
	}
	carried, order := map[direction]float64{}, []direction(nil)
	for i := range r.Series {
		p := &r.Series[i]
		k := direction{p.Link, p.From}
		if _, seen := carried[k]; !seen {
			order = append(order, k)
		}
		carried[k] += float64(p.Utilisation * p.Span.Seconds())
	}
	loaded := 0
	for _, k := range order {
		if carried[k] > 0 {
			loaded++
		}
	}
	chosen := top(order, carried, heatRows)
	if len(chosen) == 0 || g.n < 2 {
		return nil
	}
	rows := map[direction]*average{}
	h := &heat{Cols: g.n, Step: g.step.Seconds(), More: loaded - len(chosen)}
	for _, k := range chosen {
		rows[k] = newAverage(g.n)
		h.Names = append(h.Names, k.String())
	}
	for i := range r.Series {
		p := &r.Series[i]
		if a := rows[direction{p.Link, p.From}]; a != nil {
			a.add(g.column(p.At), p.Utilisation, p.Span)
		}
	}
	var cells []byte
	for _, k := range chosen {
		for _, v := range rows[k].values(g, 1) {
			cells = append(cells, byte(math.Round(255*math.Min(1, v))))
		}
	}
	h.Cells = base64.StdEncoding.EncodeToString(cells)
	return h
}
