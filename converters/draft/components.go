package draft

// components finds the parts of the network that no link joins and, where the caller
// wants the largest only, chooses it: of equal ones the one that the file names first.
func (w *builder) components() {
	n := w.n
	root := make([]int32, len(n.Nodes))
	for i := range root {
		root[i] = int32(i)
	}
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	linked := make([]bool, len(n.Nodes))
	for i := range n.Links {
		a, b := n.Links[i].A, n.Links[i].B
		if a == b {
			continue
		}
		linked[a], linked[b] = true, true
		if a, b = find(a), find(b); a != b {
			root[max(a, b)] = min(a, b)
		}
	}
	size := make([]int, len(n.Nodes))
	s := &w.result.Summary
	largest := int32(0)
	for i := range root {
		r := find(int32(i))
		if size[r] == 0 {
			s.Components++
		}
		size[r]++
		if !linked[i] {
			s.Isolated++
		}
	}
	for i := range size {
		if size[i] > size[largest] {
			largest = int32(i)
		}
	}
	if len(size) > 0 {
		s.Largest = size[largest]
	}
	if !w.o.Largest || s.Components < 2 {
		return
	}
	w.keep = make([]bool, len(n.Nodes))
	for i := range root {
		w.keep[i] = find(int32(i)) == largest
	}
}
