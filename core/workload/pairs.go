package workload

import (
	"fmt"
	"sort"

	"sendim/core/model"
)

// weighted lets flows arrive as one Poisson process and draws the pair of each in
// proportion to its weight, as ProjecToR and netbench do. All senders together offer
// load times the sum of their access links' rates; how that is spread over them is what
// the weights say, so that a single sender may offer more than its share.
func (g *generator) weighted() ([]model.Flow, error) {
	t := g.t
	if err := g.arrivals(); err != nil {
		return nil, err
	}
	if len(t.Pairs) == 0 {
		return nil, fmt.Errorf("traffic %q: pairs traffic needs pairs", t.ID)
	}
	sum, upTo := 0.0, make([]float64, len(t.Pairs))
	capacity, counted := 0.0, map[model.NodeID]bool{}
	for i, p := range t.Pairs {
		sum += p.Weight
		upTo[i] = sum
		if counted[p.From] {
			continue
		}
		counted[p.From] = true
		rate, err := g.access(p.From)
		if err != nil {
			return nil, err
		}
		capacity += float64(rate)
	}
	gap := 8 * g.size.Mean() / (t.Load * capacity)
	r := g.seed.Stream("traffic " + t.ID)
	for at := after(t.Start, r.Exponential(gap)); at < t.Until; at = after(at, r.Exponential(gap)) {
		u := float64(r.Float64() * sum)
		p := t.Pairs[min(sort.Search(len(upTo), func(i int) bool { return upTo[i] > u }), len(upTo)-1)]
		if err := g.add(p.From, p.To, at, g.size.Draw(&r)); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}
