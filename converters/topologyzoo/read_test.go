package topologyzoo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/topologyzoo"
)

func graphML(keys, graph string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
` + keys + "\n" + graph + "\n</graphml>\n"
}

const labelled = `<key id="l" for="node" attr.name="label" attr.type="string"/><key id="lon" for="node" attr.name="Longitude" attr.type="double"/><key id="lat" for="node" attr.name="Latitude" attr.type="double"/>
<key id="raw" for="edge" attr.name="LinkSpeedRaw" attr.type="double"/><key id="text" for="edge" attr.name="LinkLabel" attr.type="string"/>`

// describe writes what a file became, one line for each thing that a test may ask about.
func describe(t *testing.T, text string) string {
	t.Helper()
	n, err := topologyzoo.Read([]draft.File{{Name: "in", Data: []byte(text)}})
	if err != nil {
		return "refused: " + err.Error()
	}
	r, err := draft.Build(n, draft.Options{})
	if err != nil {
		return "not built: " + err.Error()
	}
	var b strings.Builder
	for v := range r.Model.Nodes() {
		fmt.Fprintf(&b, "%s %v", v.Name, v.Labels)
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
	fmt.Fprint(&b, r.Summary.Text())
	if w := r.Warnings.Err(); w != nil {
		fmt.Fprintln(&b, w)
	}
	return b.String()
}

// TestEveryQuirkIsRead compares what the inputs of testdata become with golden texts.
func TestEveryQuirkIsRead(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in")
	if err != nil || len(files) == 0 {
		t.Fatal("no inputs", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(t, string(data))
			drafttest.Golden(t, strings.TrimSuffix(filepath.Base(name), ".in")+".golden", got)
		})
	}
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"cut off", "<graphml><graph><node id='0'>", `in:1:30: <node> opened at 1:17 is not closed [syntax]`},
		{"no graph", "<graphml></graphml>", `in: the file has no <graph> [syntax]`},
		{"another root", "<gexf/>", `in:1: the root is <gexf>; that of GraphML is <graphml> [unknown-element]`},
		{"entities", "<!DOCTYPE graphml [<!ENTITY a 'b'>]><graphml/>", `in:1:1: <!DOCTYPE> is refused: document type definitions and entities are not supported; remove it [syntax]`},
		{"UTF-16", "\xff\xfe<\x00g\x00", `in: the file is UTF-16; save it as UTF-8 [encoding]`},
		{"an unknown end", graphML(labelled, `<graph><node id="a1"/>
<edge source="a1" target="a2"/></graph>`), `in:6: an end of the edge is "a2", which is no node of the file; did you mean "a1"? [unknown-node]`},
		{"an unknown key", graphML(labelled, `<graph><node id="a"><data key="latt">1</data></node></graph>`), `in:5: no <key> declares "latt"; did you mean "lat"? [unknown-reference]`},
		{"a node twice", graphML("", `<graph><node id="a"/><node id="a"/></graph>`), `in:4: the node "a" is declared twice [duplicate-id]`},
		{"not a number", graphML(labelled, `<graph><node id="a"><data key="lat">north</data><data key="lon">1</data></node></graph>`), `in:5: Latitude: "north" is not a finite number [bad-number]`},
		{"NaN", graphML(labelled, `<graph><node id="a"/><node id="b"/><edge source="a" target="b"><data key="raw">NaN</data></edge></graph>`), `in:5: LinkSpeedRaw: "NaN" is not a finite number [bad-number]`},
		{"negative", graphML(labelled, `<graph><node id="a"/><node id="b"/><edge source="a" target="b"><data key="raw">-1</data></edge></graph>`), `in:5: LinkSpeedRaw is negative: -1 [out-of-range]`},
		{"GML cut off", "graph [\n node [ id 0\n", `in:2: the file ends inside the node or edge that begins here: its ] is missing [syntax]`},
		{"GML cut off in a text", "graph [\n node [ id 0 label \"New\n", `in:2: the file ends before the value of "label" [syntax]`},
		{"GML without an end", "graph [ node [ id 0 ]\n edge [ source 0 target 7 ] ]", `in:2: an end of the edge is "7", which is no node of the file [unknown-node]`},
		{"GML node twice", "graph [ node [ id 0 ]\n node [ id 0 ] ]", `in:2: node "0" is declared twice, first in line 1 [duplicate-id]`},
		{"GML without graph", "Creator \"x\"\n", `in: the file has no graph [ ... ] [syntax]`},
		{"GML name", "graph [ 7 7 ]", `in:1: "7" is no name of GML: a letter, then letters and digits [syntax]`},
		{"GML nested without end", "graph " + strings.Repeat("[ a ", 100), `in:1: lists are nested more than 64 deep [limit]`},
		{"no nodes", "graph [ ]", `not built: in: it is a GML without a single node [syntax]`},
	} {
		got := strings.TrimPrefix(describe(t, c.text), "refused: ")
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := topologyzoo.Read(nil); err == nil {
		t.Error("no file is no error")
	}
	if _, err := topologyzoo.Read(make([]draft.File, 2)); err == nil {
		t.Error("two files are no error")
	}
}

func TestOtherKindsAreNotClaimed(t *testing.T) {
	for text, want := range map[string]bool{
		"graph [ node [ id 0 ] ]":                                     true,
		"Creator \"yFiles\"\nVersion 2.2\ngraph\n[\n":                 true,
		"# a comment\nGraph [":                                        true,
		"<?xml version='1.0'?><graphml>":                              true,
		"<x:graphml xmlns:x='http://graphml.graphdrawing.org/xmlns'>": true,
		"graph {\n a -- b\n}":                                         false,
		"graph TD\n a --> b":                                          false,
		"digraph g { }":                                               false,
		"<network version='1.0'>":                                     false,
		"<system name='x'/>":                                          false,
		"{\"graph\": []}":                                             false,
		"Topology: ( 25 Nodes, 50 Edges )":                            false,
		"NODES 3\nlabel x y\n":                                        false,
		"name: lab\ntopology:\n":                                      false,
		"":                                                            false,
		"\x00\x01\x02":                                                false,
	} {
		if got := topologyzoo.Is(draft.File{Name: "f", Data: []byte(text)}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
