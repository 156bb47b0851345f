package fluid

// levelQueue is a binary heap of (level, resource), lowest level first. An entry that has
// been superseded stays in it and is told from a valid one when it comes out.
type levelQueue struct {
	entries []levelEntry
}

type levelEntry struct {
	key      float64
	resource int32
}

func (q *levelQueue) push(key float64, resource int32) {
	e := append(q.entries, levelEntry{})
	i := len(e) - 1
	for i > 0 {
		up := (i - 1) / 2
		if e[up].key <= key {
			break
		}
		e[i] = e[up]
		i = up
	}
	e[i] = levelEntry{key, resource}
	q.entries = e
}

func (q *levelQueue) pop() (key float64, resource int32, ok bool) {
	e := q.entries
	if len(e) == 0 {
		return 0, 0, false
	}
	top := e[0]
	last := e[len(e)-1]
	e = e[:len(e)-1]
	i := 0
	for {
		down := 2*i + 1
		if down >= len(e) {
			break
		}
		if down+1 < len(e) && e[down+1].key < e[down].key {
			down++
		}
		if last.key <= e[down].key {
			break
		}
		e[i] = e[down]
		i = down
	}
	if len(e) > 0 {
		e[i] = last
	}
	q.entries = e
	return top.key, top.resource, true
}
