package draft

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

func TestLabelsBecomeNames(t *testing.T) {
	for label, want := range map[string]string{
		"New York":            "New-York",
		"São Paulo":           "Sao-Paulo",
		"Zürich, CH (core/1)": "Zurich-CH-core-1",
		"Łódź":                "Lodz",
		"a--b":                "a-b",
		"None":                "",
		"?":                   "",
		"北京":                  "",
		"Madison, WI":         "Madison-WI",
	} {
		if got := Clean(label); got != want {
			t.Errorf("%q became %q, want %q", label, got, want)
		}
	}
}

func TestNamesAreToldApartByTheFilesIDs(t *testing.T) {
	names, renamed := nodeNames([]Node{{ID: "0", Label: "Paris"}, {ID: "1", Label: "None"}, {ID: "2", Label: "Lyon"}, {ID: "3", Label: "Lyon"},
		{ID: "4"}, {ID: "Lyon-2"}, {ID: "same"}, {ID: "same"}})
	want := []string{"Paris", "n1", "Lyon-2-2", "Lyon-3", "n4", "Lyon-2", "same", "same-2"}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", names, want)
	}
	if renamed != 6 {
		t.Errorf("%d are renamed", renamed)
	}
}

func three() *Network {
	return &Network{Format: "test file", File: "t.x", Coordinates: Geographic,
		Nodes: []Node{{ID: "0", Label: "Berlin", Placed: true, X: 13.405, Y: 52.52, Line: 2}, {ID: "1", Label: "Paris", Placed: true, X: 2.3522, Y: 48.8566, Line: 3},
			{ID: "2", Label: "Atlantis", Line: 4}, {ID: "3", Line: 5}},
		Links:   []Link{{A: 0, B: 1, Line: 6}, {A: 1, B: 0, Spec: model.LinkSpec{Rate: 1e9}, RateFrom: "LinkSpeedRaw", Line: 7}, {A: 2, B: 2, Line: 8}, {A: 1, B: 2, Length: 100, Line: 9}},
		Demands: []Matrix{{Demands: []Demand{{From: 0, To: 1, Rate: 5e6}, {From: 3, To: 3, Rate: 1}}}}}
}

func TestEveryValueSaysWhereItCameFrom(t *testing.T) {
	r, err := Build(three(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `test file: 4 nodes and 4 links
parallel: 1 link beyond the first between two nodes, all kept
loops: 1 link from a node to itself, left out
components: 2, the largest of 3 nodes, 1 node without a link; --largest-component keeps the largest only
names: 4 nodes not called by the file's id, which is kept as the property source.id
positions: 2 nodes without
rates: 2 none: unlimited; 1 LinkSpeedRaw
delays: 2 coordinates, great circle, 5 us/km; 1 length, 5 us/km
hosts: 3 hosts attached
demands: 1 in 1 matrix, 5Mbps together
demands left out: 1 with both ends at one node
`
	if got := r.Summary.Text(); got != want {
		t.Errorf("got\n%s", got)
	}
	// Berlin to Paris is 878 km.
	if d := r.Model.Link(0).Spec.Delay; d < 4380*model.Microsecond || d > 4400*model.Microsecond {
		t.Errorf("the delay is %v", d)
	}
	if rule, _ := r.Model.Link(1).Property("rate.from"); rule != "LinkSpeedRaw" {
		t.Errorf("the rate is from %q", rule)
	}
	if !fault.Is(&r.Warnings, fault.SelfLink) {
		t.Errorf("the loop is not told: %v", r.Warnings.Error())
	}
	if r.Model.NodeCount() != 7 || r.Model.LinkCount() != 6 {
		t.Errorf("%d nodes, %d links", r.Model.NodeCount(), r.Model.LinkCount())
	}
}

func TestTheLargestComponentCanBeKeptAlone(t *testing.T) {
	r, err := Build(three(), Options{Largest: true, Hosts: Hosts{PerSwitch: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Summary; s.OutsideComponent != 1 || s.Hosts != 6 || r.Model.NodeCount() != 9 || s.DemandsWithoutHost != 1 {
		t.Errorf("got %+v", s)
	}
	if _, ok := r.Model.NodeByName("h-Berlin-2"); !ok {
		t.Error("no second host at Berlin")
	}
}

func TestDemandsNeedHosts(t *testing.T) {
	r, err := Build(three(), Options{Hosts: Hosts{None: true}})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Summary; s.Demands != 0 || s.DemandsWithoutHost != 2 || len(r.Model.Demands) != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestNumbersOfFilesAreFinite(t *testing.T) {
	for _, bad := range []string{"NaN", "inf", "-Infinity", "0x10", "1_000", "1e999", "", "1,5", "abc"} {
		if v, err := Number(bad); err == nil {
			t.Errorf("%q is read as %g", bad, v)
		}
	}
	if _, err := Rate(1e10, 1e12); err == nil {
		t.Error("a rate beyond all bounds is taken")
	}
}

// Whatever a reader says, the model that comes out is valid, and nothing gets lost
// without being counted.
func TestWhateverComesInIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &Network{Format: "draw", Coordinates: Coordinates(rapid.IntRange(0, 2).Draw(t, "coordinates"))}
		labels := []string{"", "None", "a", "b", "Lyon", "a-1", "é", "h-a", "7", "n7", "n"}
		for i := range rapid.IntRange(1, 12).Draw(t, "nodes") {
			n.Nodes = append(n.Nodes, Node{ID: rapid.SampledFrom([]string{"", "1", "a", "x y", string(rune('0' + i))}).Draw(t, "id"),
				Label: rapid.SampledFrom(labels).Draw(t, "label"), Keep: rapid.Bool().Draw(t, "keep"), Placed: rapid.Bool().Draw(t, "placed"),
				Kind: model.NodeKind(rapid.IntRange(0, 3).Draw(t, "kind")),
				X:    rapid.Float64Range(-500, 500).Draw(t, "x"), Y: rapid.Float64Range(-100, 100).Draw(t, "y")})
		}
		end := rapid.Int32Range(0, int32(len(n.Nodes)-1))
		for range rapid.IntRange(0, 20).Draw(t, "links") {
			n.Links = append(n.Links, Link{ID: rapid.SampledFrom([]string{"", "e0", "e1"}).Draw(t, "lid"), Name: rapid.SampledFrom([]string{"", "e0", "a:b"}).Draw(t, "lname"),
				A: end.Draw(t, "a"), B: end.Draw(t, "b")})
		}
		m := Matrix{}
		for range rapid.IntRange(0, 10).Draw(t, "demands") {
			m.Demands = append(m.Demands, Demand{From: end.Draw(t, "from"), To: end.Draw(t, "to"), Rate: model.Rate(rapid.IntRange(0, 5).Draw(t, "rate"))})
		}
		n.Demands = []Matrix{m}
		r, err := Build(n, Options{Hosts: Hosts{PerSwitch: rapid.IntRange(0, 2).Draw(t, "hosts"), None: rapid.Bool().Draw(t, "none")}, Largest: rapid.Bool().Draw(t, "largest")})
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		s := r.Summary
		if got := r.Model.NodeCount(); got != s.Nodes-s.OutsideComponent+s.Hosts {
			t.Fatalf("%d nodes; counted %+v", got, s)
		}
		if got := r.Model.LinkCount(); got != s.Links-s.Loops-s.LinksOutside+s.Hosts {
			t.Fatalf("%d links; counted %+v", got, s)
		}
		if s.Demands+s.DemandsOfNothing+s.DemandsToSelf+s.DemandsWithoutHost != len(m.Demands) {
			t.Fatalf("demands are lost: %+v", s)
		}
	})
}

func TestMatricesCanFollowOneAnother(t *testing.T) {
	n := three()
	n.Demands = append(n.Demands, Matrix{Follows: true, Demands: n.Demands[0].Demands}, Matrix{Follows: true, Demands: n.Demands[0].Demands})
	r, err := Build(n, Options{Span: 3 * model.Second})
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Model.Demands; len(d) != 3 || d[1].Start != d[0].Until || d[2].Start != 6*model.Second || d[2].Until != 9*model.Second {
		t.Errorf("they hold %+v", d)
	}
}

func TestWhatTheFileDoesNotListIsCountedApart(t *testing.T) {
	n := &Network{Nodes: []Node{{ID: "a"}, {ID: "b"}, {ID: "host", Kind: model.Host, Outside: true}, {ID: "h", Kind: model.Host}},
		Links: []Link{{A: 0, B: 2}, {A: 0, B: 1, Inside: true}, {A: 3, B: 1, Spec: model.LinkSpec{Rate: 1e9}}}}
	r, err := Build(n, Options{Rate: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	s := r.Summary
	if s.Nodes != 3 || s.Links != 2 || s.Outside != 1 || s.Inside != 1 || s.OwnHosts != 1 || s.Components != 1 || r.Model.NodeCount() != 4 || r.Model.LinkCount() != 3 {
		t.Errorf("%+v", s)
	}
	if l := r.Model.Link(1); l.Spec.Rate != 0 || len(l.Properties) != 0 {
		t.Errorf("an inner link has %+v", l)
	}
}

func TestMarksAndOldLineEndsGo(t *testing.T) {
	for in, want := range map[string]string{
		"\xef\xbb\xbfa\nb": "a\nb", "a\rb\r": "a\nb\n", "a\r\nb\r": "a\r\nb\r", "": "", "\xff\xfea\x00\r\x00": "\xff\xfea\x00\r\x00", "\x01\x02\r\x03": "\x01\x02\r\x03",
	} {
		if got := string(Plain([]byte(in))); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}

func TestAWeightOfOneDirectionIsThatOfBoth(t *testing.T) {
	n := &Network{Nodes: []Node{{ID: "a"}, {ID: "b"}}, Links: []Link{{A: 0, B: 1, Spec: model.LinkSpec{Weight: 3, MTU: 1400, Queue: model.QueueLimit{Packets: 5}}, Back: &model.LinkSpec{Loss: 0.5}}}}
	r, err := Build(n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Model.Link(0); l.Back.Weight != 3 || l.Back.MTU != 1400 || l.Back.Queue != model.DefaultQueue || l.Back.Loss != 0.5 || l.Spec.Loss != 0 {
		t.Errorf("%+v", l)
	}
}
