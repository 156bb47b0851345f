package generate

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"sendim/core/model"
	"sendim/core/random"
)

func TestRegularShapesHaveTheirDiameters(t *testing.T) {
	for topo, want := range map[string]int{
		"ring,3": 1, "ring,8": 4, "ring,9": 4, "ring,101": 50,
		"star,1": 1, "star,7": 2,
		"full-mesh,1": 0, "full-mesh,2": 1, "full-mesh,9": 1,
		"leaf-spine,3,5": 2, "leaf-spine,1,2": 2,
		"fat-tree,4": 4, "fat-tree,8": 4,
		"linear,7": 6, "torus,4,6": 5,
		"small-world,20,4,0": 5, "small-world,21,2,0": 10,
	} {
		if got := shapeOf(build(t, topo)).diameter(); got != want {
			t.Errorf("the diameter of %s is %d, want %d", topo, got, want)
		}
	}
}

func TestHostsOfALeafSpineAreFourHopsApart(t *testing.T) {
	n := build(t, "leaf-spine,2,3,2")
	for name, want := range map[string]int{"h1": 0, "leaf1": 1, "h2": 2, "spine2": 2, "leaf3": 3, "h6": 4} {
		from, _ := n.NodeByName("h1")
		id, ok := n.NodeByName(name)
		if got := distances(n, from)[id]; !ok || got != want {
			t.Errorf("%s is %d hops away, want %d", name, got, want)
		}
	}
}

func distances(n *model.Network, from model.NodeID) map[model.NodeID]int {
	d := map[model.NodeID]int{from: 0}
	for queue := []model.NodeID{from}; len(queue) > 0; queue = queue[1:] {
		for _, a := range n.Arcs(queue[0]) {
			if to := n.ArcTo(a).Node; d[to] == 0 && to != from {
				d[to] = d[queue[0]] + 1
				queue = append(queue, to)
			}
		}
	}
	return d
}

// TestBisectionIsWhatTheoryCounts tries all halves. A fat-tree of k ports carries as much
// between halves as half of its k^3/4 hosts send; a leaf-spine its leaves' uplinks.
func TestBisectionIsWhatTheoryCounts(t *testing.T) {
	for _, c := range []struct {
		topo string
		of   func(name string) bool
		want int
	}{
		{"full-mesh,8", nil, 16},
		{"full-mesh,8,parallel=3", nil, 48},
		{"ring,12", nil, 2},
		{"torus,4,4", nil, 8},
		{"leaf-spine,3,6", func(name string) bool { return name[0] == 'l' }, 9},
		{"leaf-spine,3,6,parallel=2,spare=1", func(name string) bool { return name[0] == 'l' }, 27},
		{"fat-tree,4", func(name string) bool { return name[0] == 'p' && name[2] == 'e' }, 8},
	} {
		n := build(t, c.topo)
		s := shapeOf(n)
		of := all(len(s.ids))
		if c.of != nil {
			of = slices.DeleteFunc(of, func(i int) bool { return !c.of(n.NodeName(s.ids[i])) })
		}
		if got := s.bisection(of); got != c.want {
			t.Errorf("the bisection of %s is %d, want %d", c.topo, got, c.want)
		}
	}
}

// TestJellyfishIsRegular holds for what is hard as well: dense ones, and odd ones, of
// which one port stays free.
func TestJellyfishIsRegular(t *testing.T) {
	for n := 2; n <= 24; n++ {
		for r := 1; r < n; r++ {
			for seed := range 4 {
				s := shapeOf(build(t, fmt.Sprintf("jellyfish,%d,%d,%d,seed=%d,hosts=0", n, r, r, seed)))
				short := 0
				for _, d := range degrees(s) {
					short += r - d
				}
				if !s.simple() || short != n*r%2 {
					t.Fatalf("n=%d r=%d seed=%d: %v", n, r, seed, degrees(s))
				}
			}
		}
	}
	if d := slices.Compact(slices.Sorted(slices.Values(degrees(shapeOf(build(t, "jellyfish,3000,24,12")))))); !slices.Equal(d, []int{12}) {
		t.Errorf("degrees %v", d)
	}
}

// TestJellyfishsBisectionIsAboveBollobassBound: Bollobás, "The isoperimetric number of
// random graphs", European Journal of Combinatorics 9, 1988, as the paper uses it: at
// least N/2 (r/2 - sqrt(r ln 2)) links.
func TestJellyfishsBisectionIsAboveBollobassBound(t *testing.T) {
	const n = 18
	for r := 3; r <= 12; r++ {
		for seed := range 2 {
			s := shapeOf(build(t, fmt.Sprintf("jellyfish,%d,%d,%d,seed=%d", n, r, r, seed)))
			bound := n / 2.0 * (float64(r)/2 - math.Sqrt(float64(r)*math.Ln2))
			if got := s.bisection(all(n)); float64(got) < bound {
				t.Errorf("r=%d seed=%d: bisection %d, bound %.2f", r, seed, got, bound)
			}
		}
	}
}

// TestJellyfishExpands: the second eigenvalue of a random regular graph is near 2 sqrt(r-1)
// (Friedman, "A proof of Alon's second eigenvalue conjecture", 2008), so that
// diameters are logarithmic.
func TestJellyfishExpands(t *testing.T) {
	const n, r = 2000, 6
	s := shapeOf(build(t, "jellyfish,2000,8,6"))
	x, y := make([]float64, n), make([]float64, n)
	stream := random.New(1).Stream("power iteration")
	for i := range x {
		x[i] = stream.Normal(0, 1)
	}
	second := 0.0
	for range 300 {
		mean, norm := 0.0, 0.0
		for i := range y {
			y[i] = 0
			for _, j := range s.next[i] {
				y[i] += x[j]
			}
			mean += y[i] / n
		}
		for i := range y {
			y[i] -= mean // the first eigenvector
			norm += y[i] * y[i]
		}
		second = math.Sqrt(norm)
		for i := range y {
			x[i] = y[i] / second
		}
	}
	if limit := 2*math.Sqrt(r-1) + 0.1; second > limit {
		t.Errorf("the second eigenvalue is %v, want at most %v", second, limit)
	}
	if d := s.diameter(); d > 7 { // 1.3 log(n)/log(r-1) = 6.1
		t.Errorf("diameter %d", d)
	}
}

func TestJellyfishOfDegreeTwoIsOneCycleWhenConnected(t *testing.T) {
	apart := 0
	for seed := range 10 {
		topo := fmt.Sprintf("jellyfish,40,3,2,seed=%d", seed)
		if !shapeOf(build(t, topo)).connected() {
			apart++
		}
		s := shapeOf(build(t, topo+",connected=true"))
		if d := degrees(s); !s.connected() || !s.simple() || slices.Max(d) != 2 || slices.Min(d) != 2 {
			t.Errorf("seed %d: %v", seed, d)
		}
	}
	if apart == 0 {
		t.Error("none of the networks was in parts: the test shows nothing")
	}
}

func TestClusteringOfWattsStrogatz(t *testing.T) {
	for _, k := range []int{2, 4, 6, 10, 20} {
		s := shapeOf(build(t, fmt.Sprintf("small-world,200,%d,0,hosts=0", k)))
		want := 3 * float64(k-2) / (4 * float64(k-1))
		if got := s.clustering(); math.Abs(got-want) > 1e-12 {
			t.Errorf("k=%d: clustering %v, want %v", k, got, want)
		}
		if d := degrees(s); slices.Min(d) != k || slices.Max(d) != k {
			t.Errorf("k=%d: degrees %d..%d", k, slices.Min(d), slices.Max(d))
		}
	}
	// C(p) = C(0) (1-p)^3 up to 1/n (Barrat and Weigt, European Physical Journal B 13, 2000).
	for _, p := range []float64{0.1, 0.3, 0.5} {
		s := shapeOf(build(t, fmt.Sprintf("small-world,4000,10,%v,hosts=0", p)))
		want := 3 * 8.0 / (4 * 9.0) * math.Pow(1-p, 3)
		if got := s.clustering(); math.Abs(got-want) > 0.02 {
			t.Errorf("p=%v: clustering %v, want %v", p, got, want)
		}
	}
}

func TestMovedLinksOfWattsStrogatz(t *testing.T) {
	const n, k = 3000, 6
	for _, p := range []float64{0, 0.01, 0.2, 1} {
		edges := stream(func(r *random.Stream) []edge { return wattsStrogatz(n, k, p, r) })
		s := shapeOfEdges(n, edges)
		if !s.simple() || len(edges) != n*k/2 {
			t.Fatalf("p=%v: %d links", p, len(edges))
		}
		moved := 0
		for i, e := range edges {
			if int(e.a) != i%n {
				t.Fatalf("p=%v: link %d starts at %d", p, i, e.a)
			}
			if int(e.b) != (i%n+i/n+1)%n {
				moved++
			}
		}
		total := float64(n * k / 2)
		within(t, fmt.Sprintf("moved links at p=%v", p), float64(moved), total*p, math.Sqrt(total*p*(1-p))+0.002*total*p)
		if d := slices.Min(degrees(s)); d < k/2 {
			t.Errorf("p=%v: degree %d; the paper keeps k/2", p, d)
		}
	}
	// A small world: short ways at a p that hardly changes the clustering.
	ring, world := shapeOf(build(t, "small-world,1000,10,0")), shapeOf(build(t, "small-world,1000,10,0.05"))
	if ring.diameter() != 100 || world.diameter() > 16 || world.clustering() < 0.8*ring.clustering() {
		t.Errorf("diameter %d, clustering %v of %v", world.diameter(), world.clustering(), ring.clustering())
	}
}

func TestWattsStrogatzOfACompleteGraphStaysOne(t *testing.T) {
	if s := shapeOf(build(t, "small-world,9,8,1")); !s.simple() || s.links() != 36 {
		t.Errorf("%d links", s.links())
	}
}

func stream(draw func(*random.Stream) []edge) []edge {
	r := random.New(42).Stream("test")
	return draw(&r)
}

func TestSmallWorldDatacentersHaveSixLinksEach(t *testing.T) {
	for _, c := range []struct {
		options  string
		lattice  lattice
		diameter int // of the lattice
		most     int // with random links
	}{
		{"lattice=ring,n=1000", lattice{1000, 1, 1, 1, false}, 500, 8},
		{"lattice=torus,x=30,y=40", lattice{30, 40, 1, 2, false}, 35, 9},
		{"lattice=hex-torus,x=10,y=12,z=9", lattice{10, 12, 9, 3, true}, 16, 9},
	} {
		s := shapeOf(build(t, "small-world,"+c.options+",hosts=0"))
		if d := degrees(s); !s.simple() || !s.connected() || slices.Min(d) != 6 || slices.Max(d) != 6 {
			t.Errorf("%s: degrees %d..%d", c.options, slices.Min(d), slices.Max(d))
		}
		bare := &shape{next: make([][]int, c.lattice.size())}
		for i := range bare.next {
			for _, j := range c.lattice.neighbours(int32(i), nil) {
				bare.next[i] = append(bare.next[i], int(j))
				if !slices.Contains(s.next[i], int(j)) {
					t.Fatalf("%s: %d is not linked to %d", c.options, i, j)
				}
			}
		}
		if d := bare.diameter(); d != c.diameter {
			t.Errorf("%s: the lattice's diameter is %d, want %d", c.options, d, c.diameter)
		}
		if d := s.diameter(); d > c.most {
			t.Errorf("%s: diameter %d, want at most %d", c.options, d, c.most)
		}
	}
}

// TestFarEndsAreDrawnByDistance: with probability proportional to d^-e, from every switch alike.
func TestFarEndsAreDrawnByDistance(t *testing.T) {
	for _, c := range []struct {
		l        lattice
		exponent float64
	}{
		{lattice{51, 1, 1, 1, false}, 1}, {lattice{8, 9, 1, 2, false}, 2}, {lattice{6, 8, 4, 3, true}, 3}, {lattice{6, 8, 4, 3, true}, 0},
	} {
		f := newFar(c.l, c.exponent)
		bare := &shape{next: make([][]int, c.l.size())}
		for i := range bare.next {
			for _, j := range c.l.neighbours(int32(i), nil) {
				bare.next[i] = append(bare.next[i], int(j))
			}
		}
		r := random.New(1).Stream("far")
		for _, from := range []int32{0, 1, int32(c.l.size() / 3), int32(c.l.size() - 1)} {
			d := bare.hops(int(from))
			sum := 0.0
			for _, h := range d {
				if h > 1 {
					sum += math.Pow(float64(h), -c.exponent)
				}
			}
			const draws = 40_000
			count := make([]int, len(d))
			for range draws {
				count[f.draw(from, &r)]++
			}
			for to, h := range d {
				p := 0.0
				if h > 1 {
					p = math.Pow(float64(h), -c.exponent) / sum
				}
				within(t, fmt.Sprintf("%v: draws of %d from %d", c.l, to, from), float64(count[to]), p*draws, math.Sqrt(p*draws)+0.01)
			}
		}
	}
}

func TestRandomNetworksHaveTheirLinks(t *testing.T) {
	for _, c := range []struct {
		topo            string
		links, variance float64
	}{
		{"random,1000,m=2500", 2500, 0},
		{"random,1000,3", 1500, 0},
		{"random,999,2.5", 1249, 0}, // 1248.75
		{"random,40,m=780", 780, 0},
		{"random,40,m=700", 700, 0},
		{"random,40,m=0", 0, 0},
		{"random,2000,p=0.004", 7996, 7996},
		{"random,2000,degree=8,model=gnp", 8000, 8000},
		{"random,60,p=1", 1770, 0},
		{"random,60,p=0", 0, 0},
		{"random,60,p=0.9", 1593, 160},
		{"random,100000,p=0.00000004", 200, 200},
		{"random,1,p=1", 0, 0},
	} {
		s := shapeOf(build(t, c.topo+",hosts=0"))
		if !s.simple() {
			t.Errorf("%s is not simple", c.topo)
		}
		within(t, "links of "+c.topo, float64(s.links()), c.links, math.Sqrt(c.variance))
	}
	// Degrees are binomial: their variance is the mean, nearly.
	s := shapeOf(build(t, "random,20000,6,model=gnp,hosts=0"))
	sum, squares := 0.0, 0.0
	for _, d := range degrees(s) {
		sum += float64(d)
		squares += float64(d * d)
	}
	mean := sum / 20000
	within(t, "the variance of degrees", squares/20000-mean*mean, 6, 6*math.Sqrt(2.0/20000)+0.02)
}

// TestEveryPairIsEquallyLikely in both models, and every pair of pairs.
func TestEveryPairIsEquallyLikely(t *testing.T) {
	const n, runs = 6, 20_000
	for name, draw := range map[string]func(*random.Stream) []edge{
		"gnp":       func(r *random.Stream) []edge { return drawPairs(n, 0.4, r) },
		"gnm":       func(r *random.Stream) []edge { return drawLinks(n, 6, r) },
		"dense gnm": func(r *random.Stream) []edge { return drawLinks(n, 9, r) },
	} {
		share := map[string]float64{"gnp": 0.4, "gnm": 0.4, "dense gnm": 0.6}[name]
		both := map[string]float64{"gnp": 0.16, "gnm": 6.0 * 5 / (15 * 14), "dense gnm": 9.0 * 8 / (15 * 14)}[name]
		r := random.New(3).Stream(name)
		count, together := map[edge]int{}, map[[2]edge]int{}
		for range runs {
			edges := draw(&r)
			for _, e := range edges {
				count[e]++
				for _, f := range edges {
					together[[2]edge{e, f}]++
				}
			}
		}
		for a := range int32(n) {
			for b := a + 1; b < n; b++ {
				e := edge{a, b}
				within(t, fmt.Sprintf("%s: draws of %v", name, e), float64(count[e]), share*runs, math.Sqrt(share*(1-share)*runs))
				f := edge{0, 1}
				if e != f {
					within(t, fmt.Sprintf("%s: draws of %v with %v", name, e, f), float64(together[[2]edge{e, f}]), both*runs, math.Sqrt(both*(1-both)*runs))
				}
			}
		}
	}
}

// TestDegreesOfBarabasiAlbertFallByAPowerLaw compares with the limit, exactly
// P(k) = 2m(m+1) / (k(k+1)(k+2)) (Bollobás, Riordan, Spencer, Tusnády, "The degree sequence
// of a scale-free random graph process", 2001), and estimates the exponent of its tail, 3.
func TestDegreesOfBarabasiAlbertFallByAPowerLaw(t *testing.T) {
	const n, m = 100_000, 3
	s := shapeOf(build(t, "barabasi-albert,100000,3,hosts=0"))
	if !s.simple() || !s.connected() || s.links() != m*(n-m) {
		t.Fatalf("%d links", s.links())
	}
	d := degrees(s)
	count := map[int]int{}
	for _, k := range d {
		count[k]++
	}
	for k := m; k < 20; k++ {
		want := n * 2.0 * m * (m + 1) / float64(k*(k+1)*(k+2))
		within(t, fmt.Sprintf("switches of degree %d", k), float64(count[k]), want, math.Sqrt(want)+2)
	}
	// Clauset, Shalizi, Newman, "Power-law distributions in empirical data", SIAM Review 51, 2009, eq. 3.7.
	const least = 20
	tail, sum := 0.0, 0.0
	for _, k := range d {
		if k >= least {
			tail++
			sum += math.Log(float64(k) / (least - 0.5))
		}
	}
	exponent := 1 + tail/sum
	within(t, "the exponent", exponent, 3, (exponent-1)/math.Sqrt(tail)+0.01)
	if far := slices.Max(s.hops(0)); far > 8 { // log n / log log n = 4.7
		t.Errorf("some switch is %d hops from the first", far)
	}
}

func TestMeanDecayIsTheIntegralOverTheSquare(t *testing.T) {
	for _, beta := range []float64{1e6, 10, 1, 0.2, 0.05, 0.01} {
		// Over the differences x and y, whose densities are 2(1-x) and 2(1-y).
		const steps = 1500
		want, reach := 0.0, beta*math.Sqrt2
		top := min(1, 40*reach)
		for i := range steps {
			for j := range steps {
				x, y := (float64(i)+0.5)*top/steps, (float64(j)+0.5)*top/steps
				want += 4 * (1 - x) * (1 - y) * math.Exp(-math.Hypot(x, y)/reach)
			}
		}
		want *= top * top / steps / steps
		if got := meanDecay(beta); math.Abs(got/want-1) > 2e-3 {
			t.Errorf("beta %v: %v, want %v", beta, got, want)
		}
	}
	if got := meanDecay(1e6); math.Abs(got-1) > 1e-6 {
		t.Errorf("without decay the mean is %v", got)
	}
	if got, want := meanDecay(1e-4), 2*math.Pi*2e-8; math.Abs(got/want-1) > 1e-3 {
		t.Errorf("with a short reach, edges of the square do not matter: %v, want %v", got, want)
	}
}

// TestWaxmanLinksByDistance counts pairs and links by distance: as many are linked
// as the formula says, for reaches that make the quadtree split and not split.
func TestWaxmanLinksByDistance(t *testing.T) {
	for _, c := range []struct{ alpha, beta float64 }{{0.15, 0.2}, {1, 0.02}, {0.02, 1}, {1, 0.005}, {0.003, 0.1}, {1, 1000}} {
		const n, bins = 1500, 12
		p := newPlane(n, c.beta, random.New(5))
		edges := stream(func(r *random.Stream) []edge { return p.drawPairs(c.alpha, 0, r) })
		if !shapeOfEdges(n, edges).simple() {
			t.Fatalf("%v: not simple", c)
		}
		width := min(math.Sqrt2, 6*p.reach) / bins
		want, got := make([]float64, bins+1), make([]float64, bins+1)
		for i := range int32(n) {
			for j := range i {
				d := p.distance(i, j)
				want[min(int(d/width), bins)] += c.alpha * math.Exp(-d/p.reach)
			}
		}
		for _, e := range edges {
			got[min(int(p.distance(e.a, e.b)/width), bins)]++
		}
		for b := range want {
			within(t, fmt.Sprintf("%v: links of length %.3f and more", c, float64(b)*width), got[b], want[b], math.Sqrt(want[b])+0.2)
		}
	}
}

func TestWaxmanHasTheDegreeThatWasAskedFor(t *testing.T) {
	for _, topo := range []string{"waxman,10000,degree=4", "waxman,10000,degree=4,beta=0.01", "waxman,10000,degree=4,beta=5"} {
		s := shapeOf(build(t, topo+",hosts=0"))
		within(t, topo, float64(s.links()), 20_000, math.Sqrt(20_000)+200)
	}
}

func TestWaxmansGrowthIsBrites(t *testing.T) {
	const n, m = 2000, 2
	for _, beta := range []string{"0.2", "0.01", "3"} {
		net := build(t, fmt.Sprintf("waxman,%d,m=%d,hosts=0,beta=%s", n, m, beta))
		s := shapeOf(net)
		if !s.simple() || !s.connected() || s.links() != m*n {
			t.Errorf("beta %s: %d links", beta, s.links())
		}
	}
	// Few candidates that are far apart: they are weighed instead of drawn for ever.
	for n := 3; n < 12; n++ {
		s := shapeOf(build(t, fmt.Sprintf("waxman,%d,m=2,beta=0.01", n)))
		if !s.simple() || !s.connected() {
			t.Errorf("n=%d: %v", n, s.next)
		}
	}
}

// TestGrowthChoosesInProportion: the one link of a newcomer, drawn and weighed.
func TestGrowthChoosesInProportion(t *testing.T) {
	p := &plane{x: []float64{0, 0.3, 0.9, 0.1}, y: []float64{0, 0, 0, 0}, reach: 0.2}
	weights, sum := make([]float64, 3), 0.0
	for i := range weights {
		weights[i] = math.Exp(-p.distance(3, int32(i)) / p.reach)
		sum += weights[i]
	}
	r := random.New(1).Stream("growth")
	const runs = 30_000
	var drawn, weighed [3]float64
	for range runs {
		edges := p.grow(1, &r)
		drawn[edges[2].a]++
		weighed[p.weigh(3, 0, 3, 2, newPairSet(1), &r)[0]]++
	}
	for i, w := range weights {
		share := w / sum
		within(t, fmt.Sprint("drawn ", i), drawn[i], runs*share, math.Sqrt(runs*share))
		within(t, fmt.Sprint("weighed ", i), weighed[i], runs*share, math.Sqrt(runs*share))
	}
}

func TestPlacesAndDelaysOfWaxman(t *testing.T) {
	n := build(t, "waxman,30,degree=5,plane=100,delay-per-km=5us,delay=1ms,connected=true")
	at := func(id model.NodeID) (x, y float64) {
		for _, p := range n.Node(id).Properties {
			switch p.Name {
			case "x":
				fmt.Sscan(p.Value, &x)
			case "y":
				fmt.Sscan(p.Value, &y)
			}
		}
		return x, y
	}
	for l := range n.Links() {
		want := model.Millisecond
		if n.NodeKindOf(l.A.Node) == model.Switch {
			x0, y0 := at(l.A.Node)
			x1, y1 := at(l.B.Node)
			if x0 == 0 || x0 > 100 {
				t.Fatalf("x is %v", x0)
			}
			want += model.Time(math.Hypot(x0-x1, y0-y1) * 5 * float64(model.Microsecond))
		}
		if d := l.Spec.Delay - want; d > 70*model.Nanosecond || d < -70*model.Nanosecond {
			t.Errorf("%s: delay %v, want %v", n.LinkName(l.ID), l.Spec.Delay, want)
		}
	}
}

// TestPartsAreJoined keeps the number of links while it can.
func TestPartsAreJoined(t *testing.T) {
	for _, c := range []struct {
		topo  string
		links int // -1: no less than without, and enough
	}{
		{"random,300,m=299", 299}, {"random,300,m=400", 400}, {"random,300,2,model=gnp", -1}, {"random,300,0,model=gnp", 299},
		{"waxman,300,degree=2", -1}, {"waxman,300,degree=0", 299}, {"waxman,300,degree=0.3,beta=0.01", -1}, {"small-world,300,2,0.9", 300},
	} {
		for seed := range 3 {
			topo := fmt.Sprintf("%s,seed=%d", c.topo, seed)
			before, s := shapeOf(build(t, topo)), shapeOf(build(t, topo+",connected=true"))
			want := c.links
			if want < 0 {
				want = max(before.links(), 299)
			}
			if before.connected() || !s.connected() || !s.simple() || s.links() != want {
				t.Errorf("%s: connected %v, %d links, want %d", topo, s.connected(), s.links(), want)
			}
		}
	}
}

// TestSmallLatticesFindAllTheirLinks, where random ends are hard to find.
func TestSmallLatticesFindAllTheirLinks(t *testing.T) {
	var lattices []lattice
	for n := int64(8); n < 30; n++ {
		lattices = append(lattices, lattice{n, 1, 1, 1, false}, lattice{3 + n%4, n / 3, 1, 2, false})
	}
	lattices = append(lattices, lattice{4, 4, 3, 3, true}, lattice{4, 6, 3, 3, true})
	for _, l := range lattices {
		if l.dimension == 2 && l.rows < 3 {
			continue
		}
		for seed := range uint64(5) {
			r := random.New(seed).Stream("small")
			edges := smallWorldDatacenter(l, float64(l.dimension), &r)
			if int64(len(edges)) != 3*l.size() || !shapeOfEdges(int(l.size()), edges).simple() {
				t.Errorf("%v, seed %d: %d links, want %d", l, seed, len(edges), 3*l.size())
			}
		}
	}
}
