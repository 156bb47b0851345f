package sim

import (
	"math"
	"slices"

	"sendim/core/model"
	"sendim/sim/des"
	"sendim/sim/partition"
)

// employ divides the world among workers: as many as were asked for, where that can be
// done, or, if that is 0, as many as will gain by it.
func (w *world) employ(asked int) {
	workers := min(asked, mostWorkers, len(w.switches))
	events, span := 0.0, 0.0
	if asked == 0 {
		workers = min(des.Processors(), mostWorkers, len(w.switches))
		if workers > 1 {
			events, span = w.traffic()
		}
		if events < leastEvents {
			return
		}
	}
	if workers < 2 || w.alone() {
		return
	}
	part := w.parts(workers)
	ahead := w.ahead(part)
	if asked == 0 {
		workers = min(workers, int(events/span*float64(min(ahead, linger))/leastWindow))
		if workers < 2 {
			return
		}
		part = w.parts(workers)
		ahead = w.ahead(part)
	}
	if ahead > 0 {
		w.split(part, workers)
	}
}

// Who has not been asked for workers has several do it where there are so many events in
// all, and so many for each of them before they wait for each other again.
const (
	leastEvents = 100_000
	leastWindow = 64
)

// traffic says how many events there will be, more or less, and for how long.
func (w *world) traffic() (events, span float64) {
	const hops = 6
	first, last := 0.0, 0.0
	for i := range w.list {
		f := &w.list[i]
		h, err := w.hostOf(f.From)
		if err != nil || h.arc < 0 {
			continue
		}
		rate := float64(f.Rate)
		if access := float64(w.arcs[h.arc].rate); rate == 0 {
			rate = access
		}
		took, bytes := float64(f.Duration), float64(f.Size)
		switch {
		case rate == 0:
		case bytes == 0:
			bytes = took / float64(des.Second) * rate / 8
		case took == 0:
			took = bytes * 8 / rate * float64(des.Second)
		}
		packets := bytes / float64(max(f.Packet, 1))
		if f.Transport == model.TCP {
			packets *= 2
		}
		events += packets * hops
		if at := float64(f.Start); i == 0 || at < first {
			first = at
		}
		last = max(last, float64(f.Start)+took)
	}
	return events, max(last-first, 1)
}

// ahead is how far workers can be ahead of each other: the least time between two of them.
func (w *world) ahead(part []uint8) int64 {
	out := int64(math.MaxInt64)
	for a := range w.arcs {
		c, from := &w.arcs[a], w.net.ArcFrom(model.Arc(a)).Node
		if part[from] != part[c.to] {
			out = min(out, w.least(c))
		}
	}
	return out
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

// parts gives every node a worker. Hosts belong to the switch of their first link.
func (w *world) parts(workers int) []uint8 {
	weights, level := make([]int64, len(w.switches)), w.levels()
	for i := range w.switches {
		weights[i] = int64(w.switches[i].ports) + 1
	}
	for i := range w.hosts {
		if s := w.home(&w.hosts[i]); s >= 0 {
			weights[s] += 2 // a host receives, and sends of its own accord
		}
	}
	var edges []partition.Edge
	for a := 0; a < len(w.arcs); a += 2 {
		there, back := &w.arcs[a], &w.arcs[a+1]
		if there.slot < 0 || back.slot < 0 || there.slot == back.slot {
			continue
		}
		e := partition.Edge{A: back.slot, B: there.slot, Span: min(w.least(there), w.least(back)), Cost: 3}
		if min(level[e.A], level[e.B]) == 0 { // more passes near the hosts than far from them
			e.Cost = 4
		}
		edges = append(edges, e)
	}
	of := partition.Split(weights, edges, workers)
	part := make([]uint8, len(w.slot))
	for id, slot := range w.slot {
		if slot >= 0 {
			part[id] = of[slot]
		} else if s := w.home(&w.hosts[^slot]); s >= 0 {
			part[id] = of[s]
		}
	}
	return part
}

// home is the switch of a host's first link, or negative.
func (w *world) home(h *host) int32 {
	if h.arc < 0 {
		return -1
	}
	return w.arcs[h.arc].slot
}

// levels says how many links switches are away from those that have hosts.
func (w *world) levels() []int32 {
	level := make([]int32, len(w.switches))
	for i := range level {
		level[i] = -1
	}
	var todo []int32
	for i := range w.hosts {
		if s := w.home(&w.hosts[i]); s >= 0 && level[s] < 0 {
			level[s] = 0
			todo = append(todo, s)
		}
	}
	for i := 0; i < len(todo); i++ {
		s := &w.switches[todo[i]]
		for _, a := range w.out[s.base : s.base+s.ports] {
			if to := w.arcs[a].slot; to >= 0 && level[to] < 0 {
				level[to] = level[todo[i]] + 1
				todo = append(todo, to)
			}
		}
	}
	return level
}
