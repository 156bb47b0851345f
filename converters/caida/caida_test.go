package caida

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/core/model"
)

func TestListsOfEdges(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		nodes, links int
		format       string
	}{
		"AS relationships of serial 1":        {"# a comment\n1|2|-1\n2|3|0\n3|4|2\n", 4, 3, "CAIDA AS relationships"},
		"AS relationships of serial 2":        {"1|2|-1|bgp\n2|3|0|mlp\n", 3, 2, "CAIDA AS relationships"},
		"AS links":                            {"T\t1\t2\nM\t9\nD\t1\t2\t0\nI\t2\t3\t1\t0\n", 3, 2, "CAIDA AS links"},
		"SNAP with carriage returns":          {"# FromNodeId\tToNodeId\r\n1\t2\r\n2\t3\r\n3\t3\r\n", 3, 3, "list of edges"},
		"both directions are one link":        {"1 2\n2 1\n2 3\n3 2\n", 3, 2, "list of edges"},
		"some mirror images are parallel":     {"1 2\n2 1\n2 3\n", 3, 3, "list of edges"},
		"a header names the columns":          {"source,target,rate,delay,type\na,b,10Gbps,2ms,fibre\nb,c,1Gbps,1ms,copper\n", 3, 2, "list of edges"},
		"networkx writes empty dictionaries":  {"1 2 {}\n2 3 {}\n", 3, 2, "list of edges"},
		"Latin-1 names":                       {"Z\xfcrich,Bern\nBern,Gen\xe8ve\n", 3, 2, "list of edges"},
		"Inet's output":                       {"3 2\n0 10 20\n1 30 40\n2 5 6\n0 1 3\n1 2 4\n", 3, 2, "Inet topology"},
		"networkx writes dictionaries":        {"0 1 {}\n0 2 {'weight': 1.5, 'delay': '2ms'}\n", 3, 2, "list of edges"},
		"words above numbers are a header":    {"id_a,id_b\n0,23977\n1,34526\n", 4, 2, "list of edges"},
		"Gephi's quoted cells":                {"Source,Target,Type,Weight\nA,B,Undirected,1\nB,\"C, D\",Undirected,2.5\n", 3, 2, "list of edges"},
		"names above names are a row":         {"Paris,Rome\nRome,Bern\n", 3, 2, "list of edges"},
		"a weight is a routing weight":        {"a b 3\nb c 4\n", 3, 2, "list of edges"},
		"byte order mark and no last newline": {"\xef\xbb\xbfa;b\nb;c", 3, 2, "list of edges"},
	} {
		f := draft.File{Name: "x.txt", Data: []byte(c.text)}
		if !Is(f) {
			t.Errorf("%s: not recognised", name)
		}
		n, err := Read([]draft.File{f})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(n.Nodes) != c.nodes || len(n.Links) != c.links || n.Format != c.format {
			t.Errorf("%s: %d nodes, %d links, %s", name, len(n.Nodes), len(n.Links), n.Format)
		}
	}
}

func TestColumnsWithUnitsAreTaken(t *testing.T) {
	n, err := Read([]draft.File{{Name: "x", Data: []byte("source,target,rate,delay,type\na,b,10Gbps,2ms,fibre\n")}})
	if err != nil {
		t.Fatal(err)
	}
	l := n.Links[0]
	if l.Spec != (model.LinkSpec{Rate: 10e9, Delay: 2 * model.Millisecond}) || len(l.Properties) != 1 || l.Properties[0] != (model.Property{Name: "type", Value: "fibre"}) {
		t.Errorf("got %+v", l)
	}
}

func TestUnitsMayStandInTheNamesOfColumns(t *testing.T) {
	for text, want := range map[string]model.LinkSpec{
		"src;dst;bandwidth (Mbps);delay_ms\nLondon;Paris;1000;4.5\n": {Rate: 1e9, Delay: 4500 * model.Microsecond},
		"u,v,capacity,latency\na,b,10,5\n":                           {},
		"a b {'bw': '10Gbps', 'latency': '2ms', 'weight': 3}\n":      {Rate: 10e9, Delay: 2 * model.Millisecond, Weight: 3},
	} {
		n, err := Read([]draft.File{{Name: "x", Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		if l := n.Links[0]; l.Spec != want || want == (model.LinkSpec{}) && len(l.Properties) != 2 {
			t.Errorf("%q: %+v", text, l)
		}
	}
}

func TestProseIsNoListOfEdges(t *testing.T) {
	for _, text := range []string{"This is a licence.\nYou may use it.\n", "", "# only a comment\n", "a\nb\n", "{\"nodes\": 1}", "key: value\nother: [1, 2]\n"} {
		if Is(draft.File{Data: []byte(text)}) {
			t.Errorf("%q passes", text)
		}
	}
}

func TestAnnouncedNodesAreNotBelieved(t *testing.T) {
	_, err := Read([]draft.File{{Name: "x", Data: []byte("1000000000 5\n0 1 2\n")}})
	if err == nil || err.Error() != "x: the first line announces 1000000000 nodes; the file ends after 1 [syntax]" {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	drafttest.Fuzz(f, Is, Read, []drafttest.Law{drafttest.Bounded, drafttest.Complete}, "1|2|-1\n", "1 2\n2 1\n", "2 1\n0 1 2\n1 2 3\n0 1 5\n", "source,target\na,b\n", "D\t1\t2\n")
}

func BenchmarkRead(b *testing.B) {
	var s strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&s, "%d|%d|-1\n", i%300_000, (i*7+1)%300_000)
	}
	f := draft.File{Name: "b", Data: []byte(s.String())}
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if _, err := Read([]draft.File{f}); err != nil {
			b.Fatal(err)
		}
	}
}
