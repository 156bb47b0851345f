package fluid

// The flows that finish stand in a 4-ary heap whose places the flows know, so that a new
// rate moves a flow instead of adding an entry.

func (t *Transfers) before(a, b int32) bool {
	x, y := &t.flows[a], &t.flows[b]
	return x.finish < y.finish || x.finish == y.finish && x.order < y.order
}

// schedule sets a flow's finish and puts it where it belongs; Never takes it out.
func (t *Transfers) schedule(id Flow, finish Time) {
	f := &t.flows[id]
	if finish == Never {
		t.unschedule(id)
		return
	}
	if f.at < 0 {
		f.finish = finish
		t.heap = append(t.heap, int32(id))
		t.up(len(t.heap)-1, int32(id))
		return
	}
	earlier := finish < f.finish
	f.finish = finish
	if earlier {
		t.up(int(f.at), int32(id))
	} else {
		t.down(int(f.at), int32(id))
	}
}

func (t *Transfers) unschedule(id Flow) {
	f := &t.flows[id]
	f.finish = Never
	if f.at < 0 {
		return
	}
	at, last := int(f.at), t.heap[len(t.heap)-1]
	t.heap = t.heap[:len(t.heap)-1]
	f.at = -1
	if last != int32(id) {
		if at > 0 && t.before(last, t.heap[(at-1)/4]) {
			t.up(at, last)
		} else {
			t.down(at, last)
		}
	}
}

// up places a flow at index i or nearer to the top.
func (t *Transfers) up(i int, id int32) {
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(id, t.heap[parent]) {
			break
		}
		t.place(i, t.heap[parent])
		i = parent
	}
	t.place(i, id)
}

// down places a flow at index i or farther from the top.
func (t *Transfers) down(i int, id int32) {
	for {
		first := 4*i + 1
		if first >= len(t.heap) {
			break
		}
		best := first
		for c := first + 1; c < min(first+4, len(t.heap)); c++ {
			if t.before(t.heap[c], t.heap[best]) {
				best = c
			}
		}
		if !t.before(t.heap[best], id) {
			break
		}
		t.place(i, t.heap[best])
		i = best
	}
	t.place(i, id)
}

func (t *Transfers) place(i int, id int32) {
	t.heap[i] = id
	t.flows[id].at = int32(i)
}
