package shortestpath

import (
	"math"

	"sendim/core/app"
	"sendim/core/graph"
	"sendim/core/model"
	"sendim/core/packet"
)

// routes answers where shortest paths lead. Spare links are used only by what has no
// other way: where a destination cannot be reached by everyone without them, they count
// as longer than any path.
type routes struct {
	view    *app.View
	metric  string
	shape   uint64
	order   []model.NodeID // the switches by number
	g       *graph.Graph
	work    *graph.Workspace
	weights graph.Weights
	down    graph.Set // arcs that are down
	off     graph.Set // arcs that are down or spare
	counted bool      // lengths are not simply hops
	spares  bool      // there are spare links
	apart   bool      // without the spares that are up, something is cut off

	recent []field // of reactive questions, the oldest overwritten first
	oldest int
	arcs   []int32       // scratch
	hops   []int32       // scratch
	asked  map[int32]int // how often the way to a switch was searched for by itself
}

// field is the distance of every switch to one.
type field struct {
	to   int32
	dist []int64
}

// What is kept between reactive questions is bounded: so many fields, and so many bytes
// of them, and so many destinations that are counted. A destination gets a field when it
// has been asked for so often; in a small network the first field costs next to nothing.
const (
	recentMost  = 32
	recentBytes = 64 << 20
	askedMost   = 1 << 16
	askedOften  = 16
	smallMost   = 2000 // switches
)

func (r *routes) reset(v *app.View, metric string) {
	a, b := v.Columns()
	g, err := graph.New(len(v.Switches()), a, b)
	if err != nil { // columns of a view fit together
		panic(err)
	}
	*r = routes{view: v, metric: metric, shape: v.Shape(), g: g, work: graph.NewWorkspace(g)}
	for _, s := range v.Switches() {
		r.order = append(r.order, s.ID)
	}
	for _, l := range v.Links() {
		r.spares = r.spares || l.Spare
	}
	r.changed()
}

// changed reads links anew, after one went up or down or changed its weight.
func (r *routes) changed() {
	links := r.view.Links()
	r.down, r.off = graph.NewSet(2*len(links)), graph.NewSet(2*len(links))
	length, longest := make([]int64, 2*len(links)), int64(1)
	for i := range links {
		l := &links[i]
		w := r.length(l)
		longest = max(longest, w)
		length[2*i], length[2*i+1] = w, w
		if !l.Up {
			r.down.AddLink(i)
		}
		if !l.Up || l.Spare {
			r.off.AddLink(i)
		}
	}
	r.apart = false
	if r.spares {
		_, with := r.work.Components(r.down, nil)
		_, without := r.work.Components(r.off, nil)
		r.apart = with != without
	}
	most := math.MaxInt64 / int64(2*r.g.Nodes()+1)
	if r.apart {
		// One spare link is worse than every path without.
		penalty := min(most, longest*int64(r.g.Nodes()))
		for i := range links {
			if links[i].Spare {
				length[2*i] = min(most, length[2*i]+penalty)
				length[2*i+1] = length[2*i]
			}
		}
	}
	r.counted = r.metric != "hops" || r.apart
	r.weights = graph.Weights{}
	if r.counted {
		w, err := r.g.NewWeights(length)
		if err != nil { // lengths are within its bounds
			panic(err)
		}
		r.weights = w
	}
	r.recent, r.oldest, r.asked = r.recent[:0], 0, nil
}

// length of a link: hops, whole nanoseconds of delay, or the descriptor's weight.
func (r *routes) length(l *app.LinkInfo) int64 {
	most := math.MaxInt64 / int64(2*r.g.Nodes()+1)
	switch r.metric {
	case "delay":
		return min(most, max(1, int64((l.Delay+model.Nanosecond-1)/model.Nanosecond)))
	case "cost":
		return min(most, max(1, l.Weight))
	}
	return 1
}

// closed are the arcs that paths do not take.
func (r *routes) closed() graph.Set {
	if r.apart {
		return r.down
	}
	return r.off
}

// distances of all switches to one, put into dist if that is large enough.
func (r *routes) distances(to int32, dist []int64) []int64 {
	if r.counted {
		return r.work.Distances(to, r.weights, r.closed(), dist)
	}
	r.hops = r.work.Hops(to, r.closed(), r.hops)
	hops := r.hops
	if cap(dist) < len(hops) {
		dist = make([]int64, len(hops))
	}
	dist = dist[:len(hops)]
	for i, h := range hops {
		dist[i] = int64(h)
	}
	return dist
}

// path is the shortest path from one switch to another; of several arcs that are as good,
// nil takes the lowest. Whether the path is searched for from both of its ends or read off
// the distances of all switches makes no difference to it.
func (r *routes) path(at, to int32, by graph.Choice) (path []int32, ok bool) {
	if dist := r.toward(to); dist != nil {
		if dist[at] < 0 {
			return nil, false
		}
		for dist[at] > 0 {
			r.arcs = r.next(at, dist, r.arcs[:0])
			arc := r.arcs[0]
			if by != nil {
				arc = by(at, r.arcs)
			}
			path = append(path, arc)
			at = r.g.Head(arc)
		}
		return path, true
	}
	if r.counted {
		return r.work.WeightedPathBy(by, at, to, r.weights, r.closed(), nil)
	}
	return r.work.HopPathBy(by, at, to, r.closed(), nil)
}

// toward is distances, kept for the next questions about the same switch; nil for one
// that few have asked about.
func (r *routes) toward(to int32) []int64 {
	for i := range r.recent {
		if r.recent[i].to == to {
			return r.recent[i].dist
		}
	}
	if n := r.g.Nodes(); n > smallMost {
		if r.asked == nil || len(r.asked) >= askedMost {
			r.asked = map[int32]int{}
		}
		if r.asked[to]++; r.asked[to] < askedOften {
			return nil
		}
		delete(r.asked, to)
	}
	if len(r.recent) < max(1, min(recentMost, recentBytes/(8*r.g.Nodes()))) {
		r.recent = append(r.recent, field{to, r.distances(to, nil)})
		return r.recent[len(r.recent)-1].dist
	}
	f := &r.recent[r.oldest]
	r.oldest = (r.oldest + 1) % len(r.recent)
	f.to, f.dist = to, r.distances(to, f.dist)
	return f.dist
}

// next appends the arcs by which shortest paths leave a switch.
func (r *routes) next(at int32, dist []int64, buf []int32) []int32 {
	return graph.Next(r.g, at, dist, r.weights, r.closed(), buf)
}

// choose picks one of several equally good arcs for a pair: by a hash of the pair and the
// switch, so that one switch's choice says nothing of the next one's.
func choose(arcs []int32, k pair, at model.NodeID) int32 {
	if len(arcs) == 1 {
		return arcs[0]
	}
	return arcs[hash(k.Src, k.Dst, at)%uint64(len(arcs))]
}

// hash is the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) over both words.
func hash(src, dst packet.IPv4, at model.NodeID) uint64 {
	x := mix(uint64(src)<<32|uint64(dst)) + uint64(at)*0x9e3779b97f4a7c15
	return mix(x) >> 16
}

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
