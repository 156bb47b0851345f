package miniedit

import (
	"math"
	"strconv"
	"strings"

	"sendim/core/model"
)

// place is where a node is drawn, in pixels, as MiniEdit writes them. made says that the
// network says nothing about it.
type place struct {
	x, y string
	made bool
}

// The canvas: MiniEdit's is 1000 by 600 before it is scrolled.
const (
	width, height = 900.0, 500.0
	margin        = 60.0
)

// positioned says whether the i-th property is half of a position: x and then y as the
// last two, written as the importers write them.
func positioned(list []model.Property, i int) bool {
	k := len(list)
	if k < 2 || i < k-2 || list[k-2].Name != "x" || list[k-1].Name != "y" {
		return false
	}
	for _, p := range list[k-2:] {
		v, err := strconv.ParseFloat(p.Value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || strconv.FormatFloat(v, 'g', -1, 64) != p.Value {
			return false
		}
	}
	return true
}

// layout places every node: where it says itself, by longitude and latitude where all
// switches have them, else on a grid, hosts after their switch.
func layout(n *model.Network) []place {
	out := make([]place, n.NodeCount())
	var free []model.NodeID
	lowest := 0.0
	for v := range n.Nodes() {
		k := len(v.Properties)
		if k < 2 || !positioned(v.Properties, k-1) {
			continue
		}
		x, _ := strconv.ParseFloat(v.Properties[k-2].Value, 64) // positioned has read them
		y, _ := strconv.ParseFloat(v.Properties[k-1].Value, 64)
		out[v.ID] = place{pixels(x), pixels(y), false}
		lowest = max(lowest, min(y, 1e6))
	}
	for i := range out {
		if id := model.NodeID(i); n.NodeKindOf(id) == model.Switch {
			free = append(free, id)
			for _, a := range n.Arcs(id) {
				if h := n.ArcTo(a).Node; n.NodeKindOf(h) != model.Switch && n.Arcs(h)[0] == a.Reverse() {
					free = append(free, h)
				}
			}
		}
	}
	listed := make([]bool, n.NodeCount())
	for _, id := range free {
		listed[id] = true
	}
	for i := range out {
		if !listed[i] {
			free = append(free, model.NodeID(i))
		}
	}
	where := geographic(n)
	columns := int(math.Ceil(math.Sqrt(float64(len(free)) * width / height)))
	if lowest > 0 {
		lowest += margin
	}
	k := 0
	for _, id := range free {
		if out[id].x != "" {
			continue
		}
		x, y := margin+float64(k%columns)*90, margin+lowest+float64(k/columns)*90
		if where != nil && !math.IsNaN(where[id][0]) {
			x, y = where[id][0], where[id][1]
		}
		out[id] = place{pixels(x), pixels(y), true}
		k++
	}
	return out
}

// geographic maps longitudes and latitudes to pixels; nil unless all switches have both.
func geographic(n *model.Network) [][2]float64 {
	out := make([][2]float64, n.NodeCount())
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	any := false
	for v := range n.Nodes() {
		ok := true
		for k, name := range []string{"longitude", "latitude"} {
			text, _ := v.Property(name)
			x, err := strconv.ParseFloat(text, 64)
			if err != nil || math.Abs(x) > 360 || math.IsNaN(x) {
				ok = false
				break
			}
			out[v.ID][k] = x
		}
		switch {
		case !ok && v.Kind == model.Switch:
			return nil
		case !ok:
			out[v.ID][0] = math.NaN()
		default:
			any = true
			for k, x := range out[v.ID] {
				low[k], high[k] = min(low[k], x), max(high[k], x)
			}
		}
	}
	if !any {
		return nil
	}
	for i := range out {
		out[i][0] = margin + scaled(out[i][0]-low[0], high[0]-low[0], width)
		out[i][1] = margin + scaled(high[1]-out[i][1], high[1]-low[1], height)
	}
	return out
}

func scaled(v, span, to float64) float64 {
	if span == 0 {
		return to / 2
	}
	return math.Round(v / span * to)
}

// pixels writes a number as Python's str does.
func pixels(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
