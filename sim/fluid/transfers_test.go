package fluid_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/sim/fluid"
)

const second = fluid.Time(1e12)

// The closed forms of processor sharing: C is the capacity, S a size.
func TestFinishesOfClosedForms(t *testing.T) {
	const C, S = 125e6, 1e6
	// Dumbbell with n equal flows: rate C/n, all end at nS/C.
	for _, n := range []int{1, 2, 3, 7, 50} {
		capacity, rate, finish := []float64{C}, map[int]float64{}, map[int]float64{}
		var jobs []job
		for i := range n {
			capacity = append(capacity, C, C)
			jobs = append(jobs, job{0, S, []fluid.Resource{fluid.Resource(2*i + 1), 0, fluid.Resource(2*i + 2)}})
			rate[i], finish[i] = C/float64(n), float64(n)*S/C
		}
		checkClosedForm(t, fmt.Sprintf("dumbbell of %d", n), capacity, jobs, rate, finish)
	}
	// Sizes S, 2S, ..., nS on one link: finish_i = sum over j<=i of (n-j+1) S/C.
	{
		const n = 12
		var jobs []job
		finish, at := map[int]float64{}, 0.0
		for i := 1; i <= n; i++ {
			jobs = append(jobs, job{0, float64(i) * S, []fluid.Resource{0}})
			at += float64(n-i+1) * S / C
			finish[i-1] = at
		}
		checkClosedForm(t, "sizes", []float64{C}, jobs, nil, finish)
	}
	// One of 2S alone until S/C, then with one of S: both end at 3S/C.
	checkClosedForm(t, "late arrival", []float64{C}, []job{
		{0, 2 * S, []fluid.Resource{0}}, {8_000_000_000, S, []fluid.Resource{0}},
	}, map[int]float64{0: C}, map[int]float64{0: 3 * S / C, 1: 3 * S / C})
	// Parking lot of n links: every rate C/2; the long flow of 2S ends alone at 3S/C.
	for _, n := range []int{1, 3, 20} {
		capacity, rate, finish := []float64{}, map[int]float64{}, map[int]float64{0: 3 * S / C}
		jobs := []job{{0, 2 * S, nil}}
		for i := range n {
			capacity = append(capacity, C)
			jobs[0].route = append(jobs[0].route, fluid.Resource(i))
			jobs = append(jobs, job{0, S, []fluid.Resource{fluid.Resource(i)}})
			rate[i+1], finish[i+1] = C/2, 2*S/C
		}
		checkClosedForm(t, fmt.Sprintf("parking lot of %d", n), capacity, jobs, rate, finish)
	}
	// Link i has (i+1)C: long flow C/2, short flow i the rest.
	{
		capacity, rate, finish := []float64{}, map[int]float64{0: C / 2}, map[int]float64{0: 2 * S / C}
		jobs := []job{{0, S, nil}}
		for i := range 5 {
			c := float64(i+1) * C
			capacity = append(capacity, c)
			jobs[0].route = append(jobs[0].route, fluid.Resource(i))
			jobs = append(jobs, job{0, S, []fluid.Resource{fluid.Resource(i)}})
			rate[i+1], finish[i+1] = c-C/2, S/(c-C/2)
		}
		checkClosedForm(t, "parking lot with capacities", capacity, jobs, rate, finish)
	}
}

func TestATransferIsHeldUpByAFailureForExactlyItsLength(t *testing.T) {
	net := fluid.New([]float64{100})
	tr := fluid.NewTransfers(net)
	f := tr.Start(0, flowOver(0), 1000)
	tr.Settle(0)
	if at := tr.FinishOf(f); at != 10*second {
		t.Fatalf("finish %d", at)
	}
	net.SetCapacity(0, 0)
	tr.Settle(4 * second)
	if _, _, ok := tr.Next(); ok || tr.FinishOf(f) != fluid.Never {
		t.Error("a stalled flow finishes")
	}
	if got := tr.Sent(7*second, f); got != 400 {
		t.Errorf("sent %v while stalled, want 400", got)
	}
	net.SetCapacity(0, 50)
	tr.Settle(9 * second)
	if id, at, ok := tr.Next(); !ok || id != f || at != 21*second {
		t.Errorf("next %v at %d", id, at)
	}
	if id, at, volume := tr.Finish(); id != f || at != 21*second || volume != 1000 || tr.Len() != 0 {
		t.Errorf("finished %v at %d with %v", id, at, volume)
	}
}

func TestOfFlowsThatFinishTogetherTheFirstStartedComesFirst(t *testing.T) {
	tr := fluid.NewTransfers(fluid.New([]float64{100}))
	throwaway := tr.Start(0, flowOver(0), 1)
	first := tr.Start(0, flowOver(0), 10)
	tr.Cancel(0, throwaway)
	second := tr.Start(0, flowOver(0), 10) // has the lower number
	if second > first {
		t.Fatal("numbers are not reused")
	}
	tr.Settle(0)
	a, _, _ := tr.Finish()
	b, _, _ := tr.Finish()
	if a != first || b != second {
		t.Errorf("finished %d then %d", a, b)
	}
}

func TestAFlowThatIsDueStaysDueWhenItsLinkFailsAtThatInstant(t *testing.T) {
	net := fluid.New([]float64{3})
	tr := fluid.NewTransfers(net)
	f := tr.Start(0, flowOver(0), 1) // a third of a second is no whole number of picoseconds
	tr.Settle(0)
	_, at, _ := tr.Next()
	net.SetCapacity(0, 0)
	tr.Settle(at)
	if id, again, ok := tr.Next(); !ok || id != f || again != at {
		t.Errorf("next %v at %d (%v), want %d", id, again, ok, at)
	}
	if sent := tr.Sent(at, f); sent != 1 {
		t.Errorf("sent %v", sent)
	}
}

func TestVolumesAtTheEdges(t *testing.T) {
	tr := fluid.NewTransfers(fluid.New([]float64{8}))
	empty := tr.Start(5, flowOver(0), 0)
	direct := tr.Start(5, flowOver(), 1e9)
	paced := tr.Start(5, fluid.FlowSpec{Cap: 2}, 4)
	endless := tr.Start(5, flowOver(0), math.Inf(1))
	unbound := tr.Start(5, flowOver(), math.Inf(1))
	tiny := tr.Start(5, fluid.FlowSpec{Cap: 1e-300}, 1)
	tr.Settle(5)
	want := map[fluid.Flow]fluid.Time{empty: 5, direct: 5, paced: 5 + 2*second, endless: fluid.Never, unbound: fluid.Never, tiny: fluid.Never}
	for f, at := range want {
		if got := tr.FinishOf(f); got != at {
			t.Errorf("flow %d finishes at %d, want %d", f, got, at)
		}
	}
	tr.Finish()
	tr.Settle(5)
	if got := tr.Cancel(5+second, endless); got != 8 {
		t.Errorf("endless flow sent %v, want 8", got)
	}
}

func TestTimeDoesNotGoBackAndWhatIsOverIsOver(t *testing.T) {
	net := fluid.New([]float64{1})
	tr := fluid.NewTransfers(net)
	if tr.Network() != net {
		t.Error("another network")
	}
	done := tr.Start(100, flowOver(0), 0)
	tr.Finish()
	for name, misuse := range map[string]func(){
		"earlier time":       func() { tr.Settle(99) },
		"nothing finishes":   func() { tr.Finish() },
		"finished flow":      func() { tr.Sent(100, done) },
		"flow never started": func() { tr.Cancel(100, 77) },
		"negative volume":    func() { tr.Start(100, flowOver(0), -1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			misuse()
		})
	}
}

// Volume is conserved: what was sent is the integral of the rates, and every finish comes
// when exactly the volume is through.
func TestWhatIsSentIsTheIntegralOfTheRates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.SliceOfN(amount(0, 1, 10, 100), 1, 6).Draw(t, "capacity")
		net := fluid.New(capacity)
		tr := fluid.NewTransfers(net)
		type account struct{ volume, sent float64 }
		books := map[fluid.Flow]*account{}
		var live []fluid.Flow
		now := fluid.Time(0)
		passTo := func(at fluid.Time) {
			for _, f := range live {
				books[f].sent += net.Rate(f) * (float64(at-now) / 1e12)
			}
			now = at
		}
		check := func(f fluid.Flow, sent float64) {
			if b := books[f]; math.Abs(b.sent-sent) > 1e-9*b.sent+1e-9 {
				t.Fatalf("flow %d sent %v, integral %v", f, sent, b.sent)
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at := now + rapid.Int64Range(0, 2e12).Draw(t, "wait")
			for {
				f, finish, ok := tr.Next()
				if !ok || finish > at {
					break
				}
				passTo(finish)
				tr.Finish()
				check(f, books[f].volume)
				live = slices.DeleteFunc(live, func(x fluid.Flow) bool { return x == f })
				tr.Settle(now)
			}
			passTo(at)
			switch what := rapid.IntRange(0, 4).Draw(t, "what"); {
			case what <= 2:
				spec := drawFlow(t, len(capacity))
				if len(spec.Route) == 0 && spec.Cap == 0 {
					spec.Cap = 1
				}
				volume := amount(1, 10, 100).Draw(t, "volume")
				f := tr.Start(now, spec, volume)
				books[f] = &account{volume: volume}
				live = append(live, f)
			case what == 3 && len(live) > 0:
				i := rapid.IntRange(0, len(live)-1).Draw(t, "flow")
				check(live[i], tr.Sent(now, live[i]))
				check(live[i], tr.Cancel(now, live[i]))
				live = slices.Delete(live, i, i+1)
			default:
				net.SetCapacity(fluid.Resource(rapid.IntRange(0, len(capacity)-1).Draw(t, "resource")), amount(0, 1, 10).Draw(t, "capacity"))
			}
			tr.Settle(now)
			if tr.Len() != len(live) {
				t.Fatalf("%d transfers, want %d", tr.Len(), len(live))
			}
		}
	})
}

// fingerprint of the finishes of a generated list; a machine on which it differs rounds
// otherwise.
func fingerprint(o outcome) uint64 {
	h := fnv.New64a()
	for _, at := range o.finish {
		fmt.Fprintln(h, at)
	}
	return h.Sum64()
}

func TestTheSameListGivesTheSamePicosecondsEverywhere(t *testing.T) {
	tree := newFatTree(4)
	// Sizes and starts from integers alone, so that no mathematical library has a say.
	random := splitMix(3)
	jobs := make([]job, 3000)
	for i := range jobs {
		from := random.below(16)
		to := (from + 1 + random.below(15)) % 16
		start := fluid.Time(i)*100_000_000 + fluid.Time(random.below(100_000_000))
		jobs[i] = job{start, float64(10_000 + random.below(300_000)), tree.route(i, from, to, nil)}
	}
	first, second := play(tree.capacities(125e6), jobs), play(tree.capacities(125e6), jobs)
	if !slices.Equal(first.finish, second.finish) {
		t.Error("two runs differ")
	}
	const want = 0xb3e31b370006899c
	if got := fingerprint(first); got != want {
		t.Errorf("fingerprint %#x, want %#x", got, uint64(want))
	}
}
