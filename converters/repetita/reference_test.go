package repetita_test

import (
	"path/filepath"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/repetita"
)

type counts struct {
	Nodes, Edges, Links, Parallel, Components int
	Demands                                   []int
	Demanded                                  []float64 // bit/s
}

const independent = `
import sys, json, glob, collections
out={}
for f in sys.argv[1:]:
    lines=[l.split() for l in open(f)]
    n=int(lines[0][1]); at=[i for i,l in enumerate(lines) if l[:1]==['EDGES']][0]
    edges=[(int(l[1]),int(l[2])) for l in lines[at+2:] if l]
    free=collections.Counter(); links=[]
    for a,b in edges:
        if free[(b,a)]: free[(b,a)]-=1
        else: free[(a,b)]+=1; links.append((a,b))
    near={i:set() for i in range(n)}
    for a,b in links: near[a].add(b); near[b].add(a)
    seen=set(); comps=0
    for i in range(n):
        if i in seen: continue
        comps+=1; todo=[i]; seen.add(i)
        while todo:
            for m in near[todo.pop()]:
                if m not in seen: seen.add(m); todo.append(m)
    d=[[float(l.split()[3]) for l in list(open(g))[2:] if l.strip() and float(l.split()[3])>0] for g in sorted(glob.glob(f[:-6]+'*demands'))]
    out[f]=dict(Nodes=n,Edges=len(edges),Links=len(links),Parallel=len(links)-len({tuple(sorted(l)) for l in links}),Components=comps,Demands=[len(x) for x in d],Demanded=[sum(x)*1000 for x in d])
json.dump(out,sys.stdout)
`

func TestNetworksCountAsInAnIndependentReading(t *testing.T) {
	files := drafttest.Reference(t, "repetita/*.graph")
	want := map[string]counts{}
	drafttest.Python(t, independent, files, &want)
	for _, name := range files {
		base := filepath.Base(name)
		matrices, _ := filepath.Glob(strings.TrimSuffix(name, "graph") + "*demands")
		var in []draft.File
		for _, f := range append([]string{name}, matrices...) {
			in = append(in, drafttest.Load(t, f))
			if !repetita.Is(in[len(in)-1]) {
				t.Errorf("%s is not recognised", f)
			}
		}
		n, err := repetita.Read(in)
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		r, err := draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		s, w := r.Summary, want[name]
		if s.Nodes != w.Nodes || s.Links != w.Links || s.Parallel != w.Parallel || s.Components != w.Components || len(r.Model.Demands) != len(w.Demands) {
			t.Errorf("%s: %+v, an independent reading counts %+v", base, s, w)
		}
		for i, m := range r.Model.Demands {
			sum := 0.0
			for _, d := range m.Demands {
				sum += float64(d.Rate)
			}
			if len(m.Demands) != w.Demands[i] || sum != w.Demanded[i] {
				t.Errorf("%s: matrix %d has %d demands of %.0f bit/s; an independent reading has %+v", base, i, len(m.Demands), sum, w)
			}
		}
		if again := drafttest.Described(t, r.Model); again.NodeCount() != 2*w.Nodes || again.LinkCount() != w.Links+w.Nodes {
			t.Errorf("%s: decoded %d nodes and %d links", base, again.NodeCount(), again.LinkCount())
		}
	}
}
