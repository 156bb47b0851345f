package graph

// Sets are disjoint sets of the numbers 0 to len-1, each known by its smallest member: a
// union-find structure with path halving (Tarjan and van Leeuwen, J. ACM 31, 1984).
type Sets []int32

// NewSets has a set for each number.
func NewSets(n int) Sets {
	s := make(Sets, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// Of is the smallest member of the set that v is in.
func (s Sets) Of(v int32) int32 {
	for s[v] != v {
		s[v] = s[s[v]]
		v = s[v]
	}
	return v
}

// Join makes one set of those that a and b are in; false if they are in one already.
func (s Sets) Join(a, b int32) bool {
	if a, b = s.Of(a), s.Of(b); a == b {
		return false
	}
	s[max(a, b)] = min(a, b)
	return true
}

// Numbered gives each number that of its set, in the order of the sets' smallest members,
// and how many sets there are.
func (s Sets) Numbered() (set []int32, count int) {
	set = make([]int32, len(s))
	for i := range set {
		if of := s.Of(int32(i)); int(of) == i { // the smallest comes first
			set[i] = int32(count)
			count++
		} else {
			set[i] = set[of]
		}
	}
	return set, count
}
