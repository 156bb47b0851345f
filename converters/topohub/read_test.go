package topohub_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/topohub"
	"sendim/core/model"
)

const polish = `{
"directed": false,
"multigraph": false,
"graph": {
"name": "tiny",
"demands": {"Lodz": {"Warsaw": 193.5, "Kielce": 0}},
"stats": {"nodes": 3, "avg_degree": 1.33}
},
"nodes": [
{"pos": [19.40, 51.70], "id": "Lodz"},
{"pos": [21.00, 52.20], "type": "PoP", "name": "Warszawa, śr.", "id": "Warsaw"},
{"pos": null, "id": "Kielce", "tags": ["a", {"b": null, "c": true}]}
],
"edges": [
{"dist": 122.98, "ecmp_fwd": {"uni": 89.33}, "ecmp_bwd": {"uni": 88.00}, "source": "Lodz", "target": "Warsaw"},
{"dist": 122.98, "source": "Warsaw", "target": "Lodz"},
{"source": "Kielce", "target": "Warsaw"}
]
}`

func file(text string) draft.File { return draft.File{Name: "in", Data: []byte(text)} }

func describe(t *testing.T, text string) string {
	t.Helper()
	n, err := topohub.Read([]draft.File{file(text)})
	if err != nil {
		return "refused: " + err.Error()
	}
	r, err := draft.Build(n, draft.Options{})
	if err != nil {
		return "not built: " + err.Error()
	}
	var b strings.Builder
	for v := range r.Model.Nodes() {
		b.WriteString(v.Name)
		for _, p := range v.Properties {
			fmt.Fprintf(&b, " %s=%s", p.Name, p.Value)
		}
		b.WriteByte('\n')
	}
	for l := range r.Model.Links() {
		fmt.Fprintf(&b, "%s %v %v", r.Model.LinkName(l.ID), l.Spec.Rate, l.Spec.Delay)
		if l.Back != l.Spec {
			fmt.Fprintf(&b, " back %v %v", l.Back.Rate, l.Back.Delay)
		}
		for _, p := range l.Properties {
			fmt.Fprintf(&b, " %s=%s", p.Name, p.Value)
		}
		b.WriteByte('\n')
	}
	for _, m := range r.Model.Demands {
		for _, d := range m.Demands {
			fmt.Fprintf(&b, "%s>%s %v\n", r.Model.NodeName(d.From), r.Model.NodeName(d.To), d.Rate)
		}
	}
	fmt.Fprint(&b, r.Summary.Text())
	if w := r.Warnings.Err(); w != nil {
		fmt.Fprintln(&b, w)
	}
	return b.String()
}

func TestNetworksAreRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"TopoHub's own", polish, `Lodz longitude=19.4 latitude=51.7
Warszawa-sr source.id=Warsaw type=PoP name=Warszawa, śr. longitude=21 latitude=52.2
Kielce tags.0=a tags.1.c=true
h-Lodz
h-Warszawa-sr
h-Kielce
Lodz--Warszawa-sr 0bps 614900ns ecmp_fwd.uni=89.33 ecmp_bwd.uni=88.00 delay.from=length, 5 us/km
Warszawa-sr--Lodz#2 0bps 614900ns delay.from=length, 5 us/km
Kielce--Warszawa-sr 0bps 0ps delay.from=none: 0s
h-Lodz--Lodz 0bps 0ps
h-Warszawa-sr--Warszawa-sr 0bps 0ps
h-Kielce--Kielce 0bps 0ps
h-Lodz>h-Warszawa-sr 193500kbps
TopoHub (node-link JSON): 3 nodes and 3 links
parallel: 1 link beyond the first between two nodes, all kept
names: 1 node not called by the file's id, which is kept as the property source.id
positions: 1 node without
rates: 3 none: unlimited
delays: 2 length, 5 us/km; 1 none: 0s
hosts: 3 hosts attached
demands: 1 in 1 matrix, 193500kbps together
demands left out: 1 with the rate 0
about the network as a whole: 3 values of the file, left out: a model has no place for them
note: demands state no unit: they are taken for Mbit/s, and each goes from its source to its target only
`},
		{"networkx's multigraph, directed", `{"directed": true, "multigraph": true, "graph": {}, "nodes": [{"id": 7}, {"id": [0, "a"]}],
"links": [{"source": 7, "target": [0, "a"], "key": 0, "bandwidth": "10Gbps", "delay": "2ms", "weight": 5}, {"source": [0, "a"], "target": 7, "key": 0, "bandwidth": 100}, {"source": 7, "target": [0, "a"], "key": 1, "weight": 2.5}]}`,
			`n7 source.id=7
0-a source.id=(0, a)
n7--0-a 10Gbps 2ms key=0 back.bandwidth=100 rate.from=bandwidth delay.from=delay
n7--0-a#2 0bps 0ps key=1 weight=2.5 rate.from=none: unlimited delay.from=none: 0s
TopoHub (node-link JSON): 2 nodes and 2 links
parallel: 1 link beyond the first between two nodes, all kept
names: 2 nodes not called by the file's id, which is kept as the property source.id
rates: 1 bandwidth; 1 none: unlimited
delays: 1 delay; 1 none: 0s
hosts: none; --hosts per-switch=N attaches some
note: directed edges: 3; opposite ones are one link, 1 pairs; without a counterpart and taken for both directions: 1
in: edges have a "bandwidth" of unknown unit: it is kept as a property and not used [bad-unit]
`},
		{"a Gabriel graph", `{"directed": false, "multigraph": false, "nodes": [{"id": 0, "name": "R0", "pos": [30, 40]}, {"id": 1, "name": "R1", "pos": [330.0, 440]}], "edges": [{"source": 0, "target": 1, "dist": 500.0}]}`,
			`R0 source.id=0 x=30 y=40
R1 source.id=1 x=330 y=440
R0--R1 0bps 2500us
TopoHub (node-link JSON): 2 nodes and 1 link
names: 2 nodes not called by the file's id, which is kept as the property source.id
rates: 1 none: unlimited
delays: 1 length, 5 us/km
hosts: none; --hosts per-switch=N attaches some
note: positions are in a plane, where lengths are straight lines: its unit is taken for a kilometre
`},
		{"pixels with great circles", `{"directed": false, "nodes": [{"id": "a", "pos": [100, 200]}, {"id": "b", "pos": [300, 200]}], "edges": [{"source": "a", "target": "b", "dist": 15064}]}`,
			`a x=100 y=200
b x=300 y=200
a--b 0bps 0ps dist=15064
TopoHub (node-link JSON): 2 nodes and 1 link
rates: 1 none: unlimited
delays: 1 none: 0s
hosts: none; --hosts per-switch=N attaches some
note: positions are no longitudes and latitudes, though lengths were computed as if: dist is kept as a property and gives no delays
`},
		{"edges by index", "\xef\xbb\xbf" + `{"directed": false, "nodes": [{"id": "a"}, {"id": "b"}], "links": [{"source": 0, "target": 1}]}`,
			`a
b
a--b 0bps 0ps
TopoHub (node-link JSON): 2 nodes and 1 link
rates: 1 none: unlimited
delays: 1 none: 0s
hosts: none; --hosts per-switch=N attaches some
note: edges name nodes by their place in the list, from 0
`},
	} {
		if got := describe(t, c.text); got != c.want {
			t.Errorf("%s: got\n%s", c.name, got)
		}
	}
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	edit := func(old, new string) string { return strings.Replace(polish, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"cut off", polish[:400], `in:15: the file ends before its JSON does [syntax]`},
		{"NaN", edit("122.98", "NaN"), `in:15: NaN is no number of JSON, nor one that means anything here [bad-number]`},
		{"infinite", edit("19.40", "-Infinity"), `in:10: -Infinity is no number of JSON, nor one that means anything here [bad-number]`},
		{"too large", edit("19.40", "1e999"), `in:10: pos: "1e999" is not a finite number [bad-number]`},
		{"negative", edit("122.98", "-1"), `in:15: dist is negative: -1 [out-of-range]`},
		{"a negative demand", edit("193.5", "-2"), `in:6: a demand is negative: -2 [out-of-range]`},
		{"not a number", edit("193.5", `"much"`), `in:6: a demand: "much" is not a finite number [bad-number]`},
		{"a key twice", edit(`"type"`, `"id"`), `in:11: the key "id" is given twice [duplicate-id]`},
		{"a node twice", edit(`"id": "Kielce"`, `"id": "Lodz"`), `in:12: node "Lodz" is declared twice, first in line 10 [duplicate-id]`},
		{"an unknown end", edit(`"source": "Kielce"`, `"source": "Kielc"`), `in:17: an end of the edge is "Kielc", which is no node of the file; did you mean "Kielce"? [unknown-node]`},
		{"an end that is missing", edit(`"source": "Kielce", `, ``), `in:17: an edge needs both source and target [missing-attribute]`},
		{"an unknown demand", edit(`"Warsaw": 193.5`, `"Wawa": 193.5`), `in:6: an end of a demand is "Wawa", which is no node of the file [unknown-node]`},
		{"no edges", `{"directed": false, "nodes": []}`, `in: the file has no list of links [syntax]`},
		{"both lists", edit(`"directed": false`, `"links": []`), `in:14: the file has both edges and links [duplicate-id]`},
		{"deep", `{"graph": {"a": ` + strings.Repeat("[", 100), `in:1: values are nested more than 32 deep [limit]`},
		{"a list", `[1]`, `in:1: the file is to begin with { [syntax]`},
		{"more after the end", polish + "{}", `in:19: "{}" follows the end of the JSON [syntax]`},
		{"UTF-16", "\xff\xfe{\x00", `in: the file is UTF-16; save it as UTF-8 [encoding]`},
	} {
		if got := strings.TrimPrefix(describe(t, c.text), "refused: "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := topohub.Read(make([]draft.File, 2)); err == nil {
		t.Error("two files are no error")
	}
}

func TestWhatDrawingLibrariesReadIsRead(t *testing.T) {
	n, err := topohub.Read([]draft.File{file(`{"graph":[["name","g"]],"nodes":[{"id":0,"name":"A","lat":1.5,"lon":"2","type":"switch"},{"id":1,"name":"B","type":"Host"},{"id":2,"lat":9}],
"links":[{"source":0,"target":1,"bandwidth":"100Mbps"},{"source":0,"target":2}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Nodes) != 3 || len(n.Links) != 2 || n.Nodes[1].Kind != model.Host || n.Nodes[0].Kind == model.Host || !n.Nodes[0].Placed || n.Nodes[0].X != 2 || n.Nodes[2].Placed || n.Links[0].Spec.Rate != 100e6 {
		t.Errorf("%+v", n)
	}
	if _, err := topohub.Read([]draft.File{file(`{"directed":false,"graph":{},"nodes":[{"id":1}],"adjacency":[[]]}`)}); err == nil || !strings.Contains(err.Error(), "adjacency data") {
		t.Errorf("adjacency data: %v", err)
	}
}

func TestOtherKindsAreNotClaimed(t *testing.T) {
	for text, want := range map[string]bool{
		polish:               true,
		`{"directed": true,`: true,
		`{"graph": {"name": "x"}, "multigraph": false, "nodes":`:               true,
		`{"nodes": [{"id": 1}], "links": [], "multigraph": true}`:              true,
		`{"application": {"dpctl": ""}, "hosts": [], "links": []}`:             false,
		`{"nodes": [{"name": "h", "type": "host", "bw": 1}], "links": []}`:     false,
		`{"data": [], "directed": false, "elements": {"nodes": []}}`:           false,
		`{"graph": {"nodes": {}, "edges": []}}`:                                false,
		`{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 1}]}`:        true,
		`{"nodes": [{"name": 1}], "links": [{"source": 1, "destination": 1}]}`: false,
		`[{"directed": true}]`: false,
		`{}`:                   false,
		`{"directed": "yes"}`:  false,
		"graph [":              false,
		"":                     false,
	} {
		if got := topohub.Is(file(text)); got != want {
			t.Errorf("%.40q: %v", text, got)
		}
	}
}

const independent = `
import sys, json
out={}
for f in sys.argv[1:]:
    d=json.load(open(f)); ids=[n['id'] for n in d['nodes']]; e=[(x['source'],x['target']) for x in d.get('edges',d.get('links'))]
    near={i:set() for i in ids}
    for a,b in e: near[a].add(b); near[b].add(a)
    seen=set(); comps=0
    for i in ids:
        if i in seen: continue
        comps+=1; todo=[i]; seen.add(i)
        while todo:
            for m in near[todo.pop()]:
                if m not in seen: seen.add(m); todo.append(m)
    out[f]=dict(Nodes=len(ids),Links=len(e),Components=comps,Length=sum(x['dist'] for x in d['edges']))
json.dump(out,sys.stdout)
`

func TestNetworksCountAsInAnIndependentReading(t *testing.T) {
	files := drafttest.Reference(t, "caida/*/*.json")
	want := map[string]struct {
		Nodes, Links, Components int
		Length                   float64
	}{}
	drafttest.Python(t, independent, files, &want)
	for _, name := range files {
		f := drafttest.Load(t, name)
		if !topohub.Is(f) {
			t.Errorf("%s is not recognised", name)
		}
		n, err := topohub.Read([]draft.File{f})
		if err != nil {
			t.Error(err)
			continue
		}
		r, err := draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
		if err != nil {
			t.Error(err)
			continue
		}
		s, w := r.Summary, want[name]
		if s.Nodes != w.Nodes || s.Links != w.Links || s.Components != w.Components || n.Coordinates != draft.Geographic {
			t.Errorf("%s: %+v, an independent reading counts %+v", filepath.Base(name), s, w)
		}
		length := 0.0
		for l := range r.Model.Links() {
			length += l.Spec.Delay.Seconds() / 5e-6
		}
		if length < w.Length-1 || length > w.Length+1 {
			t.Errorf("%s: %.1f km of links, an independent reading has %.1f", filepath.Base(name), length, w.Length)
		}
		if again := drafttest.Described(t, r.Model); again.NodeCount() != 2*w.Nodes || again.LinkCount() != w.Links+w.Nodes {
			t.Errorf("%s: decoded %d nodes and %d links", name, again.NodeCount(), again.LinkCount())
		}
	}
}
