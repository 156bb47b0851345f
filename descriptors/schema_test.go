package descriptors

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"

	"sendim/descriptors/generate"
	"sendim/integrators/labtest"
)

// made are the files that are written from the table.
func made() map[string]func() []byte {
	return map[string]func() []byte{
		"schema/system.xsd":      SystemSchema,
		"schema/deployment.xsd":  DeploymentSchema,
		"../docs/descriptors.md": Reference,
	}
}

func TestGeneratedFilesAreCurrent(t *testing.T) {
	for name, make := range made() {
		want := make()
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current (%v): go test ./descriptors -update", name, err)
		}
	}
}

func TestSchemasTakeWhatTheDecoderTakes(t *testing.T) {
	xmllint := labtest.Program(t, "xmllint")
	for archive, schema := range map[string]string{"whole-language": "system", "links": "system", "made": "system", "deployment": "deployment"} {
		data, err := os.ReadFile("testdata/" + archive + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(xmllint, "--noout", "--schema", "schema/"+schema+".xsd", "-")
		cmd.Stdin = bytes.NewReader(parseArchive(data).files[0].data)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", archive, err, out)
		}
	}
	for text, schema := range map[string]string{`<system><nod/></system>`: "system", `<system><class/></system>`: "system", `<system><link from="a" to="b" rate="10"/></system>`: "system", `<deployment realization="x"/>`: "deployment"} {
		cmd := exec.Command(xmllint, "--noout", "--schema", "schema/"+schema+".xsd", "-")
		cmd.Stdin = bytes.NewReader([]byte(text))
		if cmd.Run() == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
}

func TestLinkAttributesStandInTheOrderOfTheirBits(t *testing.T) {
	checked := 0
	var visit func(e *element)
	visit = func(e *element) {
		for i, a := range e.attrs {
			if a.name != "discipline" {
				continue
			}
			checked++
			if i != len(e.attrs)-1 {
				t.Errorf("<%s>: the link's attributes do not come last", e.name)
			}
			for k, name := range linkNames {
				if at := len(e.attrs) - len(linkNames) + k; e.attrs[at].name != name {
					t.Errorf("<%s>: attribute %d is %s, want %s", e.name, at, e.attrs[at].name, name)
				}
			}
		}
		for _, c := range e.children {
			visit(c)
		}
	}
	visit(systemElement())
	if checked < 5 {
		t.Errorf("only %d elements describe links", checked)
	}
}

func TestEveryElementAndAttributeOfTheTableIsUnderstood(t *testing.T) {
	// A tag's accessors panic on a name that the table lacks: reading one element of
	// every kind finds slips between table and decoder.
	var b bytes.Buffer
	var write func(e *element)
	write = func(e *element) {
		b.WriteString("<" + e.name)
		for _, a := range e.attrs {
			b.WriteString(" " + a.name + `="?"`)
		}
		b.WriteString(">")
		for _, c := range e.children {
			write(c)
		}
		b.WriteString("</" + e.name + ">")
	}
	for _, root := range []*element{systemElement(), deploymentElement()} {
		b.Reset()
		write(root)
		fsys := fstest.MapFS{"a.xml": {Data: b.Bytes()}}
		if root.name == "system" {
			if _, _, err := Decode(fsys, Options{}, "a.xml"); err == nil {
				t.Error("question marks are taken for values")
			}
			continue
		}
		if _, _, err := DecodeDeployment(fsys, "a.xml"); err == nil {
			t.Error("question marks are taken for values")
		}
	}
	for _, k := range generate.Kinds() {
		if k.Doc == "" {
			t.Errorf("%s has no documentation", k.Name)
		}
	}
}
