package topologyzoo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/topologyzoo"
)

// FuzzRead holds that whatever the bytes are, reading ends without a panic, that what
// is read can be built and encoded, and that it is no larger than what was given.
func FuzzRead(f *testing.F) {
	inputs, _ := filepath.Glob("testdata/*.in")
	for _, name := range inputs {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(graphML(labelled, `<graph><data key="x">1</data></graph>`)))
	f.Add([]byte(`<graphml><key id="f" for="graph" attr.name="sendim.format"/><key id="k" for="node" attr.name="sendim.kind"/><key id="p" for="edge" attr.name="sendim.ports"/><graph><data key="f">1</data><node id="a"><data key="k">host</data></node><node id="b"/><edge source="a" target="b"><data key="p">0:1</data></edge></graph></graphml>`))
	f.Add([]byte("graph [ node [ id 0 ] node [ id 0.0 ] edge [ source 0 target 0.0 LinkLabel \"4 x STM-64 <1-2 Gbit/s\" ] ]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := draft.File{Name: "fuzz", Data: data}
		topologyzoo.Is(file)
		r := drafttest.Bounded(t, topologyzoo.Read, file)
		if r == nil {
			return
		}
		if r.Model.NodeCount() > 50 {
			return
		}
		var graph bytes.Buffer
		if _, err := topologyzoo.Write(&graph, r.Model); err != nil {
			t.Fatal(err)
		}
		again := readBack(t, graph.Bytes())
		if want, got := canonical(t, r.Model), canonical(t, again.Model); got != want && !strings.Contains(want, "\ufffd") {
			t.Fatalf("wrote\n%s\nread\n%s", want, got)
		}
	})
}
