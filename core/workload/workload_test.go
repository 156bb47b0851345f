package workload

import (
	"math"
	"reflect"
	"testing"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

func star(t *testing.T, hosts int, rate model.Rate) *model.Network {
	t.Helper()
	b := model.NewBuilder("star")
	s, _ := b.Declare([]byte("s1"), model.Switch)
	spec := b.SpecID(model.LinkSpec{Rate: rate})
	for i := range hosts {
		h, _ := b.Declare([]byte("h"+string(rune('a'+i))), model.Host)
		b.Link(model.LinkDraft{A: s, B: h, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatTheDescriptorLeavesOpenIsFilledIn(t *testing.T) {
	n := star(t, 2, 1e9)
	n.Flows = []model.Flow{{ID: "f1", From: 1, To: 2, Size: 1000}, {ID: "f2", From: 1, To: 2, Rate: 1e6, Duration: model.Second}}
	got, err := Concrete(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Transport != model.TCP || got[1].Transport != model.UDP {
		t.Errorf("a size is sent by TCP and a rate by UDP; got %v and %v", got[0].Transport, got[1].Transport)
	}
	if got[0].SrcPort == got[1].SrcPort || got[0].Packet != 1514 {
		t.Errorf("ports %d %d, packet %d", got[0].SrcPort, got[1].SrcPort, got[0].Packet)
	}
}

func TestTheSameSeedDrawsTheSameFlows(t *testing.T) {
	n := star(t, 6, 1e9)
	n.Traffic = []model.Traffic{{ID: "bg", Kind: "poisson", Sizes: "websearch", Load: 0.4, Of: "access", From: "*", To: "*", Until: 2 * model.Second}}
	a, err := Concrete(n, 7)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Concrete(n, 7)
	c, _ := Concrete(n, 8)
	if !reflect.DeepEqual(a, b) {
		t.Error("two draws with one seed differ")
	}
	if reflect.DeepEqual(a, c) {
		t.Error("two seeds draw the same")
	}
	var bytes float64
	for i, f := range a {
		if f.From == f.To {
			t.Fatal("a flow goes to its own source")
		}
		if i > 0 && f.Start < a[i-1].Start {
			t.Fatal("flows are not in order of start")
		}
		bytes += float64(f.Size)
	}
	offered := bytes * 8 / (6 * 1e9 * 2)
	if offered < 0.2 || offered > 0.8 {
		t.Errorf("asked for a load of 0.4, drew %.2f", offered)
	}
}

func TestAPermutationSendsEveryHostToAnother(t *testing.T) {
	n := star(t, 8, 1e9)
	n.Traffic = []model.Traffic{{ID: "p", Kind: "permutation", From: "*", To: "*", Sizes: "1MB"}}
	flows, err := Concrete(n, 3)
	if err != nil {
		t.Fatal(err)
	}
	in := map[model.NodeID]int{}
	for _, f := range flows {
		if f.From == f.To {
			t.Error("a host sends to itself")
		}
		in[f.To]++
	}
	if len(flows) != 8 || len(in) != 8 {
		t.Errorf("%d flows to %d hosts", len(flows), len(in))
	}
}

func TestDemandsBecomeConstantRateFlows(t *testing.T) {
	n := star(t, 3, 1e9)
	n.Demands = []model.DemandMatrix{{Until: 30 * model.Second, Demands: []model.Demand{{From: 1, To: 2, Rate: 8e7}, {From: 1, To: 2, Rate: 1e6}, {From: 2, To: 2, Rate: 5}}}}
	flows, err := Concrete(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(flows) != 2 || flows[0].ID != "d1-ha-hb" || flows[1].ID != "d1-ha-hb-2" || flows[0].Duration != 30*model.Second || flows[0].Transport != model.UDP {
		t.Errorf("got %+v", flows)
	}
}

func TestNamedSizesHaveTheMeansOfThePapers(t *testing.T) {
	for name, want := range map[string]float64{"websearch": 1.711e6, "hadoop": 120e3, "datamining": 12.66e6, "64KB": 64e3} {
		s, err := ParseSizes(name)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(s.Mean()-want)/want > 0.01 {
			t.Errorf("%s: mean %.0f, want %.0f", name, s.Mean(), want)
		}
		r := random.New(1).Stream("x")
		if s.Draw(&r) < 1 {
			t.Errorf("%s draws an empty flow", name)
		}
	}
	if _, err := ParseSizes("websarch"); err == nil || err.Error() != `<traffic sizes>: "websarch" is neither a size such as 64KB nor one of websearch, datamining, hadoop; did you mean "websearch"? [bad-choice]` {
		t.Errorf("got %v", err)
	}
}

func TestPairsAreDrawnInProportionToTheirWeights(t *testing.T) {
	n := star(t, 4, 1e9)
	n.Distributions = []model.Distribution{{ID: "small", Points: []model.SizePoint{{Size: 1000, Share: 0}, {Size: 9000, Share: 1}}}}
	n.Traffic = []model.Traffic{{ID: "p", Kind: "pairs", Sizes: "small", Load: 0.1, Until: model.Second,
		Pairs: []model.Pair{{From: 1, To: 2, Weight: 3}, {From: 2, To: 3, Weight: 1}, {From: 1, To: 4, Weight: 4}}}}
	if err := n.Validate(nil).Err(); err != nil {
		t.Fatal(err)
	}
	flows, err := Concrete(n, 5)
	if err != nil {
		t.Fatal(err)
	}
	bytes, count := 0.0, map[[2]model.NodeID]float64{}
	for _, f := range flows {
		bytes += float64(f.Size)
		count[[2]model.NodeID{f.From, f.To}]++
	}
	if load := bytes * 8 / (2 * 1e9); math.Abs(load-0.1) > 0.005 { // two senders
		t.Errorf("asked for a load of 0.1, drew %.3f", load)
	}
	total := float64(len(flows))
	for pair, share := range map[[2]model.NodeID]float64{{1, 2}: 3. / 8, {2, 3}: 1. / 8, {1, 4}: 4. / 8} {
		if got := count[pair] / total; math.Abs(got-share) > 0.03 {
			t.Errorf("pair %v: share %.3f, want %.3f", pair, got, share)
		}
	}
	if len(count) != 3 {
		t.Errorf("drew %d pairs of 3", len(count))
	}
}

func TestSizesOfTheNetworkAreFoundByTheirIDs(t *testing.T) {
	n := star(t, 2, 1e9)
	n.Distributions = []model.Distribution{{ID: "ws2", Points: []model.SizePoint{{Size: 0, Share: 0}, {Size: 1000, Share: 0.5}, {Size: 3000, Share: 1}}}}
	s, err := SizesOf(n, "ws2")
	if err != nil || s.Mean() != 1250 || s.Mean() != model.MeanSize(n.Distributions[0].Points) {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := SizesOf(n, "64KB"); err != nil || s.Mean() != 64000 {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := SizesOf(n, "ws3"); err == nil || err.Error() != `<traffic sizes>: "ws3" is neither a size such as 64KB nor one of websearch, datamining, hadoop, ws2; did you mean "ws2"? [bad-choice]` {
		t.Errorf("got %v", err)
	}
}

func TestAFlowThatIsDeclaredAndDrawnIsRefused(t *testing.T) {
	n := star(t, 3, 1e9)
	n.Flows = []model.Flow{{ID: "bg-2", From: 1, To: 2, Size: 5}}
	n.Traffic = []model.Traffic{{ID: "bg", Kind: "all-to-all", From: "*", To: "*", Sizes: "1KB"}}
	if _, err := Concrete(n, 1); !fault.Is(err, fault.DuplicateID) {
		t.Errorf("got %v", err)
	}
	n.Flows[0].ID = "mine"
	if flows, err := Concrete(n, 1); err != nil || len(flows) != 7 {
		t.Errorf("%d flows, %v", len(flows), err)
	}
}

func TestFlowsOfDemandsAlwaysHaveValidNames(t *testing.T) {
	b := model.NewBuilder("x")
	s, _ := b.Declare([]byte("s"), model.Switch)
	for _, name := range []string{"a-", "-b"} {
		h, _ := b.Declare([]byte(name), model.Host)
		b.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort})
	}
	n, _ := b.Build(nil)
	n.Demands = []model.DemandMatrix{{Until: 1, Demands: []model.Demand{{From: 1, To: 2, Rate: 5}, {From: 2, To: 1, Rate: 5}}}}
	flows, err := Concrete(n, 1)
	if err != nil || len(flows) != 2 {
		t.Fatal(flows, err)
	}
	for _, f := range flows {
		if err := model.CheckID(f.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestArrivalsFurtherApartThanTimeReachesNeverCome(t *testing.T) {
	n := star(t, 3, 1)
	n.Traffic = []model.Traffic{{ID: "p", Kind: "poisson", Sizes: "datamining", Load: 1e-6, From: "*", To: "*", Until: model.Hour}}
	if flows, err := Concrete(n, 1); err != nil || len(flows) != 0 {
		t.Errorf("%d flows, %v", len(flows), err)
	}
}

func TestEveryKindOfPairsIsAsItsNameSays(t *testing.T) {
	n := star(t, 6, 1e9) // hosts 1 to 6
	pairs := func(x model.Traffic) (out [][2]model.NodeID) {
		x.ID, x.From, x.To, x.Sizes = "t", "*", "*", "1KB"
		n.Traffic = []model.Traffic{x}
		if err := n.Validate(nil).Err(); err != nil {
			t.Fatal(err)
		}
		flows, err := Concrete(n, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range flows {
			if f.From == f.To {
				t.Errorf("%s: host %d sends to itself", x.Kind, f.From)
			}
			out = append(out, [2]model.NodeID{f.From, f.To})
		}
		return out
	}
	if got := pairs(model.Traffic{Kind: "stride", Stride: 4}); !reflect.DeepEqual(got, [][2]model.NodeID{{1, 5}, {2, 6}, {3, 1}, {4, 2}, {5, 3}, {6, 4}}) {
		t.Errorf("stride: %v", got)
	}
	if got := pairs(model.Traffic{Kind: "stride"}); len(got) != 6 || got[5] != [2]model.NodeID{6, 1} {
		t.Errorf("stride of one: %v", got)
	}
	if got := pairs(model.Traffic{Kind: "stride", Stride: 6}); len(got) != 0 {
		t.Errorf("a stride to oneself: %v", got)
	}
	if got := pairs(model.Traffic{Kind: "random"}); len(got) != 6 {
		t.Errorf("random: %v", got)
	}
	if got := pairs(model.Traffic{Kind: "all-to-all"}); len(got) != 30 {
		t.Errorf("all-to-all: %v", got)
	}
	for _, p := range pairs(model.Traffic{Kind: "incast"}) {
		if p[1] != 1 {
			t.Errorf("incast to %d", p[1])
		}
	}
}
