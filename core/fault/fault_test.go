package fault

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestAFaultReadsAsOneLine(t *testing.T) {
	for _, c := range []struct {
		name string
		f    Fault
		want string
	}{
		{"everything known", Fault{BadUnit, Place{"a.xml", 3, 7, "link", "rate"}, `"10" has no unit`, "10Mbps"}, `a.xml:3:7: <link rate>: "10" has no unit; did you mean "10Mbps"? [bad-unit]`},
		{"no place", Fault{Code: UnknownApp, What: "no such application"}, "no such application [unknown-app]"},
		{"element only", New(UnknownElement, Place{File: "a.xml", Line: 1, Column: 1, Element: "nod"}, "unknown element").Suggest("nod", []string{"link", "node"}), `a.xml:1:1: <nod>: unknown element; did you mean "node"? [unknown-element]`},
	} {
		if got := c.f.Error(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestAListKeepsAHundredAndCountsTheRest(t *testing.T) {
	var l List
	if l.Err() != nil {
		t.Fatal("an empty list is an error")
	}
	for i := range 250 {
		l.Addf(DuplicateID, Place{File: "x", Line: i + 1}, "id %d", i)
	}
	var m List
	m.Merge(&l)
	for _, l := range []*List{&l, &m} {
		if len(l.Faults) != Kept || l.Total != 250 || !l.Full() {
			t.Errorf("kept %d of %d", len(l.Faults), l.Total)
		}
	}
	wrapped := fmt.Errorf("reading x: %w", l.Err())
	if !Is(wrapped, DuplicateID) || Is(wrapped, Syntax) {
		t.Error("codes are not found through wrapping")
	}
	var f Fault
	if !errors.As(wrapped, &f) || f.Place.Line != 1 {
		t.Error("the first fault is not reachable")
	}
}

func TestNearestFindsSlipsAndNothingElse(t *testing.T) {
	choices := []string{"rate", "delay", "loss", "queue", "redundant"}
	for word, want := range map[string]string{"rat": "rate", "dealy": "delay", "Rate": "rate", "redundnat": "redundant", "banana": "", "": "", "x": ""} {
		if got := Nearest(word, choices); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestEveryCodeIsExplained(t *testing.T) {
	explained := map[string]bool{}
	for _, e := range Catalogue() {
		if explained[string(e.Code)] || e.Meaning == "" {
			t.Errorf("%s twice or unexplained", e.Code)
		}
		explained[string(e.Code)] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "catalogue.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for _, value := range v.Values {
				if lit, ok := value.(*ast.BasicLit); ok && !explained[lit.Value[1:len(lit.Value)-1]] {
					t.Errorf("%s is not in Catalogue", v.Names[0].Name)
				}
			}
		}
		return true
	})
}

func TestALongTextIsClippedBetweenCharacters(t *testing.T) {
	sixty := strings.Repeat("x", 60)
	for text, want := range map[string]string{
		"": "", "short": "short", sixty: sixty, sixty + "x": sixty[:57] + "...",
		sixty[:56] + "äöüß": sixty[:56] + "...", sixty[:55] + "äöüß": sixty[:55] + "ä...",
		strings.Repeat("\x80", 61): "...",
	} {
		if got := Clip(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
