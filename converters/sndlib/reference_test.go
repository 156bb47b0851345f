package sndlib_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/sndlib"
	"sendim/core/model"
)

type counts struct {
	Nodes, Links, Parallel, Components, Preinstalled, Demands int
	Demanded                                                  float64 // in the file's unit
}

// independent reads XML by Python's parser and the native form by regular expressions.
const independent = `
import sys, json, re, xml.etree.ElementTree as ET
N='{http://sndlib.zib.de/network}'
def xml(f):
    r=ET.parse(f).getroot()
    nodes=[n.get('id') for n in r.iter(N+'node')]
    links=[(l.find(N+'source').text.strip(),l.find(N+'target').text.strip()) for l in r.iter(N+'link')]
    pre=sum(float(l.find(N+'preInstalledModule/'+N+'capacity').text)>0 for l in r.iter(N+'link') if l.find(N+'preInstalledModule') is not None)
    demands=[float(d.find(N+'demandValue').text)*float(d.findtext(N+'routingUnit') or 1) for d in r.iter(N+'demand')]
    return nodes,links,pre,demands
def native(f):
    text=re.sub(r'#.*','',open(f,encoding='latin-1').read())
    part=lambda name: re.search(r'^'+name+r' \(\s*$(.*?)^\)',text,re.S|re.M).group(1)
    nodes=[l.split()[0] for l in part('NODES').strip().splitlines()]
    rows=[re.match(r'\s*\S+ \( (\S+) (\S+) \) (\S+)',l).groups() for l in part('LINKS').strip().splitlines()]
    demands=[re.match(r'\s*\S+ \( \S+ \S+ \) (\S+) (\S+)',l).groups() for l in part('DEMANDS').strip().splitlines()]
    return nodes,[r[:2] for r in rows],sum(float(r[2])>0 for r in rows),[float(a)*float(b) for a,b in demands]
out={}
for f in sys.argv[1:]:
    nodes,links,pre,demands=(xml if f.endswith('.xml') else native)(f)
    near={n:set() for n in nodes}
    for a,b in links: near[a].add(b); near[b].add(a)
    seen=set(); comps=0
    for n in nodes:
        if n in seen: continue
        comps+=1; todo=[n]; seen.add(n)
        while todo:
            for m in near[todo.pop()]:
                if m not in seen: seen.add(m); todo.append(m)
    out[f]=dict(Nodes=len(nodes),Links=len(links),Parallel=len(links)-len({tuple(sorted(l)) for l in links}),Components=comps,Preinstalled=pre,Demands=len(demands),Demanded=sum(demands))
json.dump(out,sys.stdout)
`

// build makes the model with a host at each switch, and decodes it once more.
func build(t *testing.T, files ...draft.File) *draft.Result {
	t.Helper()
	n, err := sndlib.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	r := drafttest.Build(t, n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
	drafttest.Described(t, r.Model)
	return r
}

// independently counts in files of this format.
func independently(t *testing.T, files []string) (out map[string]counts) {
	drafttest.Python(t, independent, files, &out)
	return out
}

func TestInstancesCountAsInAnIndependentReading(t *testing.T) {
	files := drafttest.Reference(t, "sndlib/xml/*.xml", "sndlib/native/*.txt")
	want := independently(t, files)
	texts := map[string]string{}
	for _, name := range files {
		base := filepath.Base(name)
		f := drafttest.Load(t, name)
		if !sndlib.Is(f) {
			t.Errorf("%s is not recognised", base)
		}
		r := build(t, f)
		s := r.Summary
		got := counts{Nodes: s.Nodes, Links: s.Links, Parallel: s.Parallel, Components: s.Components, Demands: s.Demands, Demanded: s.Demanded / 1e6}
		for _, rule := range s.Rates {
			if rule.Rule == "preinstalled capacity" {
				got.Preinstalled = rule.Links
			}
		}
		if got != want[name] {
			t.Errorf("%s: %+v, an independent reading counts %+v", base, got, want[name])
		}
		for _, rule := range s.Rates {
			if rule.Rule == "none: unlimited" {
				t.Errorf("%s: %d links have no rate", base, rule.Links)
			}
		}
		// The two forms of one instance make one network, rates and demands included.
		var lines []string
		for l := range r.Model.Links() {
			lines = append(lines, fmt.Sprint(r.Model.LinkName(l.ID), " ", l.Spec.Rate, l.Back.Rate))
		}
		for _, d := range r.Model.Demands[0].Demands {
			lines = append(lines, fmt.Sprint(r.Model.NodeName(d.From), r.Model.NodeName(d.To), d.Rate))
		}
		slices.Sort(lines)
		text := strings.Join(lines, "\n")
		stem := strings.TrimSuffix(strings.TrimSuffix(base, ".xml"), ".txt")
		if other, ok := texts[stem]; ok && other != text {
			t.Errorf("%s: XML and native form give different networks", stem)
		}
		texts[stem] = text
	}
}

func TestMatricesOverTimeJoinTheirTopology(t *testing.T) {
	for _, c := range []struct {
		top, matrices  string
		count          int
		first, spacing model.Time
		total          string // of the first matrix, Mbit/s rounded, by Python
	}{
		{"xml/abilene.xml", "tm-abilene-5min/*.xml", 24, 5 * model.Minute, model.Hour, ""},
		{"xml/germany50.xml", "tm-germany50-1day/*.xml", 6, 24 * model.Hour, 48 * model.Hour, ""},
	} {
		matrices := drafttest.Reference(t, "sndlib/"+c.matrices)
		want := independently(t, matrices)
		files := []draft.File{drafttest.Load(t, drafttest.Reference(t, "sndlib/"+c.top)[0])}
		slices.Reverse(matrices)
		for _, m := range matrices {
			if !sndlib.Is(drafttest.Load(t, m)) {
				t.Errorf("%s is not recognised", m)
			}
			files = append(files, drafttest.Load(t, m))
		}
		slices.Reverse(matrices)
		r := build(t, files...)
		if len(r.Model.Demands) != c.count {
			t.Fatalf("%s: %d matrices", c.top, len(r.Model.Demands))
		}
		for i, m := range r.Model.Demands {
			if m.Start != model.Time(i)*c.spacing || m.Until != m.Start+c.first {
				t.Errorf("%s: matrix %d holds from %v until %v", c.top, i, m.Start, m.Until)
			}
			sum := 0.0
			for _, d := range m.Demands {
				sum += float64(d.Rate)
			}
			if w := want[matrices[i]]; w.Demands != len(m.Demands) || sum-w.Demanded*1e6 > 1e3 || w.Demanded*1e6-sum > 1e3 {
				t.Errorf("%s: %d demands of %.0f bit/s; an independent reading has %+v", matrices[i], len(m.Demands), sum, w)
			}
		}
		if !strings.Contains(r.Summary.Text(), "gaps") {
			t.Errorf("%s: the gaps are not told:\n%s", c.top, r.Summary.Text())
		}
	}
}
