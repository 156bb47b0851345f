package netbench

import (
	"testing"

	"sendim/converters/draft"
	"sendim/core/model"
)

const small = "# drawn\n|V|=5\n|E|=8\nToRs=incl_range(0,1)\nServers=set(0,1,4)\nSwitches=incl_range(2,3)\n\n0 2\n0 3\n1 2\n2 0\n3 0\n2 1\n4 2\n2 4\n"

func TestDirectionsArePairedAndServersTold(t *testing.T) {
	f := draft.File{Name: "x.topology", Data: []byte(small)}
	if !Is(f) {
		t.Fatal("not recognised")
	}
	n, err := Read([]draft.File{f})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 5 || len(n.Links) != 4 || n.Warnings.Total != 0 {
		t.Fatalf("%d nodes, %d links, %v", len(n.Nodes), len(n.Links), n.Warnings.Error())
	}
	if n.Nodes[4].Kind != model.Host || n.Nodes[0].Kind != 0 || n.Nodes[0].Labels[0] != "tor" {
		t.Errorf("got %+v", n.Nodes)
	}
}

func TestWrongFilesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"|V|=1000000000\n|E|=0\n":            "x:1: |V|: 1000000000 nodes are announced; 1048576 are allowed [out-of-range]",
		"|V|=2\n|E|=2\n0 2\n":                "x:3: 0 2: there are nodes 0 to 1 [unknown-node]",
		"|V|=2\n|E|=2\nToRs=range(0,1)\n":    "x:3: ToRs is \"range(0,1)\"; after |V| it is incl_range(FIRST,LAST) or set(NODE,...) [syntax]",
		"|E|=2\n0 1\n":                       "x:2: a row is two nodes, after |V| [syntax]",
		"|V|=2\n|E|=2\nServers=set(0,NaN)\n": "x:3: Servers: \"NaN\" is not a whole number from 0 to 1, the last node [unknown-node]",
	} {
		if _, err := Read([]draft.File{{Name: "x", Data: []byte(text)}}); err == nil || err.Error() != want {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestAFileThatIsCutIsRefused(t *testing.T) {
	_, err := Read([]draft.File{{Name: "x", Data: []byte("|V|=3\n|E|=4\n0 1\n1 0\n1 2")}})
	if err == nil || err.Error() != "x: the file ends in the middle of a line after 3 of 4 directed edges [syntax]" {
		t.Errorf("got %v", err)
	}
}
