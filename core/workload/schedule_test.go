package workload

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

func scheduled(t testing.TB, n *model.Network, f model.Flow, seed uint64) *Pacer {
	t.Helper()
	s, err := ScheduleOf(n, &f)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Pacer(random.New(seed))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheMeanRateOfEveryPatternIsTheFlows(t *testing.T) {
	n := star(t, 2, 1e9)
	n.Distributions = []model.Distribution{{ID: "mine", Points: []model.SizePoint{{Size: 0, Share: 0.2}, {Size: 100, Share: 0.5}, {Size: 3000, Share: 1}}}}
	for _, c := range []struct {
		pattern string
		share   float64 // of the time in which it sends
		within  float64
	}{
		{"poisson", 1, 0.01},
		{"constant packets=uniform(64B,1514B)", 1, 0.005},
		{"poisson packets=exponential(500B)", 1, 0.015},
		{"poisson packets=pareto(1.5,400B)", 1, 0.015},
		{"gaps=uniform(1,3) packets=imix", 1, 0.01},
		{"gaps=mine packets=mine", 1, 0.015},
		{"gaps=pareto(2.5)", 1, 0.02},
		{"on-off on=exponential(3ms) off=exponential(7ms)", 0.3, 0.03},
		{"on-off gaps=exponential on=5ms off=uniform(1ms,9ms)", 0.5, 0.03},
		{"on-off on=10ms off=10ms", 0.5, 0.01},
	} {
		f := model.Flow{ID: "f", From: 1, To: 2, Rate: 50e6, Duration: 20 * model.Second, Pattern: c.pattern}
		p := scheduled(t, n, f, 3)
		sum, last, count := 0.0, model.Time(-1), 0
		for {
			at, payload, ok := p.Next()
			if !ok {
				break
			}
			if at < last || at >= f.Duration || payload < 16 || payload > 1514-42 {
				t.Fatalf("%s: %d bytes at %s, after %s", c.pattern, payload, at, last)
			}
			last = at
			sum += float64(payload)
			count++
		}
		if got := sum * 8 / 20 / 50e6; math.Abs(got/c.share-1) > c.within {
			t.Errorf("%s: %.4f of the rate, want %.4f (%d packets)", c.pattern, got, c.share, count)
		}
	}
}

func TestAScheduleThatTravelledGivesTheSamePackets(t *testing.T) {
	n := star(t, 2, 1e9)
	n.Distributions = []model.Distribution{{ID: "mine", Points: []model.SizePoint{{Size: 60, Share: 0}, {Size: 900, Share: 1}}}}
	f := model.Flow{ID: "f", From: 1, To: 2, Rate: 5e6, Size: 300_000, Pattern: "on-off gaps=mine on=exponential(10ms) off=pareto(1.5,10ms) packets=mine"}
	s, err := ScheduleOf(n, &f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var far Schedule
	if err := json.Unmarshal(text, &far); err != nil {
		t.Fatal(err)
	}
	a, _ := s.Pacer(random.New(9))
	b, err := far.Pacer(random.New(9))
	if err != nil {
		t.Fatal(err)
	}
	other := scheduled(t, n, f, 10)
	sum, same := model.Size(0), true
	for {
		at, payload, ok := a.Next()
		at2, payload2, ok2 := b.Next()
		at3, _, _ := other.Next()
		if at != at2 || payload != payload2 || ok != ok2 {
			t.Fatalf("%s %d %v, there %s %d %v", at, payload, ok, at2, payload2, ok2)
		}
		same = same && at == at3
		if sum += payload; !ok {
			break
		}
	}
	if sum != f.Size || same {
		t.Errorf("%d bytes of %d; another seed gives the same: %v", sum, f.Size, same)
	}
}

func TestGapsStayAsTheyAreWhenSizesChange(t *testing.T) {
	n := star(t, 2, 1e9)
	f := model.Flow{ID: "f", From: 1, To: 2, Rate: 1e6, Duration: model.Second, Pattern: "poisson packets=500B"}
	g := f
	g.Pattern = "poisson packets=uniform(400B,600B)"
	a, b := scheduled(t, n, f, 1), scheduled(t, n, g, 1)
	for {
		at, _, ok := a.Next()
		at2, _, _ := b.Next()
		if !ok {
			break
		}
		if at != at2 {
			t.Fatalf("%s and %s", at, at2)
		}
	}
}

func TestEqualGapsComeAtOnceAndExactly(t *testing.T) {
	n := star(t, 2, 1e9)
	p := scheduled(t, n, model.Flow{ID: "f", From: 1, To: 2, Rate: 8e6, Packet: 1042, Size: 3500, Pattern: "constant"}, 1)
	want := []struct {
		at   model.Time
		size model.Size
	}{{0, 1000}, {model.Millisecond, 1000}, {2 * model.Millisecond, 1000}, {3 * model.Millisecond, 500}}
	for _, w := range want {
		if at, size, ok := p.Next(); at != w.at || size != w.size || !ok {
			t.Errorf("%d bytes at %s, want %d at %s", size, at, w.size, w.at)
		}
	}
	if _, _, ok := p.Next(); ok {
		t.Error("it sends on")
	}
}

func TestOnAndOffTimesAreKept(t *testing.T) {
	n := star(t, 2, 1e9)
	p := scheduled(t, n, model.Flow{ID: "f", From: 1, To: 2, Rate: 8e6, Packet: 1042, Duration: model.Second, Pattern: "on-off on=10ms off=90ms"}, 1)
	count := 0
	for {
		at, _, ok := p.Next()
		if !ok {
			break
		}
		if at%(100*model.Millisecond) >= 10*model.Millisecond {
			t.Errorf("a packet at %s", at)
		}
		count++
	}
	if count != 100 {
		t.Errorf("%d packets, want 100", count)
	}
}

// Property: what is accepted ends, in order, within its bounds.
func TestEverySchedulesPacketsAreInOrder(t *testing.T) {
	n := star(t, 2, 1e9)
	gaps := rapid.SampledFrom([]string{"", "gaps=exponential", "gaps=pareto(1.1)", "gaps=uniform(0,1)", "gaps=constant"})
	packets := rapid.SampledFrom([]string{"", "packets=imix", "packets=exponential(64B)", "packets=pareto(1.01,65000B)", "packets=uniform(0B,65000B)", "packets=1B"})
	source := rapid.SampledFrom([]string{"", "on-off on=exponential(1ms) off=pareto(1.1,1s)", "on-off on=uniform(0s,1ms) off=1ps", "on-off on=pareto(1.01,1us) off=1h"})
	rapid.Check(t, func(t *rapid.T) {
		text := source.Draw(t, "source") + " " + gaps.Draw(t, "gaps") + " " + packets.Draw(t, "packets")
		f := model.Flow{ID: "f", From: 1, To: 2, Rate: model.Rate(rapid.Int64Range(1, 1e11).Draw(t, "rate")), Packet: model.Size(rapid.Int64Range(0, 65549).Draw(t, "packet")),
			Duration: model.Time(rapid.Int64Range(0, 1e12).Draw(t, "span")), Size: model.Size(rapid.Int64Range(0, 1e6).Draw(t, "size")), Pattern: text, Transport: model.UDP}
		s, err := ScheduleOf(n, &f)
		if err != nil || s == nil {
			return
		}
		p, err := s.Pacer(random.New(1))
		if err != nil {
			t.Fatal(err)
		}
		last, sum := model.Time(0), model.Size(0)
		for range 2000 {
			at, size, ok := p.Next()
			if !ok {
				break
			}
			if at < last || f.Duration > 0 && at >= f.Duration || size < 1 || size > 65535 {
				t.Fatalf("%q: %d bytes at %s after %s", text, size, at, last)
			}
			last, sum = at, sum+size
		}
		if f.Size > 0 && sum > f.Size {
			t.Fatalf("%d bytes of %d", sum, f.Size)
		}
	})
}

func TestSchedulesThatCannotBeAreRefused(t *testing.T) {
	n := star(t, 2, 1e9)
	for name, c := range map[string]struct {
		f    model.Flow
		code fault.Code
	}{
		"no pattern":             {model.Flow{Pattern: "bursty", Rate: 1}, fault.BadNumber},
		"tcp":                    {model.Flow{Pattern: "poisson", Rate: 1, Transport: model.TCP, Size: 1}, fault.FlowConflict},
		"a fluid":                {model.Flow{Pattern: "poisson", Rate: 1, Granularity: model.GranularityFlow}, fault.FlowConflict},
		"no rate":                {model.Flow{Pattern: "poisson", Transport: model.UDP, Size: 5}, fault.FlowIncomplete},
		"an unknown name":        {model.Flow{Pattern: "packets=mine", Rate: 1e6}, fault.UnknownReference},
		"no room":                {model.Flow{Pattern: "packets=64B", Rate: 1e6, Packet: 50}, fault.OutOfRange},
		"bursts that are nobody": {model.Flow{Pattern: "on-off on=1ps off=1ps", Rate: 1}, fault.OutOfRange},
	} {
		if _, err := ScheduleOf(n, &c.f); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
