package descriptors

import (
	"sync"

	"sendim/core/model"
)

// part is a stretch of runs that one goroutine pairs.
type part struct {
	runs     []run
	end      uint32   // of the last run's mentions
	count    []uint32 // by node: mentions of it before its turn; then where in the list the next one goes; then open ones
	shared   uint32   // number of the bitset's word that an earlier part may write to as well
	leftover uint64   // this part's bits in that word
}

// pairPlain is pair for mentions that say nothing but where they lead: the second of a
// link's two are marked, and it does not matter of which first. Large inputs are split
// among up to workers goroutines; the answer does not depend on how.
func (m *mentions) pairPlain(nodes int, order func(model.NodeID) int32, workers int) bitset {
	second := newBitset(m.count())
	rank := make([]int32, nodes)
	for i := range rank {
		rank[i] = order(model.NodeID(i))
	}
	parts := m.split(nodes, workers)
	together(parts, func(p *part) {
		p.each(func(r run, end uint32) {
			for _, v := range m.to[r.start:end] {
				if rank[v] > rank[r.from] {
					p.count[v]++
				}
			}
		})
	})
	// in[off[v]:off[v+1]] lists who mentioned v before v's own turn, a part's after those of
	// the parts before it: the order of the input.
	off := make([]uint32, nodes+1)
	for v := range nodes {
		at := off[v]
		for i := range parts {
			at, parts[i].count[v] = at+parts[i].count[v], at
		}
		off[v+1] = at
	}
	in := make([]model.NodeID, off[nodes])
	together(parts, func(p *part) {
		p.each(func(r run, end uint32) {
			for _, v := range m.to[r.start:end] {
				if rank[v] > rank[r.from] {
					in[p.count[v]] = r.from
					p.count[v]++
				}
			}
		})
		clear(p.count)
	})
	together(parts, func(p *part) {
		p.each(func(r run, end uint32) {
			earlier := in[off[r.from]:off[r.from+1]]
			if len(earlier) == 0 {
				return
			}
			for _, u := range earlier {
				p.count[u]++
			}
			for i, u := range m.to[r.start:end] {
				if p.count[u] > 0 {
					p.count[u]--
					if k := r.start + uint32(i); k>>6 == p.shared {
						p.leftover |= 1 << (k & 63)
					} else {
						second.set(k)
					}
				}
			}
			for _, u := range earlier {
				p.count[u] = 0
			}
		})
	})
	for _, p := range parts {
		if p.leftover != 0 {
			second[p.shared] |= p.leftover
		}
	}
	return second
}

// split cuts the runs into parts of about as many mentions each. A part costs a column of
// all nodes: there are few parts, and one where there is little to do.
func (m *mentions) split(nodes, workers int) []part {
	workers = max(1, min(workers, 4, int(m.count())/(1<<16), int(m.count())/(2*nodes+1)))
	parts := make([]part, 0, workers)
	at := 0
	for w := range workers {
		goal := uint32(uint64(m.count()) * uint64(w+1) / uint64(workers))
		from := at
		for at < len(m.runs) && (m.runs[at].start < goal || w == workers-1) {
			at++
		}
		p := part{runs: m.runs[from:at], end: m.count(), count: make([]uint32, nodes)}
		if at < len(m.runs) {
			p.end = m.runs[at].start
		}
		if from < at {
			p.shared = m.runs[from].start >> 6
		}
		parts = append(parts, p)
	}
	return parts
}

// each yields the runs whose mentions may pair.
func (p *part) each(f func(r run, end uint32)) {
	for i, r := range p.runs {
		end := p.end
		if i+1 < len(p.runs) {
			end = p.runs[i+1].start
		}
		if !r.explicit {
			f(r, end)
		}
	}
}

// together does the same for every part at once.
func together(parts []part, do func(*part)) {
	var wait sync.WaitGroup
	for i := range parts[1:] {
		wait.Go(func() { do(&parts[i+1]) })
	}
	do(&parts[0])
	wait.Wait()
}
