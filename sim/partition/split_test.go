package partition

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// fatTree gives the switches of a k-ary fat tree: edges, aggregations, cores; an edge
// weighs more by its hosts.
func fatTree(k int) (weights []int64, edges []Edge, pod []int) {
	m := k / 2
	for i := range k * m * 2 {
		weights = append(weights, int64(k))
		pod = append(pod, i%(k*m)/m)
	}
	for range m * m {
		weights = append(weights, int64(k))
		pod = append(pod, -1)
	}
	for e := range k * m {
		for a := range m {
			edges = append(edges, Edge{int32(e), int32(k*m + e/m*m + a), 10, 4})
		}
	}
	for a := range k * m {
		for c := range m {
			edges = append(edges, Edge{int32(k*m + a), int32(2*k*m + a%m*m + c), 10, 3})
		}
	}
	return weights, edges, pod
}

func TestPodsOfFatTreesStayWhole(t *testing.T) {
	for _, k := range []int{4, 8, 16, 32} {
		for _, parts := range []int{2, 4} {
			weights, edges, pod := fatTree(k)
			of := Split(weights, edges, parts)
			where := make([]int, k)
			for i := range where {
				where[i] = -1
			}
			for v, p := range pod {
				switch {
				case p < 0:
				case where[p] < 0:
					where[p] = int(of[v])
				case where[p] != int(of[v]):
					t.Errorf("k=%d, %d parts: pod %d is in parts %d and %d", k, parts, p, where[p], of[v])
				}
			}
			sums := sums(weights, of, parts)
			if least, most := slices.Min(sums), slices.Max(sums); float64(most) > 1.15*float64(least) {
				t.Errorf("k=%d: weights %v", k, sums)
			}
		}
	}
}

func sums(weights []int64, of []uint8, parts int) []int64 {
	out := make([]int64, parts)
	for v, p := range of {
		out[p] += weights[v]
	}
	return out
}

func TestLinksThatAreCrossedSoonestStayWithinAPart(t *testing.T) {
	// Eight rings of four, 1 within and 100 between them.
	var edges []Edge
	weights := slices.Repeat([]int64{1}, 32)
	for i := range int32(32) {
		edges = append(edges, Edge{i, i/4*4 + (i+1)%4, 1, 1})
		if i%4 == 0 {
			edges = append(edges, Edge{i, (i + 4) % 32, 100, 1})
		}
	}
	for _, parts := range []int{2, 4} {
		of := Split(weights, edges, parts)
		for _, e := range edges {
			if of[e.A] != of[e.B] && e.Span < 100 {
				t.Errorf("%d parts: a link of %d is cut", parts, e.Span)
			}
		}
		if s := sums(weights, of, parts); slices.Min(s) != slices.Max(s) {
			t.Errorf("%d parts of %v", parts, s)
		}
	}
}

func TestPartsAreBalancedAndRepeatable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "vertices")
		weights := rapid.SliceOfN(rapid.Int64Range(1, 20), n, n).Draw(t, "weights")
		var edges []Edge
		for range rapid.IntRange(0, 3*n).Draw(t, "edges") {
			edges = append(edges, Edge{int32(rapid.IntRange(0, n-1).Draw(t, "a")), int32(rapid.IntRange(0, n-1).Draw(t, "b")), rapid.Int64Range(0, 5).Draw(t, "span"), rapid.Int64Range(1, 5).Draw(t, "cost")})
		}
		parts := rapid.IntRange(1, 7).Draw(t, "parts")
		of := Split(weights, edges, parts)
		if !slices.Equal(of, Split(weights, edges, parts)) {
			t.Fatal("a second try gives other parts")
		}
		total, heaviest := int64(0), slices.Max(weights)
		for _, w := range weights {
			total += w
		}
		for p, s := range sums(weights, of, parts) {
			if bound := total/int64(parts) + total/2 + 3*heaviest; s > bound {
				t.Errorf("part %d weighs %d of %d", p, s, total)
			}
		}
	})
}

func TestSmallNetworksAreDividedToo(t *testing.T) {
	for n := 2; n < 9; n++ {
		var edges []Edge
		for i := range int32(n - 1) {
			edges = append(edges, Edge{i, i + 1, 5, 1})
		}
		for parts := 2; parts <= min(n, 4); parts++ {
			weights := slices.Repeat([]int64{3}, n)
			if s := sums(weights, Split(weights, edges, parts), parts); slices.Min(s) == 0 {
				t.Errorf("a line of %d in %d parts: %v", n, parts, s)
			}
		}
	}
}
