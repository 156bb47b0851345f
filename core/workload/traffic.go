package workload

import (
	"fmt"
	"slices"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

// Kinds lists the kinds of <traffic>.
func Kinds() []string {
	return []string{"poisson", "permutation", "random", "stride", "all-to-all", "incast", "hotspot", "pairs"}
}

// draw makes the flows of one <traffic>. Each has its own random stream, named by its
// id, so that adding another changes nothing here.
func draw(n *model.Network, t *model.Traffic, seed random.Source) ([]model.Flow, error) {
	g := &generator{n: n, t: t, seed: seed}
	var err error
	if t.Sizes != "" {
		if g.size, err = SizesOf(n, t.Sizes); err != nil {
			return nil, fmt.Errorf("traffic %q: %w", t.ID, err)
		}
	}
	if t.Kind == "pairs" {
		return g.weighted()
	}
	if g.from, err = n.SelectNodes(t.From, model.Host); err != nil {
		return nil, fmt.Errorf("traffic %q: %w", t.ID, err)
	}
	if g.to, err = n.SelectNodes(t.To, model.Host); err != nil {
		return nil, fmt.Errorf("traffic %q: %w", t.ID, err)
	}
	switch t.Kind {
	case "poisson":
		return g.poisson()
	case "permutation":
		return g.permutation()
	case "random":
		return g.random()
	case "stride":
		return g.stride()
	case "all-to-all":
		return g.pairs(func(a, b model.NodeID) bool { return true })
	case "incast":
		return g.pairs(func(a, b model.NodeID) bool { return b == g.to[0] })
	case "hotspot":
		return g.hotspot()
	}
	return nil, fault.New(fault.BadChoice, fault.Place{Element: "traffic", Attribute: "kind"},
		"no traffic of kind %q; the kinds are %s", t.Kind, strings.Join(Kinds(), ", ")).Suggest(t.Kind, Kinds())
}

type generator struct {
	n        *model.Network
	t        *model.Traffic
	from, to []model.NodeID
	size     Sizes
	seed     random.Source
	out      []model.Flow
}

func (g *generator) add(from, to model.NodeID, start model.Time, size model.Size) error {
	t := g.t
	f := model.Flow{ID: fmt.Sprintf("%s-%d", t.ID, len(g.out)+1), From: from, To: to, Start: start, Size: size, Rate: t.Rate,
		Granularity: t.Granularity, Transport: t.Transport, Chunk: t.Chunk, Packet: t.Packet, Pattern: t.Pattern, Class: t.Class, TCP: t.TCP}
	if size == 0 {
		f.Duration = t.Until - start
	}
	if len(g.out) >= Limit {
		return fmt.Errorf("traffic %q: more than %d flows; shorten it or lower its load", t.ID, Limit)
	}
	g.out = append(g.out, f)
	return nil
}

// poisson gives every source arrivals of its own at rate load * capacity / (8 * mean
// size), with destinations uniform among the others (the rule of HPCC's traffic
// generator).
func (g *generator) poisson() ([]model.Flow, error) {
	t := g.t
	if err := g.arrivals(); err != nil {
		return nil, err
	}
	type arrival struct {
		at       model.Time
		from, to model.NodeID
		size     model.Size
	}
	var all []arrival
	offered, err := g.perSource()
	if err != nil {
		return nil, err
	}
	for i, host := range g.from {
		rate, err := offered(host)
		if err != nil {
			return nil, err
		}
		if len(g.to) == 1 && g.to[0] == host {
			continue
		}
		gap := 8 * g.size.Mean() / rate
		r := g.seed.Stream("traffic "+t.ID, uint64(i))
		for at := after(t.Start, r.Exponential(gap)); at < t.Until; at = after(at, r.Exponential(gap)) {
			to := host
			for to == host {
				to = g.to[r.IntN(len(g.to))]
			}
			all = append(all, arrival{at, host, to, g.size.Draw(&r)})
			if len(all) > Limit {
				return nil, fmt.Errorf("traffic %q: more than %d flows; shorten it or lower its load", t.ID, Limit)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return int(min(max(a.at-b.at, -1), 1)) })
	for _, a := range all {
		if err := g.add(a.from, a.to, a.at, a.size); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

// after is a time some seconds later; arrivals may be further apart than time reaches.
func after(at model.Time, seconds float64) model.Time {
	if seconds >= (model.Forever - at).Seconds() {
		return model.Forever
	}
	return at + model.FromSeconds(seconds)
}

// arrivals says what traffic with arrivals of its own lacks.
func (g *generator) arrivals() error {
	t := g.t
	switch {
	case g.size == nil:
		return fmt.Errorf("traffic %q: %s traffic needs sizes", t.ID, t.Kind)
	case t.Until <= t.Start:
		return fmt.Errorf("traffic %q: %s traffic needs an end after its start", t.ID, t.Kind)
	case t.Load <= 0:
		return fmt.Errorf("traffic %q: %s traffic needs a load above 0", t.ID, t.Kind)
	case t.Of != "" && t.Of != "access" && (t.Of != "bisection" || t.Kind != "poisson"):
		return fault.New(fault.FlowConflict, fault.Place{Element: "traffic", Attribute: "of"}, "traffic %q: a load of %q is for kind poisson alone; use of=\"access\"", t.ID, t.Of)
	}
	return nil
}

// access is the rate of a host's access link.
func (g *generator) access(host model.NodeID) (model.Rate, error) {
	arcs := g.n.Arcs(host)
	if len(arcs) == 0 {
		return 0, fault.New(fault.HostUnattached, fault.Place{Element: "traffic"}, "traffic %q: host %q has no link", g.t.ID, g.n.NodeName(host))
	}
	rate := g.n.ArcSpec(arcs[0]).Rate
	if rate == 0 {
		return 0, fmt.Errorf("traffic %q: the access link of %q has no rate, so a load of it means nothing", g.t.ID, g.n.NodeName(host))
	}
	return rate, nil
}

// permutation pairs every source with one destination so that none is paired with
// itself: the destinations are shuffled until no pair is (a derangement where both
// sides are the same set).
func (g *generator) permutation() ([]model.Flow, error) {
	if len(g.from) != len(g.to) {
		return nil, fmt.Errorf("traffic %q: a permutation needs as many destinations as sources; there are %d and %d", g.t.ID, len(g.to), len(g.from))
	}
	if len(g.from) == 1 && g.from[0] == g.to[0] {
		return nil, fmt.Errorf("traffic %q: one host cannot be permuted with itself", g.t.ID)
	}
	r := g.seed.Stream("traffic " + g.t.ID)
	to := slices.Clone(g.to)
	for again := true; again; {
		r.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
		again = false
		for i := range to {
			again = again || to[i] == g.from[i]
		}
	}
	for i := range to {
		if err := g.add(g.from[i], to[i], g.t.Start, g.drawSize(&r)); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

// random sends from every source to one of the other destinations, all equally likely;
// several sources may hit the same.
func (g *generator) random() ([]model.Flow, error) {
	r := g.seed.Stream("traffic " + g.t.ID)
	for _, a := range g.from {
		if len(g.to) == 1 && g.to[0] == a {
			continue
		}
		to := a
		for to == a {
			to = g.to[r.IntN(len(g.to))]
		}
		if err := g.add(a, to, g.t.Start, g.drawSize(&r)); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

// stride sends from the i-th source to the (i+stride)-th destination, around the end
// (Al-Fares et al., "A Scalable, Commodity Data Center Network Architecture", SIGCOMM
// 2008, section 5.1).
func (g *generator) stride() ([]model.Flow, error) {
	r := g.seed.Stream("traffic " + g.t.ID)
	step := max(g.t.Stride, 1)
	for i, a := range g.from {
		to := g.to[(i+step)%len(g.to)]
		if to == a {
			continue
		}
		if err := g.add(a, to, g.t.Start, g.drawSize(&r)); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

func (g *generator) pairs(wanted func(a, b model.NodeID) bool) ([]model.Flow, error) {
	r := g.seed.Stream("traffic " + g.t.ID)
	for _, a := range g.from {
		for _, b := range g.to {
			if a == b || !wanted(a, b) {
				continue
			}
			if err := g.add(a, b, g.t.Start, g.drawSize(&r)); err != nil {
				return nil, err
			}
		}
	}
	return g.out, nil
}

// hotspot sends from every source to the first destination with probability one half,
// and uniformly to the others otherwise.
func (g *generator) hotspot() ([]model.Flow, error) {
	r := g.seed.Stream("traffic " + g.t.ID)
	for _, a := range g.from {
		to := g.to[0]
		if len(g.to) > 1 && r.Float64() < 0.5 {
			to = g.to[1+r.IntN(len(g.to)-1)]
		}
		if to == a {
			continue
		}
		if err := g.add(a, to, g.t.Start, g.drawSize(&r)); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

func (g *generator) drawSize(r *random.Stream) model.Size {
	if g.size == nil {
		return 0
	}
	return g.size.Draw(r)
}
