package draft

import (
	"strings"
	"testing"

	"sendim/core/model"
)

func TestPropertiesAreMadeFitForSelectorsAndDescriptors(t *testing.T) {
	in := []model.Property{{Name: "pop", Value: "São Paulo"}, {Name: "a=b,c", Value: "x\x00y"}, {Name: " ", Value: "\xff"}, {Name: "x--y", Value: strings.Repeat("&", maxValue+5)}}
	out, cut := legalProperties(in)
	want := []model.Property{{Name: "pop", Value: "São Paulo"}, {Name: "a_b_c", Value: "x y"}, {Name: "unnamed", Value: "\ufffd"}, {Name: "x-y", Value: strings.Repeat("&", maxValue)}}
	for i := range want {
		if out[i] != want[i] {
			t.Errorf("%q became %q", in[i], out[i])
		}
	}
	if cut != 1 {
		t.Errorf("%d values are counted as cut", cut)
	}
	if in[1].Name != "a=b,c" {
		t.Error("the caller's list is changed")
	}
	if plain := in[:1]; &plain[0] != func() *model.Property { l, _ := legalProperties(plain); return &l[0] }() {
		t.Error("a list with nothing to change is copied")
	}
}

func TestTheRootTellsXMLFilesApart(t *testing.T) {
	for text, want := range map[string]string{
		"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a <graph> --><ns0:graphml x='1'>": "graphml",
		"<!DOCTYPE network SYSTEM 'x.dtd'>\n<network>":                             "network",
		"<network/>":      "network",
		"graph [ ]":       "",
		"<!-- never ends": "",
		"":                "",
		"<a":              "",
	} {
		if got := RootOf(File{Data: []byte(text)}); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
