package report

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

func network(t testing.TB) *model.Network {
	t.Helper()
	b := model.NewBuilder("pair")
	for _, n := range []struct {
		name string
		kind model.NodeKind
	}{{"s1", model.Switch}, {"s2", model.Switch}, {"h1", model.Host}, {"h2", model.Host}} {
		b.Declare([]byte(n.name), n.kind)
	}
	spec := b.SpecID(model.LinkSpec{Rate: 10e6})
	for _, l := range [][2]string{{"s1", "s2"}, {"h1", "s1"}, {"h2", "s2"}} {
		b.Link(model.LinkDraft{A: b.Ref([]byte(l[0])), B: b.Ref([]byte(l[1])), APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// tcpFlow is a finished transfer from h1 to h2.
func tcpFlow(id string, rate float64) Flow {
	return Flow{FlowResult: trace.FlowResult{ID: id, From: "h1", To: "h2", Transport: "tcp", Start: 0, Finish: 10 * model.Second, Bytes: int64(rate * 10 / 8), Offered: int64(rate * 10 / 8),
		Rate: rate, Path: []string{"h1", "s1", "s2", "h2"}, Sent: 100, Received: 100, LatencyMin: model.Millisecond, LatencyMean: 1234567, LatencyMax: 2 * model.Millisecond}}
}

func results(world string, flows ...Flow) *Results {
	return &Results{Manifest: Manifest{ID: world + "-1", Backend: world, Network: "pair", State: Finished}, Flows: flows, Belief: Belief{Verdict: "valid"}}
}

func TestADiaryBecomesResults(t *testing.T) {
	c := NewCollector(network(t))
	done := tcpFlow("f", 8e6).FlowResult
	for _, e := range []trace.Entry{
		{At: 0, Kind: trace.FlowStart, Flow: "f", Result: &trace.FlowResult{ID: "f", From: "h1", To: "h2"}},
		{At: 0, Kind: trace.FlowStart, Flow: "g", Result: &trace.FlowResult{ID: "g", From: "h2", To: "h1"}},
		{At: model.Second, Kind: trace.LinkSample, Link: "h2--s2", Sample: &trace.Sample{From: "s2", To: "h2", Span: model.Second, Packets: 10, Bytes: 1e6, Rate: 10e6}},
		{At: model.Second, Kind: trace.LinkSample, Link: "s1--s2", Sample: &trace.Sample{From: "s1", To: "s2", Span: model.Second, Packets: 10, Bytes: 1e6, Rate: 10e6}},
		{At: 2 * model.Second, Kind: trace.LinkTotal, Link: "s1--s2", Sample: &trace.Sample{From: "s1", To: "s2", Span: 2 * model.Second, Packets: 12, Bytes: 1.25e6, Rate: 10e6, Drops: 3}},
		{At: 2 * model.Second, Kind: trace.LinkDown, Link: "s1--s2"},
		{At: 3 * model.Second, Kind: trace.FlowEnd, Flow: "f", Result: &done},
		{At: 3 * model.Second, Kind: trace.Warning, Text: "once"},
		{At: 3 * model.Second, Kind: trace.Warning, Text: "once"},
	} {
		c.Emit(&e)
	}
	if got := c.DownLinks(); !cmp.Equal(got, []string{"s1--s2"}) {
		t.Errorf("links down: %v", got)
	}
	r := c.Finish(Manifest{ID: "x"}, nil)
	if len(r.Flows) != 2 || !r.Flows[0].Finished() || r.Flows[1].Finished() || r.Flows[1].From != "h2" {
		t.Errorf("flows: %+v", r.Flows)
	}
	if len(r.Links) != 2 || r.Links[0].Name != "s1--s2" {
		t.Fatalf("links are not in the order of the model: %+v", r.Links)
	}
	if l := r.Links[0]; l.Bytes != 1.25e6 || l.Drops != 3 || math.Abs(l.Utilisation-0.5) > 1e-12 || math.Abs(l.Peak-0.8) > 1e-12 {
		t.Errorf("a total does not win over samples: %+v", l)
	}
	if len(r.Warnings) != 1 || r.End != 3*model.Second || len(r.Topology.Nodes) != 4 {
		t.Errorf("%+v", r)
	}
}

func TestADirectoryGivesBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := results("mininet", tcpFlow("a", 5e6), tcpFlow("b, \"c\"\n", rapid.Float64Range(0, 1e12).Draw(rt, "rate")))
		r.Flows[1].Finish = model.Time(rapid.Int64Range(-1, 1<<60).Draw(rt, "finish"))
		r.Flows[1].Path = nil
		r.Flows[0].Servers = rapid.SampledFrom([][]trace.Served{nil, {{Node: "h2", Bytes: r.Flows[0].Bytes}}, {{Node: "New York 1", Bytes: r.Flows[0].Bytes}},
			{{Node: "h2", Bytes: 5}, {Node: "h3", Bytes: 7}}, {{Node: "h2", Bytes: 5}, {Node: "New York 1", Bytes: 7}}}).Draw(rt, "servers")
		r.Links = []Link{{Name: "s1--s2", From: "s1", To: "s2", Rate: 10e6, Packets: 5, Bytes: 6, Drops: 7, Utilisation: rapid.Float64Range(0, 1).Draw(rt, "u"), Peak: 1, Measured: 9.7e6}}
		r.Tests = []trace.Verdict{{Name: "t", Passed: true, Expected: "x", Measured: "y"}}
		r.Pings = []trace.PingResult{{From: "h1", To: "h2", Sent: 1, Received: 1, Min: 1, Mean: 2, Max: 3}}
		r.Tables = []Table{{Switch: "s1", Rules: []flow.RuleStat{{Rule: flow.Rule{Priority: 5, Match: flow.Match{}.With(flow.InPort, 1), Apply: []flow.Action{flow.Out(2)}}}}}}
		dir := fstest.MapFS{}
		for _, f := range r.Files() {
			var b bytes.Buffer
			if err := f.Write(&b); err != nil {
				rt.Fatal(err)
			}
			dir[f.Name] = &fstest.MapFile{Data: b.Bytes()}
		}
		got, err := Read(dir)
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(r, got); d != "" {
			rt.Fatal(d)
		}
	})
}

func TestAPathComesBackWhateverItsNodesAreCalled(t *testing.T) {
	for text, path := range map[string][]string{"h1 s1 h2": {"h1", "s1", "h2"}, "h1,New York 1,h2": {"h1", "New York 1", "h2"}} {
		if got := joinPath(path); got != text {
			t.Errorf("%q is written %q, want %q", path, got, text)
		}
		if got := splitPath(text); !slices.Equal(got, path) {
			t.Errorf("%q is read as %q, want %q", text, got, path)
		}
	}
}

func TestSecondsAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := model.Time(rapid.Int64Range(-1<<62, 1<<62).Filter(func(v int64) bool { return v != -1 }).Draw(rt, "t"))
		if got, err := parseSeconds(seconds(v)); err != nil || got != v {
			rt.Fatalf("%d -> %q -> %d %v", v, seconds(v), got, err)
		}
	})
}

func TestCompare(t *testing.T) {
	full := []Link{{Name: "s1--s2", From: "s1", To: "s2", Rate: 10e6, Bytes: 1e7, Utilisation: 0.99, Peak: 1}}
	with := func(r *Results, change func(*Results)) *Results { change(r); return r }
	rule := func(cookie uint64, idle uint16, out uint32) flow.RuleStat {
		return flow.RuleStat{Rule: flow.Rule{Priority: 5, Cookie: cookie, Idle: idle, Match: flow.Match{}.With(flow.InPort, 1), Apply: []flow.Action{flow.Out(out)}}, Counters: flow.Counters{Packets: cookie}}
	}
	grouped := func(number uint32, ports ...uint32) Table {
		g := flow.Group{Number: number, Type: flow.Select}
		for _, p := range ports {
			g.Buckets = append(g.Buckets, flow.Bucket{Weight: 1, Actions: []flow.Action{flow.Out(p)}})
		}
		return Table{Switch: "s1", Groups: []flow.GroupStat{{Group: g}}, Rules: []flow.RuleStat{{Rule: flow.Rule{Priority: 1, Apply: []flow.Action{{Type: flow.ToGroup, Arg: number}}}}}}
	}
	for _, c := range []struct {
		name    string
		a, b    *Results
		verdict string
	}{
		{"rates within a tenth agree", results("simulation", tcpFlow("f", 10e6)), results("mininet", tcpFlow("f", 9.1e6)),
			"simulation and Mininet agree: 1 of 1 flows; the Mininet run can be believed"},
		{"rates further apart differ", results("simulation", tcpFlow("f", 10e6)), results("mininet", tcpFlow("f", 8e6)),
			"simulation and Mininet differ: 0 of 1 flows; the Mininet run can be believed"},
		{"competing TCP flows agree by their total", with(results("simulation", tcpFlow("f", 6e6), tcpFlow("g", 4e6)), func(r *Results) { r.Links = full }), with(results("mininet", tcpFlow("f", 3e6), tcpFlow("g", 6.9e6)), func(r *Results) { r.Links = full }),
			"simulation and Mininet agree: 2 of 2 flows, 1 of 1 links; the Mininet run can be believed"},
		{"links before a bottleneck may carry other shares of it", with(results("simulation", tcpFlow("f", 6e6), tcpFlow("g", 4e6)), func(r *Results) {
			r.Links = append(full[:1:1], Link{Name: "h1--s1", From: "h1", To: "s1", Bytes: 8e6})
			r.Flows[1].Path, r.Flows[1].From = []string{"h3", "s1", "s2", "h2"}, "h3"
		}), with(results("mininet", tcpFlow("f", 3e6), tcpFlow("g", 7e6)), func(r *Results) {
			r.Links = append(full[:1:1], Link{Name: "h1--s1", From: "h1", To: "s1", Bytes: 4e6})
			r.Flows[1].Path, r.Flows[1].From = []string{"h3", "s1", "s2", "h2"}, "h3"
		}),
			"simulation and Mininet agree: 2 of 2 flows, 2 of 2 links; the Mininet run can be believed"},
		{"a link that carried nothing may be missing", with(results("simulation"), func(r *Results) { r.Links = append(full[:1:1], Link{Name: "h1--s1", From: "h1", To: "s1", Bytes: 490}) }), with(results("mininet"), func(r *Results) { r.Links = full }),
			"simulation and Mininet agree: 2 of 2 links; the Mininet run can be believed"},
		{"a link that one network lacks differs", with(results("simulation"), func(r *Results) {
			r.Links, r.Manifest.LinkCount = append(full[:1:1], Link{Name: "h1--s1", From: "h1", To: "s1", Bytes: 490}), 2
		}), with(results("mininet"), func(r *Results) { r.Links, r.Manifest.LinkCount = full, 1 }),
			"simulation and Mininet differ: 1 of 2 links; the Mininet run can be believed"},
		{"competing TCP flows differ by their total", with(results("simulation", tcpFlow("f", 6e6), tcpFlow("g", 4e6)), func(r *Results) { r.Links = full }), with(results("mininet", tcpFlow("f", 2e6), tcpFlow("g", 4e6)), func(r *Results) { r.Links = full }),
			"simulation and Mininet differ: 0 of 2 flows, 1 of 1 links; the Mininet run can be believed"},
		{"what only one run finished differs", results("simulation", tcpFlow("f", 1e6)), with(results("simulation", tcpFlow("f", 1e6)), func(r *Results) { r.Flows[0].Finish = -1 }),
			"two runs in simulation differ: 0 of 1 flows"},
		{"a transfer of which nothing arrived has not finished, however it ended", results("simulation", tcpFlow("f", 0)), with(results("mininet", tcpFlow("f", 0)), func(r *Results) { r.Flows[0].Finish = -1 }),
			"simulation and Mininet agree: 1 of 1 flows; the Mininet run can be believed"},
		{"tables agree without cookies and counters", with(results("simulation"), func(r *Results) { r.Tables = []Table{{Switch: "s1", Rules: []flow.RuleStat{rule(1, 0, 2)}}} }), with(results("mininet"), func(r *Results) { r.Tables = []Table{{Switch: "s1", Rules: []flow.RuleStat{rule(9, 0, 2)}}} }),
			"simulation and Mininet agree: all tables; the Mininet run can be believed"},
		{"tables that do something else differ", with(results("simulation"), func(r *Results) { r.Tables = []Table{{Switch: "s1", Rules: []flow.RuleStat{rule(1, 0, 2)}}} }), with(results("mininet"), func(r *Results) { r.Tables = []Table{{Switch: "s1", Rules: []flow.RuleStat{rule(1, 0, 3)}}} }),
			"simulation and Mininet differ: 0 of 1 tables; the Mininet run can be believed"},
		{"groups agree by their contents, whatever their numbers", with(results("simulation"), func(r *Results) { r.Tables = []Table{grouped(1, 2, 3)} }), with(results("mininet"), func(r *Results) { r.Tables = []Table{grouped(7, 3, 2)} }),
			"simulation and Mininet agree: all tables; the Mininet run can be believed"},
		{"groups with other buckets differ", with(results("simulation"), func(r *Results) { r.Tables = []Table{grouped(1, 2, 3)} }), with(results("mininet"), func(r *Results) { r.Tables = []Table{grouped(1, 2, 4)} }),
			"simulation and Mininet differ: 0 of 1 tables; the Mininet run can be believed"},
		{"flows behind select groups agree in aggregate", with(results("simulation", tcpFlow("f", 6e6), tcpFlow("g", 4e6)), func(r *Results) { r.Tables = []Table{grouped(1, 2, 3)} }), with(results("mininet", tcpFlow("f", 4e6), tcpFlow("g", 6e6)), func(r *Results) { r.Tables = []Table{grouped(1, 2, 3)} }),
			"simulation and Mininet agree: 2 of 2 flows, all tables; the Mininet run can be believed"},
		{"reachability that differs is said", with(results("simulation"), func(r *Results) { r.Pings = []trace.PingResult{{From: "h1", To: "h2", Sent: 1, Received: 1}} }), with(results("mininet"), func(r *Results) { r.Pings = []trace.PingResult{{From: "h1", To: "h2", Sent: 1}} }),
			"simulation and Mininet differ: 0 of 1 pairs by reachability; the Mininet run can be believed"},
		{"reachability that is the same is said", with(results("simulation"), func(r *Results) { r.Pings = []trace.PingResult{{From: "h1", To: "h2", Sent: 1, Received: 1}} }), with(results("mininet"), func(r *Results) { r.Pings = []trace.PingResult{{From: "h1", To: "h2", Sent: 3, Received: 1}} }),
			"simulation and Mininet agree: all pairs by reachability; the Mininet run can be believed"},
		{"a fluid does not send what is lost further on", fluidAndPackets("simulation", "flow", 5e6), fluidAndPackets("mininet", "flow", 9e6),
			"simulation and Mininet agree: 1 of 1 flows, 1 of 1 links; the Mininet run can be believed"},
		{"but packets do", fluidAndPackets("simulation", "packet", 5e6), fluidAndPackets("mininet", "packet", 9e6),
			"simulation and Mininet differ: 1 of 1 flows, 0 of 1 links; the Mininet run can be believed"},
		{"and more than that is another thing", fluidAndPackets("simulation", "flow", 5e6), fluidAndPackets("mininet", "flow", 15e6),
			"simulation and Mininet differ: 1 of 1 flows, 0 of 1 links; the Mininet run can be believed"},
		{"a run that broke down agrees with none", results("simulation", tcpFlow("f", 1e6)), with(results("simulation", tcpFlow("f", 1e6)), func(r *Results) { r.Manifest.ID, r.Manifest.State = "b", Failed }),
			"two runs in simulation differ: 1 of 1 flows; run b broke down"},
		{"overlapping confidence intervals are within range", with(results("simulation", tcpFlow("f", 10e6)), func(r *Results) { r.Flows[0].Runs, r.Flows[0].RateError = 3, 2e6 }), with(results("mininet", tcpFlow("f", 7e6)), func(r *Results) { r.Flows[0].Runs, r.Flows[0].RateError = 3, 1.1e6 }),
			"simulation and Mininet agree: 1 of 1 flows; the Mininet run can be believed"},
		{"so are those of the totals of competing flows", with(results("simulation", tcpFlow("f", 6e6), tcpFlow("g", 4e6)), func(r *Results) { r.Links, r.Flows[0].RateError = full, 3e6 }), with(results("mininet", tcpFlow("f", 3e6), tcpFlow("g", 5e6)), func(r *Results) { r.Links = full }),
			"simulation and Mininet agree: 2 of 2 flows, 1 of 1 links; the Mininet run can be believed"},
		{"a run that cannot be believed is said", results("simulation", tcpFlow("f", 1e6)), with(results("mininet", tcpFlow("f", 1e6)), func(r *Results) { r.Belief = Belief{"invalid", []string{"the machine was busy"}} }),
			"simulation and Mininet agree: 1 of 1 flows; the Mininet run cannot be believed: the machine was busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Compare(c.a, c.b, DefaultTolerance()).Verdict; got != c.verdict {
				t.Errorf("\n got %s\nwant %s", got, c.verdict)
			}
			back := Compare(c.b, c.a, DefaultTolerance())
			if back.Agree != Compare(c.a, c.b, DefaultTolerance()).Agree {
				t.Error("the order of the two runs matters")
			}
		})
	}
}

// fluidAndPackets is a run with a flow that loses half of what it offers behind its first
// link, which carries so many bytes.
func fluidAndPackets(world, granularity string, bytes int64) *Results {
	r := results(world, tcpFlow("f", 10e6))
	f := &r.Flows[0]
	f.Transport, f.Granularity, f.Offered, f.Bytes = "udp", granularity, 10e6, 5e6
	f.Sent, f.Received, f.Lost = 1000, 500, 500
	r.Links = []Link{{Name: "first", From: f.Path[0], To: f.Path[1], Bytes: bytes}}
	return r
}

func TestRepetitionsSayWhatWasNotTheSameInAll(t *testing.T) {
	one := func(received int, out uint32) *Results {
		r := results("simulation")
		r.Pings = []trace.PingResult{{From: "h1", To: "h2", Sent: 1, Received: received}}
		for _, name := range []string{"s1", "s2"} {
			r.Tables = append(r.Tables, Table{Switch: name, Rules: []flow.RuleStat{{Rule: flow.Rule{Priority: 5, Apply: []flow.Action{flow.Out(1)}}}}})
		}
		r.Tables[1].Rules[0].Rule.Apply[0] = flow.Out(out)
		return r
	}
	got := Summarise([]*Results{one(1, 1), one(0, 2), one(1, 1)})
	if want := []string{"the tables of s2 were not the same in all repetitions; those of the last one are kept"}; !slices.Equal(got.Warnings, want) {
		t.Errorf("warnings %q, want %q", got.Warnings, want)
	}
	if got.Pings[0].Received != 0 {
		t.Error("a pair that did not reach each other in one of three repetitions is said to have")
	}
	if same := Summarise([]*Results{one(1, 1), one(1, 1)}); len(same.Warnings) > 0 || same.Pings[0].Received != 1 {
		t.Errorf("repetitions that were the same: %q, %v", same.Warnings, same.Pings)
	}
	alike := Compare(got, one(1, 1), DefaultTolerance())
	if !slices.ContainsFunc(alike.Notes, func(n string) bool { return strings.Contains(n, "mean of 3 repetitions") }) || alike.Agree {
		t.Errorf("%q, notes %q", alike.Verdict, alike.Notes)
	}
}

func TestBelief(t *testing.T) {
	second := func(busy, steal, pressure float64) trace.Load {
		return trace.Load{Span: model.Second, Busy: busy, Steal: steal, Pressure: pressure}
	}
	link := func(measured float64) []Link {
		return []Link{{Name: "s1--s2", From: "s1", Rate: 10e6, Measured: measured}}
	}
	for _, c := range []struct {
		name  string
		r     Results
		valid bool
	}{
		{"a simulation has no machine", Results{}, true},
		{"a machine with headroom", Results{Load: []trace.Load{second(0.6, 0, 0.2)}}, true},
		{"a busy machine", Results{Load: []trace.Load{second(0.99, 0, 0.2), second(0.3, 0, 0.2)}}, false},
		{"a short burst", Results{Load: append(slicesOf(20, second(0.4, 0, 0.1)), second(1, 0, 1))}, true},
		{"a greedy hypervisor", Results{Load: []trace.Load{second(0.3, 0.2, 0)}}, false},
		{"tasks that wait", Results{Load: []trace.Load{second(0.5, 0, 0.9)}}, false},
		{"things that come late all the time", Results{Load: []trace.Load{{Span: model.Second, Pressure: -1, Slip: 80 * model.Millisecond}}}, false},
		{"a thing that came late once", Results{Load: append(slices.Repeat([]trace.Load{{Span: model.Second, Pressure: -1, Slip: 5 * model.Millisecond}}, 19), trace.Load{Span: model.Second, Pressure: -1, Slip: 80 * model.Millisecond})}, true},
		{"frames that no link lost", Results{Load: []trace.Load{{Span: model.Second, Pressure: -1}, {Pressure: -1, Lost: 3}}, Links: []Link{{Packets: 2000}}}, false},
		{"a frame in thousands that no link lost", Results{Load: []trace.Load{{Span: model.Second, Pressure: -1, Lost: 1}}, Links: []Link{{Packets: 2000}}}, true},
		{"switches that never rest and fill a link", slow(func(f *Flow, l *Link) { l.Measured = 9.9e6 }), true},
		{"switches that never rest and fill none", slow(func(*Flow, *Link) {}), false},
		{"switches that rest now and then", slow(func(_ *Flow, l *Link) { l.Name = "rests" }), true},
		{"switches that never rest beside a meter", slow(func(f *Flow, _ *Link) { f.Retransmits = 3 }), true},
		{"switches that never rest beside a flow that wants no more", slow(func(f *Flow, _ *Link) { f.Asked.Rate = 4e6 }), true},
		{"switches that never rest beside a flow that wants more", slow(func(f *Flow, _ *Link) { f.Asked.Rate, f.Asked.For = 8e6, 2*model.Second }), false},
		{"switches that never rest and links without a rate", slow(func(_ *Flow, l *Link) { l.Rate = 0 }), true},
		{"switches that never rest beside a short transfer", slow(func(f *Flow, _ *Link) { f.Bytes = 1000 }), true},
		{"switches that never rest beside a rate that was asked for, and links without one", slow(func(f *Flow, l *Link) { l.Rate, f.Asked.Rate, f.Asked.For = 0, 8e6, 2*model.Second }), false},
		{"a sender that keeps up", sent(5400*model.Millisecond, 0), true},
		{"a sender that falls behind", sent(12*model.Second, 0), false},
		{"a sender that has not got through", sent(trace.Unfinished, 0), false},
		{"datagrams that were sent and never came", func() Results { r := sent(trace.Unfinished, 0); r.Flows[0].Offered = 5e6; return r }(), true},
		{"datagrams that wait in a long queue", sent(7*model.Second, 2*model.Second), true},
		{"a slow sender in a simulation", func() Results { r := sent(12*model.Second, 0); r.Load = nil; return r }(), true},
		{"pressure that is not known", Results{Load: []trace.Load{second(0.5, 0, -1)}}, true},
		{"a link that carries what was asked", Results{Links: link(9.7e6)}, true},
		{"a link that carries less", Results{Links: link(8e6)}, false},
		{"a link that is not shaped", Results{Links: link(80e6)}, false},
	} {
		if b := Believe(&c.r); b.Valid() != c.valid || b.Valid() != (len(b.Reasons) == 0) {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}

// slow is a run whose switches never rest, with a transfer of two seconds over one link that
// it does not fill.
func slow(but func(*Flow, *Link)) Results {
	r := Results{
		Load:  slices.Repeat([]trace.Load{{Span: model.Second, Busy: 0.6, Pressure: -1, Switching: 1}}, 4),
		Flows: []Flow{{FlowResult: trace.FlowResult{ID: "f", Transport: "tcp", Bytes: 1e6, Rate: 4e6, Path: []string{"h1", "s1"}}}},
		Links: []Link{{From: "h1", To: "s1", Rate: 10e6}, {From: "s1", To: "h1", Rate: 10e6}},
	}
	but(&r.Flows[0], &r.Links[0])
	if r.Links[0].Name == "rests" {
		for i := range 3 {
			r.Load[i].Switching = 0.9
		}
	}
	return r
}

// sent is a run with a flow of datagrams that were to be sent in five seconds, of which the last
// came then and the slowest was on its way for so long.
func sent(last, latency model.Time) Results {
	return Results{End: 20 * model.Second, Load: slicesOf(20, trace.Load{Span: model.Second, Busy: 0.6, Pressure: -1}),
		Flows: []Flow{{FlowResult: trace.FlowResult{ID: "f", Transport: "udp", Finish: last, LatencyMax: latency, Rate: 1e6, Bytes: 1e6,
			Asked: trace.Asked{Rate: 8e6, For: 5 * model.Second}}}}}
}

func slicesOf(n int, l trace.Load) []trace.Load {
	out := make([]trace.Load, n)
	for i := range out {
		out[i] = l
	}
	return out
}

func TestConfidenceIntervalsFollowStudent(t *testing.T) {
	// Five samples of mean 12 and standard deviation sqrt(2.5): 2.776 * sqrt(2.5/5).
	mean, half := Mean([]float64{10, 11, 12, 13, 14}, func(v float64) float64 { return v })
	if mean != 12 || math.Abs(half-2.776*math.Sqrt(0.5)) > 1e-12 {
		t.Errorf("%v ± %v", mean, half)
	}
	for df, want := range map[int]float64{31: 2.0395, 40: 2.0211, 60: 2.0003, 120: 1.9799, 1000: 1.9623} {
		if got := student95(df); math.Abs(got-want) > 1e-3 {
			t.Errorf("t(%d) = %v, want %v", df, got, want)
		}
	}
	if _, half := Mean([]int{1}, func(int) float64 { return 3 }); half != 0 {
		t.Error("one sample has an interval")
	}
}

func TestTheReportNeedsNothingElse(t *testing.T) {
	r := results("simulation", tcpFlow(`<script>alert("x")</script>`, 5e6))
	r.Topology = Draw(network(t))
	r.Series = []Point{{At: model.Second, Link: "h2--s2", From: "s2", To: "h2", Rate: 5e6, Utilisation: 0.5, Span: model.Second}, {At: 2 * model.Second, Link: "h2--s2", From: "s2", To: "h2", Rate: 6e6, Utilisation: 0.6, Span: model.Second}}
	r.Warnings = []string{"<b>"}
	var a, b bytes.Buffer
	if err := r.WriteHTML(&a); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&b); err != nil || a.String() != b.String() {
		t.Error("the same results make two reports")
	}
	for _, bad := range []string{"http://", "https://", "src=", "<link", "alert(\"x\")", "ZgotmplZ", "NaN "} {
		if strings.Contains(a.String(), bad) {
			t.Errorf("the report contains %q", bad)
		}
	}
	if n := strings.Count(a.String(), "<svg"); n != 3 {
		t.Errorf("%d drawings, want 3", n)
	}
}

func TestEveryNodeIsDrawnInsideThePicture(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var top Topology
		n := rapid.IntRange(1, 30).Draw(rt, "nodes")
		placed := rapid.Bool().Draw(rt, "placed")
		for i := range n {
			v := Node{Kind: model.Switch, Placed: placed, Lat: rapid.Float64Range(-90, 90).Draw(rt, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(rt, "lon")}
			if i > 0 && rapid.Bool().Draw(rt, "host") {
				v.Kind, v.Placed = model.Host, false
			}
			top.Nodes = append(top.Nodes, v)
			if i > 0 {
				top.Links = append(top.Links, Edge{A: i, B: rapid.IntRange(0, i-1).Draw(rt, "to")})
			}
		}
		for _, p := range top.place() {
			if !(p.x >= -1e-9 && p.x <= 1+1e-9 && p.y >= -1e-9 && p.y <= 1+1e-9) {
				rt.Fatalf("%v", p)
			}
		}
	})
}

func TestWarningsNameTheirNodeOrAppAndAreSaidOnce(t *testing.T) {
	c := NewCollector(&model.Network{})
	for _, e := range []trace.Entry{{Text: "plain"}, {Node: "s1", Text: "connection lost: silent"}, {Node: "s1", Text: "connection lost: silent"}, {Node: "s2", Text: "s2 has no port 9"},
		{Node: "s1", Text: "delay is left out"}, {Node: "s2", Text: "delay is left out"}, {Node: "s3", Text: "delay is left out"}} {
		e.Kind = trace.Warning
		c.Emit(&e)
	}
	for _, e := range []trace.Entry{{Text: "20 paths are led anew", Reason: "info"}, {Text: `there is no service "wbe"`, Reason: "error"}, {Text: `there is no service "wbe"`, Reason: "error"}} {
		e.Kind, e.App = trace.AppLog, "balancer"
		c.Emit(&e)
	}
	want := []string{"plain", "s1: connection lost: silent", "s2 has no port 9", "s1 and others: delay is left out", `application balancer: there is no service "wbe"`}
	if got := c.Finish(Manifest{}, nil).Warnings; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
