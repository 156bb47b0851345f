package model

import (
	"runtime"
	"slices"
	"sync"
)

// ports gives every link end its port, and every node its arcs in the order of ports.
func (b *Builder) ports() {
	n := b.n
	count := len(n.kind)
	for n.extra != nil && len(n.extra) < count {
		n.extra = append(n.extra, -1)
	}
	n.arcOff = make([]uint32, count+1)
	n.arcs = make([]Arc, 2*len(n.a))
	if len(b.fixed) == 0 {
		n.portsInOrder(runtime.GOMAXPROCS(0))
		return
	}
	for i := range n.a {
		n.arcOff[n.a[i]+1]++
		n.arcOff[n.b[i]+1]++
	}
	for i := range count {
		n.arcOff[i+1] += n.arcOff[i]
	}
	fill := slices.Clone(n.arcOff[:count])
	next := make([]PortNo, count)
	for i := range next {
		next[i] = firstPortOf(n.kind[i])
	}
	port := func(node NodeID, p *PortNo) {
		if *p != AutoPort {
			return
		}
		for {
			if _, taken := b.fixed[Endpoint{node, next[node]}]; !taken {
				break
			}
			next[node]++
		}
		*p = next[node]
		next[node]++
	}
	for i := range n.a {
		a, z := n.a[i], n.b[i]
		port(a, &n.aPort[i])
		port(z, &n.bPort[i])
		n.arcs[fill[a]] = Arc(2 * i)
		fill[a]++
		n.arcs[fill[z]] = Arc(2*i + 1)
		fill[z]++
	}
	sorted := map[NodeID]bool{}
	for e := range b.fixed { // the order does not matter: each node is sorted by itself
		if !sorted[e.Node] {
			sorted[e.Node] = true
			arcs := n.arcs[n.arcOff[e.Node]:n.arcOff[e.Node+1]]
			slices.SortFunc(arcs, func(x, y Arc) int { return int(n.ArcFrom(x).Port) - int(n.ArcFrom(y).Port) })
		}
	}
}

// portsInOrder is ports for a network without fixed ports: the k-th end at a node has the
// k-th port. The links are split into as many stretches as there are workers, if they are
// many; a stretch knows how many ends at each node those before it have.
func (n *Network) portsInOrder(workers int) {
	count := len(n.kind)
	workers = max(1, min(workers, 4, len(n.a)/(1<<16), len(n.a)/(2*count+1)))
	next := make([][]uint32, workers) // per stretch and node: ends, then the place of the next one's arc
	stretches := func(do func(next []uint32, from, to int)) {
		var wait sync.WaitGroup
		for w := range workers {
			work := func() { do(next[w], len(n.a)*w/workers, len(n.a)*(w+1)/workers) }
			if w == workers-1 {
				work()
			} else {
				wait.Go(work)
			}
		}
		wait.Wait()
	}
	for w := range next {
		next[w] = make([]uint32, count)
	}
	stretches(func(next []uint32, from, to int) {
		for i := from; i < to; i++ {
			next[n.a[i]]++
			next[n.b[i]]++
		}
	})
	port := make([]PortNo, count) // to be added to an arc's place
	for v := range count {
		at := n.arcOff[v]
		port[v] = firstPortOf(n.kind[v]) - PortNo(at) // may wrap around, as may the sum
		for _, next := range next {
			at, next[v] = at+next[v], at
		}
		n.arcOff[v+1] = at
	}
	stretches(func(next []uint32, from, to int) {
		for i := from; i < to; i++ {
			a, z := n.a[i], n.b[i]
			at := next[a]
			next[a]++
			n.aPort[i], n.arcs[at] = port[a]+PortNo(at), Arc(2*i)
			at = next[z]
			next[z]++
			n.bPort[i], n.arcs[at] = port[z]+PortNo(at), Arc(2*i+1)
		}
	})
}
