package examples

import (
	"os"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/topologyzoo"
)

// The README shows what is told of this file.
func TestTheImportedExampleIsToldAsTheReadmeShowsIt(t *testing.T) {
	data, err := os.ReadFile("import/campus.graphml")
	if err != nil {
		t.Fatal(err)
	}
	n, err := topologyzoo.Read([]draft.File{{Name: "campus.graphml", Data: data}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Summary.Text(); !strings.Contains(string(readme), got) {
		t.Errorf("the README does not show\n%s", got)
	}
}
