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

func TestCommasAreReadAsCloudSimSDNReadsThem(t *testing.T) {
	const text = `{"datacenters":[{"name":"d1" "type":"cloud",},{"name":"d2","type":"cloud",},],
"nodes":[{"name":"gw","type":"gateway","bw":10,"datacenter":"net",}{"name":"gw","type":"gateway","bw":10,"datacenter":"d1"},
{"name":"odd, name","type":"?","type":"host","bw":5,"datacenter":"d1",},,],
"links":[{"source":"gw","destination":"odd, name","latency":1.5,},]}`
	n, err := Read([]draft.File{{Name: "x", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 2 || len(n.Links) != 1 || n.Nodes[1].Kind != model.Host || n.Nodes[1].ID != "odd, name" || n.Links[0].Spec.Rate != 5 || len(n.Notes) != 3 {
		t.Errorf("got %+v", n)
	}
	if p := n.Nodes[0].Properties; len(p) != 2 || p[1] != (model.Property{Name: "cloudsim.datacenter.2", Value: "d1"}) {
		t.Errorf("the gateway says %v", p)
	}
}

func TestWhatIsNoJSONAnywayIsRefusedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"{\"nodes\":[\n{\"name\" \"a\"}]}": "x:2: it is not JSON, not even with commas where they belong: invalid character ',' after object key [syntax]",
		"{\"nodes\":[\n{\"name\":\"a\"":    "x:2: it is not JSON, not even with commas where they belong: unexpected end of JSON input [syntax]",
		"{\"nodes\":{\"name\":1}}":         "x:1: it is not JSON, not even with commas where they belong: json: cannot unmarshal object into Go struct field .nodes of type []map[string]json.RawMessage [syntax]",
	} {
		if _, err := Read([]draft.File{{Name: "x", Data: []byte(text)}}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestUnknownEndsAndNamesAreSaid(t *testing.T) {
	_, err := Read([]draft.File{{Name: "x", Data: []byte(`{"nodes":[{"name":"a","bw":-1},{"name":"a"}],"links":[{"source":"a","destination":"b"}]}`)}})
	const want = "x: node \"a\": bw: -1 is not a finite number from 0 on [bad-number]\nx: node 2 has no name or that of another, \"a\" [duplicate-id]\nx: link 1: its destination \"b\" is no node [unknown-node]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
