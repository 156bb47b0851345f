package descriptors

import (
	"math/rand"
	"slices"
	"testing"

	"sendim/core/model"
)

// TestPairingDoesNotDependOnHowItIsSplit pairs random mentions, some of undeclared nodes,
// with one node that mentions more than all others, by one to four goroutines.
func TestPairingDoesNotDependOnHowItIsSplit(t *testing.T) {
	const nodes, hub = 2000, 777
	r := rand.New(rand.NewSource(1))
	rank := r.Perm(nodes)
	order := func(n model.NodeID) int32 {
		if n%97 == 3 {
			return -1
		}
		return int32(rank[n])
	}
	var m mentions
	m.init()
	byRank := make([]model.NodeID, nodes)
	for n, k := range rank {
		byRank[k] = model.NodeID(n)
	}
	for _, n := range byRank {
		if order(n) < 0 {
			continue
		}
		m.from(n, n%50 == 7)
		links := r.Intn(300)
		if n == hub {
			links = 400_000
		}
		for range links {
			m.add(model.NodeID(r.Intn(nodes)), 0)
		}
	}
	want := m.pairPlain(nodes, order, 1)
	if want.count() == 0 {
		t.Fatal("nothing pairs")
	}
	for workers := 2; workers <= 8; workers++ {
		if len(m.split(nodes, workers)) < 2 {
			t.Fatal("nothing is split")
		}
		if !slices.Equal(m.pairPlain(nodes, order, workers), want) {
			t.Errorf("%d workers mark other mentions than one", workers)
		}
	}
}
