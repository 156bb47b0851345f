package cost

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sendim/core/model"
)

func shapes() []Size {
	return []Size{{2, 2, 3, 4, 0, 0}, {24, 1, 24, 24, 0, 0}, {24, 24, 47, 70, 0, 0}, {12, 12, 78, 144, 0, 0}, {24, 24, 47, 70, 24, 0}}
}

func TestFiguresAreFoundAgainInWhatTheyExplain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Usage {
			v := func(what string) float64 { return rapid.Float64Range(0, 10).Draw(t, name+" "+what) }
			return Usage{v("seconds"), v("bytes"), v("processes"), v("files"), v("own files"), v("terminals"), 0}
		}
		truth := &Figures{Base: draw("base"), Host: draw("host"), Switch: draw("switch"), Port: draw("port"), Agent: draw("agent")}
		var samples []Sample
		for _, s := range shapes() {
			u := truth.Estimate(s)
			samples = append(samples, Sample{s, u})
		}
		got := Fit(samples, time.Now())
		want, is := truth.Estimate(Size{100, 50, 400, 700, 30, 0}), got.Estimate(Size{100, 50, 400, 700, 30, 0})
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
		for _, u := range []Usage{f.Base, f.Host, f.Switch, f.Port, f.Agent} {
			if u.Seconds < 0 || u.Memory != 0 {
				t.Errorf("%+v", f)
			}
		}
		more := f.Estimate(Size{30, 30, 90, 150, 0, 0}).Seconds
		if less := f.Estimate(Size{3, 3, 9, 15, 0, 0}).Seconds; less > more || math.IsNaN(more) {
			t.Errorf("a small network takes %v s, a large one %v", less, more)
		}
	})
}

// The time per node of large chains was measured; the figures of small ones explain it. A
// star has fewer ports to a node than a chain, a mesh more; what it took is of a busy machine,
// in seconds of its processors.
func TestTheTimeOfLargeNetworksGrowsAsMeasured(t *testing.T) {
	chain := func(nodes int) Size {
		return Size{Hosts: nodes / 2, Switches: nodes / 2, Links: nodes - 1, Ports: nodes/2*3 - 2}
	}
	star := func(hosts int) Size { return Size{Hosts: hosts, Switches: 1, Links: hosts, Ports: hosts} }
	script := &Figures{Host: Usage{Seconds: 0.0165}, Switch: Usage{Seconds: 0.0165}}
	native := &Figures{Base: Usage{Seconds: 0.05}, Host: Usage{Seconds: 0.7e-3}, Switch: Usage{Seconds: 1.1e-3}, Port: Usage{Seconds: 0.7e-3}}
	for _, c := range []struct {
		figures *Figures
		what    string
		size    Size
		seconds float64
	}{
		{script, "chain of 200 in Mininet", chain(200), 3.3},
		{script, "chain of 400 in Mininet", chain(400), 7.2},
		{script, "chain of 800 in Mininet", chain(800), 16},
		{script, "chain of 1,800 in Mininet", chain(1800), 59},
		{native, "chain of 200 in native", chain(200), 0.41},
		{native, "chain of 400 in native", chain(400), 0.81},
		{native, "chain of 800 in native", chain(800), 1.89},
		{native, "chain of 1,800 in native", chain(1800), 7.1},
		{native, "star of 400 in native", star(400), 0.77},
	} {
		got := c.figures.Estimate(c.size).Seconds
		if got < 0.77*c.seconds || got > 1.3*c.seconds {
			t.Errorf("%s: estimated %.2f s, measured %.2f s", c.what, got, c.seconds)
		}
	}
	mesh := Size{Hosts: 60, Switches: 60, Links: 1830, Ports: 3600}
	if got, linear := native.Estimate(mesh).Seconds, 0.05+60*1.8e-3+3600*0.7e-3; got < 1.5*linear {
		t.Errorf("many ports weigh as little as few: %.2f s, and %.2f s without growth", got, linear)
	}
}

// What a start took on a quiet machine with two cores, in seconds, is found again from what
// doctor measures: chains of up to 200 nodes, and for an emulator that is quick one of 800.
func TestTheTimeOfLargeNetworksIsFoundFromSmallOnes(t *testing.T) {
	chain := func(nodes int) Size {
		return Size{Hosts: nodes / 2, Switches: nodes / 2, Links: nodes - 1, Ports: nodes/2*3 - 2}
	}
	star := Size{Hosts: 100, Switches: 1, Links: 100, Ports: 100}
	sample := func(s Size, seconds float64) Sample { return Sample{s, Usage{Seconds: seconds}} }
	for _, c := range []struct {
		world    string
		measured []Sample
		want     map[int]float64
		within   float64
	}{
		{"native, with a large one", []Sample{sample(chain(4), 0.07), sample(star, 0.2), sample(chain(48), 0.19), sample(chain(200), 0.60), sample(chain(800), 2.6)},
			map[int]float64{400: 1.10, 1000: 3.5, 1800: 8.5}, 0.15},
		{"native, without", []Sample{sample(chain(4), 0.07), sample(star, 0.2), sample(chain(48), 0.19), sample(chain(200), 0.60)},
			map[int]float64{400: 1.10, 800: 2.6, 1000: 3.5, 1800: 8.5}, 0.25},
		{"Mininet", []Sample{sample(chain(4), 0.8), sample(star, 2.2), sample(chain(48), 1.9), sample(chain(200), 5.4)},
			map[int]float64{400: 9.7, 800: 20.5}, 0.15},
		{"Mininet on a machine half as fast in large networks", []Sample{sample(chain(4), 0.1), sample(chain(50), 0.9), sample(chain(100), 1.7), sample(chain(200), 3.3)},
			map[int]float64{400: 7.2, 800: 16, 1800: 59}, 0.15},
	} {
		f := Fit(c.measured, time.Now())
		for nodes, want := range c.want {
			if got := f.Estimate(chain(nodes)).Seconds; math.Abs(got/want-1) > c.within {
				t.Errorf("%s: %d nodes are estimated at %.2f s and took %.2f s (growth %v)", c.world, nodes, got, want, f.Growth)
			}
		}
	}
}

func TestTheGrowthOfLargeNetworksIsFoundAgain(t *testing.T) {
	chain := func(nodes int) Size {
		return Size{Hosts: nodes / 2, Switches: nodes / 2, Links: nodes - 1, Ports: nodes/2*3 - 2}
	}
	for _, by := range []float64{1000, 1850, 3000} {
		truth := &Figures{Base: Usage{Seconds: 0.1}, Switch: Usage{Seconds: 2e-3}, Port: Usage{Seconds: 1e-3}, Growth: by}
		var samples []Sample
		for _, nodes := range []int{4, 50, 200, 800} {
			samples = append(samples, Sample{chain(nodes), truth.Estimate(chain(nodes))})
		}
		f := Fit(samples, time.Now())
		if got, want := f.Estimate(chain(1600)).Seconds, truth.Estimate(chain(1600)).Seconds; math.Abs(got/want-1) > 0.03 {
			t.Errorf("with a growth of %v, %.2f s are estimated and not %.2f s (%v was found)", by, got, want, f.Growth)
		}
		if small := Fit(samples[:3], time.Now()); small.Growth != 0 {
			t.Errorf("small networks tell of a growth of %v", small.Growth)
		}
	}
}

func TestWhatIsTooLittleIsNamed(t *testing.T) {
	has := Limits{Memory: 1 << 30, Processes: 100, Files: -1, Own: -1, Terminals: 10, Namespaces: 3, Handles: -1}
	if lacks := has.Lacks(Usage{Memory: 1 << 30, Processes: 100, Files: 1e9, Terminals: 10}); lacks != nil {
		t.Errorf("all fits, the unknown is not held against it, and yet: %v", lacks)
	}
	lacks := has.Lacks(Usage{Memory: 2 << 30, Processes: 100.5, Terminals: 11, Namespaces: 3})
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
	b.Worlds["mininet"] = Fit([]Sample{{Size{1, 1, 1, 1, 0, 0}, Usage{Seconds: 1}}}, time.Now())
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

func TestWhatTheMachineHasLeftIsRead(t *testing.T) {
	unknown := Limits{Memory: -1, Processes: -1, Terminals: -1, Namespaces: -1, Handles: -1}
	for _, c := range []struct {
		what  string
		files map[string]string
		want  func(*Limits)
	}{
		{"nothing is known", nil, func(*Limits) {}},
		{"control groups of version 1", map[string]string{"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   2048 kB\n", "proc/loadavg": "0.1 0.2 0.3 2/500 77\n",
			"proc/sys/kernel/pid_max": "32768\n", "proc/sys/kernel/threads-max": "20000\n", "proc/sys/user/max_net_namespaces": "1000\n",
			"proc/sys/fs/file-nr": "900\t0\t1000\n", "proc/sys/kernel/pty/max": "4096\n", "proc/sys/kernel/pty/nr": "6\n",
			"proc/self/cgroup": "8:pids:/user\n0::/\n", "sys/fs/cgroup/pids/user/pids.max": "900\n", "sys/fs/cgroup/pids/user/pids.current": "100\n"},
			func(l *Limits) {
				l.Memory, l.Processes, l.Namespaces, l.Handles, l.Terminals = spare*(2<<20), 800, 1000, 100, 4090
			}},
		{"control groups of version 2 without a limit of their own", map[string]string{"proc/loadavg": "0.1 0.2 0.3 2/500 77\n", "proc/sys/kernel/pid_max": "32768\n",
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/pids.max": "max\n", "sys/fs/cgroup/a/b/pids.current": "100\n",
			"sys/fs/cgroup/a/pids.max": "150\n", "sys/fs/cgroup/a/pids.current": "100\n"},
			func(l *Limits) { l.Processes = 50 }},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, want := machine(root).limits(), unknown
		c.want(&want)
		want.Own, want.Files = got.Own, got.Files // of this very process
		if got != want || got.Own <= 0 || got.Files < got.Own {
			t.Errorf("%s: %+v, want %+v", c.what, got, want)
		}
	}
}

// linked is a network of switches and hosts, by links of two names each.
func linked(t *testing.T, links ...[2]string) *model.Network {
	t.Helper()
	b := model.NewBuilder("test")
	id := b.SpecID(model.LinkSpec{})
	for _, l := range links {
		for _, name := range l {
			kind := model.Host
			if name[0] == 's' {
				kind = model.Switch
			}
			b.Declare([]byte(name), kind)
		}
		b.Link(model.LinkDraft{A: b.Ref([]byte(l[0])), B: b.Ref([]byte(l[1])), APort: model.AutoPort, BPort: model.AutoPort, Spec: id, Back: id})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestANetworkIsCountedWithWhoSendsAndWhoAnswers(t *testing.T) {
	n := linked(t, [2]string{"h1", "s1"}, [2]string{"h2", "s1"}, [2]string{"s1", "s2"}, [2]string{"h3", "s2"}, [2]string{"h4", "s2"})
	id := func(name string) model.NodeID {
		for i := range n.NodeCount() {
			if n.NodeName(model.NodeID(i)) == name {
				return model.NodeID(i)
			}
		}
		t.Fatal(name)
		return 0
	}
	if got := SizeOf(n, nil); got != (Size{Hosts: 4, Switches: 2, Links: 5, Ports: 6}) {
		t.Errorf("%+v", got)
	}
	n.Services = []model.Service{{ID: "web", Members: []model.Member{{Node: id("h3")}, {Node: id("h4")}}}}
	n.StaticARP = true
	flows := []model.Flow{{From: id("h1"), To: id("h2"), Transport: model.ICMP}, {From: id("h1"), To: model.NoNode, Service: "web"}}
	if got := SizeOf(n, flows); got != (Size{Hosts: 4, Switches: 2, Links: 5, Ports: 6, Agents: 3, Known: 12}) {
		t.Errorf("a host that answers pings needs no agent, servers of a pool do: %+v", got)
	}
}

func TestOneAccountSaysWhatIsShort(t *testing.T) {
	size := Size{Hosts: 2, Switches: 1, Links: 2, Ports: 2, Agents: 2}
	plenty := Limits{Memory: 1 << 40, Processes: 1 << 20, Files: 1 << 16, Own: 1 << 16, Terminals: 100, Namespaces: -1, Handles: -1}
	var nobody *Book
	byScript, byHand := nobody.Account("mininet", size, plenty), nobody.Account(Native, size, plenty)
	if byScript.Needs.Processes != byHand.Needs.Processes+3 || byScript.Needs.Terminals != 4 || byHand.Needs.Terminals != 0 || byHand.Needs.Namespaces != 3 || byHand.Timed {
		t.Errorf("%+v %+v", byScript, byHand)
	}
	for _, c := range []struct {
		what string
		cut  func(*Limits)
		want []string
	}{
		{"there is room", func(*Limits) {}, nil},
		{"memory is short", func(l *Limits) { l.Memory = 1 << 20 }, []string{"of memory"}},
		{"namespaces and processes are short", func(l *Limits) { l.Namespaces, l.Processes = 1, 3 }, []string{"88 processes and there are 3 (sysctl", "3 network namespaces and there are 1"}},
		{"files are short", func(l *Limits) { l.Files, l.Own, l.Handles = 10, 20, 30 }, []string{"266 open files in one process", "267 open files in sendim itself", "533 open files on the whole machine"}},
	} {
		has := plenty
		c.cut(&has)
		bill := nobody.Account(Native, size, has)
		if len(bill.Lacks) != len(c.want) || (bill.Err() == nil) != (c.want == nil) {
			t.Errorf("%s: %q", c.what, bill.Lacks)
		}
		for _, w := range c.want {
			if err := bill.Err(); err != nil && (!strings.Contains(err.Error(), w) || !strings.HasPrefix(err.Error(), "this machine has no room for 3 nodes and 2 links in native: ")) {
				t.Errorf("%s: %v, want %q", c.what, err, w)
			}
		}
	}
}

func TestANetworkThatLivesNeedsRoomForWhatItGainsOnly(t *testing.T) {
	from, to := Size{Hosts: 1000, Switches: 1000, Links: 1999, Ports: 2998}, Size{Hosts: 1001, Switches: 1000, Links: 2000, Ports: 2999}
	has := Limits{Memory: 10 << 20, Processes: 100, Files: 1 << 20, Own: 1 << 20, Terminals: 10, Namespaces: 5, Handles: -1}
	var book *Book
	if lacks := book.Growth("mininet", from, to, has).Lacks; lacks != nil {
		t.Error(lacks)
	}
	has.Files = 100 // of one process: those that are open already count
	if lacks := book.Growth("mininet", from, to, has).Lacks; len(lacks) != 1 || !strings.Contains(lacks[0], "open files in one process") {
		t.Error(lacks)
	}
	if lacks := book.Account("mininet", to, has).Lacks; len(lacks) < 4 {
		t.Error(lacks)
	}
}

func TestTheMostThatFitsIsFoundWithWhatTheNextOneLacks(t *testing.T) {
	has := Limits{Memory: -1, Processes: -1, Files: 1000, Own: -1, Terminals: -1, Namespaces: -1, Handles: -1}
	var book *Book
	n, lack := book.Most(Native, has)
	at := func(n int) []string {
		return book.Account(Native, Size{Hosts: n, Switches: n, Links: 2*n - 1, Ports: 3*n - 2}, has).Lacks
	}
	if n == 0 || at(n) != nil || at(n+1) == nil || !strings.Contains(lack, "open files in one process") {
		t.Errorf("%d, %q; with it %v, with one more %v", n, lack, at(n), at(n+1))
	}
}
