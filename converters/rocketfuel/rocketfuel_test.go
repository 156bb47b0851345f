package rocketfuel

import (
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/core/model"
)

const (
	someWeights   = "New+York,+NY1 Chicago,+IL2 2.5\nChicago,+IL2 New+York,+NY1 3\nChicago,+IL2 San+Jose,+CA3 10\n"
	someLatencies = "New+York,+NY1 Chicago,+IL2 7\r\nChicago,+IL2 New+York,+NY1 7\r\nChicago,+IL2 San+Jose,+CA3 20\r\n"
	someMap       = "1 @San+Francisco,+CA + bb\t(2) &1 -> <2> <9> {-5} =a.b.c! r0\n2 @T \t(1) -> <1>  =d r1\n3 @Chicago,+IL ! (1) -> <1> =e r0\n-5 =10.0.0.1 r1\n"
)

func TestWeightsAndLatenciesOfOneISPAreReadTogether(t *testing.T) {
	files := []draft.File{{Name: "1221.weights.intra", Data: []byte(someWeights)}, {Name: "1221.latencies.intra", Data: []byte(someLatencies)}}
	for _, f := range files {
		if !Is(f) {
			t.Errorf("%s is not recognised", f.Name)
		}
	}
	n, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 3 || len(n.Links) != 2 {
		t.Fatalf("%d nodes, %d links", len(n.Nodes), len(n.Links))
	}
	l := n.Links[0]
	if l.Spec != (model.LinkSpec{Weight: 25, Delay: 7 * model.Millisecond}) || l.Back == nil || l.Back.Weight != 30 {
		t.Errorf("the first link is %+v, back %+v", l.Spec, l.Back)
	}
	if n.Nodes[0].Label != "New York, NY 1" {
		t.Errorf("the first node is %q", n.Nodes[0].Label)
	}
}

func TestAMapsNeighboursShareOneLink(t *testing.T) {
	f := draft.File{Name: "x.cch", Data: []byte(someMap)}
	if !Is(f) {
		t.Fatal("the file is not recognised")
	}
	n, err := Read([]draft.File{f})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 4 || len(n.Links) != 3 || n.Nodes[3].Labels[0] != "external" || n.Nodes[0].Labels[0] != "backbone" {
		t.Errorf("got %+v", n)
	}
	if n.Warnings.Total != 1 {
		t.Errorf("the neighbour 9 that is not there is told as %v", n.Warnings.Error())
	}
}

func TestRowsThatAreWrongAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"a,+b1 c,+d2 NaN\n": "x.weights: this",
		"a,+b1 c,+d2\n":     "",
		"a,+b1 c,+d2 -4\n":  "",
	} {
		_, err := Read([]draft.File{{Name: "x.weights", Data: []byte(text)}})
		if err == nil {
			t.Errorf("%q passes; want %s", text, want)
		}
	}
	_, err := Read([]draft.File{{Name: "a.weights", Data: []byte(someWeights)}, {Name: "b.weights", Data: []byte(someWeights)}})
	if err == nil || err.Error() != "b.weights: a.weights has the same column; give one file of weights and one of latencies [duplicate-id]" {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	drafttest.Fuzz(f, Is, Read, []drafttest.Law{drafttest.Bounded, drafttest.Complete}, someWeights, someMap, "1 @x -> <1> <1>\n")
}
