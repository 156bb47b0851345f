package fluid_test

import (
	"math"

	"sendim/sim/fluid"
)

// splitMix is the splitmix64 generator (Steele, Lea, Flood 2014).
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (s *splitMix) unit() float64      { return float64(s.next()>>11) * 0x1p-53 }
func (s *splitMix) below(n uint64) int { return int(s.next() % n) }

// fatTree numbers the directed links of a k-ary fat tree in six blocks of k^3/4: host to
// edge, edge to aggregation, aggregation to core, and the three ways down.
type fatTree struct{ k, m, hosts int }

func newFatTree(k int) fatTree { return fatTree{k, k / 2, k * k * k / 4} }

func (t fatTree) capacities(bytesPerSecond float64) []float64 {
	c := make([]float64, 6*t.hosts)
	for i := range c {
		c[i] = bytesPerSecond
	}
	return c
}

// route chooses by the flow's number: the digits of id in base k/2 pick the aggregation
// switch and the core switch; the way down is forced.
func (t fatTree) route(id, from, to int, out []fluid.Resource) []fluid.Resource {
	add := func(link int) { out = append(out, fluid.Resource(link)) }
	add(from)
	up, down := from/t.m, to/t.m
	if up != down {
		a, c := id%t.m, id/t.m%t.m
		pod, toPod := up/t.m, down/t.m
		add(t.hosts + up*t.m + a)
		if pod != toPod {
			add(2*t.hosts + (pod*t.m+a)*t.m + c)
			add(3*t.hosts + (a*t.m+c)*t.k + toPod)
		}
		add(4*t.hosts + (toPod*t.m+a)*t.m + down%t.m)
	}
	add(5*t.hosts + to)
	return out
}

// job is one line of a flow list.
type job struct {
	start fluid.Time
	size  float64
	route []fluid.Resource
}

// poissonJobs draws n flows between hosts of a fat tree with 1 Gbit/s links: Poisson
// arrivals at half the hosts' rate, uniform pairs, sizes bounded Pareto (1.2) from 10 kB
// to 100 MB. Start times are rounded to 100 ns.
func poissonJobs(t fatTree, n int, seed uint64) []job {
	const alpha, low, high, nic, load = 1.2, 1e4, 1e8, 125e6, 0.5
	cut := 1 - math.Pow(low/high, alpha)
	mean := alpha / (alpha - 1) * math.Pow(low, alpha) / cut * (math.Pow(low, 1-alpha) - math.Pow(high, 1-alpha))
	perSecond := load * float64(t.hosts) * nic / mean
	r := splitMix(seed)
	now := 0.0
	jobs := make([]job, n)
	for id := range jobs {
		now += -math.Log(1-r.unit()) / perSecond
		from, to := r.below(uint64(t.hosts)), r.below(uint64(t.hosts-1))
		if to >= from {
			to++
		}
		size := math.Floor(low * math.Pow(1-r.unit()*cut, -1/alpha))
		jobs[id] = job{fluid.Time(math.Round(now*1e7)) * 100_000, size, t.route(id, from, to, nil)}
	}
	return jobs
}

// outcome is what playing a list of jobs gives.
type outcome struct {
	finish  []fluid.Time
	events  int // calls of Settle
	changes int // flows whose rate one of them changed
	active  int // sum over events of the flows under way
}

// play runs jobs, sorted by start, to the end of the last.
func play(capacity []float64, jobs []job) outcome {
	o := outcome{finish: make([]fluid.Time, len(jobs))}
	t := fluid.NewTransfers(fluid.New(capacity))
	jobOf := make([]int32, 0, 1024)
	for next := 0; ; {
		now := fluid.Never
		if next < len(jobs) {
			now = jobs[next].start
		}
		_, at, finishes := t.Next()
		if finishes && at < now {
			now = at
		}
		if now == fluid.Never {
			return o
		}
		for finishes && at == now {
			id, _, _ := t.Finish()
			o.finish[jobOf[id]] = now
			_, at, finishes = t.Next()
		}
		for ; next < len(jobs) && jobs[next].start == now; next++ {
			id := t.Start(now, fluid.FlowSpec{Route: jobs[next].route}, jobs[next].size)
			for int(id) >= len(jobOf) {
				jobOf = append(jobOf, 0)
			}
			jobOf[id] = int32(next)
		}
		o.changes += len(t.Settle(now))
		o.events++
		o.active += t.Len()
	}
}
