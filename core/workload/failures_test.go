package workload

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

// ofLinks is a process that the links of a star take part in.
func ofLinks(id string, mtbf, mttr, until model.Time) model.Failures {
	return model.Failures{ID: id, Kind: model.LinkDown, Of: "type=link", MTBF: mtbf, MTTR: mttr, Until: until}
}

func outages(t testing.TB, n *model.Network, seed uint64) []Outage {
	t.Helper()
	out, err := Outages(n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// An alternating renewal process works MTBF/(MTBF+MTTR) of the time, whatever its
// distributions are. With exponential times the share over a span T has the variance
// 2 a^2 b^2 / ((a+b)^3 T) (Cox, Renewal Theory, 1962, section 7.4); others vary less here.
func TestWhatFailsIsThereAsOftenAsItsMeansSay(t *testing.T) {
	const a, b, links, span = 90.0, 10.0, 20, 50_000.0
	sigma := math.Sqrt(2*a*a*b*b/math.Pow(a+b, 3)/(links*span)) + a/span/links
	for _, lives := range []model.Lifetime{model.LifetimeExponential, model.LifetimeWeibull, model.LifetimeConstant} {
		for _, repairs := range []model.Lifetime{model.LifetimeExponential, model.LifetimeWeibull, model.LifetimeConstant} {
			n := star(t, links, 0)
			f := ofLinks("f", model.FromSeconds(a), model.FromSeconds(b), model.FromSeconds(span))
			f.Lives, f.Repairs = lives, repairs
			n.Failures = []model.Failures{f}
			down := 0.0
			for _, o := range outages(t, n, 11) {
				down += min(o.Until, f.Until).Seconds() - o.From.Seconds()
			}
			if got, want := 1-down/(links*span), a/(a+b); math.Abs(got-want) > 4*sigma {
				t.Errorf("%s lives and %s repairs: there %.5f of the time, want %.5f within %.5f", lives, repairs, got, want, 4*sigma)
			}
		}
	}
}

func TestLivesAndRepairsHaveTheMeansThatWereAsked(t *testing.T) {
	n := star(t, 1, 0)
	for _, lives := range []model.Lifetime{model.LifetimeExponential, model.LifetimeWeibull, model.LifetimeConstant} {
		for _, shape := range []float64{0.7, 1, 3} {
			f := ofLinks("f", 50*model.Second, 2*model.Second, 1_000_000*model.Second)
			f.Lives, f.Repairs, f.Shape = lives, lives, shape
			n.Failures = []model.Failures{f}
			list := outages(t, n, 3)
			last, life, repair := model.Time(0), 0.0, 0.0
			for _, o := range list {
				life += (o.From - last).Seconds()
				repair += (o.Until - o.From).Seconds()
				last = o.Until
			}
			k := float64(len(list))
			near := func(what string, got, want float64) {
				if math.Abs(got-want) > 4*2*want/math.Sqrt(k) { // a deviation of at most twice the mean
					t.Errorf("%s, shape %v: mean %s %.3f s, want %.3f", lives, shape, what, got, want)
				}
			}
			near("life", life/k, 50)
			near("repair", repair/k, 2)
		}
	}
}

func TestGammaIsThatOfTheTables(t *testing.T) {
	for _, x := range []float64{1, 1.01, 1.25, 1.5, 1.9, 2, 2.5, 5, 11} {
		if got, want := gamma(x), math.Gamma(x); math.Abs(got-want) > 4e-14*want {
			t.Errorf("gamma(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestMoreLinksChangeNothingForThoseThereAre(t *testing.T) {
	small, large := star(t, 3, 0), star(t, 9, 0)
	f := ofLinks("f", 10*model.Second, model.Second, 100*model.Second)
	small.Failures, large.Failures = []model.Failures{f}, []model.Failures{ofLinks("other", model.Second, model.Second, model.Second), f}
	large.Failures[0].Of = "s1--hi"
	want := outages(t, small, 5)
	got := slices.DeleteFunc(outages(t, large, 5), func(o Outage) bool { return o.Change.Link > 2 })
	if len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestFailuresKeepToTheirLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := star(t, rapid.IntRange(1, 8).Draw(rt, "links"), 0)
		for i := range rapid.IntRange(1, 3).Draw(rt, "processes") {
			second := rapid.Int64Range(1, 20)
			f := ofLinks(string(rune('a'+i)), model.Time(second.Draw(rt, "mtbf"))*model.Second, model.Time(second.Draw(rt, "mttr"))*model.Second, 0)
			f.From = model.Time(second.Draw(rt, "from")) * model.Second
			f.Until = f.From + model.Time(second.Draw(rt, "span"))*10*model.Second
			f.Most = rapid.IntRange(0, 3).Draw(rt, "most")
			f.Lives = model.Lifetime(rapid.IntRange(0, 2).Draw(rt, "lives"))
			n.Failures = append(n.Failures, f)
		}
		steps, err := Scenario(n, rapid.Uint64().Draw(rt, "seed"))
		if err != nil {
			rt.Fatal(err)
		}
		down, most := map[model.LinkID]bool{}, 0
		first, last, bound := n.Failures[0].From, model.Time(0), 0
		for _, f := range n.Failures {
			first, last, bound = min(first, f.From), max(last, f.Until), bound+f.Most
			if f.Most == 0 {
				bound += n.LinkCount()
			}
		}
		for i, s := range steps {
			if i > 0 && s.At < steps[i-1].At {
				rt.Fatalf("step %d is before the one before it", i)
			}
			for _, c := range s.Changes {
				if err := n.Check(&c); err != nil {
					rt.Fatal(err)
				}
				fails := c.Kind == model.LinkDown
				if fails == down[c.Link] {
					rt.Fatalf("link %d %s at %s, where it is so already", c.Link, c.Kind, s.At)
				}
				if fails && (s.At <= first || s.At > last) {
					rt.Fatalf("a failure at %s, outside %s to %s", s.At, first, last)
				}
				if down[c.Link] = fails; !fails {
					delete(down, c.Link)
				}
			}
			if len(steps) == i+1 || steps[i+1].At > s.At {
				most = max(most, len(down))
			}
		}
		if len(down) > 0 {
			rt.Fatalf("%d links are never repaired", len(down))
		}
		if most > bound {
			rt.Fatalf("%d at once, of %d allowed", most, bound)
		}
	})
}

func TestTooManyFailuresAreAFault(t *testing.T) {
	n := star(t, 1, 0)
	n.Failures = []model.Failures{ofLinks("f", model.Microsecond, model.Microsecond, 1000*model.Second)}
	_, err := Outages(n, 1)
	if f := (fault.Fault{}); !errors.As(err, &f) || f.Code != fault.Limit {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFailuresOfManyLinks(b *testing.B) {
	n := star(&testing.T{}, 26, 0)
	n.Failures = []model.Failures{ofLinks("f", model.Second, model.Second, 10_000*model.Second)}
	for b.Loop() {
		if _, err := Outages(n, 1); err != nil {
			b.Fatal(err)
		}
	}
}
