package sndlib

import (
	"math"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// maxWork bounds the search for shortest paths: sources times nodes and links.
const maxWork = 500_000_000

// capacities gives every link its rate. planned are the demands that links are
// dimensioned for; of several matrices the heaviest load of each link counts.
func (r *reader) capacities(unit model.Rate, planned [][]draft.Demand) {
	top := r.top
	needed, tight := 0, 0
	for i := range top.links {
		if top.links[i].preinstalled == 0 && len(top.links[i].modules) > 0 {
			needed++
		}
	}
	load, ok := r.loads(planned)
	if !ok && needed > 0 {
		r.note("the network is too large to look for every demand's shortest path: links get their smallest module")
	}
	for i := range top.links {
		l, out := &top.links[i], &r.n.Links[i]
		capacity, rule := l.preinstalled, "preinstalled capacity"
		if capacity == 0 {
			capacity, rule = smallest(l.modules, load[i]/float64(unit), ok)
		} else if ok && load[i] > capacity*float64(unit) {
			tight++
		}
		if capacity == 0 {
			continue
		}
		rate, err := draft.Rate(capacity, unit)
		if err != nil {
			r.faults.Addf(fault.OutOfRange, top.file.Place(l.line), "the capacity of the link %s: %v", draft.Clip(l.id), err)
			continue
		}
		if rate == 0 {
			continue
		}
		out.Spec.Rate, out.RateFrom = rate, rule
	}
	if tight > 0 {
		r.note("links whose preinstalled capacity is less than the demands on shortest paths need: %d", tight)
	}
}

// smallest is the capacity of the smallest module that carries a load or, where none
// does, the least that several modules of one kind make up; 0: there are no modules.
func smallest(modules []module, load float64, loaded bool) (capacity float64, rule string) {
	several := 0.0
	for _, m := range modules {
		if m.capacity <= 0 {
			continue
		}
		if m.capacity >= load && (capacity == 0 || m.capacity < capacity) {
			capacity = m.capacity
		}
		if c := m.capacity * max(1, math.Ceil(load/m.capacity)); several == 0 || c < several {
			several = c
		}
	}
	switch {
	case !loaded:
		return capacity, "smallest module"
	case capacity == 0:
		return several, "smallest module several times, to carry the shortest-path load"
	}
	return capacity, "smallest module that carries the shortest-path load"
}

// loads lays every demand on one path of the fewest links and gives each link's load in
// the busier direction, in bit/s. Of equal paths it takes the one found first, by the
// order of the file, links that are listed in the direction of travel before others.
func (r *reader) loads(planned [][]draft.Demand) (load []float64, ok bool) {
	links := r.n.Links
	load = make([]float64, len(links))
	first := make([]int32, len(r.n.Nodes)+1) // of each node's arcs
	for i := range links {
		first[links[i].A+1]++
		first[links[i].B+1]++
	}
	for i := range r.n.Nodes {
		first[i+1] += first[i]
	}
	next := append([]int32(nil), first...)
	arcs := make([]int32, 2*len(links)) // 2*link there, 2*link+1 back
	for i := range links {
		arcs[next[links[i].A]] = int32(2 * i)
		next[links[i].A]++
	}
	for i := range links {
		arcs[next[links[i].B]] = int32(2*i + 1)
		next[links[i].B]++
	}
	work := 0
	by := make([]int32, len(r.n.Nodes)) // the arc that reached a node; -1 not reached
	order := make([]int32, 0, len(r.n.Nodes))
	flow := make([]float64, 2*len(links))
	sum := make([]float64, len(r.n.Nodes))
	for _, demands := range planned {
		clear(flow)
		sources, from := bySource(demands)
		if work += len(sources) * (len(by) + len(links)); work > maxWork {
			return load, false
		}
		for _, s := range sources {
			for i := range by {
				by[i] = -1
			}
			order = append(order[:0], s)
			for at := 0; at < len(order); at++ {
				node := order[at]
				for _, a := range arcs[first[node]:first[node+1]] {
					to := links[a/2].B
					if a&1 == 1 {
						to = links[a/2].A
					}
					if by[to] < 0 && to != s {
						by[to] = a
						order = append(order, to)
					}
				}
			}
			clear(sum)
			for _, i := range from[s] {
				sum[demands[i].To] += float64(demands[i].Rate)
			}
			// From the leaves to the root, each node hands on what passes it.
			for at := len(order) - 1; at > 0; at-- {
				node := order[at]
				a := by[node]
				flow[a] += sum[node]
				back := links[a/2].A
				if a&1 == 1 {
					back = links[a/2].B
				}
				sum[back] += sum[node]
			}
		}
		for i := range load {
			load[i] = max(load[i], flow[2*i], flow[2*i+1])
		}
	}
	return load, true
}

// bySource lists the nodes that demand something, in the order of the file, and the
// demands of each.
func bySource(demands []draft.Demand) (sources []int32, from map[int32][]int32) {
	from = map[int32][]int32{}
	for i, d := range demands {
		if _, known := from[d.From]; !known {
			sources = append(sources, d.From)
		}
		from[d.From] = append(from[d.From], int32(i))
	}
	return sources, from
}
