package workload

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

// Scenario lists what happens to a network by time: the steps of its scenario and the
// failures and repairs that its random processes make, the same in every world for one
// seed. Steps of equal time keep the order of the descriptor, the drawn ones last.
func Scenario(n *model.Network, seed uint64) ([]model.ScenarioStep, error) {
	out := slices.Clone(n.Scenario)
	outages, err := Outages(n, seed)
	if err != nil {
		return nil, err
	}
	drawn := make([]model.ScenarioStep, 0, 2*len(outages))
	for i := range outages {
		o := &outages[i]
		drawn = append(drawn, model.ScenarioStep{At: o.From, Changes: []model.Change{o.Change}})
		if o.Until < endless {
			back := o.Change
			back.Kind = back.Kind.Undo()
			drawn = append(drawn, model.ScenarioStep{At: o.Until, Changes: []model.Change{back}})
		}
	}
	out = append(out, drawn...)
	slices.SortStableFunc(out, func(a, b model.ScenarioStep) int { return cmp.Compare(a.At, b.At) })
	return out, nil
}

// Outage is a time during which something is down: From its failure Until its repair.
type Outage struct {
	Change      model.Change
	From, Until model.Time
}

// endless is a time that no run reaches.
const endless = model.Forever / 2

// Outages draws what the random processes of a network make fail, by time. Everything that
// may fail has a random stream of its own, named after the process and itself, so that more
// nodes, links or processes change nothing for those there are. What several processes
// take down at once is down until the last repair, once.
func Outages(n *model.Network, seed uint64) ([]Outage, error) {
	var out []Outage
	for i := range n.Failures {
		drawn, err := fail(n, &n.Failures[i], random.New(seed), model.MostFailures-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, drawn...)
	}
	if len(n.Failures) > 1 {
		out = unite(out)
	}
	slices.SortStableFunc(out, func(a, b Outage) int { return cmp.Compare(a.From, b.From) })
	return out, nil
}

// unite joins the outages of one thing that overlap or touch.
func unite(list []Outage) []Outage {
	slices.SortStableFunc(list, func(a, b Outage) int {
		x, y := &a.Change, &b.Change
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Link, y.Link), cmp.Compare(x.Node, y.Node), cmp.Compare(x.Port, y.Port), cmp.Compare(a.From, b.From))
	})
	out := list[:0]
	for _, o := range list {
		if k := len(out) - 1; k >= 0 && same(&out[k].Change, &o.Change) && o.From <= out[k].Until {
			out[k].Until = max(out[k].Until, o.Until)
			continue
		}
		out = append(out, o)
	}
	return out
}

func same(a, b *model.Change) bool {
	return a.Kind == b.Kind && a.Link == b.Link && a.Node == b.Node && a.Port == b.Port
}

// fail draws the outages of one process.
func fail(n *model.Network, f *model.Failures, seed random.Source, most int) ([]Outage, error) {
	subjects, err := n.Subjects(f)
	if err != nil {
		return nil, fault.New(fault.BadSelector, fault.Place{Element: "failures", Attribute: f.Attribute()}, "failures %q: %v", f.ID, err)
	}
	shape := f.Shape
	if shape == 0 {
		shape = model.DefaultShape
	}
	life, repair := lasting(f.Lives, f.MTBF, shape), lasting(f.Repairs, f.MTTR, shape)
	streams := make([]random.Stream, len(subjects))
	var next queue
	for i := range subjects {
		streams[i] = seed.Stream("failures " + f.ID + " " + subject(n, &subjects[i]))
		next = append(next, due{f.From + life(&streams[i]), i})
	}
	heap.Init(&next)
	var out []Outage
	var repairs queue
	for len(next) > 0 && next[0].at <= f.Until {
		d := &next[0]
		for len(repairs) > 0 && repairs[0].at <= d.at {
			heap.Pop(&repairs)
		}
		if f.Most > 0 && len(repairs) >= f.Most { // it lasts a life longer
			d.at += life(&streams[d.who])
			heap.Fix(&next, 0)
			continue
		}
		if len(out) == most {
			return nil, fault.New(fault.Limit, fault.Place{Element: "failures", Attribute: "until"},
				"failures %q: more than %d failures in one run; shorten it, or make them rarer", f.ID, model.MostFailures)
		}
		back := d.at + repair(&streams[d.who])
		out = append(out, Outage{subjects[d.who], d.at, back})
		if f.Most > 0 {
			heap.Push(&repairs, due{back, d.who})
		}
		d.at = back + life(&streams[d.who])
		heap.Fix(&next, 0)
	}
	return out, nil
}

// subject names what a change concerns.
func subject(n *model.Network, c *model.Change) string {
	switch {
	case c.Kind == model.LinkDown:
		return n.LinkName(c.Link)
	case c.Kind == model.PortDown:
		return fmt.Sprintf("%s:%d", n.NodeName(c.Node), c.Port)
	case c.Node >= 0:
		return n.NodeName(c.Node)
	}
	return "the controller"
}

// lasting draws from a distribution with the given mean. No time is shorter than a
// picosecond or longer than a run can be.
func lasting(l model.Lifetime, mean model.Time, shape float64) func(*random.Stream) model.Time {
	scale := mean.Seconds()
	if l == model.LifetimeWeibull {
		scale = float64(scale / gamma(1+1/shape))
	}
	return func(r *random.Stream) model.Time {
		s := scale
		switch l {
		case model.LifetimeConstant:
			return mean
		case model.LifetimeExponential:
			s = r.Exponential(scale)
		case model.LifetimeWeibull: // by inversion
			s = float64(scale * random.Pow(r.Exponential(1), 1/shape))
		}
		if s >= endless.Seconds()/2 {
			return endless / 2
		}
		return max(1, model.FromSeconds(s))
	}
}

// gamma is the gamma function for x from 1 to 11, by Stirling's series at x+16 and the
// recurrence down from there (Abramowitz and Stegun, 6.1.40 and 6.1.15), to 4e-14. Its
// products are rounded one by one, so that the bits are the same on every machine.
func gamma(x float64) float64 {
	product := 1.0
	for range 16 {
		product = float64(product * x)
		x++
	}
	square := float64(x * x)
	series := 1/1260.0 - float64((1/1680.0)/square)
	series = 1/360.0 - float64(series/square)
	series = 1/12.0 - float64(series/square)
	log := float64((x-0.5)*random.Log(x)) - x
	log += float64(0.5 * random.Log(float64(2*math.Pi)))
	log += float64(series / x)
	return random.Exp(log) / product
}

// due is when something fails or is repaired.
type due struct {
	at  model.Time
	who int
}

// queue is a heap by time.
type queue []due

func (q queue) Len() int { return len(q) }
func (q queue) Less(a, b int) bool {
	return q[a].at < q[b].at || q[a].at == q[b].at && q[a].who < q[b].who
}
func (q queue) Swap(a, b int) { q[a], q[b] = q[b], q[a] }
func (q *queue) Push(x any)   { *q = append(*q, x.(due)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
