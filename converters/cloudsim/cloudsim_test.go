package cloudsim

import (
	"testing"

	"sendim/converters/draft"
	"sendim/core/model"
)

const small = `{"nodes":[{"name":"c","type":"core","iops":1000,"bw":1000000000},
{"name":"h0","type":"host","pes":16,"mips":4000,"ram":10240,"storage":5,"bw":100000000}],
"links":[{"source":"c","destination":"h0","latency":0.1}]}`

func TestHostsHaveCoresAndLinksTheSmallerBandwidth(t *testing.T) {
	f := draft.File{Name: "x.json", Data: []byte(small)}
	if !Is(f) {
		t.Fatal("not recognised")
	}
	n, err := Read([]draft.File{f})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 2 || n.Nodes[1].Spec != (model.NodeSpec{CPU: 16000, Memory: 10240 << 20}) || n.Nodes[1].Kind != model.Host {
		t.Errorf("got %+v", n.Nodes)
	}
	if got := n.Links[0].Spec; got != (model.LinkSpec{Rate: 100e6, Delay: 100 * model.Microsecond}) {
		t.Errorf("got %+v", got)
	}
}

func TestTrailingCommasAreNotJSON(t *testing.T) {
	_, err := Read([]draft.File{{Name: "x", Data: []byte("{\"nodes\":[\n{\"name\":\"a\",}],\"links\":[]}")}})
	if err == nil || err.Error() != "x:2: it is not valid JSON, as many of CloudSimSDN's own examples are not: invalid character '}' looking for beginning of object key string [syntax]" {
		t.Errorf("got %v", err)
	}
}

func TestUnknownEndsAndNamesAreSaid(t *testing.T) {
	_, err := Read([]draft.File{{Name: "x", Data: []byte(`{"nodes":[{"name":"a","bw":-1},{"name":"a"}],"links":[{"source":"a","destination":"b"}]}`)}})
	const want = "x: node \"a\": bw: -1 is not a finite number from 0 on [bad-number]\nx: node 2 has no name or that of another, \"a\" [duplicate-id]\nx: link 1: its destination \"b\" is no node [unknown-node]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
