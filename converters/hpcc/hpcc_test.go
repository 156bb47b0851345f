package hpcc

import (
	"testing"

	"sendim/converters/draft"
	"sendim/core/model"
)

const small = "4 1 3\n3\n0 3 100Gbps 1000ns 0.000000\n1 3 25Gbps 0.001ms 0.01\n2 3 100Gbps 1us 0\n9 9 junk\n"

func TestRowsBeyondTheCountAreNotRead(t *testing.T) {
	f := draft.File{Name: "x.txt", Data: []byte(small)}
	if !Is(f) {
		t.Fatal("not recognised")
	}
	n, err := Read([]draft.File{f})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 4 || len(n.Links) != 3 || len(n.Notes) != 1 || n.Nodes[1].Kind != model.Switch || n.Nodes[0].Label != "h0" {
		t.Fatalf("got %+v", n)
	}
	if got := n.Links[1].Spec; got != (model.LinkSpec{Rate: 25e9, Delay: model.Microsecond, Loss: 0.01}) {
		t.Errorf("got %+v", got)
	}
}

func TestWrongRowsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"2 1 1\n1\n0 1 100 1us 0\n":      "x:3: rate: \"100\" has no unit; write it like 10Mbps [bad-unit]",
		"2 1 3\n1\n0 1 1Gbps 1us 0\n":    "x: 3 links are announced; the file ends after 1 [syntax]",
		"2 1 1\n1\n0 1 1Gbps 1us NaN\n":  "x:3: the loss \"NaN\" is not between 0 and 1 [out-of-range]",
		"2 1 999999999999\n1\n0 1 1 1\n": "x:1: \"999999999999\" is not a whole number from 0 to 20000000 [out-of-range]",
	} {
		if _, err := Read([]draft.File{{Name: "x", Data: []byte(text)}}); err == nil || err.Error() != want {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestClustersOfGPUsAreRead(t *testing.T) {
	f := draft.File{Name: "x", Data: []byte("6 2 1 1 5 H100\n4 5\n0 4 2880Gbps 0.000025ms 0\n1 4 2880Gbps 0.000025ms 0\n2\t5 100Gb/s 0.0005ms 1e-5\n0 5 100Gbps 0.0005ms 0\n3 5 100Gbps 500ns 0\n")}
	if !Is(f) {
		t.Fatal("not recognised")
	}
	n, err := Read([]draft.File{f})
	if err != nil || n.Warnings.Total != 0 {
		t.Fatal(err, n.Warnings.Err())
	}
	if len(n.Nodes) != 6 || len(n.Links) != 5 || n.Links[2].Spec.Rate != 100e9 || n.Links[2].Spec.Loss != 1e-5 || n.Nodes[1].Kind != model.Switch {
		t.Errorf("%+v", n)
	}
}
