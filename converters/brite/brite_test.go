package brite

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/core/model"
)

const small = "Topology: ( 3 Nodes, 3 Edges )\nModel ( 2 ): 3 1000 100 1 2 1 10 1024\x00\n\nNodes: (3)\r\n0\t10\t20\t2\t2\t-1\tRT_NODE\n1 913.00 639.00 4 4 7 AS_NODE \n2 1 2\n\n\n" +
	"Edges: (3):\n0 0 1 702.14 2.34 10.00 -1 -1 E_RT U\n1\t0\t2\t\t299.792458\t-1.0\t1e+3\t-1\t-1\tE_RT\tD\n2 1 2 5 -1 0 1 2 E_AS U\n"

func read(t *testing.T, text string) (*draft.Network, error) {
	t.Helper()
	f := draft.File{Name: "x.brite", Data: []byte(text)}
	if !Is(f) && strings.HasPrefix(text, "Topology: (") {
		t.Error("the file is not recognised")
	}
	return Read([]draft.File{f})
}

func TestTabsBlanksAndBothVersionsHeadersAreRead(t *testing.T) {
	n, err := read(t, small)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 3 || len(n.Links) != 3 || n.Warnings.Total != 0 {
		t.Fatalf("%d nodes, %d links, %v", len(n.Nodes), len(n.Links), n.Warnings.Error())
	}
	for i, want := range []model.LinkSpec{
		{Rate: 10e6, Delay: 2340 * model.Microsecond},
		{Rate: 1e9, Delay: model.Millisecond}, // no delay: the length at BRITE's speed of light
		{Delay: model.FromSeconds(5 / 299792.458)},
	} {
		if got := n.Links[i].Spec; got != want {
			t.Errorf("link %d is %+v, want %+v", i, got, want)
		}
	}
	if p := n.Nodes[1].Properties; p[2] != (model.Property{Name: "brite.as", Value: "7"}) {
		t.Errorf("node 1 has %v", p)
	}
}

func TestWhatIsWrongIsSaidWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"Topology: ( 1 Nodes, 1 Edges )\nNodes: ( 1 )\n0 1 NaN\nEdges: ( 0 )\n":                      "x.brite:3: node 0: the coordinates 1 NaN are not finite numbers [bad-number]",
		"Topology: ( 1 Nodes, 1 Edges )\nNodes: ( 1 )\n0 1 2\nEdges: ( 1 )\n0 0 9 1 1 1 -1 -1 E U\n": "x.brite:5: edge 0 ends at node 9, which the file does not list [unknown-node]",
		"Topology: ( 2 Nodes, 1 Edges )\nNodes: ( 2 )\n0 1 2\n":                                      "x.brite: the file ends without its section \"Edges:\" [syntax]",
		"Topology: ( 2 Nodes, 1 Edges )\nNodes: ( 2 )\n0 1 2\n0 1 2\nEdges: (0)\n":                   "x.brite:4: node 0 is there twice [duplicate-id]",
		"Topology: ( 2 Nodes, 1 Edges )\nNodes: ( 2 )\n0 1 2\n1 1 2\nEdges: (1)\n0 0 1 -3 1 1\n":     "x.brite:6: edge 0: length \"-3\" is not a number from 0 on (nor -1 for none) [bad-number]",
	} {
		_, err := read(t, text)
		if err == nil || err.Error() != want {
			t.Errorf("%q gives %v, want %s", text, err, want)
		}
	}
}

func TestRowsCountNotTheAnnouncement(t *testing.T) {
	n, err := read(t, "Topology: ( 1000000000 Nodes, 9 Edges )\nNodes: ( 1000000000 )\n0 1 2\nEdges: (0)\n")
	if err != nil || n.Warnings.Total != 1 {
		t.Errorf("got %v, %v", n, err)
	}
}

func FuzzRead(f *testing.F) {
	drafttest.Fuzz(f, Is, Read, []drafttest.Law{drafttest.Bounded, drafttest.Complete}, small, "Topology: (\nNodes:\n0 0 0\nEdges:\n0 0 0 1 1 1")
}

func BenchmarkRead(b *testing.B) {
	const nodes = 100_000
	var s strings.Builder
	fmt.Fprintf(&s, "Topology: ( %d Nodes, %d Edges )\nModel (1 - RTWaxman): x\n\nNodes: ( %d )\n", nodes, 2*nodes, nodes)
	for i := range nodes {
		fmt.Fprintf(&s, "%d\t%d\t%d\t3\t3\t-1\tRT_NODE\n", i, i%1000, i/1000)
	}
	fmt.Fprintf(&s, "\nEdges: ( %d )\n", 2*nodes)
	for i := range 2 * nodes {
		fmt.Fprintf(&s, "%d\t%d\t%d\t12.5\t0.04\t10.0\t-1\t-1\tE_RT\tU\n", i, i%nodes, (i*7+1)%nodes)
	}
	f := draft.File{Name: "b", Data: []byte(s.String())}
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if _, err := Read([]draft.File{f}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAFileThatIsCutIsRefused(t *testing.T) {
	_, err := Read([]draft.File{{Name: "x", Data: []byte("Topology: ( 2 Nodes, 2 Edges )\nModel (1 - RTWaxman): 2\nNodes: ( 2 )\n0 1 2\n1 3 4\nEdges: ( 2 )\n0 0 1 1.0 2.0 10")}})
	if err == nil || err.Error() != "x: the file ends in the middle of a line after 1 of 2 edges [syntax]" {
		t.Errorf("got %v", err)
	}
}
