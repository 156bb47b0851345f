package drafttest

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"

	"sendim/converters/draft"
	"sendim/core/model"
	"sendim/descriptors"
)

// Failer is a test, or one of rapid's.
type Failer interface{ Fatal(...any) }

// Build makes the model of a draft, which must be possible.
func Build(t Failer, n *draft.Network, o draft.Options) *draft.Result {
	r, err := draft.Build(n, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Described is a network once more, out of its descriptor: as many nodes, links and demands.
func Described(t Failer, n *model.Network) *model.Network {
	var b bytes.Buffer
	if err := descriptors.Encode(&b, n); err != nil {
		t.Fatal(err)
	}
	sys, _, err := descriptors.Decode(fstest.MapFS{"a.xml": {Data: b.Bytes()}}, descriptors.Options{}, "a.xml")
	if err != nil {
		t.Fatal("what was encoded does not decode: ", err)
	}
	if m := sys.Model; m.NodeCount() != n.NodeCount() || m.LinkCount() != n.LinkCount() || len(m.Demands) != len(n.Demands) {
		t.Fatal("what was encoded decodes to another network")
	}
	return sys.Model
}

// Lines writes everything that nodes and links say; the name of the network comes last.
func Lines(n *model.Network) (out []string) {
	for v := range n.Nodes() {
		out = append(out, fmt.Sprintf("%d %s %v %+v %+v %q %q", v.ID, v.Name, v.Kind, v.Spec, v.Identity, v.Labels, v.Properties))
	}
	for l := range n.Links() {
		out = append(out, fmt.Sprintf("%s %v %v %v %+v %+v %q", n.LinkName(l.ID), n.HasLinkName(l.ID), l.A, l.B, l.Spec, l.Back, l.Properties))
	}
	return append(out, n.Name)
}

// Reader makes a draft of files.
type Reader func([]draft.File) (*draft.Network, error)

// Law is something that holds of a reader whatever the bytes of its files are; that it ends
// without a panic, all of them ask. The result is nil where nothing was read and built.
type Law func(t testing.TB, read Reader, files ...draft.File) *draft.Result

// Bounded is the law of readers that generate nothing: an error can be read, no more comes
// out than went in, and what can be built can be encoded.
func Bounded(t testing.TB, read Reader, files ...draft.File) *draft.Result {
	t.Helper()
	given := 0
	for _, f := range files {
		given += len(f.Data)
	}
	n, err := read(files)
	if err != nil {
		if len(err.Error()) > 64<<10 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
		return nil
	}
	if len(n.Nodes) > given || len(n.Links) > given {
		t.Fatalf("%d nodes and %d links out of %d bytes", len(n.Nodes), len(n.Links), given)
	}
	r, err := draft.Build(n, hosted())
	if err != nil {
		return nil
	}
	if err := descriptors.Encode(&bytes.Buffer{}, r.Model); err != nil {
		t.Fatal(err)
	}
	return r
}

// Complete is the law of readers that refuse whatever could not be built: what they read can be.
func Complete(t testing.TB, read Reader, files ...draft.File) *draft.Result {
	t.Helper()
	n, err := read(files)
	if err != nil || len(n.Nodes) == 0 {
		return nil
	}
	r, err := draft.Build(n, hosted())
	if err != nil {
		t.Fatal("it is read and cannot be built: ", err)
	}
	return r
}

func hosted() draft.Options { return draft.Options{Hosts: draft.Hosts{PerSwitch: 1}} }

// Fuzz asks laws of a reader of single files.
func Fuzz(f *testing.F, is func(draft.File) bool, read Reader, laws []Law, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := draft.File{Name: "f", Data: data}
		is(file)
		for _, law := range laws {
			law(t, read, file)
		}
	})
}
