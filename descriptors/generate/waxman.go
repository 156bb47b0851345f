package generate

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"sendim/core/model"
	"sendim/core/random"
)

func waxman() Kind {
	pairwise, brite := []string{"pairs"}, []string{"brite"}
	return Kind{
		Name: "waxman", Short: "A random network on a plane, in which near switches are more often linked (Waxman, BRITE)",
		Doc: "Switches s1..sN at random places of a square. They are linked with probabilities that fall with their distance d: alpha * exp(-d/(beta*L)), L being the square's diagonal. " +
			"These are BRITE's alpha and beta; in Waxman's paper and in networkx the names are the other way round. " +
			"Model pairs: every pair is tried once (Waxman). Model brite: each switch after the first M links itself to M different earlier ones, chosen with probabilities in the above proportion, and the first M to M later ones each " +
			"(BRITE's incremental growth: M*N links, connected; alpha does not matter). " +
			"Places are the properties x and y, in km. Each switch has hosts: h1..hN, or h1s1, h2s1, ... when there are several.",
		Source: `Waxman, "Routing of multipoint connections", IEEE JSAC 6(9), 1988, model RG1; Medina, Lakhina, Matta, Byers, "BRITE: an approach to universal topology generation", MASCOTS 2001`,
		Bound:  "where it is drawn: with model pairs ten standard deviations above the mean, with brite M*N",
		Options: []OptionDoc{
			{Name: "n", Initial: "20", Doc: "number of switches", min: 1, max: 1 << 27},
			{Name: "model", Initial: "pairs, or brite where m is given", Doc: "how links are drawn", Values: []string{"pairs", "brite"}, form: choice},
			{Name: "alpha", Initial: "0.15", Doc: "probability of a link between close switches", form: real, high: 1, Models: pairwise},
			{Name: "beta", Initial: "0.2", Doc: "how far links reach, as a share of the diagonal; 0.01 or more with brite", form: real, low: 1e-6, high: 1e6},
			{Name: "degree", Initial: "from alpha", Doc: "mean number of other switches a switch is linked to: alpha follows from it", form: real, Models: pairwise},
			{Name: "m", Initial: "2", Doc: "links that a new switch brings; less than n", min: 1, max: 1 << 16, Models: brite},
			{Name: "plane", Initial: "1000", Doc: "side of the square in km", form: real, low: 1e-3, high: 1e6},
			{Name: "delay-per-km", Initial: "0s", Doc: "adds to each link's delay for its length, to 100 ns; 5us in glass fibre", form: text},
			{Name: "coordinates", Initial: "true", Doc: "false: no properties x and y, which take two thirds of the memory", Values: []string{"true", "false"}, form: choice},
			connectedOption("a random switch of each part is linked to one that is near it, by links that closed loops elsewhere, or by more links where those are too few (brite always is connected)"),
			hostsOption("switch"), seedOption()},
		Args: []string{"n", "alpha", "beta"},
		check: func(v *values, fail func(string, string, ...any)) {
			n := v.int("n")
			switch {
			case v.word("model") == "brite" && v.int("m") >= n:
				fail("m", "%d is not less than n, which is %d", v.int("m"), n)
			case v.word("model") == "brite" && v.real("beta") < 0.01:
				fail("beta", "%v is below 0.01, the least with model brite", v.real("beta"))
			case v.said("degree") && v.said("alpha"):
				fail("degree", "alpha is given too; one follows from the other")
			case v.said("degree") && alpha(v) > 1:
				fail("degree", "%v is more than %.4g, which beta %v allows", v.real("degree"), float64(n-1)*meanDecay(v.real("beta")), v.real("beta"))
			}
		},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			if v.word("model") == "brite" {
				links = mul(v.int("m"), n)
			} else {
				links = waxmanBound(n, alpha(v)*meanDecay(v.real("beta")))
				if v.word("connected") == "true" {
					links = max(links, n-1)
				}
			}
			return n, mul(n, v.int("hosts")), links
		},
		build: buildWaxman,
	}
}

// alpha is what was said, or what the mean degree asks for; more than 1 if that cannot be.
func alpha(v *values) float64 {
	if !v.said("degree") || v.real("degree") == 0 {
		if v.said("degree") {
			return 0
		}
		return v.real("alpha")
	}
	return v.real("degree") / float64(float64(v.int("n")-1)*meanDecay(v.real("beta")))
}

// waxmanBound bounds the number of links among n switches that are linked with
// probability p on average. Where switches lie adds to the deviation of the draws: by at
// most 1/sqrt(n) of the mean, as a switch in a corner sees no less than a quarter, and one
// in the middle no more than twice, of what others see.
func waxmanBound(n int64, p float64) int64 {
	mean := float64(float64(pairs(n)) * p)
	return bound(float64(mean+float64(10*mean/math.Sqrt(float64(n)))), pairs(n))
}

func buildWaxman(v *values, g *net) {
	n, side := v.int("n"), v.real("plane")
	source := random.New(uint64(v.int("seed")))
	p := newPlane(int(n), v.real("beta"), source)
	r := source.Stream("generate/waxman")
	var edges []edge
	if v.word("model") == "brite" {
		edges = p.grow(int(v.int("m")), &r)
	} else {
		edges = p.drawPairs(alpha(v), waxmanBound(n, alpha(v)*meanDecay(v.real("beta"))), &r)
		if v.word("connected") == "true" {
			edges = join(int(n), edges, &r, p.near(&r))
		}
	}
	ids := make([]model.NodeID, n)
	shown := v.word("coordinates") == "true"
	for i := range ids {
		ids[i] = g.short("s", int64(i)+1, model.Switch)
		if shown {
			g.b.SetNodeExtra(ids[i], model.Identity{}, nil, []model.Property{
				{Name: "x", Value: strconv.FormatFloat(p.x[i]*side, 'f', 3, 64)},
				{Name: "y", Value: strconv.FormatFloat(p.y[i]*side, 'f', 3, 64)}})
		}
		g.hostsOf(ids[i], int64(i)+1, v.int("hosts"))
	}
	perKm := float64(v.int("delay-per-km"))
	if perKm == 0 {
		g.links(ids, edges)
		return
	}
	const step = 100 * model.Nanosecond // so that few different delays are to be kept
	for _, e := range edges {
		length := float64(p.distance(e.a, e.b) * side)
		extra := model.Time(math.Round(float64(length*perKm)/float64(step))) * step
		g.longLink(ids[e.a], ids[e.b], v.spec.Delay+extra)
	}
}

// plane is switches at random places of the unit square.
type plane struct {
	x, y  []float64
	reach float64 // beta times the diagonal
}

func newPlane(n int, beta float64, source random.Source) *plane {
	r := source.Stream("generate/waxman/places")
	p := &plane{x: make([]float64, n), y: make([]float64, n), reach: float64(beta * math.Sqrt2)}
	for i := range n {
		p.x[i], p.y[i] = r.Float64(), r.Float64()
	}
	return p
}

func (p *plane) distance(i, j int32) float64 {
	dx, dy := p.x[i]-p.x[j], p.y[i]-p.y[j]
	return math.Sqrt(float64(dx*dx) + float64(dy*dy))
}

// grow links each newcomer to m earlier switches, and at the end each of the first m to m
// later ones. To draw evenly and accept in proportion is to draw in proportion;
// where that takes long, all are weighed.
func (p *plane) grow(m int, r *random.Stream) []edge {
	n := len(p.x)
	edges := make([]edge, 0, m*n)
	linked := newPairSet(m * n)
	reach := func(a int32, from, to, links int) {
		for tries := 64 + (to-from)/4; links > 0 && tries > 0; tries-- {
			b := int32(from + r.IntN(to-from))
			if float64(r.Float64()) < random.Exp(-p.distance(a, b)/p.reach) && linked.add(a, b) {
				edges = append(edges, edge{min(a, b), max(a, b)})
				links--
			}
		}
		if links > 0 {
			for _, b := range p.weigh(a, from, to, links, linked, r) {
				linked.add(a, b)
				edges = append(edges, edge{min(a, b), max(a, b)})
			}
		}
	}
	for i := m; i < n; i++ {
		reach(int32(i), 0, i, m)
	}
	for i := range m {
		reach(int32(i), m, n, m)
	}
	return edges
}

// weigh draws so many of the switches from..to-1 that a is not linked to, one after the
// other in proportion; fewer if there are no more. They are those with the least of
// exponentially distributed numbers divided by the weights (Efraimidis and Spirakis, "Weighted
// random sampling with a reservoir", Information Processing Letters 97, 2006); of these the
// logarithms, as weights of far ones are too small for a float64.
func (p *plane) weigh(a int32, from, to, count int, linked *pairSet, r *random.Stream) []int32 {
	able := make([]int32, 0, to-from)
	rank := make([]float64, to-from)
	for b := int32(from); b < int32(to); b++ {
		if !linked.has(a, b) {
			able = append(able, b)
			rank[b-int32(from)] = random.Log(r.Exponential(1)) + p.distance(a, b)/p.reach
		}
	}
	slices.SortFunc(able, func(b, c int32) int {
		return cmp.Or(cmp.Compare(rank[b-int32(from)], rank[c-int32(from)]), cmp.Compare(b, c))
	})
	return able[:min(count, len(able))]
}

// near chooses among switches in proportion to how near they are: evenly drawn ones are
// accepted so; if none of the first is, the nearest of them is taken.
func (p *plane) near(r *random.Stream) func(int32, []int32) int32 {
	return func(from int32, among []int32) int32 {
		best := among[r.IntN(len(among))]
		for range 64 {
			c := among[r.IntN(len(among))]
			d := p.distance(from, c)
			if float64(r.Float64()) < random.Exp(-d/p.reach) {
				return c
			}
			if d < p.distance(from, best) {
				best = c
			}
		}
		return best
	}
}
