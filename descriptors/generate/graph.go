package generate

import (
	"sendim/core/graph"
	"sendim/core/random"
)

// edge is a link between two switches, by their numbers from 0.
type edge struct{ a, b int32 }

// pairSet is a set of unordered pairs of switches, as an open hash table with linear
// probing (Knuth, "The Art of Computer Programming", volume 3, section 6.4): a map
// would take three times the memory and four times the time.
type pairSet struct {
	slots []uint64 // 0: free; a pair has its larger number, which is not 0, in the lower half
	shift uint
	count int
}

func newPairSet(expected int) *pairSet {
	bits := uint(4)
	for 1<<bits < expected*3/2 {
		bits++
	}
	return &pairSet{slots: make([]uint64, 1<<bits), shift: 64 - bits}
}

func pairKey(a, b int32) uint64 {
	if a > b {
		a, b = b, a
	}
	return uint64(a)<<32 | uint64(b)
}

// slot is where a key is or would be put.
func (s *pairSet) slot(key uint64) int {
	for i := s.home(key); ; i = (i + 1) & (len(s.slots) - 1) {
		if s.slots[i] == key || s.slots[i] == 0 {
			return i
		}
	}
}

func (s *pairSet) home(key uint64) int {
	key ^= key >> 32 // both ends reach the upper bits of the product
	return int(key * 0x9e3779b97f4a7c15 >> s.shift)
}

func (s *pairSet) has(a, b int32) bool { return s.slots[s.slot(pairKey(a, b))] != 0 }

// add says whether the pair was new.
func (s *pairSet) add(a, b int32) bool {
	if s.count*4 >= len(s.slots)*3 {
		old := s.slots
		s.slots, s.shift = make([]uint64, 2*len(old)), s.shift-1
		for _, key := range old {
			if key != 0 {
				s.slots[s.slot(key)] = key
			}
		}
	}
	key := pairKey(a, b)
	i := s.slot(key)
	if s.slots[i] != 0 {
		return false
	}
	s.slots[i] = key
	s.count++
	return true
}

// remove takes out a pair that is in the set and closes the gap.
func (s *pairSet) remove(a, b int32) {
	mask := len(s.slots) - 1
	gap := s.slot(pairKey(a, b))
	for i := (gap + 1) & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if home := s.home(s.slots[i]); (i-home)&mask >= (i-gap)&mask {
			s.slots[gap], gap = s.slots[i], i
		}
	}
	s.slots[gap] = 0
	s.count--
}

// parts is a graph taken apart: which switches hang together, and which links could be
// taken away without changing that.
type parts struct {
	nodes  []int32 // all switches, part after part; parts in the order of their smallest switch
	starts []int32 // where each part starts in nodes, and their number at the end
	part   []int32 // of each switch
	loops  []int32 // links outside a spanning forest, by index
}

// takeApart finds the parts.
func takeApart(n int, edges []edge) *parts {
	p := &parts{}
	sets := graph.NewSets(n)
	for i, e := range edges {
		if !sets.Join(e.a, e.b) {
			p.loops = append(p.loops, int32(i))
		}
	}
	part, count := sets.Numbered()
	p.part, p.starts = part, make([]int32, count+1)
	for _, c := range p.part {
		p.starts[c+1]++
	}
	for c := 1; c < len(p.starts); c++ {
		p.starts[c] += p.starts[c-1]
	}
	p.nodes = make([]int32, n)
	next := append([]int32(nil), p.starts...)
	for i, c := range p.part {
		p.nodes[next[c]] = int32(i)
		next[c]++
	}
	return p
}

func (p *parts) count() int { return len(p.starts) - 1 }

// join makes one part of a graph: each part, in the order of their smallest switches,
// is linked to the union of those before it. A random switch of the part and one of the
// others that choose picks are linked, and a random link that closed a loop is taken
// away for it, so that their number stays the same while there are such links.
func join(n int, edges []edge, r *random.Stream, choose func(from int32, among []int32) int32) []edge {
	p := takeApart(n, edges)
	for c := 1; c < p.count(); c++ {
		own := p.nodes[p.starts[c]:p.starts[c+1]]
		from := own[r.IntN(len(own))]
		e := edge{choose(from, p.nodes[:p.starts[c]]), from}
		if k := len(p.loops); k > 0 {
			i := r.IntN(k)
			edges[p.loops[i]] = e
			p.loops[i] = p.loops[k-1]
			p.loops = p.loops[:k-1]
		} else {
			edges = append(edges, e)
		}
	}
	return edges
}

// anyOf chooses evenly.
func anyOf(r *random.Stream) func(int32, []int32) int32 {
	return func(_ int32, among []int32) int32 { return among[r.IntN(len(among))] }
}
