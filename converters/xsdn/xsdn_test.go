package xsdn

import (
	"fmt"
	"strings"
	"testing"

	"sendim/core/fault"
	"sendim/core/model"
)

func convert(texts ...string) (*Result, error) {
	var files []File
	for i, text := range texts {
		files = append(files, File{fmt.Sprintf("%d.xml", i), strings.NewReader(text)})
	}
	return Convert(files)
}

const triangle = `<nodes>
<node id="A"><link id="B"><cost>89</cost><speed>49</speed></link><link id="C"> <speed> 2.5 </speed> </link></node>
<node id="B"><link id="A"><cost>7</cost><speed>50</speed><energy>1</energy></link></node>
<node id="C"><link id="B"><cost>1</cost></link></node></nodes>`

func TestXSDNsThreeFilesBecomeOneNetwork(t *testing.T) {
	r, err := convert(
		`<flows><flow id="F1" profile="energy" algorithm="AdaptiveRoute"><start>10.5</start><chunks>1,2D,3</chunks><origin>A</origin><destination>C</destination></flow>
		 <flow id="F2"><chunks>7</chunks><origin>B</origin><destination>A</destination></flow></flows>`,
		triangle,
		`<policies><policy profile="energy"><goal>minimize</goal><property>energy</property><priority>2</priority></policy><policy profile="bandwidth"><priority>1</priority></policy></policies>`,
		`<flows><flow id="I"><origin>A</origin><destination>B</destination></flow></flows>`)
	if err != nil {
		t.Fatal(err)
	}
	n := r.Model
	if err := n.Validate(r.Places).Err(); err != nil {
		t.Error(err)
	}
	var got []string
	for l := range n.Links() {
		got = append(got, fmt.Sprintf("%s %v %v %v %v", n.LinkName(l.ID), l.Spec.Rate, l.Back.Rate, l.Properties, r.Places.LinkPlace(l.ID)))
	}
	want := []string{
		"A--B 392Mbps 400Mbps [{cost 89} {speed 49} {back.cost 7} {back.speed 50} {back.energy 1}] 1.xml:2:14",
		"A--C 20Mbps 20Mbps [{speed 2.5}] 1.xml:2:66",
		"C--B 0bps 0bps [{cost 1}] 1.xml:4:14",
		"h-A--A 0bps 0bps [] 1.xml:2:1", "h-B--B 0bps 0bps [] 1.xml:3:1", "h-C--C 0bps 0bps [] 1.xml:4:1",
	}
	for i, line := range got {
		if line != want[i] {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
	if f := n.Flows[0]; n.NodeName(f.From) != "h-A" || n.NodeName(f.To) != "h-C" || f.Start != 10500*model.Millisecond || f.Chunks != "1,2D,3" || f.Profile != "energy" || n.Flows[1].Profile != "time" || len(n.Flows) != 2 {
		t.Errorf("flows: %+v", n.Flows)
	}
	if fmt.Sprint(n.Policies, n.Profiles) != "[{energy false energy 2} {bandwidth true rate 1}] [{energy  0bps  []} {bandwidth  0bps  []} {time  0bps  []}]" {
		t.Error(n.Policies, n.Profiles)
	}
	if s := r.Warnings.Error(); !strings.Contains(s, `"C" to "B"`) || !strings.Contains(s, "1 flows name") || !strings.Contains(s, "1 pairs") {
		t.Error(s)
	}
}

func TestFaultyXSDNIsRefusedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name, text string
		code       fault.Code
		want       string
	}{
		{"a dangling link", `<nodes><node id="GSD1"><link id="GSD11"/></node><node id="GSD12"/></nodes>`, fault.UnknownNode, `0.xml:1:24: <link>: "GSD1" is linked to "GSD11", which is not declared; did you mean "GSD1"? [unknown-node]`},
		{"a self link", `<nodes><node id="A"><link id="A"/></node></nodes>`, fault.SelfLink, "0.xml:1:21"},
		{"a node twice", `<nodes><node id="A"/><node id="A"/></nodes>`, fault.DuplicateID, "0.xml:1:22"},
		{"a number that is none", `<nodes><node id="A"><link id="B"><cost>NaN</cost></link></node><node id="B"/></nodes>`, fault.BadNumber, "<cost>"},
		{"a negative number", `<nodes><node id="A"><link id="B"><speed>-1</speed></link></node><node id="B"/></nodes>`, fault.OutOfRange, "<speed>"},
		{"truncated", `<nodes><node id="A">`, fault.Syntax, "not closed"},
		{"flows alone", `<flows/>`, fault.FileMissing, "<nodes>"},
		{"another root", `<nods/>`, fault.UnknownElement, `"nodes"`},
		{"an unknown element", `<nodes><node id="A"><lnk/></node></nodes>`, fault.UnknownElement, `"link"`},
	} {
		_, err := convert(c.text)
		if !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s with %q", c.name, err, c.code, c.want)
		}
	}
	_, err := convert(triangle, `<flows><flow id="f"><chunks>1x</chunks><origin>A</origin><destination>B</destination></flow></flows>`)
	if !fault.Is(err, fault.BadNumber) {
		t.Error(err)
	}
	_, err = convert(triangle, `<flows><flow id="f"><chunks>1</chunks><origin>Z</origin></flow></flows>`)
	if !fault.Is(err, fault.UnknownNode) || !fault.Is(err, fault.MissingAttribute) {
		t.Error(err)
	}
}

func TestThePrototypesFileIsReadUnchanged(t *testing.T) {
	r, err := ConvertPrototype(File{"p.xml", strings.NewReader(`<system-descriptor>
	<node id="s1" type="Switch"> <link id="s2"></link> <link id="h1"></link> </node>
	<group><node id="s2" type="switch"/></group>
	<node id="h1" type="host"> <link id="s1"></link> </node>
	<node id="h2"><link id="s1"/></node>
	<node id="h2"><link id="s2"/></node>
	</system-descriptor>`)})
	if err != nil {
		t.Fatal(err)
	}
	n := r.Model
	var got []string
	for v := range n.Nodes() {
		got = append(got, v.Name+" "+v.Kind.String())
	}
	for l := range n.Links() {
		got = append(got, n.LinkName(l.ID))
	}
	if s := strings.Join(got, ", "); s != "s1 switch, s2 switch, h1 host, h2 host, s1--s2, s1--h1, h2--s2" {
		t.Error(s)
	}
	if s := r.Warnings.Error(); strings.Count(s, "one end only") != 2 || !strings.Contains(s, `"h2" replaces`) {
		t.Error(s)
	}
	if _, err := ConvertPrototype(File{"p.xml", strings.NewReader(`<x><node id="a"><link id="b"/></node></x>`)}); !fault.Is(err, fault.UnknownNode) {
		t.Error(err)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add(triangle, `<flows><flow id="F"><chunks>10R20*3,5D,R</chunks><origin>A</origin><destination>B</destination></flow></flows>`)
	f.Add(`<system-descriptor><node id="a"/></system-descriptor>`, `<policies/>`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if r, err := convert(a, b); err == nil {
			r.Model.Validate(r.Places)
		}
		if r, err := ConvertPrototype(File{"p", strings.NewReader(a)}); err == nil {
			r.Model.Validate(r.Places)
		}
	})
}
