package sim

import (
	"math"
	"slices"

	"sendim/core/model"
)

// employ divides the world among workers: as many as were asked for, where that can be
// done, or, if that is 0, as many as will gain by it.
func (w *world) employ(asked int) {
	workers := min(asked, mostWorkers, len(w.switches))
	if workers < 2 || w.alone() {
		return
	}
	part := w.parts(workers)
	w.split(part, workers)
}

// alone says whether something is there that one worker must do alone.
func (w *world) alone() bool {
	if w.watched {
		return true
	}
	return slices.ContainsFunc(w.list, func(f model.Flow) bool {
		return f.Service != "" || f.Granularity != model.GranularityPacket && f.Transport != model.ICMP
	})
}

// parts gives every node a worker, by growing one part after the other along the links.
func (w *world) parts(workers int) []uint8 {
	part := make([]uint8, len(w.slot))
	weight := make([]int, len(w.switches))
	total := 0
	for i := range w.switches {
		weight[i] = int(w.switches[i].ports) + 1
		total += weight[i]
	}
	const nobody = math.MaxUint8
	mine := make([]uint8, len(w.switches))
	for i := range mine {
		mine[i] = nobody
	}
	next := 0
	for p := range workers {
		goal, have := total*(p+1)/workers-total*p/workers, 0
		var todo []int
		for have < goal || p == workers-1 {
			if len(todo) == 0 {
				for next < len(mine) && mine[next] != nobody {
					next++
				}
				if next == len(mine) {
					break
				}
				todo = append(todo, next)
			}
			s := todo[0]
			todo = todo[1:]
			if mine[s] != nobody {
				continue
			}
			mine[s] = uint8(p)
			have += weight[s]
			for k := range w.switches[s].ports {
				if to := w.arcs[w.out[w.switches[s].base+k]].slot; to >= 0 && mine[to] == nobody {
					todo = append(todo, int(to))
				}
			}
		}
	}
	for id, slot := range w.slot {
		if slot >= 0 {
			part[id] = mine[slot]
		} else if h := &w.hosts[^slot]; h.arc >= 0 {
			if to := w.arcs[h.arc].slot; to >= 0 {
				part[id] = mine[to]
			}
		}
	}
	return part
}
