package model

import (
	"math/rand"
	"slices"
	"testing"
)

// TestPortsDoNotDependOnHowTheLinksAreSplit counts the ports of random links by one to four
// goroutines.
func TestPortsDoNotDependOnHowTheLinksAreSplit(t *testing.T) {
	const nodes, links = 1000, 300_000
	number := func(workers int) *Network {
		r := rand.New(rand.NewSource(1))
		n := &Network{kind: make([]NodeKind, nodes), arcOff: make([]uint32, nodes+1), arcs: make([]Arc, 2*links),
			aPort: make([]PortNo, links), bPort: make([]PortNo, links)}
		for i := range n.kind {
			n.kind[i] = []NodeKind{Switch, Host}[r.Intn(2)]
		}
		for range links {
			a := r.Intn(nodes)
			n.a, n.b = append(n.a, NodeID(a)), append(n.b, NodeID((a+1+r.Intn(nodes-1))%nodes))
		}
		n.portsInOrder(workers)
		return n
	}
	want := number(1)
	for v := range nodes {
		for k, arc := range want.arcs[want.arcOff[v]:want.arcOff[v+1]] {
			if from := want.ArcFrom(arc); from.Node != NodeID(v) || from.Port != firstPortOf(want.kind[v])+PortNo(k) {
				t.Fatalf("arc %d of node %d leaves %v", k, v, from)
			}
		}
	}
	for workers := 2; workers <= 4; workers++ {
		got := number(workers)
		if !slices.Equal(got.arcs, want.arcs) || !slices.Equal(got.aPort, want.aPort) || !slices.Equal(got.bPort, want.bPort) {
			t.Errorf("%d workers number other ports than one", workers)
		}
	}
}
