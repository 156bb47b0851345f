package topologyzoo_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/topologyzoo"
)

// counts of one file, by our reading and by another.
type counts struct {
	Nodes, Links, Parallel, Loops, Isolated, Components, Speeds int
}

// independent reads all files with Python: GraphML by its XML parser, GML by networkx's
// grammar written down once more.
const independent = `
import sys, json, re, xml.etree.ElementTree as ET
N='{http://graphml.graphdrawing.org/xmlns}'
def graphml(f):
    root=ET.parse(f).getroot()
    keys={k.get('id'):k.get('attr.name') for k in root.iter(N+'key')}
    nodes=[n.get('id') for n in root.iter(N+'node')]
    edges=[]; speeds=0
    for e in root.iter(N+'edge'):
        edges.append((e.get('source'),e.get('target')))
        speeds+=any(keys[d.get('key')]=='LinkSpeedRaw' for d in e.iter(N+'data'))
    return nodes,edges,speeds
def gml(f):
    text=open(f).read()
    nodes=[m.group(1) for b in re.findall(r'\n  node \[\n(.*?)\n  \]',text,re.S) for m in [re.search(r'^ *id (\S+)$',b,re.M)]]
    edges=[]; speeds=0
    for b in re.findall(r'\n  edge \[\n(.*?)\n  \]',text,re.S):
        edges.append((re.search(r'^ *source (\S+)$',b,re.M).group(1),re.search(r'^ *target (\S+)$',b,re.M).group(1)))
        speeds+=bool(re.search(r'^ *LinkSpeedRaw ',b,re.M))
    return nodes,edges,speeds
out={}
for f in sys.argv[1:]:
    nodes,edges,speeds=(graphml if f.endswith('.graphml') else gml)(f)
    pairs=[tuple(sorted(e)) for e in edges if e[0]!=e[1]]
    near={n:set() for n in nodes}
    for a,b in pairs: near[a].add(b); near[b].add(a)
    seen=set(); comps=0
    for n in nodes:
        if n in seen: continue
        comps+=1; todo=[n]; seen.add(n)
        while todo:
            for m in near[todo.pop()]:
                if m not in seen: seen.add(m); todo.append(m)
    out[f]=dict(Nodes=len(nodes),Links=len(edges),Parallel=len(pairs)-len(set(pairs)),Loops=len(edges)-len(pairs),Isolated=sum(not near[n] for n in nodes),Components=comps,Speeds=speeds)
json.dump(out,sys.stdout)
`

func TestTheTopologyZooCountsAsInAnIndependentReading(t *testing.T) {
	files := drafttest.Reference(t, "topology-zoo/graphml/*.graphml", "topology-zoo/gml/*.gml")
	want := map[string]counts{}
	drafttest.Python(t, independent, files, &want)
	texts := map[string]string{}
	for _, name := range files {
		f := drafttest.Load(t, name)
		if !topologyzoo.Is(f) {
			t.Errorf("%s is not recognised", name)
		}
		n, err := topologyzoo.Read([]draft.File{f})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		built, err := draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := built.Summary
		raw := 0
		for _, r := range s.Rates {
			if r.Rule == "LinkSpeedRaw" {
				raw = r.Links
			}
		}
		got := counts{s.Nodes, s.Links, s.Parallel, s.Loops, s.Isolated, s.Components, raw}
		w := want[name]
		if w.Loops > 0 { // rates of loops are not counted
			got.Speeds = w.Speeds
		}
		if got != w {
			t.Errorf("%s: %+v, an independent reading counts %+v", filepath.Base(name), got, w)
		}
		again := drafttest.Described(t, built.Model)
		if a, z := again.NodeCount(), again.LinkCount(); a != 2*s.Nodes || z != s.Links-s.Loops+s.Nodes {
			t.Errorf("%s: decoded %d nodes and %d links", name, a, z)
		}
		// Both forms of one network make one model, but for the order of properties.
		base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gml"), ".graphml")
		text := specs(built)
		if other, ok := texts[base]; ok && other != text {
			t.Errorf("%s: GraphML and GML give different networks:\n%s\n%s", base, other, text)
		}
		texts[base] = text
	}
}

// specs lists nodes by name and links by their ends, rates and delays, sorted: the two
// forms of a network list edges in different orders.
func specs(r *draft.Result) string {
	var lines []string
	for v := range r.Model.Nodes() {
		lines = append(lines, fmt.Sprint(v.Name, v.Labels))
	}
	for l := range r.Model.Links() {
		a, b := r.Model.NodeName(l.A.Node), r.Model.NodeName(l.B.Node)
		lines = append(lines, fmt.Sprint(min(a, b), " ", max(a, b), l.Spec, l.Back))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
