package sim_test

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"sendim/core/model"
	"sendim/descriptors"
	"sendim/sim"
)

// lot is fluid flows over a chain of links: flow i takes the links from first to last. All
// else that they cross has no rate.
type lot struct {
	capacity []float64 // bit/s
	flows    []lotFlow
}

type lotFlow struct {
	start       float64 // s
	size        float64 // bytes
	first, last int
}

func (l *lot) descriptor() string {
	var b strings.Builder
	fmt.Fprintln(&b, "<system>")
	for i := range len(l.capacity) + 1 {
		fmt.Fprintf(&b, `<node id="s%d" type="switch"/>`+"\n", i)
	}
	for i, c := range l.capacity {
		fmt.Fprintf(&b, `<link from="s%d" to="s%d" rate="%.0fbps"/>`+"\n", i, i+1, c)
	}
	for i, f := range l.flows {
		fmt.Fprintf(&b, `<node id="a%d" type="host"><link to="s%d"/></node><node id="b%d" type="host"><link to="s%d"/></node>`+"\n", i, f.first, i, f.last+1)
		// The first second is for the resolution of addresses.
		fmt.Fprintf(&b, `<flow id="ping%d" from="a%d" to="b%d" transport="icmp" count="1"/>`, i, i, i)
		fmt.Fprintf(&b, `<flow id="f%d" from="a%d" to="b%d" start="%.0fns" size="%.0fB" granularity="flow" transport="tcp"/>`+"\n", i, i, i, 1e9+1e9*f.start, f.size)
	}
	fmt.Fprintln(&b, "</system>")
	return b.String()
}

// simulate gives the finish of each flow, in seconds.
func (l *lot) simulate(t *testing.T) []float64 {
	read, _, err := descriptors.Decode(fstest.MapFS{"a.xml": {Data: []byte(l.descriptor())}}, descriptors.Options{}, "a.xml")
	if err != nil {
		t.Fatal(err, l.descriptor())
	}
	d := newDiary()
	b := startOn(t, sim.Backend{}, read.Model, &router{}, d)
	b.run(model.Forever)
	b.close()
	out := make([]float64, len(l.flows))
	for i := range out {
		out[i] = (d.results()[fmt.Sprint("f", i)].Finish - model.Second).Seconds()
	}
	return out
}

// solve works the finishes out by brute force: at every start and finish all rates anew, by
// letting them rise together until something is full.
func (l *lot) solve() []float64 {
	n := len(l.flows)
	left, finish := make([]float64, n), make([]float64, n)
	for i, f := range l.flows {
		left[i], finish[i] = 8*f.size, math.Inf(1)
	}
	for now, open := 0.0, n; open > 0; {
		rate, frozen := make([]float64, n), make([]bool, n)
		active := func(i int) bool { return l.flows[i].start <= now && math.IsInf(finish[i], 1) }
		for {
			level := math.Inf(1)
			for k, c := range l.capacity {
				moving := 0
				for i, f := range l.flows {
					if active(i) && f.first <= k && k <= f.last {
						if frozen[i] {
							c -= rate[i]
						} else {
							moving++
						}
					}
				}
				if moving > 0 {
					level = min(level, c/float64(moving))
				}
			}
			if math.IsInf(level, 1) {
				break
			}
			for k, c := range l.capacity {
				moving := 0
				for i, f := range l.flows {
					if active(i) && f.first <= k && k <= f.last {
						if frozen[i] {
							c -= rate[i]
						} else {
							moving++
						}
					}
				}
				if moving > 0 && c/float64(moving) <= level*(1+1e-12) {
					for i, f := range l.flows {
						if active(i) && !frozen[i] && f.first <= k && k <= f.last {
							rate[i], frozen[i] = level, true
						}
					}
					break
				}
			}
		}
		next := math.Inf(1)
		for i, f := range l.flows {
			if f.start > now {
				next = min(next, f.start)
			} else if active(i) {
				next = min(next, now+left[i]/rate[i])
			}
		}
		for i := range l.flows {
			if active(i) {
				ends := now + left[i]/rate[i]
				left[i] -= rate[i] * (next - now)
				if ends <= next*(1+1e-13) {
					finish[i] = next
					open--
				}
			}
		}
		now = next
	}
	return finish
}

func (l *lot) check(t *testing.T, want []float64) {
	t.Helper()
	for i, got := range l.simulate(t) {
		if math.Abs(got-want[i]) > 1e-9*want[i]+1e-12 { // times are whole picoseconds
			t.Errorf("flow %d ends at %.12g s, want %.12g s", i, got, want[i])
		}
	}
}

func TestFlowsInTheLanguageShareAsTheClosedFormsSay(t *testing.T) {
	const c, s = 1e9, 1e6 // bit/s, bytes
	t.Run("dumbbell", func(t *testing.T) {
		l := lot{capacity: []float64{c}}
		var want []float64
		sum := 0.0
		for i := range 10 {
			l.flows = append(l.flows, lotFlow{0, s * float64(i+1), 0, 0})
			sum += float64(10-i) * s * 8 / c
			want = append(want, sum)
		}
		l.check(t, want)
	})
	t.Run("late arrival", func(t *testing.T) {
		l := lot{[]float64{c}, []lotFlow{{0, 2 * s, 0, 0}, {0.008, s, 0, 0}}}
		l.check(t, []float64{0.024, 0.024})
	})
	for _, n := range []int{2, 5, 20} {
		t.Run(fmt.Sprint("parking lot of ", n), func(t *testing.T) {
			l, want := lot{flows: []lotFlow{{0, 2 * s, 0, n - 1}}}, []float64{0.024}
			for i := range n {
				l.capacity = append(l.capacity, c)
				l.flows = append(l.flows, lotFlow{0, s, i, i})
				want = append(want, 0.016)
			}
			l.check(t, want)
		})
	}
}

// TestMinimaThatDoNotFitAreWeights: classes whose minima are more than a link has share it in
// proportion to them.
func TestMinimaThatDoNotFitAreWeights(t *testing.T) {
	text := `<system>
  <class id="one" min="200Mbps"/><class id="two" min="400Mbps"/><class id="three" min="600Mbps"/>
  <node id="s1" type="switch"><link to="s2" rate="600Mbps"/></node><node id="s2" type="switch"/>
  <hosts per="s1" count="3" prefix="a-"/><hosts per="s2" count="3" prefix="b-"/>
  <flow id="f1" from="a-s1-1" to="b-s2-1" start="1s" size="1MB" granularity="flow" transport="tcp" class="one"/>
  <flow id="f2" from="a-s1-2" to="b-s2-2" start="1s" size="2MB" granularity="flow" transport="tcp" class="two"/>
  <flow id="f3" from="a-s1-3" to="b-s2-3" start="1s" size="6MB" granularity="flow" transport="tcp" class="three"/>
  <test><reachable from="*" to="*"/></test>
</system>`
	read, _, err := descriptors.Decode(fstest.MapFS{"a.xml": {Data: []byte(text)}}, descriptors.Options{}, "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // addresses are resolved in the first second
		read.Model.Flows = append(read.Model.Flows, model.Flow{ID: fmt.Sprint("ping", i), From: read.Model.Flows[i].From, To: read.Model.Flows[i].To, Transport: model.ICMP, Count: 1})
	}
	d := newDiary()
	b := startOn(t, sim.Backend{}, read.Model, &router{}, d)
	b.run(model.Forever)
	b.close()
	// 100, 200 and 300 Mbit/s; the third has 3 MB left when the others end, and all of the link.
	for id, want := range map[string]float64{"f1": 0.08, "f2": 0.08, "f3": 0.12} {
		if got := (d.results()[id].Finish - model.Second).Seconds(); math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s ends at %.12g s, want %g s", id, got, want)
		}
	}
}

func TestFlowsInTheLanguageShareAsBruteForceSays(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 5))
		l := lot{}
		for range 1 + r.IntN(6) {
			l.capacity = append(l.capacity, float64(1+r.IntN(1000))*1e6)
		}
		for range 1 + r.IntN(15) {
			a, b := r.IntN(len(l.capacity)), r.IntN(len(l.capacity))
			l.flows = append(l.flows, lotFlow{float64(r.IntN(50)) / 1000, float64(1 + r.IntN(2e6)), min(a, b), max(a, b)})
		}
		l.check(t, l.solve())
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, l)
		}
	}
}

// TestReferenceCasesOfSharingInTheLanguage reads the closed forms of the reference folder
// whose links are a chain, or can be put into one.
func TestReferenceCasesOfSharingInTheLanguage(t *testing.T) {
	dir := os.Getenv("SENDIM_REFERENCE")
	files, _ := filepath.Glob(filepath.Join(dir, "performance/analytic/*.txt"))
	if dir == "" || len(files) == 0 {
		t.Skip("SENDIM_REFERENCE names no folder with performance/analytic")
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		l, want, chain := lot{}, map[int]float64{}, true
		for lines := bufio.NewScanner(f); lines.Scan(); {
			field := strings.Fields(lines.Text())
			number := func(i int) float64 { v, _ := strconv.ParseFloat(field[i], 64); return v }
			switch field[0] {
			case "link":
				l.capacity = append(l.capacity, 8*number(1))
			case "flow":
				x := lotFlow{start: number(1), size: number(2), first: int(number(3)), last: int(number(len(field) - 1))}
				for i := range field[4:] {
					chain = chain && number(4+i) == number(3+i)+1
				}
				l.flows = append(l.flows, x)
			case "expect":
				want[int(number(1))] = number(2)
			}
		}
		f.Close()
		if !chain {
			t.Logf("%s is no chain", filepath.Base(name))
			continue
		}
		for i, got := range l.simulate(t) {
			if w, ok := want[i]; ok && math.Abs(got-w) > 1e-9*w {
				t.Errorf("%s: flow %d ends at %.12g s, want %.12g s", filepath.Base(name), i, got, w)
			}
		}
	}
}
