package generate

import (
	"math"

	"sendim/core/random"
)

func randomGraph() Kind {
	gnp, gnm := []string{"gnp"}, []string{"gnm"}
	return Kind{
		Name: "random", Short: "A random network (Erdős-Rényi)",
		Doc: "Switches s1..sN. Model gnm: M links, all sets of so many equally likely. Model gnp: each pair is linked with probability P, so that the number of links is drawn too. " +
			"The option degree sets M = N*degree/2 (rounded) or P = degree/(N-1). Each switch has hosts: h1..hN, or h1s1, h2s1, ... when there are several.",
		Source: `Erdős, Rényi, "On random graphs I", 1959 (gnm); Gilbert, "Random graphs", 1959 (gnp)`,
		Bound:  "with model gnp, whose number of links is drawn: ten standard deviations above the mean",
		Options: []OptionDoc{
			{Name: "n", Initial: "20", Doc: "number of switches", min: 1, max: 1 << 30},
			{Name: "model", Initial: "gnm, or gnp where p is given", Doc: "which of the two", Values: []string{"gnm", "gnp"}, form: choice},
			{Name: "degree", Initial: "3", Doc: "mean number of other switches a switch is linked to, such as 2.5; instead of m or p", form: real},
			{Name: "m", Initial: "n*degree/2", Doc: "number of links", Models: gnm},
			{Name: "p", Initial: "degree/(n-1)", Doc: "probability of a link", form: real, high: 1, Models: gnp},
			connectedOption("parts are linked at random switches, by links that closed loops elsewhere (with gnp, by more links where those are too few)"),
			hostsOption("switch"), seedOption()},
		Args: []string{"n", "degree"},
		check: func(v *values, fail func(string, string, ...any)) {
			n := v.int("n")
			given := "m"
			if v.said("p") {
				given = "p"
			}
			switch {
			case v.said("degree") && v.said(given):
				fail("degree", "%s is given too; one follows from the other", given)
			case v.said("m") && v.int("m") > pairs(n):
				fail("m", "%d switches have at most %d links", n, pairs(n))
			case v.said("degree") && v.real("degree") > float64(n-1):
				fail("degree", "%v is more than the %d other switches", v.real("degree"), n-1)
			case v.word("connected") == "true" && v.word("model") == "gnm" && randomLinks(v) < n-1:
				fail("connected", "%d links cannot connect %d switches; %d are needed", randomLinks(v), n, n-1)
			}
		},
		size: func(v *values) (switches, hosts, links int64) {
			n := v.int("n")
			links = randomLinks(v)
			if v.word("model") == "gnp" {
				links = bound(float64(float64(pairs(n))*probability(v)), pairs(n))
				if v.word("connected") == "true" {
					links = max(links, n-1)
				}
			}
			return n, mul(n, v.int("hosts")), links
		},
		build: func(v *values, g *net) {
			n := v.int("n")
			r := random.New(uint64(v.int("seed"))).Stream("generate/random")
			var edges []edge
			if v.word("model") == "gnp" {
				edges = drawPairs(n, probability(v), &r)
			} else {
				edges = drawLinks(n, randomLinks(v), &r)
			}
			if v.word("connected") == "true" {
				edges = join(int(n), edges, &r, anyOf(&r))
			}
			g.links(g.numbered(n, v.int("hosts")), edges)
		},
	}
}

// randomLinks is the number of links of gnm. Its default degree is less where there are few switches.
func randomLinks(v *values) int64 {
	if v.said("m") {
		return v.int("m")
	}
	n := v.int("n")
	return min(int64(math.Floor(float64(float64(n)*v.real("degree"))/2+0.5)), pairs(n))
}

func probability(v *values) float64 {
	if v.said("p") {
		return v.real("p")
	}
	return min(v.real("degree")/float64(max(v.int("n")-1, 1)), 1)
}

// bound is a number that a sum of independent draws with a mean exceeds with a
// probability below 10^-20 (Bernstein's inequality), and most at most.
func bound(mean float64, most int64) int64 {
	return int64(min(math.Ceil(float64(mean+float64(10*math.Sqrt(mean)))+100), float64(most)))
}

// drawLinks is G(n,m): pairs are drawn, those that came before again. Where more than
// half of all pairs are wanted, those that stay apart are drawn.
func drawLinks(n, m int64, r *random.Stream) []edge {
	edges := make([]edge, 0, m)
	all := pairs(n)
	draw := func(count int64) *pairSet {
		set := newPairSet(int(count))
		for int64(set.count) < count {
			a := int32(r.Uint64N(uint64(n)))
			b := int32(r.Uint64N(uint64(n - 1)))
			if b >= a {
				b++
			}
			if set.add(a, b) && m <= all/2 {
				edges = append(edges, edge{min(a, b), max(a, b)})
			}
		}
		return set
	}
	if m <= all/2 {
		draw(m)
		return edges
	}
	apart := draw(all - m)
	for a := range int32(n) {
		for b := a + 1; b < int32(n); b++ {
			if !apart.has(a, b) {
				edges = append(edges, edge{a, b})
			}
		}
	}
	return edges
}

// drawPairs is G(n,p) in time O(n+m): the gaps between pairs that are linked are drawn
// (Batagelj and Brandes, "Efficient generation of large random networks", Physical
// Review E 71, 2005, algorithm 1).
func drawPairs(n int64, p float64, r *random.Stream) []edge {
	edges := make([]edge, 0, bound(float64(float64(pairs(n))*p), pairs(n)))
	s := newSkipper(p)
	row, column := int64(1), int64(-1) // the pair (column, row) with column < row
	for {
		gap := s.gap(r, pairs(n))
		column += 1 + gap
		for row < n && column >= row {
			column -= row
			row++
		}
		if row >= n {
			return edges
		}
		edges = append(edges, edge{int32(column), int32(row)})
	}
}

// skipper draws how many trials fail in a row when each succeeds with probability p.
type skipper struct {
	p, ln float64 // ln(1-p)
}

func newSkipper(p float64) skipper {
	if p < 1e-4 { // 1-p would lose digits: the series, whose next term is below one unit
		return skipper{p, -float64(p * (1 + float64(p*(0.5+float64(p*(1.0/3+float64(p*(0.25+float64(p/5)))))))))}
	}
	return skipper{p, random.Log(1 - p)}
}

// gap is at most the given number.
func (s skipper) gap(r *random.Stream, most int64) int64 {
	switch {
	case s.p >= 1:
		return 0
	case s.p <= 0:
		return most
	}
	if g := random.Log(1-r.Float64()) / s.ln; g < float64(most) {
		return int64(g)
	}
	return most
}
