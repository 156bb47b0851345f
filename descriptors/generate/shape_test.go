package generate

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"sendim/core/model"
)

// shape is the graph of a network's switches.
type shape struct {
	ids  []model.NodeID
	next [][]int // of each switch: its neighbours, as often as there are links
}

func shapeOf(n *model.Network) *shape {
	s := &shape{ids: n.NodesOfKind(model.Switch)}
	number := map[model.NodeID]int{}
	for i, id := range s.ids {
		number[id] = i
	}
	s.next = make([][]int, len(s.ids))
	for l := range n.Links() {
		a, okA := number[l.A.Node]
		b, okB := number[l.B.Node]
		if okA && okB {
			s.next[a], s.next[b] = append(s.next[a], b), append(s.next[b], a)
		}
	}
	return s
}

func shapeOfEdges(n int, edges []edge) *shape {
	s := &shape{next: make([][]int, n)}
	for _, e := range edges {
		s.next[e.a], s.next[e.b] = append(s.next[e.a], int(e.b)), append(s.next[e.b], int(e.a))
	}
	return s
}

func (s *shape) links() int {
	n := 0
	for _, next := range s.next {
		n += len(next)
	}
	return n / 2
}

// hops gives the distances from a switch; -1 where there is no way.
func (s *shape) hops(from int) []int {
	d := make([]int, len(s.next))
	for i := range d {
		d[i] = -1
	}
	d[from] = 0
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		for _, j := range s.next[queue[0]] {
			if d[j] < 0 {
				d[j] = d[queue[0]] + 1
				queue = append(queue, j)
			}
		}
	}
	return d
}

func (s *shape) connected() bool { return len(s.next) == 0 || !slices.Contains(s.hops(0), -1) }

func (s *shape) diameter() int {
	most := 0
	for i := range s.next {
		d := s.hops(i)
		if slices.Contains(d, -1) {
			return -1
		}
		most = max(most, slices.Max(d))
	}
	return most
}

// simple says whether no two links join the same switches and none joins one to itself.
func (s *shape) simple() bool {
	for i, next := range s.next {
		sorted := slices.Sorted(slices.Values(next))
		if len(slices.Compact(sorted)) != len(next) || slices.Contains(next, i) {
			return false
		}
	}
	return true
}

// bisection is the least number of links between two halves of the given switches,
// wherever the others are put: by trying all.
func (s *shape) bisection(of []int) int {
	n := len(s.next)
	if n > 24 {
		panic("too many to try all")
	}
	adjacent := make([][]uint32, 0)
	for _, next := range s.next {
		var layers []uint32 // one mask for each parallel link
		for _, j := range next {
			i := slices.IndexFunc(layers, func(m uint32) bool { return m>>j&1 == 0 })
			if i < 0 {
				layers, i = append(layers, 0), len(layers)
			}
			layers[i] |= 1 << j
		}
		adjacent = append(adjacent, layers)
	}
	var half uint32
	for _, i := range of {
		half |= 1 << i
	}
	least := math.MaxInt
	for side := uint32(0); side < 1<<n; side++ {
		if bits.OnesCount32(side&half) != len(of)/2 {
			continue
		}
		cut := 0
		for rest := side; rest != 0; rest &= rest - 1 {
			for _, mask := range adjacent[bits.TrailingZeros32(rest)] {
				cut += bits.OnesCount32(mask &^ side)
			}
		}
		least = min(least, cut)
	}
	return least
}

// clustering is the mean over all switches of the share of pairs of neighbours that are
// linked (Watts and Strogatz).
func (s *shape) clustering() float64 {
	sum := 0.0
	for _, next := range s.next {
		k, linked := len(next), 0
		for _, a := range next {
			for _, b := range s.next[a] {
				if slices.Contains(next, b) {
					linked++
				}
			}
		}
		if k > 1 {
			sum += float64(linked) / float64(k*(k-1))
		}
	}
	return sum / float64(len(s.next))
}

func degrees(s *shape) []int {
	out := make([]int, len(s.next))
	for i, next := range s.next {
		out[i] = len(next)
	}
	return out
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// within fails when a sum of draws is more than five standard deviations from its mean.
func within(t *testing.T, what string, got, want, deviation float64) {
	t.Helper()
	if math.Abs(got-want) > 5*deviation {
		t.Errorf("%s is %v, want %v within %v", what, got, want, 5*deviation)
	}
}
