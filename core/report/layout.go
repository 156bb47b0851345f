package report

import (
	"math"

	"sendim/core/model"
)

type point struct{ x, y float64 }

// place gives every node of a drawing a point in the unit square: on the map when all
// nodes but hosts say where they are, by forces between nodes otherwise. The same
// topology gives the same picture.
func (t *Topology) place() []point {
	if p, ok := t.onMap(); ok {
		return p
	}
	return t.byForces()
}

func (t *Topology) onMap() ([]point, bool) {
	out := make([]point, len(t.Nodes))
	anything := false
	for i, n := range t.Nodes {
		switch {
		case n.Placed:
			anything = true
			// Mercator's projection, cut off before the poles.
			lat := math.Max(-85, math.Min(85, n.Lat)) * math.Pi / 180
			out[i] = point{n.Lon * math.Pi / 180, -math.Log(math.Tan(math.Pi/4 + lat/2))}
		case n.Kind != model.Host:
			return nil, false
		}
	}
	if !anything {
		return nil, false
	}
	fit(out, func(i int) bool { return t.Nodes[i].Placed })
	// Hosts fan out around what they are attached to, away from the middle.
	fans := map[int]int{}
	for _, l := range t.Links {
		host, at := l.A, l.B
		if t.Nodes[host].Kind != model.Host {
			host, at = at, host
		}
		if t.Nodes[host].Placed || !t.Nodes[at].Placed {
			continue
		}
		angle := math.Atan2(out[at].y-0.5, out[at].x-0.5) + float64((fans[at]+1)/2)*0.6*float64(1-2*(fans[at]%2))
		fans[at]++
		out[host] = point{out[at].x + 0.05*math.Cos(angle), out[at].y + 0.05*math.Sin(angle)}
	}
	fit(out, nil)
	return out, true
}

// byForces is Fruchterman and Reingold's method (Software: Practice and Experience
// 21(11), 1991), started from a sunflower's spiral instead of chance.
func (t *Topology) byForces() []point {
	n := len(t.Nodes)
	p := make([]point, n)
	for i := range p {
		angle, r := float64(i)*math.Pi*(3-math.Sqrt(5)), math.Sqrt((float64(i)+0.5)/float64(max(n, 1)))
		p[i] = point{r * math.Cos(angle), r * math.Sin(angle)}
	}
	rounds := 300
	if n > 300 {
		rounds = 80
	}
	k := 1.8 / math.Sqrt(float64(max(n, 1)))
	move := make([]point, n)
	for round := range rounds {
		heat := 0.2 * (1 - float64(round)/float64(rounds))
		clear(move)
		for i := range p {
			for j := range i {
				dx, dy := p[i].x-p[j].x, p[i].y-p[j].y
				f := k * k / math.Max(dx*dx+dy*dy, 1e-6)
				move[i].x, move[i].y = move[i].x+dx*f, move[i].y+dy*f
				move[j].x, move[j].y = move[j].x-dx*f, move[j].y-dy*f
			}
		}
		for _, l := range t.Links {
			dx, dy := p[l.A].x-p[l.B].x, p[l.A].y-p[l.B].y
			f := math.Hypot(dx, dy) / k
			move[l.A].x, move[l.A].y = move[l.A].x-dx*f, move[l.A].y-dy*f
			move[l.B].x, move[l.B].y = move[l.B].x+dx*f, move[l.B].y+dy*f
		}
		for i := range p {
			// A weak pull to the middle keeps separate parts in the picture.
			mx, my := move[i].x-p[i].x*k*0.5, move[i].y-p[i].y*k*0.5
			if d := math.Hypot(mx, my); d > 0 {
				s := math.Min(d, heat) / d
				p[i].x, p[i].y = p[i].x+mx*s, p[i].y+my*s
			}
		}
	}
	fit(p, nil)
	return p
}

// fit moves and stretches points, all of them or those that count, into the unit square.
func fit(p []point, counts func(int) bool) {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for i, q := range p {
		if counts == nil || counts(i) {
			lo, hi = point{math.Min(lo.x, q.x), math.Min(lo.y, q.y)}, point{math.Max(hi.x, q.x), math.Max(hi.y, q.y)}
		}
	}
	scale := func(v, lo, hi float64) float64 {
		if hi-lo < 1e-9 {
			return 0.5
		}
		return (v - lo) / (hi - lo)
	}
	for i := range p {
		p[i] = point{scale(p[i].x, lo.x, hi.x), scale(p[i].y, lo.y, hi.y)}
	}
}
