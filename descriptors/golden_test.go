package descriptors

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"sendim/core/model"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestGolden reads each archive in testdata: its files are the input, "want" is what a
// user gets to see. The input is a.xml (and b.xml beside it), or deployment.xml.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := parseArchive(data)
			fsys := fstest.MapFS{}
			want, at := "", -1
			for i, f := range a.files {
				if f.name == "want" {
					want, at = string(f.data), i
					continue
				}
				fsys[f.name] = &fstest.MapFile{Data: f.data}
			}
			got := outcome(fsys)
			if got == want {
				return
			}
			if !*update {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
				return
			}
			if at < 0 {
				a.files = append(a.files, archived{name: "want"})
				at = len(a.files) - 1
			}
			a.files[at].data = []byte(got)
			if err := os.WriteFile(name, a.format(), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func outcome(fsys fs.FS) string {
	var b strings.Builder
	if _, err := fs.Stat(fsys, "deployment.xml"); err == nil {
		d, warnings, err := DecodeDeployment(fsys, "deployment.xml")
		if err != nil {
			fmt.Fprintln(&b, err)
		}
		for _, w := range warnings.Faults {
			fmt.Fprintln(&b, "warning:", w)
		}
		if err == nil {
			fmt.Fprintf(&b, "%+v\n", *d)
		}
		return b.String()
	}
	files := []string{"a.xml"}
	if _, err := fs.Stat(fsys, "b.xml"); err == nil {
		files = append(files, "b.xml")
	}
	sys, warnings, err := Decode(fsys, Options{}, files...)
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	for _, w := range warnings.Faults {
		fmt.Fprintln(&b, "warning:", w)
	}
	if sys == nil {
		return b.String()
	}
	n := sys.Model
	for v := range n.Nodes() {
		fmt.Fprintf(&b, "%s %s %+v %+v %v %v at %s\n", v.Kind, v.Name, v.Spec, v.Identity, v.Labels, v.Properties, sys.Places.NodePlace(v.ID))
	}
	for l := range n.Links() {
		fmt.Fprintf(&b, "link %s %s %s %s", n.LinkName(l.ID), n.PortName(l.A), n.PortName(l.B), specText(l.Spec))
		if l.Back != l.Spec {
			fmt.Fprintf(&b, " back%s", specText(l.Back))
		}
		fmt.Fprintf(&b, " %v at %s\n", l.Properties, sys.Places.LinkPlace(l.ID))
	}
	for _, line := range dump(n)[1+n.NodeCount()+n.LinkCount():] {
		if line != "[]" {
			fmt.Fprintln(&b, line)
		}
	}
	return b.String()
}

func specText(s model.LinkSpec) string {
	var out []string
	attrs := appendSpec(nil, &s, &model.LinkSpec{})
	for i := 0; i < len(attrs); i += 2 {
		out = append(out, attrs[i]+"="+attrs[i+1])
	}
	return "(" + strings.Join(out, " ") + ")"
}
