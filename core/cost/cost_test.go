package cost

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func shapes() []Size {
	return []Size{{2, 2, 3, 0}, {24, 1, 24, 0}, {24, 24, 47, 0}, {12, 12, 78, 0}, {24, 24, 47, 24}}
}

func TestFiguresAreFoundAgainInWhatTheyExplain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Usage {
			v := func(what string) float64 { return rapid.Float64Range(0, 10).Draw(t, name+" "+what) }
			return Usage{v("seconds"), v("bytes"), v("processes"), v("files"), v("terminals")}
		}
		truth := &Figures{Base: draw("base"), Host: draw("host"), Switch: draw("switch"), Link: draw("link"), Agent: draw("agent")}
		var samples []Sample
		for _, s := range shapes() {
			u := truth.Estimate(s)
			u.Seconds = 0
			many := s.counts()
			for k, p := range truth.parts() { // small ones do not grow
				u.Seconds += many[k] * p.Seconds
			}
			samples = append(samples, Sample{s, u})
		}
		got := Fit(samples, time.Now())
		want, is := truth.Estimate(Size{100, 50, 400, 30}), got.Estimate(Size{100, 50, 400, 30})
		for i, w := range want.columns() {
			if v := *is.columns()[i]; math.Abs(v-*w) > 1e-3*math.Max(1, *w) {
				t.Errorf("column %d: %v, want %v", i, v, *w)
			}
		}
	})
}

func TestNoisyMeasurementsNeverMakeAnythingCostLessThanNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var samples []Sample
		for i, s := range shapes() {
			v := rapid.Float64Range(0, 5).Draw(t, string(rune('a'+i)))
			samples = append(samples, Sample{s, Usage{Seconds: v, Memory: -1}})
		}
		f := Fit(samples, time.Now())
		for _, u := range []Usage{f.Base, f.Host, f.Switch, f.Link, f.Agent} {
			if u.Seconds < 0 || u.Memory != 0 {
				t.Errorf("%+v", f)
			}
		}
		more := f.Estimate(Size{30, 30, 90, 0}).Seconds
		if less := f.Estimate(Size{3, 3, 9, 0}).Seconds; less > more || math.IsNaN(more) {
			t.Errorf("a small network takes %v s, a large one %v", less, more)
		}
	})
}

// The time per node of large chains was measured; the figures of small ones explain it.
func TestTheTimeOfLargeNetworksGrowsAsMeasured(t *testing.T) {
	f := &Figures{Host: Usage{Seconds: 0.0165}, Switch: Usage{Seconds: 0.0165}}
	for nodes, seconds := range map[int]float64{200: 3.3, 400: 7.2, 800: 16, 1800: 59} {
		got := f.Estimate(Size{Hosts: nodes / 2, Switches: nodes / 2, Links: nodes - 1}).Seconds
		if got < 0.8*seconds || got > 1.25*seconds {
			t.Errorf("%d nodes: estimated %.1f s, measured %.1f s", nodes, got, seconds)
		}
	}
}

func TestWhatIsTooLittleIsNamed(t *testing.T) {
	has := Limits{Memory: 1 << 30, Processes: 100, Files: -1, Terminals: 10}
	if lacks := has.Lacks(Usage{Memory: 1 << 30, Processes: 100, Files: 1e9, Terminals: 10}); lacks != nil {
		t.Errorf("all fits, the unknown is not held against it, and yet: %v", lacks)
	}
	lacks := has.Lacks(Usage{Memory: 2 << 30, Processes: 100.5, Terminals: 11})
	text := Sentence(lacks)
	if len(lacks) != 3 || !strings.Contains(text, "needs about 101 processes and there are 100") || !strings.Contains(text, "11 pseudo-terminals and there are 10") || !strings.Contains(text, "of memory") {
		t.Error(text)
	}
	if got := Machine(); got.Memory == 0 || got.Files == 0 {
		t.Errorf("this machine has %+v", got)
	}
}

func TestABookIsBelievedOnItsOwnMachineOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "cost.json")
	b, err := Load(path)
	if err != nil || b.World("mininet") != nil || b.World("mininet").Known() {
		t.Fatalf("%+v %v", b, err)
	}
	b.Worlds["mininet"] = Fit([]Sample{{Size{1, 1, 1, 0}, Usage{Seconds: 1}}}, time.Now())
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
	if again, err := Load(path); err != nil || !again.World("mininet").Known() {
		t.Errorf("%+v %v", again, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), Here(), "elsewhere", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if other, err := Load(path); err != nil || other.World("mininet") != nil {
		t.Errorf("%+v %v", other, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken, err := Load(path); err == nil || broken == nil || !strings.Contains(err.Error(), "sendim doctor --measure") {
		t.Errorf("%v %v", broken, err)
	}
}
