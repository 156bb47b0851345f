package fluid_test

import (
	"math"

	"sendim/sim/fluid"
)

// share is the slow, obvious way: all levels rise together from zero; whatever fills up
// first, a resource or a flow's cap, stops the flows concerned; the rest go on.
func share(capacity []float64, flows []fluid.FlowSpec) []float64 {
	rate := make([]float64, len(flows))
	stopped := make([]bool, len(flows))
	weight := func(i int) float64 {
		if flows[i].Weight == 0 {
			return 1
		}
		return flows[i].Weight
	}
	for left := len(flows); left > 0; {
		fillLevel := make([]float64, len(capacity))
		used := make([]float64, len(capacity))
		moving := make([]float64, len(capacity))
		for i, f := range flows {
			for _, r := range f.Route {
				if stopped[i] {
					used[r] += rate[i]
				} else {
					moving[r] += weight(i)
				}
			}
		}
		lowest := math.Inf(1)
		for r := range capacity {
			fillLevel[r] = math.Inf(1)
			if moving[r] > 0 {
				fillLevel[r] = max(0, capacity[r]-used[r]) / moving[r]
			}
			lowest = min(lowest, fillLevel[r])
		}
		for i, f := range flows {
			if !stopped[i] && f.Cap > 0 {
				lowest = min(lowest, f.Cap/weight(i))
			}
		}
		limit := lowest * (1 + 1e-13)
		for i, f := range flows {
			if stopped[i] {
				continue
			}
			stop := math.IsInf(lowest, 1)
			for _, r := range f.Route {
				stop = stop || fillLevel[r] <= limit
			}
			if f.Cap > 0 && f.Cap/weight(i) <= limit {
				rate[i], stopped[i] = f.Cap, true
				left--
			} else if stop {
				rate[i], stopped[i] = lowest*weight(i), true
				left--
			}
		}
	}
	return rate
}

// differ is the relative difference of two rates or times.
func differ(got, want float64) float64 {
	if got == want {
		return 0
	}
	return math.Abs(got-want) / math.Max(math.Abs(want), 1e-300)
}
