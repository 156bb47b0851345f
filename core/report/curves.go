package report

import (
	"cmp"
	"slices"

	"sendim/core/model"
)

// columns is how many steps a picture over time has at most, mostCurves how many lines a
// chart, heatRows a heat map.
const (
	columns    = 200
	mostCurves = 6
	heatRows   = 60
)

// curve is one line of a chart.
type curve struct {
	name   string
	values []float64 // one a column
}

// grid cuts the time of a run into equal columns.
type grid struct {
	step model.Time
	n    int
}

// gridOf takes ends of samples in the order of time; a column is no shorter than the time
// between two of them.
func gridOf(count int, at func(int) model.Time) grid {
	last, span, before := model.Time(0), model.Forever, model.Time(-1)
	for i := range count {
		t := at(i)
		last = max(last, t)
		if before >= 0 && t > before {
			span = min(span, t-before)
		}
		before = max(before, t)
	}
	if last <= 0 {
		return grid{}
	}
	step := max((last+columns-1)/columns, 1)
	if span != model.Forever {
		step = max(step, span)
	}
	return grid{step, int((last + step - 1) / step)}
}

func (g grid) column(at model.Time) int { return min(max(int((at-1)/g.step), 0), g.n-1) }

// average is a quantity over time: in each column the mean over its time, where what has
// no sample counts as nothing.
type average struct {
	sum  []float64 // value times span
	span []model.Time
}

func newAverage(n int) *average { return &average{make([]float64, n), make([]model.Time, n)} }

func (a *average) add(col int, v float64, span model.Time) {
	a.sum[col] += float64(v * span.Seconds())
	a.span[col] += span
}

func (a *average) values(g grid, scale float64) []float64 {
	out := make([]float64, g.n)
	for i := range out {
		out[i] = scale * a.sum[i] / max(g.step, a.span[i]).Seconds()
	}
	return out
}

// direction is one direction of a link.
type direction struct{ link, from string }

func (d direction) String() string { return d.link + " from " + d.from }

// top picks so many of the keys with the greatest weight, the greatest first; among equals
// the one that came first.
func top[K comparable](order []K, weight map[K]float64, most int) []K {
	out := slices.Clone(order)
	slices.SortStableFunc(out, func(a, b K) int { return cmp.Compare(weight[b], weight[a]) })
	out = slices.DeleteFunc(out, func(k K) bool { return weight[k] <= 0 })
	return out[:min(len(out), most)]
}

// curves makes the charts of links: what hosts received, how full the fullest links were
// at their peak, and the mean queues of those with the longest.
func (r *Results) curves() (g grid, throughput, utilisation, queues []curve) {
	g = gridOf(len(r.Series), func(i int) model.Time { return r.Series[i].At })
	if g.n == 0 {
		return g, nil, nil, nil
	}
	isHost := map[string]bool{}
	for _, v := range r.Topology.Nodes {
		if v.Kind == model.Host {
			isHost[v.Name] = true
		}
	}
	received := newAverage(g.n)
	peak, queue, order := map[direction]float64{}, map[direction]float64{}, []direction(nil)
	for i := range r.Series {
		p := &r.Series[i]
		k := direction{p.Link, p.From}
		before, seen := peak[k]
		if !seen {
			order = append(order, k)
		}
		peak[k], queue[k] = max(before, p.Utilisation), max(queue[k], p.Queue)
		if isHost[p.To] {
			// Of many links at once: their spans are not added up.
			received.sum[g.column(p.At)] += float64(p.Rate * p.Span.Seconds())
		}
	}
	throughput = []curve{{"received by all hosts", received.values(g, 1e-6)}}
	pick := func(weight map[direction]float64, value func(*Point) float64, scale float64) (out []curve) {
		at := map[direction]*average{}
		chosen := top(order, weight, mostCurves)
		for _, k := range chosen {
			at[k] = newAverage(g.n)
		}
		for i := range r.Series {
			p := &r.Series[i]
			if a := at[direction{p.Link, p.From}]; a != nil {
				a.add(g.column(p.At), value(p), p.Span)
			}
		}
		for _, k := range chosen {
			out = append(out, curve{k.String(), at[k].values(g, scale)})
		}
		return out
	}
	utilisation = pick(peak, func(p *Point) float64 { return p.Utilisation }, 100)
	queues = pick(queue, func(p *Point) float64 { return p.Queue }, 1)
	return g, throughput, utilisation, queues
}

// flowCurves are the rates of the flows that received most.
func (r *Results) flowCurves() (g grid, out []curve) {
	points := r.Followed.Flows
	g = gridOf(len(points), func(i int) model.Time { return points[i].At })
	if g.n == 0 {
		return g, nil
	}
	// Points at the ends of flows lie anywhere: they do not say how fine the series is.
	g.step = max((g.step*model.Time(g.n)+columns-1)/columns, 1)
	g.n = columns
	weight, order := map[string]float64{}, []string(nil)
	for i := range points {
		if _, seen := weight[points[i].Flow]; !seen {
			order = append(order, points[i].Flow)
		}
		weight[points[i].Flow] += float64(points[i].Bytes)
	}
	chosen := top(order, weight, mostCurves)
	at := map[string]*average{}
	for _, id := range chosen {
		at[id] = newAverage(g.n)
	}
	for i := range points {
		p := &points[i]
		a := at[p.Flow]
		if a == nil {
			continue
		}
		for from := max(p.At-p.Span, 0); from < p.At; { // a point may span several columns
			col := int(min(from/g.step, model.Time(g.n-1)))
			to := p.At
			if col < g.n-1 {
				to = min(to, model.Time(col+1)*g.step)
			}
			a.add(col, p.Rate(), to-from)
			from = to
		}
	}
	for _, id := range chosen {
		out = append(out, curve{id, at[id].values(g, 1e-6)})
	}
	return g, out
}

// queueCurves are the longest of the queues that were followed.
func (r *Results) queueCurves() (g grid, out []curve) {
	points := r.Followed.Queues
	g = gridOf(len(points), func(i int) model.Time { return points[i].At })
	if g.n == 0 {
		return g, nil
	}
	type key struct {
		direction
		class string
	}
	weight, order := map[key]float64{}, []key(nil)
	keyOf := func(p *QueuePoint) key { return key{direction{p.Link, p.From}, p.Class} }
	for i := range points {
		k := keyOf(&points[i])
		if _, seen := weight[k]; !seen {
			order = append(order, k)
		}
		weight[k] = max(weight[k], float64(points[i].Packets))
	}
	chosen := top(order, weight, mostCurves)
	at := map[key][]float64{}
	for _, k := range chosen {
		at[k] = make([]float64, g.n)
	}
	for i := range points {
		p := &points[i]
		if v := at[keyOf(p)]; v != nil {
			col := g.column(p.At)
			v[col] = max(v[col], float64(p.Packets))
		}
	}
	for _, k := range chosen {
		name := k.String()
		if k.class != "" {
			name += ", class " + k.class
		}
		out = append(out, curve{name, at[k]})
	}
	return g, out
}

// switchCurves are what all followed switches together sent to the controller and had no
// rule for, a second.
func (r *Results) switchCurves() (g grid, out []curve) {
	points := r.Followed.Switches
	g = gridOf(len(points), func(i int) model.Time { return points[i].At })
	if g.n == 0 {
		return g, nil
	}
	misses, up, most := make([]float64, g.n), make([]float64, g.n), 0.0
	for i := range points {
		p := &points[i]
		col := g.column(p.At)
		m, in := float64(max(0, p.Misses)), float64(max(0, p.PacketIns)) // what is not known is below zero
		misses[col] += m / g.step.Seconds()
		up[col] += in / g.step.Seconds()
		most += m + in
	}
	if most == 0 {
		return grid{}, nil
	}
	return g, []curve{{"sent to the controller", up}, {"without a rule", misses}}
}
